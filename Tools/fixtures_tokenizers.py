"""Writes Tests/TextTests/Fixtures: small tokenizers of every kind with what PyPI tokenizers 0.23.3, sentencepiece 0.2.3 and tiktoken 0.14.0
make of a few texts, and the encodings of pairs, windows and padding. Run with the project's Python environment.
"""

import base64
import json
import pathlib
import random
import tempfile

import sentencepiece
import tiktoken
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from check_tokenizers import bytes_to_characters, random_texts

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TextTests" / "Fixtures"
SENTENCES = [
    "In the beginning God created the heaven and the earth.", "The quick brown fox doesn't jump over 1234567 lazy dogs!",
    "我们今天去看电影，然后吃饭。", "这本书很好，我非常喜欢它的故事。", "Übergrößenträger frühstücken in Köln für 12,50 €.",
    "El niño comió piñatas en el jardín mañana.", "Всё хорошо, что хорошо кончается.", "日本語の文章をトークンに分けます。", "한국어 문장을 나눕니다.",
    "مرحبا بالعالم، كيف حالك؟", "नमस्ते दुनिया, आप कैसे हैं?", "สวัสดีชาวโลก", "I'LL see you'RE they'd  two  spaces\tand\n\nnewlines \n end  ",
    "e\u0301 é ﬁ Ａ ① ½ Å ẛ̣ 각 각", "🙂 👩‍👩‍👧 emoji 🇩🇪", "<s>special</s> [MASK] text [CLS]", "", " ", "a", "\u00a0x\u3000y\u200bz", "http://x.org/a?b=c&d=1_000",
]


def texts():
    return SENTENCES + random_texts(12, seed=11)


def corpus():
    r = random.Random(5)
    words = " ".join(SENTENCES).split()
    return SENTENCES * 3 + [" ".join(r.choice(words) for _ in range(8)) for _ in range(300)]


def record(e):
    return {
        "ids": e.ids, "types": e.type_ids, "offsets": [x for o in e.offsets for x in o], "words": [-1 if w is None else w for w in e.word_ids],
        "special": e.special_tokens_mask, "attention": e.attention_mask, "tokens": e.tokens, "overflowing": [record(o) for o in e.overflowing],
    }


def train(model, trainer, normalizer=None, pre=None):
    t = Tokenizer(model)
    if normalizer:
        t.normalizer = normalizer
    if pre:
        t.pre_tokenizer = pre
    t.train_from_iterator(corpus(), trainer)
    return t


def tokenizers():
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    quiet = dict(show_progress=False)
    t = train(
        models.WordPiece(unk_token="[UNK]"),
        trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], limit_alphabet=120, **quiet),
        normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer())
    t.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    t.decoder = decoders.WordPiece()
    t.add_tokens([AddedToken("[MASK]", lstrip=True, special=True)])
    yield "wordpiece", t
    t = train(
        models.BPE(), trainers.BpeTrainer(vocab_size=500, initial_alphabet=alphabet, special_tokens=["<s>", "</s>"], **quiet), None,
        pre_tokenizers.ByteLevel(add_prefix_space=True))
    t.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    t.decoder = decoders.ByteLevel()
    yield "bytelevel", t
    cl100k = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
    t = train(
        models.BPE(ignore_merges=True), trainers.BpeTrainer(vocab_size=400, initial_alphabet=alphabet, special_tokens=["<s>"], **quiet), normalizers.NFC(),
        pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(cl100k), "isolated"), pre_tokenizers.ByteLevel(False, True, False)]))
    t.post_processor = processors.Sequence(
        [processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B:1", special_tokens=[("<s>", 0)])])
    t.decoder = decoders.ByteLevel()
    yield "cl100k", t
    t = train(
        models.Unigram(), trainers.UnigramTrainer(vocab_size=420, special_tokens=["<unk>", "</s>"], unk_token="<unk>", **quiet),
        normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]),
        pre_tokenizers.Metaspace())
    t.decoder = decoders.Metaspace()
    t.post_processor = processors.BertProcessing(("</s>", 1), ("<unk>", 0))
    yield "unigram", t
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2, **{f"<0x{b:02X}>": b + 3 for b in range(256)}}
    base = train(models.BPE(unk_token="<unk>"), trainers.BpeTrainer(vocab_size=360, limit_alphabet=80, **quiet), None, pre_tokenizers.Metaspace())
    spec = json.loads(base.to_str())["model"]
    for token in sorted(spec["vocab"], key=spec["vocab"].get):
        vocabulary.setdefault(token, len(vocabulary))
    t = Tokenizer(models.BPE(vocab=vocabulary, merges=[tuple(m) for m in spec["merges"]], unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    t.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    t.post_processor = processors.TemplateProcessing(single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)])
    t.add_special_tokens(["<s>", "</s>", "<unk>"])
    yield "llama", t
    t = train(
        models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"),
        trainers.BpeTrainer(vocab_size=300, special_tokens=["<unk>"], end_of_word_suffix="</w>", limit_alphabet=90, **quiet),
        normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]), pre_tokenizers.Whitespace())
    t.decoder = decoders.BPEDecoder()
    t.add_tokens([AddedToken("heaven", single_word=True), AddedToken("Köln", normalized=True, rstrip=True)])
    yield "words", t
    t = train(
        models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(vocab_size=200, special_tokens=["<unk>"], **quiet), normalizers.NFKD(),
        pre_tokenizers.Sequence(
            [pre_tokenizers.UnicodeScripts(), pre_tokenizers.Punctuation("merged_with_next"), pre_tokenizers.Digits(True),
             pre_tokenizers.CharDelimiterSplit("x"), pre_tokenizers.Split("o", "merged_with_previous"), pre_tokenizers.WhitespaceSplit()]))
    yield "wordlevel", t


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name, t in tokenizers():
        cases = [{"text": x, **record(t.encode(x))} for x in texts()]
        for c in cases:
            c["decoded"] = t.decode(c["ids"], skip_special_tokens=True)
            c["decodedAll"] = t.decode(c["ids"], skip_special_tokens=False)
            del c["tokens"], c["special"], c["attention"], c["overflowing"], c["types"]
        pairs = []
        settings = [("longest_first", 0, "right"), ("longest_first", 2, "left"), ("only_second", 3, "right"), ("only_first", 1, "right")]
        for (a, b), (strategy, stride, direction) in zip([(0, 1), (1, 2), (6, 4), (12, 1)], settings):
            t.enable_truncation(15, stride=stride, strategy=strategy, direction=direction)
            t.enable_padding(length=18, direction="left" if stride == 3 else "right", pad_id=5, pad_type_id=1, pad_token="<p>")
            try:
                first, second = SENTENCES[a][:26], SENTENCES[b][:20]
                answer = record(t.encode(first, second))
            except BaseException:  # a panic of the library
                answer = None
            pairs.append({
                "first": first, "second": second, "strategy": strategy, "stride": stride, "direction": direction, "answer": answer,
                "padding": "left" if stride == 3 else "right"})
        t.no_truncation()
        t.no_padding()
        spec = json.loads(t.to_str())
        (OUT / f"{name}.json").write_text(json.dumps(spec, ensure_ascii=False, separators=(",", ":")) + "\n")
        (OUT / f"{name}.cases.json").write_text(json.dumps({"cases": cases, "pairs": pairs}, separators=(",", ":")) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "corpus.txt"
        source.write_text("\n".join(c.replace("\n", " ") for c in corpus()))
        for name, more in {
            "sp-unigram": dict(model_type="unigram", vocab_size=300, byte_fallback=False, user_defined_symbols=["<sep>"]),
            "sp-bpe": dict(model_type="bpe", vocab_size=480, byte_fallback=True, normalization_rule_name="identity", remove_extra_whitespaces=False),
        }.items():
            sentencepiece.SentencePieceTrainer.train(
                input=str(source), model_prefix=f"{folder}/{name}", character_coverage=0.985, minloglevel=2, num_threads=1, hard_vocab_limit=False,
                normalization_rule_name=more.pop("normalization_rule_name", "identity"), **more)
            data = pathlib.Path(f"{folder}/{name}.model").read_bytes()
            (OUT / f"{name}.model").write_bytes(data)
            model = sentencepiece.SentencePieceProcessor(model_proto=data)
            cases = []
            for text in texts():
                answer = model.encode(text, return_type="offset_mapping")
                ids, offsets = answer["ids"], [x for o in answer["offsets"] for x in o]
                cases.append({"text": text, "ids": ids, "offsets": offsets, "decoded": model.decode(ids)})
            (OUT / f"{name}.cases.json").write_text(json.dumps({"cases": cases}, separators=(",", ":")) + "\n")
    back = {c: b for b, c in enumerate(bytes_to_characters())}
    spec = json.loads((OUT / "bytelevel.json").read_text())
    ranks = {}
    for token in [bytes([b]) for b in range(256)] + [
        bytes(back[c] for c in t) for t, _ in sorted(spec["model"]["vocab"].items(), key=lambda x: x[1]) if all(c in back for c in t)]:
        ranks.setdefault(token, len(ranks))
    pattern = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s"
    encoding = tiktoken.Encoding("small", pat_str=pattern, mergeable_ranks=ranks, special_tokens={"<|end|>": 1000})
    (OUT / "ranks.tiktoken").write_bytes(b"".join(base64.b64encode(t) + b" %d\n" % r for t, r in ranks.items()))
    cases = [{"text": x, "ids": encoding.encode(x, allowed_special="all")} for x in texts() + ["a<|end|> b"]]
    (OUT / "ranks.cases.json").write_text(json.dumps({"pattern": pattern, "cases": cases}, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
