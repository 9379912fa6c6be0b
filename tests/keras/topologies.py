"""Write what Keras computes for graphs, for tests/functional to compare with.

    KERAS_BACKEND=jax python tests/keras/topologies.py [topologies_3.txt]

They are laid out as golden.txt; README.md lists the arrays. files/
gets each model with the weights that its outputs are for, as .keras, and as
.h5 where Keras itself can open that again, and in one case where it cannot.
"""

import sys
from itertools import chain

import jax
import keras
import numpy as np
from keras import layers, losses, metrics, optimizers

from golden import HERE, fill, fill_weights, one_hot, values, write_line

ROWS = 7

# Each makes the inputs, the outputs, and for each output the loss, its weight
# and a metric or None; in lists, or dicts whose keys are sorted.


def two_towers():
    a, b = keras.Input((6,)), keras.Input((6,))
    shared, top = layers.Dense(5, "tanh"), layers.Dense(4, "relu")
    x = layers.concatenate([top(shared(a)), layers.Dense(3)(shared(b))])
    return [a, b], [(layers.Dense(2)(x), "mse", 1, None)]


def residual_block():
    x = keras.Input((6, 6, 3))
    y = layers.Conv2D(4, 3, 2, "same")(x)
    y = layers.ReLU()(layers.BatchNormalization()(y))
    y = layers.BatchNormalization()(layers.Conv2D(4, 3, padding="same")(y))
    y = layers.ReLU()(layers.add([layers.Conv2D(4, 1, 2)(x), y]))
    y = layers.GlobalAveragePooling2D()(y)
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def inception_block():
    x = keras.Input((5, 5, 4))
    y = layers.concatenate([
        layers.Conv2D(2, 1, activation="relu")(x),
        layers.Conv2D(3, 3, padding="same", activation="relu")(
            layers.Conv2D(2, 1, activation="relu")(x)),
        layers.Conv2D(1, 5, padding="same", activation="relu")(
            layers.Conv2D(2, 1, activation="relu")(x)),
        layers.Conv2D(2, 1)(layers.MaxPooling2D(3, 1, "same")(x))])
    return [x], [(layers.Dense(2)(layers.Flatten()(y)), "mse", 1, None)]


def siamese():
    a, b = keras.Input((6,)), keras.Input((6,))
    embed = layers.Dense(4, "tanh")
    hidden = layers.Dense(8, "tanh")
    y = layers.dot([embed(hidden(a)), embed(hidden(b))], 1, normalize=True)
    return [a, b], [(layers.Dense(1, "sigmoid")(y), "bce", 1, "accuracy")]


def several_outputs():
    x = keras.Input((5,))
    h = layers.Dense(6, "relu")(x)
    return [x], [(layers.Dense(3, "softmax")(h), "cce", 1, "accuracy"),
                 (layers.Dense(1)(h), "mse", 0.2, metrics.MeanAbsoluteError()),
                 (layers.Dense(2, "sigmoid")(x), "bce", 3, None)]


def wide_and_deep():
    wide, deep = keras.Input((4,)), keras.Input((6,))
    h = layers.Dense(5, "relu")(layers.Dense(7, "relu")(deep))
    both = layers.concatenate([wide, h])
    return [wide, deep], [(layers.Dense(1)(both), "mse", 0.9, None),
                          (layers.Dense(1)(h), "mse", 0.1, metrics.MeanAbsoluteError())]


def squeeze_and_excite():
    x = keras.Input((4, 4, 6))
    y = layers.Conv2D(6, 3, padding="same")(x)
    s = layers.GlobalAveragePooling2D()(y)
    s = layers.Dense(6, "sigmoid")(layers.Dense(2, "relu")(s))
    y = layers.multiply([y, layers.Reshape((1, 1, 6))(s)])
    y = layers.add([x, y])
    return [x], [(layers.Dense(2)(layers.Flatten()(y)), "mse", 1, None)]


def dense_block():
    x = keras.Input((8, 3))
    features = x
    for _ in range(3):
        new = layers.Conv1D(2, 3, padding="same", activation="relu")(features)
        features = layers.concatenate([features, new])
    y = layers.GlobalMaxPooling1D()(features)
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def probabilities_read_on():
    x = keras.Input((5,))
    p = layers.Dense(4, "softmax")(x)
    y = layers.Dense(2)(layers.concatenate([p, layers.Dense(3)(p)]))
    return [x], [(y, "mse", 1, None), (p, "cce", 0.5, "accuracy")]


def merging():
    a, b = keras.Input((3, 4)), keras.Input((3, 4))
    c = layers.Dense(4, "tanh")(a)
    d = layers.Reshape((1, 4))(layers.GlobalAveragePooling1D()(b))
    e = layers.Dense(1)(b)
    y = layers.maximum([layers.subtract([c, b]), layers.multiply([a, d, e])])
    y = layers.average([y, layers.minimum([a, b, c]), layers.add([d, e])])
    y = layers.dot([y, layers.Dense(5)(a)], (1, 1))
    return [a, b], [(layers.Dense(2)(layers.Flatten()(y)), "mse", 1, None)]


def shared_in_depth():
    x = keras.Input((4,))
    shared = layers.Dense(4, "tanh")
    late = layers.Dense(4)
    a = shared(shared(x))
    return [x], [(layers.Dense(1)(layers.add([late(a), shared(late(x))])),
                  "mse", 1, None)]


def operators():
    a, b = keras.Input((4, 6)), keras.Input((4, 6))
    x = (a + b) * 2 - a * b / (b * b + 1.5) + 3 / (a * a + 1) - 0.5
    y = keras.ops.mean(x[:, 1:, ::-2], axis=1)
    z = keras.ops.max(x, axis=-1) + keras.ops.min(-x, axis=2)
    s = keras.ops.sum(1 - x, axis=(1, 2), keepdims=True)
    y = layers.concatenate([y, z, layers.Flatten()(s / 10)])
    y = y + keras.ops.mean((a ** 2)[:, 0, :1], axis=1, keepdims=True)
    return [a, b], [(layers.Dense(2)(y), "mse", 1, None)]


def names_and_depths():
    a, b, c = (keras.Input((3,)) for _ in range(3))
    d = layers.Dense(2)(c)
    e = layers.Dense(4, "relu")(layers.Dense(3)(a))
    f = layers.concatenate([e, b])
    return [b, c, a], [(layers.Dense(2)(d), "mse", 1, None),
                       (layers.Dense(1)(f), "mse", 1, None)]


def nested_twice():
    i = keras.Input((5,))
    h = layers.Dense(6, "relu")(i)
    inner = keras.Model(i, layers.add([layers.Dense(4, "tanh")(h),
                                       layers.Dense(4)(i)]))
    a, b = keras.Input((5,)), keras.Input((5,))
    y = layers.concatenate([inner(a), inner(layers.Dense(5)(b))])
    return [a, b], [(layers.Dense(1)(y), "mse", 1, None)]


def frozen():
    x = keras.Input((6, 6, 2))
    y = layers.Conv2D(3, 3, activation="relu")(x)
    conv = layers.Conv2D(4, 3)
    norm = layers.BatchNormalization()
    y = layers.ReLU()(norm(conv(y)))
    conv.trainable = norm.trainable = False
    y = layers.BatchNormalization()(y)
    y = layers.GlobalAveragePooling2D()(y)
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def encoder_and_decoder():
    source, target = keras.Input((6, 3)), keras.Input((4, 2))
    _, h, c = layers.LSTM(5, return_state=True)(source)
    y = layers.LSTM(5, return_sequences=True)(target, initial_state=[h, c])
    return [source, target], [(layers.Dense(3, "softmax")(y), "cce", 1,
                               "accuracy")]


def states_read_on():
    x, first = keras.Input((5, 3)), keras.Input((4,))
    y, h = layers.GRU(4, return_sequences=True, return_state=True,
                      go_backwards=True)(x)
    z, g = layers.GRU(4, return_state=True, reset_after=False)(
        y, initial_state=layers.Dense(4)(first))
    s = layers.SimpleRNN(4, return_sequences=True)(y, initial_state=g)
    s = layers.Flatten()(s)
    return [x, first], [(layers.Dense(2)(layers.concatenate([h, z, g, s])),
                         "mse", 1, None)]


def masked_classifier():
    x = keras.Input((6,))
    y = layers.Embedding(8, 4, mask_zero=True)(x)
    y = layers.Dropout(0)(layers.Dense(4)(y))
    return [x], [(layers.Dense(3, "softmax")(layers.LSTM(5)(y)), "cce", 1,
                  "accuracy")]


def masked_tagger():
    x = keras.Input((6,))
    y = layers.Embedding(8, 4, mask_zero=True)(x)
    y = layers.LayerNormalization()(layers.GRU(5, return_sequences=True)(y))
    y, h, c = layers.LSTM(4, return_sequences=True, return_state=True,
                          go_backwards=True)(y)
    z = layers.LSTM(4, return_sequences=True)(y, initial_state=[c, h])
    return [x], [(layers.Dense(3, "softmax")(z), "cce", 1, None),
                 (layers.Dense(1)(y), "mse", 0.5, None)]


def masked_sequences():
    a, b = keras.Input((6, 3)), keras.Input((6, 3))
    y = layers.GRU(3, return_sequences=True, reset_after=False)(
        layers.Masking()(a))
    z = layers.SimpleRNN(3, return_sequences=True)(layers.Masking()(b))
    y = layers.concatenate([layers.add([y, z]), y])
    return [a, b], [(layers.Dense(2)(y), "mse", 1, None),
                    (layers.LSTM(2)(y), "mse", 1, None)]


def unet():
    def block(filters, x):
        return layers.Conv2D(filters, 3, padding="same", activation="relu")(x)

    x = keras.Input((8, 8, 2))
    first = block(2, x)
    second = block(3, layers.MaxPooling2D()(first))
    y = block(4, layers.MaxPooling2D()(second))
    y = layers.Conv2DTranspose(3, 3, 2, "same", activation="relu")(y)
    y = block(3, layers.concatenate([y, second]))
    y = layers.UpSampling2D(interpolation="bilinear")(y)
    y = block(2, layers.concatenate([layers.Conv2D(2, 1)(y), first]))
    return [x], [(layers.Conv2D(3, 1, activation="softmax")(y), "cce", 1,
                  "accuracy")]


def mobilenet():
    def normalized(x, last=False):
        x = layers.BatchNormalization()(x)
        return x if last else layers.ReLU(6)(x)

    x = keras.Input((9, 8, 3))
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(x)
    y = normalized(layers.Conv2D(4, 3, 2, use_bias=False)(y))
    z = normalized(layers.Conv2D(8, 1, use_bias=False)(y))
    z = normalized(layers.DepthwiseConv2D(3, padding="same", use_bias=False)(z))
    z = normalized(layers.Conv2D(4, 1, use_bias=False)(z), True)
    y = layers.add([y, z])
    y = normalized(layers.SeparableConv2D(5, 3, 2, "same", use_bias=False)(y))
    y = layers.GlobalAveragePooling2D()(y)
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def attended(x, of=None, causal=False):
    """A block's attention with its residual, normalized behind."""
    y = layers.MultiHeadAttention(2, 3, use_bias=False)(
        x, x if of is None else of, use_causal_mask=causal)
    return layers.LayerNormalization()(layers.add([x, y]))


def fed_forward(x):
    y = layers.Dense(x.shape[-1])(layers.Dense(6, "gelu")(x))
    return layers.LayerNormalization()(layers.add([x, y]))


def transformer_encoder():
    x = keras.Input((6,))
    y = layers.Embedding(8, 4, mask_zero=True)(x)
    y = layers.Flatten()(fed_forward(attended(y)))
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def transformer_decoder():
    source, target = keras.Input((5, 3)), keras.Input((4, 2))
    encoded = fed_forward(attended(layers.Dense(5)(source)))
    y = attended(layers.Dense(4)(target), causal=True)
    y = fed_forward(attended(y, encoded))
    return [source, target], [(layers.Dense(3, "softmax")(y), "cce", 1,
                               "accuracy")]


def vision_transformer():
    def normalized_before(block, x):
        return layers.add([x, block(layers.LayerNormalization(epsilon=1e-6)(x))])

    def attention(x):
        return layers.MultiHeadAttention(2, 2, use_bias=False)(x, x)

    x = keras.Input((6, 6, 2))
    y = layers.Conv2D(4, 2, 2)(x)
    y = layers.Reshape((9, 4))(y)
    y = normalized_before(attention, y)
    y = normalized_before(
        lambda x: layers.Dense(4)(layers.Dense(6, "gelu")(x)), y)
    y = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(y))
    return [x], [(layers.Dense(3, "softmax")(y), "cce", 1, "accuracy")]


def seq2seq_attention():
    source, target = keras.Input((6,)), keras.Input((5,))
    encoded, h, c = layers.LSTM(4, return_sequences=True, return_state=True)(
        layers.Embedding(8, 3, mask_zero=True)(source))
    y = layers.LSTM(4, return_sequences=True)(
        layers.Embedding(8, 2, mask_zero=True)(target), initial_state=[h, c])
    seen = layers.Attention(use_scale=True)([y, encoded])
    also = layers.AdditiveAttention()([y, encoded])
    y = layers.concatenate([y, seen, also])
    return [source, target], [(layers.Dense(3, "softmax")(y), "cce", 1, None),
                              (layers.GRU(2)(y), "mse", 0.5, None)]


def more_operators():
    """Those that operators() does not have, of two that are written as functions."""
    ops = keras.ops
    a, b = keras.Input((4, 6)), keras.Input((4, 6))
    x = ops.matmul(ops.softmax(ops.matmul(a, ops.transpose(b, (0, 2, 1)))), b)
    x = ops.concatenate([ops.relu(x), ops.flip(a, 1)], axis=1)
    y = ops.stack([ops.clip(a, -0.3, 0.4), ops.maximum(b, 0.1)], axis=1)
    y = ops.squeeze(ops.expand_dims(ops.reshape(y, (-1, 8, 6)), 2), 2)
    z = ops.minimum(0.2, x * y) + ops.maximum(x, y) + ops.sigmoid(x) * ops.tanh(y)
    z = layers.Flatten()(ops.cast(z, "float32"))
    return [a, b], [(layers.Dense(2)(z), "mse", 1, None)]


def dict_inputs():
    body, title = keras.Input((4,), name="body"), keras.Input((3,), name="title")
    x = layers.Dense(5, "relu")(layers.concatenate([title, body]))
    return ({"body": body, "title": title},
            {"department": (layers.Dense(3, "softmax")(x), "cce", 0.5, "accuracy"),
             "priority": (layers.Dense(1, "sigmoid")(title), "bce", 2, None)})


def shared_normalization():
    """Each call moves the averages on."""
    a, b = keras.Input((5,)), keras.Input((4,))
    norm, dense = layers.BatchNormalization(momentum=0.8), layers.Dense(4, "tanh")
    y = layers.add([norm(dense(a)), norm(b)])
    return [a, b], [(layers.Dense(2)(norm(y)), "mse", 1, None)]


TOPOLOGIES = [two_towers, residual_block, inception_block, siamese,
              several_outputs, wide_and_deep, squeeze_and_excite, dense_block,
              probabilities_read_on, merging, shared_in_depth,
              names_and_depths, operators, nested_twice, frozen,
              encoder_and_decoder, states_read_on, masked_classifier,
              masked_tagger, masked_sequences]

LATER = [unet, mobilenet, transformer_encoder, transformer_decoder,
         vision_transformer, seq2seq_attention]

LAST = [more_operators, dict_inputs, shared_normalization]

H5 = ("two_towers", "residual_block", "several_outputs", "nested_twice",
      "encoder_and_decoder")

OF_CLASSES = ("masked_classifier", "masked_tagger", "transformer_encoder",
              "seq2seq_attention")

LOSSES = {"mse": losses.MeanSquaredError, "bce": losses.BinaryCrossentropy,
          "cce": losses.CategoricalCrossentropy}


def targets(loss, k, shape):
    if loss == "cce":
        rows = np.arange(ROWS * int(np.prod(shape[1:-1], dtype=int)))
        return one_hot(rows % shape[-1], shape[-1]).reshape(
            ROWS, *shape[1:])
    if loss == "bce":
        return np.float32((np.arange(ROWS * shape[-1]) % 2).reshape(
            ROWS, shape[-1]))
    return fill((ROWS, *shape[1:]), 20 + k)


def inputs_of(name, k, shape):
    """F(shape, k); masked networks get class numbers, or steps of zeros."""
    x = fill((ROWS, *shape[1:]), k)
    row, step = np.indices(x.shape[:2])
    if name in OF_CLASSES:
        return np.float32((row * step + step) % 8)
    if name == "masked_sequences":
        x[(row + step + k) % 3 == 0] = 0
    return x


def topology_section(topologies):
    for make in topologies:
        keras.backend.clear_session()
        inputs, heads = make()
        in_dict = isinstance(heads, dict)
        flat = list(heads.values()) if in_dict else heads

        def like_heads(one_each):
            return dict(zip(heads, one_each)) if in_dict else one_each

        model = keras.Model(inputs, like_heads([y for y, _, _, _ in flat]))
        fill_weights(model)
        x = [inputs_of(make.__name__, k, i.shape)
             for k, i in enumerate(keras.tree.flatten(inputs))]
        x = dict(zip(inputs, x)) if in_dict else x
        t = [targets(loss, k, y.shape)
             for k, (y, loss, _, _) in enumerate(flat)]
        case = f"topology/{make.__name__}"
        model.save(HERE / "files" / f"{make.__name__}.keras")
        if make.__name__ in H5:
            model.save(HERE / "files" / f"{make.__name__}.h5")
            model.save_weights(HERE / "files" / f"{make.__name__}.weights.h5")
        elif make.__name__ == "masked_tagger":  # which Keras cannot open: masks are operators
            model.save(HERE / "files" / "masked_tagger.h5")
        for k, y in enumerate(keras.tree.flatten(model.predict_on_batch(x))):
            yield f"{case}/y{k}", y
        state = values(model.non_trainable_variables)

        def total(trainable):
            ys, _ = model.stateless_call(trainable, state, x, training=True)
            return sum(weight * LOSSES[loss]()(target, y) for
                       target, y, (_, loss, weight, _) in
                       zip(t, keras.tree.flatten(ys), flat))

        gradients = jax.grad(total)(values(model.trainable_variables))
        yield f"{case}/gradient", np.concatenate(
            [np.ravel(g) for g in gradients])
        model.compile(
            optimizers.Adam(0.01),
            like_heads([LOSSES[loss]() for _, loss, _, _ in flat]),
            like_heads([weight for _, _, weight, _ in flat]),
            like_heads([[m] if m else [] for _, _, _, m in flat]))
        logs = [model.train_on_batch(x, like_heads(t), return_dict=True)
                for _ in range(3)]
        print(make.__name__, [layer.name for layer in model.layers],
              sorted(logs[0]))
        yield f"{case}/logs", [[log[key] for key in sorted(log)]
                               for log in logs]
        yield f"{case}/weights", np.concatenate(
            [np.ravel(w) for w in model.get_weights()])


def weight_section():
    """Three steps with weights for samples, for rows and for classes."""
    def model(activation):
        x = keras.Input((4, 3))
        y = x if activation == "tanh" else layers.Flatten()(x)
        return keras.Model(x, layers.Dense(3, activation)(y))

    rows = np.arange(ROWS)
    of_samples = np.float32(0.25 * (rows % 4))
    cases = {
        "samples": ("softmax", "cce", {"sample_weight": of_samples}),
        "rows": ("tanh", "mse",
                 {"sample_weight": np.abs(fill((ROWS, 4), 9))}),
        "classes": ("softmax", "cce",
                    {"class_weight": {0: 0.5, 1: 2.0, 2: 1.25}})}
    for name, (activation, loss, weights) in cases.items():
        net = model(activation)
        fill_weights(net)
        net.compile(optimizers.Adam(0.01), LOSSES[loss](), metrics=["mae"])
        x = fill((ROWS, 4, 3), 0)
        t = targets(loss, 0, net.outputs[0].shape)
        logs = [net.train_on_batch(x, t, return_dict=True, **weights)
                for _ in range(3)]
        yield f"weights/{name}/logs", [[log[key] for key in sorted(log)]
                                       for log in logs]
        yield f"weights/{name}/weights", np.concatenate(
            [np.ravel(w) for w in net.get_weights()])


def masked_weight_section():
    """Three steps with weights for rows, some of which are masked."""
    x = keras.Input((6,))
    y = layers.Embedding(8, 4, mask_zero=True)(x)
    net = keras.Model(x, layers.Dense(3)(y))
    fill_weights(net)
    net.compile(optimizers.Adam(0.01), "mse")
    row, step = np.indices((ROWS, 6))
    yield "weights/masked_rows/logs", [net.train_on_batch(
        np.float32((row * step + step) % 8), fill((ROWS, 6, 3), 20),
        sample_weight=np.abs(fill((ROWS, 6), 9))) for _ in range(3)]
    yield "weights/masked_rows/weights", np.concatenate(
        [np.ravel(w) for w in net.get_weights()])


FILES = {
    "topologies.txt": lambda: chain(topology_section(TOPOLOGIES),
                                    weight_section()),
    "topologies_2.txt": lambda: topology_section(LATER),
    "topologies_3.txt": lambda: chain(topology_section(LAST),
                                      masked_weight_section())}

if __name__ == "__main__":
    jax.config.update("jax_default_matmul_precision", "highest")
    for path in sys.argv[1:] or FILES:
        with open(HERE / path, "w", encoding="ascii") as file:
            print(f"# keras {keras.__version__}, jax {jax.__version__}; as "
                  "golden.txt", file=file)
            for name, array in FILES[path]():
                write_line(file, name, array)
