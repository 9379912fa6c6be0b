// Sounds of files and folders.
#include <keratin/data/audio_dataset.hpp>
#include <keratin/testing/allocations.hpp>

#include "../damage.hpp"
#include "../error_of.hpp"

using namespace keratin;
using namespace keratin::data;

namespace {

std::string little_endian(std::uint32_t n, int bytes) {
  std::string text;
  for (; bytes > 0; --bytes, n >>= 8) text += static_cast<char>(n);
  return text;
}
// A WAV file of 16 bits a value.
std::string wav(const std::vector<int>& values, std::uint32_t channels = 1, std::uint32_t rate = 8000) {
  std::string data;
  for (const int v : values) data += little_endian(static_cast<std::uint32_t>(v), 2);
  const auto size = static_cast<std::uint32_t>(data.size());
  return "RIFF" + little_endian(36 + size, 4) + "WAVEfmt " + little_endian(16, 4) + little_endian(1, 2) +
         little_endian(channels, 2) + little_endian(rate, 4) + little_endian(rate * channels * 2, 4) +
         little_endian(channels * 2, 2) + little_endian(16, 2) + "data" + little_endian(size, 4) + data;
}

}  // namespace

TEST_CASE("a sound is its numbers, divided by 32768") {
  const TemporaryFolder folder;
  std::vector<int> values{0, 1, -1, 16384, -32768, 32767};
  const Sound sound = read_sound(folder.write("a.wav", wav(values)));
  REQUIRE(sound.frames == 6);
  CHECK(sound.channels == 1);
  CHECK(sound.sampling_rate == 8000);
  for (std::size_t i = 0; i < 6; ++i) CHECK(sound.values[i] == static_cast<float>(values[i]) / 32768);

  const std::string stereo = folder.write("b.wav", wav(values, 2));
  CHECK(read_sound(stereo).frames == 3);
  const Sound longer = read_sound(stereo, 5), shorter = read_sound(stereo, 2);
  CHECK(longer.values.size() == 10);
  CHECK(longer.values[5] == 32767.0f / 32768);
  CHECK(longer.values[6] == 0);
  CHECK(shorter.values == std::vector<float>{0, 1.0f / 32768, -1.0f / 32768, 0.5f});
  values.assign(20000, 3);
  CHECK(read_sound(folder.write("c.wav", wav(values))).frames == 20000);
}

TEST_CASE("a folder of sounds") {
  const TemporaryFolder folder;
  for (const char* name : {"high", "low"}) std::filesystem::create_directory(folder.file(name));
  folder.write("high/1.wav", wav({1, 2, 3}));
  folder.write("high/2.WAV", wav({4, 5, 6, 7}));
  folder.write("low/3.wav", wav({8}));
  auto data = audio_dataset_from_directory(folder.path, {.folder = {.shuffle = false}, .batch_size = 2});
  CHECK(data.class_names == std::vector<std::string>{"high", "low"});
  CHECK(data.sequence_length == 4);
  CHECK(data.channels == 1);
  std::vector<double> x, y;
  for (Batch b; data.next(b, 1);) {
    for (std::size_t i = 0; i < b.x[0].size(); ++i) x.push_back(b.x[0](i) * 32768);
    for (std::size_t i = 0; i < b.y[0].size(); ++i) y.push_back(b.y[0](i));
  }
  CHECK(x == std::vector<double>{1, 2, 3, 0, 4, 5, 6, 7, 8, 0, 0, 0});
  CHECK(y == std::vector<double>{0, 0, 1});
  auto cut = audio_dataset_from_directory(folder.path, {.output_sequence_length = 2, .sampling_rate = 8000});
  Batch b;
  REQUIRE(cut.next(b, 1));
  CHECK(b.x[0].size() == 6);

  const auto error = [&](const AudioOptions& options = {}) {
    return error_of([&] { audio_dataset_from_directory(folder.path, options); });
  };
  CHECK(error({.folder = {.shuffle = false}, .sampling_rate = 16000}) ==
        "'" + folder.file("high/1.wav") + "' has a sampling_rate of 8000, 16000 wanted");
  folder.write("low/4.wav", wav({1, 2}, 2));
  CHECK(error({.folder = {.shuffle = false}}) == "'" + folder.file("low/4.wav") +
                                                     "' has 2 channels, 1 wanted, as '" +
                                                     folder.file("high/1.wav") + "'");
  const std::string whole = wav({1, 2, 3, 4});
  folder.write("low/4.wav", whole.substr(0, 48));
  CHECK(error() == "'" + folder.file("low/4.wav") + "' is no valid sound: it ends after 48 bytes, 52 wanted");
  folder.write("low/4.wav", "RIFF");
  CHECK(error() == "'" + folder.file("low/4.wav") + "' is no valid sound: it ends too soon");
  folder.write("low/4.wav", "no sound at all");
  CHECK(error() == "'" + folder.file("low/4.wav") + "' is no valid sound: a WAV file wanted");
  check_damaged<std::runtime_error>(whole, [](const std::string& path) { read_sound(path); }, 4096, 500);
}
