#include <keratin/layers/bidirectional.hpp>
#include "../check.hpp"

using namespace keratin;

TEST_CASE("Bidirectional computes what Keras computes") {
  check<Bidirectional<LSTM<4>>, Input<5, 3>>("bidirectional_lstm");
  check<Bidirectional<GRU<3, ReturnSequences>>, Input<4, 1>>("bidirectional_gru_sequences");
  check<Bidirectional<SimpleRNN<17, ReturnSequences>, MergeMode<Merging::sum>>, Input<3, 2>>(
      "bidirectional_rnn_sum");
  check<Bidirectional<LSTM<3, ReturnSequences, NoBias>, MergeMode<Merging::ave>>, Input<1, 2>>(
      "bidirectional_lstm_ave");
  check<Bidirectional<GRU<5, ReturnSequences, NoResetAfter>, MergeMode<Merging::mul>>, Input<4, 2>>(
      "bidirectional_gru_mul");
  check<Bidirectional<SimpleRNN<3, ReLU>, MergeMode<Merging::mul>>, Input<6, 2>>("bidirectional_rnn");
}
