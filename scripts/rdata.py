"""Reads tables out of R's files with Python's standard library alone.

R's serialisation is XDR (big-endian) items, each led by a word of flags (R Internals, section 1.8). `.rda` files hold it compressed by
gzip, bzip2 or xz; the `.rdb` of a package holds an object at each offset that its `.rdx` index names.
"""

import bz2
import csv
import gzip
import lzma
import struct
import zlib

MISSING_INTEGER = -(2**31)
# R tells "not available" from other NaNs by the number in the lower word.
MISSING_REAL = 1954


class Value:
    """Data of R with its attributes (names, class, levels)."""

    def __init__(self, data, attributes=None):
        self.data = data
        self.attributes = attributes or {}


class Reader:
    def __init__(self, data):
        self.data = data
        self.place = 0
        self.references = []

    def take(self, count):
        if self.place + count > len(self.data):
            raise ValueError("the data end too early")
        self.place += count
        return self.data[self.place - count : self.place]

    def integer(self):
        return struct.unpack(">i", self.take(4))[0]

    def header(self):
        if self.take(2) != b"X\n":
            raise ValueError("not R's binary serialisation")
        version = self.integer()
        self.take(8)
        if version == 3:
            self.take(self.integer())
        elif version != 2:
            raise ValueError(f"version {version} of R's serialisation")

    def item(self):
        flags = self.integer()
        kind, has_attributes, has_tag = flags & 255, flags & 512, flags & 1024
        if kind in (254, 253, 251, 242, 241):  # NULL and the environments that every session has
            return None
        if kind == 255:
            return self.references[(flags >> 8 or self.integer()) - 1]
        if kind == 1:
            symbol = self.item()
            self.references.append(symbol)
            return symbol
        if kind == 9:
            length = self.integer()
            return None if length == -1 else self.take(length).decode("utf-8" if flags & (1 << 15) else "latin-1")
        if kind in (2, 5, 6):
            return self.pairs(flags)
        if kind == 4:
            return self.environment()
        if kind == 247:
            self.take(4)
            self.references.append([self.item() for _ in range(self.integer())])
            return self.references[-1]
        if kind == 238:
            return self.compact()
        value = self.vector(kind)
        return Value(value, self.item() if has_attributes else None) if kind != 25 else None

    def length(self):
        count = self.integer()
        return count if count != -1 else self.integer() << 32 | self.integer() & 0xFFFFFFFF

    def vector(self, kind):
        count = self.length()
        if kind in (10, 13):
            values = struct.unpack(f">{count}i", self.take(4 * count))
            return [None if value == MISSING_INTEGER else value for value in values]
        if kind == 14:
            raw = self.take(8 * count)
            words = struct.unpack(f">{2 * count}I", raw)
            values = struct.unpack(f">{count}d", raw)
            return [None if value != value and words[2 * i + 1] == MISSING_REAL else value for i, value in enumerate(values)]
        if kind == 24:
            return self.take(count)
        if kind in (16, 19, 20):
            return [self.item() for _ in range(count)]
        raise ValueError(f"objects of R's type {kind} are not read")

    def pairs(self, flags):
        """A linked list as a dictionary by its tags."""
        result = {}
        while flags & 255 in (2, 5, 6):
            if flags & 512:
                self.item()
            tag = self.item() if flags & 1024 else len(result)
            result[tag] = self.item()
            flags = self.integer()
        if flags & 255 != 254:
            raise ValueError("a list does not end in NULL")
        return result

    def environment(self):
        self.integer()
        result = {}
        self.references.append(result)
        for _ in range(4):
            self.item()
        return result

    def compact(self):
        """Sequences that R keeps as their ends, and wrappers around plain vectors."""
        information, state, attributes = self.item(), self.item(), self.item()
        name = list(information.values())[0]
        if name in ("compact_intseq", "compact_realseq"):
            count, first, step = (int(number) for number in state.data)
            return Value([first + step * i for i in range(count)], attributes)
        if name.startswith("wrap_"):
            inner = state.data[0] if isinstance(state, Value) else list(state.values())[0]
            return Value(inner.data, attributes or inner.attributes)
        raise ValueError(f"R's compact form '{name}' is not read")


def serialised(data):
    reader = Reader(data)
    reader.header()
    return reader.item()


def unpack(data):
    for magic, decompress in ((b"\x1f\x8b", gzip.decompress), (b"BZh", bz2.decompress), (b"\xfd7zXZ", lzma.decompress)):
        if data.startswith(magic):
            return decompress(data)
    return data


def rda(path):
    """The objects of an `.rda` file by name."""
    data = unpack(path.read_bytes())
    if data[:5] not in (b"RDX2\n", b"RDX3\n"):
        raise ValueError(f"{path.name} is no .rda file")
    return serialised(data[5:])


def chunk(data):
    """An object of a lazy-load database: four bytes of length, perhaps a letter for the method, then the compressed bytes."""
    method = data[4:5]
    if method == b"2":
        return bz2.decompress(data[5:])
    if method == b"Z":
        # Without a container: LZMA2 with the settings of R's writer.
        return lzma.decompress(data[5:], lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2, "preset": 6}])
    return zlib.decompress(data[4:])


def lazy(folder, name):
    """One object of the lazy-load database `Rdata.rdb` and `Rdata.rdx` in a folder."""
    index = serialised(unpack((folder / "Rdata.rdx").read_bytes()))
    members = dict(zip(index.attributes["names"].data, index.data))
    variables = dict(zip(members["variables"].attributes["names"].data, members["variables"].data))
    if name not in variables:
        raise ValueError(f"there is no '{name}'")
    offset, length = variables[name].data
    return serialised(chunk((folder / "Rdata.rdb").read_bytes()[offset : offset + length]))


def columns(frame):
    """A data frame's columns by name: factors as their texts, None where missing."""
    result = {}
    for name, column in zip(frame.attributes["names"].data, frame.data):
        values = column.data
        if "levels" in column.attributes:
            levels = column.attributes["levels"].data
            values = [None if code is None else levels[code - 1] for code in values]
        result[name] = values
    return result


def text(value):
    if value is None:
        return ""
    if isinstance(value, float) and value == int(value):
        return str(int(value))
    return str(value)


def write_csv(frame, path):
    table = columns(frame)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table)
        writer.writerows(zip(*([text(value) for value in values] for values in table.values())))
