"""The PyTorch side of the engine benchmark, one task a call: prints {"small-op": 1187.2}. The work is that of EngineBenchmark.swift."""

import gzip
import json
import pathlib
import sys
import time

import numpy
import torch
from torch import nn

DATA = pathlib.Path(__file__).resolve().parent.parent / ".deps/share/data/fashion-mnist"


def small_op():
    torch.set_num_threads(1)
    a, b = torch.randn(8), torch.randn(8)
    calls = 200_000
    with torch.no_grad():
        start = time.perf_counter()
        for _ in range(calls):
            a + b
        return {"small-op": (time.perf_counter() - start) / calls * 1e9}


def mlp(name, make):
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = make(model.parameters())
    x, y = torch.randn(64, 784), torch.arange(64) % 10

    def run(count):
        for _ in range(count):
            nn.functional.cross_entropy(model(x), y).backward()
            optimizer.step()
            optimizer.zero_grad()

    run(50)
    start = time.perf_counter()
    run(1000)
    return {name: 1000 / (time.perf_counter() - start)}


def network():
    def block(inputs, outputs):
        return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)]

    layers = block(1, 32) + block(32, 64)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.25), nn.Linear(128, 10))


def pictures(part="train", count=12_800):
    with gzip.open(DATA / f"{part}-images-idx3-ubyte.gz") as images, gzip.open(DATA / f"{part}-labels-idx1-ubyte.gz") as labels:
        x = numpy.frombuffer(images.read()[16:], dtype=numpy.uint8).reshape(-1, 28, 28)[:count]
        y = numpy.frombuffer(labels.read()[8:], dtype=numpy.uint8)[:count].astype(numpy.int64)
    return x, y


class Items(torch.utils.data.Dataset):
    """Item by item: what torchvision's ToTensor and Normalize do, without their own cost."""

    def __init__(self):
        x, self.y = pictures()
        self.x = torch.from_numpy(x.copy())

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return (self.x[index].float()[None] / 255 - 0.286) / 0.353, int(self.y[index])


def cnn(name, batches):
    torch.set_num_threads(2)
    torch.manual_seed(0)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def epoch():
        for x, y in batches():
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()

    epoch()
    start = time.perf_counter()
    epoch()
    return {name: time.perf_counter() - start}


def cnn_memory():
    x, y = pictures()
    x = (torch.from_numpy(x.astype(numpy.float32))[:, None] / 255 - 0.286) / 0.353
    y = torch.from_numpy(y)

    def batches():
        order = torch.randperm(len(x))
        for start in range(0, len(x), 128):
            items = order[start : start + 128]
            yield x[items], y[items]

    return cnn("cnn-epoch", batches)


def cnn_loader(workers):
    loader = torch.utils.data.DataLoader(Items(), batch_size=128, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    return cnn("cnn-epoch", lambda: loader)


TASKS = {
    "small-op": small_op,
    "mlp-sgd": lambda: mlp("mlp-sgd", lambda p: torch.optim.SGD(p, lr=0.01)),
    "mlp-adamw": lambda: mlp("mlp-adamw", lambda p: torch.optim.AdamW(p, lr=1e-3, fused=True)),
    "cnn-epoch": cnn_memory,
    "cnn-epoch-loader": lambda: cnn_loader(0),
    "cnn-epoch-loader-1": lambda: cnn_loader(1),
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]]()))
