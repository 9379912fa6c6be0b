"""Recurrent layers in others, and their masks: KERAS_BACKEND=jax python tests/keras/families_recurrent.py"""

import numpy as np
from keras import Input, Model, Sequential, layers, tree

from families import Called, Case, write_family


def both_ways(layer, merge_mode="concat"):
    return layers.Bidirectional(layer, merge_mode=merge_mode)


def each_step(layer):
    return layers.TimeDistributed(layer)


def masked(layer):
    return Sequential([layers.Masking(), layer])


def with_gaps(k, x):
    """Sample 0 has all steps, sample 1 lacks the first and one between, sample 2 the last two."""
    x = np.array(x)
    x[1, [0, 2]] = 0
    x[2, -2:] = 0
    return x


def from_states(layer):
    return Called(layer, lambda layer, x, *states: layer(x, initial_state=list(states)))


def side_by_side():
    x = Input((3, 2))
    y = layers.Conv1D(2, 1, activation="tanh")(x)
    y = layers.Concatenate()([layers.Add()([x, y]), layers.Dense(3)(y)])
    return Model(x, layers.Flatten()(y))


def stacked(*cells, **settings):
    return layers.RNN(list(cells), **settings)


write_family("recurrent", [
    Case("bidirectional_lstm", (5, 3), both_ways(layers.LSTM(4))),
    Case("bidirectional_states", [(4, 2), (3,), (3,), (3,), (3,)],
         from_states(both_ways(layers.LSTM(3, return_sequences=True, return_state=True))), apart=True),
    Case("bidirectional_gru_sequences", (4, 1), both_ways(layers.GRU(3, return_sequences=True))),
    Case("bidirectional_rnn_sum", (3, 2), both_ways(layers.SimpleRNN(17, return_sequences=True), "sum")),
    Case("bidirectional_lstm_ave", (1, 2),
         both_ways(layers.LSTM(3, return_sequences=True, use_bias=False), "ave")),
    Case("bidirectional_gru_mul", (4, 2),
         both_ways(layers.GRU(5, return_sequences=True, reset_after=False), "mul")),
    Case("bidirectional_rnn", (6, 2), both_ways(layers.SimpleRNN(3, "relu"), "mul")),
    Case("bidirectional_none", (4, 2), both_ways(layers.GRU(3, return_sequences=True), None)),
    Case("bidirectional_none_last", (4, 2), both_ways(layers.LSTM(2), None)),
    Case("bidirectional_states_sum", [(4, 2), (3,), (3,)],
         from_states(both_ways(layers.GRU(3, return_state=True), "sum")), apart=True),
    Case("bidirectional_none_states", (3, 2), both_ways(layers.LSTM(2, return_state=True), None)),
    Case("bidirectional_masked", (5, 2), masked(both_ways(layers.LSTM(3, return_sequences=True))),
         inputs=with_gaps),
    Case("bidirectional_masked_last", (5, 2), masked(both_ways(layers.GRU(3))), inputs=with_gaps),
    Case("lstm_zero_output", (5, 2),
         masked(layers.LSTM(3, return_sequences=True, zero_output_for_mask=True)), inputs=with_gaps),
    Case("gru_zero_output_last", (5, 2), masked(layers.GRU(3, zero_output_for_mask=True)),
         inputs=with_gaps),
    Case("time_distributed_dense", (4, 3), each_step(layers.Dense(5, "tanh"))),
    Case("time_distributed_one_step", (1, 17), each_step(layers.Dense(1))),
    Case("time_distributed_conv", (2, 4, 5, 2),
         each_step(layers.Conv2D(3, 2, padding="same", activation="relu"))),
    Case("time_distributed_pooling", (3, 4, 5, 2), each_step(layers.MaxPooling2D())),
    Case("time_distributed_lstm", (3, 4, 2), each_step(layers.LSTM(3))),
    Case("time_distributed_bidirectional", (2, 3, 3),
         each_step(both_ways(layers.GRU(2, return_sequences=True)))),
    Case("time_distributed_twice", (2, 3, 4), each_step(each_step(layers.Dense(2)))),
    Case("conv_lstm2d", (3, 4, 5, 2), layers.ConvLSTM2D(2, 3)),
    Case("conv_lstm2d_sequences", (2, 5, 4, 1),
         layers.ConvLSTM2D(3, (2, 3), strides=2, padding="same", return_sequences=True)),
    Case("conv_lstm2d_backwards", (3, 5, 3, 1),
         layers.ConvLSTM2D(1, 2, dilation_rate=2, activation="relu", recurrent_activation="tanh",
                           use_bias=False, go_backwards=True, return_sequences=True)),
    Case("conv_lstm2d_one_step", (1, 2, 2, 17), layers.ConvLSTM2D(2, 1)),
    Case("conv_lstm1d", (3, 6, 2), layers.ConvLSTM1D(3, 3, padding="same")),
    Case("conv_lstm1d_sequences", (2, 7, 1), layers.ConvLSTM1D(17, 1, strides=3, return_sequences=True)),
    Case("conv_lstm1d_backwards", (4, 5, 3),
         layers.ConvLSTM1D(1, 2, dilation_rate=2, unit_forget_bias=False, go_backwards=True)),
    Case("conv_lstm1d_one_step", (1, 3, 2), layers.ConvLSTM1D(2, 3)),
    Case("rnn_of_an_lstm_cell", (3, 2), layers.RNN(layers.LSTMCell(3), return_sequences=True)),
    Case("rnn_of_a_gru_cell", (3, 2), layers.RNN(layers.GRUCell(2, reset_after=False), go_backwards=True)),
    Case("time_distributed_masked", (5, 2),
         Sequential([layers.Masking(), each_step(layers.Dense(3)), layers.LSTM(2)]), inputs=with_gaps),
    Case("rnn_stacked", (4, 3), stacked(layers.LSTMCell(3), layers.GRUCell(2), return_sequences=True)),
    Case("rnn_stacked_states", [(3, 2), (2,), (3,), (3,)],
         Called(stacked(layers.SimpleRNNCell(2), layers.LSTMCell(3), return_state=True),
                lambda layer, x, h, h1, c1: tree.flatten(layer(x, initial_state=[h, [h1, c1]]))), apart=True),
    Case("rnn_stacked_masked", (5, 2),
         masked(stacked(layers.GRUCell(2), layers.LSTMCell(3), layers.LSTMCell(1), return_sequences=True)),
         inputs=with_gaps),
    Case("rnn_stacked_backwards", (3, 2), stacked(layers.LSTMCell(2), layers.LSTMCell(3), go_backwards=True)),
    Case("conv_lstm2d_dropout", (2, 4, 3, 1), layers.ConvLSTM2D(2, 2, dropout=0.3, recurrent_dropout=0.2),
         training=False),
    Case("time_distributed_model", (4, 3),
         each_step(Sequential([Input((3,)), layers.Dense(4, "tanh"), layers.Dense(2)]))),
    Case("time_distributed_graph", (2, 3, 2), each_step(side_by_side())),
    Case("global_average_pooling1d_masked", (5, 2), masked(layers.GlobalAveragePooling1D()), inputs=with_gaps),
    Case("embedding_pooled", (4,),
         Sequential([layers.Embedding(5, 17, mask_zero=True), layers.GlobalAveragePooling1D(), layers.Dense(2)]),
         inputs=lambda k, x: np.array([[1, 0, 4, 0], [2, 2, 3, 1], [0, 0, 0, 3]], "float32")),
    Case("conv_lstm2d_states", [(3, 4, 5, 2), (2, 3, 2), (2, 3, 2)],
         from_states(layers.ConvLSTM2D(2, 3, return_sequences=True, return_state=True)), apart=True),
    Case("conv_lstm1d_states", [(2, 4, 1), (4, 3), (4, 3)],
         from_states(layers.ConvLSTM1D(3, 2, padding="same", go_backwards=True, return_state=True)), apart=True),
    Case("conv_lstm1d_initial", [(1, 3, 2), (3, 17), (3, 17)], from_states(layers.ConvLSTM1D(17, 1)), apart=True),
    Case("conv_lstm1d_returned", (3, 5, 2), layers.ConvLSTM1D(1, 2, return_state=True)),
])

# To a BatchNormalization each step is a batch, one after the other.
write_family("time_distributed", [
    Case("time_distributed_normalization", (4, 3), each_step(layers.BatchNormalization())),
    Case("time_distributed_normalization_axis", (2, 3, 17),
         each_step(layers.BatchNormalization(axis=1, center=False))),
    Case("time_distributed_normalization_twice", (2, 3, 4),
         each_step(each_step(layers.BatchNormalization(momentum=0.5)))),
    Case("time_distributed_normalization_one", (1, 1), each_step(layers.BatchNormalization(scale=False))),
    Case("time_distributed_normalization_model", (3, 4),
         each_step(Sequential([Input((4,)), layers.Dense(5, "tanh"), layers.BatchNormalization(momentum=0.5),
                               layers.Dense(2)]))),
])
