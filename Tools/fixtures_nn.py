"""Writes the reference values for Tests/NNTests from PyTorch.

    python Tools/fixtures_nn.py        # with torch == 2.13.0

One JSON file lists the cases and where their numbers lie, one safetensors file holds one flat float32 tensor per case.
"""

import hashlib
import json
import pathlib

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

assert torch.__version__.startswith("2.13.0"), torch.__version__
torch.set_num_threads(1)

CREATION_SEED, FORWARD_SEED = 7, 11
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "NNTests" / "Fixtures"

tensors, layers, losses, initializers = {}, [], [], []


class Pack:
    """Numbers of one case, one after the other."""

    def __init__(self):
        self.parts, self.sections = [], []

    def add(self, name, tensor):
        kind = "i" if tensor.dtype == torch.int64 else "f"
        self.sections.append([name, list(tensor.shape), kind])
        self.parts.append(tensor.detach().to(torch.float32).reshape(-1).clone())

    def write(self, name):
        tensors[name] = torch.cat(self.parts) if self.parts else torch.zeros(0)
        return self.sections


def digest(state):
    """SHA-256 over the bytes of all tensors in order."""
    return hashlib.sha256(b"".join(t.contiguous().numpy().tobytes() for t in state.values())).hexdigest()


def numbers(shape, seed, scale=1.0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def layer(name, kind, config, make, shape, integers=None):
    torch.manual_seed(CREATION_SEED)
    module = make()
    first = digest(module.state_dict())
    # Scales and shifts that start as ones and zeros would hide mistakes.
    for index, parameter in enumerate(module.parameters()):
        if parameter.ndim == 1:
            with torch.no_grad():
                parameter.add_(numbers(parameter.shape, 100 + index, 0.25))
    pack = Pack()
    state = {key: value.clone() for key, value in module.state_dict().items()}
    for key, value in state.items():
        pack.add("state/" + key, value)
    if integers:
        x = torch.randint(0, integers, shape, generator=torch.Generator().manual_seed(3))
    else:
        x = numbers(shape, 3).requires_grad_()
    pack.add("input", x)
    module.train()
    torch.manual_seed(FORWARD_SEED)
    y = module(x)
    pack.add("output", y)
    gradient = numbers(y.shape, 5)
    pack.add("gradient", gradient)
    y.backward(gradient)
    if not integers:
        pack.add("grad/input", x.grad)
    for key, parameter in module.named_parameters():
        pack.add("grad/" + key, parameter.grad)
    for key, buffer in module.named_buffers():
        pack.add("after/" + key, buffer)
    module.eval()
    with torch.no_grad():
        evaluated = module(x)
    if not torch.equal(evaluated, y):
        pack.add("eval", evaluated)
    layers.append({
        "name": name, "layer": kind, "config": config, "created": first,
        "parameters": [key for key, _ in module.named_parameters()],
        "parameterCount": sum(p.numel() for p in module.parameters()),
        "keys": list(state), "sections": pack.write(name),
    })


def loss(name, kind, config, run, output, target, **extra):
    pack = Pack()
    output = output.clone().requires_grad_()
    pack.add("output", output)
    pack.add("target", target)
    for key, value in extra.items():
        pack.add(key, value)
    value = run(output, target, **extra)
    pack.add("value", value)
    value.sum().backward()
    pack.add("grad", output.grad)
    losses.append({"name": name, "loss": kind, "config": config, "sections": pack.write(name)})


def initializer(name, kind, config, fill, shape):
    torch.manual_seed(CREATION_SEED)
    tensor = torch.empty(shape)
    fill(tensor)
    pack = Pack()
    pack.add("value", tensor)
    initializers.append({"name": name, "initializer": kind, "config": config, "sections": pack.write(name)})


def write_layers():
    for n, (i, o, b, s) in enumerate([(5, 3, True, [2, 5]), (4, 6, False, [3, 4]), (3, 2, True, [2, 2, 3]), (1, 1, True, [4, 1]), (3, 4, True, [3])]):
        layer(f"linear-{n}", "Linear", {"in": i, "out": o, "bias": b}, lambda: nn.Linear(i, o, bias=b), s)
    layer("identity", "Identity", {}, nn.Identity, [2, 3])

    def conv1d(name, i, o, k, shape, **c):
        layer("conv1d-" + name, "Conv1d", {"in": i, "out": o, "kernel": k, **c}, lambda: nn.Conv1d(i, o, k, **python(c)), shape)

    conv1d("plain", 2, 3, 3, [2, 2, 6])
    conv1d("stride", 2, 2, 2, [1, 2, 7], stride=2, padding=1)
    conv1d("same", 1, 2, 4, [2, 1, 5], padding="same")
    conv1d("valid", 1, 2, 2, [1, 1, 5], padding="valid", bias=False)
    conv1d("dilated", 1, 2, 3, [1, 1, 8], dilation=2)
    conv1d("grouped", 4, 4, 3, [1, 4, 5], groups=2, padding=1)
    conv1d("unbatched", 2, 2, 3, [2, 5])
    conv1d("reflect", 1, 2, 3, [1, 1, 5], padding=2, paddingMode="reflect")
    conv1d("replicate", 1, 2, 3, [1, 1, 5], padding=1, paddingMode="replicate")
    conv1d("circular-same", 1, 2, 3, [1, 1, 5], padding="same", paddingMode="circular")

    def conv2d(name, i, o, k, shape, **c):
        layer("conv2d-" + name, "Conv2d", {"in": i, "out": o, "kernel": k, **c}, lambda: nn.Conv2d(i, o, k, **python(c)), shape)

    conv2d("plain", 1, 2, 3, [2, 1, 5, 4])
    conv2d("stride", 2, 2, 3, [1, 2, 5, 5], stride=2, padding=1)
    conv2d("oblong", 1, 2, [2, 3], [1, 1, 4, 5], stride=[1, 2], padding=[0, 1])
    conv2d("same-odd", 1, 2, 3, [1, 1, 4, 4], padding="same")
    conv2d("same-even", 1, 2, [2, 4], [1, 1, 4, 5], padding="same")
    conv2d("same-dilated", 1, 1, [2, 3], [1, 1, 5, 5], padding="same", dilation=[3, 2])
    conv2d("valid", 1, 1, 2, [1, 1, 3, 3], padding="valid")
    conv2d("dilated", 1, 1, 2, [1, 1, 5, 5], dilation=2)
    conv2d("depthwise", 3, 3, 3, [1, 3, 4, 4], groups=3, padding=1, bias=False)
    conv2d("grouped", 4, 2, 1, [1, 4, 3, 3], groups=2)
    conv2d("pointwise", 3, 4, 1, [2, 3, 2, 2])
    conv2d("unbatched", 1, 2, 2, [1, 3, 4])
    conv2d("reflect", 1, 1, 3, [1, 1, 4, 4], padding=1, paddingMode="reflect")
    conv2d("reflect-even", 1, 1, [2, 4], [1, 1, 4, 5], padding="same", paddingMode="reflect")
    conv2d("replicate", 1, 1, 3, [1, 1, 4, 4], padding=[2, 1], paddingMode="replicate")
    conv2d("circular", 1, 1, 3, [1, 1, 4, 4], padding=[1, 2], paddingMode="circular")

    def transposed(name, i, o, k, shape, **c):
        layer("transpose2d-" + name, "ConvTranspose2d", {"in": i, "out": o, "kernel": k, **c}, lambda: nn.ConvTranspose2d(i, o, k, **python(c)), shape)

    transposed("plain", 2, 1, 3, [1, 2, 2, 3])
    transposed("stride", 1, 2, 2, [1, 1, 3, 3], stride=2)
    transposed("output", 1, 1, 3, [1, 1, 3, 3], stride=2, padding=1, outputPadding=1, bias=False)
    transposed("grouped", 4, 2, [1, 2], [1, 4, 2, 2], groups=2)
    transposed("dilated", 1, 1, 2, [1, 1, 3, 3], dilation=2)

    for kind, make, shapes in [("BatchNorm1d", nn.BatchNorm1d, [[4, 3], [2, 3, 4]]), ("BatchNorm2d", nn.BatchNorm2d, [[2, 3, 2, 3], [3, 3, 1, 2]])]:
        for n, s in enumerate(shapes):
            layer(f"{kind}-{n}", kind, {"channels": 3}, lambda: make(3), s)
        s = shapes[0]
        layer(f"{kind}-plain", kind, {"channels": 3, "affine": False}, lambda: make(3, affine=False), s)
        layer(f"{kind}-stateless", kind, {"channels": 3, "trackRunningStats": False}, lambda: make(3, track_running_stats=False), s)
        layer(f"{kind}-average", kind, {"channels": 3, "momentum": None}, lambda: make(3, momentum=None), s)
        layer(f"{kind}-settings", kind, {"channels": 3, "momentum": 0.3, "eps": 0.01}, lambda: make(3, momentum=0.3, eps=0.01), s)

    layer("layernorm", "LayerNorm", {"shape": [4]}, lambda: nn.LayerNorm(4), [3, 4])
    layer("layernorm-two", "LayerNorm", {"shape": [2, 3]}, lambda: nn.LayerNorm([2, 3]), [2, 2, 3])
    layer("layernorm-plain", "LayerNorm", {"shape": [4], "affine": False}, lambda: nn.LayerNorm(4, elementwise_affine=False), [2, 4])
    layer("layernorm-unbiased", "LayerNorm", {"shape": [4], "bias": False, "eps": 1e-3}, lambda: nn.LayerNorm(4, bias=False, eps=1e-3), [2, 4])
    layer("groupnorm", "GroupNorm", {"groups": 2, "channels": 4}, lambda: nn.GroupNorm(2, 4), [2, 4, 3])
    layer("groupnorm-one", "GroupNorm", {"groups": 1, "channels": 2}, lambda: nn.GroupNorm(1, 2), [2, 2, 2, 2])
    layer("groupnorm-plain", "GroupNorm", {"groups": 3, "channels": 3, "affine": False}, lambda: nn.GroupNorm(3, 3, affine=False), [1, 3, 2, 2])

    for p in [0.0, 0.3, 0.5, 1.0]:
        layer(f"dropout-{p}", "Dropout", {"p": p}, lambda: nn.Dropout(p), [4, 5])
    for p in [0.3, 0.5]:
        layer(f"dropout2d-{p}", "Dropout2d", {"p": p}, lambda: nn.Dropout2d(p), [3, 4, 2, 2])

    layer("embedding", "Embedding", {"count": 6, "dimension": 3}, lambda: nn.Embedding(6, 3), [2, 3], integers=6)
    layer("embedding-flat", "Embedding", {"count": 4, "dimension": 2}, lambda: nn.Embedding(4, 2), [5], integers=4)
    layer("embedding-padding", "Embedding", {"count": 5, "dimension": 3, "paddingIndex": 2}, lambda: nn.Embedding(5, 3, padding_idx=2), [3, 4], integers=5)
    layer("embedding-padding-last", "Embedding", {"count": 5, "dimension": 2, "paddingIndex": -1}, lambda: nn.Embedding(5, 2, padding_idx=-1), [8], integers=5)
    layer("embedding-norm", "Embedding", {"count": 5, "dimension": 3, "maxNorm": 0.7}, lambda: nn.Embedding(5, 3, max_norm=0.7), [2, 3], integers=5)
    layer("embedding-norm1", "Embedding", {"count": 5, "dimension": 3, "maxNorm": 0.7, "normType": 1.0}, lambda: nn.Embedding(5, 3, max_norm=0.7, norm_type=1.0), [4], integers=5)

    def pool(name, kind, make, shape, **c):
        layer(name, kind, c, make, shape)

    pool("maxpool", "MaxPool2d", lambda: nn.MaxPool2d(2), [1, 2, 4, 4], kernel=2)
    pool("maxpool-stride", "MaxPool2d", lambda: nn.MaxPool2d(3, stride=2, padding=1), [1, 1, 5, 5], kernel=3, stride=2, padding=1)
    pool("maxpool-oblong", "MaxPool2d", lambda: nn.MaxPool2d((2, 1), stride=(1, 2)), [1, 1, 4, 4], kernel=[2, 1], stride=[1, 2])
    pool("maxpool-ceil", "MaxPool2d", lambda: nn.MaxPool2d(2, ceil_mode=True), [1, 1, 5, 3], kernel=2, ceilMode=True)
    pool("maxpool-dilated", "MaxPool2d", lambda: nn.MaxPool2d(2, stride=1, dilation=2), [1, 1, 4, 4], kernel=2, stride=1, dilation=2)
    pool("avgpool", "AvgPool2d", lambda: nn.AvgPool2d(2), [1, 2, 4, 4], kernel=2)
    pool("avgpool-padded", "AvgPool2d", lambda: nn.AvgPool2d(3, stride=2, padding=1), [1, 1, 5, 5], kernel=3, stride=2, padding=1)
    pool("avgpool-inside", "AvgPool2d", lambda: nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), [1, 1, 5, 5], kernel=3, stride=2, padding=1, countIncludePad=False)
    pool("avgpool-ceil", "AvgPool2d", lambda: nn.AvgPool2d(2, ceil_mode=True), [1, 1, 5, 3], kernel=2, ceilMode=True)
    pool("adaptive-avg", "AdaptiveAvgPool2d", lambda: nn.AdaptiveAvgPool2d(1), [2, 2, 3, 4], size=1)
    pool("adaptive-avg-oblong", "AdaptiveAvgPool2d", lambda: nn.AdaptiveAvgPool2d((2, 3)), [1, 1, 5, 5], size=[2, 3])
    pool("adaptive-max", "AdaptiveMaxPool2d", lambda: nn.AdaptiveMaxPool2d(2), [1, 2, 3, 5], size=2)
    pool("adaptive-max-oblong", "AdaptiveMaxPool2d", lambda: nn.AdaptiveMaxPool2d((1, 3)), [1, 1, 4, 4], size=[1, 3])

    class GlobalAverage(nn.Module):
        def forward(self, x):
            return x.mean(dim=tuple(range(2, x.ndim)))

    pool("global-average", "GlobalAveragePool", GlobalAverage, [2, 3, 2, 4])
    pool("global-average-1d", "GlobalAveragePool", GlobalAverage, [2, 3, 4])
    pool("flatten", "Flatten", nn.Flatten, [2, 3, 2])
    pool("flatten-middle", "Flatten", lambda: nn.Flatten(1, 2), [2, 2, 3, 2], **{"from": 1, "to": 2})
    pool("flatten-all", "Flatten", lambda: nn.Flatten(0), [2, 3], **{"from": 0})

    for kind, make, configs in [
        ("ReLU", nn.ReLU, [{}]), ("ReLU6", nn.ReLU6, [{}]), ("SiLU", nn.SiLU, [{}]), ("Sigmoid", nn.Sigmoid, [{}]), ("Tanh", nn.Tanh, [{}]),
        ("SELU", nn.SELU, [{}]), ("Hardswish", nn.Hardswish, [{}]), ("Hardsigmoid", nn.Hardsigmoid, [{}]), ("Mish", nn.Mish, [{}]),
        ("GELU", nn.GELU, [{}, {"approximation": "tanh"}]), ("LeakyReLU", nn.LeakyReLU, [{}, {"slope": 0.3}]), ("ELU", nn.ELU, [{}, {"alpha": 0.5}]),
        ("Softplus", nn.Softplus, [{}, {"beta": 2.0, "threshold": 3.0}]), ("Hardtanh", nn.Hardtanh, [{}, {"low": -0.5, "high": 2.0}]),
        ("Softmax", nn.Softmax, [{"dim": 1}, {"dim": -1}]), ("LogSoftmax", nn.LogSoftmax, [{"dim": 1}, {"dim": -1}]),
    ]:
        for n, c in enumerate(configs):
            layer(f"{kind}-{n}", kind, c, lambda: make(**python(c)), [2, 3, 4])
    layer("prelu-one", "PReLU", {}, nn.PReLU, [2, 3])
    layer("prelu-channels", "PReLU", {"channels": 3, "start": 0.1}, lambda: nn.PReLU(3, init=0.1), [2, 3, 2])

    layer("sequential-mlp", "Sequential-mlp", {}, lambda: nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 2)), [3, 4])
    layer("sequential-cnn", "Sequential-cnn", {}, lambda: nn.Sequential(
        nn.Conv2d(1, 2, 3, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.25), nn.Linear(8, 3)), [2, 1, 6, 6])

    class Residual(nn.Module):
        def __init__(self, body, projection=None):
            super().__init__()
            self.body, self.projection = body, projection

        def forward(self, x):
            return (x if self.projection is None else self.projection(x)) + self.body(x)

    layer("residual", "Residual", {}, lambda: Residual(nn.Sequential(nn.Linear(3, 3), nn.Tanh())), [2, 3])
    layer("residual-projected", "Residual", {"projection": True}, lambda: Residual(nn.Sequential(nn.Linear(3, 2), nn.Tanh()), nn.Linear(3, 2, bias=False)), [2, 3])


PYTHON = {"paddingMode": "padding_mode", "outputPadding": "output_padding", "approximation": "approximate", "slope": "negative_slope", "low": "min_val", "high": "max_val"}


def python(config):
    """PyTorch's spelling of a configuration."""
    return {PYTHON.get(key, key): tuple(value) if isinstance(value, list) else value for key, value in config.items()}


def write_losses():
    logits, labels = numbers([4, 3], 21, 2), torch.tensor([0, 2, 1, 2])
    images, image_labels = numbers([2, 3, 2, 2], 22, 2), torch.tensor([[[0, 1], [2, 1]], [[1, 1], [0, 2]]])
    weight = torch.tensor([0.5, 2.0, 1.25])
    soft = torch.softmax(numbers([4, 3], 23), 1)
    ignored = torch.tensor([0, 2, 1, 1])
    for reduction in ["mean", "sum", "none"]:
        r = {"reduction": reduction}
        loss(f"ce-{reduction}", "crossEntropy", r, lambda o, t: F.cross_entropy(o, t, reduction=reduction), logits, labels)
        loss(f"ce-weight-{reduction}", "crossEntropy", r, lambda o, t, weight: F.cross_entropy(o, t, weight, reduction=reduction), logits, labels, weight=weight)
        loss(f"ce-ignore-{reduction}", "crossEntropy", {**r, "ignoreIndex": 1}, lambda o, t: F.cross_entropy(o, t, ignore_index=1, reduction=reduction), logits, ignored)
        loss(f"ce-smooth-{reduction}", "crossEntropy", {**r, "labelSmoothing": 0.2}, lambda o, t: F.cross_entropy(o, t, label_smoothing=0.2, reduction=reduction), logits, labels)
        loss(f"ce-soft-{reduction}", "crossEntropy", r, lambda o, t: F.cross_entropy(o, t, reduction=reduction), logits, soft)
        loss(f"ce-images-{reduction}", "crossEntropy", r, lambda o, t: F.cross_entropy(o, t, reduction=reduction), images, image_labels)
        log = torch.log_softmax(logits, 1)
        loss(f"nll-{reduction}", "nll", r, lambda o, t: F.nll_loss(o, t, reduction=reduction), log, labels)
        loss(f"nll-weight-{reduction}", "nll", {**r, "ignoreIndex": 0}, lambda o, t, weight: F.nll_loss(o, t, weight, ignore_index=0, reduction=reduction), log, labels, weight=weight)
        binary = (numbers([4, 3], 24) > 0).float()
        each = torch.rand([4, 3], generator=torch.Generator().manual_seed(25))
        loss(f"bce-{reduction}", "bce", r, lambda o, t: F.binary_cross_entropy(o, t, reduction=reduction), torch.sigmoid(logits), binary)
        loss(f"bce-weight-{reduction}", "bce", r, lambda o, t, weight: F.binary_cross_entropy(o, t, weight, reduction=reduction), torch.sigmoid(logits), binary, weight=each)
        loss(f"bcel-{reduction}", "bceWithLogits", r, lambda o, t: F.binary_cross_entropy_with_logits(o, t, reduction=reduction), logits, binary)
        loss(f"bcel-weights-{reduction}", "bceWithLogits", r,
             lambda o, t, weight, posWeight: F.binary_cross_entropy_with_logits(o, t, weight, pos_weight=posWeight, reduction=reduction),
             logits, binary, weight=each, posWeight=weight)
        other = numbers([4, 3], 26, 2)
        loss(f"mse-{reduction}", "mse", r, lambda o, t: F.mse_loss(o, t, reduction=reduction), logits, other)
        loss(f"l1-{reduction}", "l1", r, lambda o, t: F.l1_loss(o, t, reduction=reduction), logits, other)
        loss(f"smoothl1-{reduction}", "smoothL1", {**r, "beta": 0.7}, lambda o, t: F.smooth_l1_loss(o, t, beta=0.7, reduction=reduction), logits, other)
        loss(f"huber-{reduction}", "huber", {**r, "delta": 1.5}, lambda o, t: F.huber_loss(o, t, delta=1.5, reduction=reduction), logits, other)
    loss("ce-all", "crossEntropy", {"ignoreIndex": 1, "labelSmoothing": 0.1},
         lambda o, t, weight: F.cross_entropy(o, t, weight, ignore_index=1, label_smoothing=0.1), logits, ignored, weight=weight)
    loss("ce-single", "crossEntropy", {}, lambda o, t: F.cross_entropy(o, t), logits[0], labels[0])
    for reduction in ["batchmean", "mean", "sum", "none"]:
        name = {"batchmean": "batchMean"}.get(reduction, reduction)
        loss(f"kl-{name}", "klDivergence", {"reduction": name}, lambda o, t: F.kl_div(o, t, reduction=reduction), torch.log_softmax(logits, 1), soft)
    loss("kl-log", "klDivergence", {"reduction": "batchMean", "logTarget": True}, lambda o, t: F.kl_div(o, t, reduction="batchmean", log_target=True),
         torch.log_softmax(logits, 1), soft.log())


def write_initializers():
    shapes = {"matrix": [5, 3], "wide": [3, 5], "filters": [4, 2, 3, 3]}
    for name, shape in shapes.items():
        for mode, python_mode in [("fanIn", "fan_in"), ("fanOut", "fan_out")]:
            for nonlinearity in ["relu", "tanh"]:
                c = {"mode": mode, "nonlinearity": nonlinearity}
                initializer(f"kaiming-uniform-{name}-{mode}-{nonlinearity}", "kaimingUniform", c, lambda t: nn.init.kaiming_uniform_(t, mode=python_mode, nonlinearity=nonlinearity), shape)
                initializer(f"kaiming-normal-{name}-{mode}-{nonlinearity}", "kaimingNormal", c, lambda t: nn.init.kaiming_normal_(t, mode=python_mode, nonlinearity=nonlinearity), shape)
        initializer(f"kaiming-leaky-{name}", "kaimingNormal", {"nonlinearity": "leakyReLU", "slope": 0.2}, lambda t: nn.init.kaiming_normal_(t, a=0.2), shape)
        initializer(f"xavier-uniform-{name}", "xavierUniform", {"gain": 1.0}, lambda t: nn.init.xavier_uniform_(t), shape)
        initializer(f"xavier-normal-{name}", "xavierNormal", {"gain": 1.5}, lambda t: nn.init.xavier_normal_(t, gain=1.5), shape)
        initializer(f"orthogonal-{name}", "orthogonal", {"gain": 1.25}, lambda t: nn.init.orthogonal_(t, gain=1.25), shape)
    initializer("selu-gain", "kaimingNormal", {"nonlinearity": "selu"}, lambda t: nn.init.kaiming_normal_(t, nonlinearity="selu"), [3, 4])
    initializer("uniform", "uniform", {"low": -0.5, "high": 2.0}, lambda t: nn.init.uniform_(t, -0.5, 2.0), [7])
    initializer("normal", "normal", {"mean": 1.0, "std": 0.5}, lambda t: nn.init.normal_(t, 1.0, 0.5), [40])
    initializer("constant", "constant", {"value": 0.3}, lambda t: nn.init.constant_(t, 0.3), [2, 2])
    initializer("zeros", "zeros", {}, nn.init.zeros_, [3])
    initializer("ones", "ones", {}, nn.init.ones_, [3])
    initializer("truncated", "truncatedNormal", {"std": 0.02}, lambda t: nn.init.trunc_normal_(t, std=0.02), [5, 6])
    initializer("truncated-tight", "truncatedNormal", {"mean": 0.5, "std": 2.0, "low": -1.0, "high": 1.5}, lambda t: nn.init.trunc_normal_(t, 0.5, 2.0, -1.0, 1.5), [5, 6])
    initializer("truncated-tail", "truncatedNormal", {"std": 1.0, "low": 1.5, "high": 3.0}, lambda t: nn.init.trunc_normal_(t, 0.0, 1.0, 1.5, 3.0), [5, 6])


write_layers()
write_losses()
write_initializers()
FOLDER.mkdir(parents=True, exist_ok=True)
save_file(tensors, FOLDER / "cases.safetensors")
document = {"torch": "2.13.0", "creationSeed": CREATION_SEED, "forwardSeed": FORWARD_SEED, "layers": layers, "losses": losses, "initializers": initializers}
(FOLDER / "cases.json").write_text(json.dumps(document, separators=(",", ":")) + "\n")
print(f"{len(layers)} layers, {len(losses)} losses, {len(initializers)} initializers")
