"""The torchvision side of the augmentation benchmark: one thread, one picture at a time, uint8 tensors and Pillow pictures.

Prints one JSON object with the microseconds of the best of several rounds; the names are those of `martlet-bench augment PHOTO`.
Run with torchvision and Pillow: python augment.py [PHOTO]; without a path a photo of 500x375 is made and its path is printed.
"""

import json
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision.transforms import v2

torch.set_num_threads(1)
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def photo():
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:375, 0:500]
    base = np.stack([127 + 90 * np.sin(x / 31 + y / 57), 127 + 90 * np.cos(x / 43 - y / 29), x * 255 / 500], axis=-1)
    image = Image.fromarray((base + random.normal(0, 12, base.shape)).clip(0, 255).astype(np.uint8))
    with tempfile.NamedTemporaryFile(suffix=".png", delete=False) as file:
        image.save(file, "PNG")
    return file.name


def best(body, count=100, rounds=7):
    """Microseconds of one call: the best round's mean."""
    body(20)
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        body(count)
        times.append((time.perf_counter() - start) / count)
    return min(times) * 1e6


path = sys.argv[1] if len(sys.argv) > 1 else photo()
picture = Image.open(path).convert("RGB")
tensor = torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).contiguous()
small_picture = picture.resize((224, 224), Image.BILINEAR)
small = torch.from_numpy(np.asarray(small_picture).copy()).permute(2, 0, 1).contiguous()

floats = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
pipelines = {
    "pipeline_floats": [
        v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(), v2.ColorJitter(0.4, 0.4, 0.4, 0.1), v2.RandAugment(), *floats,
    ],
    "resized_crop": [v2.RandomResizedCrop(224)],
    "colour_jitter": [v2.ColorJitter(0.4, 0.4, 0.4, 0.1)],
    "rand_augment": [v2.RandAugment()],
    "auto_augment": [v2.AutoAugment()],
    "trivial_augment": [v2.TrivialAugmentWide()],
    "aug_mix": [v2.AugMix()],
    "affine_bilinear": [v2.RandomAffine(30, (0.1, 0.1), (0.8, 1.2), 10, interpolation=v2.InterpolationMode.BILINEAR)],
    "perspective": [v2.RandomPerspective(p=1)],
    "elastic": [v2.ElasticTransform()],
    "blur": [v2.GaussianBlur(13, 2.0)],
    "noise": [v2.GaussianNoise(sigma=0.05)],
    "equalise": [v2.RandomEqualize(p=1)],
    "erase": [v2.RandomErasing(p=1)],
}
result = {"photo": path}
for name, steps in pipelines.items():
    transform = v2.Compose(steps)
    whole = name in ("pipeline_floats", "resized_crop")
    for kind, item in (("tensor", tensor if whole else small), ("pillow", picture if whole else small_picture)):
        if kind == "pillow" and name in ("noise", "erase"):
            continue

        def body(count):
            for _ in range(count):
                transform(item)

        torch.manual_seed(0)
        result[f"{name}_{kind}"] = best(body)
    result[name] = min(value for key, value in result.items() if key in (f"{name}_tensor", f"{name}_pillow"))
print(json.dumps(result, indent=2))
