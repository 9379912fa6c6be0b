#include "../check.hpp"

using namespace keratin;

TEST_CASE("SimpleRNN computes what Keras computes") {
  check<SimpleRNN<4>, Input<5, 3>>("simple_rnn");
  check<SimpleRNN<17, ReLU, NoBias, ReturnSequences>, Input<4, 1>>("simple_rnn_sequences");
  check<SimpleRNN<1, ReturnSequences, GoBackwards>, Input<3, 17>>("simple_rnn_backwards");
  check<SimpleRNN<3, GoBackwards>, Input<1, 2>>("simple_rnn_one_step");
}

TEST_CASE("LSTM computes what Keras computes") {
  check<LSTM<4>, Input<5, 3>>("lstm");
  check<LSTM<17, ReturnSequences>, Input<4, 1>>("lstm_sequences");
  check<LSTM<1, ReturnSequences, GoBackwards, NoBias>, Input<3, 17>>("lstm_backwards");
  check<LSTM<3, GoBackwards>, Input<1, 2>>("lstm_one_step");
  check<LSTM<5, ReLU, RecurrentActivation<Tanh>, NoUnitForgetBias>, Input<3, 2>>("lstm_activations");
  check<LSTM<40>, Input<3, 5>>("lstm_wide");
}

TEST_CASE("GRU computes what Keras computes") {
  check<GRU<4>, Input<5, 3>>("gru");
  check<GRU<17, ReturnSequences>, Input<4, 1>>("gru_sequences");
  check<GRU<1, ReturnSequences, GoBackwards, NoBias>, Input<3, 17>>("gru_backwards");
  check<GRU<3, GoBackwards>, Input<1, 2>>("gru_one_step");
  check<GRU<5, ReLU, RecurrentActivation<Tanh>>, Input<3, 2>>("gru_activations");
  check<GRU<24>, Input<3, 5>>("gru_wide");
}

TEST_CASE("GRU that resets before the product computes what Keras computes") {
  check<GRU<4, NoResetAfter>, Input<5, 3>>("gru_before");
  check<GRU<17, ReturnSequences, NoResetAfter>, Input<4, 1>>("gru_before_sequences");
  check<GRU<1, ReturnSequences, GoBackwards, NoBias, NoResetAfter>, Input<3, 17>>("gru_before_backwards");
  check<GRU<3, ReLU, RecurrentActivation<Tanh>, GoBackwards, NoResetAfter>, Input<1, 2>>("gru_before_one_step");
}
