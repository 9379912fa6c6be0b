#pragma once
// Lambda: a layer of the user's own two functions.
#include <keratin/core/array.hpp>
#include <keratin/functional/tensor.hpp>

#include <array>
#include <functional>
#include <span>
#include <utility>

namespace keratin::functional {

/// What a Lambda makes: a shape, or a function of those that come in; by default that of its first input.
class OutputShape {
 public:
  OutputShape() = default;
  OutputShape(const Shape& shape) : of_([shape](const Shapes&) { return shape; }) {}
  template <class F>
    requires std::is_invocable_r_v<Shape, F, const Shapes&>
  OutputShape(F f) : of_(std::move(f)) {}

  Shape operator()(const Shapes& in) const { return of_ ? of_(in) : in[0]; }

 private:
  std::function<Shape(const Shapes&)> of_;
};

namespace detail {

using In = std::span<const float>;
using Out = std::span<float>;

/// The functions of one sample, for any number of inputs.
struct LambdaFunctions {
  std::function<void(std::span<const In> x, Out y)> forward{};
  std::function<void(std::span<const In> x, In y, In dy, std::span<const Out> dx)> backward{};
  OutputShape shape{};
  bool merges = false;
};

class LambdaNode final : public Node {
 public:
  explicit LambdaNode(LambdaFunctions f) : f_(std::move(f)) {}

  const char* type() const override { return "Lambda"; }
  bool takes(int inputs) const override { return f_.merges || inputs == 1; }
  bool has_backward() const override { return static_cast<bool>(f_.backward); }
  Fit fit(const Shapes& in) const override { return f_.shape(in); }
  LayerPlan plan(const Shapes& in, int index, Mode) const override {
    return {.type = type(),
            .inputs = index - 1,
            .in = in[0],
            .out = f_.shape(in),
            .traits = {.writes_over_gradient = false, .knows_samples = true, .by_sample = true},
            .head = index,
            .intermediate = values(in) + size(f_.shape(in))};
  }
  Parameters parameters(const Shapes&) const override { return {}; }
  ActivationFunction activation() const override { return {}; }
  std::size_t scratch(const Shapes& in, int, bool lanes) const override {
    return lanes ? 2 * group_of<Lanes>(values(in) + size(f_.shape(in))) : values(in);
  }
  void forward(const Place& at, const Forward<float>& c) const override { call(at.in, c); }
  void forward(const Place& at, const Forward<float, One>& c) const override { call(at.in, c); }
  void forward(const Place& at, const Forward<Lanes>& c) const override { call(at.in, c); }
  void backward(const Place& at, const Backward<float>& c, GradientSink<float>&) const override {
    call_back(at.in, c);
  }
  void backward(const Place& at, const Backward<Lanes>& c, GradientSink<float>&) const override {
    call_back(at.in, c);
  }
  std::shared_ptr<const Node> fused_with(const Node&, int, bool) const override { return nullptr; }
  std::shared_ptr<const Node> without_activation() const override {
    return std::make_shared<LambdaNode>(*this);
  }

 private:
  template <class S> using Each = std::array<S, max_inputs>;

  static std::size_t size(const Shape& s) { return static_cast<std::size_t>(s.elements()); }
  static std::size_t values(const Shapes& in) {
    std::size_t n = 0;
    for (const Shape& s : in) n += size(s);
    return n;
  }
  template <class T> static constexpr std::size_t group_of(std::size_t n) { return n * Unit<T>::samples; }

  // Rows of samples of the group-th T: where they are, or out of Lanes into `room`, which moves on.
  template <class T>
  static const float* rows(const T* from, std::size_t n, std::size_t group, int samples, float*& room) {
    if constexpr (Unit<T>::samples == 1) {
      return from + group * n;
    } else {
      float* const to = room;
      kernels::lanes_to_rows(from + group * n, n, samples, to);
      room += group_of<T>(n);
      return to;
    }
  }
  // The place for such rows, and, where it is another one than `to`, the way back. A lane without a sample
  // gets what the last sample has: that is as finite as anything; or zeros.
  template <class T> static float* place(T* to, std::size_t n, std::size_t group, float*& room) {
    if constexpr (Unit<T>::samples == 1) {
      if (to) return to + group * n;
      return std::exchange(room, room + n);  // nobody wants it
    } else {
      return std::exchange(room, room + group_of<T>(n));
    }
  }
  template <class T>
  static void put_back(float* rows, std::size_t n, std::size_t group, int samples, bool zeros, T* to) {
    if constexpr (Unit<T>::samples > 1) {
      if (!to) return;
      for (int s = samples; s < Unit<T>::samples; ++s) {
        float* const row = rows + static_cast<std::size_t>(s) * n;
        if (zeros)
          std::fill_n(row, n, 0.f);
        else
          std::copy_n(row - n, n, row);
      }
      load_samples(Array(rows, group_of<T>(n)), n, {.n = Unit<T>::samples}, to + group * n);
    }
  }
  // f(group, samples in it) for every T.
  template <class T> static void each_group(int count, int samples, auto f) {
    constexpr int L = Unit<T>::samples;
    for (int g = 0; g < count; ++g) f(static_cast<std::size_t>(g), L > 1 ? std::min(L, samples - g * L) : 1);
  }
  template <class S> static Each<S> of_sample(const auto& rows, const Shapes& in, int s) {
    Each<S> all;
    for (int i = 0; i < in.count; ++i)
      all[static_cast<std::size_t>(i)] = S(rows[i] + static_cast<std::size_t>(s) * size(in[i]), size(in[i]));
    return all;
  }

  template <class T, class Count> void call(const Shapes& in, const Forward<T, Count>& c) const {
    const std::size_t out = size(f_.shape(in)), inputs = static_cast<std::size_t>(in.count);
    each_group<T>(c.count, c.run.samples, [&](std::size_t group, int samples) {
      float* room = scalars(c.intermediate);
      PerInput<const float*> x;
      for (int i = 0; i < in.count; ++i) x.add(rows(c.input(i), size(in[i]), group, samples, room));
      float* const y = place(c.y, out, group, room);
      for (int s = 0; s < samples; ++s)
        f_.forward(std::span(of_sample<In>(x, in, s).data(), inputs),
                   Out(y + static_cast<std::size_t>(s) * out, out));
      put_back(y, out, group, samples, false, c.y);
    });
  }
  template <class T> void call_back(const Shapes& in, const Backward<T>& c) const {
    const std::size_t out = size(f_.shape(in)), inputs = static_cast<std::size_t>(in.count);
    each_group<T>(c.count, c.run.samples, [&](std::size_t group, int samples) {
      float* room = c.scratch;
      PerInput<const float*> x;
      PerInput<float*> dx;
      for (int i = 0; i < in.count; ++i) {
        x.add(rows(c.input(i), size(in[i]), group, samples, room));
        dx.add(place(c.input_gradient(i), size(in[i]), group, room));
        std::fill_n(dx[i], static_cast<std::size_t>(samples) * size(in[i]), 0.f);
      }
      const float* const y = rows(c.y, out, group, samples, room);
      const float* const dy = rows(static_cast<const T*>(c.dy), out, group, samples, room);
      for (int s = 0; s < samples; ++s) {
        const std::size_t at = static_cast<std::size_t>(s) * out;
        f_.backward(std::span(of_sample<In>(x, in, s).data(), inputs), In(y + at, out), In(dy + at, out),
                    std::span(of_sample<Out>(dx, in, s).data(), inputs));
      }
      for (int i = 0; i < in.count; ++i)
        put_back(dx[i], size(in[i]), group, samples, true, c.input_gradient(i));
    });
  }

  LambdaFunctions f_;
};

}  // namespace detail

/// A layer of your own functions, of one sample:
///   forward(x, y)            std::span<const float> x, std::span<float> y: writes y
///   backward(x, y, dy, dx)   the last a std::span<float>: adds to dx, zeros at first
/// or, for several inputs, with spans of spans for x and dx: std::span<const std::span<const float>> x,
/// std::span<const std::span<float>> dx. They may be called from several threads at once. Without `backward`
/// (nullptr) the layer predicts, and layers behind it may be trained; compile() refuses, with
/// std::invalid_argument, to train those before it. Keras: Lambda.
template <class F, class B = std::nullptr_t>
Layer Lambda(std::string_view name, F forward, B backward = nullptr, OutputShape shape = {}) {
  using detail::In, detail::Out;
  constexpr bool one = std::is_invocable_v<const F&, In, Out>, differentiable = !std::is_null_pointer_v<B>;
  detail::LambdaFunctions f{.shape = std::move(shape), .merges = !one};
  if constexpr (one) {
    f.forward = [forward](std::span<const In> x, Out y) { forward(x[0], y); };
    if constexpr (differentiable) {
      static_assert(std::is_invocable_v<const B&, In, In, In, Out>,
                    "keratin: Lambda's backward takes x, y, dy and dx");
      f.backward = [backward](std::span<const In> x, In y, In dy, std::span<const Out> dx) {
        backward(x[0], y, dy, dx[0]);
      };
    }
  } else {
    static_assert(std::is_invocable_v<const F&, std::span<const In>, Out>,
                  "keratin: Lambda's forward takes the input, or a span of inputs, and the output");
    f.forward = std::move(forward);
    if constexpr (differentiable) {
      static_assert(std::is_invocable_v<const B&, std::span<const In>, In, In, std::span<const Out>>,
                    "keratin: Lambda's backward takes the span of inputs, y, dy and that of their gradients");
      f.backward = std::move(backward);
    }
  }
  return Layer(
      std::make_shared<SharedLayer>(std::make_shared<detail::LambdaNode>(std::move(f)), std::string(name)));
}

}  // namespace keratin::functional
