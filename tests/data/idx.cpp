// IDX files: every element type, gzip and plain, and every way in which a file can be wrong.
#include "keratin/data/idx.hpp"

#include "../damage.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>

using namespace keratin;
using namespace std::string_literals;
namespace fs = std::filesystem;

namespace {

using Values = std::vector<std::uint8_t>;
using Extents = std::vector<std::size_t>;

struct Folder : TemporaryFolder {
  std::string plain(const std::string& bytes) const {
    const std::string file = path + "/plain";
    std::ofstream(file, std::ios::binary) << bytes;
    return file;
  }

  std::string gzip(const std::string& bytes) const {
    const std::string file = path + "/packed.gz";
    const gzFile out = gzopen(file.c_str(), "wb9");
    gzwrite(out, bytes.data(), static_cast<unsigned>(bytes.size()));
    REQUIRE(gzclose(out) == Z_OK);
    return file;
  }
};

/// `number` as IDX writes it, in big-endian order.
std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift);
  return bytes;
}

std::string idx(int type, const std::vector<std::uint32_t>& extents, const std::string& data) {
  std::string bytes{0, 0, static_cast<char>(type), static_cast<char>(extents.size())};
  for (const auto extent : extents) bytes += big_endian(extent);
  return bytes + data;
}

/// The error of reading `file`, less the file's name, which it must begin with; "" if there is none.
template <class T = std::uint8_t> std::string error_of(const std::string& file) {
  try {
    read_idx<T>(file);
    return "";
  } catch (const std::runtime_error& error) {
    const std::string text = error.what(), name = "'" + file + "' ";
    CHECK(text.starts_with(name));
    return text.substr(std::min(text.size(), name.size()));
  }
}

template <class T> void check_type(int type, const std::string& data, const std::vector<T>& values) {
  const Folder folder;
  const std::string bytes = idx(type, {2, 1}, data);
  for (const auto& file : {folder.plain(bytes), folder.gzip(bytes)}) {
    const auto array = read_idx<T>(file);
    CHECK(array.shape == Extents{2, 1});
    CHECK(array.values == values);
  }
}

}  // namespace

TEST_CASE("read_idx turns each element type from big-endian order") {
  check_type<std::uint8_t>(0x08, "\x01\xFF"s, {1, 255});
  check_type<std::int8_t>(0x09, "\x01\xFF"s, {1, -1});
  check_type<std::int16_t>(0x0B, "\x01\x02\xFF\xFE"s, {258, -2});
  check_type<std::int32_t>(0x0C, "\x01\x02\x03\x04\xFF\xFF\xFF\xFE"s, {16909060, -2});
  check_type<float>(0x0D, "\x3F\xC0\0\0\xC0\0\0\0"s, {1.5f, -2.0f});
  check_type<double>(0x0E, "\x3F\xF8\0\0\0\0\0\0\xC0\0\0\0\0\0\0\0"s, {1.5, -2.0});
}

TEST_CASE("read_idx reads ranks 1 to 5, and files longer than a block") {
  const Folder folder;
  for (std::uint32_t rank = 1; rank <= 5; ++rank)
    CHECK(read_idx<std::uint8_t>(folder.plain(idx(8, std::vector(rank, 1u), "x"))).shape == Extents(rank, 1));

  std::string data;
  for (std::uint32_t i = 0; i < 1'000'000; ++i) data += big_endian(i);
  const auto array = read_idx<std::int32_t>(folder.gzip(idx(0x0C, {1000, 1000}, data)));
  REQUIRE(array.values.size() == 1'000'000);
  for (std::int32_t i = 0; i < 1'000'000; ++i)
    if (array.values[static_cast<std::size_t>(i)] != i) FAIL("element " << i);
}

TEST_CASE("read_idx refuses another element type, naming both") {
  const Folder folder;
  CHECK(error_of(folder.plain(idx(0x0C, {1}, "abcd"))) == "holds int32 values, uint8 wanted");
  CHECK(error_of<double>(folder.plain(idx(0x0D, {1}, "abcd"))) == "holds float32 values, float64 wanted");
  CHECK(error_of(folder.plain(idx(0x0A, {1}, "a"))) == "holds type 10 values, uint8 wanted");
  CHECK(error_of(folder.plain(idx(0xFF, {1}, "a"))) == "holds type 255 values, uint8 wanted");
}

TEST_CASE("read_idx refuses what is no IDX file") {
  const Folder folder;
  CHECK(error_of(folder.plain("")) == "ends after 0 bytes, 4 wanted");
  CHECK(error_of(folder.gzip("")) == "ends after 0 bytes, 4 wanted");
  CHECK(error_of(folder.plain("\x89PNG")) == "is not an IDX file: begins with bytes 137 80, 0 0 wanted");
  CHECK(error_of(folder.plain(idx(8, {}, "a"))) == "has rank 0, 1 to 5 wanted");
  CHECK(error_of(folder.plain(idx(8, std::vector(6, 1u), "a"))) == "has rank 6, 1 to 5 wanted");
  CHECK(error_of(folder.plain(idx(8, {3, 0}, ""))) == "has an extent of 0, at least 1 wanted");
  CHECK(error_of(folder.path) == "cannot be read: Is a directory");

  const std::string missing = folder.path + "/missing", reason = "': No such file or directory";
  CHECK_THROWS_WITH_AS(read_idx<float>(missing), ("cannot open '" + missing + reason).c_str(),
                       std::runtime_error);
}

TEST_CASE("read_idx takes exactly the promised bytes") {
  const Folder folder;
  const std::string bytes = idx(0x0B, {2, 3}, "abcdefghijkl");
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::size_t wanted = size < 4 ? 4 : size < 12 ? 12 : 24;
    const auto error = "ends after " + std::to_string(size) + " bytes, " + std::to_string(wanted) + " wanted";
    CHECK(error_of<std::int16_t>(folder.plain(bytes.substr(0, size))) == error);
    CHECK(error_of<std::int16_t>(folder.gzip(bytes.substr(0, size))) == error);
  }
  CHECK(error_of<std::int16_t>(folder.plain(bytes + "m")) == "goes on after the 24 bytes wanted");
  CHECK(error_of<std::int16_t>(folder.gzip(bytes + "m")) == "goes on after the 24 bytes wanted");
}

TEST_CASE("read_idx takes no memory on a header's word") {
  const Folder folder;
  const auto start = std::chrono::steady_clock::now();
  const std::string tiny = folder.plain(idx(8, {1u << 20, 1u << 20}, "abc"));
  CHECK(error_of(tiny) == "ends after 15 bytes, 1099511627788 wanted");
  const std::string all = folder.plain(idx(0x0E, std::vector(5, ~0u), "abc"));
  CHECK(error_of<double>(all) == "promises more than 2^62 bytes");
  const std::string wrapped = folder.plain(idx(8, {1u << 31, 1u << 31, 4}, ""));  // 2^64, 0 in 64 bits
  CHECK(error_of(wrapped) == "promises more than 2^62 bytes");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(1));
}

TEST_CASE("read_idx survives a gzip file with any bit flipped or any end cut off") {
  const Folder folder;
  const Values values{3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8};
  const std::string good = contents(folder.gzip(idx(8, {3, 4}, std::string(values.begin(), values.end()))));
  const auto read = [](const std::string& file) { return read_idx<std::uint8_t>(file).values; };

  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      const std::string file = folder.plain(bad);
      if (error_of(file).empty()) CHECK(read(file) == values);
    }
    CHECK(error_of(folder.plain(good.substr(0, i))) != "");
  }

  const auto end = good.size();
  CHECK(error_of(folder.plain(good.substr(0, end - 1))) ==
        "is not a valid gzip file: unexpected end of file");
  std::string bad = good;
  bad[end - 5] ^= 1;
  CHECK(error_of(folder.plain(bad)) == "is not a valid gzip file: incorrect data check");
  bad = good;
  bad[10] = 7;  // a deflate block of the reserved type
  CHECK(error_of(folder.plain(bad)) == "is not a valid gzip file: invalid block type");
}

TEST_CASE("damaged IDX files load or are refused, in the memory that they justify") {
  const Folder folder;
  const std::string good = idx(8, {30, 4}, std::string(120, 'x'));
  const auto read = [](const std::string& path) { read_idx<std::uint8_t>(path); };
  check_damaged<std::runtime_error>(good, read, 4);
  check_damaged<std::runtime_error>(contents(folder.gzip(good)), read, 1100);  // what deflate may make of it
}

// Where Debian's package dataset-fashion-mnist puts its files.
static const std::string fashion_mnist = "/usr/share/datasets/fashion-mnist/";

TEST_CASE("read_idx reads Fashion-MNIST" * doctest::skip(!fs::exists(fashion_mnist))) {
  CHECK(read_idx<std::uint8_t>(fashion_mnist + "train-images-idx3-ubyte.gz").shape == Extents{60000, 28, 28});
  auto labels = read_idx<std::uint8_t>(fashion_mnist + "train-labels-idx1-ubyte.gz");
  CHECK(labels.shape == Extents{60000});
  labels.values.resize(10);
  CHECK(labels.values == Values{9, 0, 0, 3, 0, 2, 7, 2, 5, 5});
}
