// pad_sequences, to_categorical, normalize and windows of time series, against Keras.
#include <keratin/data/timeseries.hpp>
#include <keratin/data/utils.hpp>

#include <list>
#include <string>

#include "../check.hpp"

using namespace keratin;
using utils::Side;

namespace {

// A table's values are exactly those of Keras.
template <class E> bool equals(const std::vector<E>& values, const std::string& name) {
  const std::vector<float>& wanted = golden("data/" + name);
  return std::equal(values.begin(), values.end(), wanted.begin(), wanted.end());
}
std::vector<double> all(std::size_t n, float first) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = first + static_cast<float>(i);
  return v;
}

}  // namespace

TEST_CASE("padded sequences") {
  const std::vector<std::vector<int>> sequences{{1, 2, 3}, {}, {4}, {5, 6, 7, 8, 9}, {10, 11}};
  const auto padded = [&](const utils::PadOptions& options) {
    return utils::pad_sequences(sequences, options).values;
  };
  CHECK(equals(padded({}), "pad/default"));
  CHECK(equals(padded({.maxlen = 3}), "pad/maxlen"));
  CHECK(equals(padded({.maxlen = 7, .value = -1}), "pad/long"));
  CHECK(equals(padded({.padding = Side::post}), "pad/post"));
  CHECK(equals(padded({.maxlen = 2, .padding = Side::post}), "pad/post_pre"));
  CHECK(equals(padded({.maxlen = 2, .truncating = Side::post}), "pad/pre_post"));
  CHECK(equals(padded({.maxlen = 4, .padding = Side::post, .truncating = Side::post, .value = 3}),
               "pad/post_post"));
  CHECK(equals(padded({.maxlen = 3, .value = -2.7}), "pad/fraction"));
  CHECK(equals(utils::pad_sequences<float>(sequences, {.maxlen = 3, .value = 0.25}).values, "pad/float"));
  const std::list<std::vector<float>> steps{{1, 2, 3, 4}, {5, 6}, {7, 8, 9, 10, 11, 12}};
  const utils::Table<std::int32_t> of_steps =
      utils::pad_sequences(steps, {.maxlen = 2, .padding = Side::post, .row = 2});
  CHECK(equals(of_steps.values, "pad/vectors"));
  CHECK(of_steps.rows == 3);
  CHECK(Array(of_steps).row_length() == 4);
  CHECK(utils::pad_sequences(std::vector<std::vector<int>>{}).values.empty());

  CHECK_THROWS_WITH(padded({.maxlen = 0}),
                    "pad_sequences: 0 steps of 1 values came, at least 1 of each wanted");
  CHECK_THROWS_WITH(padded({.value = 1e10}), "pad_sequences: the value 1e+10 came, which no element holds");
  CHECK_THROWS_WITH(utils::pad_sequences(steps, {.row = 4}),
                    "pad_sequences: sequence 1: 2 values came, steps of 4 wanted");
  CHECK_THROWS_WITH(utils::pad_sequences<std::uint8_t>(std::vector<std::vector<int>>{{1}, {7, 256}}),
                    "pad_sequences: sequence 1: 256 came, which no element holds");
}

TEST_CASE("one-hot rows") {
  const std::vector<std::int32_t> labels{0, 2, 1, 3, 0};
  CHECK(equals(utils::to_categorical(labels).values, "categorical/default"));
  const utils::Table<double> six = utils::to_categorical<double>(std::vector<float>{0, 2, 1}, 6);
  CHECK(equals(six.values, "categorical/six"));
  CHECK(six.columns == 6);
  CHECK_THROWS_WITH(utils::to_categorical(labels, 3),
                    "to_categorical: label 3 is 3, whole numbers from 0 to 2 wanted");
  CHECK_THROWS_WITH(utils::to_categorical(std::vector<float>{0, 0.5f}),
                    "to_categorical: label 1 is 0.5, whole numbers from 0 on wanted");
  CHECK_THROWS_WITH(utils::to_categorical(std::vector<std::int32_t>{-1}),
                    "to_categorical: label 0 is -1, whole numbers from 0 on wanted");
}

TEST_CASE("normalized along an axis") {
  std::vector<float> x = filled_array(24, 1);
  std::fill(x.begin() + 20, x.end(), 0.0f);
  const auto near_golden = [&](const char* name, int axis, double order) {
    return all_near(utils::normalize(x, {2, 3, 4}, axis, order),
                    golden(std::string("data/normalize/") + name), 1e-6);
  };
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(near_golden("order_1", -1, 1));
  CHECK(near_golden("order_2", -1, 2));
  CHECK(near_golden("order_2", 2, 2));
  CHECK(near_golden("order_3", -1, 3));
  CHECK(near_golden("order_0.5", -1, 0.5));
  CHECK(near_golden("order_inf", -1, infinity));
  CHECK(near_golden("order_minus_inf", -1, -infinity));
  CHECK(near_golden("order_0", -1, 0));
  CHECK(near_golden("axis_1", 1, 2));
  CHECK(utils::normalize(Array(x).rows_of(4)) == utils::normalize(x, {6, 4}));
  CHECK_THROWS_WITH(utils::normalize(x, {2, 3}),
                    "normalize: axis -1 of 2 axes of 6 values came, 24 values wanted and one of the axes");
  CHECK_THROWS_WITH(utils::normalize(x, {4, 6}, 2),
                    "normalize: axis 2 of 2 axes of 24 values came, 24 values wanted and one of the axes");
}

TEST_CASE("windows of a time series") {
  std::vector<float> steps(40);
  std::vector<std::int32_t> targets(20);
  for (std::size_t i = 0; i < 40; ++i) steps[i] = static_cast<float>(i);
  for (std::size_t i = 0; i < 20; ++i) targets[i] = static_cast<std::int32_t>(100 + i);
  const Array data = Array(steps).rows_of(2);
  const auto check_windows = [&](const std::string& name, const Arrays& y, std::size_t length,
                                 const data::TimeseriesOptions& options) {
    CAPTURE(name);
    auto windows = data::timeseries_dataset_from_array(data, y, length, options);
    std::vector<float> x, of_targets, batches;
    data::Batch b;
    CHECK(windows.cardinality() ==
          static_cast<std::int64_t>(golden("data/windows/" + name + "/batches").size()));
    for (int round = 0; round < 2; ++round, windows.rewind()) {
      x.clear(), of_targets.clear(), batches.clear();
      while (windows.next(b, 1)) {
        batches.push_back(static_cast<float>(b.samples));
        for (std::size_t i = 0; i < b.x[0].size(); ++i) x.push_back(static_cast<float>(b.x[0](i)));
        for (std::size_t i = 0; b.y.size() > 0 && i < b.y[0].size(); ++i)
          of_targets.push_back(static_cast<float>(b.y[0](i)));
      }
      CHECK(equals(x, "windows/" + name + "/x"));
      CHECK(equals(batches, "windows/" + name + "/batches"));
      if (y.size() > 0) CHECK(equals(of_targets, "windows/" + name + "/y"));
    }
  };
  check_windows("plain", {}, 5, {});
  check_windows("targets", targets, 4, {.batch_size = 3});
  check_windows("few_targets", Array(targets).slice(0, 7), 4, {});
  check_windows("rate", targets, 3, {.sampling_rate = 4, .batch_size = 5});
  check_windows("stride", targets, 6, {.sequence_stride = 3, .sampling_rate = 2});
  check_windows("part", targets, 3, {.start_index = 4, .end_index = 12});
  check_windows("all", {}, 20, {});

  auto shuffled = data::timeseries_dataset_from_array(data, targets, 14,
                                                      {.batch_size = 1, .shuffle = true, .seed = 1234});
  data::Batch b;
  for (const float start : golden("data/shuffle/7")) {
    REQUIRE(shuffled.next(b, 1));
    CHECK(b.x[0](0) == 2 * start);
    CHECK(b.y[0](0) == 100 + start);
  }
  const auto refused = [&](const Array& of, const Arrays& y, std::size_t length,
                           const data::TimeseriesOptions& options) {
    try {
      data::timeseries_dataset_from_array(of, y, length, options);
    } catch (const std::invalid_argument& e) {
      return std::string(e.what()).substr(31);
    }
    return std::string();
  };
  CHECK(refused(steps, {}, 4, {}) == "data without rows came; data.rows_of(values a step) wanted");
  CHECK(refused(data, {}, 0, {}) == "sequence_length 0 came, at least 1 wanted");
  CHECK(refused(data, {}, 4, {.sequence_stride = 0}) == "sequence_stride 0 of 20 steps came, 1 to 19 wanted");
  CHECK(refused(data, {}, 4, {.sampling_rate = 20}) == "sampling_rate 20 of 20 steps came, 1 to 19 wanted");
  CHECK(refused(data, {}, 21, {}) ==
        "sequence_length 21 with sampling_rate 1 of 20 steps came, at most all of them wanted");
  CHECK(refused(data, {}, 4, {.sampling_rate = 7}) ==
        "sequence_length 4 with sampling_rate 7 of 20 steps came, at most all of them wanted");
  CHECK(refused(data, {}, 3, {.sampling_rate = 9}) == "");
  CHECK(refused(data, {}, 3, {.start_index = 5, .end_index = 5}) ==
        "steps 5 to 5 of 20 came, a part of them wanted");
  CHECK(refused(data, {}, 3, {.end_index = 21}) == "steps 0 to 21 of 20 came, a part of them wanted");
  CHECK(refused(data, Array(targets).slice(0, 5), 3, {.start_index = 4}) ==
        "targets[0]: 5 rows came, 9 wanted");
}

TEST_CASE("shuffled as NumPy does") {
  for (const std::size_t n : {1u, 2u, 7u, 100u}) {
    std::vector<double> order = all(n, 0);
    data::numpy_shuffle(order, 1234);
    CHECK(equals(order, "shuffle/" + std::to_string(n)));
  }
}
