#pragma once
// Dropout: in training, zeroes values at random and scales the others up, so that their mean stays.
#include <keratin/layers/layer.hpp>

namespace keratin {

inline constexpr Rule needs_a_rate_from_0_to_1{"the rate must be from 0 to 1"};

/// Keras: Dropout. Keeps a value with probability 1 - rate, times 1 / (1 - rate); rate 1 gives zeros. Which
/// values stay depends on the seed, the step, the layer and the value's place in the batch. Backward draws
/// them again instead of storing them.
struct DropoutSpec {
  double rate = 0;

  static constexpr const char* name = "Dropout";
  static constexpr const char* arguments = "rate";

  constexpr Fit fit(Shape in) const {
    if (!(rate >= 0 && rate <= 1)) return needs_a_rate_from_0_to_1;
    return in;
  }
  constexpr Traits traits() const {
    return {.reads_input = false,
            .reads_output = false,
            .in_place = true,
            .only_in_training = true,
            .pointwise = true,
            .writes_over_gradient = false};
  }

  struct Geometry {
    int size;
    double rate;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size(), rate}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    drop<T>(geometry, c.count, c.x, c.y, c.run.random);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    if (c.dx) drop<T>(geometry, c.count, c.dy, c.dx, c.run.random);
  }

 private:
  template <class T> static void drop(const Geometry& g, int count, const T* x, T* y, const Random& random) {
    using S = Scalar<T>;
    constexpr int L = Unit<T>::samples;
    const S* in = reinterpret_cast<const S*>(x);
    S* out = reinterpret_cast<S*>(y);
    const S scale = g.rate < 1 ? static_cast<S>(1 / (1 - g.rate)) : S{0};
    const auto below = static_cast<std::uint64_t>(g.rate * 4294967296.0);
    const auto draw = [&](std::uint32_t word, std::ptrdiff_t i) {
      out[i] = word >= below ? in[i] * scale : S{0};
    };
    const std::ptrdiff_t size = g.size, values = std::ptrdiff_t{count} * L * size;
    if constexpr (L == 1) {
      for (std::ptrdiff_t i = 0; i < values; i += 4) {
        const Words words = random.block(static_cast<std::uint32_t>(i / 4));
        for (std::size_t w = 0; w < 4 && i + static_cast<std::ptrdiff_t>(w) < values; ++w)
          draw(words[w], i + static_cast<std::ptrdiff_t>(w));
      }
    } else {  // value e of sample s has the same number as above, wherever it lies
      for (std::ptrdiff_t u = 0; u < count; ++u)
        for (std::ptrdiff_t e = 0; e < size; ++e)
          for (std::ptrdiff_t l = 0; l < L; ++l)
            draw(random.word(static_cast<std::uint64_t>((u * L + l) * size + e)), (u * size + e) * L + l);
    }
  }
};

/// Dropout<0.5>. Also an option of layers that drop values inside.
template <double Rate> struct Dropout : layer_of<Dropout<Rate>, DropoutSpec> {
  static constexpr DropoutSpec spec{Rate};
  KERATIN_SETS(dropout, Rate)
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::DropoutSpec, rate);
