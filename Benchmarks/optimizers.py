"""The PyTorch side of the optimizer benchmark: `optimizers.py mlp|resnet18 NAME|all [default|foreach|fused]` prints {"adam": 812.4, …}.

The work is that of OptimizerBench.swift. PyTorch's default on a CPU is a loop over the parameters.
"""

import json
import sys
import time

import torch
from torch import nn

O = torch.optim
OPTIMIZERS = {
    "sgd": (O.SGD, dict(lr=1e-4, momentum=0.9)), "adam": (O.Adam, dict(lr=1e-5)), "adamw": (O.AdamW, dict(lr=1e-5)),
    "rmsprop": (O.RMSprop, dict(lr=1e-5)), "adagrad": (O.Adagrad, dict(lr=1e-4)), "adadelta": (O.Adadelta, dict(lr=0.1)),
    "adamax": (O.Adamax, dict(lr=1e-5)), "nadam": (O.NAdam, dict(lr=1e-5)), "radam": (O.RAdam, dict(lr=1e-5)),
    "asgd": (O.ASGD, dict(lr=1e-4)), "rprop": (O.Rprop, dict(lr=1e-5)), "adafactor": (O.Adafactor, dict(lr=1e-4)),
}
FUSED = {"sgd", "adam", "adamw", "adagrad"}


def resnet18_shapes():
    shapes = [[64, 3, 7, 7], [64], [64]]
    inputs = 64
    for channels in (64, 128, 256, 512):
        for _ in range(2):
            shapes += [[channels, inputs, 3, 3], [channels], [channels], [channels, channels, 3, 3], [channels], [channels]]
            if inputs != channels:
                shapes += [[channels, inputs, 1, 1], [channels], [channels]]
            inputs = channels
    return shapes + [[1000, 512], [1000]]


def mlp():
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    x, y = torch.randn(64, 784), torch.arange(64) % 10
    return list(model.parameters()), lambda: nn.functional.cross_entropy(model(x), y).backward(), 500


def resnet18():
    parameters = [nn.Parameter(torch.randn(shape) * 0.05) for shape in resnet18_shapes()]
    for parameter in parameters:
        parameter.grad = torch.randn(parameter.shape) * 0.01
    return parameters, None, 20


def rate(task, name, mode):
    torch.manual_seed(0)
    parameters, compute, steps = {"mlp": mlp, "resnet18": resnet18}[task]()
    kind, settings = OPTIMIZERS[name]
    optimizer = kind(parameters, **settings, **({} if mode == "default" else {mode: True}))

    def run(count):
        for _ in range(count):
            if compute is not None:
                compute()
            optimizer.step()
            if compute is not None:
                optimizer.zero_grad()

    run(max(3, steps // 20))
    start = time.perf_counter()
    run(steps)
    return steps / (time.perf_counter() - start)


if __name__ == "__main__":
    torch.set_num_threads(1)
    task, wanted, mode = sys.argv[1], sys.argv[2], (sys.argv[3:] + ["default"])[0]
    names = [n for n in OPTIMIZERS if wanted in ("all", n) and (mode != "fused" or n in FUSED)]
    print(json.dumps({name: rate(task, name, mode) for name in names}))
