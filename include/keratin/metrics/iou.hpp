#pragma once
// Intersection over union: of the rows that are of a class or predicted to be, how many are both.
#include <keratin/core/whole.hpp>
#include <keratin/metrics/row.hpp>

#include <array>
#include <cmath>

namespace keratin::metrics {

namespace detail {
template <int Classes> class OfConfusion {
 public:
  static constexpr Targets targets = Targets::values_or_classes;

  void reset() { matrix_ = {}; }
  // Keras counts in whole numbers.
  void add(int target, int predicted, double count) {
    const auto is_class = [](int c) { return c >= 0 && c < Classes; };
    if (is_class(target) && is_class(predicted))
      matrix_[static_cast<std::size_t>(target)][static_cast<std::size_t>(predicted)] += std::trunc(count);
  }
  // The mean over classes that occur at all.
  double mean_over(const auto& classes) const {
    double sum = 0, count = 0;
    for (const int of : classes) {
      const auto c = static_cast<std::size_t>(of);
      double either = -matrix_[c][c];
      for (std::size_t k = 0; k < Classes; ++k) either += matrix_[c][k] + matrix_[k][c];
      if (either <= 0) continue;
      sum += matrix_[c][c] / either;
      ++count;
    }
    return count > 0 ? sum / count : 0;
  }

 private:
  std::array<std::array<double, Classes>, Classes> matrix_{};
};
}  // namespace detail

namespace detail {
template <int Classes, int... Ids> struct OfClasses : OfConfusion<Classes> {
  static_assert(((Ids >= 0 && Ids < Classes) && ...), "keratin: IoU takes ids of its classes");
  static constexpr std::array<int, sizeof...(Ids)> ids{Ids...};
  static constexpr bool of_classes = true;  // of one output a row, and of targets that are class numbers

  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      const bool single = row.n == 1;
      this->add(single && row.values ? keratin::detail::whole(row.values[0]) : class_of(row),
                single ? keratin::detail::whole(row.y[0]) : predicted_class(row), row.count);
    }
  }
  double result() const { return this->mean_over(ids); }
};
template <int Classes, class = std::make_integer_sequence<int, Classes>> struct OfAllClasses;
template <int Classes, int... I>
struct OfAllClasses<Classes, std::integer_sequence<int, I...>> : OfClasses<Classes, I...> {};
}  // namespace detail

/// Keras: IoU(num_classes, target_class_ids): the mean over those classes. A row of several outputs speaks
/// for the largest of them (Keras: OneHotIoU), a single output is a class number.
template <int Classes, int... Ids> struct IoU : detail::OfClasses<Classes, Ids...> {
  static constexpr const char* name = "io_u";
  static constexpr Setting settings[] = {{"num_classes", Classes, nullptr, Setting::whole},
                                         {"target_class_ids", sizeof...(Ids), nullptr, Setting::list,
                                          detail::OfClasses<Classes, Ids...>::ids.data()}};
};
/// Keras: MeanIoU(num_classes), of rows of several outputs OneHotMeanIoU: the mean over all classes.
template <int Classes> struct MeanIoU : detail::OfAllClasses<Classes> {
  static constexpr const char* name = "mean_io_u";
  static constexpr Setting settings[] = {{"num_classes", Classes, nullptr, Setting::whole}};
};

/// Keras: BinaryIoU(threshold): the mean of yes and no; every output is a prediction, yes from the threshold
/// on.
template <double Threshold = 0.5> struct BinaryIoU : detail::OfConfusion<2> {
  static constexpr const char* name = "binary_io_u";
  static constexpr Setting settings[] = {{"threshold", Threshold}};

  template <class S> void update(const LossInput<S>& batch) {
    for (int r = 0; r < batch.rows; ++r) {
      const LossInput<S> row = batch.row(r);
      for (int c = 0; c < row.n; ++c)
        add(target_of(row, c) != S{0}, row.y[c] >= static_cast<S>(Threshold), row.count);
    }
  }
  double result() const { return mean_over(std::array{0, 1}); }
};

}  // namespace keratin::metrics
