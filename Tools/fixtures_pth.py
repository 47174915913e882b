"""Writes the files of Tests/TorchTests/Fixtures/pth: what torch.save writes, and what a file must not say.

    python Tools/fixtures_pth.py        # with torch == 2.13.0

Good files come with their values as safetensors; refused ones lie in one JSON file, with the name that the error must have.
"""

import argparse
import base64
import io
import json
import os
import pathlib
import pickle
import struct
import zipfile

import numpy
import torch
from safetensors.torch import save_file
from torch import nn

assert torch.__version__.startswith("2.13.0"), torch.__version__
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "TorchTests" / "Fixtures" / "pth"
FOLDER.mkdir(parents=True, exist_ok=True)


def numbers(*shape, seed=1):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def kinds():
    """One tensor of each type, and the ways in which tensors share memory."""
    base = numbers(4, 6, seed=2)
    tensors = {
        "float32": numbers(2, 3), "float64": numbers(3).double(), "float16": numbers(2, 2).half(), "bfloat16": numbers(5).bfloat16(),
        "int64": torch.arange(-3, 3), "int32": torch.arange(4, dtype=torch.int32), "int16": torch.arange(-2, 2, dtype=torch.int16),
        "int8": torch.tensor([-128, 0, 127], dtype=torch.int8), "uint8": torch.tensor([0, 255], dtype=torch.uint8),
        "bool": torch.tensor([True, False, True]), "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
        "base": base, "transposed": base.t(), "part": base[1:3, 2:5], "stepped": base[::2, ::3], "last": base[3, 5], "tied": base,
        "expanded": torch.tensor([7.0]).expand(3, 4), "parameter": nn.Parameter(numbers(2)), "column": numbers(3, 3, seed=4)[:, 1],
        "channels": numbers(1, 2, 3, 3, seed=5).contiguous(memory_format=torch.channels_last),
    }
    return tensors


def both(name, value, **options):
    torch.save(value, FOLDER / f"{name}.pth", **options)
    torch.save(value, FOLDER / f"{name}.legacy.pth", _use_new_zipfile_serialization=False, **options)


def expected(name, tensors):
    save_file({key: value.detach().clone().contiguous() for key, value in tensors.items()}, FOLDER / f"{name}.safetensors")


tensors = kinds()
both("kinds", tensors)
for protocol in [3, 4, 5]:
    torch.save(tensors, FOLDER / f"kinds.{protocol}.pth", pickle_protocol=protocol)
expected("kinds", tensors)

newer = {"uint16": torch.tensor([0, 65535], dtype=torch.uint16), "uint32": torch.tensor([7], dtype=torch.uint32),
         "float8": numbers(4).to(torch.float8_e4m3fn)}
both("newer", newer)
expected("newer", newer)

torch.manual_seed(5)
model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2))
optimizer = torch.optim.Adam(model.parameters())
model(numbers(5, 3)).sum().backward()
optimizer.step()
both("state", model.state_dict())
expected("state", model.state_dict())
both("checkpoint", {
    "state_dict": model.state_dict(), "optimizer": optimizer.state_dict(), "epoch": 3, "best": 0.25, "name": "probe-ü", "none": None,
    "tuple": (1, -2.5, True, [False, -70000, 2**40]), "size": torch.Size([2, 3]), "dtype": torch.float16, "raw": torch.arange(3).untyped_storage()})
torch.save(numbers(2, 2), FOLDER / "single.pth")
small = {"a": torch.tensor([1.0, 2.0]), "b": torch.tensor([[3, 4]]).t()}
both("small", small)
expected("small", small)


torch.serialization.set_crc32_options(False)
torch.save(small, FOLDER / "small.unchecked.pth")
torch.serialization.set_crc32_options(True)

# A network's checkpoint with what it answers, for NNTests.
with torch.no_grad():
    torch.save({"model": model.eval().state_dict(), "input": numbers(5, 3, seed=6), "output": model(numbers(5, 3, seed=6))},
               FOLDER.parent.parent.parent / "NNTests" / "Fixtures" / "checkpoint.pth")


class Run:
    """What an attacker writes."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


# Without a source file, whose path an old file would hold.
exec("class Net(nn.Module):\n    def forward(self, x):\n        return x\n")


def storage_id(key="0", count=2, kind=b"ctorch\nFloatStorage\n"):
    """Pushes a storage by its persistent id, protocol 2."""
    def text(s):
        return b"X" + struct.pack("<I", len(s)) + s.encode()
    return b"(" + text("storage") + kind + text(key) + text("cpu") + b"J" + struct.pack("<i", count) + b"tQ"


def tensor_of(storage, offset, shape, strides):
    def whole(n):
        return pickle.dumps(n, 2)[2:-1]
    def sizes(values):
        return b"(" + b"".join(whole(v) for v in values) + b"t"
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + whole(offset) + sizes(shape) + sizes(strides)
            + b"\x89ccollections\nOrderedDict\n)RtR")


def plain_zip(entries, compression=zipfile.ZIP_STORED):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", compression) as z:
        for name, value in entries.items():
            z.writestr(zipfile.ZipInfo(name), value, compression)
    return target.getvalue()


def archive(description, storages=None, compression=zipfile.ZIP_STORED):
    entries = {"archive/data.pkl": description, "archive/byteorder": b"little"}
    return plain_zip({**entries, **{f"archive/data/{key}": value for key, value in (storages or {}).items()}}, compression)


def legacy(description, keys=(), storages=b""):
    head = b"".join(pickle.dumps(v, 2) for v in [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}])
    return head + description + pickle.dumps(list(keys), 2) + storages


# The first PyTorch's way, as Python 2 spelled it: an OrderedDict from a list of pairs, byte strings, views of storages, no hooks.
def old_tensor(key, view, offset):
    storage = b"(U\x07storagectorch\nFloatStorage\nU" + bytes([len(key)]) + key + b"U\x03cpuK\x06" + view + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor\n(" + storage + bytes([0x4B, offset]) + b"K\x02K\x01\x86K\x01K\x01\x86tR"


whole, part = b"N", b"(U\x01vK\x02K\x03t"
pairs = b"(](U\x03one" + old_tensor(b"0", whole, 1) + b"e](U\x03two" + old_tensor(b"0", part, 1) + b"ee"
(FOLDER / "old.legacy.pth").write_bytes(legacy(
    b"\x80\x02ccollections\nOrderedDict\n]" + pairs + b"\x85R.", ["0"], struct.pack("<q6f", 6, *range(6))))
read = torch.load(FOLDER / "old.legacy.pth", weights_only=False)
expected("old", read)

refused = []


def refuse(name, kind, says, data):
    refused.append({"name": name, "kind": kind, "says": says, "data": base64.b64encode(data).decode()})


def everywhere(name, says, description):
    """The same pickle alone, in an archive and in the older format."""
    refuse(name, "code", says, description)
    refuse(name + " (archive)", "code", says, archive(description))
    refuse(name + " (legacy)", "code", says, legacy(description))


everywhere("os.system", "posix.system", pickle.dumps(Run(os.system, "true"), 2))
everywhere("os.system by STACK_GLOBAL", "posix.system", pickle.dumps(Run(os.system, "true"), 4))
everywhere("nested in a dictionary", "posix.system", pickle.dumps({"state_dict": [{"weight": Run(os.system, "true")}]}, 2))
everywhere("eval", "__builtin__.eval", pickle.dumps(Run(eval, "1"), 2))
everywhere("eval of Python 3", "builtins.eval", pickle.dumps(Run(eval, "1"), 4))
everywhere("exec", "builtins.exec", pickle.dumps(Run(exec, "1"), 4))
everywhere("getattr chain", "builtins.getattr", pickle.dumps(Run(getattr, Run(getattr, "", "__class__"), "__bases__"), 4))
everywhere("import", "builtins.__import__", pickle.dumps(Run(__import__, "os"), 4))
everywhere("dotted name", "torch.Size.__new__", b"\x80\x04\x8c\x05torch\x8c\x0cSize.__new__\x93.")
everywhere("torch's own loader", "torch.load", b"\x80\x02ctorch\nload\n(X\x01\x00\x00\x00xtR.")
everywhere("torch.hub", "torch.hub.load", b"\x80\x02ctorch.hub\nload\n.")
everywhere("INST", "os.system", b"\x80\x02(X\x04\x00\x00\x00trueios\nsystem\n.")
everywhere("OBJ", "__new__", b"\x80\x02(ccollections\nOrderedDict\no.")
everywhere("NEWOBJ", "__new__", b"\x80\x02ccollections\nOrderedDict\n)\x81.")
everywhere("NEWOBJ_EX", "__new__", b"\x80\x04ccollections\nOrderedDict\n)}\x92.")
everywhere("EXT1", "copyreg extension 7", b"\x80\x02\x82\x07.")
everywhere("EXT4", "copyreg extension 65536", b"\x80\x02\x84\x00\x00\x01\x00.")
everywhere("BUILD of a list", "__setstate__", b"\x80\x02]}b.")
everywhere("BUILD of a class", "__setstate__", b"\x80\x02ctorch\nFloatStorage\n}X\x01\x00\x00\x00aK\x01sb.")
everywhere("REDUCE of a string", "__call__", b"\x80\x02X\x01\x00\x00\x00a)R.")
everywhere("a storage of its own", "torch storage of float32", b"\x80\x02ctorch\nFloatStorage\nK\x05\x85R.")
everywhere("protocol 0", "os.system", b"cos\nsystem\n(S'true'\ntR.")
everywhere("hidden behind POP", "nt.system", b"\x80\x02cnt\nsystem\n0N.")
everywhere("namespace", "argparse.Namespace", pickle.dumps(argparse.Namespace(lr=1), 2))
everywhere("numpy scalar", "numpy._core.multiarray.scalar", pickle.dumps({"loss": numpy.float64(1)}, 4))
everywhere("codecs", "_codecs.encode", pickle.dumps(b"raw", 2))
everywhere("control characters", "os.a?[31m", b"\x80\x04\x8c\x02os\x8c\x06a\x1b[31m\x93.")
for name, options in [("whole module", {}), ("whole module (legacy)", {"_use_new_zipfile_serialization": False})]:
    target = io.BytesIO()
    torch.save(Net(), target, **options)
    refuse(name, "code", "__main__.Net", target.getvalue())
target = io.BytesIO()
torch.jit.save(torch.jit.trace(nn.Linear(1, 1), torch.ones(1, 1)), target)
refuse("TorchScript", "code", "TorchScript", target.getvalue())
refuse("hooks", "code", "posix.system", archive(
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage_id() + b"K\x00K\x02\x85K\x01\x85\x89cposix\nsystem\ntR.", {"0": bytes(8)}))

# Sizes that lie. Two float32 elements lie in storage 0.
for name, offset, shape, strides in [
    ("too long", 0, [3], [1]), ("offset", 1, [2], [1]), ("huge offset", 2**63 - 1, [1], [1]), ("negative offset", -1, [1], [1]),
    ("negative size", 0, [-1], [1]), ("negative stride", 1, [2], [-1]), ("stride", 0, [2], [2]), ("stride overflow", 0, [3], [2**62]),
    ("size overflow", 0, [2**32, 2**32], [0, 0]), ("counts differ", 0, [1, 1], [1]), ("offset of nothing", 3, [0], [1]),
    ("beyond 64 bits", 0, [2**70], [1]), ("deep", 0, [1] * 65, [1] * 65),
]:
    description = b"\x80\x02" + tensor_of(storage_id(), offset, shape, strides) + b"."
    kind = "tooLarge" if name == "deep" else "damaged"
    refuse("lie: " + name, kind, "", archive(description, {"0": bytes(8)}))
    refuse("lie: " + name + " (legacy)", kind, "", legacy(description, ["0"], struct.pack("<q", 2) + bytes(8)))
for name, view in [("view", b"(U\x01vK\x02K\x05t"), ("view's start", b"(U\x01vK\x07K\x00t"), ("view's parts", b"(U\x01vt"), ("tensor of a view", b"(U\x01vK\x02K\x02t")]:
    refuse("lie: " + name, "damaged", "", legacy(b"\x80\x02" + old_tensor(b"0", view, 1) + b".", ["0"], struct.pack("<q6f", 6, *range(6))))
flags = b"\x80\x02" + tensor_of(storage_id(kind=b"ctorch\nBoolStorage\n"), 0, [2], [1]) + b"."
good = b"\x80\x02" + tensor_of(storage_id(), 0, [2], [1]) + b"."
refuse("expansion", "tooLarge", "repeats", archive(b"\x80\x02" + tensor_of(storage_id(), 0, [2**40], [0]) + b".", {"0": bytes(8)}))
refuse("missing storage", "damaged", "missing", archive(good))
refuse("short storage", "damaged", "4 bytes", archive(good, {"0": bytes(4)}))
refuse("negative storage", "damaged", "claims -1", archive(b"\x80\x02" + storage_id(count=-1) + b".", {"0": b""}))
refuse("storage outside", "damaged", "missing", archive(b"\x80\x02" + storage_id("../data.pkl") + b".", {"0": bytes(8)}))
refuse("compressed", "unsupported", "compressed", archive(good, {"0": bytes(8)}, zipfile.ZIP_DEFLATED))
refuse("changed byte order", "damaged", "checksum", archive(good, {"0": bytes(8)}).replace(b"little", b"biggg!"))
refuse("big-endian", "unsupported", "byte order 'big'", plain_zip({"archive/data.pkl": good, "archive/byteorder": b"big"}))
refuse("big-endian (legacy)", "unsupported", "big-endian", b"".join(
    pickle.dumps(v, 2) for v in [0x1950A86A20F9469CFC6C, 1001, {"little_endian": False}, None, []]))
refuse("other version", "unsupported", "1001", pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1002, 2))
refuse("two descriptions", "unsupported", "data.pkl", plain_zip({"a/data.pkl": b"\x80\x02N.", "b/data.pkl": b"\x80\x02N."}))
refuse("another archive", "unsupported", "data.pkl", plain_zip({"notes.txt": b"hello"}))
refuse("bytes after the end", "damaged", "follow the description", archive(good + b"x", {"0": bytes(8)}))
refuse("bytes after the storages", "damaged", "belong to no storage", legacy(good, ["0"], struct.pack("<q", 2) + bytes(9)))
refuse("lying count", "damaged", "has 3 elements", legacy(good, ["0"], struct.pack("<q", 3) + bytes(12)))
refuse("unknown storage", "damaged", "belongs to no tensor", legacy(good, ["0", "1"], struct.pack("<q", 2) + bytes(8)))
refuse("no storages", "damaged", "missing", legacy(good))
refuse("text", "damaged", "no PyTorch file", b"hello, this is no tensor\n")
refuse("bare pickle", "unsupported", "torch.save did not write", pickle.dumps({"a": 1}, 2))
refuse("nothing to pop", "damaged", "does not exist", archive(b"\x80\x020."))
refuse("across a mark", "damaged", "does not exist", archive(b"\x80\x02N(\x85t."))
refuse("no mark", "damaged", "never began", archive(b"\x80\x02t."))
refuse("no memo", "damaged", "value 9", archive(b"\x80\x02h\x09."))
refuse("odd dictionary", "damaged", "key without a value", archive(b"\x80\x02(Nd."))
refuse("two results", "damaged", "leaves 2 values", archive(b"\x80\x02NN."))
refuse("circle", "tooLarge", "circle", archive(b"\x80\x02]q\x00h\x00a."))
refuse("deep nesting", "tooLarge", "deep", archive(b"\x80\x02" + b"]" * 500 + b"a" * 499 + b"."))
laughs = b"\x80\x02)" + b"".join(b"q" + bytes([i]) + b"0(" + (b"h" + bytes([i])) * 8 + b"t" for i in range(20)) + b"."
refuse("laughs", "tooLarge", "more than", archive(laughs))
refuse("long string", "damaged", "cut off", archive(b"\x80\x02X\xff\xff\xff\xff."))
refuse("longer string", "damaged", "cut off", archive(b"\x80\x04\x8d" + b"\xff" * 8 + b"."))
refuse("no UTF-8", "damaged", "UTF-8", archive(b"\x80\x02X\x01\x00\x00\x00\xff."))
refuse("set", "unsupported", "a set", archive(b"\x80\x04\x8f."))
refuse("buffer", "unsupported", "buffers", archive(b"\x80\x05\x97."))
refuse("protocol 9", "unsupported", "protocol 9", archive(b"\x80\x09N."))
refuse("number of 80 bits", "unsupported", "80 bits", archive(b"\x80\x02\x8a\x0a" + b"\x01" * 10 + b"."))
refuse("class as value", "unsupported", "class", archive(b"\x80\x02ccollections\nOrderedDict\n."))
refuse("tuple as key", "unsupported", "key", archive(b"\x80\x02})Ns."))
refuse("conjugate", "unsupported", "metadata", archive(
    b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n(" + storage_id() + b"K\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)R}X\x04\x00\x00\x00conj\x88stR.",
    {"0": bytes(8)}))
refuse("source text", "code", "module", legacy(b"\x80\x02(X\x06\x00\x00\x00moduleNNNtQ."))
sparse = io.BytesIO()
torch.save(torch.eye(2).to_sparse(), sparse)
refuse("sparse tensor", "code", "torch._utils._rebuild_sparse_tensor", sparse.getvalue())

(FOLDER / "refused.json").write_text(json.dumps(refused, separators=(",", ":")) + "\n")
for file in FOLDER.iterdir():
    file.chmod(0o644)
(FOLDER / "truth.pth").write_bytes(archive(flags, {"0": b"\x01\x02"}))
print(len(refused), "refused,", sum(f.stat().st_size for f in FOLDER.iterdir()), "bytes")
