"""Numeric preprocessing: KERAS_BACKEND=jax python tests/keras/families_preprocessing.py

Keras computes IntegerLookup and Hashing with TensorFlow, which has to be there, whatever the back end: nothing
is differentiated through them, so their gradients are zeros.
"""

import numpy as np
from keras import layers

import families
from golden import HERE, fill, write_line
from families import Case, write_family


def digits(classes):
    """Whole numbers from 0 to below classes, as tests/layers fills them."""
    return lambda k, x: ((x + 0.5) * classes).astype("int32").astype("float32")


def numbers(case):
    """As families.arrays, without a gradient."""
    x = case.inputs_of_it()[0]
    y = np.asarray(case.layer(x.astype("int64")), dtype="float32")
    yield f"layer/{case.name}/x0", x
    yield f"layer/{case.name}/y", y
    yield f"layer/{case.name}/dx", np.zeros_like(x)


def looked_up(name, shape, classes, layer):
    return Case(name, shape, layer, inputs=digits(classes))


def adapted(layer, data):
    layer.adapt(np.array(data))
    return layer


IDS = [[3, 7, 7, 12], [7, 3, 40, 1], [3, 7, 16777216, 9]]
BOUNDARIES = [-0.3, 0.05, 0.4]
LOOKUPS = [
    looked_up("prep_lookup", (6,), 9, layers.IntegerLookup(vocabulary=[3, 1, 7])),
    looked_up("prep_lookup_oov", (3, 5), 12, layers.IntegerLookup(
        vocabulary=[3, 1, 7], num_oov_indices=3, mask_token=0)),
    looked_up("prep_lookup_one_hot", (5,), 5, layers.IntegerLookup(
        vocabulary=[4, 2], output_mode="one_hot", mask_token=0)),
    looked_up("prep_lookup_one", (1,), 5, layers.IntegerLookup(
        vocabulary=[4, 2], output_mode="one_hot")),
    looked_up("prep_lookup_multi_hot", (7,), 5, layers.IntegerLookup(
        vocabulary=[4, 2, 0], output_mode="multi_hot", max_tokens=7, pad_to_max_tokens=True)),
    looked_up("prep_lookup_count", (7,), 5, layers.IntegerLookup(
        vocabulary=[4, 2, 0], output_mode="count", num_oov_indices=2)),
    looked_up("prep_lookup_inverse", (7,), 6, layers.IntegerLookup(
        vocabulary=[40, 20], invert=True, mask_token=9)),
    looked_up("prep_lookup_adapted", (9,), 15, adapted(layers.IntegerLookup(max_tokens=5), IDS)),
    looked_up("prep_lookup_tf_idf", (9,), 15, adapted(layers.IntegerLookup(output_mode="tf_idf"), IDS)),
    looked_up("prep_lookup_many", (8,), 130, layers.IntegerLookup(
        vocabulary=[(i * 37) % 101 for i in range(100)])),
    looked_up("prep_hashing", (6,), 1000, layers.Hashing(7)),
    looked_up("prep_hashing_salt", (6,), 1000, layers.Hashing(7, salt=[133, 137])),
    looked_up("prep_hashing_mask", (2, 6), 5, layers.Hashing(7, mask_value=3, salt=2**40 + 1)),
    looked_up("prep_hashing_one_hot", (1,), 5, layers.Hashing(3, output_mode="one_hot")),
    looked_up("prep_hashing_count", (9,), 50, layers.Hashing(5, output_mode="count")),
]

arrays = families.arrays
families.arrays = lambda case: (numbers if case in LOOKUPS else arrays)(case)

write_family("preprocessing", [
    Case("prep_normalization", (5,), layers.Normalization()),
    Case("prep_normalization_axis", (4, 3), layers.Normalization(axis=1)),
    Case("prep_normalization_axes", (4, 3, 2), layers.Normalization(axis=(1, -1))),
    Case("prep_normalization_none", (4, 3), layers.Normalization(axis=None)),
    Case("prep_normalization_invert", (2, 17), layers.Normalization(invert=True)),
    Case("prep_normalization_given", (2, 3), layers.Normalization(
        mean=[0.5, -1.0, 2.0], variance=[0.25, 4.0, 1.0])),
    Case("prep_normalization_constant", (7,), layers.Normalization(axis=None, mean=0.1, variance=2.0)),
    Case("prep_normalization_long", (70,), layers.Normalization(
        mean=np.arange(70) / 70, variance=1 + np.arange(70) / 7)),
    Case("prep_discretization", (3, 17), layers.Discretization(BOUNDARIES)),
    Case("prep_discretization_one_hot", (3, 2), layers.Discretization(BOUNDARIES, output_mode="one_hot")),
    Case("prep_discretization_multi_hot", (5,), layers.Discretization(BOUNDARIES, output_mode="multi_hot")),
    Case("prep_discretization_count", (5,), layers.Discretization(BOUNDARIES, output_mode="count")),
    Case("prep_discretization_adapted", (5,), adapted(
        layers.Discretization(num_bins=4), [[i * i % 17 / 17 - 0.5] for i in range(40)])),
    Case("prep_discretization_many", (5,), layers.Discretization([i / 100 - 0.5 for i in range(100)])),
    Case("prep_encoding_one_hot", (5,), layers.CategoryEncoding(4, "one_hot"), inputs=digits(5)),
    Case("prep_encoding_one", (3, 1), layers.CategoryEncoding(4, "one_hot"), inputs=digits(5)),
    Case("prep_encoding_multi_hot", (5,), layers.CategoryEncoding(7), inputs=digits(5)),
    Case("prep_encoding_count", (8,), layers.CategoryEncoding(3, "count"), inputs=digits(5)),
    *LOOKUPS,
])


def adaptations():
    """What adapt() finds, by name; the data are fill() of a shape, or IDS."""
    norm = layers.Normalization()
    x = fill((40, 3), 2)
    norm.adapt(x)
    yield "normalization", np.stack([norm.adapt_mean, norm.adapt_variance])
    norm = layers.Normalization()
    norm.adapt([x[:16], x[16:32], x[32:]])
    yield "normalization_batches", np.stack([norm.adapt_mean, norm.adapt_variance])
    norm = layers.Normalization(axis=(1, 3))
    norm.adapt(fill((5, 2, 4, 3), 2))
    yield "normalization_axes", np.stack([norm.adapt_mean, norm.adapt_variance])
    for count, bins, batch, epsilon in [(40, 4, 40, 0.01), (1000, 10, 1000, 0.01), (1000, 7, 128, 0.01),
                                        (300, 5, 50, 0.1), (3, 8, 3, 0.01), (700, 20, 250, 0.01)]:
        x = fill((count, 2), 3)
        layer = layers.Discretization(num_bins=bins, epsilon=epsilon)
        layer.adapt([x[i:i + batch] for i in range(0, count, batch)])
        yield f"discretization_{count}_{bins}_{batch}", np.array(layer.bin_boundaries)
    for mode, most in [("int", None), ("tf_idf", None), ("tf_idf", 4)]:
        layer = layers.IntegerLookup(max_tokens=most, output_mode=mode, mask_token=40)
        layer.adapt(np.array(IDS))
        name = f"lookup_{mode}_{most or 0}"
        yield name, np.array(layer.get_vocabulary(include_special_tokens=False))
        if mode == "tf_idf":
            yield name + "/idf", layer.idf_weights.numpy()


with open(HERE / "layers_preprocessing.txt", "a", encoding="ascii") as file:
    for name, array in adaptations():
        write_line(file, "adapt/" + name, np.asarray(array, dtype="float32"))
