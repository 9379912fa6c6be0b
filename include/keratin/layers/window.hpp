#pragma once
// What convolutions and pooling share: the rules for their windows, and the options that set them.
#include <keratin/core/window.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

inline constexpr Rule causal_is_for_Conv1D{"causal padding is for Conv1D only"};
inline constexpr Rule needs_sequence_TxC{"needs a sequence: (steps, channels)"};
inline constexpr Rule needs_image_HxWxC{"needs an image: (height, width, channels)"};
inline constexpr Rule needs_volume_DxHxWxC{"needs a volume: (depth, height, width, channels)"};
inline constexpr Rule needs_sizes_of_at_least_1{"sizes, strides and dilation must be at least 1"};
inline constexpr Rule has_strides_and_dilation{"strides and dilation cannot both be above 1"};
inline constexpr Rule window_is_larger_than_the_input{"the window is larger than the input"};

/// The rule that an input breaks which has not Rank axes and its channels.
template <int Rank> constexpr const Rule& needs_axes() {
  return Rank == 1 ? needs_sequence_TxC : Rank == 2 ? needs_image_HxWxC : needs_volume_DxHxWxC;
}
/// What a layer is called, by its rank.
template <int Rank> constexpr const char* name_of(const char* of_1, const char* of_2, const char* of_3 = "") {
  return Rank == 1 ? of_1 : Rank == 2 ? of_2 : of_3;
}

/// The windows, for an input that breaks no rule.
template <int Rank>
constexpr Window window_of(Shape in, const Sizes<Rank>& size, const Sizes<Rank>& strides,
                           const Sizes<Rank>& dilation, Padding padding) {
  Window window;
  window.channels = in.last();
  const auto axis = [&](std::size_t a) {
    return WindowAxis(in[static_cast<int>(a)], size[a], strides[a], dilation[a], padding);
  };
  window.w = axis(Rank - 1);
  if constexpr (Rank > 1) window.h = axis(Rank - 2);
  if constexpr (Rank > 2) window.d = axis(Rank - 3);
  return window;
}
/// One value a window and channel.
template <int Rank> constexpr Shape output_shape(const Window& window) {
  if constexpr (Rank == 1)
    return {window.w.out, window.channels};
  else if constexpr (Rank == 2)
    return {window.h.out, window.w.out, window.channels};
  else
    return {window.d.out, window.h.out, window.w.out, window.channels};
}
/// The sizes of a kernel, and two more extents.
template <int Rank> constexpr Shape kernel_shape(const Sizes<Rank>& size, int before_last, int last) {
  if constexpr (Rank == 1)
    return {size[0], before_last, last};
  else if constexpr (Rank == 2)
    return {size[0], size[1], before_last, last};
  else
    return {size[0], size[1], size[2], before_last, last};
}
/// Whether sizes along an axis are such that nothing overflows.
constexpr bool usable_sizes(int size, int stride, int dilation) {
  return size >= 1 && stride >= 1 && dilation >= 1 && (std::int64_t{size} - 1) * dilation < INT32_MAX / 2;
}
/// Whether a layer steps over outputs and spreads its kernel, which Keras refuses.
template <int Rank>
constexpr bool strides_and_dilates(const Sizes<Rank>& strides, const Sizes<Rank>& dilation) {
  const auto above_1 = [](const Sizes<Rank>& sizes) {
    return std::any_of(sizes.begin(), sizes.end(), [](int n) { return n > 1; });
  };
  return above_1(strides) && above_1(dilation);
}
/// The shape of one value a window and channel, or the rule that the input or the sizes break. Sizes<1> looks
/// at sequences, Sizes<2> at images, Sizes<3> at volumes.
template <int Rank>
constexpr Fit window_fit(Shape in, const Sizes<Rank>& size, const Sizes<Rank>& strides,
                         const Sizes<Rank>& dilation, Padding padding, bool may_be_causal = false) {
  if (padding == Padding::causal && !may_be_causal) return causal_is_for_Conv1D;
  if (in.rank != Rank + 1) return needs_axes<Rank>();
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    if (!usable_sizes(size[axis], strides[axis], dilation[axis])) return needs_sizes_of_at_least_1;
    const std::int64_t padded = in[static_cast<int>(axis)] + (std::int64_t{size[axis]} - 1) * dilation[axis];
    if (padding != Padding::valid && padded > INT32_MAX) return more_than_2_31_elements;
    if (WindowAxis(in[static_cast<int>(axis)], size[axis], strides[axis], dilation[axis], padding).out < 1)
      return window_is_larger_than_the_input;
  }
  return output_shape<Rank>(window_of<Rank>(in, size, strides, dilation, padding));
}

namespace detail {
// One number for all axes, or one for each.
template <std::size_t Rank, int... N> constexpr std::array<int, Rank> per_axis() {
  constexpr int given[] = {N...};
  std::array<int, Rank> sizes{};
  for (std::size_t axis = 0; axis < Rank; ++axis) sizes[axis] = given[sizeof...(N) == 1 ? 0 : axis];
  return sizes;
}
template <class Field, int... N>
inline constexpr bool fits_axes = sizeof...(N) == 1 || sizeof...(N) == std::tuple_size_v<Field>;
}  // namespace detail

/// Kernel<3>, Kernel<3, 5>: one size for all axes, or one for each. Keras: kernel_size.
template <int... N> struct Kernel {
  using sets = struct kernel_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.kernel_size), N...>)
  static constexpr void apply(Spec& spec) {
    spec.kernel_size = detail::per_axis<std::tuple_size_v<decltype(Spec{}.kernel_size)>, N...>();
  }
};
/// PoolSize<2>, PoolSize<2, 3>. Keras: pool_size.
template <int... N> struct PoolSize {
  using sets = struct pool_size_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.pool_size), N...>)
  static constexpr void apply(Spec& spec) {
    spec.pool_size = detail::per_axis<std::tuple_size_v<decltype(Spec{}.pool_size)>, N...>();
  }
};
/// Strides<2>, Strides<1, 2>. Keras: strides.
template <int... N> struct Strides {
  using sets = struct strides_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.strides), N...>)
  static constexpr void apply(Spec& spec) {
    spec.strides = detail::per_axis<std::tuple_size_v<decltype(Spec{}.strides)>, N...>();
  }
};
/// Dilation<2>. Keras: dilation_rate.
template <int... N> struct Dilation {
  using sets = struct dilation_option;
  template <class Spec>
    requires(detail::fits_axes<decltype(Spec{}.dilation_rate), N...>)
  static constexpr void apply(Spec& spec) {
    spec.dilation_rate = detail::per_axis<std::tuple_size_v<decltype(Spec{}.dilation_rate)>, N...>();
  }
};
/// Keras: padding="same".
struct Same {
  KERATIN_SETS(padding, Padding::same)
};
/// Keras: padding="causal", for Conv1D: no output sees what comes later.
struct Causal {
  using sets = struct padding_option;
  template <class Spec>
    requires(Spec::may_be_causal)
  static constexpr void apply(Spec& spec) {
    spec.padding = Padding::causal;
  }
};

}  // namespace keratin
