"""Writes Tests/ImagesTests/Fixtures/webp-*: small WebP files, and what Pillow makes of them as PNG.

Run with Python 3 and Pillow 13.0.0 after fixtures_images.py: python Tools/fixtures_images_webp.py
"""

import pathlib

from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagesTests" / "Fixtures"
rgb, rgba = Image.open(OUT / "rgb.png"), Image.open(OUT / "rgba.png")
exif = Image.Exif()
exif[0x0112] = 6
for name, image, options in [
    ("lossy", rgb, {"quality": 80}), ("exact", rgb, {"lossless": True}), ("alpha", rgba, {"lossless": True, "exact": True}),
    ("lossy-alpha", rgba, {"quality": 85}), ("turned", rgb, {"quality": 90, "exif": exif}),
]:
    path = OUT / f"webp-{name}.webp"
    image.save(path, "WEBP", **options)
    ImageOps.exif_transpose(Image.open(path)).save(OUT / f"webp-{name}.png", optimize=True)
rgb.resize((8, 8)).save(OUT / "webp-frames.webp", "WEBP", save_all=True, append_images=[rgb.resize((8, 8)).rotate(90)])
