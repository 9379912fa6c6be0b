// One sample with sizes that the compiler knows. Meson builds this file for AVX2 too, at -O3: what compilers
// do with known sizes depends on both.
#include <doctest/doctest.h>

#include <keratin/kernels/single.hpp>

#include <array>
#include <limits>
#include <utility>

using namespace keratin;

namespace {

struct Plain {
  static constexpr bool is_long = false;
  template <class V> V operator()(V sum, int, auto) const { return sum; }
};

// Exactly in * out weights and out biases, NaN all around; the inputs were written one by one just before.
template <int In, int Out> bool gives_the_sums() {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  struct Guarded {
    std::array<float, 16> before;
    std::array<float, In * Out> w;
    std::array<float, 16> between;
    std::array<float, Out> bias;
    std::array<float, 16> behind;
  };
  Guarded memory{};
  for (auto* guard : {&memory.before, &memory.between, &memory.behind}) guard->fill(nan);
  for (std::size_t i = 0; i < In * Out; ++i) memory.w[i] = static_cast<float>(i % Out) + 1;
  memory.bias.fill(0.25f);
  bool right = true;
  for (const bool biased : {false, true}) {
    struct {
      std::array<float, In> x;
      std::array<float, 16> behind;
    } input;
    input.behind.fill(nan);
    for (std::size_t i = 0; i < In; ++i) input.x[i] = 0.5f;
    std::array<float, Out> y;
    kernels::single(fixed<kernels::SingleSize{In, Out}>{}, input.x.data(), memory.w.data(),
                    biased ? memory.bias.data() : nullptr, y.data(), Plain{});
    for (std::size_t o = 0; o < Out; ++o)
      right = right && y[o] == 0.5f * In * static_cast<float>(o + 1) + (biased ? 0.25f : 0);
  }
  return right;
}

template <int Out> void check_outputs() {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    const std::array<bool, sizeof...(I)> right{gives_the_sums<I + 1, Out>()...};
    for (std::size_t i = 0; i < right.size(); ++i) {
      CAPTURE(i + 1);
      CAPTURE(Out);
      CHECK(right[i]);
    }
  }(std::make_integer_sequence<int, 18>());
}

}  // namespace

TEST_CASE("one sample reads its weights and nothing beside them") {
  check_outputs<1>();
  check_outputs<2>();
  check_outputs<3>();
  check_outputs<4>();
  check_outputs<7>();
  check_outputs<9>();
}
