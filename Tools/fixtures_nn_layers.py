"""Writes the reference values of norms, dropout, pooling, padding, shapes, activations and parametrizations for Tests/NNTests.

    python Tools/fixtures_nn_layers.py        # with torch == 2.13.0
"""

import warnings

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import parametrizations

from fixtures_nn_common import Cases, integers, numbers, python

warnings.filterwarnings("ignore")
cases = Cases("layers")
layer = cases.layer
SIZES = {1: [5], 2: [4, 3], 3: [3, 4, 2]}

for rank, make in [(1, nn.InstanceNorm1d), (2, nn.InstanceNorm2d), (3, nn.InstanceNorm3d)]:
    small = {1: [3], 2: [2, 2], 3: [2, 1, 2]}[rank]
    layer(f"instance{rank}d", f"InstanceNorm{rank}d", {"channels": 2}, lambda: make(2), [2, 2, *small], None, [2, 3, *small])
    layer(f"instance{rank}d-unbatched", f"InstanceNorm{rank}d", {"channels": 2, "affine": True}, lambda: make(2, affine=True), [2, *small])
    layer(f"instance{rank}d-tracking", f"InstanceNorm{rank}d", {"channels": 2, "affine": True, "trackRunningStats": True, "eps": 1e-3, "momentum": 0.3},
          lambda: make(2, affine=True, track_running_stats=True, eps=1e-3, momentum=0.3), [2, 2, *small])
layer("batchnorm3d", "BatchNorm3d", {"channels": 2}, lambda: nn.BatchNorm3d(2), [2, 2, 2, 1, 2], None, [2, 3, 1, 2, 2])
layer("batchnorm3d-plain", "BatchNorm3d", {"channels": 2, "affine": False}, lambda: nn.BatchNorm3d(2, affine=False), [1, 2, 2, 2, 1])
layer("lrn-1d", "LocalResponseNorm", {"size": 2}, lambda: nn.LocalResponseNorm(2), [2, 4, 3], None, [3, 3])
layer("lrn-2d", "LocalResponseNorm", {"size": 3, "alpha": 0.5, "beta": 0.6, "k": 2.0}, lambda: nn.LocalResponseNorm(3, 0.5, 0.6, 2.0), [1, 4, 2, 2])
layer("lrn-3d", "LocalResponseNorm", {"size": 2, "alpha": 0.3}, lambda: nn.LocalResponseNorm(2, 0.3), [1, 3, 2, 1, 2])

for name, make, shapes, wrong in [
    ("Dropout1d", nn.Dropout1d, [[3, 4, 2], [5, 2]], [3]), ("Dropout2d", nn.Dropout2d, [[2, 5, 2, 1]], [3]), ("Dropout3d", nn.Dropout3d, [[2, 4, 1, 2, 1], [5, 1, 2, 2]], [2, 2]),
    ("AlphaDropout", nn.AlphaDropout, [[4, 5]], None), ("FeatureAlphaDropout", nn.FeatureAlphaDropout, [[3, 4, 2]], [3]),
]:
    for n, shape in enumerate(shapes):
        for p in [0.3, 0.0]:
            layer(f"{name}-{n}-{p}", name, {"p": p, "random": True}, lambda: make(p), shape, None, wrong)

MAX, AVG = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
for rank in (1, 2, 3):
    shape, wrong = [1, 2, *SIZES[rank]], [3] * (rank if rank > 1 else 1)
    if rank != 2:
        def pool(name, kind, make, shape=shape, call=None, **c):
            layer(f"{kind}-{name}", kind, c, make, shape, call, wrong)

        kind, make = f"MaxPool{rank}d", MAX[rank - 1]
        pool("plain", kind, lambda: make(2), kernel=2)
        pool("padded", kind, lambda: make(3, stride=2, padding=1), kernel=3, stride=2, padding=1)
        pool("ceil", kind, lambda: make(2, ceil_mode=True), kernel=2, ceilMode=True)
        pool("dilated", kind, lambda: make(2, stride=1, dilation=[2] + [1] * (rank - 1)), kernel=2, stride=1, dilation=[2] + [1] * (rank - 1))
        pool("unbatched", kind, lambda: make(2), shape=[2, *SIZES[rank]], kernel=2)
        kind, make = f"AvgPool{rank}d", AVG[rank - 1]
        pool("plain", kind, lambda: make(2), kernel=2)
        pool("padded", kind, lambda: make(2, stride=2, padding=1), kernel=2, stride=2, padding=1)
        pool("inside", kind, lambda: make(2, stride=1, padding=1, count_include_pad=False), kernel=2, stride=1, padding=1, countIncludePad=False)
        pool("ceil", kind, lambda: make(2, ceil_mode=True), shape=[2, *SIZES[rank]], kernel=2, ceilMode=True)
        for kind, make in [(f"AdaptiveAvgPool{rank}d", (nn.AdaptiveAvgPool1d, None, nn.AdaptiveAvgPool3d)[rank - 1]),
                           (f"AdaptiveMaxPool{rank}d", (nn.AdaptiveMaxPool1d, None, nn.AdaptiveMaxPool3d)[rank - 1])]:
            pool("two", kind, lambda: make(2), size=2)
            pool("unbatched", kind, lambda: make([2] + [1] * (rank - 1)), shape=[2, *SIZES[rank]], size=[2] + [1] * (rank - 1))
    if rank > 1:
        layer(f"AvgPool{rank}d-divisor", f"AvgPool{rank}d", {"kernel": 2, "divisor": 3}, lambda: AVG[rank - 1](2, divisor_override=3), shape, None, wrong)
    kind, make = f"LPPool{rank}d", (nn.LPPool1d, nn.LPPool2d, nn.LPPool3d)[rank - 1]
    # The norm of a power that is not even needs values above zero.
    layer(f"lp{rank}d", kind, {"kernel": 2, "power": 2.0}, lambda: make(2.0, 2), shape, None, wrong)
    layer(f"lp{rank}d-odd", kind, {"kernel": 2, "power": 3.0, "stride": 1}, lambda: make(3.0, 2, stride=1), numbers(shape, 9).abs())
    kind, make = f"MaxUnpool{rank}d", (nn.MaxUnpool1d, nn.MaxUnpool2d, nn.MaxUnpool3d)[rank - 1]
    values, indices = F.__dict__[f"max_pool{rank}d"](numbers([1, 2] + [4] * rank, 31), 2, return_indices=True)
    layer(f"unpool{rank}d", kind, {"kernel": 2}, lambda: make(2), {"values": values, "indices": indices},
          lambda m, values, indices: m(values, indices), [2, 3] if rank > 1 else [2])
    values, indices = F.__dict__[f"max_pool{rank}d"](numbers([1, 1] + [5] * rank if rank < 3 else [1, 1, 5, 3, 3], 32), 2, return_indices=True)
    size = [5] * rank if rank < 3 else [5, 3, 3]
    layer(f"unpool{rank}d-size", kind, {"kernel": 2, "size": size}, lambda: make(2), {"values": values, "indices": indices},
          lambda m, values, indices: m(values, indices, output_size=size))

layer("maxpool-indices", "MaxPool2d", {"kernel": 2, "indices": True}, lambda: nn.MaxPool2d(2, return_indices=True), [1, 1, 4, 4], None, [3])
layer("maxpool1d-indices", "MaxPool1d", {"kernel": 2, "indices": True}, lambda: nn.MaxPool1d(2, return_indices=True), [1, 2, 4])
layer("adaptivemax-indices", "AdaptiveMaxPool2d", {"size": 2, "indices": True}, lambda: nn.AdaptiveMaxPool2d(2, return_indices=True), [1, 1, 3, 4])
layer("adaptiveavg-same", "AdaptiveAvgPool2d", {"size": [0, 2]}, lambda: nn.AdaptiveAvgPool2d((None, 2)), [1, 2, 3, 4])
for rank, make in [(2, nn.FractionalMaxPool2d), (3, nn.FractionalMaxPool3d)]:
    shape = {2: [1, 2, 5, 5], 3: [1, 1, 4, 4, 4]}[rank]
    layer(f"fractional{rank}d", f"FractionalMaxPool{rank}d", {"kernel": 2, "size": 2, "random": True}, lambda: make(2, output_size=2), shape, None, [3])
    layer(f"fractional{rank}d-ratio", f"FractionalMaxPool{rank}d", {"kernel": 2, "ratio": 0.6, "random": True},
          lambda: make(2, output_ratio=(0.6,) * rank), shape[1:])


class GlobalMax(nn.Module):
    def forward(self, x):
        return x.amax(dim=tuple(range(2, x.ndim)))


class GeneralizedMean(nn.Module):
    """Radenović, Tolias, Chum 2018, as in their published code."""

    def __init__(self, p=3.0):
        super().__init__()
        self.p = nn.Parameter(torch.ones(1) * p)

    def forward(self, x):
        return F.avg_pool2d(x.clamp(min=1e-6).pow(self.p), (x.size(-2), x.size(-1))).pow(1.0 / self.p).flatten(1)


layer("global-max", "GlobalMaxPool", {}, GlobalMax, [2, 2, 2, 3], None, [2, 3])
layer("generalized-mean", "GeneralizedMeanPool", {"power": 3.0}, GeneralizedMean, [2, 2, 2, 3], None, [2, 3])

for rank in (1, 2, 3):
    shape, each = [1, 2, *SIZES[rank]], [1, 1 if rank == 3 else 2, 0, 1, 1, 0][: 2 * rank]
    for kind in ["ConstantPad", "ZeroPad", "ReflectionPad", "ReplicationPad", "CircularPad"]:
        make = getattr(nn, f"{kind}{rank}d")
        value = (0.7,) if kind == "ConstantPad" else ()
        wrong = None if kind in ("ConstantPad", "ZeroPad") else [4]
        layer(f"{kind}{rank}d-one", f"{kind}{rank}d", {"amounts": 1}, lambda: make(1, *value), shape, None, wrong)
        layer(f"{kind}{rank}d-each", f"{kind}{rank}d", {"amounts": each}, lambda: make(tuple(each), *value), shape[1:])
layer("ConstantPad2d-cut", "ConstantPad2d", {"amounts": [-1, 0, 1, -1]}, lambda: nn.ConstantPad2d((-1, 0, 1, -1), 0.7), [2, 3, 3])

for mode, rank, corners in [
    ("nearest", 1, None), ("nearest", 2, None), ("nearest", 3, None), ("nearest-exact", 1, None), ("nearest-exact", 2, None), ("nearest-exact", 3, None),
    ("linear", 1, False), ("linear", 1, True), ("bilinear", 2, False), ("bilinear", 2, True), ("bicubic", 2, False), ("bicubic", 2, True),
    ("trilinear", 3, False), ("trilinear", 3, True),
]:
    shape, size = [1, 1, *[3, 2, 2][:rank]], [4, 3, 3][:rank]
    config = {"mode": mode, **({} if corners is None else {"alignCorners": corners})}
    name = f"{mode}-{rank}d" + ("-corners" if corners else "")
    layer("upsample-" + name, "Upsample", {**config, "scale": 1.5}, lambda: nn.Upsample(scale_factor=1.5, mode=mode, align_corners=corners), shape, None, [2, 3])
    layer("resize-" + name, "Upsample", {**config, "size": size}, lambda: nn.Upsample(size=size, mode=mode, align_corners=corners), shape)


class Interpolate(nn.Module):
    def __init__(self, **settings):
        super().__init__()
        self.settings = settings

    def forward(self, x):
        return F.interpolate(x, **self.settings)


layer("interpolate-area", "interpolate", {"mode": "area", "size": [2, 2]}, lambda: Interpolate(size=[2, 2], mode="area"), [1, 1, 5, 4], lambda m, input: m(input))
for mode in ["bilinear", "bicubic"]:
    layer(f"interpolate-{mode}-antialias", "interpolate", {"mode": mode, "size": [2, 3], "antialias": True},
          lambda: Interpolate(size=[2, 3], mode=mode, antialias=True), [1, 1, 5, 4], lambda m, input: m(input), [2, 3])
    layer(f"interpolate-{mode}-scale", "interpolate", {"mode": mode, "scale": [0.5, 1.5], "antialias": True},
          lambda: Interpolate(scale_factor=(0.5, 1.5), mode=mode, antialias=True), [1, 1, 4, 2], lambda m, input: m(input))

layer("pixelshuffle", "PixelShuffle", {"factor": 2}, lambda: nn.PixelShuffle(2), [1, 8, 1, 2], None, [1, 3, 2, 2])
layer("pixelunshuffle", "PixelUnshuffle", {"factor": 2}, lambda: nn.PixelUnshuffle(2), [1, 2, 2, 4], None, [1, 1, 3, 2])
layer("channelshuffle", "ChannelShuffle", {"groups": 2}, lambda: nn.ChannelShuffle(2), [1, 6, 2, 1], None, [1, 3, 2, 2])
layer("unfold", "Unfold", {"kernel": 2}, lambda: nn.Unfold(2), [1, 2, 3, 3], None, [3, 3])
layer("unfold-settings", "Unfold", {"kernel": [2, 1], "stride": 2, "padding": 1, "dilation": [1, 2]}, lambda: nn.Unfold((2, 1), (1, 2), 1, 2), [2, 3, 3])
layer("fold", "Fold", {"size": [3, 3], "kernel": 2}, lambda: nn.Fold((3, 3), 2), [1, 8, 4], None, [1, 7, 4])
layer("fold-settings", "Fold", {"size": 3, "kernel": 2, "stride": 2, "padding": 1}, lambda: nn.Fold(3, 2, 1, 1, 2), [4, 4])
layer("unflatten", "Unflatten", {"dim": 1, "sizes": [2, -1]}, lambda: nn.Unflatten(1, (2, -1)), [2, 6], None, [2, 5])

pair = {"x": [3, 2], "y": [3, 4]}
both = lambda m, x, y: m(x, y)
layer("bilinear", "Bilinear", {"first": 2, "second": 4, "out": 3}, lambda: nn.Bilinear(2, 4, 3), pair, both, [3, 5])
layer("bilinear-no-bias", "Bilinear", {"first": 2, "second": 1, "out": 2, "bias": False}, lambda: nn.Bilinear(2, 1, 2, bias=False), {"x": [2, 2, 2], "y": [2, 2, 1]}, both)
pair = {"x": [3, 4], "y": [3, 4]}
layer("cosine", "CosineSimilarity", {}, nn.CosineSimilarity, pair, both, [2, 4])
layer("cosine-dim", "CosineSimilarity", {"dim": 0, "eps": 1e-2}, lambda: nn.CosineSimilarity(0, 1e-2), pair, both)
layer("distance", "PairwiseDistance", {}, nn.PairwiseDistance, pair, both, [2, 4])
layer("distance-one", "PairwiseDistance", {"p": 1.0, "keepDim": True}, lambda: nn.PairwiseDistance(1.0, keepdim=True), pair, both)
layer("distance-eps", "PairwiseDistance", {"p": 3.0, "eps": 0.1}, lambda: nn.PairwiseDistance(3.0, 0.1), {"x": [4], "y": [4]}, both)

for mode in ["sum", "mean", "max"]:
    layer(f"bag-{mode}", "EmbeddingBag", {"mode": mode}, lambda: nn.EmbeddingBag(5, 2, mode=mode), integers(5, [2, 3]), None, [1, 2, 3])
    layer(f"bag-{mode}-offsets", "EmbeddingBag", {"mode": mode}, lambda: nn.EmbeddingBag(5, 2, mode=mode),
          {"indices": integers(5, [6]), "offsets": torch.tensor([0, 2, 2, 5])}, lambda m, indices, offsets: m(indices, offsets))
    layer(f"bag-{mode}-padding", "EmbeddingBag", {"mode": mode, "paddingIndex": 1}, lambda: nn.EmbeddingBag(5, 2, mode=mode, padding_idx=1), integers(5, [3, 3]))
layer("bag-last", "EmbeddingBag", {"mode": "sum", "includeLastOffset": True}, lambda: nn.EmbeddingBag(5, 2, mode="sum", include_last_offset=True),
      {"indices": integers(5, [6]), "offsets": torch.tensor([0, 2, 6])}, lambda m, indices, offsets: m(indices, offsets))
layer("bag-weights", "EmbeddingBag", {"mode": "sum"}, lambda: nn.EmbeddingBag(5, 2, mode="sum"), {"indices": integers(5, [2, 3]), "weights": [2, 3]},
      lambda m, indices, weights: m(indices, per_sample_weights=weights))
layer("bag-weights-padding", "EmbeddingBag", {"mode": "sum", "paddingIndex": -1}, lambda: nn.EmbeddingBag(5, 2, mode="sum", padding_idx=-1),
      {"indices": integers(5, [6]), "offsets": torch.tensor([0, 4]), "weights": [6]}, lambda m, indices, offsets, weights: m(indices, offsets, weights))
layer("bag-norm", "EmbeddingBag", {"mode": "mean", "maxNorm": 0.7}, lambda: nn.EmbeddingBag(5, 2, max_norm=0.7), integers(5, [2, 3]))


class Halves(nn.Module):
    def __init__(self, function, dim=-1):
        super().__init__()
        self.function, self.dim = function, dim

    def forward(self, x):
        gate, value = x.chunk(2, self.dim)
        return self.function(gate) * value


for kind, make, configs in [
    ("CELU", nn.CELU, [{}, {"alpha": 0.5}]), ("GLU", nn.GLU, [{}, {"dim": 1}]), ("Hardshrink", nn.Hardshrink, [{}, {"lambd": 0.2}]),
    ("Softshrink", nn.Softshrink, [{}, {"lambd": 0.2}]), ("Tanhshrink", nn.Tanhshrink, [{}]), ("Softsign", nn.Softsign, [{}]),
    ("LogSigmoid", nn.LogSigmoid, [{}]), ("RReLU", nn.RReLU, [{"random": True}, {"lower": 0.2, "upper": 0.9, "random": True}]),
    ("Threshold", nn.Threshold, [{"threshold": 0.1, "value": -2.0}]), ("Softmin", nn.Softmin, [{"dim": 1}, {"dim": -1}]), ("Softmax2d", nn.Softmax2d, [{}]),
    ("SwiGLU", lambda **c: Halves(F.silu, **c), [{}, {"dim": 1}]), ("GeGLU", lambda **c: Halves(F.gelu, **c), [{}]),
]:
    for n, c in enumerate(configs):
        wrong = [3] if "GLU" in kind and not c else [2, 3] if kind == "Softmax2d" else None
        layer(f"{kind}-{n}", kind, c, lambda: make(**{k: v for k, v in c.items() if k != "random"}), [2, 2, 4], None, wrong)

weight_norm, spectral_norm = parametrizations.weight_norm, parametrizations.spectral_norm
layer("weightnorm-linear", "weightNorm", {"of": "linear"}, lambda: weight_norm(nn.Linear(3, 2)), [2, 3], None, [2, 7])
layer("weightnorm-conv", "weightNorm", {"of": "conv"}, lambda: weight_norm(nn.Conv1d(2, 3, 2)), [1, 2, 4])
layer("weightnorm-conv-dim", "weightNorm", {"of": "conv", "dim": 1}, lambda: weight_norm(nn.Conv1d(2, 3, 2), dim=1), [1, 2, 4])
layer("weightnorm-whole", "weightNorm", {"of": "linear", "dim": None}, lambda: weight_norm(nn.Linear(3, 2), dim=None), [2, 3])
layer("weightnorm-attention", "weightNorm", {"of": "attention", "name": "in_proj_weight"}, lambda: weight_norm(nn.MultiheadAttention(2, 1, batch_first=True), "in_proj_weight"),
      [1, 2, 2], lambda m, input: m(input, input, input, need_weights=False)[0])
layer("spectralnorm-linear", "spectralNorm", {"of": "linear"}, lambda: spectral_norm(nn.Linear(3, 2)), [2, 3], None, [2, 7])
layer("spectralnorm-conv", "spectralNorm", {"of": "conv", "iterations": 3}, lambda: spectral_norm(nn.Conv1d(2, 3, 2), n_power_iterations=3), [1, 2, 4])
layer("spectralnorm-transposed", "spectralNorm", {"of": "transposed"}, lambda: spectral_norm(nn.ConvTranspose1d(2, 3, 2)), [1, 2, 4])
layer("spectralnorm-bias", "spectralNorm", {"of": "linear", "name": "bias"}, lambda: spectral_norm(nn.Linear(3, 2), "bias"), [2, 3])
cases.write()
