// A model's block as a file, and static models over it.
#include <keratin/functional.hpp>
#include <keratin/io/blob.hpp>
#include <keratin/keratin.hpp>
#include <keratin/sequential/blob.hpp>
#include <keratin/testing.hpp>

#include <sys/mman.h>

#include "../check.hpp"
#include "../damage.hpp"
#include "files.hpp"

using namespace keratin;
using namespace std::string_literals;

namespace {

using Net = Sequential<Input<12, 3>, Conv1D<5, Kernel<3>, Tanh>, Dropout<0.2>, Flatten,
                       Residual<Dense<50, ReLU>, BatchNormalization<>>, Dense<3, Softmax>>;

functional::Model graph(int last = 3) {
  const auto x = functional::Input({12, 3});
  const auto a =
      x.then(ConvSpec<1>{.filters = 5, .kernel_size = {3}, .activation = Tanh{}}).then(FlattenSpec{});
  const auto b = a.then(DenseSpec{.units = 50, .activation = ReLU{}}).then(BatchNormalizationSpec{});
  return functional::Model(x, (a + b).then(DenseSpec{.units = last, .activation = Softmax{}}));
}

std::string report_of(auto f) {
  try {
    f();
  } catch (const std::invalid_argument& e) {
    return e.what();
  }
  return "";
}

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

std::uint64_t fingerprint_of(const auto& model) {
  return BlobLayout(model.layers(), model.block().size()).fingerprint;
}

/// A file, mapped to be read.
class Mapped {
 public:
  explicit Mapped(const std::string& path) : size_(std::filesystem::file_size(path)) {
    const int file = ::open(path.c_str(), O_RDONLY);
    REQUIRE(file >= 0);
    data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
    ::close(file);
    REQUIRE(data_ != MAP_FAILED);
  }
  ~Mapped() { ::munmap(data_, size_); }
  std::span<const std::byte> bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  std::size_t size_;
  void* data_ = nullptr;
};

}  // namespace

TEST_CASE("CRC-32 is the one of zip") {
  static_assert(crc32({}) == 0);
  CHECK(crc32(bytes_of("123456789")) == 0xcbf43926u);
}

TEST_CASE("the header has the bytes that it is documented to have") {
  using Small = Sequential<Input<2>, Dense<1, NoBias>>;
  const TemporaryFolder folder;
  Model<Small> model(1);
  model.block()[0] = 1, model.block()[1] = -2;
  io::save_blob(model, folder.file("a.bin"));
  const std::string file = contents(folder.file("a.bin"));
  REQUIRE(file.size() == 128);
  CHECK(file.substr(0, 24) == "KERATIN1\1\0\0\0\1\0\0\0\x10\0\0\0\0\0\0\0"s);
  // What it was when the format was made: a file is read for ever.
  CHECK(fingerprint_of(model) == 0xd81acee637c08067u);
  CHECK(detail::number_at<std::uint64_t>(bytes_of(file), 24) == fingerprint_of(model));
  CHECK(detail::number_at<std::uint32_t>(bytes_of(file), 32) == crc32(bytes_of(file).subspan(64)));
  CHECK(detail::number_at<std::uint32_t>(bytes_of(file), 36) == crc32(bytes_of(file).first(36)));
  CHECK(file.substr(40, 24) == std::string(24, '\0'));
  CHECK(file.substr(64, 8) == "\0\0\x80\x3f\0\0\0\xc0"s);
}

TEST_CASE("static and functional models of the same layers have one blob in common") {
  const TemporaryFolder folder;
  Model<Net> model(3);
  functional::Model read = graph();
  CHECK(fingerprint_of(model) == fingerprint_of(read));
  io::save_blob(model, folder.file("a.bin"));
  io::load_blob(read, folder.file("a.bin"));
  CHECK(std::ranges::equal(model.block(), read.block()));
  io::save_blob(read, folder.file("b.bin"));
  CHECK(contents(folder.file("a.bin")) == contents(folder.file("b.bin")));
  Model<Net, InPlace> again(4);
  io::load_blob(again, folder.file("b.bin"));
  CHECK(std::ranges::equal(model.block(), again.block()));
  read.set_trainable("dense", false);
  CHECK(fingerprint_of(model) == fingerprint_of(read));
}

TEST_CASE("a model runs over a mapped blob, and nothing is copied") {
  const TemporaryFolder folder;
  const Model<Net> model(3);
  io::save_blob(model, folder.file("a.bin"));
  const Mapped file(folder.file("a.bin"));
  const std::vector<float> x = filled_array(36, 1);
  const long before = testing::allocations;
  const std::span<const float> values = view_of_blob<Net>(file.bytes());
  const Model<Net, View> view(values.first<plan<Net>().block>());
  const auto y = view.predict(x);
  CHECK(testing::allocations == before);
  CHECK(reinterpret_cast<const std::byte*>(values.data()) == file.bytes().data() + 64);
  CHECK(y == model.predict(x));
  io::save_blob(view, folder.file("b.bin"));
  CHECK(contents(folder.file("a.bin")) == contents(folder.file("b.bin")));
}

TEST_CASE("a blob of another network, or a damaged one, is refused, and the model stays as it was") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a.bin");
  Model<Net> model(3);
  const std::vector<float> before(model.block().begin(), model.block().end());
  const auto error = [&] {
    const std::string text = message_of([&] { io::load_blob(model, path); });
    CHECK(std::ranges::equal(before, model.block()));
    CHECK(text.starts_with(path + ": "));
    const std::string file = contents(path);
    CHECK(report_of([&] { view_of_blob<Net>(bytes_of(file)); }) == text.substr(path.size() + 2));
    return text.substr(path.size() + 2);
  };
  io::save_blob(graph(4), path);
  CHECK(error() == "a blob of " + std::to_string(graph(4).block().size()) + " values came, " +
                       std::to_string(before.size()) + " wanted");
  // As many values in as large a block, of other layers.
  using Other = Sequential<Input<12, 3>, Conv1D<5, Kernel<3>, Tanh>, Flatten,
                           Residual<Dense<50, ReLU>, LayerNormalization<>>, Dense<3, Softmax>>;
  static_assert(plan<Other>().block < plan<Net>().block);
  io::save_blob(Model<Other>(1), path);
  CHECK(error().ends_with(" wanted"));
  io::save_blob(Model<Sequential<Input<plan<Net>().block / 16>, Dense<16, NoBias>>>(1), path);
  CHECK(error() == "a blob of other layers came");

  io::save_blob(model, path);
  const std::string good = contents(path);
  const auto changed = [&](std::size_t at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 16);
    folder.write("a.bin", bad);
    return error();
  };
  CHECK(changed(3) == "no blob came: it does not begin with KERATIN1");
  CHECK(changed(8) == "a blob of version 17 came, 1 wanted");
  for (std::size_t at = 12; at < 64; ++at) CHECK(changed(at) == "a blob with a damaged header came");
  for (const std::size_t at : {std::size_t{64}, good.size() - 1, good.size() / 2})
    CHECK(changed(at) == "a blob with damaged values came");
  folder.write("a.bin", good.substr(0, 63));
  CHECK(error() == "a blob of 63 bytes came, at least 64 wanted");
  folder.write("a.bin", good + "x");
  CHECK(error() == "a blob of " + std::to_string(good.size() + 1) + " bytes came, " +
                       std::to_string(good.size()) + " wanted");
  folder.write("a.bin", good);
  CHECK_NOTHROW(io::load_blob(model, path));

  const std::string shifted = "x" + good;
  CHECK(report_of([&] { view_of_blob<Net>(bytes_of(shifted).subspan(1)); }) ==
        "a blob at an address that is no multiple of 4 came");
}

TEST_CASE("damaged blobs load or are refused, in the memory that they justify") {
  const TemporaryFolder folder;
  Model<Net> model(3);
  const std::vector<float> before(model.block().begin(), model.block().end());
  io::save_blob(model, folder.file("a.bin"));
  check_damaged<io::FileError>(
      contents(folder.file("a.bin")), [&](const std::string& path) { io::load_blob(model, path); }, 2);
  CHECK(std::ranges::equal(before, model.block()));
}
