"""What the scripts fixtures_nn_*.py share: they write reference cases for Tests/NNTests from PyTorch.

Each script writes a list of cases as JSON and their numbers as safetensors, one flat float32 tensor per case.
"""

import hashlib
import json
import pathlib

import torch
from safetensors.torch import save_file

assert torch.__version__.startswith("2.13.0"), torch.__version__
torch.set_num_threads(1)
# The fast path of transformers in evaluation rounds differently.
torch.backends.mha.set_fastpath_enabled(False)

CREATION_SEED, FORWARD_SEED = 7, 11
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "NNTests" / "Fixtures"

PYTHON = {
    "paddingMode": "padding_mode", "outputPadding": "output_padding", "approximation": "approximate", "slope": "negative_slope",
    "low": "min_val", "high": "max_val", "trackRunningStats": "track_running_stats", "ceilMode": "ceil_mode",
    "countIncludePad": "count_include_pad", "alignCorners": "align_corners",
}


def python(config):
    """PyTorch's spelling of a configuration."""
    return {PYTHON.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in config.items()}


def numbers(shape, seed, scale=1.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def pattern(shape, index):
    """Numbers that the tests make themselves: what flows back from output `index`."""
    count = torch.Size(shape).numel()
    return (((torch.arange(count) * 7 + 3 * index) % 11 - 5) / 4).reshape(shape)


def integers(high, shape, seed=3):
    return torch.randint(0, high, shape, generator=torch.Generator().manual_seed(seed))


def digest(state):
    """The start of SHA-256 over the bytes of all tensors in order."""
    return hashlib.sha256(b"".join(t.contiguous().numpy().tobytes() for t in state.values())).hexdigest()[:16]


def flat(outputs):
    """The tensors of nested tuples in order."""
    if isinstance(outputs, torch.Tensor):
        return [outputs]
    return [] if outputs is None else [tensor for part in outputs for tensor in flat(part)]


def kind(tensor):
    return {torch.int64: "i", torch.bool: "b"}.get(tensor.dtype, "f")


class Cases:
    """The cases of one file."""

    def __init__(self, file):
        self.file, self.tensors, self.layers = file, {}, []

    def layer(self, name, layer, config, make, inputs, call=None, wrong=None):
        """One case. `inputs` is a shape, a tensor, or a dictionary of them; names that start with `mask` get no gradient."""
        torch.manual_seed(CREATION_SEED)
        module = make()
        first = digest(module.state_dict())
        # Scales and shifts that start as ones and zeros would hide mistakes.
        for index, parameter in enumerate(module.parameters()):
            if parameter.ndim == 1:
                with torch.no_grad():
                    parameter.add_(numbers(parameter.shape, 100 + index, 0.25))
        parameters = dict(module.named_parameters())
        state = {key: value.clone() for key, value in module.state_dict().items()}
        single = not isinstance(inputs, dict)
        given = {}
        for index, (key, value) in enumerate({"input": inputs}.items() if single else inputs.items()):
            value = numbers(value, 3 + 20 * index) if isinstance(value, list) else value
            given[key] = value.requires_grad_() if value.is_floating_point() and not key.startswith("mask") else value
        call = call or ((lambda m, input: m(input)) if single else (lambda m, **tensors: m(**tensors)))

        def run():
            torch.manual_seed(FORWARD_SEED)
            return flat(call(module, **given))

        module.train()
        outputs = run()
        gradients = [pattern(y.shape, index) for index, y in enumerate(outputs)]
        trained = [(y, g) for y, g in zip(outputs, gradients) if y.requires_grad]
        torch.autograd.backward([y for y, _ in trained], [g for _, g in trained])
        after = [buffer.clone() for buffer in module.buffers()]
        module.eval()
        with torch.no_grad():
            evaluated = run()
        changes = not all(torch.equal(a, b) for a, b in zip(evaluated, outputs))
        parts = [
            *state.values(), *given.values(), *outputs, *(x.grad for x in given.values() if x.grad is not None),
            *(p.grad for p in parameters.values()), *after, *(evaluated if changes else []),
        ]
        self.tensors[name] = torch.cat([part.detach().to(torch.float32).reshape(-1) for part in parts])
        case = {
            "name": name, "layer": layer, "config": config, "created": first,
            "state": [[key, list(value.shape), "p" if key in parameters else kind(value)] for key, value in state.items()],
            "inputs": [[key, list(x.shape), kind(x), x.grad is not None] for key, x in given.items()],
            "outputs": [[list(y.shape), kind(y)] for y in outputs],
        }
        if changes:
            case["changes"] = True
        if wrong is not None:
            case["wrong"] = wrong
        self.layers.append(case)

    def write(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        save_file(self.tensors, FOLDER / (self.file + ".safetensors"))
        (FOLDER / (self.file + ".json")).write_text(json.dumps(self.layers, separators=(",", ":")) + "\n")
        print(f"{self.file}: {len(self.layers)} layers")
