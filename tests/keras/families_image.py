"""Images moved and recoloured at random: KERAS_BACKEND=jax python tests/keras/families_image.py

As layers they draw at random and do nothing in inference, so that layer/<case>/ has only what a file test needs.
image/<case>/ has what each makes of a given transformation t, a row of numbers for each sample: y, and dx, the
gradient of sum(fill(9) * y). x is fill(0), or 128 + 200 fill(0) where it is colours.
"""

import jax
import keras
import numpy as np
from keras import layers, ops

from families import Case, write_family
from golden import HERE, fill, write_line

SHAPE = (4, 5, 2)
COLORS = (2, 3, 3)

write_family("image", [
    Case("image_flip", SHAPE, layers.RandomFlip("vertical", seed=3), training=False),
    Case("image_translation", SHAPE, layers.RandomTranslation(0.2, (-0.3, 0.1), fill_mode="wrap"), training=False),
    Case("image_rotation", SHAPE, layers.RandomRotation((-0.1, 0.3), fill_mode="constant", fill_value=0.5),
         training=False),
    Case("image_zoom", SHAPE, layers.RandomZoom(0.25, interpolation="nearest"), training=False),
    Case("image_zoom_both", SHAPE, layers.RandomZoom((-0.5, -0.25), 0.125, fill_mode="nearest"), training=False),
    Case("image_shear", SHAPE, layers.RandomShear((0.0, 0.25), (0.125, 0.5)), training=False),
    Case("image_crop", SHAPE, layers.RandomCrop(4, 5), training=False),
    Case("image_brightness", SHAPE, layers.RandomBrightness((-0.1, 0.3), (0.0, 1.0)), training=False),
    Case("image_contrast", SHAPE, layers.RandomContrast(0.25), training=False),
    Case("image_contrast_both", SHAPE, layers.RandomContrast((0.25, 0.5), (-1.0, 1.0)), training=False),
    Case("image_erasing", SHAPE, layers.RandomErasing(), training=False),
    Case("image_erasing_value", SHAPE, layers.RandomErasing(0.5, (0.125, 0.25), 1.0, (0.0, 2.0)), training=False),
    Case("image_invert", SHAPE, layers.RandomInvert(0.75, (0.0, 1.0)), training=False),
    Case("image_grayscale", COLORS, layers.RandomGrayscale(0.25), training=False),
    Case("image_saturation", COLORS, layers.RandomSaturation((0.25, 0.75)), training=False),
    Case("image_hue", COLORS, layers.RandomHue(0.25, (0.0, 1.0)), training=False),
    Case("image_jitter", COLORS, layers.RandomColorJitter((0.0, 1.0), 0.25, None, (0.25, 0.75), 0.125),
         training=False),
])


def affine(matrix, interpolation="bilinear", fill_mode="reflect", fill_value=0.0):
    return lambda x: ops.image.affine_transform(x, matrix, interpolation, fill_mode, fill_value)


def rotation(t, height, width):
    zero = np.zeros(len(t), "float32")
    return layers.RandomRotation(0.1)._compute_affine_matrix(
        0.5, 0.5, np.float32(t[:, 0]), zero, zero, zero + 1, zero, zero, height, width)


def made_of(layer, **transformation):
    return lambda x: layer.transform_images(x, transformation, training=True)


def smart_resize(height, width):
    return lambda x: keras.preprocessing.image.smart_resize(x, (height, width))


def cases():
    """name, shape, t, function of x"""
    turns = np.array([[30.0], [-100.0]])
    for fill_mode in ("constant", "nearest", "wrap", "reflect"):
        for interpolation in ("nearest", "bilinear"):
            layer = layers.RandomRotation(0.1, fill_mode, interpolation, fill_value=0.25)
            yield (f"rotation_{fill_mode}_{interpolation}", SHAPE, turns,
                   made_of(layer, rotation_matrix=rotation(turns, 4, 5)))
    # Far outside, where a picture comes back several times.
    far = np.array([[1.0, 0.25, -21.5, 0.125, 2.0, 13.25], [-1.5, 0.0, 7.3, 0.0, 1.0, -30.0]])
    for fill_mode in ("constant", "nearest", "wrap", "reflect"):
        yield (f"far_{fill_mode}", (3, 4, 1), far,
               affine(np.pad(far, ((0, 0), (0, 2))).astype("float32"), fill_mode=fill_mode, fill_value=-2.0))
    # Halves: rounded away from zero.
    halves = np.array([[1.0, 0.0, -2.5, 0.0, 1.0, 0.5], [1.0, 0.0, 1.5, 0.0, 1.0, -0.5]])
    yield ("halves", (3, 4, 1), halves, affine(np.pad(halves, ((0, 0), (0, 2))).astype("float32"), "nearest"))
    yield ("one_pixel", (1, 1, 3), far, affine(np.pad(far, ((0, 0), (0, 2))).astype("float32")))

    moves = np.array([[1.25, -0.5], [-3.0, 0.75]])  # to the right and down
    yield ("translation", SHAPE, moves,
           made_of(layers.RandomTranslation(0.5, 0.5), translations=np.float32(moves)))
    zooms = np.array([[1.3, 0.7], [0.5, 1.75]])  # height and width
    yield ("zoom", SHAPE, zooms, made_of(layers.RandomZoom(0.5), height_zoom=np.float32(zooms[:, :1]),
                                         width_zoom=np.float32(zooms[:, 1:])))
    shears = np.array([[0.3, -0.2], [-0.5, 0.0]])  # x and y
    yield ("shear", SHAPE, shears, made_of(layers.RandomShear(0.5, 0.5), shear_factor=np.float32(shears)))
    flips = np.array([[1.0], [0.0]])
    for mode in ("horizontal", "vertical", "horizontal_and_vertical"):
        yield ("flip_" + mode, SHAPE, flips,
               made_of(layers.RandomFlip(mode), flips=flips[:, :, None, None] > 0))
    for height, width in ((2, 3), (3, 3), (6, 5), (7, 2), (1, 1)):
        yield (f"crop_{height}_{width}", SHAPE, np.zeros((2, 1)), smart_resize(height, width))


def colors():
    """name, shape, t, function of x"""
    factors = np.array([[1.5], [0.5]])
    column = np.float32(factors)[:, :, None, None]
    yield ("contrast", SHAPE, factors,
           made_of(layers.RandomContrast(0.5, (60.0, 200.0)), contrast_factor=column))
    deltas = np.array([[0.25], [-0.5]])
    yield ("brightness", SHAPE, deltas,
           made_of(layers.RandomBrightness(0.5, (40.0, 240.0)), rgb_delta=200 * np.float32(deltas)[:, :, None, None]))
    yield ("invert", SHAPE, factors, made_of(layers.RandomInvert(), apply_inversion=np.array([True, True])))
    applies = np.ones((2, 1, 1, 1), bool)
    yield ("grayscale", COLORS, factors, lambda x: layers.RandomGrayscale().transform_images(x, applies))
    for k, factors in enumerate(([[1.5], [0.5]], [[-0.3], [0.0]])):
        yield (f"saturation{k}", COLORS, np.array(factors),
               made_of(layers.RandomSaturation(0.5), factor=np.float32(factors)[:, 0]))
    for k, turns in enumerate(([[0.4], [-0.45]], [[0.0], [0.2]])):
        yield (f"hue{k}", COLORS, np.array(turns), made_of(layers.RandomHue(0.5), factor=np.float32(turns)[:, 0]))


def patches():
    """Shares of height and width, how far they are moved down and across, and where the patch is then."""
    t = np.array([[0.5, 0.25, 0.5, 0.0], [0.3, 0.9, 1.0, 0.75], [0.1, 0.1, 0.45, 0.33], [1.0, 0.6, 0.2, 0.5]])
    height, width = 6, 8
    y0, x0 = t[:, 2] * height * (1 - t[:, 0]), t[:, 3] * width * (1 - t[:, 1])
    corners = np.float32((x0, x0 + width * t[:, 1], y0, y0 + height * t[:, 0]))
    return t, layers.RandomErasing()._generate_batch_mask((4, height, width, 1), corners)


with open(HERE / "layers_image.txt", "a", encoding="ascii") as file:
    for middle, scale, made in ((0, 1, cases()), (128, 200, colors())):
        for name, shape, t, f in made:
            x = np.float32(middle) + np.float32(scale) * fill((len(t), *shape), 0)
            y, gradient = jax.vjp(f, x)
            write_line(file, f"image/{name}/t", t.astype("float32"))
            write_line(file, f"image/{name}/y", y)
            write_line(file, f"image/{name}/dx", gradient(fill(y.shape, 9))[0])
    # Gray, and two equal channels: where extremes meet. A pixel a line, as in colors.
    ties = np.array([[100, 100, 100], [200, 50, 50], [50, 200, 200], [90, 30, 90], [0, 0, 0], [255, 0, 255]])
    for name, _, t, f in colors():
        if name[:3] in ("sat", "hue"):
            x = np.stack([ties, ties]).reshape(2, 2, 3, 3).astype("float32")
            y, gradient = jax.vjp(f, x)
            write_line(file, f"image/{name}_ties/x", x)
            write_line(file, f"image/{name}_ties/y", y)
            write_line(file, f"image/{name}_ties/dx", gradient(fill(y.shape, 9))[0])
    t, masks = patches()
    write_line(file, "image/patches/t", t.astype("float32"))
    write_line(file, "image/patches/y", np.float32(masks))
