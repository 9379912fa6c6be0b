"""Write trainings.txt, fifty steps of whole trainings: KERAS_BACKEND=jax python tests/keras/trainings.py

No weight may be one that changes nothing, such as the bias of an attention's key, or what is added in front of a batch
normalization: Adam makes steps of the rounding errors that are its gradient.
"""

import jax
import keras
import numpy as np
from keras import layers, losses, optimizers
from keras.optimizers import schedules

from golden import HERE, fill, fill_weights, one_hot, write_line

ROWS = 39  # five batches of eight, the last one of seven


def mlp():
    return keras.Sequential([keras.Input((6,)), layers.Dense(12, "relu"), layers.Dense(8, "tanh"),
                             layers.Dense(3, "softmax")])


def cnn():
    return keras.Sequential([keras.Input((8, 8, 1)),
                             layers.Conv2D(4, 3, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
                             layers.MaxPooling2D(), layers.Conv2D(6, 2, activation="tanh"),
                             layers.Flatten(), layers.Dense(3, "softmax")])


def lstm():
    return keras.Sequential([keras.Input((5, 2)), layers.LSTM(6), layers.Dense(3, "softmax")])


def attention():
    x = keras.Input((6,))
    y = layers.Embedding(8, 4)(x)
    y = layers.add([y, layers.MultiHeadAttention(2, 3, use_bias=False)(y, y)])
    y = layers.LayerNormalization()(y)
    y = layers.add([y, layers.Dense(4)(layers.Dense(6, "gelu")(y))])
    y = layers.LayerNormalization()(y)
    return keras.Model(x, layers.Dense(3, "softmax")(layers.GlobalAveragePooling1D()(y)))


def two_outputs():
    x = keras.Input((6,))
    y = layers.Dense(8, "relu")(x)
    z = layers.Dense(5, "tanh")(y)
    return keras.Model(x, [layers.Dense(3, "softmax")(y), layers.Dense(2)(z)])


OPTIMIZERS = {
    "sgd": lambda: optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: optimizers.Adam(0.01),
    "scheduled": lambda: optimizers.Adam(
        schedules.CosineDecay(0.001, 45, 0.1, warmup_target=0.02, warmup_steps=10), clipnorm=0.05),
}
TRAININGS = [(mlp, "sgd"), (mlp, "scheduled"), (cnn, "adam"), (cnn, "sgd"), (lstm, "scheduled"),
             (attention, "adam"), (two_outputs, "sgd"), (two_outputs, "adam")]


def inputs(make, shape):
    if make is attention:
        row, step = np.indices((ROWS, *shape))
        return np.float32((row * step + step) % 8)
    return 2 * fill((ROWS, *shape), 0)


def classes(make, x):
    """Whether a sample begins low, in the middle or high; of class numbers the second one."""
    if make is attention:
        return np.int32(x[:, 1]) % 3
    first = x.reshape(ROWS, -1)[:, 0]
    return np.int32(first > -0.5) + (first > 0.5)


def training_section():
    """Ten epochs of fit, the weights after them, and evaluate."""
    for make, optimizer in TRAININGS:
        keras.backend.clear_session()
        model = make()
        fill_weights(model)
        x = inputs(make, model.input_shape[1:])
        y = one_hot(classes(make, x), 3)
        if make is two_outputs:
            y = [y, fill((ROWS, 2), 5)]
            model.compile(OPTIMIZERS[optimizer](), [losses.CategoricalCrossentropy(), losses.MeanSquaredError()],
                          loss_weights=[1, 0.3])
        else:
            model.compile(OPTIMIZERS[optimizer](), losses.CategoricalCrossentropy(), metrics=["accuracy"])
        history = model.fit(x, y, batch_size=8, epochs=10, shuffle=False, verbose=0).history
        case = f"trainings/{make.__name__}_{optimizer}"
        print(case, model.count_params(), history["loss"])
        for key, values in history.items():
            yield f"{case}/history/{key}", values
        yield f"{case}/weights", np.concatenate([np.ravel(w) for w in model.get_weights()])
        yield f"{case}/evaluate", model.evaluate(x, y, batch_size=8, verbose=0)


if __name__ == "__main__":
    jax.config.update("jax_default_matmul_precision", "highest")
    with open(HERE / "trainings.txt", "w", encoding="ascii") as file:
        print(f"# keras {keras.__version__}, jax {jax.__version__}; as golden.txt", file=file)
        for name, array in training_section():
            write_line(file, name, array)
