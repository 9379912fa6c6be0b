// A program's share of the library: what one prediction needs. NETWORK is given on the command line.
#include <keratin/keratin.hpp>

using namespace keratin;
using Net = NETWORK;

extern "C" void predict(std::span<const float, plan<Net>().block> weights,
                        std::span<const float, Net::input_size> x, std::span<float, Net::output_size> y) {
  const auto answer = Model<Net, View>(weights).predict(x);
  std::copy(answer.begin(), answer.end(), y.begin());
}
