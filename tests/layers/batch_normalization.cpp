#include "../check.hpp"

using namespace keratin;

TEST_CASE("BatchNormalization computes what Keras computes") {
  check<BatchNormalization<>, Input<4, 3>>("batch_normalization");
  check<BatchNormalization<>, Input<17>>("batch_normalization_17");
  check<BatchNormalization<Momentum<0.5>>, Input<5, 3, 1>>("batch_normalization_one");
  check<BatchNormalization<NoScale, NoCenter>, Input<2, 2, 20>>("batch_normalization_plain");
}
