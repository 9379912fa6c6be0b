#pragma once
// Bidirectional: a recurrent layer that goes through a sequence forwards, and another one of its kind that
// goes backwards, with weights of its own.
#include <keratin/layers/recurrent.hpp>

namespace keratin {

inline constexpr Rule goes_both_ways_by_itself{
    "the layer inside goes forwards: a Bidirectional adds the one that goes backwards"};

/// What becomes of the outputs of both directions. none: a graph gets both, see functional::Layer::all.
enum class Merging : unsigned char { concat, sum, ave, mul, none };
constexpr std::array<std::string_view, 5> names_of(Merging) {
  return {"concat", "sum", "ave", "mul", "none"};
}

/// MergeMode<Merging::sum>. Keras: merge_mode.
template <Merging M> struct MergeMode {
  KERATIN_SETS(merge_mode, M)
};

inline constexpr Rule regularizes_both_ways_side_by_side{
    "what a layer inside makes has a penalty, which works with merge_mode concat or none only"};

namespace detail {

// Hands the gradients of a layer inside another on, whose parameters begin at `first` of all.
template <class Gradients> struct InnerGradients {
  Gradients gradients;
  int first;

  template <class S> void take(int i, std::ptrdiff_t from, int n, const S* g) const {
    gradients.take(first + i, from, n, g);
  }
  template <int M, int N, class V, class Part>
  [[gnu::always_inline]] void take_tile(int i, std::ptrdiff_t from, std::ptrdiff_t stride,
                                        const V (&tile)[M][N], Part part) const {
    gradients.take_tile(first + i, from, stride, tile, part);
  }
};

}  // namespace detail

/// Keras: Bidirectional of a SimpleRNN, LSTM or GRU. (steps, features) -> (units) of both ways merged, or
/// with ReturnSequences (steps, units), each step's outputs of both ways side by side; concat doubles the
/// units. The way back ends at the first step. Masked steps give zeros where sequences are returned, as in
/// Keras.
template <class Inner> struct BidirectionalSpec {
  Inner layer{};
  Merging merge_mode = Merging::concat;
  bool initial_state = false, masked = false;  // set by a graph, for a call that is given them

  static constexpr const char* name = "Bidirectional";
  static constexpr const char* arguments = "layer, ...";
  static constexpr bool activates_inside = true;

  struct Geometry {
    RecurrentGeometry forwards, backwards;
    Merging merge;
    int states, parameters;  // of each of both

    /// Values of a row of the output, which the states that are returned fill too.
    constexpr std::ptrdiff_t width() const {
      return std::ptrdiff_t{side_by_side() ? 2 : 1} * forwards.size.units;
    }
    constexpr bool side_by_side() const { return merge == Merging::concat || merge == Merging::none; }
    /// Rows of one way's output and states, of a unit's width.
    constexpr std::ptrdiff_t rows() const { return forwards.size.output_rows() + forwards.size.returned; }
    /// Values that one way makes of a sample.
    constexpr std::ptrdiff_t made() const { return forwards.size.outputs(); }
    constexpr std::ptrdiff_t out() const {
      const kernels::RecurrentSize& size = forwards.size;
      return width() * (size.output_rows() + size.returned * (side_by_side() ? 1 : 2));
    }
  };

  /// The layer that goes one of the ways.
  constexpr Inner way(bool backwards) const {
    Inner one = layer;
    one.go_backwards = backwards;
    one.initial_state = initial_state;
    one.masked = masked;
    one.zero_output_for_mask = layer.return_sequences;
    return one;
  }
  constexpr Fit fit(const Shapes& in) const {
    if (layer.go_backwards) return goes_both_ways_by_itself;
    Fit fit = way(false).fit(inputs_of(in, initial_state, layer.states(), 0));
    if (fit.broken) return fit;
    const Fit back = way(true).fit(inputs_of(in, initial_state, layer.states(), 1));
    if (back.broken) return {*back.broken, back.wants, back.input > 0 ? back.input + layer.states() : 0};
    const Geometry g = geometry(in);
    if (activity() && !g.side_by_side()) return regularizes_both_ways_side_by_side;
    const int width = static_cast<int>(g.width());
    if (!layer.return_sequences && !layer.return_state) return Shape{width};
    return Shape{static_cast<int>(g.out() / width), width};
  }
  constexpr int inputs() const { return 1 + (initial_state ? states() : 0) + masked; }
  constexpr int states() const { return 2 * layer.states(); }
  constexpr int outputs() const { return merge_mode == Merging::none ? 2 : 1; }
  /// The tensors that a graph takes out of the output: those of both ways or one, then the states.
  constexpr PerInput<SliceSpec> pieces() const {
    const int each = layer.states(), units = layer.units;
    const bool sequences = layer.return_sequences, beside = merge_mode == Merging::none;
    const bool side_by_side = beside || merge_mode == Merging::concat;
    const int rows = !layer.return_state ? 0 : side_by_side ? each : 2 * each;
    const Slice output = sequences ? Slice{0, rows > 0 ? -rows : Slice::whole} : Slice::at(0);
    const auto half = [&](int way) { return Slice{way * units, (way + 1) * units}; };
    PerInput<SliceSpec> all;
    const bool flat = !sequences && rows == 0;  // one row, without an axis of its own
    for (int way = 0; way < outputs(); ++way) {
      if (flat)
        all.add({1, {beside ? half(way) : Slice{}}});
      else
        all.add({2, {output, beside ? half(way) : Slice{}}});
    }
    for (int s = 0; s < 2 * each && rows > 0; ++s) {
      if (side_by_side)
        all.add({2, {Slice::at(s % each - rows), half(s / each)}});
      else
        all.add({1, {Slice::at(s - rows)}});
    }
    return all;
  }
  constexpr bool passes_mask() const { return layer.return_sequences; }
  constexpr Parameters parameters(Shape in) const {
    constexpr const char* names[] = {
        "forward_layer/cell/kernel",  "forward_layer/cell/recurrent_kernel",  "forward_layer/cell/bias",
        "backward_layer/cell/kernel", "backward_layer/cell/recurrent_kernel", "backward_layer/cell/bias"};
    Parameters all;
    for (int way = 0; way < 2; ++way) {
      int i = 3 * way;
      for (Parameter p : layer.parameters(in)) {
        p.name = names[i++];
        all.add(p);
      }
    }
    return all;
  }
  constexpr Traits traits() const { return layer.traits(); }
  constexpr Regularizer activity() const { return layer.activity_regularizer; }
  constexpr double flops(Shape in) const { return 2 * layer.flops(in); }
  constexpr Geometry geometry(Shape in) const {
    return {way(false).geometry(in), way(true).geometry(in), merge_mode, layer.states(),
            layer.use_bias ? 3 : 2};
  }
  /// What both ways work with, and then what they make.
  constexpr std::size_t intermediate(Shape in, bool training) const {
    return 2 * (way(false).intermediate(in, training) + static_cast<std::size_t>(geometry(in).made()));
  }
  constexpr std::size_t batch_state(Shape in) const { return 2 * layer.batch_state(in); }
  /// The gradients of what both ways make, of the input on the second way, and what a way works with.
  template <class T> static constexpr std::size_t scratch(const Geometry& g, int count) {
    return 2 * room<T>(count * g.made()) + room<T>(count * inputs(g)) +
           Inner::template scratch<T>(g.forwards, count);
  }

  template <class T, class Count>
  [[gnu::always_inline]] static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const int count = c.count;
    const std::size_t work = c.layer->intermediate / 2 - static_cast<std::size_t>(g.made());
    T* const made = c.intermediate + 2 * work * static_cast<std::size_t>(count);
    LayerPlan backwards;
    backwards.tensors = c.layer->tensors.from(g.parameters);
    const auto run = [&](auto of_way, const LayerPlan* layer, int way) __attribute__((always_inline)) {
      Forward<T, Count> inner = c;
      inner.layer = layer;
      inner.run.random = random_of(c.run.random, way);
      inner.y = made + way * count * g.made();
      inner.intermediate = c.intermediate + static_cast<std::size_t>(way * count) * work;
      inner.inputs = inputs_of(c.inputs, g.forwards.initial_state, g.states, way);
      if (c.state) inner.state = c.state + way * count * g.states * g.forwards.size.units;
      Inner::forward(of_way, inner);
    };
    run(one(geometry, std::false_type{}), c.layer, 0);
    run(one(geometry, std::true_type{}), &backwards, 1);
    for (std::ptrdiff_t i = 0; i < count; ++i)
      merge(g, made + i * g.made(), made + (count + i) * g.made(), c.y + i * g.out());
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c, auto gradients) {
    const Geometry g = geometry;
    const std::ptrdiff_t all = c.count * g.made();
    Scalar<T>* const of_input = c.scratch + 2 * room<T>(all);
    const std::size_t work = Inner::Base::intermediate(g.forwards, true);
    T* const dmade = reinterpret_cast<T*>(c.scratch);
    T* const dmade_back = reinterpret_cast<T*>(c.scratch + room<T>(all));
    const T* const made = c.intermediate + 2 * work * static_cast<std::size_t>(c.count);
    for (std::ptrdiff_t i = 0; i < c.count; ++i)
      spread(g, c.dy + i * g.out(), made + i * g.made(), made + all + i * g.made(), dmade + i * g.made(),
             dmade_back + i * g.made());
    const auto run = [&](auto of_way, int way) {
      const Tensors tensors = c.tensors->from(way * g.parameters);
      Backward<T> inner = c;
      inner.tensors = &tensors;
      inner.run.random = random_of(c.run.random, way);
      inner.dy = way == 0 ? dmade : dmade_back;
      inner.dx = c.dx && way == 1 ? reinterpret_cast<T*>(of_input) : c.dx;
      inner.intermediate = c.intermediate + static_cast<std::size_t>(way * c.count) * work;
      inner.scratch = of_input + room<T>(c.count * inputs(g));
      inner.inputs = inputs_of(c.inputs, g.forwards.initial_state, g.states, way);
      inner.input_gradients = inputs_of(c.input_gradients, g.forwards.initial_state, g.states, way);
      Inner::backward(of_way, inner,
                      detail::InnerGradients<decltype(gradients)>{gradients, way * g.parameters});
    };
    run(one(geometry, std::false_type{}), 0);
    run(one(geometry, std::true_type{}), 1);
    if (!c.dx) return;
    Scalar<T>* const dx = scalars(c.dx);
    kernels::for_each_vector<Scalar<T>>(c.count * inputs(g) * Unit<T>::samples,
                                        [=](std::ptrdiff_t i, auto part) {
                                          part.store(dx + i, part.load(dx + i) + part.load(of_input + i));
                                        });
  }

 private:
  template <class T> static constexpr std::size_t room(std::ptrdiff_t n) {
    return aligned(static_cast<std::size_t>(n) * Unit<T>::samples);
  }
  static constexpr std::ptrdiff_t inputs(const Geometry& g) {
    return std::ptrdiff_t{g.forwards.size.steps} * g.forwards.size.in;
  }
  // One way's geometry, as a type where it is known.
  template <class G, bool Backwards> static constexpr auto one(G geometry, std::bool_constant<Backwards>) {
    if constexpr (is_fixed<G>)
      return fixed<Backwards ? G::value.backwards : G::value.forwards>{};
    else
      return Backwards ? geometry.backwards : geometry.forwards;
  }

  // Each way draws numbers of its own.
  static Random random_of(Random random, int way) {
    random.purpose += static_cast<std::uint32_t>(way) << 6;
    return random;
  }
  // What one way is given: of the states its own.
  template <class All>
  static constexpr All inputs_of(const All& all, bool initial_state, int states, int way) {
    if (!initial_state) return all;
    All own;
    for (int i = 0; i < all.count; ++i)
      if (i < 1 || i > 2 * states || (i > states) == (way == 1)) own.add(all[i]);
    return own;
  }

  // f(where a row stands in the output, of one way and of the other; and where in what each of them makes).
  static void each_row(const Geometry& g, auto f) {
    const std::ptrdiff_t n = g.forwards.size.output_rows(), units = g.forwards.size.units, width = g.width(),
                         beside = width - units, returned = g.forwards.size.returned;
    for (std::ptrdiff_t r = 0; r < n; ++r) f(r * width, r * width + beside, r * units, (n - 1 - r) * units);
    for (std::ptrdiff_t r = n; r < n + returned; ++r)
      f(r * width, beside > 0 ? r * width + beside : (r + returned) * width, r * units, r * units);
  }
  template <class S> static constexpr S share(const Geometry& g) {
    return g.merge == Merging::ave ? S(0.5) : S(1);
  }
  // A sample's output of what both ways make.
  template <class T>
  [[gnu::noinline]] static void merge(const Geometry& g, const T* one, const T* other, T* y) {
    using S = Scalar<T>;
    const std::ptrdiff_t units = g.forwards.size.units;
    each_row(g, [&](std::ptrdiff_t to, std::ptrdiff_t beside, std::ptrdiff_t from, std::ptrdiff_t back) {
      if (to != beside) {
        std::copy_n(one + from, units, y + to);
        std::copy_n(other + back, units, y + beside);
        return;
      }
      const S *const a = scalars(one + from), *const b = scalars(other + back);
      S* const made = scalars(y + to);
      kernels::for_each_vector<S>(units * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) {
        const auto v = part.load(a + i), w = part.load(b + i);
        part.store(made + i, g.merge == Merging::mul ? v * w : (v + w) * share<S>(g));
      });
    });
  }
  // The gradients of what both ways made.
  template <class T>
  [[gnu::noinline]] static void spread(const Geometry& g, const T* dy, const T* one, const T* other, T* done,
                                       T* dother) {
    using S = Scalar<T>;
    const std::ptrdiff_t units = g.forwards.size.units;
    each_row(g, [&](std::ptrdiff_t from, std::ptrdiff_t beside, std::ptrdiff_t to, std::ptrdiff_t back) {
      if (from != beside) {
        std::copy_n(dy + from, units, done + to);
        std::copy_n(dy + beside, units, dother + back);
        return;
      }
      const S *const a = scalars(one + to), *const b = scalars(other + back), *const d = scalars(dy + from);
      S *const da = scalars(done + to), *const db = scalars(dother + back);
      kernels::for_each_vector<S>(units * Unit<T>::samples, [&](std::ptrdiff_t i, auto part) {
        const auto v = part.load(d + i);
        const bool times = g.merge == Merging::mul;
        part.store(da + i, v * (times ? part.load(b + i) : kernels::broadcast<kernels::Vec<S>>(share<S>(g))));
        part.store(db + i, v * (times ? part.load(a + i) : kernels::broadcast<kernels::Vec<S>>(share<S>(g))));
      });
    });
  }
};

/// Bidirectional<LSTM<8, ReturnSequences>>, Bidirectional<GRU<4>, MergeMode<Merging::sum>>: a layer, then any
/// options.
template <class Layer, class... Options>
struct Bidirectional
    : layer_of<Bidirectional<Layer, Options...>, BidirectionalSpec<typename Layer::Spec>, Options...> {
  static constexpr auto spec =
      with_options<Options...>(BidirectionalSpec<typename Layer::Spec>{.layer = Layer::spec});
  static_assert(spec.merge_mode != Merging::none, "two outputs are for a graph");
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::BidirectionalSpec<keratin::SimpleRNNSpec>, layer, merge_mode, initial_state,
                     masked);
KERATIN_ADAPT_STRUCT(keratin::BidirectionalSpec<keratin::LSTMSpec>, layer, merge_mode, initial_state, masked);
KERATIN_ADAPT_STRUCT(keratin::BidirectionalSpec<keratin::GRUSpec>, layer, merge_mode, initial_state, masked);
