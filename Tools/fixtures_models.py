"""Writes Tests/ModelsTests/Fixtures: what torchvision's networks answer with weights that both sides can compute.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_models.py
"""

import json
import pathlib

import torch

# Where torchvision's own operators were built for another torch, its networks still import once these names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision
from torchvision.models.resnet import BasicBlock, ResNet

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Fixtures"


def wave(count, phase):
    return torch.sin(torch.arange(count, dtype=torch.float64) * 0.7 + phase)


def fill(model):
    """Every tensor of the state from its position alone; ModelsTests does the same."""
    state = model.state_dict()
    for position, (name, tensor) in enumerate(state.items()):
        values = wave(tensor.numel(), position).reshape(tensor.shape)
        if not tensor.is_floating_point():
            continue
        if name.endswith("running_var"):
            values = values.abs() + 1
        elif tensor.dim() == 4:
            values = values * (2 / tensor[0].numel()) ** 0.5
        else:
            values = values * 0.1 + (1 if tensor.dim() == 1 and name.endswith("weight") else 0)
        state[name] = values.to(tensor.dtype)
    model.load_state_dict(state)
    return model


def case(name, model, shape):
    x = wave(torch.Size(shape).numel(), 0.5).float().reshape(shape)
    fill(model).eval()
    with torch.no_grad():
        evaluated = model(x)
    # One training pass moves the running statistics; the gradient of the first convolution passes through everything.
    model.train()
    trained = model(x)
    trained.square().sum().backward()
    state = model.state_dict()
    return dict(
        name=name, shape=shape, names=list(state), parameters=sum(p.numel() for p in model.parameters()),
        evaluated=evaluated.flatten().tolist(), trained=trained.detach().flatten().tolist(),
        gradient=model.conv1.weight.grad.flatten()[:64].tolist(),
        running=state["layer4.0.bn2.running_var"].flatten()[:64].tolist())


if __name__ == "__main__":
    torch.set_num_threads(1)
    blocks = [1, 1, 1, 1]
    cases = [case("resnet-large-stem", ResNet(BasicBlock, blocks, num_classes=10), [2, 3, 64, 64])]
    small = ResNet(BasicBlock, blocks, num_classes=10)
    small.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)
    small.maxpool = torch.nn.Identity()
    cases.append(case("resnet-small-stem", small, [2, 3, 16, 16]))
    whole = {
        "resnet18": list(torchvision.models.resnet18().state_dict()),
        "resnet34": list(torchvision.models.resnet34().state_dict()),
    }
    FOLDER.mkdir(parents=True, exist_ok=True)
    value = dict(torch=torch.__version__, torchvision=torchvision.__version__, cases=cases, names=whole)
    (FOLDER / "resnet.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")
