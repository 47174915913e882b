"""The PyTorch side of the model benchmark: models.py NAME THREADS [compile] prints {"forward": ms, "step": ms}. As ModelBenchmark.swift."""

import json
import sys
import time

import torch
from torch import nn

# torchvision's compiled operators may be built for another torch; its networks import once these two names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision  # noqa: E402


class LSTM(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.head = nn.LSTM(32, 128, batch_first=True), nn.Linear(128, 10)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(nn.functional.relu(self.fc2(nn.functional.relu(self.fc1(x)))))


def small_resnet():
    model = torchvision.models.resnet18(num_classes=10)
    model.conv1, model.maxpool = nn.Conv2d(3, 64, 3, padding=1, bias=False), nn.Identity()
    return model


def vit_tiny():
    return torchvision.models.VisionTransformer(
        image_size=32, patch_size=4, num_layers=12, num_heads=3, hidden_dim=192, mlp_dim=768, num_classes=10)


TASKS = {
    "mlp": (lambda: nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10)), [64, 1, 28, 28], 500),
    "lenet": (LeNet, [64, 1, 28, 28], 200),
    "resnet18-32": (small_resnet, [32, 3, 32, 32], 4),
    "resnet18-224": (lambda: torchvision.models.resnet18(num_classes=10), [8, 3, 224, 224], 2),
    "mobilenet_v2": (lambda: torchvision.models.mobilenet_v2(num_classes=10), [8, 3, 224, 224], 2),
    "lstm": (LSTM, [32, 50, 32], 20),
    "vit_tiny": (vit_tiny, [32, 3, 32, 32], 3),
}


def milliseconds(repeats, body):
    for _ in range(max(1, repeats // 5)):
        body()
    start = time.perf_counter()
    for _ in range(repeats):
        body()
    return (time.perf_counter() - start) / repeats * 1e3


def main():
    name, threads = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    make, shape, repeats = TASKS[name]
    model = make()
    if "compile" in sys.argv:
        model = torch.compile(model)
    x, y = torch.randn(shape), torch.arange(shape[0]) % 10
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)

    def step():
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        optimizer.zero_grad()

    model.train()
    training = milliseconds(repeats, step)
    model.eval()
    with torch.no_grad():
        print(json.dumps({"forward": milliseconds(repeats, lambda: model(x)), "step": training}))


if __name__ == "__main__":
    main()
