#pragma once
// Windows that slide over an image: what convolutions and pooling do.
#include <array>
#include <numeric>
#include <string_view>

namespace keratin {

/// valid: windows inside the input only. same: ceil(in / stride) outputs, what is missing padded half before
/// and half behind, the odd one behind. causal: all of it before. Keras: padding.
enum class Padding : unsigned char { valid, same, causal };
constexpr std::array<std::string_view, 3> names_of(Padding) { return {"valid", "same", "causal"}; }

/// A size for each spatial axis.
template <int Rank> using Sizes = std::array<int, Rank>;

/// One spatial axis under a window: output o meets the inputs o * stride + k * dilation - before, k < size.
struct WindowAxis {
  int in = 1, out = 1, size = 1, stride = 1, dilation = 1, before = 0;

  constexpr WindowAxis() = default;
  constexpr WindowAxis(int n, int window, int s, int d, Padding padding)
      : in(n), size(window), stride(s), dilation(d) {
    const int reach = (window - 1) * d + 1;
    out = padding == Padding::valid ? (n < reach ? 0 : (n - reach) / s + 1) : (n - 1) / s + 1;
    if (padding == Padding::causal) before = reach - 1;
    if (padding == Padding::same) {
      const int past = n - 1 - (out - 1) * s;  // the last window's first element
      before = past < reach ? (reach - 1 - past) / 2 : 0;
    }
  }
  /// The input that element k of output o's window meets; outside 0 .. in it is padding.
  constexpr int input(int o, int k) const { return o * stride + k * dilation - before; }
  /// The output whose window has input i as its element k, -1 if there is none.
  constexpr int output(int i, int k) const {
    const int at = i + before - k * dilation;
    return at < 0 || at % stride != 0 || at / stride >= out ? -1 : at / stride;
  }
  /// Output o's window meets the input in the elements first(o) .. end(o).
  constexpr int first(int o) const {
    const int outside = before - o * stride;
    return outside > 0 ? (outside + dilation - 1) / dilation : 0;
  }
  constexpr int end(int o) const {
    const int room = in - 1 - (o * stride - before);
    return room < 0 ? 0 : (room / dilation < size - 1 ? room / dilation + 1 : size);
  }
  /// The elements of windows that meet input i: `element`, `element` + `step`, ... below `size`, in those of
  /// `output`, `output` - `back`, ..., as far as there are such outputs.
  struct Meets {
    int element, step, output, back;
  };
  constexpr Meets meets(int i) const {
    int k = 0;
    while (k < size && (i + before - k * dilation) % stride != 0) ++k;
    const int shared = std::gcd(stride, dilation);
    return {k, stride / shared, (i + before - k * dilation) / stride, dilation / shared};
  }
  /// The extent of the input with its padding, without what no window meets.
  constexpr int padded() const { return (out - 1) * stride + (size - 1) * dilation + 1; }
  /// Whether windows meet padding.
  constexpr bool meets_padding() const { return inner_first() > 0 || inner_end() < out; }
  /// The outputs inner_first() .. inner_end() have their whole window inside the input.
  constexpr int inner_first() const {
    const int o = before / stride + (before % stride > 0);
    return o < out ? o : out;
  }
  constexpr int inner_end() const {
    const int room = in - 1 + before - (size - 1) * dilation;
    const int o = room < 0 ? 0 : room / stride + 1;
    return o < inner_first() ? inner_first() : (o < out ? o : out);
  }
};

/// Windows over a volume; an image is a volume of depth 1, a sequence an image of height 1.
struct Window {
  WindowAxis d{}, h{}, w{};
  int channels = 0;  // of the input
};

}  // namespace keratin
