#include <keratin/keratin.hpp>
#include <keratin/testing/allocations.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

// Step by step, and in blocks of several sizes, against the whole sequence at once.
template <class Net> void check_stream() {
  Model<Net> model(3);
  for (float& w : model.block()) w += 0.01f;  // so that no bias is zero
  Stream stream(model);
  using S = decltype(stream);
  constexpr std::size_t steps = static_cast<std::size_t>(Net::input_shape[0]), in = S::input_size,
                        out = S::output_size;
  static_assert(in * steps == Net::input_size);
  std::vector<float> x(steps * in), y(steps * out);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(testing::filled(i, 1));
  const auto whole = model.predict(std::span<const float, Net::input_size>(x));
  const std::size_t first = y.size() - whole.size();  // a network that answers at the end only
  const auto compare = [&] {
    for (std::size_t i = 0; i < whole.size(); ++i) CHECK(near(y[first + i], whole[i], 1e-6));
  };

  const long before = testing::allocations;
  for (std::size_t t = 0; t < steps; ++t) {
    const auto one = stream.step(std::span<const float, in>(x.data() + t * in, in));
    std::copy(one.begin(), one.end(), y.begin() + static_cast<std::ptrdiff_t>(t * out));
  }
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
  compare();
  for (const std::size_t block : {std::size_t{1}, std::size_t{7}, std::size_t{64}, steps}) {
    stream.reset();
    std::fill(y.begin(), y.end(), 0.f);
    for (std::size_t t = 0; t < steps; t += block) {
      const std::size_t n = std::min(block, steps - t);
      stream.process({x.data() + t * in, n * in}, {y.data() + t * out, n * out});
    }
    CAPTURE(block);
    compare();
  }
  // Another voice goes its own way; a copy goes on from where it was made.
  Stream other(model);
  other.step(std::span<const float, in>(x.data(), in));
  Stream copy = other;
  const auto a = other.step(std::span<const float, in>(x.data() + in, in));
  const auto b = copy.step(std::span<const float, in>(x.data() + in, in));
  CHECK(a == b);
}

}  // namespace

TEST_CASE("layers too wide for a whole block on the stack run on a stream") {
  check_stream<Sequential<Input<70, 1>, Dense<300, ReLU>, Dense<200, Tanh>, Dense<2>>>();
}

TEST_CASE("causal convolutions run on a stream") {
  check_stream<Sequential<Input<100, 1>, Conv1D<16, Kernel<3>, Causal, Tanh>,
                          Conv1D<16, Kernel<3>, Causal, Dilation<2>, Tanh>,
                          Conv1D<16, Kernel<3>, Causal, Dilation<8>, Tanh>, Dense<1>>>();
  check_stream<Sequential<Input<70, 3>, Conv1D<5, Kernel<4>, Causal>, BatchNormalization<>, Activation<ReLU>,
                          Dropout<0.5>, Conv1D<2>, Activation<Softmax>>>();
}

TEST_CASE("recurrent layers run on a stream") {
  check_stream<Sequential<Input<70, 1>, LSTM<20, ReturnSequences>, Dense<1>>>();
  check_stream<Sequential<Input<9, 3>, GRU<24, ReturnSequences>, LSTM<5>, Dense<2, Softmax>>>();
  check_stream<Sequential<Input<66, 2>, SimpleRNN<17, ReLU, ReturnSequences>, Conv1D<4, Kernel<2>, Causal>,
                          GRU<3, NoResetAfter>>>();
}

TEST_CASE("what looks at one step at a time runs on a stream") {
  check_stream<Sequential<Input<9, 4>, Dense<7, Tanh>, BatchNormalization<>, Dense<2>>>();
  check_stream<Sequential<Input<9, 4>, Conv1D<6, Kernel<3>, Causal, Groups<2>>, LayerNormalization<>,
                          PReLU<SharedAxes<1>>>>();
  check_stream<Sequential<Input<3, 2>>>();
}

TEST_CASE("branches run on a stream") {
  using Block = Residual<Conv1D<6, Kernel<3>, Causal, Dilation<4>, ReLU>, Conv1D<6, Kernel<1>>>;
  check_stream<Sequential<Input<70, 2>, Dense<6>, Block, Block, Dense<1>>>();
  check_stream<Sequential<Input<20, 3>,
                          Parallel<Concatenate<>, Branch<>, Branch<GRU<4, ReturnSequences>, Dense<2, Tanh>>,
                                   Branch<Residual<Conv1D<3, Kernel<2>, Causal>>>>,
                          Dense<2>>>();
  check_stream<
      Sequential<Input<9, 2>, Parallel<Add<>, Branch<LSTM<4>>, Branch<GRU<4>>>, Residual<Dense<4>>>>();
  check_stream<Sequential<Input<9, 2>, Residual<Activation<Tanh>>, Residual<Dropout<0.5>>>>();
}

TEST_CASE("a stream refuses sizes that do not match") {
  const Model<Sequential<Input<9, 4>, Dense<2>>> model;
  Stream stream(model);
  std::vector<float> x(8), y(3);
  CHECK_THROWS_WITH(stream.process(x, y), doctest::Contains("8 input and 3 output values came"));
}

TEST_CASE("a sequence that has ended stays so, whatever its shape") {
  check_stream<Sequential<Input<8, 4>, LSTM<6>, Reshape<3, 2>, Dense<5>>>();
}

TEST_CASE("a stream needs a model that outlives it") {
  using Net = Sequential<Input<9, 4>, Dense<2>>;
  static_assert(!std::is_constructible_v<Stream<Net>, Model<Net>>);
}
