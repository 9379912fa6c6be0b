#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("TimeDistributed computes what Keras computes") {
  check<TimeDistributed<Dense<5, Tanh>>, Input<4, 3>>("time_distributed_dense");
  check<TimeDistributed<Dense<1>>, Input<1, 17>>("time_distributed_one_step");
  check<TimeDistributed<Conv2D<3, Kernel<2>, Same, ReLU>>, Input<2, 4, 5, 2>>("time_distributed_conv");
  check<TimeDistributed<MaxPooling2D<>>, Input<3, 4, 5, 2>>("time_distributed_pooling");
  check<TimeDistributed<LSTM<3>>, Input<3, 4, 2>>("time_distributed_lstm");
  check<TimeDistributed<Bidirectional<GRU<2, ReturnSequences>>>, Input<2, 3, 3>>(
      "time_distributed_bidirectional");
  check<TimeDistributed<TimeDistributed<Dense<2>>>, Input<2, 3, 4>>("time_distributed_twice");
}

TEST_CASE("what a TimeDistributed has inside is a layer as any") {
  check<TimeDistributed<Flatten>, Input<3, 2, 4>>();
  check<TimeDistributed<Dense<4, Softmax>>, Input<3, 5>>();
  check<TimeDistributed<LayerNormalization<>>, Input<3, 5>>();
  check<TimeDistributed<Embedding<7, 3>>, Input<3, 5>, 7>();
}

TEST_CASE("a mask goes past a TimeDistributed") {
  const auto x = functional::Input({5, 2});
  check_graph("time_distributed_masked", {x},
              {LSTM<2>{}(TimeDistributed<Dense<3>>{}(x.then(MaskingSpec{})))});
}
