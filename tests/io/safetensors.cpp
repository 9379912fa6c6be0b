// safetensors: tests/keras/safetensors_kinds.py made kinds.safetensors with the format's own library.
#include <keratin/functional.hpp>
#include <keratin/io/safetensors.hpp>
#include <keratin/keratin.hpp>

#include <limits>

#include "../damage.hpp"
#include "files.hpp"

using namespace keratin;
using namespace std::string_literals;

namespace {

const std::string kinds = std::string(KERATIN_TEST_DATA) + "/files/kinds.safetensors";
constexpr float infinity = std::numeric_limits<float>::infinity();

using Net = Sequential<Input<6>, Dense<5, Tanh>, BatchNormalization<>, Named<"head", Dense<3, Softmax>>>;

functional::Model graph(int hidden = 5, const char* head = "head") {
  const auto x = functional::Input({6});
  return functional::Model(x, x.then(DenseSpec{.units = hidden, .activation = Tanh{}})
                                  .then(BatchNormalizationSpec{})
                                  .then(DenseSpec{.units = 3, .activation = Softmax{}}, head));
}

std::string file_of(const std::string& header, const std::string& data) {
  const std::uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), 8) + header + data;
}
std::string error_of(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", bytes);
  const std::string text = message_of([&] { io::Safetensors file(path); });
  CHECK(text.starts_with(path + ": "));
  return text.substr(std::min(text.size(), path.size() + 2));
}

template <class V>
void check_kind(const io::Safetensors& file, const char* name, const std::vector<V>& wanted) {
  CAPTURE(name);
  const io::OwnedArray array = file.read(name);
  CHECK(array.extents == std::vector<std::size_t>{2, 3});
  const auto* values = std::get_if<std::vector<V>>(&array.values);
  REQUIRE(values);
  CHECK(*values == wanted);
}

}  // namespace

TEST_CASE("every type that the format's own library writes") {
  const io::Safetensors file(kinds);
  CHECK(file.entries().size() == 15);
  CHECK(file.metadata() == std::map<std::string, std::string>{{"made by", "safetensors_kinds.py"}});
  check_kind<float>(file, "F16", {0, -0.0f, 1.5f, 65504, 0x1p-24f, -infinity});
  check_kind<float>(file, "BF16", {1, -2, 3.140625f, 0x1p-133f, infinity, 0});
  check_kind<float>(file, "F32", {0, -0.0f, 0.1f, 3.4028235e38f, 1e-45f, -infinity});
  check_kind<double>(file, "F64", {0, -0.0, 0.1, 1e300, 5e-324, infinity});
  check_kind<std::int32_t>(file, "I8", {0, 1, 2, -1, 127, -128});
  check_kind<std::int32_t>(file, "I16", {0, 1, 2, -1, 32767, -32768});
  check_kind<std::int32_t>(file, "I32", {0, 1, 2, -1, INT32_MAX, INT32_MIN});
  check_kind<std::int64_t>(file, "I64", {0, 1, 2, -1, INT64_MAX, INT64_MIN});
  check_kind<std::uint8_t>(file, "U8", {0, 1, 2, 3, 128, 255});
  check_kind<std::int32_t>(file, "U16", {0, 1, 2, 3, 4, 65535});
  check_kind<std::int64_t>(file, "U32", {0, 1, 2, 3, 4, UINT32_MAX});
  check_kind<std::int64_t>(file, "U64", {0, 1, 2, 3, 4, INT64_MAX});
  check_kind<std::uint8_t>(file, "BOOL", {0, 1, 0, 1, 1, 0});
  CHECK(file.read("one").extents.empty());
  CHECK(file.read("one").array()(0) == 7.25);
  CHECK(file.read("none").extents == std::vector<std::size_t>{0, 3});
  CHECK(message_of([&] { file.read("more"); }) ==
        kinds + ": there is no tensor more, the nearest of 15 are none, one, U64");
}

TEST_CASE("static and functional models have one file in common") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.safetensors");
  Model<Net> model(3);
  model.block()[1] = -0.0f;
  io::save_safetensors(model, path, {.metadata = {{"format", "pt"}, {"of", "a test"}}});
  const io::Safetensors file(path);
  CHECK(file.metadata().at("of") == "a test");
  std::vector<std::string> names;
  for (const auto& entry : file.entries()) names.push_back(entry.name);
  CHECK(names == std::vector<std::string>{"dense/kernel", "dense/bias", "batch_normalization/gamma",
                                          "batch_normalization/beta", "batch_normalization/moving_mean",
                                          "batch_normalization/moving_variance", "head/kernel", "head/bias"});
  functional::Model read = graph();
  read.initialize(8);
  io::load_safetensors(read, path);
  CHECK(std::ranges::equal(model.block(), read.block()));
  CHECK(std::signbit(read.block()[1]));
  io::save_safetensors(read, folder.file("b"), {.metadata = {{"format", "pt"}, {"of", "a test"}}});
  CHECK(contents(path) == contents(folder.file("b")));
  Model<Net> again(4);
  io::load_safetensors(again, folder.file("b"));
  CHECK(std::ranges::equal(model.block(), again.block()));
}

TEST_CASE("weights in 16 bits are the nearest ones") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  Model<Net> model(3), read(4);
  for (const auto& [type, error] :
       {std::pair{io::FloatType::float16, 0x1p-11f}, {io::FloatType::bfloat16, 0x1p-8f}}) {
    io::save_safetensors(model, path, {.type = type});
    CHECK(io::Safetensors(path).entries()[0].dtype == (type == io::FloatType::float16 ? "F16" : "BF16"));
    io::load_safetensors(read, path);
    float most = 0;
    for (std::size_t i = 0; i < model.block().size(); ++i) {
      const float value = model.block()[i], difference = std::fabs(value - read.block()[i]);
      if (difference > error * std::fabs(value)) FAIL(value << " became " << read.block()[i]);
      most = std::max(most, difference);
    }
    CHECK(most > 0);
  }
  find_parameter(model, "head/bias")[2] = 65520;
  const std::string before = contents(path);
  CHECK(message_of([&] { io::save_safetensors(model, path, {.type = io::FloatType::float16}); }) ==
        path + ": head/bias[2] is 65520, too large for float16");
  CHECK(contents(path) == before);
  find_parameter(model, "head/bias")[2] = infinity;
  io::save_safetensors(model, path, {.type = io::FloatType::float16});
  io::load_safetensors(read, path);
  CHECK(find_parameter(read, "head/bias")[2] == infinity);
}

TEST_CASE("every half, and what lies between two, is rounded to the nearest and to even") {
  for (std::uint32_t h = 0; h < 65536; ++h) {
    const auto half = static_cast<std::uint16_t>(h);
    const float value = Float16::to_float(half);
    if (std::isnan(value)) {
      CHECK((Float16::from_float(value) & 0x7fff) > 0x7c00);
      continue;
    }
    if (Float16::from_float(value) != half) FAIL(h);
    if ((h & 0x7fff) >= 0x7bff) continue;
    const float next = Float16::to_float(static_cast<std::uint16_t>(h + 1)), middle = (value + next) / 2;
    const std::uint32_t even = h + (h & 1);
    if (Float16::from_float(middle) != even) FAIL(h);
    if (Float16::from_float(std::nextafter(middle, value)) != h) FAIL(h);
    if (Float16::from_float(std::nextafter(middle, next)) != h + 1) FAIL(h);
  }
  CHECK(Float16::from_float(65519.996f) == 0x7bff);
  CHECK(Float16::from_float(65520) == 0x7c00);
  CHECK(BFloat16::from_float(1 + 0x1p-8f) == 0x3f80);
  CHECK(BFloat16::from_float(1 + 0x1p-8f + 0x1p-20f) == 0x3f81);
  CHECK(std::isnan(BFloat16::to_float(BFloat16::from_float(std::bit_cast<float>(0x7f800001u)))));
}

TEST_CASE("the first difference is named, and the model stays as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  Model<Net> model(3);
  const std::vector<float> before(model.block().begin(), model.block().end());
  const auto error = [&](const functional::Model& other) {
    io::save_safetensors(other, path);
    const std::string text = message_of([&] { io::load_safetensors(model, path); });
    CHECK(std::ranges::equal(before, model.block()));
    return text;
  };
  CHECK(error(graph(7)) == path + ": dense/kernel has the shape (6, 7), (6, 5) wanted");
  CHECK(error(graph(5, "top"))
            .starts_with(path + ": there is no tensor head/kernel, there are dense/kernel, "));
  const auto x = functional::Input({6});
  CHECK(error(functional::Model(x, graph()(x).then(DenseSpec{.units = 2}, "more"))) ==
        path + ": has the tensor more/kernel, which the model lacks");
  folder.write("a", file_of(R"({"dense/kernel":{"dtype":"U8","shape":[6,5],"data_offsets":[0,30]}})",
                            std::string(30, 'a')));
  CHECK(message_of([&] { io::load_safetensors(model, path); }) ==
        path + ": dense/kernel holds U8, F64, F32, F16 or BF16 wanted");
  CHECK(message_of([&] { io::load_safetensors(model, kinds); }) ==
        kinds + ": there is no tensor dense/kernel, the nearest of 15 are none, one, U64");
}

TEST_CASE("headers that lie are refused") {
  const auto of = [](const std::string& header, std::size_t data = 8) {
    return error_of(file_of(header, std::string(data, 'x')));
  };
  const auto tensor = [](const std::string& name, const std::string& shape, int begin, int end) {
    return "\"" + name + R"(":{"dtype":"F32","shape":)" + shape + R"(,"data_offsets":[)" +
           std::to_string(begin) + "," + std::to_string(end) + "]}";
  };
  const TemporaryFolder folder;
  CHECK_NOTHROW(
      io::Safetensors(folder.write("a", file_of("{" + tensor("a", "[2]", 0, 8) + "}  ", "12345678"))));
  CHECK_NOTHROW(io::Safetensors(folder.write("a", file_of("{}", ""))));
  CHECK(error_of("abc") == "is no safetensors file: 3 bytes came");
  CHECK(error_of(std::string(12, '\xff')) == "a header of 18446744073709551615 bytes came in a file of 12");
  CHECK(of("[]") == "is no safetensors file: its header does not begin with {");
  CHECK(of("").ends_with("does not begin with {"));
  CHECK(of("{\"a\"").starts_with("the header is damaged: "));
  CHECK(of("{\"a\": [[[[1]]]]}") == "the header is nested deeper than 3");
  CHECK(of("{" + tensor("a", "[2]", 0, 8) + "," + tensor("a", "[2]", 0, 8) + "}") ==
        "the header has a twice");
  CHECK(of(R"({"a":{"dtype":"F32","dtype":"F32"}})") == "the header has dtype twice");
  CHECK(of("{" + tensor("a", "[1]", 0, 4) + "}") == "tensors of 4 bytes came, 8 bytes are there");
  CHECK(of("{" + tensor("a", "[1]", 4, 8) + "}") == "tensor a begins at 4, 0 wanted");
  CHECK(of("{" + tensor("a", "[3]", 0, 12) + "}") == "tensors of 12 bytes came, 8 bytes are there");
  CHECK(of("{" + tensor("a", "[1]", 0, 4) + "," + tensor("b", "[1]", 0, 4) + "}") ==
        "tensor b begins at 0, 4 wanted");
  CHECK(of("{" + tensor("a", "[2]", 8, 0) + "}") == "tensor a has wrong data_offsets");
  CHECK(of("{" + tensor("a", "[3]", 0, 8) + "}") ==
        "tensor a has 8 bytes, 12 wanted for F32 of the shape (3)");
  CHECK(of("{" + tensor("a", "[4294967296,4294967296,2]", 0, 8) + "}")
            .starts_with("tensor a has 8 bytes, more than 2^62 wanted"));
  CHECK(of("{" + tensor("a", "[-2]", 0, 8) + "}") == "tensor a: shape holds something that is no size");
  CHECK(of("{" + tensor("a", "[2.0]", 0, 8) + "}") == "tensor a: shape holds something that is no size");
  CHECK(of("{" + tensor("a", "2", 0, 8) + "}") == "tensor a has no list for shape");
  CHECK(of(R"({"a":{"dtype":"F8_E5M2","shape":[8],"data_offsets":[0,8]}})") ==
        "tensor a: dtype F8_E5M2 is not known here");
  CHECK(of(R"({"a":7})") == "tensor a is no record");
  CHECK(of(R"({"a":{}})") == "tensor a has no dtype");
  CHECK(of(R"({"__metadata__":{"a":1}})") == "__metadata__: a is no text");
}

TEST_CASE("damaged files load or are refused, in the memory that they justify") {
  const auto read = [](const std::string& path) {
    const io::Safetensors file(path);
    for (const auto& entry : file.entries()) file.read(entry.name);
  };
  check_damaged<io::FileError>(contents(kinds), read, 4);
  const TemporaryFolder folder;
  Model<Net> model(3);
  io::save_safetensors(model, folder.file("a"));
  check_damaged<io::FileError>(
      contents(folder.file("a")), [&](const std::string& path) { io::load_safetensors(model, path); }, 100,
      200);
}
