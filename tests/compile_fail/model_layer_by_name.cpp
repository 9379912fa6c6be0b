// error: keratin: each call of this layer would have weights of its own
// title: a layer with weights that is called by its name
// meaning: A layer like `Dense<8>` is a type. Called twice it would be two layers; Keras's layers share their weights.
// fix: Make it a `functional::Layer`.
#include <keratin/functional.hpp>
using namespace keratin;

functional::Tensor twice(const functional::Tensor& x) {
#ifdef TWIN
  functional::Layer dense(Dense<8>{});
#else
  Dense<8> dense;
#endif
  return Add<>{}(dense(x), dense(x));
}
