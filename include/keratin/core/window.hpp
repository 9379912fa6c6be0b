#pragma once
// Windows that slide over an image: what convolutions and pooling do.
#include <array>
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
    const int missing = (out - 1) * s + reach - n;
    if (padding == Padding::causal) before = reach - 1;
    if (padding == Padding::same && missing > 0) before = missing / 2;
  }
  /// The input that element k of output o's window meets; outside 0 .. in it is padding.
  constexpr int input(int o, int k) const { return o * stride + k * dilation - before; }
  /// Output o's window meets the input in the elements first(o) .. end(o).
  constexpr int first(int o) const {
    const int outside = before - o * stride;
    return outside > 0 ? (outside + dilation - 1) / dilation : 0;
  }
  constexpr int end(int o) const {
    const int room = in - 1 - (o * stride - before);
    return room < 0 ? 0 : (room / dilation < size - 1 ? room / dilation + 1 : size);
  }
  /// The outputs inner_first() .. inner_end() have their whole window inside the input.
  constexpr int inner_first() const {
    const int o = (before + stride - 1) / stride;
    return o < out ? o : out;
  }
  constexpr int inner_end() const {
    const int room = in - 1 + before - (size - 1) * dilation;
    const int o = room < 0 ? 0 : room / stride + 1;
    return o < inner_first() ? inner_first() : (o < out ? o : out);
  }
};

/// Windows over an image; a sequence is an image of height 1.
struct Window {
  WindowAxis h{}, w{};
  int channels = 0;  // of the input
};

}  // namespace keratin
