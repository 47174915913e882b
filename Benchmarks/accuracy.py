"""The network, data and settings of Examples/fashion in PyTorch: test accuracy over three seeds, to compare with `martlet run`.

usage: accuracy.py [SEED ...]
"""

import json
import sys
import time

import torch
from torch import nn

from engine import network, pictures

EPOCHS, BATCH = 5, 128


def tensors(part, count):
    x, y = pictures(part, count)
    return torch.from_numpy(x.copy())[:, None].float() / 255, torch.from_numpy(y)


def train(seed):
    torch.manual_seed(seed)
    torch.set_num_threads(2)
    x, y = tensors("train", 60_000)
    order = torch.randperm(len(x))
    x, y = x[order[:57_000]], y[order[:57_000]]  # 5 % are set aside for validation, as in the example
    mean, std = x.mean(), x.std()
    x = (x - mean) / std
    model = network()
    steps = (len(x) + BATCH - 1) // BATCH
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=EPOCHS * steps, pct_start=0.3)
    start = time.perf_counter()
    for _ in range(EPOCHS):
        model.train()
        for items in torch.randperm(len(x)).split(BATCH):
            loss = nn.functional.cross_entropy(model(x[items]), y[items])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    seconds = time.perf_counter() - start
    model.eval()
    tx, ty = tensors("t10k", 10_000)
    with torch.no_grad():
        right = sum((model((part - mean) / std).argmax(1) == labels).sum().item() for part, labels in zip(tx.split(500), ty.split(500)))
    return {"seed": seed, "accuracy": right / len(ty), "seconds": seconds}


for seed in [int(word) for word in sys.argv[1:]] or [1, 2, 3]:
    print(json.dumps(train(seed)), flush=True)
