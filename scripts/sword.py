"""Reads the verses of a SWORD module (driver zText, OSIS markup) with Python's standard library alone.

A testament is three files: `.bzv` names for each place a block, an offset and a size; `.bzs` says where a block's compressed bytes lie;
`.bzz` holds them. A place is a heading or a verse: a chapter's own place carries the chapter's OSIS name, and its verses follow in order.
"""

import html
import re
import struct
import zlib

CHAPTER = re.compile(r'<chapter (?=[^>]*\bsID=)[^>]*osisID="([^"]+)"')
CHAPTER_END = re.compile(r"<chapter [^>]*\beID=")
ANOTHER_BOOK = re.compile(r'<div (?=[^>]*\bsID=)[^>]*type="book"')
# Footnotes, headings and references are not the verse.
BESIDE = re.compile(r"<(note|title|reference)\b[^>]*>.*?</\1>", re.DOTALL)


def places(folder, testament):
    """The markup of every place of a testament (`ot` or `nt`), in order."""
    verses, blocks, packed = ((folder / f"{testament}.{ending}").read_bytes() for ending in ("bzv", "bzs", "bzz"))
    opened = {}
    for block, offset, size in struct.iter_unpack("<IIH", verses):
        if block not in opened:
            start, length, _ = struct.unpack_from("<III", blocks, 12 * block)
            opened[block] = zlib.decompress(packed[start : start + length]) if length else b""
        yield opened[block][offset : offset + size].decode()


def plain(markup):
    # A footnote often stands where the space between two words should be.
    text = BESIDE.sub(" ", CHAPTER_END.split(markup)[0])
    text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())
    return re.sub(r" ([,.;:!?’”)])", r"\1", text)


def verses(folder):
    """The texts by reference, such as `Gen.1.1`; verses that a module does not have are left out."""
    result = {}
    for testament in ("ot", "nt"):
        chapter, number = None, 0
        for markup in places(folder, testament):
            found = CHAPTER.findall(markup)
            if found:
                chapter, number = found[-1], 0
            elif ANOTHER_BOOK.search(markup):
                chapter = None
            elif chapter:
                number += 1
                if text := plain(markup):
                    result[f"{chapter}.{number}"] = text
    return result
