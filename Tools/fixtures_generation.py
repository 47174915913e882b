"""Writes Tests/GenerationTests/Fixtures: tiny random checkpoints and what transformers makes of them.

    .deps/python/bin/python Tools/fixtures_generation.py
"""

import json
from pathlib import Path

import torch
import transformers.utils
from transformers.utils import import_utils

# transformers imports torchvision where it finds it, working or not; nothing here needs it.
import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False

from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MarianConfig, MarianMTModel, MistralConfig
from transformers import MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM, T5Config
from transformers import T5ForConditionalGeneration

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
    # Heads of 12 and 8 numbers are filled up to 16.
    "gpt2": (GPT2LMHeadModel, GPT2Config(vocab_size=96, n_positions=128, n_embd=24, n_layer=2, n_head=2, n_inner=40, bos_token_id=1,
                                         eos_token_id=2, initializer_range=0.4, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0)),
}
t5 = dict(vocab_size=96, d_model=24, d_kv=8, d_ff=40, num_layers=2, num_decoder_layers=2, num_heads=2, relative_attention_num_buckets=8,
          relative_attention_max_distance=12, dropout_rate=0, decoder_start_token_id=0, eos_token_id=1, pad_token_id=0)
translators = {
    "t5": (T5ForConditionalGeneration, T5Config(**t5)),
    "t5-gated": (T5ForConditionalGeneration, T5Config(**{**t5, "num_decoder_layers": 1, "d_kv": 16}, feed_forward_proj="gated-gelu",
                                                      tie_word_embeddings=False)),
    "marian": (MarianMTModel, MarianConfig(
        vocab_size=96, d_model=24, encoder_layers=2, decoder_layers=2, encoder_attention_heads=2, decoder_attention_heads=3,
        encoder_ffn_dim=40, decoder_ffn_dim=33, max_position_embeddings=64, activation_function="swish", dropout=0, scale_embedding=True,
        decoder_start_token_id=95, eos_token_id=0, pad_token_id=95, forced_eos_token_id=None, init_std=0.4)),
}
# num_beams and what goes with it.
searches = [dict(num_beams=1), dict(num_beams=1, repetition_penalty=1.5), dict(num_beams=4),
            dict(num_beams=3, length_penalty=0.4, early_stopping=True), dict(num_beams=5, repetition_penalty=1.3, no_repeat_ngram_size=2)]


def roughen(model) -> None:
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 1:
                parameter.normal_(0.5, 0.3)
            elif "embed_positions" not in name:
                # Small numbers would make every text repeat one token.
                parameter.normal_(0, 0.4)
            parameter.copy_(parameter.bfloat16().float())


def search(model, inputs, start: int, new: int, end: int | None) -> list[dict]:
    """What transformers' generate gives for all of `searches`."""
    results = []
    for settings in searches:
        out = model.generate(**inputs, **settings, max_new_tokens=new, do_sample=False, eos_token_id=end, return_dict_in_generate=True,
                             output_scores=True, num_return_sequences=settings["num_beams"], pad_token_id=model.config.pad_token_id or 0)
        rows = [row[start:].tolist() for row in out.sequences]
        if end is not None:
            # Texts are filled up behind their end.
            rows = [row[:row.index(end) + 1] if end in row else row for row in rows]
        scores = [round(v, 6) for v in out.sequences_scores.tolist()] if settings["num_beams"] > 1 else []
        results.append(dict(settings=settings, texts=rows, scores=scores))
    return results


def main() -> None:
    for name, (kind, config) in translators.items():
        torch.manual_seed(11)
        model = kind(config).eval()
        roughen(model)
        source = torch.randint(3, 90, (1, 27))
        # The likeliest start with the end often enough to see that it ends texts.
        with torch.no_grad():
            logits = model(input_ids=source, decoder_input_ids=torch.tensor([[config.decoder_start_token_id, 5, 9, 33, 7]])).logits[0]
            expected = dict(source=source[0].tolist(), target=[config.decoder_start_token_id, 5, 9, 33, 7],
                            logits=[[round(v, 5) for v in row] for row in logits.tolist()],
                            searches=search(model, dict(input_ids=source), 1, 20, config.eos_token_id))
        write(model, name, expected)
    for name, (kind, config) in models.items():
        torch.manual_seed(7)
        model = kind(config).eval()
        if name == "gpt2":
            roughen(model)
        with torch.no_grad():
            for parameter in model.parameters() if name != "gpt2" else []:
                if parameter.ndim == 1:
                    parameter.normal_(0.5, 0.3)
                parameter.copy_(parameter.bfloat16().float())
            ids = torch.randint(0, 96, (1, 40))
            logits = model(ids).logits[0]
            greedy = model.generate(ids[:, :20], attention_mask=torch.ones(1, 20, dtype=torch.int64), max_new_tokens=24, do_sample=False,
                                    eos_token_id=None, pad_token_id=0)[0, 20:]
            beams = search(model, dict(input_ids=ids[:, :20], attention_mask=torch.ones(1, 20, dtype=torch.int64)), 20, 16, 2)
        places = [0, 8, 9, 15, 16, 39]
        expected = dict(ids=ids[0].tolist(), places=places, logits=[[round(v, 6) for v in logits[p].tolist()] for p in places],
                        greedy=greedy.tolist())
        if name in ("llama", "gpt2"):
            expected["searches"] = beams
        write(model, name, expected)


def write(model, name: str, expected: dict) -> None:
    model.bfloat16().save_pretrained(folder / name)
    for extra in (folder / name).glob("generation_config.json"):
        extra.unlink()
    (folder / name / "expected.json").write_text(json.dumps(expected) + "\n")


if __name__ == "__main__":
    main()
