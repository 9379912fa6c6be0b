#pragma once
// By hand, as in ../by_hand.hpp: recurrent and convolutional networks, one sample or one voice at a time.
#include "../by_hand.hpp"

namespace by_hand {

// Columns of all gates in vectors: the whole vectors of a gate side by side for each vector of units, then
// the rests of all gates, which share vectors.
template <int Gates, int Units> struct Packed {
  static constexpr int whole = Units / L, rest = Units % L;
  static constexpr int rest_lanes = rest > 0 ? static_cast<int>(std::bit_ceil(unsigned{rest})) : 0;
  static constexpr int vectors = Gates * whole + (Gates * rest_lanes + L - 1) / L;
  static constexpr int unit_vectors = whole + (rest > 0), padded_units = unit_vectors * L;

  static constexpr int column(int gate, int unit) {
    return unit < whole * L ? (unit / L * Gates + gate) * L + unit % L
                            : Gates * whole * L + gate * rest_lanes + unit - whole * L;
  }
  // Vector j of a gate's units; garbage behind the last of them.
  template <int Gate, int J> [[gnu::always_inline]] static V get(const V (&z)[vectors]) {
    if constexpr (J < whole) {
      return z[J * Gates + Gate];
    } else {
      constexpr int lane = Gate * rest_lanes;
      return kernels::rotate<lane % L>(z[Gates * whole + lane / L]);
    }
  }
  // f<j>() for each vector of units.
  [[gnu::always_inline]] static void for_units(auto f) {
    [&]<int... J>(std::integer_sequence<int, J...>) __attribute__((always_inline)) {
      (f.template operator()<J>(), ...);
    }(std::make_integer_sequence<int, unit_vectors>());
  }
  // z = bias + x * kernel + h * recurrent, x a single feature.
  [[gnu::always_inline]] static void sums(float x, const float* kernel, const float* h,
                                          const float* recurrent, const float* bias, V (&z)[vectors]) {
    row_times_matrix<Units>(
        h, recurrent,
        [&](int n) __attribute__((always_inline)) { return load(bias + n * L) + x * load(kernel + n * L); },
        z);
  }
  // Keras's rows of all gates' columns, each gate with a factor of its own.
  static void take_columns(const float*& values, float* to, const float (&factor)[Gates]) {
    for (int g = 0; g < Gates; ++g)
      for (int u = 0; u < Units; ++u) to[column(g, u)] = *values++ * factor[g];
  }
};

// sigmoid x of tanh(x / 2): the weights of such gates are halved beforehand, and one tanh serves all gates.
[[gnu::always_inline]] inline V sigmoid_of(V t) { return t * 0.5f + 0.5f; }

/// LSTM of one feature and Dense(1), a step at a time.
template <int Units> class Lstm {
  using P = Packed<4, Units>;

 public:
  void set_weights(const float* values) {
    constexpr float half[] = {0.5f, 0.5f, 1, 0.5f};
    P::take_columns(values, kernel_, half);
    for (int u = 0; u < Units; ++u) P::take_columns(values, recurrent_ + u * columns, half);
    P::take_columns(values, bias_, half);
    take(values, dense_, Units);
    dense_bias_ = *values;
  }
  [[gnu::noinline]] float step(float x) {
    V z[P::vectors], y = {};
    P::sums(x, kernel_, h_, recurrent_, bias_, z);
#pragma GCC unroll 32
    for (V& v : z) v = kernels::tanh(v);
    P::for_units([&]<int J>() __attribute__((always_inline)) {
      const V carry = sigmoid_of(P::template get<1, J>(z)) * load(carry_ + J * L) +
                      sigmoid_of(P::template get<0, J>(z)) * P::template get<2, J>(z);
      const V h = sigmoid_of(P::template get<3, J>(z)) * kernels::tanh(carry);
      store(carry_ + J * L, carry);
      store(h_ + J * L, h);
      y += h * load(dense_ + J * L);
    });
    return kernels::sum(y) + dense_bias_;
  }

 private:
  static constexpr int columns = P::vectors * L;
  alignas(64) float kernel_[columns] = {}, recurrent_[Units * columns] = {}, bias_[columns] = {},
                    dense_[P::padded_units] = {}, h_[P::padded_units] = {}, carry_[P::padded_units] = {};
  float dense_bias_ = 0;
};

/// GRU (reset_after) of one feature and Dense(1), a step at a time.
template <int Units> class Gru {
  using P = Packed<3, Units>;

 public:
  void set_weights(const float* values) {
    constexpr float half[] = {0.5f, 0.5f, 1};
    const float* const fresh = values + 2 * Units;
    P::take_columns(values, kernel_, half);
    std::copy_n(fresh, Units, fresh_kernel_);
    for (int u = 0; u < Units; ++u) P::take_columns(values, recurrent_ + u * columns, half);
    const float* const input_bias = values;
    alignas(64) float of_input[columns] = {};
    P::take_columns(values, of_input, half);
    P::take_columns(values, bias_, half);
    std::copy_n(input_bias + 2 * Units, Units, fresh_bias_);
    for (int g = 0; g < 2; ++g)
      for (int u = 0; u < Units; ++u) bias_[P::column(g, u)] += of_input[P::column(g, u)];
    for (int u = 0; u < Units; ++u) kernel_[P::column(2, u)] = 0;
    take(values, dense_, Units);
    dense_bias_ = *values;
  }
  [[gnu::noinline]] float step(float x) {
    V z[P::vectors], gate[P::vectors], y = {};
    P::sums(x, kernel_, h_, recurrent_, bias_, z);
#pragma GCC unroll 32
    for (int n = 0; n < P::vectors; ++n) gate[n] = kernels::tanh(z[n]);
    P::for_units([&]<int J>() __attribute__((always_inline)) {
      const V input = x * load(fresh_kernel_ + J * L) + load(fresh_bias_ + J * L);
      const V fresh =
          kernels::tanh(sigmoid_of(P::template get<1, J>(gate)) * P::template get<2, J>(z) + input);
      const V h = fresh + sigmoid_of(P::template get<0, J>(gate)) * (load(h_ + J * L) - fresh);
      store(h_ + J * L, h);
      y += h * load(dense_ + J * L);
    });
    return kernels::sum(y) + dense_bias_;
  }

 private:
  static constexpr int columns = P::vectors * L;
  alignas(64) float kernel_[columns] = {}, recurrent_[Units * columns] = {}, bias_[columns] = {},
                    fresh_kernel_[P::padded_units] = {},
                    fresh_bias_[P::padded_units] = {}, dense_[P::padded_units] = {}, h_[P::padded_units] = {};
  float dense_bias_ = 0;
};

// sum[m][n] += x[m * apart] * w[n]: N vectors of filters against M positions.
template <int M, int N>
[[gnu::always_inline]] inline void add_outer(V (&sum)[M][N], const float* x, int apart, const float* w) {
  V weights[N];
#pragma GCC unroll 4
  for (int n = 0; n < N; ++n) weights[n] = pin(load(w + n * L));
#pragma GCC unroll 32
  for (int m = 0; m < M; ++m) {
    const V factor = broadcast<V>(x[m * apart]), value = N > 1 ? pin(factor) : factor;
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[m][n] += value * weights[n];
  }
}

/// Four causal convolutions with 16 filters of 3, dilated by 1, 2, 4 and 8, with tanh, and Dense(1): blocks
/// of 64 steps.
class Temporal {
 public:
  static constexpr int block = 64, filters = 16;

  void set_weights(const float* values) {
    for (int l = 0; l < 4; ++l) {
      take(values, kernel_[l], 3 * (l == 0 ? 1 : filters) * filters);
      take(values, bias_[l], filters);
    }
    take(values, dense_, filters);
    dense_bias_ = *values;
  }
  [[gnu::noinline]] void process(const float* x, float* y) {
    for (float(&line)[(past + block) * filters] : line_)
      std::copy_n(line + block * filters, past * filters, line);
    std::copy_n(input_ + block, past, input_);
    std::copy_n(x, block, input_ + past);
    convolution<1, 1>(0, input_, line_[0]);
    convolution<filters, 2>(1, line_[0], line_[1]);
    convolution<filters, 4>(2, line_[1], line_[2]);
    convolution<filters, 8>(3, line_[2], line_[3]);
    const float* last = line_[3] + past * filters;
    for (int t = 0; t < block; t += 4, last += 4 * filters) {
      V sum[4] = {};
#pragma GCC unroll 4
      for (int s = 0; s < 4; ++s)
#pragma GCC unroll 4
        for (int n = 0; n < vectors; ++n) sum[s] += load(last + s * filters + n * L) * load(dense_ + n * L);
      const V four = four_sums(sum[0], sum[1], sum[2], sum[3]) + dense_bias_;
      std::memcpy(y + t, &four, 4 * sizeof(float));
    }
  }

 private:
  static constexpr int vectors = filters / L, past = 16;

  template <int In, int Dilation>
  [[gnu::always_inline]] void convolution(int l, const float* from, float* to) {
    in_pieces<block, vectors == 1 ? 8 : 12 / vectors>([&]<int T>(int first) __attribute__((always_inline)) {
      V sum[T][vectors];
#pragma GCC unroll 32
      for (int t = 0; t < T; ++t)
#pragma GCC unroll 4
        for (int n = 0; n < vectors; ++n) sum[t][n] = load(bias_[l] + n * L);
      const float* w = kernel_[l];
      for (int k = 0; k < 3; ++k) {
        const float* const x = from + (past + first - (2 - k) * Dilation) * In;
        for (int c = 0; c < In; ++c, w += filters) add_outer(sum, x + c, In, w);
      }
#pragma GCC unroll 32
      for (int t = 0; t < T; ++t)
#pragma GCC unroll 4
        for (int n = 0; n < vectors; ++n)
          store(to + (past + first + t) * filters + n * L, kernels::tanh(sum[t][n]));
    });
  }

  alignas(64) float kernel_[4][3 * filters * filters], bias_[4][filters], dense_[filters];
  alignas(64) float input_[past + block] = {}, line_[4][(past + block) * filters] = {};
  float dense_bias_ = 0;
};

/// 28 x 28 - 8 filters of 3 x 3, relu, pooled - 16 filters of 3 x 3, relu, pooled - 10, softmax: one image.
/// What the pooling drops is never computed.
class Cnn {
  static constexpr int image = 28, classes = 10;
  static constexpr int first_filters = 8, second_filters = 16, first_side = 13, second_side = 5;
  static constexpr int together = L > first_filters ? L / first_filters : 1;  // positions in one vector
  static constexpr int first_vectors = first_filters * together / L, second_vectors = second_filters / L;
  static constexpr int outputs = (classes + L - 1) / L;
  static constexpr int flat = second_side * second_side * second_filters;

 public:
  void set_weights(const float* values) {
    for (int k = 0; k < 9; ++k) take_repeated(values, first_kernel_[k]);
    take_repeated(values, first_bias_);
    take(values, second_kernel_, 9 * first_filters * second_filters);
    take(values, second_bias_, second_filters);
    for (int i = 0; i < flat; ++i)
      for (int o = 0; o < classes; ++o) take(values, &dense_[o][i], 1);
    std::fill(std::begin(dense_bias_), std::end(dense_bias_), -1e30f);  // the padding's probability is 0
    take(values, dense_bias_, classes);
  }

  /// x: 784 values and room for a vector behind them; p: room for 10 probabilities and padding up to whole
  /// vectors.
  [[gnu::noinline]] void predict(const float* x, float* p) {
    first(x);
    second();
    V sum[12] = {}, z[outputs];
    alignas(64) float sums[16] = {};
    for (int i = 0; i < flat; i += L) {
      const V v = load(second_ + i);
#pragma GCC unroll 10
      for (int o = 0; o < classes; ++o) sum[o] += v * load(dense_[o] + i);
    }
#pragma GCC unroll 3
    for (int o = 0; o < 12; o += 4) {
      const V four = four_sums(sum[o], sum[o + 1], sum[o + 2], sum[o + 3]);
      std::memcpy(sums + o, &four, 4 * sizeof(float));
    }
    for (int n = 0; n < outputs; ++n) z[n] = load(sums + n * L) + load(dense_bias_ + n * L);
    softmax(z);
    for (int n = 0; n < outputs; ++n) store(p + n * L, z[n]);
  }

 private:
  // A row of first_filters values, as often as positions share a vector.
  static void take_repeated(const float*& values, float* to) {
    for (int d = 1; d < together; ++d) std::copy_n(values, first_filters, to + d * first_filters);
    take(values, to, first_filters);
  }
  // q[0], and where a vector holds two positions q[1] behind it, each once for every filter.
  [[gnu::always_inline]] static V pixels(const float* q) {
    if constexpr (together == 1) {
      return broadcast<V>(*q);
    } else {
      const V v = load(q);
      return [&]<int... I>(std::integer_sequence<int, I...>) __attribute__((always_inline)) {
        return __builtin_shufflevector(v, v, (I / first_filters)...);
      }(std::make_integer_sequence<int, L>());
    }
  }
  [[gnu::always_inline]] void first(const float* x) {
    constexpr int columns = 2 / together;
    for (int n = 0; n < first_vectors; ++n) {
      V w[9];
#pragma GCC unroll 9
      for (int k = 0; k < 9; ++k) w[k] = pin(load(first_kernel_[k] + n * L));
      const V bias = load(first_bias_ + n * L);
      for (int r = 0; r < first_side; ++r)
        for (int c = 0; c < first_side; ++c) {
          const float* const corner = x + 2 * r * image + 2 * c;
          V sum[2][columns];
#pragma GCC unroll 4
          for (int i = 0; i < 2 * columns; ++i) sum[i / columns][i % columns] = bias;
#pragma GCC unroll 4
          for (int i = 0; i < 4; ++i)
#pragma GCC unroll 4
            for (int j = 0; j < 2 + columns; ++j) {
              const V value = pin(pixels(corner + i * image + j));
#pragma GCC unroll 4
              for (int s = 0; s < 2 * columns; ++s) {
                const int up = i - s / columns, left = j - s % columns;
                if (up >= 0 && up < 3 && left >= 0 && left < 3)
                  sum[s / columns][s % columns] += value * w[up * 3 + left];
              }
            }
          V top = kernels::max(sum[0][0], sum[1][0]);
          if (columns == 2) top = kernels::max(top, kernels::max(sum[0][columns - 1], sum[1][columns - 1]));
          if constexpr (together == 2) top = kernels::max(top, kernels::rotate<L / 2>(top));
          top = relu(top);
          std::memcpy(first_ + (r * first_side + c) * first_filters + n * L, &top,
                      std::min(L, first_filters) * sizeof(float));
        }
    }
  }
  // A row of outputs at a time; the upper one of two waits for the lower.
  [[gnu::always_inline]] void second() {
    constexpr int most = std::min(second_side, accumulators / 2 / second_vectors);
    for (int r = 0; r < 2 * second_side; ++r)
      in_pieces<second_side, most>([&]<int Pairs>(int pair) __attribute__((always_inline)) {
        V sum[2 * Pairs][second_vectors];
#pragma GCC unroll 32
        for (int m = 0; m < 2 * Pairs; ++m)
#pragma GCC unroll 4
          for (int n = 0; n < second_vectors; ++n) sum[m][n] = load(second_bias_ + n * L);
        const float* w = second_kernel_;
        for (int k = 0; k < 3; ++k) {
          const float* x = first_ + ((r + k) * first_side + 2 * pair) * first_filters;
          for (int j = 0; j < 3 * first_filters; ++j, ++x, w += second_filters)
            add_outer(sum, x, first_filters, w);
        }
#pragma GCC unroll 32
        for (int m = 0; m < Pairs; ++m)
#pragma GCC unroll 4
          for (int n = 0; n < second_vectors; ++n) {
            float* const upper = row_ + (pair + m) * second_filters + n * L;
            const V top = kernels::max(sum[2 * m][n], sum[2 * m + 1][n]);
            if (r % 2 == 0)
              store(upper, top);
            else
              store(second_ + (r / 2 * second_side + pair + m) * second_filters + n * L,
                    relu(kernels::max(load(upper), top)));
          }
      });
  }

  alignas(64) float first_kernel_[9][first_filters * together], first_bias_[first_filters * together],
      second_kernel_[9 * first_filters * second_filters], second_bias_[second_filters], dense_[classes][flat],
      dense_bias_[outputs * L], row_[second_side * second_filters], second_[flat];
  alignas(64) float first_[first_side * first_side * first_filters + L];
};

}  // namespace by_hand
