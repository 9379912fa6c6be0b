"""Models that are in no other list: KERAS_BACKEND=tensorflow python tests/keras/special.py

files/special/NAME.keras or .h5, and NAME.txt: a line of inputs, and one of what comes out. Keras computes
lookups with TensorFlow.
"""

import os

import numpy as np
import keras
from keras import layers

from golden import HERE, fill, fill_weights

FOLDER = HERE / "files" / "special"


@keras.saving.register_keras_serializable("tests")
class SelfAttention(layers.MultiHeadAttention):
    """Keras cannot give a TimeDistributed's layer two arguments."""

    def build(self, shape):
        super().build(shape, shape)

    def call(self, x):
        return super().call(x, x)

    def compute_output_shape(self, shape):
        return shape


def write(name, x, *ys):
    with open(FOLDER / f"{name}.txt", "w", encoding="ascii") as file:
        for line in x, np.concatenate([np.ravel(y) for y in ys]):
            print(" ".join(f"{v:.9g}" for v in np.ravel(line)), file=file)


def stateful():
    inputs = keras.Input(batch_shape=(2, 3, 2))
    y = layers.GRU(3, stateful=True, return_sequences=True)(inputs)
    model = keras.Model(inputs, layers.Dense(2)(layers.LSTM(2, stateful=True)(y)))
    fill_weights(model)
    x = fill((4, 3, 2), 0)
    model.save(FOLDER / "stateful.keras")
    write("stateful", x, model.predict_on_batch(x[:2]), model.predict_on_batch(x[2:]))


def each_step_attends():
    inputs = keras.Input((2, 3, 4))
    model = keras.Model(inputs, layers.TimeDistributed(SelfAttention(2, 3))(inputs))
    fill_weights(model)
    x = fill((2, 2, 3, 4), 0)
    model.save(FOLDER / "each_step_attends.keras")
    write("each_step_attends", x, model.predict_on_batch(x))


def padded():
    """Lookups with places that nothing was found for."""
    inputs = keras.Input((5,), dtype="int64")
    found = []
    for mode in "multi_hot", "tf_idf":
        lookup = layers.IntegerLookup(max_tokens=8, output_mode=mode, pad_to_max_tokens=True)
        lookup.adapt(np.int64([[1, 2, 2, 7, 7], [3, 1, 1, 1, 7]]))
        found.append(lookup(inputs))
    model = keras.Model(inputs, layers.Dense(3)(layers.Concatenate()(found)))
    fill_weights(model)
    x = np.int64([[1, 2, 3, 4, 5], [7, 7, 1, 0, 9]])
    model.save(FOLDER / "padded.keras")
    write("padded", x, model.predict_on_batch(x))


def long_lists():
    """More numbers than a field holds, in the configs of an .h5."""
    inputs = keras.Input((70,))
    y = layers.Normalization(mean=fill((70,), 1), variance=1 + fill((70,), 2))(inputs)
    y = layers.Discretization(bin_boundaries=list(np.linspace(-1, 1, 70)))(y)
    model = keras.Model(inputs, layers.Dense(2)(layers.Dense(3)(y)))
    fill_weights(model)
    x = fill((2, 70), 0)
    model.save(FOLDER / "long_lists.h5")
    write("long_lists", x, model.predict_on_batch(x))


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for make in stateful, each_step_attends, padded, long_lists:
        keras.backend.clear_session()
        make()


if __name__ == "__main__":
    main()
