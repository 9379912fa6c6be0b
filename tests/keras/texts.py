"""Text layers as Keras computes and saves them: KERAS_BACKEND=tensorflow python tests/keras/texts.py

texts.txt, laid out as golden.txt, gets the rows and vocabularies of every case, and files/text/*.keras models
that take texts. Vocabularies are numbers, the bytes of their tokens with a 10 behind each. Keras computes these
layers with TensorFlow.
"""

import numpy as np
import tensorflow as tf
import keras
from keras import layers

from golden import HERE, fill_weights, write_line

# The same as in tests/preprocessing/text.cpp.
TEXTS = ["The cat sat, on the mat!", "A dog's life; the DOG", "\u00c4pfel \u00d6L and the CAT", "",
         "cat\tdog\u00a0x\u2003y  z ", "  don't_stop [now] \\ ~cat  ", "Z\u00fcrich \u65e5\u672c"]
NEW = ["the cat and a bird", "dog DOG dog!", "", "\u00d6L \u65e5\u672c never seen words at all here"]
WORDS = ["red", "green", "red", "blue", "green", "red", "", "[UNK]"]
NEW_WORDS = ["red", "violet", "", "blue", "green", "\u00fcber"]

VECTORIZATIONS = {
    "default": {},
    "cut": {"output_sequence_length": 4, "max_tokens": 7},
    "long": {"output_sequence_length": 9, "standardize": "lower"},
    "strip": {"standardize": "strip_punctuation"},
    "plain": {"standardize": None},
    "characters": {"split": "character", "max_tokens": 20},
    "whole": {"split": None, "output_sequence_length": 2},
    "bigrams": {"ngrams": 2},
    "trigrams": {"ngrams": (1, 3), "output_mode": "count"},
    "multi_hot": {"output_mode": "multi_hot", "max_tokens": 8},
    "count": {"output_mode": "count"},
    "padded": {"output_mode": "count", "max_tokens": 30, "pad_to_max_tokens": True},
    "tf_idf": {"output_mode": "tf_idf"},
    "tf_idf_padded": {"output_mode": "tf_idf", "max_tokens": 28, "pad_to_max_tokens": True},
}
LOOKUPS = {
    "default": {},
    "masked": {"mask_token": "", "max_tokens": 4},
    "several": {"num_oov_indices": 3},
    "salted": {"num_oov_indices": 5, "salt": [3, 4]},
    "one_hot": {"output_mode": "one_hot", "mask_token": "red"},
    "multi_hot": {"output_mode": "multi_hot", "max_tokens": 9, "pad_to_max_tokens": True},
    "count": {"output_mode": "count"},
    "tf_idf": {"output_mode": "tf_idf"},
}
HASHES = {
    "default": {"num_bins": 5},
    "masked": {"num_bins": 5, "mask_value": "red"},
    "salted": {"num_bins": 99, "salt": 7},
    "one_hot": {"num_bins": 3, "output_mode": "one_hot"},
}


def as_numbers(vocabulary):
    return np.frombuffer("".join(str(token) + "\n" for token in vocabulary).encode(), dtype=np.uint8)


def text_of(data):
    return tf.constant(data)


def arrays():
    for name, settings in VECTORIZATIONS.items():
        layer = layers.TextVectorization(**settings)
        layer.adapt(TEXTS)
        yield f"{name}/vocabulary", as_numbers(layer.get_vocabulary())
        yield f"{name}/rows", np.asarray(layer(text_of(NEW)[:, None]))
    for name, settings in LOOKUPS.items():
        layer = layers.StringLookup(**settings)
        layer.adapt(np.array(WORDS).reshape(4, 2))
        yield f"lookup_{name}/vocabulary", as_numbers(layer.get_vocabulary())
        yield f"lookup_{name}/rows", np.asarray(layer(text_of(np.reshape(NEW_WORDS, (3, 2)))))
    for name, settings in HASHES.items():
        yield f"hash_{name}/rows", np.asarray(layers.Hashing(**settings)(text_of(np.reshape(NEW_WORDS, (3, 2)))))
    broken = [b"a\xffb", b"\xe6\x97", b"\xf0\x9f\x98\x80!", b"\xc3\x28\xed\xa0\x80"]
    layer = layers.TextVectorization(split="character", standardize=None)
    layer.adapt(["a b ! ( \ufffd \U0001f600"])
    yield "broken/vocabulary", as_numbers(layer.get_vocabulary())
    yield "broken/rows", np.asarray(layer(text_of(broken)))


def vectorization(**settings):
    layer = layers.TextVectorization(**settings)
    layer.adapt(TEXTS)
    return layer


def lookup(**settings):
    layer = layers.StringLookup(**settings)
    layer.adapt(np.array(WORDS[:6]))  # Keras loses an empty token at the end of a vocabulary in a file
    return layer


def classifier():
    x = keras.Input((1,), dtype="string", name="text")
    y = vectorization(output_sequence_length=6, max_tokens=16)(x)
    y = layers.Embedding(16, 5, mask_zero=True)(y)
    y = layers.LSTM(4)(y)
    return keras.Model(x, layers.Dense(3, "softmax")(y))


def any_length():
    x = keras.Input((1,), dtype="string", name="text")
    y = vectorization(ngrams=2, name="words")(x)
    y = layers.Embedding(64, 3)(y)
    return keras.Model(x, layers.GlobalMaxPooling1D()(y))


def tf_idf():
    return keras.Sequential([keras.Input((), dtype="string"), vectorization(output_mode="tf_idf"),
                             layers.Dense(2)])


def structured():
    """Texts and numbers: what users do with tables."""
    text = keras.Input((), dtype="string", name="text")
    colour = keras.Input((1,), dtype="string", name="colour")
    pair = keras.Input((2,), dtype="string", name="pair")
    given = keras.Input((1,), dtype="string", name="given")
    number = keras.Input((3,), name="number")
    parts = [
        layers.Dense(2)(vectorization(output_mode="count", max_tokens=9)(text)),
        lookup(output_mode="one_hot", num_oov_indices=2)(colour),
        layers.Flatten()(layers.Embedding(8, 2)(layers.Hashing(8, salt=3)(pair))),
        layers.StringLookup(vocabulary=["red", "blue"], output_mode="multi_hot")(given),
        layers.Normalization(mean=1.0, variance=4.0, axis=None)(number),
    ]
    return keras.Model([text, colour, pair, given, number], layers.Dense(2)(layers.Concatenate()(parts)))


with open(HERE / "texts.txt", "w", encoding="ascii") as file:
    print(f"# keras {keras.__version__}, tensorflow {tf.__version__}", file=file)
    for name, array in arrays():
        write_line(file, "text/" + name, np.asarray(array, dtype="float32"))
    folder = HERE / "files" / "text"
    folder.mkdir(exist_ok=True)
    column = text_of(NEW)[:, None]
    words = text_of(NEW_WORDS[:4])[:, None]
    pairs = text_of(np.reshape(["red", "x", "blue", "blue", "y", "", "green", "red"], (4, 2)))
    numbers = np.arange(12, dtype="float32").reshape(4, 3) / 4
    for make, data in [(classifier, column), (any_length, column), (tf_idf, text_of(NEW)),
                       (structured, [text_of(NEW), words, pairs, words, tf.constant(numbers)])]:
        model = make()
        for layer in model.layers:
            if layer.trainable_weights:
                fill_weights(layer)
        write_line(file, f"text/{make.__name__}/y", np.asarray(model(data)))
        model.save(folder / f"{make.__name__}.keras")
