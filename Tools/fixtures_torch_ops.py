"""Writes Tests/TorchTests/Fixtures/operators.json: operator calls with their results and gradients, as PyTorch gives them.

Run: .deps/python/bin/python Tools/fixtures_torch_ops.py

The Swift test holds the same calls under the same names. Gradients are those of the results' sum, weighted by ((k % 7) - 3) / 4 + 1/8 for
the k-th element of each result.
"""
import json
import pathlib
import zlib

import numpy
import torch

import fixtures_torch_ops_math
import fixtures_torch_ops_nets

PATH = pathlib.Path(__file__).parent.parent / "Tests/TorchTests/Fixtures/operators.json"
NAMES = {torch.float32: "f32", torch.float64: "f64", torch.int64: "i64", torch.int32: "i32", torch.int8: "i8", torch.bool: "bool"}


def number(value, dtype):
    if dtype == torch.float32:
        value = float(str(numpy.float32(value)))
    return int(value) if isinstance(value, bool) or float(value).is_integer() else value


def record(tensor):
    tensor = tensor.detach().clone()  # a gradient may be a zero without memory
    assert not tensor.is_floating_point() or bool(tensor.isfinite().all()), "a value that JSON lacks"
    return {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape),
            "values": [number(v, tensor.dtype) for v in tensor.flatten().tolist()]}


def weights(tensor):
    return (((torch.arange(tensor.numel()) % 7) - 3) / 4 + 0.125).to(tensor.dtype).reshape(tensor.shape)


def run(name, recipes, call):
    rng = numpy.random.default_rng(zlib.crc32(name.encode()))
    inputs = [recipe.make(rng) for recipe in recipes]
    for tensor, recipe in zip(inputs, recipes):
        tensor.requires_grad_(recipe.grad)
    results = call(*inputs)
    results = [results] if isinstance(results, torch.Tensor) else list(results)
    case = {"inputs": [record(x) | ({"grad": True} if x.requires_grad else {}) for x in inputs],
            "results": [record(x) for x in results]}
    leaves = [x for x in inputs if x.requires_grad]
    ends = [x for x in results if x.requires_grad]
    if leaves and ends:
        gradients = torch.autograd.grad(ends, leaves, [weights(x) for x in ends], allow_unused=True)
        case["gradients"] = [None if g is None else record(g) for g in gradients]
    return case


def main():
    torch.set_num_threads(1)
    cases = {}
    for name, recipes, call in fixtures_torch_ops_math.CASES + fixtures_torch_ops_nets.CASES:
        assert name not in cases, name
        try:
            cases[name] = run(name, recipes, call)
        except Exception as error:
            raise SystemExit(f"{name}: {error}")
    lines = ",\n".join(f"{json.dumps(name)}:{json.dumps(case, separators=(',', ':'))}" for name, case in cases.items())
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text("{\n" + lines + "\n}\n")
    operators = {name.split("/")[0].split(".")[0].rstrip("_") for name in cases}
    print(f"{len(cases)} cases, {len(operators)} operators, {PATH.stat().st_size} bytes")


main()
