"""Writes the reference values of attention and of what residual networks need for Tests/NNTests from PyTorch and torchvision.

    python Tools/fixtures_nn_attention.py        # with torch == 2.13.0 and torchvision
"""

import torch
from torch import nn
from torch.nn import functional as F

from fixtures_nn_common import Cases, numbers

# Where torchvision's own operators were built for another torch, its layers still import once these names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision.ops import StochasticDepth
from torchvision.models.convnext import LayerNorm2d

cases = Cases("attention")
layer = cases.layer

for mode in ["row", "batch"]:
    for p in [0.0, 0.4, 1.0]:
        layer(f"stochastic-{mode}-{p}", "StochasticDepth", {"p": p, "mode": mode, "random": True}, lambda: StochasticDepth(p, mode), [5, 2, 3])
layer("rmsnorm", "RMSNorm", {"shape": [4]}, lambda: nn.RMSNorm(4), [3, 4], wrong=[2, 99])
layer("rmsnorm-two", "RMSNorm", {"shape": [2, 3], "eps": 1e-3}, lambda: nn.RMSNorm([2, 3], eps=1e-3), [2, 2, 3], wrong=[3, 2])
layer("rmsnorm-plain", "RMSNorm", {"shape": [4], "affine": False}, lambda: nn.RMSNorm(4, elementwise_affine=False), [2, 4])
layer("layernorm2d", "LayerNorm2d", {"channels": 3}, lambda: LayerNorm2d(3), [2, 3, 2, 2], wrong=[2, 4, 2, 2])
layer("layernorm2d-eps", "LayerNorm2d", {"channels": 2, "eps": 1e-2}, lambda: LayerNorm2d(2, eps=1e-2), [1, 2, 3, 1], wrong=[2, 2, 3])

LENGTH, SOURCE, BATCH = 3, 4, 2
future = torch.triu(torch.ones(LENGTH, SOURCE), 1).bool()
holes = torch.tensor([[False, True, False, False], [True, False, False, True], [False, False, False, False]])
padding = torch.tensor([[False, False, False, True], [False, False, True, True]])


def attention(name, config, kinds="self", mask=None, padded=None, causal=False, weights=None, batch_first=True, wrong=None):
    """One case of nn.MultiheadAttention; `weights` is None, "average" or "each"."""
    python = {
        "embed_dim": config["dimension"], "num_heads": config["heads"], "dropout": config.get("dropout", 0.0), "bias": config.get("bias", True),
        "add_bias_kv": config.get("addBiasKV", False), "add_zero_attn": config.get("addZeroAttention", False),
        "kdim": config.get("keyDimension"), "vdim": config.get("valueDimension"), "batch_first": batch_first,
    }
    e, k, v = config["dimension"], config.get("keyDimension", config["dimension"]), config.get("valueDimension", config["dimension"])

    def shape(length, size):
        if kinds == "unbatched":
            return [length, size]
        return [BATCH, length, size] if batch_first else [length, BATCH, size]

    if kinds == "self":
        inputs = {"query": shape(SOURCE if padded is not None else LENGTH, e)}
    else:
        inputs = {"query": shape(LENGTH, e), "key": shape(SOURCE, k), "value": shape(SOURCE, v)}
    if mask is not None:
        inputs["maskAttention"] = mask
    if padded is not None:
        inputs["maskPadding"] = padded

    def call(m, query, key=None, value=None, maskAttention=None, maskPadding=None):
        key, value = (query if t is None else t for t in (key, value))
        if causal:
            source = key.shape[1 if batch_first else 0] if query.ndim == 3 else key.shape[0]
            length = query.shape[1 if batch_first else 0] if query.ndim == 3 else query.shape[0]
            later = torch.zeros(length, source).masked_fill(torch.triu(torch.ones(length, source), 1).bool(), -torch.inf)
            if maskAttention is not None:
                added = maskAttention
                if added.dtype == torch.bool:
                    added = torch.zeros(added.shape).masked_fill(added, -torch.inf)
                later = later + added
            maskAttention = later
        if maskPadding is not None and maskAttention is not None and maskAttention.is_floating_point() and maskPadding.dtype == torch.bool:
            maskPadding = torch.zeros(maskPadding.shape).masked_fill(maskPadding, -torch.inf)
        return m(query, key, value, attn_mask=maskAttention, key_padding_mask=maskPadding, need_weights=weights is not None,
                 average_attn_weights=weights != "each")

    extra = {key: value for key, value in [("causal", causal), ("weights", weights), ("batchFirst", batch_first)] if value not in (None, False) or key == "batchFirst"}
    if config.get("dropout"):
        extra["random"] = True
    layer("attention-" + name, "MultiheadAttention", {**config, **extra}, lambda: nn.MultiheadAttention(**python), inputs, call, wrong)


plain = {"dimension": 4, "heads": 2}
attention("self", plain, wrong=[2, 3, 7])
attention("one-head", {"dimension": 3, "heads": 1})
attention("no-bias", {**plain, "bias": False})
attention("cross", plain, "cross", wrong=[2, 3, 5])
attention("unbatched", plain, "unbatched")
attention("unbatched-weights", plain, "unbatched", weights="each")
attention("length-first", plain, "cross", batch_first=False)
attention("length-first-weights", plain, "cross", batch_first=False, weights="average")
attention("self-length-first", plain, batch_first=False)
attention("sizes", {**plain, "keyDimension": 3, "valueDimension": 5}, "cross", wrong=[2, 3, 3])
attention("sizes-no-bias", {**plain, "keyDimension": 3, "valueDimension": 5, "bias": False}, "cross", weights="average")
attention("value-size", {**plain, "valueDimension": 2}, "cross")
attention("mask", plain, "cross", mask=holes)
attention("mask-weights", plain, "cross", mask=holes, weights="average")
attention("mask-added", plain, "cross", mask=numbers([LENGTH, SOURCE], 40))
attention("mask-heads", plain, "cross", mask=torch.stack([holes, future, future, holes]))
attention("mask-heads-added", plain, "cross", mask=numbers([2 * BATCH, LENGTH, SOURCE], 41), weights="each")
attention("padding", plain, "cross", padded=padding)
attention("padding-self", plain, "self", padded=padding)
attention("padding-weights", plain, "cross", padded=padding, weights="average")
attention("padding-added", plain, "cross", padded=numbers([BATCH, SOURCE], 42))
attention("mask-and-padding", plain, "cross", mask=holes, padded=padding)
attention("causal", plain, causal=True)
attention("causal-cross", plain, "cross", causal=True)
attention("causal-padding", plain, "cross", causal=True, padded=padding)
attention("causal-mask", plain, "cross", causal=True, mask=numbers([LENGTH, SOURCE], 43))
attention("causal-weights", plain, causal=True, weights="each")
attention("bias-kv", {**plain, "addBiasKV": True}, "cross", mask=holes, padded=padding)
attention("zero-attention", {**plain, "addZeroAttention": True}, "cross", padded=padding, weights="average")
attention("both-extras", {**plain, "addBiasKV": True, "addZeroAttention": True}, causal=True, weights="average")
attention("dropout", {**plain, "dropout": 0.3}, "cross")
attention("dropout-weights", {**plain, "dropout": 0.3}, "cross", weights="average")


class GroupedQueryAttention(nn.Module):
    """Grouped queries by PyTorch's own function."""

    def __init__(self, dimension, heads, shared, size=None, bias=False):
        super().__init__()
        self.size = size or dimension // heads
        self.q_proj = nn.Linear(dimension, heads * self.size, bias=bias)
        self.k_proj = nn.Linear(dimension, shared * self.size, bias=bias)
        self.v_proj = nn.Linear(dimension, shared * self.size, bias=bias)
        self.o_proj = nn.Linear(heads * self.size, dimension, bias=bias)

    def forward(self, x, mask=None, causal=False):
        q, k, v = (p(x).unflatten(-1, (-1, self.size)).transpose(1, 2) for p in (self.q_proj, self.k_proj, self.v_proj))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=True)
        return self.o_proj(y.transpose(1, 2).flatten(2))


def grouped(name, heads, shared, mask=None, causal=False, wrong=None, **config):
    values = {"dimension": 4, "heads": heads, "keyValueHeads": shared, "causal": causal, **config}
    inputs = {"query": [2, 3, 4]} if mask is None else {"query": [2, 3, 4], "mask": mask}
    layer("grouped-" + name, "GroupedQueryAttention", values,
          lambda: GroupedQueryAttention(4, heads, shared, config.get("headDimension"), config.get("bias", False)), inputs,
          lambda m, query, mask=None: m(query, mask, causal), wrong)


grouped("two", 4, 2, wrong=[2, 3, 5])
grouped("one", 4, 1, bias=True)
grouped("equal", 2, 2)
grouped("causal", 4, 2, causal=True)
grouped("size", 2, 1, headDimension=3)
grouped("mask", 4, 2, mask=torch.tensor([[True, False, True], [True, True, False], [False, True, True]]))


class Attention(nn.Module):
    """The function as a module without parameters."""

    def __init__(self, **settings):
        super().__init__()
        self.settings = settings

    def forward(self, query, key, value, mask=None):
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, **self.settings)


def function(name, query, key, value, mask=None, wrong=None, **settings):
    config = {{"is_causal": "causal", "enable_gqa": "grouped"}.get(k, k): v for k, v in settings.items()}
    inputs = {"query": query, "key": key, "value": value, **({} if mask is None else {"mask": mask})}
    layer("sdpa-" + name, "scaledDotProductAttention", config, lambda: Attention(**settings), inputs, None, wrong)


function("plain", [2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 4], wrong=[2, 2, 3, 3])
function("value", [2, 2, 3, 4], [2, 2, 5, 4], [2, 2, 5, 3], wrong=[2, 3, 3, 4])
function("three", [2, 3, 4], [2, 5, 4], [2, 5, 4], wrong=[2, 3])
function("two", [3, 4], [5, 4], [5, 4])
function("causal", [1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 4], is_causal=True)
function("scale", [1, 2, 3, 4], [1, 2, 5, 4], [1, 2, 5, 4], scale=0.3)
function("mask", [1, 2, 3, 4], [1, 2, 4, 4], [1, 2, 4, 4], mask=~holes)
function("mask-added", [2, 2, 3, 4], [2, 2, 4, 4], [2, 2, 4, 4], mask=numbers([2, 1, 3, 4], 44))
function("grouped", [1, 4, 3, 2], [1, 2, 5, 2], [1, 2, 5, 2], enable_gqa=True)
cases.write()
