"""Writes Tests/TextTests/Fixtures/gguf.json: the vocabularies of sp-bpe.model, sp-unigram.model and wordpiece.json as PyPI gguf 0.19.0 writes them
into a GGUF file and reads them back (kinds `llama`, `t5` and `bert`), and ranks-o200k.cases.json: what PyPI tiktoken 0.14.0 makes of texts with the
pattern of o200k_base over ranks.tiktoken. Needs the files that fixtures_tokenizers.py writes. Run with the project's Python environment.
"""

import json
import pathlib
import tempfile

import gguf
import sentencepiece
import tiktoken
from tiktoken.load import load_tiktoken_bpe

from check_tokenizers import random_texts
from fixtures_tokenizers import OUT, texts

PATTERN = "|".join([
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?""",
    r"""\p{N}{1,3}""", r""" ?[^\s\p{L}\p{N}]+[\r\n/]*""", r"""\s*[\r\n]+""", r"""\s+(?!\S)""", r"""\s+"""])


def lists(model, tokens, scores, types, **more):
    """What gguf reads of what gguf wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vocabulary.gguf"
        writer = gguf.GGUFWriter(path, model)
        writer.add_tokenizer_model(model)
        writer.add_token_list(tokens)
        if scores:
            writer.add_token_scores(scores)
        writer.add_token_types(types)
        for name, value in more.items():
            getattr(writer, "add_" + name)(value)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.close()
        fields = gguf.GGUFReader(path).fields
        result = {}
        for name, field in fields.items():
            if name.startswith("tokenizer.ggml."):
                value = field.contents()
                if name.endswith("scores"):
                    value = [float(x) for x in value]
                result[name.removeprefix("tokenizer.ggml.")] = value
        return result


def sentence_pieces(name, model, **more):
    p = sentencepiece.SentencePieceProcessor(model_proto=(OUT / f"{name}.model").read_bytes())
    count = p.get_piece_size()
    types = [2 if p.is_unknown(i) else 3 if p.is_control(i) else 5 if p.is_unused(i) else 6 if p.is_byte(i) else 1 for i in range(count)]
    tokens = [p.id_to_piece(i) for i in range(count)]
    types = [4 if t == "<sep>" else k for t, k in zip(tokens, types)]
    return lists(model, tokens, [p.get_score(i) for i in range(count)], types, bos_token_id=p.bos_id(), eos_token_id=p.eos_id(),
                 unk_token_id=p.unk_id(), add_bos_token=False, add_eos_token=False, add_space_prefix=True, **more)


def word_pieces():
    vocab = json.loads((OUT / "wordpiece.json").read_text())["model"]["vocab"]
    tokens = sorted(vocab, key=vocab.get)
    special = [t.startswith("[") and t.endswith("]") and len(t) > 2 for t in tokens]
    # As llama.cpp's converter writes them: a mark where a word begins, nothing where it goes on.
    marked = [t if s else t[2:] if t.startswith("##") else "\u2581" + t for t, s in zip(tokens, special)]
    return lists("bert", marked, None, [3 if s else 1 for s in special], unk_token_id=vocab["[UNK]"], pad_token_id=vocab["[PAD]"],
                 sep_token_id=vocab["[SEP]"])


def main():
    document = {
        "sp-bpe": sentence_pieces("sp-bpe", "llama"),
        "sp-unigram": sentence_pieces("sp-unigram", "t5", remove_extra_whitespaces=True),
        "wordpiece": word_pieces(),
    }
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    (OUT / "gguf.json").write_text(text + "\n")
    ranks = load_tiktoken_bpe(str(OUT / "ranks.tiktoken"))
    encoding = tiktoken.Encoding("small", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 199999, "<|endofprompt|>": 200018})
    more = ["HELLOworld camelCaseWords ABCdef's ISN'T don't", "a/b//c/\n\n/d  \r\n 1234567", "Ǆǅǆ ʰʱ ªº ÉCOLEécole", "<|endoftext|>a<|endofprompt|>"]
    cases = [{"text": x, "ids": encoding.encode(x, allowed_special="all")} for x in texts() + more + random_texts(20, seed=5)]
    (OUT / "ranks-o200k.cases.json").write_text(json.dumps({"pattern": PATTERN, "cases": cases}, separators=(",", ":")) + "\n")
    print(len(text), "bytes of lists,", len(cases), "texts")


if __name__ == "__main__":
    main()
