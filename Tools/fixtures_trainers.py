"""Writes Tests/TextTests/Fixtures/trainers.json: what Hugging Face's BPE trainer learns from some verses."""

import json
import pathlib

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent
OUT = ROOT / "Tests/TextTests/Fixtures/trainers.json"
MORE = ["naïve café — “quoted”  two  spaces\tand\ttabs\n\n  x1y22 it's I'LL we've", "汉字 和 假名 かな ñandú 😀😀 aaa aaaa aaaaa", ""]


def train(texts, size, minimum=0):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=minimum, show_progress=False, special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    tokenizer.train_from_iterator(texts, trainer)
    return json.loads(tokenizer.to_str())["model"]


def main():
    texts = (ROOT / ".deps/share/data/bible/kjv.txt").read_text().splitlines()[:150] + MORE
    cases = []
    for size, minimum in ((700, 0), (2000, 3)):
        model = train(texts, size, minimum)
        vocabulary = sorted(model["vocab"], key=model["vocab"].get)
        cases.append({"size": size, "minimum": minimum, "vocabulary": vocabulary, "merges": model["merges"]})
    OUT.write_text(json.dumps({"texts": texts, "cases": cases}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
