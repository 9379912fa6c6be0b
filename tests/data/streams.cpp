// Data sets of files that are read piece by piece.
#include <keratin/data/csv_dataset.hpp>
#include <keratin/data/idx_dataset.hpp>
#include <keratin/data/npy_dataset.hpp>
#include <keratin/testing/allocations.hpp>

#include <doctest/doctest.h>

#include "../error_of.hpp"
#include "../files.hpp"

#include <cstring>

using namespace keratin;
using namespace keratin::data;

namespace {

std::vector<double> values_of(Source auto& data, bool of_y = false) {
  std::vector<double> all;
  for (Batch b; data.next(b, 1);)
    for (const Array& a : of_y ? b.y : b.x)
      for (std::size_t i = 0; i < a.size(); ++i) all.push_back(a(i));
  return all;
}
std::vector<double> counted(std::size_t n) {
  std::vector<double> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<double>(i);
  return v;
}
// What a round of batches allocates once the first is through.
long allocated_by(Source auto& data) {
  REQUIRE(testing::allocations_are_counted());
  Batch b;
  data.next(b, 1);
  const long before = testing::allocations;
  while (data.next(b, 1)) {
  }
  return testing::allocations - before;
}
std::string big_endian(std::uint32_t n) {
  return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
          static_cast<char>(n)};
}

}  // namespace

TEST_CASE("an IDX file, gzip or plain, a few rows at a time") {
  const TemporaryFolder folder;
  std::string bytes = std::string("\0\0\x0c\2", 4) + big_endian(50) + big_endian(3);
  for (std::uint32_t i = 0; i < 150; ++i) bytes += big_endian(i);
  const std::string plain = folder.write("plain", bytes), zipped = folder.file("zipped.gz");
  const gzFile file = gzopen(zipped.c_str(), "wb");
  REQUIRE(gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size())) > 0);
  gzclose(file);

  for (const std::string& path : {plain, zipped})
    for (const std::size_t rows : {1u, 7u, 50u, 1000u}) {
      auto data = from_idx<std::int32_t>(path, 1, rows) | batch(8);
      CHECK(data.cardinality() == 7);
      CHECK(values_of(data) == counted(150));
      data.rewind();
      CHECK(values_of(data) == counted(150));
      data.rewind();
      CHECK(allocated_by(data) == 0);
    }
  auto scaled =
      data::zip(from_idx<std::int32_t>(plain, 0.5, 4), from_idx<std::int32_t>(plain, 1, 9) | as_targets()) |
      shuffle(10) | batch(5);
  Batch b;
  REQUIRE(scaled.next(b, 1));
  CHECK(b.samples == 5);
  CHECK(b.x[0](4) * 2 == b.y[0](4));

  const std::string cut = folder.write("cut", bytes.substr(0, 400));
  auto damaged = from_idx<std::int32_t>(cut, 1, 8) | batch(8);
  CHECK(error_of([&] { values_of(damaged); }) == "'" + cut + "' ends after 400 bytes, 612 wanted");
  const std::string longer = folder.write("longer", bytes + "x");
  auto more = from_idx<std::int32_t>(longer, 1, 8) | batch(8);
  CHECK(error_of([&] { values_of(more); }) == "'" + longer + "' goes on after the 612 bytes wanted");
  CHECK(error_of([&] { from_idx<float>(plain); }) == "'" + plain + "' holds int32 values, float32 wanted");
  CHECK(error_of([&] { from_idx<float>(folder.file("none")); }).starts_with("cannot open '"));
}

TEST_CASE("a table in text, a few rows at a time") {
  const TemporaryFolder folder;
  std::string text = "a,b,label\n";
  for (int i = 0; i < 40; ++i)
    text += std::to_string(2 * i) + "," + std::to_string(2 * i + 1) + "," + std::to_string(i % 3) + "\n";
  const std::string path = folder.write("a.csv", text);
  for (const std::size_t rows : {1u, 7u, 40u, 1000u}) {
    auto data = from_csv(path, {.label = "label"}, rows) | batch(6);
    CHECK(data.cardinality() == unknown);
    CHECK(values_of(data) == counted(80));
    data.rewind();
    CHECK(values_of(data, true)[4] == 1);
    data.rewind();
    CHECK(allocated_by(data) == 0);
  }
  auto no_header = from_csv(folder.write("b.csv", "1,2\n3,4\n5,6\n"), {.header = false, .label = 0}, 2);
  CHECK(values_of(no_header) == std::vector<double>{2, 4, 6});
  no_header.rewind();
  CHECK(values_of(no_header, true) == std::vector<double>{1, 3, 5});

  const std::string ragged = folder.write("ragged.csv", "1,2\n3,4\n5\n");
  auto cut = from_csv(ragged, {.header = false}, 1) | batch(1);
  Batch b;
  CHECK(cut.next(b, 1));
  CHECK(cut.next(b, 1));
  CHECK(error_of([&] { cut.next(b, 1); }) == "'" + ragged + "' line 3: 1 columns came, 2 wanted");
  const std::string empty = folder.write("empty.csv", "a,b\n");
  auto none = from_csv(empty);
  CHECK(error_of([&] { none.next(b, 1); }) == "'" + empty + "' has no rows");
}

TEST_CASE("an .npy file where it lies") {
  const TemporaryFolder folder;
  std::vector<float> x(60);
  std::vector<std::int64_t> y(20);
  for (std::size_t i = 0; i < 60; ++i) x[i] = static_cast<float>(i);
  for (std::size_t i = 0; i < 20; ++i) y[i] = static_cast<std::int64_t>(i);
  const std::string path = folder.file("x.npy"), labels = folder.file("y.npy");
  io::write_npy(path, x, {20, 3, 1});
  io::write_npy(labels, y);
  auto data = from_npy(path) | batch(6);
  CHECK(data.cardinality() == 4);
  CHECK(values_of(data) == counted(60));
  data.rewind();
  CHECK(allocated_by(data) < 8);  // the last batch is copied
  static_assert(Indexed<decltype(from_npy(path))>);
  auto pairs = data::zip(from_npy(path, 2), from_npy(labels) | as_targets());
  static_assert(Indexed<decltype(pairs)>);
  auto shuffled = std::move(pairs) | shuffle(20) | batch(20);
  Batch b;
  REQUIRE(shuffled.next(b, 1));
  std::vector<double> seen;
  for (std::size_t i = 0; i < 20; ++i) {
    CHECK(b.x[0](3 * i) == 6 * b.y[0](i));
    seen.push_back(b.y[0](i));
  }
  CHECK(seen != counted(20));
  std::sort(seen.begin(), seen.end());
  CHECK(seen == counted(20));

  // An archive is read whole.
  const std::string archive = folder.file("a.npz");
  io::write_npz(archive, {{"x", x, {20, 3}}, {"y", y, {20}}});
  const auto arrays = io::read_npz(archive);
  auto from_archive = from_arrays(arrays.at("x"), arrays.at("y")) | batch(20);
  CHECK(values_of(from_archive) == counted(60));

  const std::string bytes = contents(path);
  const std::string cut = folder.write("cut.npy", bytes.substr(0, 200));
  CHECK(error_of([&] { from_npy(cut); }) ==
        cut + ": 72 bytes of values came, 240 wanted for the shape (20, 3, 1)");
  std::string swapped = bytes;
  swapped[swapped.find('<')] = '>';
  const std::string other = folder.write("other.npy", swapped);
  CHECK(error_of([&] { from_npy(other); }) ==
        other + ": values in another byte order or in column-major order came; io::read_npy reads them");
  const std::string one = folder.file("one.npy");
  io::write_npy(one, std::vector<float>{}, {0, 3});
  CHECK(error_of([&] { from_npy(one); }) == one + ": the shape (0, 3) came, samples wanted");
}
