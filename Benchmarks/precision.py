"""The PyTorch side of the precision benchmark: precision.py WAY THREADS prints {"seconds": s, "MiB": peak}. As PrecisionBenchmark.swift."""

import json
import sys
import time

import torch
from torch.utils.checkpoint import checkpoint_sequential

WAY, THREADS = sys.argv[1], int(sys.argv[2])
BATCH, PARTS = 64, 4 if WAY == "accumulate" else 1


def resident_peak():
    """The largest resident size of the process so far, in MiB."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


def main():
    torch.set_num_threads(THREADS)
    torch.manual_seed(0)
    layers = []
    for block in range(12):
        layers += [torch.nn.Conv2d(3 if block == 0 else 64, 64, 3, padding=1, bias=False), torch.nn.BatchNorm2d(64), torch.nn.ReLU()]
    body, head = torch.nn.Sequential(*layers), torch.nn.Linear(64, 10)
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], 0.01, momentum=0.9)
    x, y = torch.randn(BATCH, 3, 32, 32), torch.arange(BATCH) % 10

    def step():
        size = BATCH // PARTS
        for part in range(PARTS):
            images, labels = x[part * size:(part + 1) * size], y[part * size:(part + 1) * size]
            with torch.autocast("cpu", torch.bfloat16, enabled=WAY == "bfloat16"):
                hidden = checkpoint_sequential(body, 6, images, use_reentrant=False) if WAY == "recompute" else body(images)
                loss = torch.nn.functional.cross_entropy(head(hidden.mean((2, 3))), labels) / PARTS
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    before = resident_peak()
    step()
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        step()
        best = min(best, time.perf_counter() - begin)
    print(json.dumps({"seconds": best, "MiB": resident_peak() - before}))


if __name__ == "__main__":
    main()
