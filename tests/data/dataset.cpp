// Data sets: sources, stages, and that they cost what they say.
#include <keratin/data/dataset.hpp>
#include <keratin/data/prefetch.hpp>
#include <keratin/testing/allocations.hpp>

#include <doctest/doctest.h>

#include <array>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace keratin;
using namespace keratin::data;

namespace {

using Floats = std::vector<float>;

Floats counted(std::size_t n, float first = 0) {
  Floats v(n);
  std::iota(v.begin(), v.end(), first);
  return v;
}
const Floats ten = counted(10), hundred = counted(100);

Array rows(const Floats& values, std::size_t row = 1) { return Array(values).rows_of(row); }

// A round of a data set: "0 1 2|3 4 5", the values of x[0], batch by batch.
std::string text(Source auto& data) {
  std::string all;
  for (Batch b; data.next(b, 1);) {
    if (!all.empty()) all += data.batched ? '|' : ' ';
    for (std::size_t i = 0; i < b.x[0].size(); ++i)
      all += (i > 0 ? " " : "") + std::to_string(static_cast<int>(b.x[0](i)));
  }
  return all;
}
std::string again(Source auto& data) {
  data.rewind();
  return text(data);
}
std::string once(Source auto data) { return text(data); }

// The numbers from 0 on, by a generator: a source that is not indexed.
auto numbers(int n) {
  return from_generator({.x = {1}}, [n, i = 0](std::span<float> x) mutable {
    x[0] = static_cast<float>(i);
    return i++ < n;
  });
}

}  // namespace

TEST_CASE("arrays in batches are views of the user's memory") {
  const Floats x = counted(20);
  const std::vector<std::uint8_t> y{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  auto data = from_arrays(Array(x).rows_of(2), y, x.size() > 0 ? Arrays(ten) : Arrays()) | batch(4);
  CHECK(data.cardinality() == 3);
  Batch b;
  REQUIRE(data.next(b, 1));
  CHECK(b.samples == 4);
  CHECK(b.x[0].data() == x.data());
  REQUIRE(data.next(b, 1));
  CHECK(b.x[0].data() == x.data() + 8);
  CHECK(b.y[0].data() == y.data() + 4);
  CHECK(b.y[0].dtype() == Dtype::uint8);
  CHECK(b.sample_weight[0](3) == 7);
  REQUIRE(data.next(b, 1));
  CHECK(b.samples == 2);
  CHECK(b.x[0].size() == 4);
  CHECK(b.y[0](1) == 9);
  CHECK(!data.next(b, 1));
  CHECK(!data.next(b, 1));
  auto dropped = from_arrays(rows(ten)) | batch(4, true);
  CHECK(dropped.cardinality() == 2);
  CHECK(text(dropped) == "0 1 2 3|4 5 6 7");
  CHECK(again(dropped) == "0 1 2 3|4 5 6 7");
  CHECK(once(from_arrays(Arrays(ten), {}, {}, 5) | batch(3)) == "0 1 2 3 4 5|6 7 8 9");

  CHECK_THROWS_WITH(
      from_arrays(ten),
      "from_arrays: x without rows came; x.rows_of(values a sample) wanted, or the number of samples");
  CHECK_THROWS_WITH(from_arrays(rows(ten), counted(15)),
                    "from_arrays: y[0]: 15 values in rows of 0 came, 10 samples wanted");
  CHECK_THROWS_WITH(from_arrays(rows(ten), rows(counted(20), 4)),
                    "from_arrays: y[0]: 20 values in rows of 4 came, 10 samples wanted");
  CHECK_THROWS_WITH(batch(0), "batch: batches of 0 samples came, at least 1 wanted");
}

TEST_CASE("stages") {
  const auto data = from_arrays(rows(ten));
  CHECK(once(data | take(3)) == "0 1 2");
  CHECK(once(data | skip(7)) == "7 8 9");
  CHECK(once(data | skip(12)) == "");
  CHECK(once(data | batch(4) | skip(1)) == "4 5 6 7|8 9");
  CHECK(once(data | batch(4) | take(2)) == "0 1 2 3|4 5 6 7");
  CHECK(once(data | take(2) | repeat(3)) == "0 1 0 1 0 1");
  CHECK(once(data | take(3) | repeat() | batch(2) | take(4)) == "0 1|2 0|1 2|0 1");
  CHECK(once(data | take(0) | repeat()) == "");
  CHECK(once(data | repeat(0)) == "");
  CHECK(once(concatenate(data | take(2), data | skip(8)) | batch(3)) == "0 1 8|9");
  CHECK(once(data | map([](std::span<float> x) { x[0] *= 2; }) | batch(8)) == "0 2 4 6 8 10 12 14|16 18");
  CHECK(once(data | batch(3) | take(1) | map(2, [](std::span<const float> from, std::span<float> to) {
               to[0] = from[0], to[1] = -from[0];
             })) == "0 0 1 -1 2 -2");
  CHECK(ten == counted(10));  // in place means in memory of its own

  auto stages = data | skip(1) | take(4) | batch(3) | repeat(2);
  CHECK(text(stages) == "1 2 3|4|1 2 3|4");
  CHECK(again(stages) == "1 2 3|4|1 2 3|4");

  CHECK((data | take(3) | repeat()).cardinality() == infinite);
  CHECK((data | repeat() | take(25) | batch(4)).cardinality() == 7);
  CHECK((data | repeat(3) | skip(4) | batch(4, true)).cardinality() == 6);
  CHECK((data | take(0) | repeat()).cardinality() == 0);
  CHECK((numbers(3) | batch(2)).cardinality() == unknown);
  CHECK(concatenate(data, data | take(3)).cardinality() == 13);
  CHECK(concatenate(data, numbers(3)).cardinality() == unknown);
  CHECK(zip(data | repeat(), data | take(3)).cardinality() == 3);
}

TEST_CASE("zip puts data sets side by side") {
  auto labels = from_arrays(rows(hundred)) | map([](std::span<float> x) { x[0] += 5; }) | as_targets();
  auto data = zip(from_arrays(rows(ten), {}, rows(ten)), std::move(labels)) | batch(4);
  CHECK(data.cardinality() == 3);
  for (int round = 0; round < 2; ++round, data.rewind()) {
    Batch b;
    std::size_t samples = 0;
    while (data.next(b, 1)) {
      CHECK(b.x.size() == 1);
      CHECK(b.y.size() == 1);
      for (std::size_t i = 0; i < b.samples; ++i) {
        CHECK(b.x[0](i) == static_cast<double>(samples + i));
        CHECK(b.y[0](i) == static_cast<double>(samples + i + 5));
        CHECK(b.sample_weight[0](i) == b.x[0](i));
      }
      samples += b.samples;
    }
    CHECK(samples == 10);
  }
  auto two = zip(from_arrays(rows(ten)), numbers(3));
  Batch b;
  REQUIRE(two.next(b, 8));
  CHECK(b.x.size() == 2);
  CHECK_THROWS_WITH(once(zip(from_arrays(rows(ten)) | batch(4), from_arrays(rows(ten)) | batch(5))),
                    "zip: batches of 4 and of 5 samples came, of as many wanted");
}

TEST_CASE("shuffled: every element once, another order each round, told by the seed") {
  auto data = from_arrays(rows(hundred)) | shuffle(100, 7);
  const std::string first = text(data), second = again(data);
  CHECK(first != second);
  CHECK(once(from_arrays(rows(hundred)) | shuffle(100, 7)) == first);
  CHECK(once(from_arrays(rows(hundred)) | shuffle(100, 8)) != first);
  auto same = from_arrays(rows(hundred)) | shuffle(100, 7, false);
  CHECK(text(same) == first);
  CHECK(again(same) == first);
  CHECK(once(from_arrays(rows(ten)) | shuffle(1)) == "0 1 2 3 4 5 6 7 8 9");

  for (const std::size_t buffer : {2u, 5u, 10u, 1000u}) {
    // Elements that lie in a buffer come in the order of numbers that do.
    const std::string by_number = once(from_arrays(rows(ten)) | shuffle(buffer, 3));
    auto by_value = numbers(10) | shuffle(buffer, 3);
    CHECK(text(by_value) == by_number);
    CHECK(again(by_value) != by_number);
    Floats seen(10);
    auto counting = numbers(10) | shuffle(buffer, 3);
    std::size_t place = 0;
    for (Batch b; counting.next(b, 1); ++place) {
      ++seen[static_cast<std::size_t>(b.x[0](0))];
      CHECK(b.x[0](0) < static_cast<double>(place + buffer));  // no further ahead than the buffer reaches
    }
    CHECK(seen == Floats(10, 1));
  }
  auto batches = from_arrays(rows(ten)) | batch(4) | shuffle(10, 1);
  const std::string order = text(batches);
  CHECK(order.find("4 5 6 7") != std::string::npos);
  CHECK(order.size() == once(from_arrays(rows(ten)) | batch(4)).size());
  // The first place is any element's, about equally often.
  std::array<int, 4> first_places{};
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    auto four = from_arrays(rows(ten)) | take(4) | shuffle(4, seed);
    Batch b;
    four.next(b, 1);
    ++first_places[static_cast<std::size_t>(b.x[0](0))];
  }
  for (const int n : first_places) CHECK(std::abs(n - 100) < 40);
}

TEST_CASE("a cache reads its data once") {
  int read = 0;
  const auto count = [&read](Batch& b) { read += static_cast<int>(b.samples); };
  auto data = from_arrays(rows(ten)) | map(count) | cache() | batch(4);
  Batch b;
  REQUIRE(data.next(b, 1));  // a round that is not finished is not kept
  CHECK(again(data) == "0 1 2 3|4 5 6 7|8 9");
  CHECK(read == 14);
  CHECK(again(data) == "0 1 2 3|4 5 6 7|8 9");
  CHECK(again(data) == "0 1 2 3|4 5 6 7|8 9");
  CHECK(read == 14);
  auto batches = numbers(5) | batch(2) | cache() | repeat(2);
  CHECK(text(batches) == "0 1|2 3|4|0 1|2 3|4");
  CHECK(again(batches) == "0 1|2 3|4|0 1|2 3|4");
  CHECK_THROWS_WITH(from_arrays(rows(ten)) | repeat() | cache(), "cache: a data set without end came");
}

TEST_CASE("generators") {
  auto data = numbers(5) | batch(2);
  CHECK(text(data) == "0 1|2 3|4");
  CHECK(again(data) == "0 1|2 3|4");  // it begins as it was given

  auto pairs = from_generator(
      {.x = {2}, .y = {1}},
      [i = 0.f](std::span<float> x, std::span<float> y) mutable { x[0] = i, x[1] = -i, y[0] = i++; });
  CHECK(pairs.cardinality() == infinite);
  auto few = pairs | take(3) | batch(2);
  Batch b;
  REQUIRE(few.next(b, 1));
  REQUIRE(few.next(b, 1));
  CHECK(b.samples == 1);
  CHECK(b.x[0](1) == -2);
  CHECK(b.y[0](0) == 2);

  // Several at a time, of several arrays.
  auto many = from_generator({.x = {1, 2}, .y = {1}, .sample_weight = {1}},
                             [i = 0.f](const Slots& to) mutable -> std::size_t {
                               const std::size_t n = std::min<std::size_t>(to.samples, i < 6 ? 3 : 1);
                               for (std::size_t k = 0; k < n && i < 7; ++k) {
                                 to.x()[k] = i, to.x(1)[2 * k] = i + 1, to.x(1)[2 * k + 1] = i + 2;
                                 to.y()[k] = i + 3, to.sample_weight()[k] = i + 4;
                                 i += 1;
                               }
                               return i < 7 ? n : i++ < 8 ? 1 : 0;
                             },
                             {.room = 4}) |
              batch(7);
  REQUIRE(many.next(b, 1));
  CHECK(b.samples == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(b.x[0](i) == static_cast<double>(i));
    CHECK(b.x[1](2 * i + 1) == static_cast<double>(i + 2));
    CHECK(b.sample_weight[0](i) == static_cast<double>(i + 4));
  }
  CHECK(!many.next(b, 1));

  const auto n_of = [](int n, std::int64_t wanted) {
    return from_generator({.x = {1}},
                          [n, i = 0](std::span<float> x) mutable {
                            x[0] = 0;
                            return i++ < n;
                          },
                          {.samples = wanted});
  };
  CHECK(n_of(9, 6).cardinality() == 6);
  CHECK(once(n_of(9, 6) | batch(4)) == "0 0 0 0|0 0");
  CHECK_THROWS_WITH(once(n_of(5, 6) | batch(4)), "generator: ended after 5 samples, 6 wanted");
  CHECK_THROWS_WITH(once(from_generator({.x = {1}}, [](std::span<float>) { return 5; }, {.room = 4})),
                    "generator: 5 samples came, room for 4");
  CHECK_THROWS_WITH(once(from_generator({.x = {1}}, [](const Slots& to) { return to.y().size() > 0; })),
                    "generator: array 0 asked for, 0 are there");
}

TEST_CASE("prefetched: the same batches, made by another thread") {
  for (const std::size_t depth : {1u, 3u}) {
    auto data = from_arrays(rows(hundred)) | shuffle(50, 1) | batch(7) | prefetch(depth);
    auto plain = from_arrays(rows(hundred)) | shuffle(50, 1) | batch(7);
    CHECK(data.cardinality() == 15);
    CHECK(text(data) == text(plain));
    Batch b;
    for (int round = 0; round < 20; ++round) {  // rounds that are left early
      CHECK(again(data) == again(plain));
      CHECK(!data.next(b, 1));
      data.rewind();
      plain.rewind();
      Batch c;
      REQUIRE(data.next(b, 1));
      REQUIRE(plain.next(c, 1));
      CHECK(b.x[0](0) == c.x[0](0));
    }
  }
  auto failing = numbers(10) | map([](std::span<float> x) {
                   if (x[0] == 5) throw std::runtime_error("5 came");
                 }) |
                 batch(2) | prefetch(2);
  for (int round = 0; round < 3; ++round, failing.rewind()) {
    Batch b;
    CHECK(failing.next(b, 1));
    CHECK(failing.next(b, 1));
    CHECK(b.x[0](1) == 3);  // what was made before the error comes out
    CHECK_THROWS_WITH(failing.next(b, 1), "5 came");
    CHECK(!failing.next(b, 1));
  }
  auto unused = numbers(10) | repeat() | batch(2) | prefetch(2);
  Batch b;
  unused.next(b, 1);  // and goes while its thread has something to do
}

TEST_CASE("a data set of any kind") {
  std::vector<AnyDataset> all;
  all.push_back(from_arrays(rows(ten)) | batch(4));
  all.push_back(numbers(3) | batch(2) | prefetch());
  CHECK(text(all[0]) == "0 1 2 3|4 5 6 7|8 9");
  CHECK(again(all[1]) == "0 1|2");
  CHECK(all[0].cardinality() == 3);
  CHECK(once(AnySamples(numbers(3)) | batch(2)) == "0 1|2");
}

TEST_CASE("what does not fit is named") {
  const auto of = [](std::size_t row) { return from_arrays(rows(hundred, row)); };
  CHECK_THROWS_WITH(once(concatenate(of(50), of(25)) | batch(4)),
                    "data set: x[0]: 50 values of 2 samples came, 2 * 50 wanted, as at first");
  const std::vector<std::uint8_t> bytes(10);
  CHECK_THROWS_WITH(once(concatenate(of(10) | skip(9), from_arrays(Array(bytes).rows_of(10))) | batch(4)),
                    "data set: x[0]: values of another type or scale came than at first");
  CHECK_THROWS_WITH(once(concatenate(of(50), from_arrays(rows(hundred, 50), rows(counted(2)))) | batch(4)),
                    "data set: 1 arrays of y came, 0 wanted, as at first");
  CHECK_THROWS_WITH(once(of(10) | map([](std::span<float>, std::span<float>) {})),
                    "map: samples of 1 x and 0 y came, one of each wanted");
}

TEST_CASE("once it runs nothing is allocated") {
  REQUIRE(testing::allocations_are_counted());
  auto data = zip(from_arrays(rows(hundred), rows(hundred)) | shuffle(100),
                  numbers(100) | shuffle(30) |
                      map(3, [](std::span<const float> from,
                                std::span<float> to) { to[0] = to[1] = to[2] = from[0]; })) |
              cache() | map([](std::span<float> x, std::span<float>) { x[0] += 1; }) | repeat() | batch(8) |
              prefetch(2);
  Batch b;
  for (int i = 0; i < 40; ++i) data.next(b, 1);
  const long before = testing::allocations;
  for (int i = 0; i < 100; ++i) data.next(b, 1);
  const long allocated = testing::allocations - before;
  CHECK(allocated == 0);
}
