#pragma once
#include <keratin/losses/loss.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace keratin {

inline constexpr Rule needs_a_vector_a_sample{
    "Circle compares vectors of length 1, one a sample: end the network with Dense and UnitNormalization"};

/// Keras: Circle(gamma, margin, remove_diagonal). Whole numbers as targets say which samples belong together;
/// each is compared with all of its batch: log(1 + sum of e^(gamma (d^2 - margin^2)) over those like it,
/// itself left out, times the sum of e^(gamma ((1 - d)^2 - margin^2)) over the others), where 1 - d is the
/// product of the two. A sample that has only one of the two kinds does not count. Sun and others 2020.
template <double Gamma = 80.0, double Margin = 0.4, bool RemoveDiagonal = true> struct Circle {
  static constexpr const char* name = "circle";
  static constexpr Setting settings[] = {
      {"gamma", Gamma}, {"margin", Margin}, {"remove_diagonal", RemoveDiagonal, nullptr, Setting::flag}};
  static constexpr Targets targets = Targets::identities;
  static constexpr bool ignores = true;
  using Link = Linear;

  static constexpr Fit fit(Shape out, ActivationFunction) {
    if (out.rank != 1) return needs_a_vector_a_sample;
    return out;
  }

  /// Whether a row has others to be compared with.
  template <class S> static bool counts(const LossInput<S>& in, int r) { return Row<S>(in, r).loss() > 0; }

  /// Sum over rows, each times its weight.
  template <class S> static double evaluate(const LossInput<S>& in) {
    double sum = 0;
    if (in.gradient) std::fill_n(in.gradient, std::ptrdiff_t{in.rows} * in.n, S{0});
    for (int r = 0; r < in.rows; ++r) {
      if (in.mask && in.mask[r] == 0) continue;
      const Row<S> row(in, r);
      const S loss = row.loss(), weight = in.weights ? in.weights[r] : S{1};
      if (!(loss > 0)) continue;
      sum += static_cast<double>(weight * loss);
      if (in.gradient) row.add_gradient(in, r, in.weight * weight);
    }
    return sum;
  }

 private:
  // log of a sum of e^v.
  template <class S> struct LogSum {
    S top = -std::numeric_limits<S>::infinity(), sum = 0;

    void add(S v) {
      if (v > top) sum *= std::exp(top - v), top = v;
      sum += std::exp(v - top);
    }
    S log() const { return top + std::log(sum); }
  };
  // What two rows add to a sum as a power of e, and its slope along their product.
  template <class S> struct Pair {
    bool alike;
    S power, slope;

    Pair(const LossInput<S>& in, int r, int other) : alike(in.labels[r] == in.labels[other]) {
      const S gamma = static_cast<S>(Gamma), margin = static_cast<S>(Margin);
      const S *const a = in.y + std::ptrdiff_t{r} * in.n, *const b = in.y + std::ptrdiff_t{other} * in.n;
      kernels::Vec<S> products{};
      kernels::for_each_vector<S>(
          in.n, [&](std::ptrdiff_t i, auto part) { products += part.load(a + i) * part.load(b + i); });
      const S far = 1 - kernels::sum(products), d = std::max(far, S{0});
      const S weight = std::max(alike ? margin + d : 1 + margin - d, S{0});
      power = gamma * weight * (alike ? d - margin : 1 - margin - d);
      slope = weight > 0 && far > 0 ? 2 * gamma * (alike ? -d : 1 - d) : S{0};
    }
  };
  template <class S> static void each_pair(const LossInput<S>& in, int r, auto f) {
    for (int other = 0; other < in.rows; ++other)
      if (other != r || !RemoveDiagonal) f(other, Pair<S>(in, r, other));
  }
  // A row among those of its batch.
  template <class S> struct Row {
    S like, unlike;

    Row(const LossInput<S>& in, int r) {
      LogSum<S> of_like, of_unlike;
      each_pair(in, r, [&](int, const Pair<S>& pair) { (pair.alike ? of_like : of_unlike).add(pair.power); });
      like = of_like.log(), unlike = of_unlike.log();
    }
    S loss() const { return std::max(like + unlike, S{0}) + std::log1p(std::exp(-std::fabs(like + unlike))); }
    void add_gradient(const LossInput<S>& in, int r, S weight) const {
      const S share = weight / (1 + std::exp(-(like + unlike)));
      each_pair(in, r, [&](int other, const Pair<S>& pair) {
        const S slope = share * std::exp(pair.power - (pair.alike ? like : unlike)) * pair.slope;
        const std::ptrdiff_t a = std::ptrdiff_t{r} * in.n, b = std::ptrdiff_t{other} * in.n;
        for (int c = 0; c < in.n; ++c) {
          in.gradient[a + c] += slope * in.y[b + c];
          in.gradient[b + c] += slope * in.y[a + c];
        }
      });
    }
  };
};

}  // namespace keratin
