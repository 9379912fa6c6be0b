"""Train the network that this example goes on with: with Keras, on the first five classes of Fashion-MNIST.

    KERAS_BACKEND=jax python examples/fine_tuning/pretrain.py

Writes pretrained.keras beside this file, without an optimizer. The images are those of Debian's package
dataset-fashion-mnist.
"""

import gzip
import os
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
from keras import layers

IMAGES = Path("/usr/share/datasets/fashion-mnist")
MODEL = Path(__file__).with_name("pretrained.keras")


def read(name, header):
    with gzip.open(IMAGES / f"{name}-ubyte.gz") as file:
        return np.frombuffer(file.read(), np.uint8, offset=header)


def first_five(split):
    images = read(f"{split}-images-idx3", 16).reshape(-1, 28, 28, 1)
    labels = read(f"{split}-labels-idx1", 8)
    return np.float32(images[labels < 5]) / 255, labels[labels < 5]


def block(x, filters, name):
    x = layers.Conv2D(filters, 3, padding="same", name=f"{name}_conv")(x)
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    x = layers.Activation("relu", name=f"{name}_relu")(x)
    return layers.MaxPooling2D(name=f"{name}_pool")(x)


def network():
    image = keras.Input((28, 28, 1), name="image")
    x = image
    for k, filters in enumerate((8, 16, 24)):
        x = block(x, filters, f"block{k + 1}")
    x = layers.Dense(32, "relu", name="features")(layers.Flatten(name="flatten")(x))
    return keras.Model(image, layers.Dense(5, "softmax", name="classes")(x), name="first_five")


def compress(path):
    """The same archive at half the size; Keras does not compress what it saves, and reads either."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


keras.utils.set_random_seed(1)
model = network()
model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(*first_five("train"), batch_size=128, epochs=4, verbose=2)
print(model.evaluate(*first_five("t10k"), verbose=0))
bare = network()  # a model that was compiled would be saved with its optimizer, three times as large
bare.set_weights(model.get_weights())
bare.save(MODEL)
compress(MODEL)
