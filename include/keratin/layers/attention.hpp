#pragma once
// Attention: every step of a query takes a weighted sum of the steps of a value; the weights are a softmax of
// how well the query's step goes with each step of a key. An input that is left out is the one before it: a
// layer with one input attends to itself.
#include <keratin/kernels/matrices.hpp>
#include <keratin/layers/dense.hpp>
#include <keratin/layers/normalization.hpp>
#include <keratin/layers/regularization.hpp>
#include <keratin/layers/window.hpp>

#include <bit>

namespace keratin {

inline constexpr Rule needs_query_value_and_key{
    "needs a query, and perhaps a value and a key: 1 to 3 inputs"};
inline constexpr Rule needs_heads_of_width_1{"needs at least 1 head, and heads of a width of at least 1"};
inline constexpr Rule needs_as_many_keys_as_values{"a key needs as many steps as the value"};
inline constexpr Rule needs_query_and_key_of_one_width{"query and key must have the same width"};
inline constexpr Rule needs_heads_in_equal_groups{"every key and value head must serve as many query heads"};
namespace functional {  // met by graphs only
inline constexpr Rule needs_a_mask_for_its_scores{
    "a mask needs a value for each step, an attention mask one for each step of the query and of the key"};
}  // namespace functional

/// No step looks at later ones. Keras: use_causal_mask=True, in the call.
struct CausalMask {
  KERATIN_SETS(use_causal_mask, true)
};
/// Steps look at those less than so many away: SlidingWindow<8>. Keras: sliding_window.
template <int Steps> struct SlidingWindow {
  KERATIN_SETS(sliding_window, Steps)
};
/// What the heads make is multiplied by gates, sigmoids of a projection of the query. Keras: use_gate=True.
struct Gate {
  KERATIN_SETS(use_gate, true)
};
/// The width of a value's head, where that is not the key's: ValueDim<8>. Keras: value_dim.
template <int Width> struct ValueDim {
  KERATIN_SETS(value_dim, Width)
};
/// How well a query goes with a key: their product, or the sum of tanh(query + key). Keras: score_mode.
enum class ScoreMode : unsigned char { dot, concat };
constexpr std::array<std::string_view, 2> names_of(ScoreMode) { return {"dot", "concat"}; }
/// Keras: score_mode="concat".
struct ConcatScores {
  KERATIN_SETS(score_mode, ScoreMode::concat)
};
/// Scores have a factor that is learned, or have none. Keras: use_scale.
struct ScaledScores {
  KERATIN_SETS(use_scale, true)
};
struct NoScaledScores {
  KERATIN_SETS(use_scale, false)
};

namespace detail {

/// What attention needs to know once there are queries, keys and values.
struct AttentionSize {
  int rows, columns;  // steps of the query; of key and value
  int heads, groups;  // of the query; of key and value, where each serves heads / groups
  int key, value;     // widths of a head
  double scale, dropout;
  bool causal;
  int window;  // 0: none
  // Masked weights are zeros; otherwise a row whose columns are all masked has equal ones.
  bool zeroes;
  bool constant = true;          // the gradient does not go through masked scores
  bool returns_dropped = false;  // of the weights, those that a dropout leaves
  // Which inputs are masks, -1 if none: of rows, of columns by value and by key, of pairs of them.
  int row_mask = -1, column_mask = -1, key_mask = -1, pair_mask = -1;

  constexpr int pairs() const { return rows * columns; }
  constexpr bool masked() const {
    return causal || window > 0 || row_mask >= 0 || column_mask >= 0 || key_mask >= 0 || pair_mask >= 0;
  }
};

/// The weights of one sample and head, a row for each step of the query.
template <class T> struct AttentionWeights {
  using S = Scalar<T>;
  using Row = RowVectors<T>;
  using V = typename Row::V;
  const AttentionSize& g;
  std::ptrdiff_t sample;
  const T *row_mask, *column_mask, *key_mask, *pair_mask;
  Random random;

  AttentionWeights(const AttentionSize& size, std::ptrdiff_t s, const auto& context)
      : g(size), sample(s), random(context.run.random) {
    const auto mask = [&](int input, int n) { return input < 0 ? nullptr : context.input(input) + s * n; };
    row_mask = mask(g.row_mask, g.rows);
    column_mask = mask(g.column_mask, g.columns);
    key_mask = mask(g.key_mask, g.columns);
    pair_mask = mask(g.pair_mask, g.pairs());
    random.purpose = random_dropout;
  }

  void forward(T* scores) const {
    if (g.masked()) set_masked(scores, std::numeric_limits<S>::lowest() / 2);
    Softmax::forward(scores, scores, g.rows, g.columns);
    if (g.masked() && g.zeroes) set_masked(scores, 0);
  }
  void backward(const T* weights, T* d) const {
    Softmax::backward(weights, d, d, g.rows, g.columns);
    if (g.masked() && g.constant && !g.zeroes) set_masked(d, 0);
  }
  // Some of them to 0, chosen at random, the others larger; the same at every call. to may be `from`.
  void drop(int head, const T* from, T* to) const {
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    const Kept<S> kept(g.dropout);
    for (std::ptrdiff_t l = 0; l < L; ++l) {
      const std::ptrdiff_t first = ((random.first + sample * L + l) * g.heads + head) * ((g.pairs() + 3) / 4);
      for (std::ptrdiff_t i = 0; i < g.pairs(); i += 4) {
        const Words words = random.block(static_cast<std::uint32_t>(first + i / 4));
        for (std::size_t w = 0; w < 4 && i + static_cast<std::ptrdiff_t>(w) < g.pairs(); ++w) {
          const std::ptrdiff_t at = (i + static_cast<std::ptrdiff_t>(w)) * L + l;
          scalars(to)[at] = scalars(from)[at] * kept(words[w]);
        }
      }
    }
  }

 private:
  void set_masked(T* values, S value) const {
    const V otherwise = kernels::broadcast<V>(value);
    for (std::ptrdiff_t r = 0; r < g.rows; ++r)
      Row::each(g.columns, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        T* const p = values + r * g.columns + i;
        V v = Row::load(p, part);
        const auto keep = [&](V mask) { v = mask != 0 ? v : otherwise; };
        if (row_mask) keep(Row::kept(row_mask + r));
        if (column_mask) keep(Row::load(column_mask + i, part));
        if (key_mask) keep(Row::load(key_mask + i, part));
        if (pair_mask) keep(Row::load(pair_mask + r * g.columns + i, part));
        V behind = kernels::broadcast<V>(static_cast<S>(i - r));  // columns behind the row's own
        if constexpr (!Row::across) behind += kernels::iota<V>();
        const V window = kernels::broadcast<V>(static_cast<S>(g.window));
        if (g.causal) v = behind > 0 ? otherwise : v;
        if (g.window > 0) v = behind >= window ? otherwise : v;
        if (g.window > 0) v = -behind >= window ? otherwise : v;
        Row::store(p, v, part);
      });
  }
};

/// Of one sample: o = weights v, for each head; score(head, weights) makes the scores that they are made of.
/// With `keeps` the heads' weights are left behind one another, otherwise the next head's lie over them.
template <class T>
void attend(const AttentionSize& g, const AttentionWeights<T>& weights, auto score, const T* v, T* w,
            bool keeps, T* dropped, T* o) {
  for (int h = 0; h < g.heads; ++h, w += keeps ? g.pairs() : 0) {
    score(h, w);
    weights.forward(w);
    if (dropped) weights.drop(h, w, dropped);
    kernels::multiply<false, T>({g.rows, g.columns, g.value}, 1, {dropped ? dropped : w, g.columns},
                                {v + h / (g.heads / g.groups) * g.value, g.groups * g.value},
                                {o + h * g.value, g.heads * g.value});
  }
}
/// From d, o's gradient, to those of v and, by score(head, gradient of its scores), of all that made them.
/// dw: room for the latter; dweights: the gradient of the weights themselves, or null.
template <class T>
void attend_backward(const AttentionSize& g, const AttentionWeights<T>& weights, auto score, const T* v,
                     const T* w, const T* d, const T* dweights, T* dw, T* dropped, T* dv) {
  using S = Scalar<T>;
  for (int h = 0; h < g.heads; ++h, w += g.pairs()) {
    const int shared = g.heads / g.groups, group = h / shared;
    const kernels::Matrix<const T> of_v{v + group * g.value, g.groups * g.value},
        of_d{d + h * g.value, g.heads * g.value};
    kernels::multiply<false, T>({g.rows, g.value, g.columns}, 1, of_d, of_v.transposed(), {dw, g.columns});
    const auto add_gradient_of_weights = [&] {
      const S* const more = scalars(dweights + h * g.pairs());
      kernels::for_each_vector<S>(
          std::ptrdiff_t{g.pairs()} * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) {
            part.store(scalars(dw) + i, part.load(scalars(dw) + i) + part.load(more + i));
          });
    };
    if (dweights && g.returns_dropped) add_gradient_of_weights();
    if (dropped) {
      weights.drop(h, dw, dw);
      weights.drop(h, w, dropped);
    }
    if (dweights && !g.returns_dropped) add_gradient_of_weights();
    const kernels::Matrix<const T> used{dropped ? dropped : w, g.columns};
    const kernels::Matrix<T> to{dv + group * g.value, g.groups * g.value};
    const kernels::MatrixSize size{g.columns, g.rows, g.value};
    if (h % shared == 0)
      kernels::multiply<false, T>(size, 1, used.transposed(), of_d, to);
    else
      kernels::multiply<true, T>(size, 1, used.transposed(), of_d, to);
    weights.backward(w, dw);
    score(h, dw);
  }
}

/// The scores of queries q and keys k: their products, scaled.
template <class T> struct DotScores {
  const AttentionSize& g;
  Scalar<T> scale;
  const T *q, *k;
  T *dq = nullptr, *dk = nullptr;

  void operator()(int h, T* scores) const {
    kernels::multiply<false, T>({g.rows, g.key, g.columns}, scale, query(q, h), keys(k, h).transposed(),
                                {scores, g.columns});
  }
  void backward(int h, const T* d) const {
    const kernels::Matrix<const T> by_row{d, g.columns};
    kernels::multiply<false, T>({g.rows, g.columns, g.key}, scale, by_row, keys(k, h), query(dq, h));
    const kernels::MatrixSize size{g.columns, g.rows, g.key};
    if (h % (g.heads / g.groups) == 0)
      kernels::multiply<false, T>(size, scale, by_row.transposed(), query(q, h), keys(dk, h));
    else
      kernels::multiply<true, T>(size, scale, by_row.transposed(), query(q, h), keys(dk, h));
  }

 private:
  template <class U> kernels::Matrix<U> query(U* of, int h) const {
    return {of + h * g.key, g.heads * g.key};
  }
  template <class U> kernels::Matrix<U> keys(U* of, int h) const {
    return {of + h / (g.heads / g.groups) * g.key, g.groups * g.key};
  }
};

/// The sum over their features of w tanh(factor (q + k)); w has a value for each feature, or one for all.
template <class T> struct TanhScores {
  using S = Scalar<T>;
  using Row = RowVectors<T>;
  using V = typename Row::V;
  const AttentionSize& g;
  const S *factor, *w;  // null: 1
  bool by_feature;
  const T *q, *k;
  // Gradients, to be added to: those of w in vectors as RowVectors sums parameters.
  T *dq = nullptr, *dk = nullptr;
  S *dw = nullptr, *dfactor = nullptr;

  void operator()(int, T* scores) const {
    each_pair([&](std::ptrdiff_t at, const T* of_q, const T* of_k) {
      const auto sum = Row::template sums<1>(g.key, [&](auto& a, std::ptrdiff_t i, auto part) {
        a[0] += weight(i, part) *
                kernels::tanh(scale() * (Row::load(of_q + i, part) + Row::load(of_k + i, part)));
      });
      Row::keep(scores + at, sum.of[0]);
    });
  }
  void backward(int, const T* d) const {
    V of_factor = {};
    each_pair([&](std::ptrdiff_t at, const T* of_q, const T* of_k) {
      const V of_score = Row::kept(d + at);
      T *const to_q = dq + (of_q - q), *const to_k = dk + (of_k - k);
      Row::each(g.key, [&](std::ptrdiff_t i, auto part) {
        const V sum = Row::load(of_q + i, part) + Row::load(of_k + i, part), u = kernels::tanh(scale() * sum);
        const V inside = of_score * weight(i, part) * (1 - u * u), through = inside * scale();
        Row::store(to_q + i, Row::load(to_q + i, part) + through, part);
        Row::store(to_k + i, Row::load(to_k + i, part) + through, part);
        of_factor += part.only(inside * sum);
        if (dw) {
          S* const to = by_feature ? Row::at(dw, i) : dw;
          kernels::store(to, kernels::load(to) + part.only(of_score * u));
        }
      });
    });
    if (dfactor) kernels::store(dfactor, kernels::load(dfactor) + of_factor);
  }

 private:
  V scale() const { return kernels::broadcast<V>(factor ? *factor : S{1}); }
  V weight(std::ptrdiff_t i, auto part) const {
    return by_feature ? Row::parameter(w + i, part) : kernels::broadcast<V>(w ? *w : S{1});
  }
  void each_pair(auto f) const {
    for (std::ptrdiff_t r = 0; r < g.rows; ++r)
      for (std::ptrdiff_t c = 0; c < g.columns; ++c) f(r * g.columns + c, q + r * g.key, k + c * g.key);
  }
};

/// What is wrong with the inputs of an attention layer; otherwise the query's shape.
constexpr Fit fit_attention(const Shapes& in, const MasksRead& masks) {
  const int inputs = data_inputs(in, masks);
  if (inputs < 1 || inputs > 3) return needs_query_value_and_key;
  for (int i = 0; i < inputs; ++i)
    if (in[i].rank != 2) return {needs_sequence_TxC, {}, i};
  const int rows = in[0][0], columns = in[inputs > 1 ? 1 : 0][0];
  if (inputs == 3 && in[2][0] != columns)
    return {needs_as_many_keys_as_values, Shape{columns, in[2].last()}, 2};
  for (int i = inputs, bit = 0; bit <= max_inputs; ++bit) {
    if (!masks.has(1u << bit)) continue;
    const Shape wanted = bit == max_inputs ? Shape{rows, columns} : Shape{in[bit][0]};
    if (in[i] != wanted) return {functional::needs_a_mask_for_its_scores, wanted, i};
    ++i;
  }
  return in[0];
}
/// Nothing is differentiated through masks.
template <class T> void clear_mask_gradients(const AttentionSize& g, const Backward<T>& c) {
  const auto clear = [&](int input, std::ptrdiff_t n) {
    if (T* const d = input < 0 ? nullptr : c.input_gradient(input))
      std::fill_n(scalars(d), n * c.count * Unit<T>::samples, Scalar<T>{});
  };
  clear(g.row_mask, g.rows);
  clear(g.column_mask, g.columns);
  clear(g.key_mask, g.columns);
  clear(g.pair_mask, g.pairs());
}
constexpr void place_masks(AttentionSize& g, const Shapes& in, const MasksRead& masks) {
  const int inputs = data_inputs(in, masks);
  g.row_mask = masks.place(in.count, 1);
  g.column_mask = masks.place(in.count, inputs > 1 ? 2 : 1);
  g.key_mask = inputs > 2 ? masks.place(in.count, 4) : -1;
  g.pair_mask = masks.place(in.count, MasksRead::given);
}

/// Attention between projections: Keras's multi-head and grouped-query attention. A sample's steps are rows
/// of four Dense layers.
struct ProjectedAttention {
  /// The heads that a spec has.
  struct Heads {
    int heads, groups, key, value, out;  // out 0: the query's width
  };
  struct Geometry {
    AttentionSize size;
    int inputs, query_in, key_in, value_in, out;
    bool use_bias, scores, gate;

    constexpr int q() const { return size.rows * size.heads * size.key; }
    constexpr int k() const { return size.columns * size.groups * size.key; }
    constexpr int v() const { return size.columns * size.groups * size.value; }
    constexpr int o() const { return size.rows * size.heads * size.value; }
    constexpr int y() const { return size.rows * out; }
    constexpr int weights() const { return size.heads * size.pairs(); }
    constexpr bool drops() const { return size.dropout > 0; }
  };
  static constexpr Traits traits(const auto& spec) {
    return {.reads_output = false,
            .finishes = true,
            .writes_over_gradient = false,
            .knows_samples = spec.dropout > 0,
            .by_sample = true};
  }

  static constexpr Fit fit(const auto& spec, const Shapes& in) {
    const Heads h = spec.heads();
    if (h.heads < 1 || h.groups < 1 || h.key < 1 || h.value < 1 || h.out < 0) return needs_heads_of_width_1;
    if (h.heads % h.groups != 0) return needs_heads_in_equal_groups;
    if (!(spec.dropout >= 0 && spec.dropout <= 1)) return needs_a_rate_from_0_to_1;
    const Fit query = fit_attention(in, spec.masks);
    if (query.broken) return query;
    const Geometry g = geometry(spec, in);
    std::int64_t most = std::int64_t{g.size.rows} * g.size.columns * h.heads;
    for (const std::int64_t width : {g.query_in, g.key_in, g.value_in, g.out, g.size.rows, g.size.columns})
      most = std::max(most, width * h.heads * std::max(h.key, h.value));
    if (most > INT32_MAX / 2) return more_than_2_31_elements;
    return g.scores ? Shape{g.y() + g.weights()} : attended(g).output;
  }
  static constexpr AttendedShapes attended(const Geometry& g) {
    return {{g.size.rows, g.out}, {g.size.heads, g.size.rows, g.size.columns}};
  }
  static constexpr Parameters parameters(const auto& spec, const Shapes& in) {
    const Geometry g = geometry(spec, in);
    const AttentionSize& s = g.size;
    Parameters p;
    const auto add = [&](const char* kernel, const char* bias, Shape shape, int rows, Shape of_bias) {
      p.add({.name = kernel,
             .shape = shape,
             .initializer = spec.kernel_initializer,
             .regularizer = spec.kernel_regularizer,
             .matrix = {rows, shape.size() / rows},
             .constraint = spec.kernel_constraint});
      if (spec.use_bias)
        p.add({bias, of_bias, spec.bias_initializer, spec.bias_regularizer}).constrain(spec.bias_constraint);
    };
    add("query/kernel", "query/bias", {g.query_in, s.heads, s.key}, g.query_in, {s.heads, s.key});
    add("key/kernel", "key/bias", {g.key_in, s.groups, s.key}, g.key_in, {s.groups, s.key});
    if (g.gate)
      add("gate/kernel", "gate/bias", {g.query_in, s.heads, s.value}, g.query_in, {s.heads, s.value});
    add("value/kernel", "value/bias", {g.value_in, s.groups, s.value}, g.value_in, {s.groups, s.value});
    add("attention_output/kernel", "attention_output/bias", {s.heads, s.value, g.out}, s.heads * s.value,
        {g.out});
    return p;
  }
  static constexpr Geometry geometry(const auto& spec, const Shapes& in) {
    const Heads h = spec.heads();
    const int inputs = data_inputs(in, spec.masks);
    const Shape &value = in[inputs > 1 ? 1 : 0], &key = in[inputs > 2 ? 2 : inputs > 1 ? 1 : 0];
    Geometry g{.size = {.rows = in[0][0],
                        .columns = value[0],
                        .heads = h.heads,
                        .groups = h.groups,
                        .key = h.key,
                        .value = h.value,
                        .scale = inverse_root(h.key),
                        .dropout = spec.dropout,
                        .causal = spec.use_causal_mask,
                        .window = spec.sliding_window,
                        .zeroes = spec.dropout > 0 || spec.return_attention_scores},
               .inputs = inputs,
               .query_in = in[0].last(),
               .key_in = key.last(),
               .value_in = value.last(),
               .out = h.out > 0 ? h.out : in[0].last(),
               .use_bias = spec.use_bias,
               .scores = spec.return_attention_scores,
               .gate = spec.use_gate};
    place_masks(g.size, in, spec.masks);
    return g;
  }
  /// The layer inside Keras's that has a parameter.
  static constexpr std::string_view part_of(std::string_view parameter) {
    return parameter.starts_with("query")   ? "_query_dense"
           : parameter.starts_with("key")   ? "_key_dense"
           : parameter.starts_with("value") ? "_value_dense"
           : parameter.starts_with("gate")  ? "_gate_dense"
                                            : "_output_dense";
  }
  static constexpr double flops(const Geometry& g) {
    const double of_rows = static_cast<double>(g.q()) * g.query_in + static_cast<double>(g.o()) * g.out,
                 of_columns = static_cast<double>(g.k()) * g.key_in + static_cast<double>(g.v()) * g.value_in,
                 of_pairs = static_cast<double>(g.weights()) * (g.size.key + g.size.value);
    const double of_gate = g.gate ? static_cast<double>(g.o()) * g.query_in : 0;
    return 2 * (of_rows + of_columns + of_pairs + of_gate);
  }
  /// The projections, what the heads make of them, its gates and what these leave of it, and the weights: in
  /// training those of all heads.
  static constexpr std::size_t intermediate(const Geometry& g, bool training) {
    const int weights = training ? g.weights() + g.drops() * g.size.pairs() : g.size.pairs();
    return static_cast<std::size_t>(g.q() + g.k() + g.v() + (1 + 2 * g.gate) * g.o() + weights);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    const int of_rows = (1 + 2 * g.gate) * g.o() + g.scores * g.y();
    const std::size_t all =
        static_cast<std::size_t>(g.q() + g.k() + g.v() + of_rows) * static_cast<std::size_t>(count) +
        static_cast<std::size_t>(g.size.pairs()) * (1 + g.drops());
    std::size_t most = 0;
    for (int i = 0; i < 4 + g.gate; ++i) most = std::max(most, map(g, i, count).template scratch<T>());
    return all * Unit<T>::samples + most;
  }

  template <class T, class Count> static void forward(const Geometry& g, const Forward<T, Count>& c) {
    const int count = static_cast<int>(c.count);
    const Pieces<T> at(g, count, c.intermediate);
    const T* const x[3] = {c.input(0), c.input(key_input(g)), c.input(value_input(g))};
    T* const projected[3] = {at.q, at.k, at.v};
    for (int i = 0; i < 3; ++i) project(map(g, i, count), c, x[i], projected[i]);
    if (g.gate) {
      project(map(g, gate, count), c, x[0], at.gate);
      each<T>(count * g.o(), [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
        part.store(scalars(at.gate) + i, Sigmoid::value(part.load(scalars(at.gate) + i)));
      });
    }
    T* const dropped = g.drops() && c.keeps() ? at.weights + std::ptrdiff_t{count} * g.weights() : nullptr;
    const bool keeps = c.layer->intermediate >= intermediate(g, true);  // also where it is frozen
    const auto scale = static_cast<Scalar<T>>(g.size.scale);
    for (std::ptrdiff_t s = 0; s < count; ++s) {
      T* const returned = g.scores ? c.y + (s + 1) * (g.y() + g.weights()) - g.weights() : nullptr;
      T* const weights = returned ? returned : keeps ? at.weights + s * g.weights() : at.weights;
      attend<T>(g.size, {g.size, s, c}, DotScores<T>{g.size, scale, at.q + s * g.q(), at.k + s * g.k()},
                at.v + s * g.v(), weights, keeps || returned, dropped, at.o + s * g.o());
      if (g.gate)
        each<T>(g.o(), [&, first = s * g.o() * Unit<T>::samples](std::ptrdiff_t i, auto part) {
          part.store(scalars(at.gated) + first + i,
                     part.load(scalars(at.o) + first + i) * part.load(scalars(at.gate) + first + i));
        });
      if (returned && keeps) std::copy_n(returned, g.weights(), at.weights + s * g.weights());
      if (returned) project(map(g, 3, 1), c, at.gated + s * g.o(), returned - g.y());
    }
    if (!g.scores) project(map(g, 3, count), c, at.gated, c.y);
  }

  // Gradients of inputs before those of weights: handed on, these change the weights.
  template <class T> static void backward(const Geometry& g, const Backward<T>& c, auto gradients) {
    clear_mask_gradients(g.size, c);
    const Pieces<const T> at(g, c.count, c.intermediate);
    const Pieces<T> d(g, c.count, reinterpret_cast<T*>(c.scratch));
    T* const dropped = g.drops() && c.run.keeps() ? d.weights + g.size.pairs() : nullptr;
    T* const rows = d.weights + g.size.pairs() * (1 + g.drops());
    Scalar<T>* const scratch = scalars(rows + g.scores * std::ptrdiff_t{c.count} * g.y());
    const std::ptrdiff_t stride = g.y() + (g.scores ? g.weights() : 0);
    for (std::ptrdiff_t s = 0; s < c.count && g.scores; ++s)
      std::copy_n(c.dy + s * stride, g.y(), rows + s * g.y());
    const T* const dy = g.scores ? rows : c.dy;
    const auto scale = static_cast<Scalar<T>>(g.size.scale);
    const LinearMap output = map(g, 3, c.count);
    output.input_gradient(c.parameter(output.kernel), dy, d.gated, scratch);
    output.weight_gradients(at.gated, dy, scratch, gradients);
    if (g.gate)
      each<T>(c.count * g.o(), [&](std::ptrdiff_t i, auto part) {
        const auto open = part.load(scalars(at.gate) + i), of_gated = part.load(scalars(d.gated) + i);
        part.store(scalars(d.o) + i, of_gated * open);
        part.store(scalars(d.gate) + i, of_gated * part.load(scalars(at.o) + i) * Sigmoid::derivative(open));
      });
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      const DotScores<T> scores{g.size,           scale,           at.q + s * g.q(),
                                at.k + s * g.k(), d.q + s * g.q(), d.k + s * g.k()};
      attend_backward<T>(
          g.size, {g.size, s, c}, [&](int h, const T* of_scores) { scores.backward(h, of_scores); },
          at.v + s * g.v(), at.weights + s * g.weights(), d.o + s * g.o(),
          g.scores ? c.dy + s * stride + g.y() : nullptr, d.weights, dropped, d.v + s * g.v());
    }
    const T* const of_projected[3] = {d.q, d.k, d.v};
    const int inputs[3] = {0, key_input(g), value_input(g)};
    for (int i = 0; i < 3; ++i) {
      const LinearMap m = map(g, i, c.count);
      T* const dx = c.input_gradient(inputs[i]);
      if (!dx) continue;
      if (i > 0 && inputs[i] == inputs[i - 1])
        m.input_gradient<true>(c.parameter(m.kernel), of_projected[i], dx, scratch);
      else
        m.input_gradient(c.parameter(m.kernel), of_projected[i], dx, scratch);
      if (const LinearMap of_gate = map(g, gate, c.count); i == 0 && g.gate)
        of_gate.input_gradient<true>(c.parameter(of_gate.kernel), d.gate, dx, scratch);
    }
    for (int i = 0; i < 3; ++i)
      map(g, i, c.count).weight_gradients(c.input(inputs[i]), of_projected[i], scratch, gradients);
    if (g.gate) map(g, gate, c.count).weight_gradients(c.input(0), d.gate, scratch, gradients);
  }

 private:
  // Where a batch's pieces lie; backward has their gradients in the same order.
  template <class T> struct Pieces {
    T *q, *k, *v, *o, *gate, *gated, *weights;

    Pieces(const Geometry& g, std::ptrdiff_t count, T* memory)
        : q(memory),
          k(q + count * g.q()),
          v(k + count * g.k()),
          o(v + count * g.v()),
          gate(o + g.gate * count * g.o()),
          gated(gate + g.gate * count * g.o()),
          weights(gated + count * g.o()) {}
  };
  template <class T> [[gnu::always_inline]] static void each(std::ptrdiff_t n, auto f) {
    kernels::for_each_vector<Scalar<T>>(n * Unit<T>::samples, f);
  }
  static constexpr int value_input(const Geometry& g) { return g.inputs > 1 ? 1 : 0; }
  static constexpr int key_input(const Geometry& g) { return g.inputs > 2 ? 2 : value_input(g); }
  // The projections of query, key and value, the one behind the heads, and that of the gates.
  static constexpr int gate = 4;
  static constexpr LinearMap map(const Geometry& g, int i, int count) {
    const AttentionSize& s = g.size;
    const int place = i == gate ? 2 : i + (i > 1 && g.gate), kernel = g.use_bias ? 2 * place : place;
    switch (i) {
      case gate:
        return {count * s.rows, g.query_in, s.heads * s.value, g.use_bias, kernel};
      case 0:
        return {count * s.rows, g.query_in, s.heads * s.key, g.use_bias, kernel};
      case 1:
        return {count * s.columns, g.key_in, s.groups * s.key, g.use_bias, kernel};
      case 2:
        return {count * s.columns, g.value_in, s.groups * s.value, g.use_bias, kernel};
      default:
        return {count * s.rows, s.heads * s.value, g.out, g.use_bias, kernel};
    }
  }
  template <class T> static void project(const LinearMap& m, const auto& c, const T* x, T* y) {
    kernels::product<T>({m.rows, m.in, x, y, m.units}, {c.parameter(m.kernel), m.units},
                        m.use_bias ? c.parameter(m.kernel + 1) : nullptr, m.units,
                        Epilogue<Linear, T, false>{});
  }
  // 1 / sqrt(n) for the compiler too.
  static constexpr double inverse_root(int n) {
    double root = n;
    for (int step = 0; step < 64 && n > 0; ++step) root = (root + n / root) / 2;
    return 1 / root;
  }
};

/// Attention of the inputs as they come: Keras's Attention and AdditiveAttention.
struct DirectAttention {
  enum class Kind : unsigned char { dot, concat, additive };
  struct Geometry {
    AttentionSize size;
    Kind kind;
    bool use_scale, scores;
    int inputs, query_mask;  // the latter -1 if there is none

    constexpr int y() const { return size.rows * size.value; }
    constexpr int output() const { return y() + scores * size.pairs(); }
    constexpr int query() const { return size.rows * size.key; }
    constexpr int keys() const { return size.columns * size.key; }
    constexpr int values() const { return size.columns * size.value; }
    constexpr int value_input() const { return inputs > 1 ? 1 : 0; }
    constexpr int key_input() const { return inputs > 2 ? 2 : value_input(); }
    constexpr bool drops() const { return size.dropout > 0; }
  };
  static constexpr Traits traits(const auto& spec) {
    return {.reads_output = false, .knows_samples = spec.dropout > 0, .by_sample = true};
  }

  static constexpr Fit fit(const auto& spec, const Shapes& in) {
    if (!(spec.dropout >= 0 && spec.dropout <= 1)) return needs_a_rate_from_0_to_1;
    const Fit query = fit_attention(in, spec.masks);
    if (query.broken) return query;
    const Geometry g = geometry(spec, in);
    const int key = g.key_input();
    if (in[key].last() != in[0].last())
      return {needs_query_and_key_of_one_width, in[key].with_last(in[0].last()), key};
    if (std::int64_t{g.size.rows} * (std::int64_t{g.size.columns} + g.size.value) > INT32_MAX / 2)
      return more_than_2_31_elements;
    return g.scores ? Shape{g.output()} : attended(g).output;
  }
  static constexpr AttendedShapes attended(const Geometry& g) {
    return {{g.size.rows, g.size.value}, {g.size.rows, g.size.columns}};
  }
  static constexpr Geometry geometry(const auto& spec, const Shapes& in) {
    const int inputs = data_inputs(in, spec.masks);
    const Shape& value = in[inputs > 1 ? 1 : 0];
    Geometry g{.size = {.rows = in[0][0],
                        .columns = value[0],
                        .heads = 1,
                        .groups = 1,
                        .key = in[0].last(),
                        .value = value.last(),
                        .scale = 1,
                        .dropout = spec.dropout,
                        .causal = spec.use_causal_mask,
                        .window = 0,
                        .zeroes = false,
                        .constant = false,
                        .returns_dropped = true},
               .kind = spec.kind(),
               .use_scale = spec.use_scale,
               .scores = spec.return_attention_scores,
               .inputs = inputs,
               .query_mask = spec.masks.place(in.count, 1)};
    place_masks(g.size, in, spec.masks);
    g.size.row_mask = g.size.key_mask = -1;
    return g;
  }
  static constexpr double flops(const Geometry& g) {
    return 2.0 * g.size.pairs() * (g.size.key + g.size.value);
  }
  static constexpr std::size_t intermediate(const Geometry& g, bool training) {
    return static_cast<std::size_t>(g.size.pairs()) * (1 + (training && g.drops()));
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int) {
    const int values = g.query() + g.keys() + g.values() + g.size.pairs() * (1 + g.drops());
    return static_cast<std::size_t>(values) * Unit<T>::samples + RowVectors<T>::sum_size(g.size.key) +
           std::size_t{lanes<Scalar<T>>};
  }

  template <class T, class Count> static void forward(const Geometry& g, const Forward<T, Count>& c) {
    const int count = static_cast<int>(c.count);
    const int pairs = g.size.pairs();
    T* const dropped = g.drops() && c.keeps() ? c.intermediate + std::ptrdiff_t{count} * pairs : nullptr;
    for (std::ptrdiff_t s = 0; s < count; ++s) {
      T *const y = c.y + s * g.output(), *const weights = c.intermediate + s * pairs;
      with_scores<T>(g, c, s, [&](auto score) {
        attend<T>(g.size, {g.size, s, c}, score, c.input(g.value_input()) + s * g.values(), weights, true,
                  dropped, y);
      });
      drop_masked_rows(g, c, s, y);
      if (g.scores) std::copy_n(dropped ? dropped : weights, pairs, y + g.y());
    }
  }
  template <class T> static void backward(const Geometry& g, const Backward<T>& c) {
    using S = Scalar<T>;
    using Row = RowVectors<T>;
    clear_mask_gradients(g.size, c);
    const int pairs = g.size.pairs();
    T *const dq = reinterpret_cast<T*>(c.scratch), *const dk = dq + g.query(), *const dv = dk + g.keys(),
             *const dweights = dv + g.values(),
             *const dropped = g.drops() && c.run.keeps() ? dweights + pairs : nullptr;
    S* const of_w = scalars(dweights + pairs * (1 + g.drops()));
    S* const of_factor = of_w + Row::sum_size(g.size.key);
    std::fill(of_w, of_factor + lanes<S>, S{});
    const S scale = g.kind == Kind::dot && g.use_scale ? *c.parameter(0) : S{1};
    for (std::ptrdiff_t s = 0; s < c.count; ++s) {
      T* const dy = c.dy + s * g.output();
      drop_masked_rows(g, c, s, dy);
      std::fill(scalars(dq), scalars(dv), S{});
      with_scores<T>(g, c, s, [&](auto score) {
        score.dq = dq, score.dk = dk;
        if constexpr (requires { score.by_feature; }) {
          score.dw = of_w;
          score.dfactor = of_factor;
        } else {
          score.scale = 1;  // the gradients of the products; the scale comes below
        }
        attend_backward<T>(
            g.size, {g.size, s, c}, [&](int h, const T* d) { score.backward(h, d); },
            c.input(g.value_input()) + s * g.values(), c.intermediate + s * pairs, dy,
            g.scores ? dy + g.y() : nullptr, dweights, dropped, dv);
      });
      if (g.kind == Kind::dot && g.use_scale) {
        const S *const q = scalars(c.input(0) + s * g.query()), *const d = scalars(dq);
        kernels::Vec<S> sum = kernels::load(of_factor);
        kernels::for_each_vector<S>(
            std::ptrdiff_t{g.query()} * Unit<T>::samples,
            [&](std::ptrdiff_t i, auto part) { sum += part.load(q + i) * part.load(d + i); });
        kernels::store(of_factor, sum);
      }
      add<T>(c.input_gradient(0), s, g.query(), dq, scale, false);
      add<T>(c.input_gradient(g.value_input()), s, g.values(), dv, 1, g.inputs == 1);
      add<T>(c.input_gradient(g.key_input()), s, g.keys(), dk, scale, g.inputs < 3);
    }
    hand_on(g, c, of_w, of_factor);
  }

 private:
  // f(the scores of a sample). Parameters: scale, then the weight of concat.
  template <class T> static void with_scores(const Geometry& g, const auto& c, std::ptrdiff_t s, auto f) {
    const T *const q = c.input(0) + s * g.query(), *const k = c.input(g.key_input()) + s * g.keys();
    const auto* const scale = g.use_scale ? c.parameter(0) : nullptr;
    if (g.kind == Kind::dot) return f(DotScores<T>{g.size, scale ? *scale : Scalar<T>{1}, q, k});
    if (g.kind == Kind::additive) return f(TanhScores<T>{g.size, nullptr, scale, g.use_scale, q, k});
    f(TanhScores<T>{g.size, scale, c.parameter(g.use_scale), false, q, k});
  }
  template <class T>
  static void hand_on(const Geometry& g, const Backward<T>& c, const Scalar<T>* of_w,
                      const Scalar<T>* of_factor) {
    if (g.kind == Kind::additive && g.use_scale)
      RowVectors<T>::hand_on(of_w, g.size.key, c.gradient_of(0));
    else if (g.use_scale)
      *c.gradient_of(0) += kernels::sum(kernels::load(of_factor));
    if (g.kind == Kind::concat) *c.gradient_of(g.use_scale) += kernels::sum(kernels::load(of_w));
  }
  // Steps that the query's mask leaves out are zeros.
  template <class T>
  static void drop_masked_rows(const Geometry& g, const auto& c, std::ptrdiff_t s, T* rows) {
    using Row = RowVectors<T>;
    if (g.query_mask < 0) return;
    const T* const mask = c.input(g.query_mask) + s * g.size.rows;
    for (std::ptrdiff_t r = 0; r < g.size.rows; ++r) {
      const auto counts = Row::kept(mask + r);
      T* const row = rows + r * g.size.value;
      Row::each(g.size.value, [&](std::ptrdiff_t i, auto part) {
        const auto v = Row::load(row + i, part);
        Row::store(row + i, counts != 0 ? v : v * 0, part);
      });
    }
  }
  // One sample's part of an input's gradient, n values times the factor.
  template <class T>
  static void add(T* dx, std::ptrdiff_t sample, int n, const T* d, Scalar<T> factor, bool adds) {
    using S = Scalar<T>;
    if (!dx) return;
    S* const to = scalars(dx + sample * n);
    kernels::for_each_vector<S>(std::ptrdiff_t{n} * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) {
      const auto more = part.load(scalars(d) + i) * factor;
      part.store(to + i, adds ? part.load(to + i) + more : more);
    });
  }
};

}  // namespace detail

/// Keras: MultiHeadAttention. Query (steps, features), value and key (other steps, features) -> the query's
/// shape, or output_shape features. Kernels (features, heads, key_dim), for values (.., value_dim), and
/// (heads, value_dim, output). A query's mask masks rows of the scores, those of value and key columns; the
/// query's is passed on. A row whose columns are all masked has, as in Keras, equal weights for all values,
/// or none with a dropout or where the scores are returned. The gradient of the key's bias is 0 but for
/// rounding.
struct MultiHeadAttentionSpec {
  int num_heads = 1, key_dim = 0;
  Automatic value_dim{};  // that of the key
  double dropout = 0;     // of the weights
  bool use_bias = true;
  Automatic output_shape{};  // the query's
  Automatic sliding_window{};
  bool use_gate = false;  // what the heads make goes through gates that look at the query
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  bool use_causal_mask = false, return_attention_scores = false;  // of the call, in Keras
  MasksRead masks{};

  using Base = detail::ProjectedAttention;
  using Geometry = Base::Geometry;
  static constexpr const char* name = "MultiHeadAttention";
  static constexpr const char* arguments = "num_heads, key_dim, ...";
  static constexpr bool merges = true, attends = true;
  static constexpr bool takes_arguments = true;  // not a list, in Keras
  static constexpr std::string_view weights_in(std::string_view parameter) {
    return Base::part_of(parameter).substr(1);  // in Keras's files
  }
  static constexpr const char* older_weights_in = "_";

  /// A width that is given though the layer would choose it.
  constexpr MultiHeadAttentionSpec simplified() const {
    MultiHeadAttentionSpec spec = *this;
    if (value_dim == key_dim) spec.value_dim = 0;
    return spec;
  }
  constexpr Base::Heads heads() const {
    return {num_heads, num_heads, key_dim, value_dim.value > 0 ? value_dim.value : key_dim, output_shape};
  }
  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr AttendedShapes attended(const Shapes& in) const { return Base::attended(geometry(in)); }
  constexpr bool passes_mask() const { return true; }
  constexpr Parameters parameters(const Shapes& in) const { return Base::parameters(*this, in); }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(const Shapes& in) const { return Base::flops(geometry(in)); }
  constexpr Geometry geometry(const Shapes& in) const { return Base::geometry(*this, in); }
  constexpr std::size_t intermediate(const Shapes& in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward<T, Count>(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    Base::backward<T>(geometry, c, gradients);
  }
};

/// Keras: GroupedQueryAttention; layers.GroupQueryAttention there. As MultiHeadAttention, but heads of the
/// query share those of key and value: the first num_query_heads / num_key_value_heads of them the first, and
/// so on.
struct GroupedQueryAttentionSpec {
  int head_dim = 0, num_query_heads = 1, num_key_value_heads = 1;
  double dropout = 0;  // of the weights
  bool use_bias = true;
  Automatic sliding_window{};
  bool use_gate = false;  // what the heads make goes through gates that look at the query
  Initializer kernel_initializer = GlorotUniform::value;
  Initializer bias_initializer{};
  Regularizer kernel_regularizer{}, bias_regularizer{};
  Constraint kernel_constraint{}, bias_constraint{};
  bool use_causal_mask = false, return_attention_scores = false;  // of the call, in Keras
  MasksRead masks{};

  using Base = detail::ProjectedAttention;
  using Geometry = Base::Geometry;
  static constexpr const char* name = "GroupedQueryAttention";
  static constexpr const char* class_in_files = "GroupQueryAttention";
  static constexpr const char* arguments = "head_dim, num_query_heads, num_key_value_heads, ...";
  static constexpr bool merges = true, attends = true;
  static constexpr bool takes_arguments = true;  // not a list, in Keras
  static constexpr std::string_view weights_in(std::string_view parameter) {
    return Base::part_of(parameter).substr(0);  // in Keras's files
  }

  constexpr Base::Heads heads() const {
    return {num_query_heads, num_key_value_heads, head_dim, head_dim, 0};
  }
  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr AttendedShapes attended(const Shapes& in) const { return Base::attended(geometry(in)); }
  constexpr bool passes_mask() const { return true; }
  constexpr Parameters parameters(const Shapes& in) const { return Base::parameters(*this, in); }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(const Shapes& in) const { return Base::flops(geometry(in)); }
  constexpr Geometry geometry(const Shapes& in) const { return Base::geometry(*this, in); }
  constexpr std::size_t intermediate(const Shapes& in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward<T, Count>(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    Base::backward<T>(geometry, c, gradients);
  }
};

/// Keras: Attention. Query (steps, features), value and key (other steps, features) -> (the query's steps,
/// the value's features); no projections, and no division by the root of the width. scale and
/// concat_score_weight: a number each, 1 at first. The value's mask masks columns of the scores, a query's
/// makes zeros of its steps and is passed on. A row whose columns are all masked has equal weights.
struct AttentionSpec {
  bool use_scale = false;
  ScoreMode score_mode = ScoreMode::dot;
  double dropout = 0;                                             // of the weights
  bool use_causal_mask = false, return_attention_scores = false;  // of the call, in Keras
  MasksRead masks{};

  using Base = detail::DirectAttention;
  using Geometry = Base::Geometry;
  static constexpr const char* name = "Attention";
  static constexpr const char* arguments = "...";
  static constexpr bool merges = true, attends = true;

  constexpr Base::Kind kind() const {
    return score_mode == ScoreMode::dot ? Base::Kind::dot : Base::Kind::concat;
  }
  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr AttendedShapes attended(const Shapes& in) const { return Base::attended(geometry(in)); }
  constexpr bool passes_mask() const { return true; }
  constexpr Parameters parameters(const Shapes&) const {
    Parameters p;
    const auto number = [&](const char* of) {
      p.add({.name = of, .shape = {1}, .initializer = Ones::value, .in_files = InFiles::scalar});
    };
    if (use_scale) number("scale");
    if (score_mode == ScoreMode::concat) number("concat_score_weight");
    return p;
  }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(const Shapes& in) const { return Base::flops(geometry(in)); }
  constexpr Geometry geometry(const Shapes& in) const { return Base::geometry(*this, in); }
  constexpr std::size_t intermediate(const Shapes& in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward<T, Count>(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    Base::backward<T>(geometry, c);
  }
};

/// Keras: AdditiveAttention. As Attention, with the sum over the features of scale tanh(query + key) as
/// scores; scale (features).
struct AdditiveAttentionSpec {
  bool use_scale = true;
  double dropout = 0;                                             // of the weights
  bool use_causal_mask = false, return_attention_scores = false;  // of the call, in Keras
  MasksRead masks{};

  using Base = detail::DirectAttention;
  using Geometry = Base::Geometry;
  static constexpr const char* name = "AdditiveAttention";
  static constexpr const char* arguments = "...";
  static constexpr bool merges = true, attends = true;

  constexpr Base::Kind kind() const { return Base::Kind::additive; }
  constexpr Fit fit(const Shapes& in) const { return Base::fit(*this, in); }
  constexpr AttendedShapes attended(const Shapes& in) const { return Base::attended(geometry(in)); }
  constexpr bool passes_mask() const { return true; }
  constexpr Parameters parameters(const Shapes& in) const {
    Parameters p;
    if (use_scale) p.add({"scale", {in[0].last()}, GlorotUniform::value});
    return p;
  }
  constexpr Traits traits() const { return Base::traits(*this); }
  constexpr double flops(const Shapes& in) const { return Base::flops(geometry(in)); }
  constexpr Geometry geometry(const Shapes& in) const { return Base::geometry(*this, in); }
  constexpr std::size_t intermediate(const Shapes& in, bool training) const {
    return Base::intermediate(geometry(in), training);
  }
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return Base::scratch<T>(g, count);
  }
  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    Base::forward<T, Count>(geometry, c);
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    Base::backward<T>(geometry, c);
  }
};

/// MultiHeadAttention<4, 16>, MultiHeadAttention<4, 16, CausalMask, Dropout<0.1>>: heads, the width of a
/// head, then any options in any order.
template <int Heads, int KeyDim, class... Options>
struct MultiHeadAttention
    : layer_of<MultiHeadAttention<Heads, KeyDim, Options...>, MultiHeadAttentionSpec, Options...> {
  static constexpr MultiHeadAttentionSpec spec =
      with_options<Options...>(MultiHeadAttentionSpec{.num_heads = Heads, .key_dim = KeyDim});
};

/// GroupedQueryAttention<16, 8, 2>: the width of a head, heads of the query, heads of key and value, then any
/// options in any order.
template <int HeadDim, int QueryHeads, int KeyValueHeads, class... Options>
struct GroupedQueryAttention : layer_of<GroupedQueryAttention<HeadDim, QueryHeads, KeyValueHeads, Options...>,
                                        GroupedQueryAttentionSpec, Options...> {
  static constexpr GroupedQueryAttentionSpec spec = with_options<Options...>(GroupedQueryAttentionSpec{
      .head_dim = HeadDim, .num_query_heads = QueryHeads, .num_key_value_heads = KeyValueHeads});
};
/// Attention<>, Attention<ScaledScores, CausalMask>, Attention<ConcatScores>.
template <class... Options> struct Attention : layer_of<Attention<Options...>, AttentionSpec, Options...> {
  static constexpr AttentionSpec spec = with_options<Options...>(AttentionSpec{});
};
/// AdditiveAttention<>, AdditiveAttention<NoScaledScores>.
template <class... Options>
struct AdditiveAttention : layer_of<AdditiveAttention<Options...>, AdditiveAttentionSpec, Options...> {
  static constexpr AdditiveAttentionSpec spec = with_options<Options...>(AdditiveAttentionSpec{});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::MultiHeadAttentionSpec, num_heads, key_dim, value_dim, dropout, use_bias,
                     output_shape, sliding_window, use_gate, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     use_causal_mask, return_attention_scores, masks);
KERATIN_ADAPT_STRUCT(keratin::GroupedQueryAttentionSpec, head_dim, num_query_heads, num_key_value_heads,
                     dropout, use_bias, sliding_window, use_gate, kernel_initializer, bias_initializer,
                     kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint,
                     use_causal_mask, return_attention_scores, masks);
KERATIN_ADAPT_STRUCT(keratin::AttentionSpec, use_scale, score_mode, dropout, use_causal_mask,
                     return_attention_scores, masks);
KERATIN_ADAPT_STRUCT(keratin::AdditiveAttentionSpec, use_scale, dropout, use_causal_mask,
                     return_attention_scores, masks);
