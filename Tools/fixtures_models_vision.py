"""Writes Tests/ModelsTests/Fixtures/vision.json: what torchvision's networks answer with weights that both sides draw.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_models_vision.py

No weights are stored. Both sides seed libtorch's generator and fill every tensor of the state in its order from uniform numbers, so
equal answers need equal names, shapes, order and computation. Of whole networks that are too large to run in a test the names, shapes
and counts are compared.
"""

import functools
import hashlib
import json
import pathlib

import torch

# Where torchvision's own operators were built for another torch, its networks still import once these names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

import torchvision
from torch import nn
from torchvision import models
from torchvision.models.convnext import CNBlockConfig, ConvNeXt
from torchvision.models.densenet import DenseNet
from torchvision.models.efficientnet import EfficientNet, MBConvConfig
from torchvision.models.mobilenetv3 import MobileNetV3, _mobilenet_v3_conf
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.models.vgg import VGG, make_layers

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ModelsTests" / "Fixtures"
SEED = 20


def fill(model):
    """Every floating tensor of the state in order from uniform numbers u; ModelsTests does the same."""
    torch.manual_seed(SEED)
    state = model.state_dict()
    for name, tensor in state.items():
        if not tensor.is_floating_point():
            continue
        values = torch.rand(tensor.shape) * 2 - 1
        if name.endswith("running_var"):
            values = values * 0.5 + 1
        elif tensor.dim() >= 2 and "weight" in name:
            values = values * (6 / tensor[0].numel()) ** 0.5
        elif tensor.dim() == 1 and name.endswith("weight"):
            values = values * 0.1 + 1
        else:
            values = values * 0.1
        state[name] = values.to(tensor.dtype)
    model.load_state_dict(state)
    return model


def image(shape):
    torch.manual_seed(SEED + 1)
    return torch.rand(shape) * 2 - 1


def digest(model):
    lines = [f"{name} {list(tensor.shape)}" for name, tensor in model.state_dict().items()]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def count(model):
    return sum(p.numel() for p in model.parameters())


def numbers(tensor, limit=64):
    return [float(f"{value:.7g}") for value in tensor.detach().flatten()[:limit].tolist()]


def case(name, model, shape, gradients=False):
    fill(model).eval()
    x = image(shape)
    with torch.no_grad():
        logits = model(x)
    result = dict(name=name, shape=shape, digest=digest(model), parameters=count(model), logits=numbers(logits))
    if gradients:
        # In evaluation, so that neither dropout nor the batch's statistics take part.
        x.requires_grad_()
        model(x).square().sum().backward()
        result["inputGradient"] = numbers(x.grad)
        # Of every parameter how large its gradient is and what it sums to.
        result["gradients"] = [numbers(torch.stack([p.grad.norm(), p.grad.sum()])) for p in model.parameters()]
    print(name, result["logits"][:3])
    return result


def small_resnext():
    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=10, groups=32, width_per_group=4)


def small_wide():
    return ResNet(Bottleneck, [1, 1, 1, 1], num_classes=10, width_per_group=128)


def small_vgg(batch_norm):
    # VGG-11 with an eighth of its width; the classifier's width cannot be given to the constructor.
    plan = [8, "M", 16, "M", 32, 32, "M", 64, 64, "M", 64, 64, "M"]
    model = VGG(make_layers(plan, batch_norm), num_classes=10)
    model.classifier = nn.Sequential(
        nn.Linear(64 * 49, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 512), nn.ReLU(), nn.Dropout(), nn.Linear(512, 10))
    for layer in model.classifier:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, 0, 0.01)
            nn.init.zeros_(layer.bias)
    return model


def small_v3(size):
    setting, last = _mobilenet_v3_conf(f"mobilenet_v3_{size}", width_mult=0.25)
    return MobileNetV3(setting, last, num_classes=10)


def small_efficientnet():
    row = functools.partial(MBConvConfig, width_mult=0.25, depth_mult=1.0)
    setting = [row(1, 3, 1, 32, 16, 1), row(6, 3, 2, 16, 24, 2), row(6, 5, 2, 24, 40, 2), row(6, 3, 2, 40, 80, 3),
               row(6, 5, 1, 80, 112, 3), row(6, 5, 2, 112, 192, 4), row(6, 3, 1, 192, 320, 1)]
    return EfficientNet(setting, 0.2, num_classes=10)


def small_convnext():
    return ConvNeXt(
        [CNBlockConfig(16, 24, 1), CNBlockConfig(24, 32, 1), CNBlockConfig(32, 48, 2), CNBlockConfig(48, None, 1)], num_classes=10)


def small_vit():
    return models.VisionTransformer(32, 8, 2, 4, 32, 128, num_classes=10)


def initial(model):
    """Sizes of the first weights: the standard deviation of every parameter, of constants the value."""
    return [[float(f"{p.std(correction=0):.4g}"), float(f"{p.mean():.4g}")] for p in model.parameters()]


SMALL = dict(
    resnext=(small_resnext, [2, 3, 64, 64]), wide=(small_wide, [2, 3, 64, 64]),
    vgg=(lambda: small_vgg(False), [2, 3, 32, 32]), vgg_bn=(lambda: small_vgg(True), [2, 3, 32, 32]),
    mobilenet_v2=(lambda: models.MobileNetV2(num_classes=10, width_mult=0.25), [2, 3, 64, 64]),
    mobilenet_v3_large=(lambda: small_v3("large"), [2, 3, 64, 64]), mobilenet_v3_small=(lambda: small_v3("small"), [2, 3, 64, 64]),
    efficientnet=(small_efficientnet, [2, 3, 64, 64]),
    densenet=(lambda: DenseNet(8, (2, 3, 2), 16, num_classes=10), [2, 3, 64, 64]),
    convnext=(small_convnext, [2, 3, 64, 64]), vit=(small_vit, [2, 3, 32, 32]),
    squeezenet1_0=(lambda: models.SqueezeNet("1_0", num_classes=10), [2, 3, 48, 48]),
    squeezenet1_1=(lambda: models.SqueezeNet("1_1", num_classes=10), [2, 3, 48, 48]),
    shufflenet_v2_x0_5=(lambda: models.shufflenet_v2_x0_5(num_classes=10), [2, 3, 64, 64]),
)
# Whole networks as they are published, run once.
WHOLE = dict(
    resnet18=64, vgg11_bn=32, mobilenet_v2=64, mobilenet_v3_large=64, efficientnet_b0=64, densenet121=64, convnext_tiny=64,
    vit_b_16=224)
# Of these names, shapes and counts only.
NAMED = [
    "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d",
    "wide_resnet50_2", "wide_resnet101_2", "vgg11", "vgg13", "vgg16", "vgg19", "vgg11_bn", "vgg13_bn", "vgg16_bn", "vgg19_bn",
    "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2",
    "efficientnet_b3", "efficientnet_b4", "densenet121", "densenet161", "densenet169", "densenet201", "convnext_tiny",
    "convnext_small", "convnext_base", "vit_b_16", "vit_b_32", "vit_l_16", "squeezenet1_0", "squeezenet1_1", "shufflenet_v2_x0_5",
    "shufflenet_v2_x1_0", "shufflenet_v2_x1_5", "shufflenet_v2_x2_0",
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    assert torch.__version__.startswith("2.13.0"), torch.__version__
    small = [case(name, make(), shape, gradients=True) for name, (make, shape) in SMALL.items()]
    whole = [case(name, getattr(models, name)(), [1, 3, size, size]) for name, size in WHOLE.items()]
    named = []
    for name in NAMED:
        # Without memory: the device 'meta' keeps shapes only.
        with torch.device("meta"):
            model = getattr(models, name)()
        named.append(dict(name=name, digest=digest(model), parameters=count(model)))
    torch.manual_seed(SEED)
    first = {name: initial(SMALL[name][0]()) for name in SMALL}
    FOLDER.mkdir(parents=True, exist_ok=True)
    value = dict(torch=torch.__version__, torchvision=torchvision.__version__, small=small, whole=whole, named=named, initial=first)
    text = json.dumps(value, separators=(",", ":")) + "\n"
    (FOLDER / "vision.json").write_text(text)
    print(len(text), "bytes")
