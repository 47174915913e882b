"""Encoding with PyPI tokenizers on one thread: the peer of Benchmarks/swift/TokenizerBenchmark.swift.

usage: tokenizers.py KIND FILE TEXTS      megabytes a second, best of five: with offsets (`encode`) and ids alone (`ids`)
"""

import json
import os
import pathlib
import sys
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
# This file has the library's name: its folder must not be where modules are looked for.
sys.path = [p for p in sys.path if pathlib.Path(p or ".").resolve() != pathlib.Path(__file__).resolve().parent]
from tokenizers import Tokenizer, models, pre_tokenizers  # noqa: E402


def best(body):
    times = []
    for _ in range(5):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return min(times)


def main():
    kind, file, texts = sys.argv[1:4]
    if kind == "gpt2":
        tokenizer = Tokenizer(models.BPE.from_file(file + "/encoder.json", file + "/vocab.bpe"))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer = Tokenizer.from_file(file)
    data = pathlib.Path(texts).read_bytes()
    lines = [t.decode() for t in data.split(b"\xff")]
    megabytes = sum(len(t.encode()) for t in lines) / 1e6
    full = best(lambda: tokenizer.encode_batch(lines))
    bare = best(lambda: tokenizer.encode_batch_fast(lines))
    print(json.dumps({"encode": megabytes / full, "ids": megabytes / bare}))


if __name__ == "__main__":
    main()
