#include "../check.hpp"

using namespace keratin;

TEST_CASE("Activation computes what Keras computes") {
  check<Activation<Linear>, Input<3, 7>>("activation_linear");
  check<Activation<ReLU>, Input<3, 7>>("activation_relu");
  check<Activation<Sigmoid>, Input<3, 7>>("activation_sigmoid");
  check<Activation<Tanh>, Input<3, 7>>("activation_tanh");
  check<Activation<Softmax>, Input<3, 7>>("activation_softmax");
}

TEST_CASE("Activation of odd sizes") {
  check<Activation<Tanh>, Input<1>>();
  check<Activation<Softmax>, Input<1>>();
  check<Activation<Softmax>, Input<17>>();
  check<Activation<ReLU>, Input<33>>();
}
