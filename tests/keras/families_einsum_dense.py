"""EinsumDense: KERAS_BACKEND=jax python tests/keras/families_einsum_dense.py"""

from keras.layers import EinsumDense

from families import Case, write_family

write_family("einsum_dense", [
    Case("einsum_dense", (4,), EinsumDense("ab,bc->ac", 5, bias_axes="c")),
    Case("einsum_rows", (3, 5), EinsumDense("abc,cd->abd", (None, 17), "tanh", "d")),
    Case("einsum_heads", (4, 5), EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de")),
    Case("einsum_of_heads", (3, 2, 3), EinsumDense("abcd,cde->abe", (None, 4), bias_axes="e")),
    Case("einsum_left", (2, 3, 5), EinsumDense("...x,xy->...y", 4, "relu", "y")),
    Case("einsum_right", (3, 2, 5), EinsumDense("ab...,bc->ac...", 4, bias_axes="c")),
    Case("einsum_first", (3, 5), EinsumDense("abc,bd->adc", (4, None), "softmax")),
    Case("einsum_each", (3, 4), EinsumDense("abc,bcd->abd", (3, 2), bias_axes="b")),
    Case("einsum_transposed", (3, 2), EinsumDense("abc,dc->abd", (3, 17), bias_axes="bd")),
])
