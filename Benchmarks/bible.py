"""Trains the model of Examples/bible in PyTorch (transformers' Llama of the same sizes), on the same verses, for as many steps.

    martlet run --project Examples/bible        # writes runs/bible/N with project.json and split.json
    python -P Benchmarks/bible.py runs/bible/N [THREADS]

Prints one line of JSON: seconds, the processor's seconds, steps, and the perplexity per character on the test verses, computed as Martlet does: windows of the
model's context that overlap by half, a verse's end counting as one character.
"""

import json
import math
import pathlib
import sys
import time

import torch
import transformers as tf
import transformers.utils
from transformers.utils import import_utils, logging

import_utils.is_torchvision_available = transformers.utils.is_torchvision_available = lambda: False
logging.set_verbosity_error()
DATA = pathlib.Path(__file__).resolve().parent.parent / ".deps" / "share" / "data" / "bible" / "kjv.txt"
SPECIAL = 6
END = 5


def main():
    run = pathlib.Path(sys.argv[1])
    torch.set_num_threads(int(sys.argv[2]) if len(sys.argv) > 2 else 2)
    project = json.loads((run / "project.json").read_text())["project"]
    size, training = project["model"]["decoder"], project["training"]
    optimizer, schedule = training["optimizer"]["adamw"], training["schedule"]["cosine"]
    verses = [line for line in DATA.read_text().splitlines() if line.strip()]
    split = json.loads((run / "split.json").read_text())
    train, test = ([verses[i] for i in split[part]] for part in ("training", "test"))
    letters = {c: i + SPECIAL for i, c in enumerate(sorted(set("".join(train))))}
    encode = lambda texts: [t for text in texts for t in [letters.get(c, 1) for c in text] + [END]]
    context, batch = size["context"], training["batch"]
    width = size["width"]
    hidden = (width * 8 // 3 + 31) // 32 * 32
    torch.manual_seed(1)
    model = tf.LlamaForCausalLM(tf.LlamaConfig(
        vocab_size=len(letters) + SPECIAL, hidden_size=width, intermediate_size=hidden, num_hidden_layers=size["layers"], num_attention_heads=size["heads"],
        num_key_value_heads=size["heads"], max_position_embeddings=context, rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=True,
        pad_token_id=0, bos_token_id=END, eos_token_id=END))
    start = time.perf_counter()
    stream = torch.tensor(encode(train))
    rows = (len(stream) - 2) // context + 1
    stream = torch.cat([stream, torch.full((rows * context + 1 - len(stream),), -100)]) if len(stream) < rows * context + 1 else stream
    rate, (beta1, beta2) = optimizer["learning-rate"], optimizer["betas"]
    adam = torch.optim.AdamW(model.parameters(), lr=rate, betas=(beta1, beta2), eps=optimizer["epsilon"], weight_decay=optimizer["weight-decay"], fused=True)
    steps = training["epochs"] * math.ceil(rows / batch)
    rising = max(1, round(schedule["warm-up"] * steps))
    model.train()
    step = 0
    before = time.process_time()
    for _ in range(training["epochs"]):
        order = torch.randperm(rows)
        for at in range(0, rows, batch):
            ids = torch.stack([stream[i * context:(i + 1) * context + 1] for i in order[at:at + batch].tolist()])
            share = (step + 1) / rising if step < rising else schedule["final"] + (1 - schedule["final"]) * 0.5 * (
                1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
            for group in adam.param_groups:
                group["lr"] = rate * share
            scores = model(input_ids=ids.clamp(min=0), use_cache=False).logits
            loss = torch.nn.functional.cross_entropy(scores[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), ignore_index=-100)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), training["clip"])
            adam.step()
            adam.zero_grad()
            step += 1
    seconds, used = time.perf_counter() - start, time.process_time() - before
    model.eval()
    stream = [END] + encode(test)
    total, done, windows = 0.0, 1, []
    while done < len(stream):
        end = min(len(stream), context + 1 if not windows else done + context // 2)
        windows.append((max(0, end - context - 1), end, done))
        done = end
    with torch.no_grad():
        for first, end, unseen in windows:
            ids = torch.tensor([stream[first:end]])
            logs = model(input_ids=ids, use_cache=False).logits[0, :-1].log_softmax(-1)
            total -= logs.gather(1, ids[0, 1:, None])[unseen - first - 1:].sum().item()
    characters = sum(len(text) + 1 for text in test)
    print(json.dumps({"seconds": seconds, "processor seconds": used, "steps": step, "perplexity per character": math.exp(total / characters)}))


if __name__ == "__main__":
    main()
