"""Likelihoods of `martlet evaluate NAME --tasks` beside transformers in float32, from the same GGUF file.

    python -P Benchmarks/harness.py PROGRAM REGISTRY NAME FILE.gguf Examples/text-tasks/verses.jsonl Examples/text-tasks/chapters.jsonl

For each file of questions with choices: how far apart the log-probabilities of the choices are, the accuracies of both, and how many questions are
decided otherwise; for each file of texts: both perplexities, by windows of 1,024 tokens that move on by half. Martlet computes in the file's own
numbers (int4), so these differ in the second digit; what is compared is that texts are cut and counted alike.
"""

import json
import math
import pathlib
import subprocess
import sys

import torch
import transformers.utils
from transformers.utils import import_utils, logging

import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

logging.set_verbosity_error()
WINDOW, STEP = 1024, 512


def losses(model, ids):
    """Log-probability of every token but the first."""
    with torch.inference_mode():
        scores = model(torch.tensor([ids])).logits[0, :-1].log_softmax(-1)
    return scores.gather(1, torch.tensor(ids[1:])[:, None])[:, 0].tolist()


def choices(model, tokenizer, records):
    result = []
    for record in records:
        sums = []
        for choice in record["choices"]:
            prompt, rest = record["prompt"], record.get("separator", " ") + choice
            ids = tokenizer(prompt + rest, add_special_tokens=False, return_offsets_mapping=True)
            scores = [0.0] + losses(model, ids["input_ids"])
            sums.append(sum(s for s, (start, end) in zip(scores, ids["offset_mapping"]) if end > len(prompt)))
        result.append(sums)
    return result


def perplexity(model, tokenizer, texts):
    total, count = 0.0, 0
    for text in texts:
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        start = scored = 0
        while scored < len(ids):
            end = min(len(ids), start + WINDOW)
            window = losses(model, ids[start:end])
            # Each token once, the first of the text never.
            new = window[max(0, scored - start - 1):]
            total, count = total - sum(new), count + len(new)
            scored, start = end, start + STEP
    return math.exp(total / count)


def main():
    program, registry, name, gguf, *files = sys.argv[1:]
    folder, file = pathlib.Path(gguf).parent, pathlib.Path(gguf).name
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
    for path in files:
        records = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
        ours = subprocess.run([program, "evaluate", name, "--tasks", path, "--registry", registry, "--json"], check=True, stdout=subprocess.PIPE)
        task = json.loads(ours.stdout)["tasks"][0]
        value = lambda metric: task["metrics"][metric]["value"]
        if "choices" in records[0]:
            theirs, mine = choices(model, tokenizer, records), [p["log_probabilities"] for p in task["predictions"]]
            apart = [abs(a - b) for row, other in zip(theirs, mine) for a, b in zip(row, other)]
            size = [abs(a) for row in theirs for a in row]
            best = lambda sums: sums.index(max(sums))
            print(json.dumps({
                "task": path, "questions": len(records), "acc": value("acc"),
                "transformers acc": sum(best(row) == r["answer"] for row, r in zip(theirs, records)) / len(records),
                "acc_norm": value("acc_norm"),
                "transformers acc_norm": sum(
                    best([s / len(c) for s, c in zip(row, r["choices"])]) == r["answer"] for row, r in zip(theirs, records)) / len(records),
                "decided otherwise": sum(best(a) != best(b) for a, b in zip(theirs, mine)),
                "mean difference": sum(apart) / len(apart), "largest difference": max(apart), "mean size": sum(size) / len(size)}), flush=True)
        else:
            print(json.dumps({"task": path, "perplexity": value("perplexity"),
                              "transformers perplexity": perplexity(model, tokenizer, [r["text"] for r in records])}), flush=True)


if __name__ == "__main__":
    main()
