#pragma once
// Numbers made ready for a network: Normalization, Discretization, CategoryEncoding. Their tables are given,
// or parameters that adapt() in preprocessing/adapt.hpp finds in data and no training changes.
#include <keratin/core/axes.hpp>
#include <keratin/core/named_enum.hpp>
#include <keratin/core/table.hpp>
#include <keratin/core/whole.hpp>
#include <keratin/initializers/constant.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/normalization.hpp>
#include <keratin/layers/operators.hpp>

#include <algorithm>
#include <cmath>

namespace keratin {

inline constexpr Rule needs_mean_and_variance{"mean and variance must be given both or not at all"};
inline constexpr Rule needs_a_mean_for_each{
    "mean and variance must be one number, or one for each index of the axis"};
inline constexpr Rule needs_ascending_boundaries{"bin_boundaries must ascend"};
inline constexpr Rule needs_bins{"either num_bins, 2 or more, or bin_boundaries must be given"};
inline constexpr Rule needs_at_least_1_token{"num_tokens must be at least 1"};
inline constexpr Rule encodes_samples_of_one_axis{
    "multi_hot, count and tf_idf encode samples of one axis: one row for the whole sample"};
inline constexpr Rule has_no_such_output_mode{"the layer does not have this output_mode"};

/// Keras: Normalization. Any shape, unchanged: y = (x - mean) / max(sqrt(variance), 1e-7); inverted y = mean
/// + x max(sqrt(variance), 1e-7). One mean for each index of the axes that are kept (by default the last;
/// axis None: one in all): given, or found by adapt(). mean, zeros, and variance, ones; not trained.
struct NormalizationSpec {
  Axes axis{-1};
  OneOrMore mean{}, variance{};
  bool invert = false;

  static constexpr const char* name = "Normalization";
  static constexpr const char* arguments = "...";
  static constexpr bool counts_in_files = true;  // Keras has a counter behind the weights, which nobody reads

  constexpr Fit fit(Shape in) const {
    if (axis.bits(in) < 0) return needs_axes_that_the_input_has;
    if (mean.count != variance.count) return needs_mean_and_variance;
    if (mean.count > Table::most) return holds_at_most_64_values;
    if (mean.count > 1 && mean.count != kept_shape(in).elements()) return needs_a_mean_for_each;
    return in;
  }
  constexpr Parameters parameters(Shape in) const {
    Parameters p;
    if (mean.count > 0) return p;
    const InFiles as = axis.count == 0 ? InFiles::scalar : InFiles::by_number;
    const Shape shape = kept_shape(in);
    p.add({.name = "mean", .shape = shape, .trainable = false, .in_files = as});
    p.add(
        {.name = "variance", .shape = shape, .initializer = Ones::value, .trainable = false, .in_files = as});
    return p;
  }
  constexpr Traits traits() const {
    return {.reads_input = false, .reads_output = false, .in_place = true, .writes_over_gradient = false};
  }
  constexpr bool passes_mask() const { return true; }
  constexpr double flops(Shape in) const { return 2.0 * static_cast<double>(in.elements()); }
  /// Of the mean: the extents of the axes that are kept, one value where none is.
  constexpr Shape kept_shape(const Shape& in) const {
    Shape kept;
    for (int a = 0; a < in.rank; ++a)
      if (axis.bits(in) >> a & 1) kept.extent[kept.rank++] = in[a];
    return kept.rank == 0 ? Shape{1} : kept;
  }

  struct Geometry {
    detail::Walk rows;  // those of n elements, beside the means where they begin
    int n;
    int repeat;  // of samples that follow each other, where all rows have the same means
    bool own;    // each element of a row has a mean of its own
    Table mean, variance;
    bool invert;
  };
  constexpr Geometry geometry(Shape in) const {
    const int kept = mean.count == 1 ? 0 : axis.bits(in);
    const auto keeps = [&](int a) { return (kept >> a & 1) != 0; };
    Geometry g{{}, 1, 1, keeps(in.rank - 1), mean, variance, invert};
    int axes = in.rank;
    while (axes > 0 && keeps(axes - 1) == g.own) g.n *= in[--axes];
    g.rows = detail::Walk::beside(in, axes, keeps, g.own ? g.n : 1);
    bool alike = true;
    for (int a = 0; a < axes; ++a) alike = alike && !keeps(a);
    if (alike) {
      g.repeat = g.rows.size;
      g.rows = {};
    }
    return g;
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    const bool invert = g.invert;
    each(
        g, static_cast<int>(c.count), c.x, c.y, [&](int i) { return c.parameter(i); },
        [=](auto x, auto mean, auto deviation, auto inverse) {
          return invert ? mean + x * deviation : (x - mean) * inverse;
        });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    const bool invert = g.invert;
    if (!c.dx) return;
    each(
        g, c.count, c.dy, c.dx, [&](int i) { return c.parameter(i); },
        [=](auto dy, auto, auto deviation, auto inverse) { return dy * (invert ? deviation : inverse); });
  }

 private:
  // to = f(from, mean, deviation, 1 / deviation). The same column of several rows is done in one go, so that
  // roots and quotients are taken once; what they share stays in L1.
  template <class T>
  static void each(const Geometry& g, int count, const T* from, T* to, auto parameter, auto f) {
    using Row = detail::RowVectors<T>;
    using V = typename Row::V;
    using S = Scalar<T>;
    const bool given = g.mean.count > 0;
    const TableValues<S> means(g.mean, given ? nullptr : parameter(0)),
        variances(g.variance, given ? nullptr : parameter(1));
    const std::ptrdiff_t all = std::ptrdiff_t{count} * g.repeat,
                         apart = static_cast<std::ptrdiff_t>(g.rows.size) * g.n,
                         together = std::max(1, 4096 / Unit<T>::samples / g.n);
    g.rows.each([&](int row, int first_mean) {
      for (std::ptrdiff_t first = 0; first < all; first += together)
        Row::each(g.n, [&](std::ptrdiff_t i, auto part) __attribute__((always_inline)) {
          const auto at = [&](const S* p) {
            return g.own ? Row::parameter(p + first_mean + i, part) : kernels::broadcast<V>(p[first_mean]);
          };
          const V mean = at(means.data()),
                  deviation =
                      kernels::max(kernels::sqrt(at(variances.data())), kernels::broadcast<V>(S(1e-7))),
                  inverse = 1 / deviation;
          const std::ptrdiff_t end = std::min(all, first + together);
          for (std::ptrdiff_t k = first; k < end; ++k) {
            const std::ptrdiff_t place = k * apart + std::ptrdiff_t{row} * g.n + i;
            Row::store(to + place, f(Row::load(from + place, part), mean, deviation, inverse), part);
          }
        });
    });
  }
};

/// What Normalization is given: one value, or one for each index of its axis. Keras: mean, variance.
template <double... Values> struct GivenMean {
  KERATIN_SETS(mean, {Values...})
};
template <double... Values> struct GivenVariance {
  KERATIN_SETS(variance, {Values...})
};
/// Keras: invert=True.
struct Invert {
  KERATIN_SETS(invert, true)
};
/// Normalization<>, to be adapted; Normalization<GivenMean<0.5>, GivenVariance<0.25>>.
template <class... Options>
struct Normalization : layer_of<Normalization<Options...>, NormalizationSpec, Options...> {
  static constexpr NormalizationSpec spec = with_options<Options...>(NormalizationSpec{});
};

/// What is made of a number of a category: itself; a 1 at its place in a row of zeros, a row for each; a row
/// for the whole sample with a 1 at the place of each, or with how often each came, or that times the weight
/// of the category. Keras: output_mode, where `index` is "int".
enum class OutputMode : unsigned char { index, one_hot, multi_hot, count, tf_idf };
constexpr std::array<std::string_view, 5> names_of(OutputMode) {
  return {"int", "one_hot", "multi_hot", "count", "tf_idf"};
}

struct OneHot {
  KERATIN_SETS(output_mode, OutputMode::one_hot)
};
struct MultiHot {
  KERATIN_SETS(output_mode, OutputMode::multi_hot)
};
struct Counts {
  KERATIN_SETS(output_mode, OutputMode::count)
};
struct TfIdf {
  KERATIN_SETS(output_mode, OutputMode::tf_idf)
};

namespace detail {

/// Numbers of `depth` categories in one of the modes. A number that is none of them leaves no trace.
struct Encoding {
  int in, depth;
  OutputMode mode;

  constexpr Encoding(const Shape& shape, int categories, OutputMode as)
      : in(shape.size()), depth(categories), mode(as) {}

  static constexpr Fit fit(const Shape& in, int depth, OutputMode mode) {
    if (mode == OutputMode::index) return in;
    if (mode != OutputMode::one_hot) return in.rank == 1 ? Fit(Shape{depth}) : encodes_samples_of_one_axis;
    Shape out = in;
    if (in.last() != 1) {
      if (in.rank == Shape::max_rank) return has_more_than_5_axes;
      ++out.rank;
    }
    return out.with_last(depth);
  }

  // number(x) is that of a value; weights: of the categories, for tf_idf.
  template <class T> void encode(int count, const T* x, T* y, const Scalar<T>* weights, auto number) const {
    using S = Scalar<T>;
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    const std::ptrdiff_t row = std::ptrdiff_t{depth} * L, values = in * L,
                         out = mode == OutputMode::one_hot ? in * row : row;
    const S* from = scalars(x);
    S* to = scalars(y);
    if (mode == OutputMode::index) {
      for (std::ptrdiff_t i = 0; i < values * count; ++i) to[i] = static_cast<S>(number(from[i]));
      return;
    }
    for (int s = 0; s < count; ++s, from += values, to += out) {
      std::fill_n(to, out, S{});
      for (std::ptrdiff_t i = 0; i < values; ++i) {
        const std::ptrdiff_t k = number(from[i]);
        if (k < 0 || k >= depth) continue;
        S& v = to[(mode == OutputMode::one_hot ? i / L * row : 0) + k * L + i % L];
        v = mode == OutputMode::count || mode == OutputMode::tf_idf ? v + 1 : S{1};
      }
      if (mode == OutputMode::tf_idf)
        for (std::ptrdiff_t k = 0; k < row; ++k) to[k] *= weights[k / L];
    }
  }
};
// Through such a layer nothing is differentiated.
inline constexpr Traits encoding_traits{.reads_input = false, .reads_output = false, .constant = true};

}  // namespace detail

/// Keras: Discretization. Any shape: x becomes how many boundaries are not above it, or that in another
/// output_mode. The boundaries are given in ascending order, or found by adapt() for num_bins: bin_boundaries
/// (num_bins - 1), not trained. Nothing is differentiated through it.
struct DiscretizationSpec {
  Table bin_boundaries{};
  OptionalInt num_bins{};
  double epsilon = 0.01;  // how coarse the sketch is that adapt() makes
  OutputMode output_mode = OutputMode::index;

  static constexpr const char* name = "Discretization";
  static constexpr const char* arguments = "...";

  constexpr Fit fit(Shape in) const {
    if (bin_boundaries.count > Table::most) return holds_at_most_64_values;
    if (bin_boundaries.count == 0 && !(num_bins.given && num_bins.value >= 2)) return needs_bins;
    for (int i = 1; i < bin_boundaries.count; ++i)
      if (!(bin_boundaries[i - 1] <= bin_boundaries[i])) return needs_ascending_boundaries;
    if (output_mode == OutputMode::tf_idf) return has_no_such_output_mode;
    return detail::Encoding::fit(in, boundaries() + 1, output_mode);
  }
  constexpr Parameters parameters(Shape) const {
    Parameters p;
    if (bin_boundaries.count == 0)
      p.add({.name = "bin_boundaries",
             .shape = {boundaries()},
             .trainable = false,
             .in_files = InFiles::not_a_weight});
    return p;
  }
  constexpr Traits traits() const { return detail::encoding_traits; }
  constexpr int boundaries() const {
    return bin_boundaries.count > 0 ? bin_boundaries.count : num_bins.value - 1;
  }

  struct Geometry {
    detail::Encoding encoding;
    Table boundaries;
    int count;
  };
  constexpr Geometry geometry(Shape in) const {
    return {{in, boundaries() + 1, output_mode}, bin_boundaries, boundaries()};
  }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    using S = Scalar<T>;
    const Geometry g = geometry;
    const TableValues<S> table(g.boundaries, g.boundaries.count > 0 ? nullptr : c.parameter(0));
    const S* const boundary = table.data();
    const int boundaries = g.count, count = static_cast<int>(c.count);
    if (g.encoding.mode != OutputMode::index)
      return g.encoding.encode(count, c.x, c.y, nullptr, [=](S x) {
        int n = boundaries;
        for (int b = 0; b < boundaries; ++b) n -= x < boundary[b];
        return n;
      });
    const S* const x = scalars(c.x);
    S* const y = scalars(c.y);
    kernels::for_each_vector<S>(
        std::ptrdiff_t{count} * g.encoding.in * Unit<T>::samples, [=](std::ptrdiff_t i, auto part) {
          using V = kernels::Vec<S>;
          const V v = part.load(x + i);
          V n = kernels::broadcast<V>(static_cast<S>(boundaries));
          for (int b = 0; b < boundaries; ++b)
            n -= v < kernels::broadcast<V>(boundary[b]) ? kernels::broadcast<V>(S{1}) : V{};
          part.store(y + i, n);
        });
  }
  template <class T> static void backward(auto, const Backward<T>&) {}
};

/// Where the bins meet: BinBoundaries<0.0, 0.5, 1.0>. Keras: bin_boundaries.
template <double... Values> struct BinBoundaries {
  KERATIN_SETS(bin_boundaries, {Values...})
};
/// How many bins adapt() shall find. Keras: num_bins.
template <int N> struct NumBins {
  KERATIN_SETS(num_bins, N)
};
/// Discretization<BinBoundaries<0.0, 1.0>, OneHot>; Discretization<NumBins<10>>, to be adapted.
template <class... Options>
struct Discretization : layer_of<Discretization<Options...>, DiscretizationSpec, Options...> {
  static constexpr DiscretizationSpec spec = with_options<Options...>(DiscretizationSpec{});
};

inline constexpr Rule needs_a_weight_for_each_number{"a second input has a weight for each number"};
inline constexpr Rule weighs_numbers_that_it_counts{
    "weights of the numbers work with output_mode count only"};
inline constexpr Rule takes_numbers_and_weights{"takes numbers, and perhaps their weights"};

/// Keras: CategoryEncoding. Numbers of categories, rounded towards zero: one_hot (..., num_tokens), multi_hot
/// or count (num_tokens). A number that is none of the categories leaves no trace. Nothing is differentiated
/// through it. A second input, with count, says how often each number counts, and has a gradient; Keras:
/// count_weights.
struct CategoryEncodingSpec {
  int num_tokens = 0;
  OutputMode output_mode = OutputMode::multi_hot;

  static constexpr const char* name = "CategoryEncoding";
  static constexpr const char* arguments = "num_tokens, ...";
  static constexpr bool merges = true, takes_arguments = true;
  static constexpr const char* second_argument = "count_weights";  // Keras takes it by its name only

  constexpr Fit fit(const Shapes& in) const {
    if (num_tokens < 1) return needs_at_least_1_token;
    if (output_mode == OutputMode::index || output_mode == OutputMode::tf_idf) return has_no_such_output_mode;
    if (in.count > 2) return takes_numbers_and_weights;
    if (in.count > 1 && output_mode != OutputMode::count) return weighs_numbers_that_it_counts;
    if (in.count > 1 && in[1] != in[0]) return {needs_a_weight_for_each_number, in[0], 1};
    return detail::Encoding::fit(in[0], num_tokens, output_mode);
  }
  constexpr Traits traits() const { return detail::encoding_traits; }
  constexpr Traits traits(const Shapes& in) const {
    Traits traits = detail::encoding_traits;
    traits.constant = in.count < 2;
    traits.reads_input = in.count > 1;
    return traits;
  }

  using Geometry = detail::Encoding;
  constexpr Geometry geometry(const Shapes& in) const { return {in[0], num_tokens, output_mode}; }

  template <class T, class Count> static void forward(auto geometry, const Forward<T, Count>& c) {
    const Geometry g = geometry;
    if (c.inputs.count > 1) {
      std::fill_n(scalars(c.y), static_cast<int>(c.count) * std::ptrdiff_t{g.depth} * Unit<T>::samples,
                  Scalar<T>{});
      return each_number(g, static_cast<int>(c.count), c.x, [&](std::ptrdiff_t from, std::ptrdiff_t to) {
        scalars(c.y)[to] += scalars(c.input(1))[from];
      });
    }
    g.encode(static_cast<int>(c.count), c.x, c.y, nullptr, [](Scalar<T> x) { return detail::whole(x); });
  }
  template <class T> static void backward(auto geometry, const Backward<T>& c) {
    const Geometry g = geometry;
    if (c.inputs.count < 2) return;
    const auto clear = [&](T* d) {
      if (d) std::fill_n(scalars(d), std::ptrdiff_t{c.count} * g.in * Unit<T>::samples, Scalar<T>{});
    };
    clear(c.dx);
    T* const dweights = c.input_gradient(1);
    if (!dweights) return;
    clear(dweights);
    each_number(g, c.count, c.x,
                [&](std::ptrdiff_t from, std::ptrdiff_t to) { scalars(dweights)[from] = scalars(c.dy)[to]; });
  }

 private:
  // f(where a category's number stands, where its count does).
  template <class T> static void each_number(const Geometry& g, int count, const T* x, auto f) {
    constexpr std::ptrdiff_t L = Unit<T>::samples;
    for (std::ptrdiff_t s = 0; s < count; ++s)
      for (std::ptrdiff_t i = 0; i < g.in * L; ++i) {
        const std::ptrdiff_t from = s * g.in * L + i, k = detail::whole(scalars(x)[from]);
        if (k >= 0 && k < g.depth) f(from, (s * g.depth + k) * L + i % L);
      }
  }
};

/// CategoryEncoding<4>, CategoryEncoding<4, OneHot>.
template <int NumTokens, class... Options>
struct CategoryEncoding
    : layer_of<CategoryEncoding<NumTokens, Options...>, CategoryEncodingSpec, Options...> {
  static constexpr CategoryEncodingSpec spec = with_options<Options...>(CategoryEncodingSpec{NumTokens});
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::NormalizationSpec, axis, mean, variance, invert);
KERATIN_ADAPT_STRUCT(keratin::DiscretizationSpec, bin_boundaries, num_bins, epsilon, output_mode);
KERATIN_ADAPT_STRUCT(keratin::CategoryEncodingSpec, num_tokens, output_mode);
