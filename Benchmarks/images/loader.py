"""The torchvision side of the loader benchmark: JPEGs decoded, cropped, flipped, jittered and normalised into batches of 32.

loader.py make FOLDER      makes 512 JPEGs of 500x375 in two classes from the fetched photos
loader.py FOLDER WORKERS   prints {"pictures": pictures a second}, the best of three epochs after one that warms up

The pipeline runs on Pillow pictures, which is torchvision's fastest way to decode without its own compiled codecs.
"""

import json
import pathlib
import sys
import time

import numpy as np
import torch
from PIL import Image

LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision import datasets  # noqa: E402
from torchvision.transforms import v2  # noqa: E402


def make(folder):
    photos = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "share" / "data" / "photos"
    sources = [Image.open(photos / name).convert("RGB") for name in ("chelsea.png", "coffee.png", "astronaut.png", "rocket.jpg")]
    random = np.random.default_rng(0)
    for index in range(512):
        source = sources[index % 4]
        width = int(random.integers(300, min(source.width, 451)))
        height = int(random.integers(200, min(source.height, 300)))
        left, top = int(random.integers(0, source.width - width + 1)), int(random.integers(0, source.height - height + 1))
        target = folder / f"class{index % 2}" / f"{index:03}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        source.crop((left, top, left + width, top + height)).resize((500, 375), Image.BICUBIC).save(target, quality=90)


def loader(folder, workers):
    pipeline = v2.Compose([
        v2.RandomResizedCrop(224), v2.RandomHorizontalFlip(), v2.ColorJitter(0.4, 0.4, 0.4), v2.PILToTensor(),
        v2.ToDtype(torch.float32, scale=True), v2.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ])
    pictures = datasets.ImageFolder(folder, pipeline)
    return torch.utils.data.DataLoader(pictures, batch_size=32, shuffle=True, num_workers=workers, persistent_workers=workers > 0)


def main():
    if sys.argv[1] == "make":
        return make(pathlib.Path(sys.argv[2]))
    torch.set_num_threads(1)
    batches, best = loader(sys.argv[1], int(sys.argv[2])), 0.0
    for epoch in range(4):
        start, count = time.perf_counter(), 0
        for images, _ in batches:
            count += len(images)
        if epoch > 0:
            best = max(best, count / (time.perf_counter() - start))
    print(json.dumps({"pictures": best}))


if __name__ == "__main__":
    main()
