"""Writes Sources/Text/Unicode/UnicodeData.swift: what the reference libraries hold each Unicode scalar to be.

The tokenizers of the field rest on several versions of Unicode at once (Oniguruma, Rust's standard library, two regex engines, an old
table of categories). Asking the libraries themselves, scalar by scalar, gives the tables by which their answers can be repeated exactly.
Run with the project's Python environment (tokenizers 0.23.3, tiktoken 0.14.0): python Tools/unicode_tables.py
"""

import pathlib
import unicodedata

import tiktoken
from tokenizers import Regex, normalizers, pre_tokenizers

OUT = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "Text" / "Unicode" / "UnicodeData.swift"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
CHUNK = 2048


def chunks(scalars=SCALARS):
    for i in range(0, len(scalars), CHUNK):
        yield scalars[i : i + CHUNK]


def removed_by(pre_tokenizer):
    """The scalars that a pre-tokenizer takes away."""
    found = set()
    for part in chunks():
        kept = set()
        for _, (start, end) in pre_tokenizer.pre_tokenize_str("".join(map(chr, part))):
            kept.update(part[start:end])
        found.update(c for c in part if c not in kept)
    return found


def mapped_by(normalizer, scalars=SCALARS, mark="|"):
    """What a normalizer makes of each scalar, for those that it changes."""
    changed = {}
    for part in chunks([c for c in scalars if c != ord(mark)]):
        answers = normalizer.normalize_str(mark + mark.join(map(chr, part)) + mark).split(mark)[1:-1]
        assert len(answers) == len(part)
        changed.update((c, a) for c, a in zip(part, answers) if a != chr(c))
    return changed


def tiktoken_class(pattern):
    ranks = {bytes([b]): b for b in range(256)}
    encoding = tiktoken.Encoding("class", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})
    found = set()
    for part in chunks():
        text = bytes(encoding.encode_ordinary("".join(map(chr, part)))).decode("utf-8")
        found.update(map(ord, text))
    return found


def onig(pattern):
    return removed_by(pre_tokenizers.Split(Regex(pattern), "removed"))


def word_class():
    """\\w of Rust's regex: what sticks to a letter."""
    found = set()
    splitter = pre_tokenizers.Whitespace()
    for part in chunks():
        text = "".join("a" + chr(c) + " " for c in part)
        ends = {start: end for _, (start, end) in splitter.pre_tokenize_str(text)}
        found.update(c for i, c in enumerate(part) if ends.get(3 * i, 0) >= 3 * i + 2)
    return found


def control_class():
    normalizer = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return {c for c, answer in mapped_by(normalizer).items() if answer == ""}


def boundaries(scalars):
    result = []
    for c in sorted(scalars):
        if result and result[-1] == c:
            result[-1] = c + 1
        else:
            result += [c, c + 1]
    return result


def base36(n):
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while True:
        text = digits[n % 36] + text
        n //= 36
        if n == 0:
            return text


def deltas(numbers):
    last, out = 0, []
    for n in numbers:
        out.append(base36(n - last))
        last = n
    return out


def literal(name, words, comment):
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 1 > 130:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    lines.append(line)
    body = " \\\n".join("    " + l for l in lines)
    return f'  /// {comment}\n  static let {name} = """\n{body}\n    """\n'


def scripts():
    """A number for each script, as the UnicodeScripts pre-tokenizer tells them apart; 0 where it never splits."""
    splitter = pre_tokenizers.UnicodeScripts()

    def splits(a, b):
        return len(splitter.pre_tokenize_str(chr(a) + chr(b))) > 1

    latin, han = ord("A"), ord("一")
    numbers, runs, last = [], [], 0
    for c in SCALARS:
        if not splits(latin, c) and not splits(han, c):
            number = 0
        elif numbers and not splits(numbers[last], c):
            number = last + 1
        else:
            number = next((i + 1 for i, other in enumerate(numbers) if not splits(other, c)), 0)
            if number == 0:
                numbers.append(c)
                number = len(numbers)
        if number:
            last = number - 1
        if not runs or runs[-1][1] != number:
            runs.append((c, number))
    return runs


def combining_classes():
    nfd = normalizers.NFD()
    classes = sorted({unicodedata.combining(chr(c)) for c in SCALARS} - {0})

    def is_known(c):
        # The reference's tables are older than Python's: a mark that it knows goes behind one of class 1.
        return unicodedata.combining(chr(c)) == 1 or nfd.normalize_str("a" + chr(c) + "\u0334") == "a\u0334" + chr(c)

    probes = {k: next((c for c in SCALARS if unicodedata.combining(chr(c)) == k and is_known(c)), None) for k in classes}
    classes = [k for k in classes if probes[k] is not None]
    candidates = [c for c in SCALARS if unicodedata.category(chr(c))[0] == "M" or unicodedata.combining(chr(c))]
    found = {}
    for c in candidates:
        if nfd.normalize_str(chr(c)) != chr(c):
            continue
        # Anything with a class goes before a probe of a higher class, and after those of its own and of lower ones.
        above = [k for k in classes if nfd.normalize_str("a" + chr(probes[k]) + chr(c)) != "a" + chr(probes[k]) + chr(c)]
        own = [k for k in classes if k not in above]
        if above or (own and nfd.normalize_str("a" + chr(c) + chr(probes[1])) != "a" + chr(c) + chr(probes[1])):
            found[c] = own[-1]
    return found


def main():
    classes = [
        ("letters", onig(r"\p{L}"), None, "Oniguruma's `\\\\p{L}`."),
        ("numbers", onig(r"\p{N}"), None, "Oniguruma's `\\\\p{N}`."),
        ("spaces", onig(r"\s"), None, "Oniguruma's `\\\\s`."),
        ("marks", onig(r"\p{M}"), None, "Oniguruma's `\\\\p{M}`."),
        ("uppercase", onig(r"\p{Lu}"), None, "Oniguruma's `\\\\p{Lu}`."),
        ("lowercase", onig(r"\p{Ll}"), None, "Oniguruma's `\\\\p{Ll}`."),
        ("titlecase", onig(r"\p{Lt}"), None, "Oniguruma's `\\\\p{Lt}`."),
        ("modifiers", onig(r"\p{Lm}"), None, "Oniguruma's `\\\\p{Lm}`."),
        ("otherLetters", onig(r"\p{Lo}"), None, "Oniguruma's `\\\\p{Lo}`."),
        ("decimals", onig(r"\p{Nd}"), None, "Oniguruma's `\\\\p{Nd}`, its `\\\\d`."),
        ("punctuation", onig(r"\p{P}"), None, "Oniguruma's `\\\\p{P}`."),
        ("symbols", onig(r"\p{S}"), None, "Oniguruma's `\\\\p{S}`."),
        ("separators", onig(r"\p{Z}"), None, "Oniguruma's `\\\\p{Z}`."),
        ("wordCharacters", onig(r"\w"), None, "Oniguruma's `\\\\w`."),
        ("han", onig(r"\p{Han}"), None, "Oniguruma's `\\\\p{Han}`."),
        ("hiragana", onig(r"\p{Hiragana}"), None, "Oniguruma's `\\\\p{Hiragana}`."),
        ("katakana", onig(r"\p{Katakana}"), None, "Oniguruma's `\\\\p{Katakana}`."),
        ("hangul", onig(r"\p{Hangul}"), None, "Oniguruma's `\\\\p{Hangul}`."),
        ("control", onig(r"\p{Cc}"), None, "Oniguruma's `\\\\p{Cc}`."),
        ("newerLetters", tiktoken_class(r"\p{L}"), "letters", "tiktoken's `\\\\p{L}`"),
        ("newerNumbers", tiktoken_class(r"\p{N}"), "numbers", "tiktoken's `\\\\p{N}`"),
        ("newerSpaces", tiktoken_class(r"\s"), "spaces", "tiktoken's `\\\\s`"),
        ("newerMarks", tiktoken_class(r"\p{M}"), "marks", "tiktoken's `\\\\p{M}`"),
        ("newerUppercase", tiktoken_class(r"\p{Lu}"), "uppercase", "tiktoken's `\\\\p{Lu}`"),
        ("newerLowercase", tiktoken_class(r"\p{Ll}"), "lowercase", "tiktoken's `\\\\p{Ll}`"),
        ("rustSpaces", removed_by(pre_tokenizers.WhitespaceSplit()), "spaces", "`char::is_whitespace` of Rust"),
        ("rustNumbers", removed_by(pre_tokenizers.Digits(individual_digits=True)) , "newerNumbers", "`char::is_numeric` of Rust"),
        ("rustWord", word_class(), "wordCharacters", "`\\\\w` of Rust's regular expressions"),
        ("bertPunctuation", removed_by(pre_tokenizers.Punctuation("removed")), "punctuation", "what BERT's splitting holds to be punctuation"),
        ("bertControl", control_class(), None, "What BERT's cleaning takes away."),
    ]
    numeric = set()
    for part in chunks():
        for text, (start, end) in pre_tokenizers.Digits(individual_digits=False).pre_tokenize_str("".join("a" + chr(c) for c in part)):
            if end - start == 1 and start % 2 == 1:
                numeric.add(part[start // 2])
    classes = [(n, numeric if n == "rustNumbers" else s, b, c) for n, s, b, c in classes]

    accents = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    decomposed = mapped_by(normalizers.NFD())
    nonspacing = {c for c, answer in mapped_by(accents).items() if answer == "" and c not in decomposed}
    combining = {c for c, answer in mapped_by(normalizers.StripAccents()).items() if answer == ""}
    classes += [
        ("nonspacing", nonspacing, None, "What BERT's stripping of accents takes away."),
        ("combining", combining, "nonspacing", "what `StripAccents` takes away"),
    ]
    sets = {name: set(boundaries(scalars)) for name, scalars, _, _ in classes}
    parts = []
    for name, scalars, base, comment in classes:
        numbers = sorted(sets[name] ^ sets[base]) if base else sorted(sets[name])
        text = comment if base is None else f"Where {comment} begins or ends and `{base}` does not, or the other way round."
        parts.append(literal(name, deltas(numbers), text))

    hangul = range(0xAC00, 0xD7A4)
    compatible = mapped_by(normalizers.NFKD(), mark="\n")
    canonical = {c: a for c, a in decomposed.items() if c not in hangul}
    compatible = {c: a for c, a in compatible.items() if c not in hangul and canonical.get(c) != a}

    def mapping(table):
        words, last = [], 0
        for c in sorted(table):
            words.append(base36(c - last) + ":" + ",".join(base36(ord(x)) for x in table[c]))
            last = c
        return words

    lower = {c: a for c, a in mapped_by(normalizers.Lowercase()).items()}
    parts.append(literal("canonical", mapping(canonical), "Full canonical decompositions, without Hangul."))
    parts.append(literal("compatible", mapping(compatible), "Full compatibility decompositions where they differ from the canonical ones."))
    parts.append(literal("lowercased", mapping(lower), "Lower case, where it differs."))
    nfc = normalizers.NFC()
    pairs = []
    for c in SCALARS:
        pieces = unicodedata.decomposition(chr(c)).split()
        if len(pieces) == 2 and not pieces[0].startswith("<"):
            a, b = (int(p, 16) for p in pieces)
            if nfc.normalize_str(chr(a) + chr(b)) == chr(c):
                pairs.append(f"{base36(a)},{base36(b)},{base36(c)}")
    parts.append(literal("compositions", pairs, "First, second and composed scalar of each canonical composition, without Hangul."))
    ccc = combining_classes()
    parts.append(literal("combiningClasses", [f"{w}:{base36(ccc[c])}" for c, w in zip(sorted(ccc), deltas(sorted(ccc)))], "Combining classes other than 0."))
    runs = scripts()
    parts.append(literal("scripts", [f"{w}:{base36(n)}" for (c, n), w in zip(runs, deltas([c for c, _ in runs]))], "Where a run of another script begins, and its number."))
    OUT.write_text(
        "// Written by Tools/unicode_tables.py from tokenizers 0.23.3 and tiktoken 0.14.0. Do not edit.\n\n"
        "/// Numbers in base 36, each the difference from the one before. A set is the scalars where it begins and ends, in turn.\n"
        "enum UnicodeData {\n" + "\n".join(parts) + "}\n"
    )
    print(OUT.stat().st_size, {name: len(s) for name, s in sets.items()})


if __name__ == "__main__":
    main()
