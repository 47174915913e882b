#!/usr/bin/env python3
"""Writes Tests/TorchTests/Fixtures/{torch.json,numpy_*.npy,reference.safetensors}: what PyTorch 2.13.0 and NumPy print, draw, index and save.

Run with the environment of Tools/requirements.txt, from the root of the repository.
"""
import json
import pathlib

import numpy
import torch
from safetensors.torch import save_file

assert torch.__version__.startswith("2.13.0"), torch.__version__
out = pathlib.Path("Tests/TorchTests/Fixtures")
out.mkdir(parents=True, exist_ok=True)


def text(tensor):
    return repr(tensor).replace("torch.", "")


def values(tensor):
    return {"shape": list(tensor.shape), "values": tensor.double().reshape(-1).tolist()}


x = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
printed = {
    "scalar": torch.tensor(3.5),
    "whole": torch.tensor([1.0, 2.0, -3.0]),
    "decimal": torch.tensor([[0.1234567, -2.5], [100.0, 3.0]]),
    "scientific": torch.tensor([1e-6, 1.0, 12345.678]),
    "large": torch.tensor([1e9, 1.0]),
    "special": torch.tensor([float("nan"), float("inf"), -float("inf"), 1.0]),
    "special decimal": torch.tensor([float("nan"), 0.5, -float("inf")]),
    "zeros": torch.zeros(2, 3),
    "int": torch.tensor([[1, -20], [300, 4]]),
    "int32": torch.tensor([1, 2], dtype=torch.int32),
    "bool": torch.tensor([True, False]),
    "double": torch.tensor([1.5], dtype=torch.float64),
    "half": torch.tensor([1.5, 2.25], dtype=torch.float16),
    "bfloat16": torch.tensor([1.5, -2.25], dtype=torch.bfloat16),
    "complex": torch.tensor([1 + 2j, -0.5 - 1j]),
    "empty": torch.zeros(0),
    "empty 2d": torch.zeros(0, 3),
    "empty int": torch.zeros(0, dtype=torch.int64),
    "three dims": x,
    "long row": torch.arange(50),
    "summary": torch.arange(3000).reshape(30, 100),
    "summary float": (torch.arange(2000) / 7).reshape(2, 1000),
    "summary 3d": torch.arange(20 * 10 * 10, dtype=torch.float32).reshape(20, 10, 10),
    "requires grad": torch.tensor([1.0, 2.0], requires_grad=True),
    "grad fn": torch.tensor([1.0, 2.0], requires_grad=True).exp(),
    "uint8": torch.tensor([0, 255], dtype=torch.uint8),
    "tiny": torch.tensor([1e-5, 2e-5]),
    "four dims": torch.arange(16, dtype=torch.float32).reshape(2, 2, 2, 2) / 3,
}
fixture = {"printed": {name: text(tensor) for name, tensor in printed.items()}}

fixture["indexed"] = {
    "[0]": values(x[0]),
    "[-1, 1]": values(x[-1, 1]),
    "[:, 1:3]": values(x[:, 1:3]),
    "[..., 0]": values(x[..., 0]),
    "[1, ..., None]": values(x[1, ..., None]),
    "[None, 0]": values(x[None, 0]),
    "[:, ::2]": values(x[:, ::2]),
    "[:, -2:]": values(x[:, -2:]),
    "[:, :, 1:-1]": values(x[:, :, 1:-1]),
    "[[1, 0, 1]]": values(x[torch.tensor([1, 0, 1])]),
    "[:, [0, 2]]": values(x[:, torch.tensor([0, 2])]),
    "[[0, 1], [1, 2]]": values(x[torch.tensor([0, 1]), torch.tensor([1, 2])]),
    "[x > 10]": values(x[x > 10]),
    "[mask2, 1]": values(x[torch.tensor([[True, False, True], [False, True, False]]), 1]),
    "[0, [0, 2], 1:]": values(x[0, torch.tensor([0, 2]), 1:]),
}
y = x.clone()
y[:, 1] = -1.0
fixture["indexed"]["x[:, 1] = -1"] = values(y)
y = x.clone()
y[x > 20] = 0.5
fixture["indexed"]["x[x > 20] = 0.5"] = values(y)

torch.manual_seed(1234)
fixture["random"] = {
    "rand": torch.rand(5).tolist(),
    "randn": torch.randn(20).double().tolist(),
    "randint": torch.randint(0, 100, (5,)).tolist(),
    "randperm": torch.randperm(10).tolist(),
}
generator = torch.Generator().manual_seed(7)
fixture["random"]["generator"] = torch.rand(3, generator=generator).tolist()

w = torch.tensor([1.0, 2.0, 3.0], requires_grad=True)
loss = (w**3).sum()
(first,) = torch.autograd.grad(loss, w, create_graph=True)
(second,) = torch.autograd.grad(first.sum(), w, create_graph=True)
(third,) = torch.autograd.grad(second.sum(), w)
fixture["orders"] = [first.tolist(), second.tolist(), third.tolist()]

torch.manual_seed(0)
a, b = torch.randn(8, 8), torch.randn(8, 8)
with torch.autocast("cpu", dtype=torch.bfloat16):
    fixture["autocast"] = {"a": values(a), "b": values(b), "product": values((a @ b).float()), "dtype": "bfloat16"}

(out / "torch.json").write_text(json.dumps(fixture, separators=(",", ":")))

for name, array in {
    "float32": numpy.arange(6, dtype="<f4").reshape(2, 3),
    "fortran": numpy.asfortranarray(numpy.arange(6, dtype="<f8").reshape(2, 3)),
    "big_endian": numpy.arange(4, dtype=">i4"),
    "bool": numpy.array([True, False]),
    "scalar": numpy.array(7, dtype="<i8"),
    "complex": numpy.array([1 + 2j], dtype="<c16"),
}.items():
    numpy.save(out / f"numpy_{name}.npy", array)

save_file(
    {
        "a": torch.arange(6, dtype=torch.float32).reshape(2, 3),
        "b.weight": torch.tensor([1, 2, 3]),
        "c": torch.tensor([True, False]),
        "d": torch.tensor([1.5, -2.0], dtype=torch.bfloat16),
        "empty": torch.zeros(0, 4),
        "scalar": torch.tensor(2.5, dtype=torch.float64),
    },
    out / "reference.safetensors",
    metadata={"format": "pt", "name": "ü \"quoted\""},
)
