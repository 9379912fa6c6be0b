#pragma once
// adapt(): the tables of Normalization, Discretization and IntegerLookup out of data, in one pass. Needs the
// heap. Run-time models: functional/adapt.hpp.
#include <keratin/core/array.hpp>
#include <keratin/core/names.hpp>
#include <keratin/layers/lookup.hpp>
#include <keratin/sequential/model.hpp>

#include <cfloat>
#include <map>
#include <numeric>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace keratin {

namespace detail {

// The tables of a spec, one after the other, each as long as its parameter.
using Tables = std::vector<std::vector<float>>;

// f(first, count) of samples, for batches of a data set; batch 0: all at once.
void each_batch(std::size_t samples, std::size_t batch, auto f) {
  for (std::size_t first = 0; first < samples; first += batch) {
    if (batch == 0) batch = samples;
    f(first, std::min(batch, samples - first));
  }
}

/// Batches' mean and variance put together, each weighted by what it has.
inline Tables tables_of(const NormalizationSpec& spec, const Shape& in, const Array& data,
                        std::size_t batch) {
  const auto means = static_cast<std::size_t>(spec.kept_shape(in).size()),
             size = static_cast<std::size_t>(in.size());
  const Walk walk = Walk::beside(in, in.rank, [&](int a) { return (spec.axis.bits(in) >> a & 1) != 0; });
  std::vector<double> mean(means), variance(means);
  double seen = 0;
  each_batch(data.size() / size, batch, [&](std::size_t first, std::size_t count) {
    const double of_each = static_cast<double>(count * size / means);
    std::vector<double> m(means), v(means);
    std::vector<double> sample(size);
    const auto each = [&](auto f) {
      for (std::size_t s = first; s < first + count; ++s) {
        copy_values(data, s * size, size, sample.data());
        walk.each([&](int i, int k) { f(sample[static_cast<std::size_t>(i)], static_cast<std::size_t>(k)); });
      }
    };
    each([&](double x, std::size_t k) { m[k] += x / of_each; });
    each([&](double x, std::size_t k) { v[k] += (x - m[k]) * (x - m[k]) / of_each; });
    seen += of_each;
    const double share = of_each / seen;
    for (std::size_t k = 0; k < means; ++k) {
      const double together = mean[k] * (1 - share) + m[k] * share;
      variance[k] = (variance[k] + (mean[k] - together) * (mean[k] - together)) * (1 - share) +
                    (v[k] + (m[k] - together) * (m[k] - together)) * share;
      mean[k] = together;
    }
  });
  return {{mean.begin(), mean.end()}, {variance.begin(), variance.end()}};
}

/// Values with weights, by ascending value, that stand for all that were seen: Keras's quantile sketch.
class QuantileSketch {
 public:
  explicit QuantileSketch(double epsilon) : epsilon_(epsilon) {}

  void update(std::vector<float> values) {
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    const double step = std::max(static_cast<double>(values.size()) / (1 / epsilon_), 1.0);
    std::vector<Point> seen, all;
    for (auto i = static_cast<std::size_t>(step - 1); i < values.size(); i += static_cast<std::size_t>(step))
      seen.push_back({values[i], static_cast<float>(step)});
    std::merge(seen.begin(), seen.end(), points_.begin(), points_.end(), std::back_inserter(all),
               [](const Point& a, const Point& b) { return a.value < b.value; });
    points_ = compressed(std::move(all), epsilon_);
  }
  /// Where the bins meet, of which each has as much weight. Fewer where there are fewer values.
  std::vector<float> boundaries(int bins) const {
    std::vector<float> all;
    for (const Point& point : compressed(points_, 1.0 / bins)) all.push_back(point.value);
    if (!all.empty()) all.pop_back();
    return all;
  }

 private:
  struct Point {
    float value, weight;
  };
  static std::vector<Point> compressed(std::vector<Point> points, double epsilon) {
    if (static_cast<double>(points.size()) * epsilon < 1) return points;
    std::vector<float> sums;  // in float, as Keras has them: a boundary may depend on it
    for (const Point& point : points)
      sums.push_back(sums.empty() ? point.weight : sums.back() + point.weight);
    std::vector<float> shares;
    for (const float sum : sums) shares.push_back(sum / sums.back());
    std::vector<Point> fewer;
    double before = 0;
    for (int i = 0; i < static_cast<int>(std::ceil(1 / epsilon)); ++i) {
      const double at = epsilon + i * epsilon;
      const auto next =
          static_cast<std::size_t>(std::upper_bound(shares.begin(), shares.end(), at) - shares.begin());
      const auto between = [&](auto value) -> double {
        if (next == 0) return value(0);
        const std::size_t k = next - 1;
        if (next == shares.size() || shares[k] == at) return value(k);
        return (value(next) - value(k)) / (static_cast<double>(shares[next]) - shares[k]) * (at - shares[k]) +
               value(k);
      };
      const double value = between([&](std::size_t k) -> double { return points[k].value; }),
                   sum = between([&](std::size_t k) -> double { return sums[k]; });
      fewer.push_back({static_cast<float>(value), static_cast<float>(sum - before)});
      before = sum;
    }
    return fewer;
  }

  double epsilon_;
  std::vector<Point> points_;
};
/// Boundaries that there are not stand above every value.
inline Tables tables_of(const DiscretizationSpec& spec, const Shape& in, const Array& data,
                        std::size_t batch) {
  QuantileSketch sketch(spec.epsilon);
  const auto size = static_cast<std::size_t>(in.size());
  each_batch(data.size() / size, batch, [&](std::size_t first, std::size_t count) {
    std::vector<float> values(count * size);
    copy_values(data, first * size, values.size(), values.data());
    sketch.update(std::move(values));
  });
  std::vector<float> boundaries = sketch.boundaries(spec.num_bins.value);
  boundaries.resize(static_cast<std::size_t>(spec.boundaries()), FLT_MAX);
  return {boundaries};
}

/// The places of a vocabulary by ascending token.
inline std::vector<float> order_of(const std::vector<float>& tokens) {
  std::vector<int> places(tokens.size());
  std::iota(places.begin(), places.end(), 0);
  const auto token = [&](int place) { return tokens[static_cast<std::size_t>(place)]; };
  std::sort(places.begin(), places.end(),
            [&](int a, int b) { return token(a) != token(b) ? token(a) < token(b) : a < b; });
  return {places.begin(), places.end()};
}

/// How often tokens came, and in how many documents.
template <class Token> class TokenCounts {
 public:
  /// A document more.
  void add(const std::vector<Token>& document) {
    for (const Token& token : document) ++seen_[token].times;
    for (const Token& token : std::set<Token>(document.begin(), document.end())) ++seen_[token].documents;
    ++documents_;
  }
  void forget(const Token& token) { seen_.erase(token); }
  std::size_t size() const { return seen_.size(); }
  /// The most frequent ones, of equally frequent ones the larger first.
  std::vector<Token> most_frequent(std::size_t most) const {
    std::vector<Token> tokens;
    for (const auto& [token, seen] : seen_) tokens.push_back(token);
    std::sort(tokens.begin(), tokens.end(), [&](const Token& a, const Token& b) {
      const std::size_t one = seen_.at(a).times, other = seen_.at(b).times;
      return one != other ? one > other : b < a;
    });
    tokens.resize(std::min(tokens.size(), most));
    return tokens;
  }
  /// Of a vocabulary with so many special tokens in front, to which the mean is given; zeros up to `depth`.
  std::vector<float> inverse_document_frequencies(const std::vector<Token>& tokens, int special,
                                                  int depth) const {
    std::vector<float> weights;
    for (const Token& token : tokens)
      weights.push_back(static_cast<float>(std::log(
          1 + static_cast<double>(documents_) / (1 + static_cast<double>(seen_.at(token).documents)))));
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    weights.insert(weights.begin(), static_cast<std::size_t>(special),
                   static_cast<float>(sum / static_cast<double>(std::max<std::size_t>(1, tokens.size()))));
    weights.resize(static_cast<std::size_t>(std::max(depth, static_cast<int>(weights.size()))));
    return weights;
  }

 private:
  struct Seen {
    std::size_t times = 0, documents = 0;
  };
  std::map<Token, Seen> seen_;
  std::size_t documents_ = 0;
};

/// A sample is a document.
inline TokenCounts<int> counts_of(const IntegerLookupSpec& spec, const Shape& in, const Array& data) {
  const auto size = static_cast<std::size_t>(in.size());
  TokenCounts<int> counts;
  std::vector<int> document(size);
  for (std::size_t s = 0; s < data.size() / size; ++s) {
    for (std::size_t i = 0; i < size; ++i) {
      const double x = std::trunc(data(s * size + i));
      if (!(std::fabs(x) <= most_exact))
        throw std::invalid_argument(Text("adapt: ", holds_whole_numbers_up_to_2_24.text).c_str());
      document[i] = static_cast<int>(x);
    }
    counts.add(document);
  }
  if (spec.mask_token.given) counts.forget(spec.mask_token.value);
  if (spec.oov_token.given) counts.forget(spec.oov_token.value);
  return counts;
}
/// Where there are fewer tokens than places, those left hold one that no data has.
inline Tables tables_of(const IntegerLookupSpec& spec, const TokenCounts<int>& counts) {
  const std::vector<int> found = counts.most_frequent(static_cast<std::size_t>(spec.entries()));
  std::vector<float> tokens(found.begin(), found.end());
  tokens.resize(static_cast<std::size_t>(spec.entries()), FLT_MAX);
  Tables tables{tokens, order_of(tokens)};
  if (spec.output_mode == OutputMode::tf_idf)
    tables.push_back(counts.inverse_document_frequencies(found, spec.layout().start(), spec.depth()));
  return tables;
}
inline Tables tables_of(const IntegerLookupSpec& spec, const Shape& in, const Array& data, std::size_t) {
  return tables_of(spec, counts_of(spec, in, data));
}

template <class S>
concept Adaptable = requires(const S& spec, const Array& data) { tables_of(spec, Shape{}, data, 0); };

inline void check_data(const Shape& in, const Array& data) {
  if (data.size() == 0 || data.size() % static_cast<std::size_t>(in.size()) != 0)
    throw std::invalid_argument(
        Text("adapt: ", data.size(), " values came, whole samples ", in, " wanted").c_str());
}
/// Adapts the layer with the name, "": the first one that has a table to adapt. each(f) calls f(spec, row,
/// name) for every layer.
template <class Model>
void adapt_layer(Model& model, std::string_view name, const Array& data, std::size_t batch, auto each) {
  bool done = false;
  std::vector<std::string> adaptable;
  each([&](const auto& spec, const LayerPlan& row, const std::string& called) {
    if constexpr (Adaptable<std::remove_cvref_t<decltype(spec)>>) {
      if (done || row.tensors.count() == 0) return;
      adaptable.push_back(called);
      if (!name.empty() && name != called) return;
      check_data(row.in, data);
      const Tables tables = tables_of(spec, row.in, data, batch);
      for (int i = 0; i < row.tensors.count(); ++i) {
        const std::vector<float>& table = tables[static_cast<std::size_t>(i)];
        std::copy(table.begin(), table.end(),
                  model.block().begin() + static_cast<std::ptrdiff_t>(row.tensors.offset(i)));
      }
      done = true;
    }
  });
  if (!done)
    throw std::invalid_argument(name.empty() ? "adapt: no layer has a table to adapt"
                                             : Text("adapt: there is no layer '", name,
                                                    "' that has a table to adapt, ",
                                                    candidates(name, adaptable).view())
                                                   .c_str());
}

}  // namespace detail

/// Finds the tables of a layer in data: of the first layer that has some to be found, or of the one with the
/// name. data: what comes into that layer, any number of samples. Normalization: mean and variance.
/// Discretization: boundaries of bins that hold equally many values, by Keras's sketch, whose result depends
/// on how the data is cut into batches (batch 0: all of it at once, as Keras takes an array). For a few
/// numbers of bins, 49 the first, Keras makes one bin more, of the largest value alone; this does not.
/// IntegerLookup: the most frequent numbers. Error: std::invalid_argument. Keras: adapt.
template <class Net, class Storage, class S>
void adapt(Model<Net, Storage, S>& model, std::string_view layer, const Array& data, std::size_t batch = 0) {
  detail::adapt_layer(model, layer, data, batch, [&](auto f) {
    const auto& layers = model.layers();
    const std::vector<std::string> names = layer_names(layers);
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (f(detail::layer_at<I, typename Net::List>::spec, layers[I], names[I]), ...);
    }(std::make_index_sequence<static_cast<std::size_t>(Net::depth)>());
  });
}
template <class Net, class Storage, class S>
void adapt(Model<Net, Storage, S>& model, const Array& data, std::size_t batch = 0) {
  adapt(model, "", data, batch);
}

}  // namespace keratin
