"""Wrapped recurrent layers: KERAS_BACKEND=jax python tests/keras/families_recurrent.py"""

from keras import layers

from families import Case, write_family


def both_ways(layer, merge_mode="concat"):
    return layers.Bidirectional(layer, merge_mode=merge_mode)


write_family("recurrent", [
    Case("bidirectional_lstm", (5, 3), both_ways(layers.LSTM(4))),
    Case("bidirectional_gru_sequences", (4, 1), both_ways(layers.GRU(3, return_sequences=True))),
    Case("bidirectional_rnn_sum", (3, 2), both_ways(layers.SimpleRNN(17, return_sequences=True), "sum")),
    Case("bidirectional_lstm_ave", (1, 2),
         both_ways(layers.LSTM(3, return_sequences=True, use_bias=False), "ave")),
    Case("bidirectional_gru_mul", (4, 2),
         both_ways(layers.GRU(5, return_sequences=True, reset_after=False), "mul")),
    Case("bidirectional_rnn", (6, 2), both_ways(layers.SimpleRNN(3, "relu"), "mul")),
])
