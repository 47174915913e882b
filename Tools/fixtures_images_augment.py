"""Writes Tests/ImagesTests/Fixtures/augment*: what torchvision 0.28 and Pillow 13 make of one picture with fixed parameters.

Run with the environment of scripts/setup: .deps/python/bin/python Tools/fixtures_images_augment.py
Expected samples of all cases lie one after the other in one IDX file; run fixtures_images.py first.
"""

import gzip
import io
import json
import pathlib
import struct

import numpy as np
import torch
from PIL import Image, ImageOps

# Where torchvision's own operators were built for another torch, its transforms still import once these names exist.
LIBRARY = torch.library.Library("torchvision", "FRAGMENT")
for operator in ("nms", "qnms"):
    if not hasattr(torch.ops.torchvision, operator):
        LIBRARY.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

from torchvision.transforms import InterpolationMode
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as F

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagesTests" / "Fixtures"
MODES = {"nearest": InterpolationMode.NEAREST, "bilinear": InterpolationMode.BILINEAR}

cases, samples = [], bytearray()


def tensor(name):
    array = np.asarray(Image.open(OUT / name))
    return torch.from_numpy(array.copy()).reshape(*array.shape[:2], -1).permute(2, 0, 1).contiguous()


def keep(name, operation, expected, tolerance, numbers=(), word=""):
    """One case: an input, an operation with numbers and a word, and the samples that must come out."""
    if isinstance(expected, torch.Tensor):
        expected = expected.permute(1, 2, 0).numpy()
    array = np.asarray(expected)
    array = array.reshape(*array.shape[:2], -1)
    assert array.dtype == np.uint8
    cases.append(
        dict(input=name, operation=operation, numbers=[float(n) for n in numbers], word=word, offset=len(samples), tolerance=tolerance,
             width=array.shape[1], height=array.shape[0], channels=array.shape[2]))
    samples.extend(array.tobytes())


def filled(image, fill, warp):
    """The convex blend with the fill, which torchvision's own fill argument misses where a pixel is partly covered."""
    return (warp(image.float() - fill) + fill).round().clamp(0, 255).to(torch.uint8)


COLOUR, GREY = "augment-rgb.png", "augment-grey.png"
picture = Image.open(OUT / "rgb.png").resize((23, 19), Image.BICUBIC)
picture.save(OUT / COLOUR)
picture.split()[1].save(OUT / GREY)

for name in (COLOUR, GREY):
    image = tensor(name)
    colours = name == COLOUR
    for factor in (0, 0.3, 0.7, 1, 1.4, 2.5):
        keep(name, "brightness", F.adjust_brightness(image, factor), 0, [factor])
        keep(name, "contrast", F.adjust_contrast(image, factor), 1, [factor])
        keep(name, "sharpness", F.adjust_sharpness(image, factor), 1, [factor])
        if colours:
            keep(name, "saturation", F.adjust_saturation(image, factor), 1, [factor])
    for part in (-0.5, -0.23, -0.05, 0, 0.1, 0.31, 0.5) if colours else ():
        keep(name, "hue", F.adjust_hue(image, part), 1, [part])
    keep(name, "invert", F.invert(image), 0)
    keep(name, "equalise", F.equalize(image), 0)
    keep(name, "autocontrast", F.autocontrast(image), 1)
    for threshold in (0, 1, 100, 128, 255):
        keep(name, "solarise", F.solarize(image, threshold), 0, [threshold])
    for bits in (1, 2, 4, 7, 8):
        keep(name, "posterise", F.posterize(image, bits), 0, [bits])
    for kernel, sigma in ((3, 0.5), (5, 1.1), (9, 3), (23, 2)):
        keep(name, "blur", F.gaussian_blur(image, [kernel, kernel], [sigma, sigma]), 1, [kernel, sigma])
    for interpolation, mode in MODES.items():
        for angle, shift, scale, shear, fill in (
            (13.7, (0, 0), 1, (0, 0), 0), (0, (5, -3), 1, (0, 0), 40), (0, (0, 0), 1.37, (0, 0), 0), (0, (0, 0), 0.61, (0, 0), 200),
            (0, (0, 0), 1, (17.3, 0), 0), (0, (0, 0), 1, (0, -21.1), 9), (-31.3, (2, 4), 0.83, (11, -7), 77), (178, (0, 1), 1, (0, 0), 0),
        ):
            expected = filled(
                image, fill, lambda x: F.affine(x, angle, list(shift), scale, list(shear), interpolation=mode))
            keep(name, "affine", expected, 1, [angle, *shift, scale, *shear, fill], interpolation)
        height, width = image.shape[1:]
        corners = [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]]
        for end, fill in (
            ([[3, 2], [20, 5], [19, 16], [1, 17]], 0), ([[7, 0], [22, 4], [15, 18], [4, 13]], 55), ([[0, 5], [22, 0], [22, 18], [0, 14]], 0),
        ):
            expected = filled(image, fill, lambda x: F.perspective(x, corners, end, interpolation=mode))
            keep(name, "perspective", expected, 1, [n for point in end for n in point] + [fill], interpolation)
        y, x = np.mgrid[0:height, 0:width].astype(np.float32)
        # The same waves are computed by the test.
        waves = np.stack([2.3 * np.sin(x / 4 + y / 7) / width * 2, 1.7 * np.cos(x / 5 - y / 3) / height * 2], axis=-1)
        field = torch.from_numpy(waves.astype(np.float32))[None]
        keep(name, "displace", filled(image, 30, lambda x: F.elastic(x, field, interpolation=mode)), 1, [30], interpolation)
    for quality in (10, 50, 80, 95):
        buffer = io.BytesIO()
        options = {"subsampling": 0} if quality >= 90 else {}
        Image.open(OUT / name).save(buffer, "JPEG", quality=quality, **options)
        keep(name, "jpeg", np.asarray(Image.open(buffer)), 2, [quality])
    for top, left, height, width in ((3, 5, 14, 15), (0, 0, 19, 23), (8, 2, 7, 20)):
        expected = F.resized_crop(image, top, left, height, width, [24, 20], antialias=True)
        keep(name, "resizedCrop", expected, 1, [left, top, width, height, 20, 24])
    for position, crop in enumerate(F.ten_crop(image, [13, 11])):
        keep(name, "tenCrop", crop, 0, [11, 13, position])
    keep(name, "erase", F.erase(image, 4, 6, 11, 13, torch.tensor([99.0])[:, None, None].to(torch.uint8)), 0, [6, 4, 13, 11, 99])

image = tensor(COLOUR)
keep(COLOUR, "grey", np.asarray(ImageOps.grayscale(Image.open(OUT / COLOUR)).convert("RGB")), 0)
keep(COLOUR, "grey", F.rgb_to_grayscale(image, 3), 1)
for order in ((0, 2, 1), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
    keep(COLOUR, "reorder", F.permute_channels(image, list(order)), 0, order)
weights = (0.4, 0.35, 0.25)
mixed = sum(weight * part.float() for weight, part in zip(weights, (image, F.invert(image), F.posterize(image, 2))))
keep(COLOUR, "mix", mixed.to(torch.uint8), 1, weights)

# The policies: every operation at every magnitude step that differs, as torchvision applies it.
ours = dict(
    Identity="identity", ShearX="shearX", ShearY="shearY", TranslateX="translateX", TranslateY="translateY", Rotate="rotate",
    Brightness="brightness", Color="colour", Contrast="contrast", Sharpness="sharpness", Posterize="posterise", Solarize="solarise",
    AutoContrast="autocontrast", Equalize="equalise", Invert="invert")
height, width = image.shape[1:]
for space, policy, bins in (
    ("autoAugment", v2.AutoAugment(), 10), ("wide", v2.TrivialAugmentWide(), 31), ("augMix", v2.AugMix(interpolation=MODES["nearest"]), 10),
):
    for operation, (magnitudes, signed) in policy._AUGMENTATION_SPACE.items():
        values = magnitudes(bins, height, width)
        for step in ((bins // 3, bins - 1) if values is not None else (0,)):
            for sign in ((1, -1) if signed else (1,)):
                magnitude = 0.0 if values is None else float(values[step]) * sign
                expected = policy._apply_image_or_video_transform(image, operation, magnitude, MODES["nearest"], {torch.Tensor: None})
                keep(COLOUR, "policy", expected, 1, [step / (bins - 1), sign], space + " " + ours[operation])

# AutoAugment's tables, so that a slip in copying them is seen.
tables = {}
for policy in ("imagenet", "cifar10", "svhn"):
    pairs = v2.AutoAugment(v2.AutoAugmentPolicy(policy))._policies
    tables[policy] = [[[ours[name], probability, magnitude or 0] for name, probability, magnitude in pair] for pair in pairs]

values = bytes(samples)
(OUT / "augment.idx.gz").write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", len(values)) + values, 9, mtime=0))
text = json.dumps(dict(cases=cases, tables=tables), separators=(",", ":")).replace("},{", "},\n{")
(OUT / "augment.json").write_text(text + "\n")
print(len(cases), "cases,", sum((OUT / f"augment.{kind}").stat().st_size for kind in ("idx.gz", "json")), "bytes")
