"""Write small images and what Keras and Pillow make of them.

    pip install keras jax grain pillow
    KERAS_BACKEND=jax python tests/keras/images.py

images/ has a folder for each class; images.txt, as golden.txt, their pixels
as Pillow decodes them and Keras's image_dataset_from_directory gives them.
"""

import struct
import zlib
from pathlib import Path

import numpy as np
from keras import utils
from PIL import Image

HERE = Path(__file__).resolve().parent
IMAGES = HERE / "images"
lines = ["# written by images.py"]


def put(name, values):
    values = np.asarray(values, dtype=np.float64).reshape(-1)
    lines.append(" ".join([f"images/{name}", str(values.size), *(f"{v:.9g}" for v in values)]))


def waves(height, width, channels, k=0):
    y, x, c = np.meshgrid(range(height), range(width), range(channels), indexing="ij")
    v = 127.5 + 70 * np.sin(0.9 * x + c + k) + 57 * np.cos(0.7 * y - 2 * c + k)
    return v.astype(np.uint8)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_png(path, pixels, bits, color, interlaced=False):
    """What Pillow does not write: 16 bits, and interlaced rows."""
    height, width = pixels.shape[:2]
    kind = ">u2" if bits == 16 else "u1"
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b""
    for top, left, down, right in passes if interlaced else [(0, 0, 1, 1)]:
        part = pixels[top::down, left::right]
        if part.size:
            rows += b"".join(b"\0" + row.astype(kind).tobytes() for row in part)
    head = struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, interlaced)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


for folder in ("cats", "dogs/deep", "other"):
    (IMAGES / folder).mkdir(parents=True, exist_ok=True)
Image.fromarray(waves(7, 9, 3)).save(IMAGES / "cats/color.png")
Image.fromarray(waves(16, 12, 3, 1)).save(IMAGES / "cats/color.jpg", quality=90)
Image.fromarray(waves(6, 5, 1, 2)[..., 0]).save(IMAGES / "dogs/gray.PNG")
Image.fromarray(waves(9, 11, 1, 3)[..., 0]).save(IMAGES / "dogs/gray.jpeg", quality=85)
Image.fromarray(waves(5, 8, 4, 4)).save(IMAGES / "dogs/deep/alpha.png")

palette = Image.fromarray(waves(5, 6, 3, 5)).quantize(5)
palette.save(IMAGES / "other/palette.png", transparency=bytes([0, 128, 255, 255, 40]))
Image.fromarray(waves(4, 5, 1, 6)[..., 0] > 128).save(IMAGES / "other/one_bit.png")
Image.merge("LA", [Image.fromarray(waves(4, 3, 1, k)[..., 0]) for k in (7, 8)]).save(IMAGES / "other/gray_alpha.png")
write_png(IMAGES / "other/interlaced.png", waves(11, 10, 3, 9), 8, 2, True)
deep = waves(4, 4, 3, 10).astype(np.uint16) * 257 - 90
write_png(IMAGES / "other/sixteen.png", deep, 16, 2)
Image.fromarray(waves(10, 9, 3, 11)).save(IMAGES / "other/progressive.jpg", quality=75, progressive=True, subsampling=0)
Image.fromarray(waves(10, 9, 4, 12), "CMYK").save(IMAGES / "other/cmyk.jpg", quality=50)

MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
for path in sorted(IMAGES.rglob("*.*")):
    if path.name in ("cmyk.jpg", "order.txt"):
        continue
    for mode, pillow in MODES.items():
        if mode == "rgba" and path.stem not in ("palette", "alpha", "gray_alpha", "one_bit"):
            continue  # as rgb, and 255
        if path.name == "sixteen.png":  # Pillow's own conversion of 16 bits has changed over its versions
            pixels = Image.fromarray((deep >> 8).astype(np.uint8)).convert(pillow)
        else:
            pixels = Image.open(path).convert(pillow)
        put(f"{path.stem}{path.suffix}/{mode}", np.array(pixels))

TWO = {"labels": "inferred", "class_names": ["cats", "dogs"], "format": "grain", "verbose": False}
for name, options in {
    "bilinear": {},
    "nearest": {"interpolation": "nearest", "color_mode": "grayscale"},
    "bicubic": {"interpolation": "bicubic", "color_mode": "rgba"},
    "crop": {"crop_to_aspect_ratio": True},
    "pad": {"pad_to_aspect_ratio": True},
    "categorical": {"label_mode": "categorical"},
    "binary": {"label_mode": "binary", "class_names": ["dogs", "cats"]},
}.items():
    dataset = utils.image_dataset_from_directory(
        IMAGES, image_size=(4, 3), batch_size=3, shuffle=False, **(TWO | options))
    batches = list(dataset)
    if name not in ("categorical", "binary"):
        put(f"dataset/{name}/x", np.concatenate([np.asarray(b[0]).reshape(-1) for b in batches]))
    put(f"dataset/{name}/y", np.concatenate([np.asarray(b[1]).reshape(-1) for b in batches]))

everything = utils.image_dataset_from_directory(
    IMAGES, labels=None, shuffle=False, format="grain", verbose=False).file_paths
names = [Path(p).relative_to(IMAGES).as_posix() for p in everything]
(IMAGES / "order.txt").write_text("\n".join(names) + "\n")
for subset in ("training", "validation"):
    part = utils.image_dataset_from_directory(
        IMAGES, labels=None, seed=7, validation_split=0.3, subset=subset, format="grain", verbose=False)
    put(f"dataset/split/{subset}", [everything.index(p) for p in part.file_paths])

(HERE / "images.txt").write_text("\n".join(lines) + "\n")
