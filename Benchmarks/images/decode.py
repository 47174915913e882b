"""The Pillow side of the image benchmark: a 640x480 JPEG file to a float CHW array, and a batch of 28x28 pictures to floats.

Prints one JSON object with medians. Run with Python 3, Pillow and numpy: python decode.py [PHOTO.jpg]
With a path the file is read from there; without one a picture is made and its path is printed, for the Swift side to read.
"""

import io
import json
import statistics
import sys
import tempfile
import time

import numpy as np
from PIL import Image


def photo():
    """640x480 with texture, quality 90, 4:2:0: what a camera writes."""
    random = np.random.default_rng(0)
    y, x = np.mgrid[0:480, 0:640]
    base = np.stack([127 + 90 * np.sin(x / 31 + y / 57), 127 + 90 * np.cos(x / 43 - y / 29), x * 255 / 640], axis=-1)
    image = Image.fromarray((base + random.normal(0, 12, base.shape)).clip(0, 255).astype(np.uint8))
    with tempfile.NamedTemporaryFile(suffix=".jpg", delete=False) as file:
        image.save(file, "JPEG", quality=90, subsampling=2)
    return file.name


def time_of(body, seconds=3.0):
    """Median milliseconds of one call."""
    body()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def to_chw(image):
    return np.ascontiguousarray(np.asarray(image, dtype=np.float32).transpose(2, 0, 1)) / np.float32(255)


path = sys.argv[1] if len(sys.argv) > 1 else photo()
data = open(path, "rb").read()


def full():
    to_chw(Image.open(io.BytesIO(data)).convert("RGB").resize((224, 224), Image.BILINEAR))


def draft():
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (224, 224))
    to_chw(image.convert("RGB").resize((224, 224), Image.BILINEAR))


def same_size():
    to_chw(Image.open(io.BytesIO(data)).convert("RGB"))


pictures = np.random.default_rng(1).integers(0, 256, (256, 28, 28), dtype=np.uint8)


def batch():
    pictures.astype(np.float32)[:, None] / np.float32(255)


result = {
    "photo": path,
    "jpeg_640x480_to_224_float_ms": time_of(full),
    "jpeg_640x480_to_224_float_draft_ms": time_of(draft),
    "jpeg_640x480_to_640x480_float_ms": time_of(same_size),
    "batch_256_28x28_float_ms": time_of(batch),
}
print(json.dumps(result, indent=2))
