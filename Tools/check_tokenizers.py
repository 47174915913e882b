"""Compares the package's tokenizers with PyPI tokenizers 0.23.3, sentencepiece 0.2.3 and tiktoken 0.14.0: ids and offsets.

usage: check_tokenizers.py DRIVER WORK TEXT_LIST [--minilm FILE] [--llama FILE] [--anthropic FILE] [--gpt2 FOLDER] [--speed]

DRIVER is the benchmark program (`martlet-bench tokenizers`, quoted), WORK a folder for what is trained here, TEXT_LIST a file of lines
(JSON strings, one a line). Random Unicode is added to the texts. Prints texts and differences for each tokenizer, and the first difference.
"""

import argparse
import base64
import json
import pathlib
import random
import shlex
import subprocess
import sys
import time

import sentencepiece
import tiktoken
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

SPECIAL = "\u0000\u0001\t\n\r\u000b\u0085\u00a0\u00ad\u0300\u0301\u0323\u0e33\u0f71\u1100\u1161\u11a8\u200b\u200d\u2028\u2581\u3000\uac00\ufb01\ufdfa\ufeff\uff21\ufffd"


def random_texts(count, seed=7):
    """Every scalar has its chance; combining marks, blanks and signs come often."""
    r = random.Random(seed)

    def one():
        kind = r.random()
        if kind < 0.25:
            return chr(r.choice([r.randrange(0x20, 0x7F), r.randrange(0xA0, 0x250)]))
        if kind < 0.45:
            return r.choice(" .,'!?-#@0123456789") if kind < 0.35 else r.choice(SPECIAL)
        if kind < 0.65:
            return chr(r.randrange(0x300, 0x1200))
        if kind < 0.85:
            return chr(r.choice([r.randrange(0x1200, 0xD800), r.randrange(0xE000, 0x10000)]))
        return chr(r.randrange(0x10000, 0x110000))

    return ["".join(one() for _ in range(r.randrange(0, 40))) for _ in range(count)]


def drive(driver, kind, file, texts, work):
    source, out = work / "texts.bin", work / "out.txt"
    source.write_bytes(b"\xff".join(t.encode() for t in texts))
    subprocess.run([*driver, "check", kind, str(file), str(source), str(out)], check=True, stdout=subprocess.DEVNULL)
    result = []
    for line in out.read_text().split("\n")[:-1]:
        n = list(map(int, line.split()))
        result.append((n[0::3], list(zip(n[1::3], n[2::3]))))
    return result


def compare(name, theirs, ours, texts, offsets=True):
    wrong = [i for i in range(len(texts)) if theirs[i][0] != ours[i][0] or (offsets and theirs[i][1] != ours[i][1])]
    ids = sum(theirs[i][0] != ours[i][0] for i in range(len(texts)))
    print(f"{name}: {len(texts)} texts, {sum(len(t[0]) for t in theirs)} tokens, {len(wrong)} differences ({ids} in ids)", flush=True)
    for i in wrong[:3]:
        print("  text  ", ascii(texts[i][:200]))
        k = next((k for k, (a, b) in enumerate(zip(zip(*theirs[i]), zip(*ours[i]))) if a != b), min(len(theirs[i][0]), len(ours[i][0])))
        print("  theirs", list(zip(*theirs[i]))[max(0, k - 1) : k + 4], "ours", list(zip(*ours[i]))[max(0, k - 1) : k + 4], "at", k)
    return len(wrong)


def check_json(name, file, texts, driver, work):
    tokenizer = Tokenizer.from_file(str(file))
    theirs = [(e.ids, e.offsets) for e in tokenizer.encode_batch(texts)]
    return compare(name, theirs, drive(driver, "json", file, texts, work), texts)


def check_gguf(path, texts, driver, work):
    """The lists of a GGUF file in our reader, against the library with the same vocabulary and the pattern of its kind."""
    import gguf

    fields = gguf.GGUFReader(path).fields
    lists = {k: fields[f"tokenizer.ggml.{k}"].contents() for k in ("model", "pre", "tokens", "merges", "token_type")}
    lists["types"] = lists.pop("token_type")
    file = work / "lists.json"
    file.write_text(json.dumps(lists))
    merges = [tuple(m.split(" ")) for m in lists["merges"]]
    t = Tokenizer(models.BPE({token: i for i, token in enumerate(lists["tokens"])}, merges))
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    t.add_special_tokens([token for token, kind in zip(lists["tokens"], lists["types"]) if kind == 3])
    theirs = [(e.ids, e.offsets) for e in t.encode_batch(texts)]
    return compare(f"gguf {lists['pre']}", theirs, drive(driver, "lists", file, texts, work), texts)


def small_tokenizers(corpus):
    """Tokenizers for what the real ones do not cover, trained on the texts."""

    def make(model, trainer, normalizer=None, pre=None, post=None, decoder=None):
        t = Tokenizer(model)
        if normalizer:
            t.normalizer = normalizer
        if pre:
            t.pre_tokenizer = pre
        t.train_from_iterator(corpus, trainer)
        if post:
            t.post_processor = post(t)
        if decoder:
            t.decoder = decoder
        return t

    cl100k = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    o200k = (
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
        r"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    )
    seq, byte = pre_tokenizers.Sequence, pre_tokenizers.ByteLevel
    alphabet = pre_tokenizers.ByteLevel.alphabet()

    def bpe(**more):
        return trainers.BpeTrainer(vocab_size=4000, initial_alphabet=alphabet, show_progress=False, **more)

    plain = trainers.BpeTrainer(vocab_size=4000, special_tokens=["<unk>"], show_progress=False, limit_alphabet=300)
    unigram = trainers.UnigramTrainer(vocab_size=6000, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False)
    pieces = trainers.WordPieceTrainer(
        vocab_size=1500, special_tokens=["[UNK]", "[CLS]", "[SEP]"], show_progress=False, limit_alphabet=400)
    yield "bpe cl100k", make(
        models.BPE(), bpe(), None, seq([pre_tokenizers.Split(Regex(cl100k), "isolated"), byte(False, True, False)]),
        lambda t: processors.ByteLevel(trim_offsets=True))
    yield "bpe o200k nfc", make(
        models.BPE(), bpe(), normalizers.NFC(), seq([pre_tokenizers.Split(Regex(o200k), "removed", invert=True), byte(True, True, False)]),
        lambda t: processors.RobertaProcessing(("a", 1), ("b", 2), trim_offsets=True, add_prefix_space=True))
    yield "bpe gpt2 prefix nfkd", make(models.BPE(), bpe(), normalizers.NFKD(), byte(True, True, True), lambda t: processors.ByteLevel(trim_offsets=True))
    yield "bpe words", make(
        models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"),
        trainers.BpeTrainer(vocab_size=4000, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False, limit_alphabet=300),
        normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]), pre_tokenizers.Whitespace())
    yield "bpe fused", make(models.BPE(unk_token="<unk>", fuse_unk=True), plain, normalizers.NFKC(), pre_tokenizers.Metaspace("▁", "first"))
    yield "unigram", make(
        models.Unigram(), unigram,
        normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Metaspace("▁", "always"))
    yield "unigram scripts", make(
        models.Unigram(), unigram, normalizers.Strip(), seq([pre_tokenizers.UnicodeScripts(), pre_tokenizers.Digits(individual_digits=True)]))
    yield "wordpiece cased", make(
        models.WordPiece(unk_token="[UNK]"), pieces, normalizers.BertNormalizer(lowercase=False, strip_accents=True), pre_tokenizers.BertPreTokenizer(),
        lambda t: processors.BertProcessing(("[SEP]", 2), ("[CLS]", 1)))
    yield "wordlevel", make(
        models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=3000, special_tokens=["<unk>"], show_progress=False),
        normalizers.Lowercase(), seq([pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.WhitespaceSplit()]))


def sentencepieces(corpus, work):
    source = work / "corpus.txt"
    source.write_text("\n".join(t.replace("\n", " ").replace("\0", "") for t in corpus if t.strip()))
    for name, more in {
        "sp unigram": dict(model_type="unigram", vocab_size=4000),
        "sp unigram bytes": dict(model_type="unigram", vocab_size=4000, byte_fallback=True, user_defined_symbols=["<sep>", "ing"]),
        "sp bpe": dict(model_type="bpe", vocab_size=4000, normalization_rule_name="identity", remove_extra_whitespaces=False, byte_fallback=True),
        "sp bpe fixed": dict(model_type="bpe", vocab_size=4000, normalization_rule_name="nfkc_cf", user_defined_symbols=["<sep>", "the"]),
        "sp suffix": dict(model_type="unigram", vocab_size=4000, treat_whitespace_as_suffix=True, add_dummy_prefix=True),
    }.items():
        prefix = work / name.replace(" ", "-")
        if not prefix.with_suffix(".model").exists():
            sentencepiece.SentencePieceTrainer.train(
                input=str(source), model_prefix=str(prefix), character_coverage=0.995, minloglevel=2, num_threads=1, hard_vocab_limit=False, **more)
        yield name, prefix.with_suffix(".model")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("--minilm")
    parser.add_argument("--llama")
    parser.add_argument("--anthropic")
    parser.add_argument("--gpt2", type=pathlib.Path)
    parser.add_argument("--gguf", help="a file with a byte-level vocabulary that cuts digits singly (SmolLM2)")
    parser.add_argument("--random", type=int, default=20000)
    parser.add_argument("--only")
    a = parser.parse_args()
    a.work.mkdir(parents=True, exist_ok=True)
    driver = shlex.split(a.driver)
    real = [json.loads(line) for line in a.texts.read_text().splitlines()]
    texts = real + random_texts(a.random)
    corpus = random.Random(1).sample(real, min(6000, len(real)))
    total = 0

    def wanted(name):
        return not a.only or a.only in name

    for name, file in (("minilm", a.minilm), ("llama", a.llama), ("anthropic", a.anthropic)):
        if file and wanted(name):
            tokenizer = Tokenizer.from_file(file)
            tokenizer.no_padding()
            tokenizer.no_truncation()
            tokenizer.save(str(a.work / f"{name}.json"))
            total += check_json(name, a.work / f"{name}.json", texts, driver, a.work)
    if a.gpt2 and wanted("gpt2"):
        t = Tokenizer(models.BPE.from_file(str(a.gpt2 / "encoder.json"), str(a.gpt2 / "vocab.bpe")))
        t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        t.add_special_tokens(["<|endoftext|>"])
        theirs = [(e.ids, e.offsets) for e in t.encode_batch(texts)]
        total += compare("gpt2", theirs, drive(driver, "gpt2", a.gpt2, texts, a.work), texts)
    if a.gguf and wanted("smollm"):
        total += check_gguf(a.gguf, texts, driver, a.work)
    names = [] if a.only and not wanted("small") else small_tokenizers(corpus)
    for name, tokenizer in names:
        file = a.work / (name.replace(" ", "-") + ".json")
        tokenizer.save(str(file))
        total += check_json(name, file, texts, driver, a.work)
    for name, file in sentencepieces(corpus, a.work) if wanted("sp") else []:
        model = sentencepiece.SentencePieceProcessor(model_file=str(file))
        theirs = []
        for text in texts:
            answer = model.encode(text, return_type="offset_mapping")
            theirs.append((answer["ids"], answer["offsets"]))
        total += compare(name, theirs, drive(driver, "model", file, texts, a.work), texts)
    for pattern in ["gpt2", "cl100k"] if wanted("tiktoken") else []:
        source = Tokenizer.from_file(str(a.work / "bpe-cl100k.json"))
        back = {c: b for b, c in zip(*[list(range(256)), bytes_to_characters()])}
        vocabulary = sorted(source.get_vocab().items(), key=lambda item: item[1])
        ranks, single = {}, [bytes([b]) for b in range(256)]
        for token in single + [bytes(back[c] for c in t) for t, _ in vocabulary]:
            ranks.setdefault(token, len(ranks))
        pat = {
            "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
            "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        }[pattern]
        file = a.work / f"{pattern}.tiktoken"
        file.write_bytes(b"".join(base64.b64encode(t) + b" %d\n" % r for t, r in ranks.items()))
        (a.work / f"{pattern}.tiktoken.pattern").write_text(pat)
        encoding = tiktoken.Encoding(pattern, pat_str=pat, mergeable_ranks=ranks, special_tokens={})
        theirs = [(encoding.encode_ordinary(t), []) for t in texts]
        total += compare(f"tiktoken {pattern}", theirs, drive(driver, "ranks", file, texts, a.work), texts, offsets=False)
    print(f"all: {total} differences")
    sys.exit(total > 0)


def bytes_to_characters():
    """The character of each byte in byte-level vocabularies."""
    visible = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    result, extra = [], 0
    for b in range(256):
        if b in visible:
            result.append(chr(b))
        else:
            result.append(chr(256 + extra))
            extra += 1
    return result


if __name__ == "__main__":
    main()
