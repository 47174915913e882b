"""Writes the reference values of transformers for Tests/NNTests from PyTorch.

    python Tools/fixtures_nn_transformer.py        # with torch == 2.13.0
"""

import torch
from torch import nn

from fixtures_nn_common import Cases, numbers

cases = Cases("transformer")
LENGTH, SOURCE, BATCH, SIZE, BETWEEN = 2, 3, 2, 3, 2


def settings(config):
    return {
        "dim_feedforward": BETWEEN, "dropout": config.get("dropout", 0.0), "activation": config.get("activation", "relu"),
        "layer_norm_eps": config.get("eps", 1e-5), "norm_first": config.get("normFirst", False), "bias": config.get("bias", True),
        "batch_first": config.get("batchFirst", True),
    }


def values(config):
    return {"dimension": SIZE, "heads": config.get("heads", 3), "feedForward": BETWEEN, **config, **({"random": True} if config.get("dropout") else {})}


def shape(length, config, batched=True):
    if not batched:
        return [length, SIZE]
    return [BATCH, length, SIZE] if config.get("batchFirst", True) else [length, BATCH, SIZE]


def causal(length):
    return nn.Transformer.generate_square_subsequent_mask(length)


def encoder_layer(name, mask=None, padding=None, is_causal=False, batched=True, wrong=None, layers=0, norm=False, **config):
    c = {**values(config), **({"causal": True} if is_causal else {}), **({"layers": layers, "norm": norm} if layers else {})}

    def single():
        return nn.TransformerEncoderLayer(SIZE, c["heads"], **settings(config))

    def make():
        if not layers:
            return single()
        own = [single() for _ in range(layers)]
        module = nn.TransformerEncoder(own[0], layers, norm=nn.LayerNorm(SIZE) if norm else None, enable_nested_tensor=False)
        module.layers = nn.ModuleList(own)
        return module

    inputs = {"input": shape(SOURCE, config, batched)}
    if mask is not None:
        inputs["mask"] = mask
    if padding is not None:
        inputs["maskPadding"] = padding

    def call(m, input, mask=None, maskPadding=None):
        if is_causal:
            mask = causal(SOURCE)
        if maskPadding is not None and mask is not None and mask.is_floating_point():
            maskPadding = torch.zeros(maskPadding.shape).masked_fill(maskPadding, -torch.inf)
        return m(input, mask, src_key_padding_mask=maskPadding)

    cases.layer("encoder-" + name, "TransformerEncoder" if layers else "TransformerEncoderLayer", c, make, inputs, call, wrong)


holes = torch.tensor([[False, True, False], [False, False, True], [True, False, False]])
padding = torch.tensor([[False, False, True], [False, False, False]])
encoder_layer("plain", wrong=[2, 3, 5])
encoder_layer("norm-first", normFirst=True)
encoder_layer("gelu", activation="gelu", eps=1e-3)
encoder_layer("no-bias", bias=False)
encoder_layer("length-first", batchFirst=False)
encoder_layer("unbatched", batched=False)
encoder_layer("mask", mask=holes)
encoder_layer("mask-added", mask=numbers([3, 3], 50))
encoder_layer("padding", padding=padding)
encoder_layer("causal-padding", padding=padding, is_causal=True, normFirst=True)
encoder_layer("dropout", dropout=0.3)
encoder_layer("stack", layers=2, wrong=[2, 3, 2])
encoder_layer("stack-norm", layers=2, norm=True, normFirst=True, activation="gelu")
encoder_layer("stack-causal", layers=1, norm=True, is_causal=True, padding=padding)


def decoder_layer(name, mask=None, memory_mask=None, padding=None, is_causal=False, batched=True, wrong=None, layers=0, norm=False, **config):
    c = {**values(config), **({"causal": True} if is_causal else {}), **({"layers": layers, "norm": norm} if layers else {})}

    def single():
        return nn.TransformerDecoderLayer(SIZE, c["heads"], **settings(config))

    def make():
        if not layers:
            return single()
        own = [single() for _ in range(layers)]
        module = nn.TransformerDecoder(own[0], layers, norm=nn.LayerNorm(SIZE) if norm else None)
        module.layers = nn.ModuleList(own)
        return module

    inputs = {"input": shape(LENGTH, config, batched), "memory": shape(SOURCE, config, batched)}
    for key, value in [("mask", mask), ("maskMemory", memory_mask), ("maskPadding", padding)]:
        if value is not None:
            inputs[key] = value

    def call(m, input, memory, mask=None, maskMemory=None, maskPadding=None):
        return m(input, memory, causal(LENGTH) if is_causal else mask, maskMemory, memory_key_padding_mask=maskPadding)

    cases.layer("decoder-" + name, "TransformerDecoder" if layers else "TransformerDecoderLayer", c, make, inputs, call, wrong)


decoder_layer("plain", wrong=[2, 2, 5])
decoder_layer("norm-first", normFirst=True, activation="gelu")
decoder_layer("no-bias", bias=False)
decoder_layer("length-first", batchFirst=False)
decoder_layer("unbatched", batched=False)
decoder_layer("causal", is_causal=True)
decoder_layer("masks", mask=numbers([2, 2], 51), memory_mask=numbers([2, 3], 52))
decoder_layer("padding", padding=padding)
decoder_layer("dropout", dropout=0.3)
decoder_layer("stack", layers=2, norm=True, is_causal=True)


def transformer(name, encoders=1, decoders=1, is_causal=False, wrong=None, **config):
    c = {**values(config), "encoderLayers": encoders, "decoderLayers": decoders, **({"causal": True} if is_causal else {})}
    cases.layer("transformer-" + name, "Transformer", c,
                lambda: nn.Transformer(SIZE, c["heads"], encoders, decoders, **settings(config)),
                {"source": shape(SOURCE, config), "target": shape(LENGTH, config)},
                lambda m, source, target: m(source, target, tgt_mask=causal(LENGTH) if is_causal else None), wrong)


transformer("plain", wrong=[2, 3, 7])
transformer("two", encoders=2, decoders=2, is_causal=True, activation="gelu")
transformer("norm-first", normFirst=True, activation="gelu", heads=1)
transformer("dropout", dropout=0.2)
cases.write()
