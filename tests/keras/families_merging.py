"""Merging layers of masked tensors: KERAS_BACKEND=jax python tests/keras/families_merging.py"""

from keras import Sequential, layers

from families import Called, Case, write_family


def with_gaps(k, x):
    """Each input lacks another step, all of them the first one of sample 1, and the first input all of sample 2;
    in sample 0 the last step is the same in all."""
    x[:, (k + 1) % x.shape[1]] = 0
    x[1, 0] = 0
    if k == 0:
        x[2] = 0
    x[0, -1] = 0.25
    return x


def merged(name, merge, shapes, unmasked=(), behind=None):
    """What merge makes of the inputs behind one Dense, whose bias tells masked steps, and all but some behind
    Masking."""
    def call(own, *tensors):
        dense = own.layers[0]
        tensors = [dense(x if k in unmasked else layers.Masking()(x)) for k, x in enumerate(tensors)]
        return behind(merge(tensors)) if behind else merge(tensors)

    own = Sequential([layers.Dense(3)] + ([behind] if behind else []))
    return Case(name, shapes, Called(own, call), inputs=with_gaps, apart=True)


Multiply, Maximum, Minimum = layers.Multiply, layers.Maximum, layers.Minimum

write_family("merging", [
    merged("multiply_masked", Multiply(), [(5, 2), (5, 2)]),
    merged("multiply_one_unmasked", Multiply(), [(4, 2), (4, 2), (4, 2)], unmasked=[1]),
    merged("multiply_steps_masked", Multiply(), [(4, 2), (1, 2)]),
    merged("multiply_passes_mask", Multiply(), [(4, 2), (4, 2)],
           behind=layers.SimpleRNN(2)),
    merged("maximum_masked", Maximum(), [(5, 2), (5, 2), (5, 2)]),
    merged("maximum_many_masked", Maximum(), [(4, 2)] * 7, unmasked=[4]),
    merged("minimum_one_unmasked", Minimum(), [(4, 2), (4, 2), (4, 2)], unmasked=[1]),
    merged("minimum_last_masked", Minimum(), [(1, 2), (4, 2)], unmasked=[0]),
    merged("concatenate_steps_masked", layers.Concatenate(axis=1), [(2, 2), (3, 2)], behind=layers.SimpleRNN(2)),
    merged("concatenate_steps_one_unmasked", layers.Concatenate(axis=1), [(2, 2), (1, 2), (3, 2)],
           unmasked=[1], behind=layers.SimpleRNN(2)),
], together=4)  # a model here has 16 inputs at most
