// NumPy's files: tests/keras/safetensors_kinds.py made kinds.npz with NumPy.
#include <keratin/io/npy.hpp>
#include <keratin/keratin.hpp>

#include <limits>

#include "../damage.hpp"
#include "files.hpp"

using namespace keratin;
using namespace std::string_literals;

namespace {

const std::string kinds = std::string(KERATIN_TEST_DATA) + "/files/kinds.npz";
constexpr double infinity = std::numeric_limits<double>::infinity();

using Extents = std::vector<std::size_t>;

template <class V>
void check_kind(const std::map<std::string, io::OwnedArray>& all, const std::string& kind,
                const std::vector<V>& wanted) {
  for (const char* order : {"", "_column", "_big"}) {
    CAPTURE(kind);
    CAPTURE(order);
    if (kind[1] == '1' && order == "_big"s) continue;
    const io::OwnedArray& array = all.at(kind + order);
    CHECK(array.extents == Extents{2, 3});
    const auto* values = std::get_if<std::vector<V>>(&array.values);
    REQUIRE(values);
    CHECK(*values == wanted);
    CHECK(array.array().row_length() == 3);
    CHECK(array.array().dtype() == dtype_of<V>());
  }
}

// An .npy of version 1 with this header's text.
std::string npy(const std::string& header, const std::string& data) {
  return "\x93NUMPY\x01"s + '\0' + static_cast<char>(header.size()) + '\0' + header + data;
}
std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.npy", bytes);
  const std::string text = message_of([&] { io::read_npy(path); });
  CHECK(text.starts_with(path + ": "));
  return text.substr(path.size() + 2);
}

}  // namespace

TEST_CASE("every type, byte order, axis order and version that NumPy writes") {
  const auto all = io::read_npz(kinds);
  CHECK(all.size() == 38);
  check_kind<float>(all, "f2", {0, -0.0f, 1.5f, 65504, 0x1p-24f, -std::numeric_limits<float>::infinity()});
  CHECK(std::signbit(std::get<std::vector<float>>(all.at("f2").values)[1]));
  check_kind<float>(all, "f4",
                    {0, -0.0f, 0.1f, 3.4028235e38f, 1e-45f, -std::numeric_limits<float>::infinity()});
  check_kind<double>(all, "f8", {0, -0.0, 0.1, 1e300, 5e-324, infinity});
  check_kind<std::int32_t>(all, "i1", {0, 1, 2, -1, 127, -128});
  check_kind<std::int32_t>(all, "i2", {0, 1, 2, -1, 32767, -32768});
  check_kind<std::int32_t>(all, "i4", {0, 1, 2, -1, INT32_MAX, INT32_MIN});
  check_kind<std::int64_t>(all, "i8", {0, 1, 2, -1, INT64_MAX, INT64_MIN});
  check_kind<std::uint8_t>(all, "u1", {0, 1, 2, 3, 128, 255});
  check_kind<std::int32_t>(all, "u2", {0, 1, 2, 3, 4, 65535});
  check_kind<std::int64_t>(all, "u4", {0, 1, 2, 3, 4, UINT32_MAX});
  check_kind<std::int64_t>(all, "u8", {0, 1, 2, 3, 4, INT64_MAX});
  check_kind<std::uint8_t>(all, "b1", {0, 1, 0, 1, 1, 0});
  for (const char* version : {"version2", "version3"}) CHECK(all.at(version).values == all.at("i4").values);

  const io::OwnedArray cube = io::read_npz(kinds, "cube");  // in column order
  CHECK(cube.extents == Extents{2, 3, 4});
  CHECK(cube.array().row_length() == 12);
  for (std::size_t i = 0; i < 24; ++i) CHECK(cube.array()(i) == static_cast<double>(i));
  CHECK(all.at("one").extents.empty());
  CHECK(all.at("one").array()(0) == 7.25);
  CHECK(all.at("none").extents == Extents{0, 3});
  CHECK(all.at("none").array().size() == 0);
  CHECK(message_of([&] {
          io::read_npz(kinds, "x");
        }).starts_with(kinds + ": there is no x.npy, the nearest of "));
}

TEST_CASE("arrays of a file are trained on as they are") {
  const TemporaryFolder folder;
  std::vector<float> x(30 * 4);
  std::vector<std::int32_t> y(30);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 7) - 3;
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<std::int32_t>(i % 3);
  io::write_npz(folder.file("a.npz"), {{"x", Array(x).rows_of(4)}, {"y", y}});
  const auto data = io::read_npz(folder.file("a.npz"));
  CHECK(data.at("x").extents == Extents{30, 4});

  using Net = Sequential<Input<4>, Dense<3, Softmax>>;
  Model<Net> direct(1), read(1);
  const FitOptions options{.epochs = 2, .batch_size = 8, .verbose = 0};
  compile(direct, SGD{}, SparseCategoricalCrossentropy{}).fit(x, y, options);
  auto trainer = compile(read, SGD{}, SparseCategoricalCrossentropy{});
  trainer.fit(data.at("x"), data.at("y"), options);
  CHECK(std::ranges::equal(direct.block(), read.block()));
  trainer.evaluate(data.at("x"), data.at("y"));
  std::vector<float> p(90), q(90);
  read.predict(data.at("x"), p);
  direct.predict(x, q);
  CHECK(p == q);
}

TEST_CASE("what is written is read again, and has the bytes that NumPy writes") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.npy");
  const std::vector<float> f{1, -2, 0.5f, 4, 5, 6};
  io::write_npy(path, f, {3, 2});
  // numpy.save(path, numpy.array([[1, -2], [0.5, 4], [5, 6]], "f4"))
  std::string wanted = "\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }"s;
  wanted += std::string(127 - wanted.size(), ' ') + '\n';
  wanted.append(reinterpret_cast<const char*>(f.data()), 24);
  CHECK(contents(path) == wanted);
  CHECK(io::read_npy(path).extents == Extents{3, 2});

  const auto round = [&](const auto& values) {
    io::write_npy(path, values);
    const io::OwnedArray array = io::read_npy(path);
    CHECK(array.extents == Extents{values.size()});
    CHECK(std::get<std::remove_cvref_t<decltype(values)>>(array.values) == values);
  };
  round(f);
  round(std::vector<double>{1e300, -0.25});
  round(std::vector<std::uint8_t>{0, 255, 7});
  round(std::vector<std::int32_t>{INT32_MIN, INT32_MAX});
  round(std::vector<std::int64_t>{INT64_MIN, INT64_MAX});
  io::write_npy(path, Array(std::vector<std::uint8_t>{0, 51, 255}, 1 / 255.));
  CHECK(std::get<std::vector<float>>(io::read_npy(path).values) ==
        std::vector<float>{0, 51 * static_cast<float>(1 / 255.), 1});
  CHECK(message_of([&] { io::write_npy(path, f, {4, 2}); }) == path + ": 6 values came for the shape (4, 2)");
  CHECK(std::get<std::vector<float>>(io::read_npy(path).values)[2] == 1);
}

TEST_CASE("what is no array of numbers is refused") {
  const std::string good = "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", four = "\0\0\0\0"s;
  const TemporaryFolder folder;
  CHECK_NOTHROW(io::read_npy(folder.write("a.npy", npy(good, four))));
  CHECK(error_of("") == "is no .npy file");
  CHECK(error_of("\x93NUMPY\x04\0\0\0\0\0"s) == "version 4.0 came, 1.0, 2.0 or 3.0 wanted");
  CHECK(error_of(npy(good, four).substr(0, 40)) == "ends in its header, of 57 bytes");
  CHECK(error_of(npy(good, "abc")) == "3 bytes of values came, 4 wanted for the shape (1)");
  CHECK(error_of(npy(good, "abcde")) == "5 bytes of values came, 4 wanted for the shape (1)");
  const auto of = [](const std::string& descr, const std::string& shape = "(1,)") {
    return error_of(npy("{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}", "abcd"));
  };
  CHECK(of("'|O'") == "dtype |O came: Python objects, which only Python can read; numbers wanted");
  CHECK(of("[('a', '<f4')]") == "a structured dtype came, numbers wanted");
  for (const char* descr : {"<U1", "|S4", "<c8", "<f16", "<M8[s]", "|V4", "f4", "", "<f1", "<b2"}) {
    CAPTURE(descr);
    CHECK(of("'"s + descr + "'") == "dtype "s + descr + " came, f2, f4, f8, i1 to i8, u1 to u8 or b1 wanted");
  }
  CHECK(of("'<f4'", "(4294967296, 4294967296, 4)") ==
        "4 bytes of values came, more than 2^62 wanted for the shape (4294967296, 4294967296, 4)");
  CHECK(of("'<f4'", "(99999999999999999999,)") == "the header is damaged at its byte 51: an extent wanted");
  CHECK(of("'<f4'", "(-1,)") == "the header is damaged at its byte 51: an extent wanted");
  CHECK(of("'<f4'", "(1,), 'shape': (1,)") == "the header has 'shape' twice");
  CHECK(of("'<f4'", "(1,), 'more': (1,)") ==
        "the header has 'more', only descr, fortran_order and shape wanted");
  CHECK(error_of(npy("{'descr': '<f4'}", "")) == "the header lacks descr, fortran_order or shape");
  CHECK(error_of(npy("{'descr': '<u8', 'fortran_order': False, 'shape': (), }", std::string(8, '\xff'))) ==
        "18446744073709551615 came, at most 9223372036854775807 wanted");

  const std::string text = "abc";
  io::ZipWriter zip;
  zip.add("a.txt", std::as_bytes(std::span(text)));
  zip.write(folder.file("a.npz"));
  CHECK(message_of([&] { io::read_npz(folder.file("a.npz")); }) ==
        folder.file("a.npz") + ": a.txt came, arrays in .npy wanted");
}

TEST_CASE("an archive has its members in order, and the same ones make the same bytes") {
  const std::string a(1000, 'a'), b, c = "c";
  io::ZipWriter zip, again;
  for (io::ZipWriter* writer : {&zip, &again}) {
    writer->add("metadata.json", std::as_bytes(std::span(a)));
    writer->add("config.json", std::as_bytes(std::span(b)));
    writer->add("a/model.weights.h5", std::as_bytes(std::span(c)));
  }
  CHECK(zip.bytes() == again.bytes());
  CHECK(zip.bytes().size() > 1000);  // stored
  const TemporaryFolder folder;
  zip.write(folder.file("a.zip"));
  const io::Zip read(folder.file("a.zip"));
  CHECK(read.members() == std::vector<std::string>{"metadata.json", "config.json", "a/model.weights.h5"});
  const auto text = read.read("metadata.json", 1000);
  CHECK(std::string(text.begin(), text.end()) == a);
  CHECK(read.read("config.json", 1000).empty());
  zip.add("config.json", {});
  CHECK(message_of([&] { zip.write(folder.file("b.zip")); }).find("config.json") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder.file("b.zip")));
}

TEST_CASE("an array of zeros that is packed to a thousandth of it loads") {
  const TemporaryFolder folder;
  const std::string path = folder.file("zeros.npz");
  constexpr std::size_t count = 5 << 20;
  const std::string member =
      npy("{'descr': '<f4', 'fortran_order': False, 'shape': (5242880,), }", std::string(4 * count, '\0'));
  int error = 0;
  zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE, &error);
  REQUIRE(zip);
  zip_file_add(zip, "x.npy", zip_source_buffer(zip, member.data(), member.size(), 0), 0);
  REQUIRE(zip_close(zip) == 0);
  CHECK(std::filesystem::file_size(path) < 4 * count / 900);
  const io::OwnedArray zeros = io::read_npz(path, "x");
  CHECK(std::ranges::count(std::get<std::vector<float>>(zeros.values), 0.0f) == count);
}

TEST_CASE("damaged arrays load or are refused, in the memory that they justify") {
  const TemporaryFolder folder;
  const std::vector<float> values(60, 1.5f);
  io::write_npy(folder.file("a.npy"), values, {3, 4, 5});
  check_damaged<io::FileError>(contents(folder.file("a.npy")), io::read_npy, 4);
}

TEST_CASE("damaged archives load or are refused, in the memory that they justify") {
  const auto read = [](const std::string& path) { io::read_npz(path); };
  check_damaged<io::FileError>(contents(kinds), read, 4);  // compressed
  const TemporaryFolder folder;
  const std::vector<float> values(60, 1.5f);
  io::write_npz(folder.file("a.npz"), {{"x", values}, {"y", values}});
  check_damaged<io::FileError>(contents(folder.file("a.npz")), read, 4);
}

TEST_CASE("a bit that is flipped in an archive is an error") {
  const TemporaryFolder folder;
  const std::vector<float> values(50, 0.5f);
  io::write_npz(folder.file("a.npz"), {{"x", values, {50}}});
  std::string bytes = contents(folder.file("a.npz"));
  char& one = bytes[bytes.find("NUMPY") + 150];
  one = static_cast<char>(one ^ 4);
  CHECK(message_of([&] { io::read_npz(folder.write("b.npz", bytes)); }).ends_with("x.npy is damaged"));
}
