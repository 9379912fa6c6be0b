// error: network_cannot_stream<.*layer<0>, .*LSTM<4, .*GoBackwards> ?, .*needs_the_whole_sequence ?>
// title: a recurrent layer that goes backwards
// meaning: Backwards begins at the end, and a stream has none.
// fix: Leave GoBackwards out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<32, 2>, LSTM<4>>;
#else
using Net = Sequential<Input<32, 2>, LSTM<4, GoBackwards>>;
#endif

int main() {
  const Model<Net> model;
  Stream stream(model);
  const std::vector<float> x(64);
  std::vector<float> y(64);
  stream.process(x, y);
  const auto one = stream.step(std::span<const float, 2>(x.data(), 2));
  stream.reset();
  return one[0] > y[0];
}
