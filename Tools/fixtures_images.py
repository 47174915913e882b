"""Writes Tests/ImagesTests/Fixtures: small encoded pictures, and what Pillow makes of them.

Run with Python 3 and Pillow 13.0.0, numpy: python Tools/fixtures_images.py
Expected samples of all cases lie one after the other in one IDX file, so that the tests need no second decoder.
"""

import gzip
import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image, ImageOps

OUT = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "ImagesTests" / "Fixtures"
OUT.mkdir(parents=True, exist_ok=True)
for old in OUT.iterdir():
    # Those of the other two scripts stay.
    if not old.name.startswith(("augment", "webp-")):
        old.unlink()

manifest = []
expected_samples = bytearray()


def scene(width, height, channels=3):
    """Smooth colours with a few hard edges: what photographs are made of."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = [
        127 + 100 * np.sin(x / 5.0 + y / 11.0),
        127 + 100 * np.cos(x / 7.0 - y / 4.0),
        255 * x / max(width - 1, 1),
        255 * (y + 1) / (height + 1),
    ]
    picture = np.stack(planes[:channels], axis=-1)
    picture[height // 4 : height // 2, width // 4 : width // 3, :3] = 255
    picture[height // 2 :, : width // 8, :3] = 0
    return picture.clip(0, 255).round().astype(np.uint8)


def pixels(image):
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., None]
    return array


def keep(name, data, expected, operation, tolerance=0, **settings):
    """One case: an input file, an operation with settings, and the samples that must come out."""
    if data is not None:
        (OUT / name).write_bytes(data)
    array = pixels(expected)
    raw = array.astype(">u2").tobytes() if array.dtype != np.uint8 else array.tobytes()
    manifest.append(
        {
            "input": name, "operation": operation, "settings": settings, "offset": len(expected_samples), "tolerance": tolerance,
            "width": array.shape[1], "height": array.shape[0], "channels": array.shape[2], "bits": array.dtype.itemsize * 8,
        }
    )
    expected_samples.extend(raw)


def encode(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width, height, bits, colour, rows, extra=b"", interlace=0):
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, interlace)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def interlaced(array):
    """Adam7 without filters, which Pillow reads but cannot write."""
    rows = b""
    for x0, y0, dx, dy in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]:
        part = array[y0::dy, x0::dx]
        if part.size:
            rows += b"".join(b"\0" + row.tobytes() for row in part)
    return rows


W, H = 37, 29
rgb, rgba = Image.fromarray(scene(W, H)), Image.fromarray(scene(W, H, 4))
grey = Image.fromarray(scene(W, H)[..., 0])
la = Image.fromarray(scene(W, H, 4)[..., [0, 3]], "LA")

# PNG: every kind of sample. Decoding must be exact.
for name, image in [("rgb.png", rgb), ("rgba.png", rgba), ("grey.png", grey), ("grey-alpha.png", la)]:
    keep(name, encode(image, "PNG"), image, "decode")
deep = (np.arange(W * H * 1, dtype=np.uint32).reshape(H, W) * 61 % 65536).astype(np.uint16)
keep("grey16.png", encode(Image.fromarray(deep), "PNG"), deep, "decode")
deep_rgb = np.stack([deep, deep[::-1], deep[:, ::-1]], axis=-1)
rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep_rgb)
keep("rgb16.png", png(W, H, 16, 2, rows), deep_rgb, "decode")
deep_rgba = np.concatenate([deep_rgb, deep.T.reshape(H, W)[..., None]], axis=-1)
keep("rgba16.png", png(W, H, 16, 6, b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep_rgba)), deep_rgba, "decode")
palette = rgb.quantize(17)
keep("palette.png", encode(palette, "PNG"), palette.convert("RGB"), "decode")
keep("palette-transparent.png", data := encode(palette, "PNG", transparency=3), Image.open(io.BytesIO(data)).convert("RGBA"), "decode")
bits = Image.fromarray(scene(W, H)[..., 0] > 127)
keep("bits1.png", encode(bits, "PNG"), bits.convert("L"), "decode")
four = (scene(W, H)[..., 0] >> 4).astype(np.uint8)
packed = np.pad(four, ((0, 0), (0, W % 2)))
keep("bits4.png", png(W, H, 4, 0, b"".join(b"\0" + (row[0::2] << 4 | row[1::2]).tobytes() for row in packed)), four * 17, "decode")
keep("interlaced.png", png(W, H, 8, 2, interlaced(np.asarray(rgb)), interlace=1), rgb, "decode")
key = np.asarray(rgb).copy()
key[:9, :9] = (1, 2, 3)
marked = png(W, H, 8, 2, b"".join(b"\0" + row.tobytes() for row in key), chunk(b"tRNS", struct.pack(">HHH", 1, 2, 3)))
keep("rgb-transparent.png", marked, Image.open(io.BytesIO(marked)).convert("RGBA"), "decode")
grey_key = np.asarray(grey).copy()
grey_key[:9, :9] = 7
marked = png(W, H, 8, 0, b"".join(b"\0" + row.tobytes() for row in grey_key), chunk(b"tRNS", struct.pack(">H", 7)))
keep("grey-transparent.png", marked, Image.open(io.BytesIO(marked)).convert("LA"), "decode")

# JPEG: within two levels of Pillow's libjpeg-turbo.
for name, image, options in [
    ("rgb.jpg", rgb, {"quality": 90}), ("rgb-420.jpg", rgb, {"quality": 75, "subsampling": 2}),
    ("rgb-progressive.jpg", rgb, {"quality": 85, "progressive": True}), ("grey.jpg", grey, {"quality": 90}),
    ("restart.jpg", rgb, {"quality": 85, "restart_marker_blocks": 2}),
]:
    data = encode(image, "JPEG", **options)
    keep(name, data, Image.open(io.BytesIO(data)), "decode", tolerance=2)
# Pillow writes Adobe's marker and inverted inks.
cmyk = rgb.convert("CMYK")
data = encode(cmyk, "JPEG", quality=95)
keep("cmyk.jpg", data, Image.open(io.BytesIO(data)).convert("RGB"), "decode", tolerance=3)
# The same stream without the marker holds plain inks.
start = data.index(b"\xff\xee")
plain = data[:start] + data[start + 2 + struct.unpack(">H", data[start + 2 : start + 4])[0] :]
raw = 255 - np.asarray(Image.open(io.BytesIO(data)))
keep("cmyk-plain.jpg", plain, Image.fromarray(raw, "CMYK").convert("RGB"), "decode", tolerance=3)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encode(rgb, "JPEG", quality=90, exif=exif)
    keep(f"exif-{orientation}.jpg", data, ImageOps.exif_transpose(Image.open(io.BytesIO(data))), "decode", tolerance=2)
exif = Image.Exif()
exif[0x0112] = 6
keep("exif.png", data := encode(rgb, "PNG", exif=exif), ImageOps.exif_transpose(Image.open(io.BytesIO(data))), "decode")
big = Image.fromarray(scene(160, 120))
data = encode(big, "JPEG", quality=90)
scaled = Image.open(io.BytesIO(data))
scaled.draft("RGB", (80, 60))
keep("scaled.jpg", data, scaled, "decode", tolerance=2, covering=[80, 60])

# Conversions.
keep("rgb.png", None, rgb.convert("L"), "convert", mode="grey")
keep("grey.png", None, grey.convert("RGB"), "convert", mode="rgb")
for name, image in [("rgba.png", rgba), ("grey-alpha.png", la)]:
    for background in [255, 0]:
        canvas = Image.new("RGBA", image.size, (background,) * 3 + (255,))
        canvas.alpha_composite(image.convert("RGBA"))
        keep(name, None, canvas.convert("RGB"), "convert", tolerance=1, mode="rgb", background=background)

# Geometry.
filters = {"nearest": Image.NEAREST, "area": Image.BOX, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC}
for name, image in [("rgb.png", rgb), ("grey.png", grey), ("rgba.png", rgba), ("grey-alpha.png", la)]:
    for filter, number in filters.items():
        for size in [(16, 12), (37, 11), (15, 29), (1, 1), (53, 7)]:
            keep(name, None, image.resize(size, number), "resize", tolerance=1, width=size[0], height=size[1], filter=filter)
for angle in [10, -33.5, 90, 180, 270, 45]:
    for expand in [False, True]:
        keep(
            "rgb.png", None, rgb.rotate(angle, Image.BILINEAR, expand=expand, fillcolor=(9, 9, 9)), "rotate", tolerance=1, degrees=angle,
            expand=expand, fill=9)
keep("rgb.png", None, rgb.transpose(Image.FLIP_LEFT_RIGHT), "flip", direction="horizontal")
keep("rgb.png", None, rgb.transpose(Image.FLIP_TOP_BOTTOM), "flip", direction="vertical")
keep("rgb.png", None, rgb.crop((5, 3, 25, 20)), "crop", x=5, y=3, width=20, height=17)
keep("rgb.png", None, ImageOps.expand(rgb, (1, 2, 3, 4), fill=(5, 5, 5)), "pad", sides=[1, 2, 3, 4], fill=5)
keep("grey16.png", None, np.round(deep / 257).astype(np.uint8), "narrow")

# Things that are not JPEG or PNG.
for kind in ["GIF", "WEBP", "BMP", "TIFF"]:
    (OUT / f"other.{kind.lower()}").write_bytes(encode(rgb, kind))
(OUT / "bits12.jpg").write_bytes(data[:2] + b"\xff\xc1\x00\x11\x0c" + struct.pack(">HHB", 8, 8, 3) + b"\1\x11\0\2\x11\0\3\x11\0" + data[2:])

values = bytes(expected_samples)
(OUT / "expected.idx.gz").write_bytes(gzip.compress(b"\0\0\x08\x01" + struct.pack(">I", len(values)) + values, 9, mtime=0))
(OUT / "manifest.json").write_text(json.dumps(manifest, separators=(",", ":")).replace("},{", "},\n{") + "\n")
print(len(manifest), "cases,", sum(f.stat().st_size for f in OUT.iterdir()), "bytes")
