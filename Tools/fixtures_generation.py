"""Writes Tests/GenerationTests/Fixtures: tiny random checkpoints of the Llama family and what transformers makes of them.

    .deps/python/bin/python Tools/fixtures_generation.py
"""

import json
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM
from transformers import Qwen3Config, Qwen3ForCausalLM

folder = Path(__file__).parent.parent / "Tests/GenerationTests/Fixtures"
common = dict(
    vocab_size=96, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, head_dim=16,
    max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=None, initializer_range=0.4,
)
llama3 = dict(rope_type="llama3", rope_theta=10000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=64)
models = {
    "llama": (LlamaForCausalLM, LlamaConfig(**common, tie_word_embeddings=True, rope_parameters=llama3, attention_bias=True, mlp_bias=True)),
    "qwen2": (Qwen2ForCausalLM, Qwen2Config(**{**common, "num_attention_heads": 2, "num_key_value_heads": 1})),
    "qwen3": (Qwen3ForCausalLM, Qwen3Config(**common)),
    "mistral": (MistralForCausalLM, MistralConfig(**common, sliding_window=9)),
}


def main() -> None:
    for name, (kind, config) in models.items():
        torch.manual_seed(7)
        model = kind(config).eval()
        with torch.no_grad():
            for parameter in model.parameters():
                if parameter.ndim == 1:
                    parameter.normal_(0.5, 0.3)
                parameter.copy_(parameter.bfloat16().float())
            ids = torch.randint(0, 96, (1, 40))
            logits = model(ids).logits[0]
            greedy = model.generate(ids[:, :20], attention_mask=torch.ones(1, 20, dtype=torch.int64), max_new_tokens=24, do_sample=False,
                                    eos_token_id=None, pad_token_id=0)[0, 20:]
        model.bfloat16().save_pretrained(folder / name)
        for extra in (folder / name).glob("generation_config.json"):
            extra.unlink()
        places = [0, 8, 9, 15, 16, 39]
        expected = dict(ids=ids[0].tolist(), places=places, logits=[[round(v, 6) for v in logits[p].tolist()] for p in places],
                        greedy=greedy.tolist())
        (folder / name / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
