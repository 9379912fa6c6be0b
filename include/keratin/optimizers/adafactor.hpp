#pragma once
#include <keratin/optimizers/with.hpp>

namespace keratin {

/// Keras: Adafactor, whose second moments of a matrix are a product of its rows' and its columns'. Shazeer
/// and Stern 2018. With s = g^2 + epsilon_1 and beta = 1 - t^beta_2_decay, r and c are moving averages, by
/// beta, of the means of s over the last axis and over the last but one:
///   v = (r / mean(r)) c, of a tensor with one axis v = beta v + (1 - beta) s;  u = g / sqrt(v);
///   w -= min(learning_rate, 1 / sqrt(t)) max(epsilon_2, rms(w)) u / max(1, rms(u) / clip_threshold)
struct Adafactor {
  LearningRate learning_rate = 0.001;
  double beta_2_decay = -0.8, epsilon_1 = 1e-30, epsilon_2 = 1e-3, clip_threshold = 1;
  bool relative_step = true;  // as in Keras it changes nothing: the rate is at most 1 / sqrt(t) in any case

  static constexpr const char* name = "Adafactor";
  static constexpr int slots = 3;  // rows r and columns c, at the beginning of their tensor's place; v
  static constexpr bool whole_gradient = true;

  constexpr int slots_in_use() const { return slots; }
  /// Of a tensor's slot in files; r and c of one with a single axis stand for nothing there.
  static constexpr std::optional<Shape> slot_shape(std::size_t slot, const Shape& of) {
    if (slot == 2) return of;
    if (of.rank < 2) return std::nullopt;
    Shape shape = of;
    if (slot == 1) shape.extent[of.rank - 2] = of.last();
    shape.extent[--shape.rank] = 0;
    return shape;
  }

  template <class S> void update(std::int64_t t, const WholeTensor<S>& tensor) const {
    const double n = static_cast<double>(t), count = static_cast<double>(tensor.n()),
                 rate = std::min(learning_rate.at(t - 1), 1 / std::sqrt(n)),
                 of_weights = std::sqrt(detail::sum_of_squares(tensor.w, tensor.n()) / count),
                 alpha = rate * std::max(epsilon_2, of_weights);
    const S keeps = static_cast<S>(1 - std::pow(n, beta_2_decay));
    if (tensor.shape.rank < 2)
      follow_all(tensor, keeps);
    else
      follow_factors(tensor, keeps);
    S *const w = tensor.w, *const g = tensor.g;
    const S* const v = tensor.slot(2);
    const double of_step = detail::sum_over<S>(tensor.n(), [=](std::ptrdiff_t i, auto part) {
      const auto u = part.only(part.load(g + i) / kernels::sqrt(part.load(v + i)));
      part.store(g + i, u);
      return u * u;
    });
    const S by = static_cast<S>(alpha / std::max(1.0, std::sqrt(of_step / count) / clip_threshold));
    kernels::for_each_vector<S>(tensor.n(), [=](std::ptrdiff_t i, auto part) {
      part.store(w + i, part.load(w + i) - part.load(g + i) * by);
    });
  }

 private:
  template <class S> void follow_all(const WholeTensor<S>& tensor, S keeps) const {
    S* const v = tensor.slot(2);
    for (std::ptrdiff_t i = 0; i < tensor.n(); ++i) v[i] = keeps * v[i] + (1 - keeps) * square(tensor.g[i]);
  }
  // Matrix by matrix of the last two axes.
  template <class S> void follow_factors(const WholeTensor<S>& tensor, S keeps) const {
    const std::ptrdiff_t columns = tensor.shape.last(), rows = tensor.shape[tensor.shape.rank - 2],
                         matrices = tensor.n() / (rows * columns);
    for (std::ptrdiff_t k = 0; k < matrices; ++k) {
      const S* const g = tensor.g + k * rows * columns;
      S *const r = tensor.slot(0) + k * rows, *const c = tensor.slot(1) + k * columns,
               *const v = tensor.slot(2) + k * rows * columns;
      const S of_row = (1 - keeps) / static_cast<S>(columns), of_column = (1 - keeps) / static_cast<S>(rows);
      for (std::ptrdiff_t j = 0; j < columns; ++j) c[j] *= keeps;
      double sum_of_rows = 0;
      for (std::ptrdiff_t i = 0; i < rows; ++i) {
        double sum = 0;
        for (std::ptrdiff_t j = 0; j < columns; ++j) {
          const S s = square(g[i * columns + j]);
          sum += static_cast<double>(s);
          c[j] += of_column * s;
        }
        r[i] = keeps * r[i] + of_row * static_cast<S>(sum);
        sum_of_rows += static_cast<double>(r[i]);
      }
      const S mean = static_cast<S>(sum_of_rows / static_cast<double>(rows));
      for (std::ptrdiff_t i = 0; i < rows; ++i)
        for (std::ptrdiff_t j = 0; j < columns; ++j) v[i * columns + j] = r[i] / mean * c[j];
    }
  }
  template <class S> S square(S g) const { return g * g + static_cast<S>(epsilon_1); }
};

}  // namespace keratin

KERATIN_ADAPT_STRUCT(keratin::Adafactor, learning_rate, beta_2_decay, epsilon_1, epsilon_2, clip_threshold,
                     relative_step);
