"""Writes Tests/ModelsTests/Fixtures/lite.json: what EfficientNet-Lite0 says about four photos with its published weights.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_models_lite.py

The network is written down here in a few lines of PyTorch, straight from the names in the weights' file.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
DATA = ROOT / ".deps" / "share" / "data"
FOLDER = ROOT / "Tests" / "ModelsTests" / "Fixtures"
SEED = 20
# Blocks, kernel, stride, expansion.
STAGES = [(1, 3, 1, 1), (2, 3, 2, 6), (2, 5, 2, 6), (3, 3, 2, 6), (3, 5, 1, 6), (4, 5, 2, 6), (1, 3, 1, 6)]


def answer(state, x):
    def conv(x, name, stride=1, depthwise=False):
        weight = state[name + ".weight"]
        # TensorFlow's "same": what is missing is added on both sides, an odd remainder at the end.
        pads = [max((-(-size // stride) - 1) * stride + weight.shape[-1] - size, 0) for size in reversed(x.shape[2:])]
        x = F.pad(x, [side for pad in pads for side in (pad // 2, pad - pad // 2)])
        return F.conv2d(x, weight, None, stride, groups=len(weight) if depthwise else 1)

    def norm(x, name):
        parts = [state[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parts, training=False, eps=1e-3)

    x = F.relu6(norm(conv(x, "_conv_stem", 2), "_bn0"))
    number = 0
    for blocks, _, stride, expansion in STAGES:
        for index in range(blocks):
            name, before = f"_blocks.{number}.", x
            if expansion > 1:
                x = F.relu6(norm(conv(x, name + "_expand_conv"), name + "_bn0"))
            x = F.relu6(norm(conv(x, name + "_depthwise_conv", stride if index == 0 else 1, True), name + "_bn1"))
            x = norm(conv(x, name + "_project_conv"), name + "_bn2")
            x = x + before if index > 0 else x
            number += 1
    x = F.relu6(norm(conv(x, "_conv_head"), "_bn1")).mean((2, 3))
    return F.linear(x, state["_fc.weight"], state["_fc.bias"])


def photo(path):
    """The short side becomes 256 pixels, the middle 224×224 are taken, ImageNet's mean and deviation."""
    image = Image.open(path).convert("RGB")
    scale = 256 / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], Image.BICUBIC)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    pixels = np.asarray(image.crop((left, top, left + 224, top + 224)), dtype=np.float32) / 255
    pixels = (pixels - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    return torch.from_numpy(pixels).permute(2, 0, 1)[None]


if __name__ == "__main__":
    subprocess.run([sys.executable, ROOT / "scripts" / "fetch-data", "photos", "efficientnet-lite0"], check=True)
    torch.set_num_threads(1)
    state = torch.load(DATA / "efficientnet-lite0" / "efficientnet-lite0-57934424.pth", weights_only=True)
    photos = {}
    for name in ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg"):
        logits = answer(state, photo(DATA / "photos" / name))[0]
        top = logits.topk(5).indices.tolist()
        photos[name] = dict(top=top, logits=[float(f"{value:.7g}") for value in logits[top]])
        print(name, photos[name])
    torch.manual_seed(SEED + 1)
    uniform = answer(state, torch.rand(1, 3, 101, 96) * 2 - 1)[0, :64]
    value = dict(torch=torch.__version__, names=list(state), photos=photos, uniform=[float(f"{v:.7g}") for v in uniform])
    (FOLDER / "lite.json").write_text(json.dumps(value, separators=(",", ":")) + "\n")
