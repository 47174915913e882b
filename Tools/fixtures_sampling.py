"""Writes Tests/GenerationTests/Fixtures/sampling.json: scores before and after transformers' processors, and what its beam search finds."""

import json
import pathlib

import torch
from transformers import GenerationConfig, GenerationMixin, PretrainedConfig, PreTrainedModel
from transformers.generation import logits_process as lp
from transformers.modeling_outputs import CausalLMOutput

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests/GenerationTests/Fixtures/sampling.json"


def numbers(tensor):
    # JSON has no infinity: null stands for a forbidden token.
    return [None if value == float("-inf") else value for value in tensor.double().tolist()]


def processors():
    generator = torch.Generator().manual_seed(5)
    cases = []
    makers = [
        ("temperature", 0.7, lambda v: lp.TemperatureLogitsWarper(v)),
        ("temperature", 1.9, lambda v: lp.TemperatureLogitsWarper(v)),
        *[("top_k", k, lambda v: lp.TopKLogitsWarper(v)) for k in (1, 5, 40)],
        *[("top_p", p, lambda v: lp.TopPLogitsWarper(v)) for p in (0.05, 0.5, 0.9, 0.99)],
        *[("min_p", p, lambda v: lp.MinPLogitsWarper(v)) for p in (0.02, 0.3, 1.0)],
        *[("typical_p", p, lambda v: lp.TypicalLogitsWarper(v)) for p in (0.1, 0.5, 0.95)],
        *[("epsilon_cutoff", p, lambda v: lp.EpsilonLogitsWarper(v)) for p in (3e-4, 0.02, 0.6)],
        *[("eta_cutoff", p, lambda v: lp.EtaLogitsWarper(v)) for p in (3e-4, 0.02, 0.6)],
        *[("repetition_penalty", p, lambda v: lp.RepetitionPenaltyLogitsProcessor(v)) for p in (0.8, 1.3)],
        *[("no_repeat_ngram_size", n, lambda v: lp.NoRepeatNGramLogitsProcessor(v)) for n in (1, 2, 3)],
        ("bad_words_ids", [[3], [1, 2, 7], [2, 9], [1, 2]], lambda v: lp.NoBadWordsLogitsProcessor(v, eos_token_id=[48])),
        ("sequence_bias", [[[4], -2.5], [[2, 6], 3.0], [[5, 2, 8], 1.25]], lambda v: lp.SequenceBiasLogitsProcessor(v)),
        ("min_new_tokens", [9, 48], lambda v: lp.MinNewTokensLengthLogitsProcessor(4, v[0], v[1], device="cpu")),
        ("min_new_tokens", [3, 48], lambda v: lp.MinNewTokensLengthLogitsProcessor(4, v[0], v[1], device="cpu")),
        ("suppress_tokens", [0, 17], lambda v: lp.SuppressTokensLogitsProcessor(v, device="cpu")),
        ("forced_token", [8, 48], lambda v: lp.ForcedEOSTokenLogitsProcessor(v[0] + 1, v[1], device="cpu")),
    ]
    tokens = torch.tensor([[1, 2, 5, 2, 6, 5, 1, 2]])
    for name, value, make in makers:
        for scale in (1.0, 4.0):
            scores = (torch.randn(1, 49, generator=generator) * scale * 256).round() / 256
            cases.append({
                "name": name, "value": value, "tokens": tokens[0].tolist(), "before": numbers(scores[0]),
                "after": numbers(make(value)(tokens, scores)[0]),
            })
    return cases


class Table(PreTrainedModel, GenerationMixin):
    """A language model whose scores depend on the last two tokens, by a table."""

    config_class = PretrainedConfig
    main_input_name = "input_ids"

    def __init__(self, config, table):
        super().__init__(config)
        self.table = torch.nn.Parameter(table)

    def forward(self, input_ids, attention_mask=None, **_):
        previous = torch.cat([torch.zeros_like(input_ids[:, :1]), input_ids[:, :-1]], dim=1)
        return CausalLMOutput(logits=self.table[previous, input_ids])

    def prepare_inputs_for_generation(self, input_ids, **_):
        return {"input_ids": input_ids}


def beams():
    generator = torch.Generator().manual_seed(11)
    vocabulary = 9
    cases = []
    settings = [
        (4, 1.0, False, 12), (4, 1.0, True, 12), (4, 1.0, "never", 12), (3, 0.0, "never", 10), (3, 2.0, False, 14), (3, -1.0, True, 9),
        (2, 0.6, "never", 16), (1, 1.0, False, 8), (5, 1.4, "never", 11), (4, -0.5, False, 12), (3, 1.0, True, 6), (4, 3.0, "never", 15),
    ]
    for index, (count, penalty, early, length) in enumerate(settings):
        table = (torch.randn(vocabulary, vocabulary, vocabulary, generator=generator) * 2 * 64).round() / 64
        ends = [8] if index % 3 else [7, 8]
        table[:, :, ends] += 0.75 if index % 2 else -0.5
        config = PretrainedConfig(vocab_size=vocabulary)
        model = Table(config, table)
        prompt = torch.tensor([[3, 1 + index % 4]])
        result = model.generate(
            prompt,
            generation_config=GenerationConfig(
                num_beams=count, num_return_sequences=count, length_penalty=penalty, early_stopping=early, max_length=length,
                eos_token_id=ends, pad_token_id=0, do_sample=False, use_cache=False, return_dict_in_generate=True, output_scores=True,
            ),
        ) if count > 1 else model.generate(
            prompt,
            generation_config=GenerationConfig(
                max_length=length, eos_token_id=ends, pad_token_id=0, do_sample=False, use_cache=False, return_dict_in_generate=True
            ),
        )
        sequences = [row[: next((i + 1 for i, t in enumerate(row) if i > 1 and t in ends), len(row))] for row in result.sequences.tolist()]
        cases.append({
            "beams": count, "length_penalty": penalty, "early_stopping": str(early).lower(), "max_length": length, "end": ends,
            "prompt": prompt[0].tolist(), "table": (table.flatten() * 64).int().tolist(), "vocabulary": vocabulary, "sequences": sequences,
            "scores": result.sequences_scores.tolist() if count > 1 else None,
        })
    return cases


if __name__ == "__main__":
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps({"processors": processors(), "beams": beams()}) + "\n")
