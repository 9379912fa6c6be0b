"""Normalization layers: KERAS_BACKEND=jax python tests/keras/families_normalization.py"""

import keras
import numpy as np
from keras import layers

from families import Case, write_family
from golden import HERE, fill, fill_weights, write_line

BatchNorm, Group = layers.BatchNormalization, layers.GroupNormalization
Spectral = layers.SpectralNormalization
LayerNorm, RMS, Unit = layers.LayerNormalization, layers.RMSNormalization, layers.UnitNormalization

write_family("normalization", [
    Case("layer_normalization_two_axes", (2, 3, 5), LayerNorm(axis=[2, 3])),
    Case("layer_normalization_all_axes", (4, 3), LayerNorm(axis=(-1, -2), scale=False)),
    Case("layer_normalization_positive", (2, 3), LayerNorm(axis=2, epsilon=1e-2)),
    Case("rms_normalization", (3, 17), RMS()),
    Case("rms_normalization_wide", (70,), RMS(epsilon=1e-2)),
    Case("rms_normalization_one", (5, 1), RMS()),
    Case("rms_normalization_two_axes", (2, 3, 4), RMS(axis=[-2, -1])),
    Case("unit_normalization", (3, 17), Unit()),
    Case("unit_normalization_wide", (70,), Unit(axis=1)),
    Case("unit_normalization_two_axes", (3, 2, 4), Unit(axis=[2, 3])),
    Case("group_normalization", (3, 2, 12), Group(groups=4)),
    Case("group_normalization_one", (5, 17), Group(groups=1, epsilon=1e-5)),
    Case("group_normalization_instance", (4, 3), Group(groups=-1, scale=False)),
    Case("group_normalization_vector", (6,), Group(groups=3, center=False)),
    Case("group_normalization_wide", (2, 32), Group()),
    Case("batch_normalization_first_axis", (3, 4), BatchNorm(axis=1)),
    Case("batch_normalization_middle_axis", (2, 3, 5), BatchNorm(axis=-2, momentum=0.5)),
    Case("batch_normalization_images_first", (3, 2, 2, 3), BatchNorm(axis=1, scale=False, epsilon=1e-5)),
    Case("spectral_normalization", (5,), Spectral(layers.Dense(3, "tanh"))),
    Case("spectral_normalization_conv", (4, 3, 2),
         Spectral(layers.Conv2D(17, 2, padding="same"), power_iterations=3)),
    Case("spectral_normalization_one", (2, 1), Spectral(layers.Dense(1, use_bias=False))),
    Case("spectral_normalization_gelu", (4, 3), Spectral(layers.Conv1D(2, 1, activation="gelu"), power_iterations=40)),
])

write_family("normalization_axes", [
    Case("layer_normalization_first_axis", (3, 5), LayerNorm(axis=1)),
    Case("layer_normalization_axes_apart", (2, 3, 4), LayerNorm(axis=[1, 3])),
    Case("layer_normalization_axes_sorted", (3, 4), LayerNorm(axis=[1, -1])),  # weights of (4, 3)
    Case("layer_normalization_before_the_last", (17, 3), LayerNorm(axis=-2, center=False, epsilon=1e-5)),
    Case("layer_normalization_one_step", (1, 17), LayerNorm(axis=1)),
    Case("layer_normalization_middle_axes", (2, 3, 2, 1), LayerNorm(axis=[-2, -3], scale=False)),
    Case("unit_normalization_first_axis", (3, 5), Unit(axis=1)),
    Case("unit_normalization_axes_apart", (2, 3, 4), Unit(axis=[3, 1])),
    Case("unit_normalization_before_the_last", (17, 3), Unit(axis=-2)),
    Case("unit_normalization_one_step", (1, 17), Unit(axis=1), inputs=lambda k, x: x + 1),  # nothing is 0
    Case("group_normalization_first_axis", (4, 3), Group(groups=2, axis=1)),
    Case("group_normalization_images_first", (6, 2, 3), Group(groups=3, axis=-3, epsilon=1e-5)),
    Case("group_normalization_middle_axis", (2, 17, 3), Group(groups=-1, axis=2, center=False)),
    Case("group_normalization_one_channel", (1, 5), Group(groups=1, axis=1, scale=False)),
])


def masked():
    """BatchNormalization of steps that are masked, one sample's all: what it makes in inference, and the losses
    and weights of three steps of training and one in which no step counts."""
    name = "batch_normalization_masked"
    x = keras.Input((5, 3), name=f"{name}.x0")
    made = layers.Dense(4, "tanh")(layers.Masking()(x))
    made = BatchNorm(momentum=0.5)(made)
    model = keras.Model(x, {f"{name}.y": layers.Dense(2)(layers.Flatten()(made))})
    fill_weights(model)
    model.save(HERE / "files" / "layers_normalization_masked.keras")
    data = fill((5, 5, 3), 0)
    data[0, 3:] = data[1, ::2] = data[2] = 0
    yield f"layer/{name}/x0", data[:3]
    yield f"layer/{name}/y", np.asarray(model(data[:3])[f"{name}.y"])
    yield f"trained/{name}/x", data
    model.compile(keras.optimizers.SGD(0.1), "mse")
    y = {f"{name}.y": fill((5, 2), 7)}
    losses = [model.train_on_batch(v, y) for v in (data, data, data, 0 * data)]
    yield f"trained/{name}/loss", np.array(losses, "float32")
    for k, w in enumerate(model.weights):
        yield f"trained/{name}/w{k}", np.asarray(w)


with open(HERE / "layers_normalization.txt", "a", encoding="ascii") as file:
    for name, array in masked():
        write_line(file, name, array)
