"""Merging layers, of masked tensors too: KERAS_BACKEND=jax python tests/keras/families_merging.py"""

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

write_family("merging_unmasked", [
    Case("subtract", [(3, 17), (3, 17)], layers.Subtract()),
    Case("subtract_one", [(1,), (1,)], layers.Subtract()),
    Case("subtract_steps", [(4, 3), (1, 3)], layers.Subtract()),
    Case("subtract_image", [(2, 3, 1), (2, 3, 2)], layers.Subtract()),
    Case("average", [(17,), (17,)], layers.Average()),
    Case("average_one", [(1,)] * 5, layers.Average()),
    Case("average_steps", [(4, 3), (4, 1), (1, 3)], layers.Average()),
    Case("average_image", [(2, 3, 2)] * 3, layers.Average()),
    Case("multiply_image", [(2, 3, 17), (1, 1, 17)], Multiply()),
    Case("maximum", [(17,), (17,)], Maximum()),
    Case("maximum_steps", [(4, 3), (1, 3), (4, 1)], Maximum()),
    Case("minimum", [(17,), (17,)], Minimum()),
    Case("minimum_one", [(1, 1), (1, 1), (1, 1)], Minimum()),
    Case("dot", [(17,), (17,)], layers.Dot(1)),
    Case("dot_steps", [(3, 4), (3, 17)], layers.Dot(1)),
    Case("dot_across", [(3, 5), (4, 3)], layers.Dot((1, 2))),
    Case("dot_normalized", [(3, 4), (5, 4)], layers.Dot(2, normalize=True)),
    Case("dot_one", [(1, 1), (1, 1)], layers.Dot((2, 1))),
], together=4)
