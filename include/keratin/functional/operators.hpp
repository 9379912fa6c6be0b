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
// An axis of a sample that has so many, counted from 0.
inline int axis_of(const char* operation, const Tensor& x, int axis, int axes) {
  const int a = axis < 0 ? axis + axes : axis - 1;
  if (a < 0 || a >= axes)
    throw std::invalid_argument(
        Text(operation, ": axis ", axis, " of a shape ", x.shape(), " came, from 1 to ", axes, " wanted")
            .c_str());
  return a;
}
inline int axis_of(const char* operation, const Tensor& x, int axis) {
  return axis_of(operation, x, axis, x.shape().rank);
}
template <Reduction Kind> Tensor reduced(const Tensor& x, std::initializer_list<int> axes, bool keepdims) {
  ReduceSpec<Kind> spec{.keepdims = keepdims};
  for (const int axis : axes) spec.axes |= 1u << axis_of(spec.name, x, axis);
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

/// The values of an axis from the last to the first. Keras: ops.flip.
inline Tensor flip(const Tensor& x, int axis = -1) {
  const int a = detail::axis_of("flip", x, axis);
  SliceSpec spec{.count = a + 1};
  spec.slices[static_cast<std::size_t>(a)] = {-1, Slice::whole, -1};
  return x.unmasked().then(spec);
}

/// The same values in another shape, of which one extent may be -1. Keras: ops.reshape.
inline Tensor reshape(const Tensor& x, const Shape& shape) { return x.unmasked().then(ReshapeSpec(shape)); }
/// The axes in another order: transpose(x, {2, 1}) is Keras's ops.transpose(x, (0, 2, 1)).
inline Tensor transpose(const Tensor& x, const Shape& axes) { return x.unmasked().then(PermuteSpec{axes}); }
/// One axis more, of extent 1, which is this one then. Keras: ops.expand_dims.
inline Tensor expand_dims(const Tensor& x, int axis = -1) {
  const Shape& in = x.shape();
  const int a = detail::axis_of("expand_dims", x, axis, in.rank + 1);
  Shape out;
  for (int i = 0; i <= in.rank && i < Shape::max_rank; ++i)
    out.extent[i] = i == a ? 1 : in[i < a ? i : i - 1];
  out.rank = in.rank + 1;
  return reshape(x, out);
}
/// Without an axis, which has to be of extent 1. Keras: ops.squeeze.
inline Tensor squeeze(const Tensor& x, int axis = -1) {
  const Shape& in = x.shape();
  const int a = detail::axis_of("squeeze", x, axis);
  if (in[a] != 1 || in.rank == 1)
    throw std::invalid_argument(
        Text("squeeze: axis ", axis, " of a shape ", in, " came, one of extent 1 beside others wanted")
            .c_str());
  Shape out;
  for (int i = 0; i < in.rank; ++i)
    if (i != a) out.extent[out.rank++] = in[i];
  return reshape(x, out);
}

/// One behind the other along an axis. Keras: ops.concatenate.
inline Tensor concatenate(std::vector<Tensor> tensors, int axis = -1) {
  for (Tensor& x : tensors) x = x.unmasked();
  return Layer(ConcatenateSpec{axis})(std::move(tensors));
}
/// One beside the other along a new axis. Keras: ops.stack.
inline Tensor stack(std::vector<Tensor> tensors, int axis = -1) {
  for (Tensor& x : tensors) x = expand_dims(x, axis);
  return concatenate(std::move(tensors), axis);
}
/// The product of two matrices. Keras: ops.matmul.
inline Tensor matmul(const Tensor& a, const Tensor& b) {
  if (a.shape().rank != 2 || b.shape().rank != 2 || a.shape()[1] != b.shape()[0])
    throw std::invalid_argument(
        Text("matmul: shapes ", a.shape(), " and ", b.shape(), " came, (n, k) and (k, m) wanted").c_str());
  return detail::merged(Layer(DotSpec{.axes = {2, 1}}), a, b);
}

/// The first half along an axis times the sigmoid of the second one. Keras: activations.glu.
inline Tensor glu(const Tensor& x, int axis = -1) {
  const int a = detail::axis_of("glu", x, axis);
  if (x.shape()[a] % 2 != 0)
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

/// Value by value the larger, or the smaller, of two. Keras: ops.maximum, minimum.
inline Tensor maximum(const Tensor& a, const Tensor& b) { return detail::merged(Layer(MaximumSpec{}), a, b); }
inline Tensor minimum(const Tensor& a, const Tensor& b) { return detail::merged(Layer(MinimumSpec{}), a, b); }
inline Tensor maximum(const Tensor& x, double c) { return threshold(x, c, c); }
inline Tensor maximum(double c, const Tensor& x) { return maximum(x, c); }
inline Tensor minimum(const Tensor& x, double c) { return -maximum(-x, -c); }
inline Tensor minimum(double c, const Tensor& x) { return minimum(x, c); }
/// What is outside of a range becomes its end. Keras: ops.clip.
inline Tensor clip(const Tensor& x, double x_min, double x_max) { return minimum(maximum(x, x_min), x_max); }

}  // namespace keratin::functional
