#pragma once
// Windows of a time series. Keras: timeseries_dataset_from_array.
#include <keratin/data/dataset.hpp>
#include <keratin/data/numpy_shuffle.hpp>

namespace keratin::data {

/// Samples that are windows of an array, in any order. See timeseries_dataset_from_array.
class Windows : public detail::InTurn<Windows> {
 public:
  Windows(const Array& steps, const Arrays& targets, std::vector<std::size_t> starts, std::size_t length,
          std::size_t rate)
      : steps_(steps), targets_(targets), starts_(std::move(starts)), length_(length), rate_(rate) {}

  std::size_t size() const { return starts_.size(); }
  void at(std::size_t i, Batch& to) {
    const std::size_t row = steps_.row_length(), first = starts_[i];
    if (rate_ == 1) {
      to.x = steps_.slice(first * row, length_ * row).rows_of(length_ * row);
    } else {
      Batch step{};
      step.samples = 1;
      for (std::size_t k = 0; k < length_; ++k) {
        step.x = steps_[first + k * rate_].rows_of(row);
        window_.put(k, step);
      }
      window_.view(to);
      to.x[0] = to.x[0].rows_of(length_ * row);
    }
    to.y = targets_;
    for (Array& y : to.y) y = y[first].rows_of(y.row_length());
    to.sample_weight = Arrays();
    to.samples = 1;
  }

 private:
  Array steps_;
  Arrays targets_;
  std::vector<std::size_t> starts_;
  std::size_t length_, rate_;
  detail::Room window_;
};

struct TimeseriesOptions {
  std::size_t sequence_stride = 1;  // from the start of a window to that of the next
  std::size_t sampling_rate = 1;    // from a step of a window to the next
  std::size_t batch_size = 128;
  bool shuffle = false;
  std::uint32_t seed = 0;
  std::size_t start_index = 0, end_index = 0;  // of the steps that are used; end_index 0: to the end
};

/// Batches of windows of `sequence_length` steps of data, an array with a row for each step. The targets are
/// arrays with a row for each step: that of a window is at its first step. Both must outlive the data set. A
/// window is copied into its batch only. Errors: data without rows, too few steps or targets for one window,
/// a stride, rate or index beyond the data. Keras: timeseries_dataset_from_array; the shuffled order is that
/// of its TensorFlow form.
inline auto timeseries_dataset_from_array(const Array& data, Arrays targets, std::size_t sequence_length,
                                          const TimeseriesOptions& options = {}) {
  const auto made = [&](std::vector<std::size_t> starts) {
    return Windows(data, targets, std::move(starts), sequence_length, options.sampling_rate) |
           batch(options.batch_size);
  };
  const auto refuse = [&](const auto&... parts) {
    report(Text("timeseries_dataset_from_array: ", parts...));
    return made({});
  };
  const std::size_t row = data.row_length();
  if (row == 0) return refuse("data without rows came; data.rows_of(values a step) wanted");
  const std::size_t steps = data.size() / row;
  const std::size_t end = options.end_index > 0 ? options.end_index : steps, first = options.start_index;
  if (sequence_length == 0) return refuse("sequence_length 0 came, at least 1 wanted");
  if (options.sequence_stride == 0 || options.sequence_stride >= steps)
    return refuse("sequence_stride ", options.sequence_stride, " of ", steps, " steps came, 1 to ", steps - 1,
                  " wanted");
  if (options.sampling_rate == 0 || options.sampling_rate >= steps)
    return refuse("sampling_rate ", options.sampling_rate, " of ", steps, " steps came, 1 to ", steps - 1,
                  " wanted");
  if (end > steps || first >= end)
    return refuse("steps ", first, " to ", end, " of ", steps, " came, a part of them wanted");
  if (sequence_length - 1 >= (end - first + options.sampling_rate - 1) / options.sampling_rate)
    return refuse("sequence_length ", sequence_length, " with sampling_rate ", options.sampling_rate, " of ",
                  end - first, " steps came, at most all of them wanted");

  std::size_t windows = end - first - (sequence_length - 1) * options.sampling_rate;
  for (std::size_t k = 0; k < targets.size(); ++k) {
    Array& y = targets[k];
    if (y.row_length() == 0) y = y.rows_of(1);
    const std::size_t count = y.size() / y.row_length();
    windows = std::min(windows, count);
    if (windows == 0 || count < first + windows)
      return refuse("targets[", k, "]: ", count, " rows came, ", first + windows, " wanted");
  }
  std::vector<std::size_t> starts;
  for (std::size_t start = 0; start < windows; start += options.sequence_stride)
    starts.push_back(first + start);
  if (options.shuffle) numpy_shuffle(starts, options.seed);
  return made(std::move(starts));
}

}  // namespace keratin::data
