// error: assignment of read-only|cannot assign to
// title: writing the parameters of a View
// meaning: The parameters of a View model lie in read-only memory, so its block is a span of const values.
// fix: Change a `Model<Net>`, and view its block once it is done.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

void clear(Model<Net>& model) {
  model.block()[0] = 0;
#ifdef TWIN
  model.block()[1] = 0;
#else
  const Model<Net, View> view(std::span<const float, plan<Net>().block>(model.block()));
  view.block()[1] = 0;
#endif
}

#include "use.hpp"
