#pragma once
// The kernel of a short-time Fourier transform, which the initializer STFT writes.
#include <keratin/core/named_enum.hpp>
#include <keratin/core/text.hpp>

#include <algorithm>
#include <array>
#include <cmath>

namespace keratin {

enum class STFTSide : unsigned char { real, imag };
constexpr std::array<std::string_view, 2> names_of(STFTSide) { return {"real", "imag"}; }
/// Those of scipy.signal that are sums of cosines; none: no window.
enum class STFTWindow : unsigned char {
  hann,
  hamming,
  blackman,
  nuttall,
  blackmanharris,
  flattop,
  boxcar,
  none
};
constexpr std::array<std::string_view, 8> names_of(STFTWindow) {
  return {"hann", "hamming", "blackman", "nuttall", "blackmanharris", "flattop", "boxcar", "none"};
}
/// The window is divided by its length as a vector, by its sum, or not.
enum class STFTScaling : unsigned char { density, spectrum, none };
constexpr std::array<std::string_view, 3> names_of(STFTScaling) { return {"density", "spectrum", "none"}; }

namespace detail {

struct STFTKernel {
  STFTSide side{};
  STFTWindow window{};
  STFTScaling scaling{};
  bool periodic = false;  // the window is one of a step more, without its last value

  constexpr bool operator==(const STFTKernel&) const = default;

  double window_at(int step, int steps) const {
    constexpr double cosines[][5] = {{0.5, 0.5},
                                     {0.54, 0.46},
                                     {0.42, 0.5, 0.08},
                                     {0.3635819, 0.4891775, 0.1365995, 0.0106411},
                                     {0.35875, 0.48829, 0.14128, 0.01168},
                                     {0.21557895, 0.41663158, 0.277263158, 0.083578947, 0.006947368}};
    if (window == STFTWindow::none || window == STFTWindow::boxcar || steps == 1) return 1;
    double sum = 0, sign = 1;
    for (int k = 0; k < 5; ++k, sign = -sign)
      sum += sign * cosines[static_cast<std::size_t>(window)][k] *
             std::cos(2 * pi * k * step / (periodic ? steps : steps - 1));
    return sum;
  }
  // values: of a weight (steps, 1, bins), e^(-i pi step bin / (bins - 1)) times the window.
  template <class S> void fill(Shape shape, S* values) const {
    if (shape.rank != 3 || shape[1] != 1 || shape[2] < 2) {
      std::fill_n(values, shape.size(), S{0});
      return report(Text("STFT got a weight of ", shape, ", (steps, 1, bins) wanted, with two bins or more"));
    }
    const int steps = shape[0], bins = shape[2];
    double sum = 0, squares = 0;
    for (int t = 0; t < steps; ++t) {
      const double w = window_at(t, steps);
      sum += std::fabs(w), squares += w * w;
    }
    const bool scales = window != STFTWindow::none;
    const double scale = scales && scaling == STFTScaling::density    ? std::sqrt(squares)
                         : scales && scaling == STFTScaling::spectrum ? sum
                                                                      : 1;
    for (int t = 0; t < steps; ++t)
      for (int f = 0; f < bins; ++f) {
        const double angle = -pi * t * f / (bins - 1);
        *values++ = static_cast<S>((side == STFTSide::real ? std::cos(angle) : std::sin(angle)) *
                                   window_at(t, steps) / scale);
      }
  }

  static constexpr double pi = 3.14159265358979323846;
};

}  // namespace detail
}  // namespace keratin
