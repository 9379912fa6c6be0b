#pragma once
// What the library has to match: jobs written by hand for fixed shapes, here those of Dense layers. Single
// operations on a vector are the library's; layouts, register tiles and loops are this file's own.
#include <keratin/kernels/math.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace by_hand {

namespace kernels = keratin::kernels;
using kernels::broadcast, kernels::load, kernels::pin, kernels::store;
using V = kernels::Vec<float>;

inline constexpr int L = keratin::lanes<float>;
#if defined __AVX512F__ || defined __aarch64__
inline constexpr int accumulators = 24;  // of 32 registers
#else
inline constexpr int accumulators = 12;  // of 16
#endif

// f<size>(start) for nearly equal pieces of N, each at most Max.
template <int N, int Max> [[gnu::always_inline]] inline void in_pieces(auto f) {
  constexpr int pieces = (N + Max - 1) / Max, small = N / pieces, large_ones = N % pieces;
  if constexpr (large_ones > 0)
    for (int i = 0; i < large_ones; ++i) f.template operator()<small + 1>(i * (small + 1));
  for (int i = large_ones; i < pieces; ++i) f.template operator()<small>(i * small + large_ones);
}

// z[n] = start(n) + x * w for one sample, N vectors of outputs, w [In][N * L]. At least 8 sums run at a time.
template <int In, int N>
[[gnu::always_inline]] inline void row_times_matrix(const float* x, const float* w, auto start, V (&z)[N]) {
  constexpr int sums = In > 128 ? accumulators * 2 / 3 : 8;
  in_pieces<N, accumulators>([&]<int M>(int first) __attribute__((always_inline)) {
    constexpr int split = static_cast<int>(std::bit_ceil((sums + M - 1u) / M));
    static_assert(In % split == 0);
    V sum[split][M] = {};
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m) sum[0][m] = start(first + m);
#pragma GCC unroll 4
    for (int i = 0; i < In; i += split)
#pragma GCC unroll 32
      for (int s = 0; s < split; ++s) {
        const V value = pin(broadcast<V>(x[i + s]));
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m) sum[s][m] += value * load(w + ((i + s) * N + first + m) * L);
      }
#pragma GCC unroll 32
    for (int apart = split / 2; apart > 0; apart /= 2)
#pragma GCC unroll 32
      for (int s = 0; s < apart; ++s)
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m) sum[s][m] += sum[s + apart][m];
#pragma GCC unroll 32
    for (int m = 0; m < M; ++m) z[first + m] = sum[0][m];
  });
}

// Vector n of an array.
inline auto vectors_of(const float* p) {
  return [p](int n) __attribute__((always_inline)) { return load(p + n * L); };
}

// Of every four lanes those that Pick names: 0 to 3 are x's, 4 to 7 y's.
template <int... Pick> [[gnu::always_inline]] inline V mix(V x, V y) {
  constexpr int pick[] = {Pick...};
  return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
    return __builtin_shufflevector(x, y, (I / 4 * 4 + pick[I % 4] % 4 + pick[I % 4] / 4 * L)...);
  }(std::make_integer_sequence<int, L>());
}
// Lanes 0 to 3 are the sums of a, b, c and d.
[[gnu::always_inline]] inline V four_sums(V a, V b, V c, V d) {
  const V ab = mix<0, 4, 1, 5>(a, b) + mix<2, 6, 3, 7>(a, b),
          cd = mix<0, 4, 1, 5>(c, d) + mix<2, 6, 3, 7>(c, d);
  return kernels::fold<4>(mix<0, 1, 4, 5>(ab, cd) + mix<2, 3, 6, 7>(ab, cd),
                          [](V p, V q) __attribute__((always_inline)) { return p + q; });
}

[[gnu::always_inline]] inline V relu(V x) { return kernels::max(x, V{}); }

// z becomes softmax(z); returns log sum e^z.
template <int N> [[gnu::always_inline]] inline float softmax(V (&z)[N]) {
  V top = z[0], sum = {};
  for (int n = 1; n < N; ++n) top = kernels::max(top, z[n]);
  const float largest = kernels::largest(top);
  for (int n = 0; n < N; ++n) sum += z[n] = kernels::exp(z[n] - largest);
  const float total = kernels::sum(sum);
  for (int n = 0; n < N; ++n) z[n] *= 1 / total;
  return std::log(total) + largest;
}

// Moves the next n values.
inline void take(const float*& values, float* to, int n) {
  std::copy_n(values, n, to);
  values += n;
}

/// 784-32-10, relu and softmax: trained with Adam on batches of 32, or asked for one sample.
class Mlp {
 public:
  static constexpr int in = 784, hidden = 32, classes = 10, batch = 32;

  /// Takes weights in Keras's order.
  void set_weights(const float* values) {
    take(values, w1_.value, in * hidden);
    take(values, b1_.value, hidden);
    for (int h = 0; h < hidden; ++h) take(values, w2_.value + h * padded, classes);
    std::fill_n(b2_.value, padded, -1e30f);  // the padding's probability is 0
    take(values, b2_.value, classes);
  }

  /// p: room for 10 probabilities and padding up to whole vectors.
  [[gnu::noinline]] void predict(const float* x, float* p) const {
    V h[hidden / L], z[outputs];
    alignas(64) float activated[hidden];
    row_times_matrix<in>(x, w1_.value, vectors_of(b1_.value), h);
#pragma GCC unroll 8
    for (int n = 0; n < hidden / L; ++n) store(activated + n * L, relu(h[n]));
    row_times_matrix<hidden>(activated, w2_.value, vectors_of(b2_.value), z);
    softmax(z);
    for (int n = 0; n < outputs; ++n) store(p + n * L, z[n]);
  }

  /// One step on the images order[0 .. batch), those of the `next` step or null; the sum of their losses.
  float train(const std::uint8_t* images, const std::uint8_t* labels, const std::uint32_t* order,
              const std::uint32_t* next) {
    ++step_;
    rate_ = static_cast<float>(1e-3 * std::sqrt(1 - std::pow(0.999, step_)) / (1 - std::pow(0.9, step_)));
    gather(images, order, next);
    forward();
    const float loss = output_gradient(labels, order);
    backward();
    return loss;
  }

 private:
  static constexpr int outputs = (classes + L - 1) / L, padded = outputs * L;

  template <int N> struct Parameter {
    alignas(64) float value[N] = {}, m[N] = {}, v[N] = {};
  };

  // A product of Rows x Columns summed over Depth steps, handed on as f(row, column, vector). In the left
  // operand rows are Row apart and steps Step; in the right one a step is a row.
  template <int Rows, int Columns, int Depth, int Row, int Step>
  [[gnu::always_inline]] static void product(const float* left, const float* right, auto f) {
    in_pieces<Columns / L, 2>([&]<int N>(int vector) __attribute__((always_inline)) {
      in_pieces<Rows, accumulators / 2>([&]<int M>(int row) __attribute__((always_inline)) {
        V sum[M][N] = {};
        const float *l = left + row * Row, *r = right + vector * L;
        for (int k = 0; k < Depth; ++k, l += Step, r += Columns) {
          V b[N];
#pragma GCC unroll 32
          for (int n = 0; n < N; ++n) b[n] = pin(load(r + n * L));
#pragma GCC unroll 32
          for (int m = 0; m < M; ++m) {
            const V a = pin(broadcast<V>(l[m * Row]));
#pragma GCC unroll 32
            for (int n = 0; n < N; ++n) sum[m][n] += a * b[n];
          }
        }
#pragma GCC unroll 32
        for (int m = 0; m < M; ++m)
#pragma GCC unroll 32
          for (int n = 0; n < N; ++n) f(row + m, (vector + n) * L, sum[m][n]);
      });
    });
  }

  template <int N> [[gnu::always_inline]] void adam(Parameter<N>& p, int i, V gradient) const {
    V w = load(p.value + i), m = load(p.m + i), v = load(p.v + i);
    m += (gradient - m) * 0.1f;
    v += (gradient * gradient - v) * 0.001f;
    store(p.m + i, m);
    store(p.v + i, v);
    store(p.value + i, w - rate_ * m / (kernels::sqrt(v) + 1e-7f));
  }

  // Images lie scattered over 47 MB: those of the next step are fetched meanwhile.
  [[gnu::noinline]] void gather(const std::uint8_t* images, const std::uint32_t* order,
                                const std::uint32_t* next) {
    for (int b = 0; b < batch; ++b) {
      const std::uint8_t* const image = images + order[b] * in;
      for (int i = 0; next && i < in; i += 64) __builtin_prefetch(images + next[b] * in + i, 0, 2);
      for (int i = 0; i < in; ++i) x_[b * in + i] = static_cast<float>(image[i]) * (1 / 255.f);
    }
  }
  [[gnu::noinline]] void forward() {
    product<batch, hidden, in, in, 1>(x_, w1_.value,
                                      [this](int b, int n, V h) __attribute__((always_inline)) {
                                        store(h_ + b * hidden + n, relu(h + load(b1_.value + n)));
                                      });
    product<batch, padded, hidden, hidden, 1>(h_, w2_.value,
                                              [this](int b, int n, V z) __attribute__((always_inline)) {
                                                store(z_ + b * padded + n, z + load(b2_.value + n));
                                              });
  }
  // The gradient of the mean crossentropy takes the logits' place.
  [[gnu::noinline]] float output_gradient(const std::uint8_t* labels, const std::uint32_t* order) {
    float loss = 0;
    for (int b = 0; b < batch; ++b) {
      float* const row = z_ + b * padded;
      float* const target = row + labels[order[b]];
      V z[outputs];
      for (int n = 0; n < outputs; ++n) z[n] = load(row + n * L);
      const float logit = *target;
      loss += softmax(z) - logit;
      for (int n = 0; n < outputs; ++n) store(row + n * L, z[n] * (1.f / batch));
      *target -= 1.f / batch;
    }
    return loss;
  }
  [[gnu::noinline]] void backward() {
    for (int h = 0; h < hidden; ++h)
      for (int o = 0; o < padded; ++o) w2_transposed_[o * hidden + h] = w2_.value[h * padded + o];
    product<batch, hidden, padded, padded, 1>(
        z_, w2_transposed_, [this](int b, int n, V d) __attribute__((always_inline)) {
          store(dh_ + b * hidden + n, load(h_ + b * hidden + n) > 0 ? d : V{});
        });
    learn<hidden, padded>(h_, z_, w2_, b2_);
    learn<in, hidden>(x_, dh_, w1_, b1_);
  }
  // The gradient of a weight matrix never leaves its registers.
  template <int In, int Out>
  [[gnu::always_inline]] void learn(const float* x, const float* d, Parameter<In * Out>& w,
                                    Parameter<Out>& b) {
    product<In, Out, batch, 1, In>(
        x, d, [&](int i, int n, V g) __attribute__((always_inline)) { adam(w, i * Out + n, g); });
    for (int n = 0; n < Out; n += L) {
      V sum = {};
      for (int s = 0; s < batch; ++s) sum += load(d + s * Out + n);
      adam(b, n, sum);
    }
  }

  Parameter<in * hidden> w1_;
  Parameter<hidden> b1_;
  Parameter<hidden * padded> w2_;
  Parameter<padded> b2_;
  alignas(64) float x_[batch * in], h_[batch * hidden], dh_[batch * hidden], z_[batch * padded],
      w2_transposed_[padded * hidden];
  float rate_ = 0;
  int step_ = 0;
};

/// 16-64-64-4 with tanh on both hidden layers: one sample.
class TanhMlp {
 public:
  static constexpr int in = 16, hidden = 64, out = 4;

  /// Takes weights in Keras's order.
  void set_weights(const float* values) {
    take(values, w1_, in * hidden);
    take(values, b1_, hidden);
    take(values, w2_, hidden * hidden);
    take(values, b2_, hidden);
    for (int h = 0; h < hidden; ++h)
      for (int o = 0; o < out; ++o) take(values, &w3_[o][h], 1);
    take(values, b3_, out);
  }

  // The last layer is narrow: its vectors run along the inputs, which are still in their registers.
  [[gnu::noinline]] void predict(const float* x, float* y) const {
    V z[hidden / L], sum[out] = {};
    alignas(64) float h[hidden];
    row_times_matrix<in>(x, w1_, vectors_of(b1_), z);
#pragma GCC unroll 16
    for (int n = 0; n < hidden / L; ++n) store(h + n * L, kernels::tanh(z[n]));
    row_times_matrix<hidden>(h, w2_, vectors_of(b2_), z);
#pragma GCC unroll 16
    for (int n = 0; n < hidden / L; ++n) {
      const V t = kernels::tanh(z[n]);
#pragma GCC unroll 4
      for (int o = 0; o < out; ++o) sum[o] += t * load(w3_[o] + n * L);
    }
    const V total = four_sums(sum[0], sum[1], sum[2], sum[3]) + load(b3_);
    std::memcpy(y, &total, out * sizeof(float));
  }

 private:
  alignas(64) float w1_[in * hidden], b1_[hidden], w2_[hidden * hidden], b2_[hidden], w3_[out][hidden],
      b3_[L];
};

}  // namespace by_hand
