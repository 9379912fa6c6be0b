#pragma once
#include <keratin/initializers/initializer.hpp>

namespace keratin {

/// The kernel (steps, 1, bins) of a Conv1D that computes one side of a short-time Fourier transform. Keras:
/// STFT(side, window, scaling, periodic).
template <STFTSide Side = STFTSide::real, STFTWindow Window = STFTWindow::hann,
          STFTScaling Scaling = STFTScaling::density, bool Periodic = false>
struct STFT {
  static constexpr Initializer value{
      Distribution::stft, Fan::none, 0, 0, false, {Side, Window, Scaling, Periodic}};
};

}  // namespace keratin
