// error: shapes_do_not_fit<.*layer<1>, Halve, .*got<4, 3>, needs_an_even_number, .*wants<4, 4>>
// title: a rule of your own layer
// meaning: A layer outside the library has rules of its own. Halve takes an even last extent, and says which would
//   fit.
// fix: See the text of the rule, in the header of that layer.
#include <keratin/keratin.hpp>
using namespace keratin;

// Adds the values of the last axis up in pairs.
inline constexpr Rule needs_an_even_number{"needs an even number of values"};

struct HalveSpec {
  static constexpr const char* name = "Halve";
  constexpr Fit fit(Shape in) const {
    if (in.last() % 2 != 0) return {needs_an_even_number, in.with_last(in.last() + 1)};
    return in.with_last(in.last() / 2);
  }
  struct Geometry {
    int n;
  };
  constexpr Geometry geometry(Shape in) const { return {in.size()}; }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const std::ptrdiff_t n = static_cast<std::ptrdiff_t>(c.count) * g.n / 2;
    for (std::ptrdiff_t i = 0; i < n; ++i) c.y[i] = c.x[2 * i] + c.x[2 * i + 1];
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    for (std::ptrdiff_t i = 0; c.dx && i < static_cast<std::ptrdiff_t>(c.count) * g.n; ++i) c.dx[i] = c.dy[i / 2];
  }
};
struct Halve : layer_of<Halve, HalveSpec> {
  static constexpr HalveSpec spec{};
};

#ifdef TWIN
using Net = Sequential<Input<4, 6>, Halve, Flatten, Halve, Dense<10>>;
#else
using Net = Sequential<Input<4, 6>, Halve, Halve, Flatten, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
