#pragma once
// Operators and functions of symbolic tensors. Axes count the samples as axis 0, as in Keras; -1 is the last.
#include <keratin/functional/tensor.hpp>
#include <keratin/layers/operators.hpp>

#include <initializer_list>

namespace keratin::functional {

// Of two tensors: their shapes broadcast. Masks go through layers alone, as in Keras.
namespace detail {
inline Tensor merged(const Layer& layer, const Tensor& a, const Tensor& b) {
  return layer(a.unmasked(), b.unmasked());
}
}  // namespace detail
inline Tensor operator+(const Tensor& a, const Tensor& b) { return detail::merged(Layer(AddSpec{}), a, b); }
inline Tensor operator-(const Tensor& a, const Tensor& b) {
  return detail::merged(Layer(SubtractSpec{}), a, b);
}
inline Tensor operator*(const Tensor& a, const Tensor& b) {
  return detail::merged(Layer(MultiplySpec{}), a, b);
}
inline Tensor operator/(const Tensor& a, const Tensor& b) {
  return detail::merged(Layer(DivideSpec{}), a, b);
}

// Of a tensor and a number.
inline Tensor rescaled(const Tensor& x, double scale, double offset) {
  return x.unmasked().then(RescalingSpec{.scale = scale, .offset = offset});
}
inline Tensor power(const Tensor& x, double exponent) {
  return x.unmasked().then(PowerSpec{.exponent = exponent});
}
inline Tensor operator+(const Tensor& x, double c) { return rescaled(x, 1, c); }
inline Tensor operator+(double c, const Tensor& x) { return rescaled(x, 1, c); }
inline Tensor operator-(const Tensor& x, double c) { return rescaled(x, 1, -c); }
inline Tensor operator-(double c, const Tensor& x) { return rescaled(x, -1, c); }
inline Tensor operator-(const Tensor& x) { return rescaled(x, -1, 0); }
inline Tensor operator*(const Tensor& x, double c) { return rescaled(x, c, 0); }
inline Tensor operator*(double c, const Tensor& x) { return rescaled(x, c, 0); }
inline Tensor operator/(const Tensor& x, double c) { return rescaled(x, 1 / c, 0); }
inline Tensor operator/(double c, const Tensor& x) { return rescaled(power(x, -1), c, 0); }

namespace detail {
template <Reduction Kind> Tensor reduced(const Tensor& x, std::initializer_list<int> axes, bool keepdims) {
  ReduceSpec<Kind> spec{.keepdims = keepdims};
  const int rank = x.shape().rank;
  for (const int axis : axes) {
    const int a = axis < 0 ? axis + rank : axis - 1;
    if (a < 0 || a >= rank)
      throw std::invalid_argument(
          Text(spec.name, ": axis ", axis, " of a shape ", x.shape(), " came, from 1 to ", rank, " wanted")
              .c_str());
    spec.axes |= 1u << a;
  }
  return x.then(spec);
}
}  // namespace detail

/// Along some axes, or along all of a sample. Keras: ops.sum, mean, max, min.
inline Tensor sum(const Tensor& x, std::initializer_list<int> axes = {}, bool keepdims = false) {
  return detail::reduced<Reduction::sum>(x, axes, keepdims);
}
inline Tensor mean(const Tensor& x, std::initializer_list<int> axes = {}, bool keepdims = false) {
  return detail::reduced<Reduction::mean>(x, axes, keepdims);
}
inline Tensor max(const Tensor& x, std::initializer_list<int> axes = {}, bool keepdims = false) {
  return detail::reduced<Reduction::max>(x, axes, keepdims);
}
inline Tensor min(const Tensor& x, std::initializer_list<int> axes = {}, bool keepdims = false) {
  return detail::reduced<Reduction::min>(x, axes, keepdims);
}

/// Some indices of the first axes behind that of the samples: slice(x, {{0, 10}, {-1, Slice::whole, -1}}) is
/// Keras's x[:, 0:10, ::-1]. Error: more slices than axes, or an empty one.
inline Tensor slice(const Tensor& x, std::initializer_list<Slice> slices) {
  SliceSpec spec{.count = static_cast<int>(slices.size())};
  std::copy_n(slices.begin(), std::min(slices.size(), spec.slices.size()), spec.slices.begin());
  return x.then(spec);
}

/// The first half along an axis times the sigmoid of the second one. Keras: activations.glu.
inline Tensor glu(const Tensor& x, int axis = -1) {
  const int rank = x.shape().rank, a = axis < 0 ? axis + rank : axis - 1;
  if (a < 0 || a >= rank || x.shape()[a] % 2 != 0)
    throw std::invalid_argument(
        Text("glu: axis ", axis, " of a shape ", x.shape(), " came, one of an even extent wanted").c_str());
  const auto half = [&](int begin, int end) {
    SliceSpec spec{.count = a + 1};
    spec.slices[static_cast<std::size_t>(a)] = {begin, end};
    return x.unmasked().then(spec);
  };
  const int middle = x.shape()[a] / 2;
  return half(0, middle) * half(middle, Slice::whole).then(ActivationSpec{Sigmoid{}});
}
/// x where it is above the threshold, elsewhere a value. Keras: activations.threshold.
inline Tensor threshold(const Tensor& x, double threshold, double default_value) {
  return x.unmasked().then(ThresholdSpec{threshold, default_value});
}

}  // namespace keratin::functional
