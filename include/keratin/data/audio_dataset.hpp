#pragma once
// Sounds of a folder. Needs libsndfile. Keras: audio_dataset_from_directory.
#include <keratin/data/dataset.hpp>
#include <keratin/data/folder.hpp>

#include <sndfile.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace keratin::data {

/// Values from -1 to below 1, of all channels for each frame.
struct Sound {
  std::vector<float> values;
  std::size_t frames = 0;
  int channels = 0, sampling_rate = 0;

  operator Array() const { return Array(values).rows_of(values.size()); }
};

/// Reads WAV files, one after the other, into memory that it keeps.
class SoundReader {
 public:
  /// to = the sound of a file, whole numbers divided by the largest: 32768 where they have 16 bits. length:
  /// of frames; those beyond are left out, and what is missing is 0. Errors: std::runtime_error; it cannot be
  /// read, is no sound, or cut off.
  void read(const std::string& path, std::optional<std::size_t> length, Sound& to) {
    const File file = open(path, to);
    const auto channels = static_cast<std::size_t>(to.channels),
               at_once = std::max<std::size_t>(values_at_once / channels, 1);
    to.values.clear();
    to.frames = 0;
    // Memory grows with what has really come.
    while (to.frames < length.value_or(static_cast<std::size_t>(-1))) {
      const std::size_t n = std::min(at_once, length.value_or(to.frames + at_once) - to.frames);
      to.values.resize((to.frames + n) * channels);
      const sf_count_t got =
          sf_readf_float(file.get(), to.values.data() + to.frames * channels, static_cast<sf_count_t>(n));
      if (const int error = sf_error(file.get())) refuse(path, sf_error_number(error));
      to.frames += static_cast<std::size_t>(got);
      if (got < static_cast<sf_count_t>(n)) break;
    }
    to.frames = length.value_or(to.frames);
    to.values.resize(std::min(to.values.size(), to.frames * channels));
    to.values.resize(to.frames * channels);
  }
  /// How long a sound is, in frames, and its channels and rate.
  static void measure(const std::string& path, Sound& to) { open(path, to); }

 private:
  using File = std::unique_ptr<SNDFILE, int (*)(SNDFILE*)>;
  static constexpr std::size_t values_at_once = 8192;

  [[noreturn]] static void refuse(const std::string& path, const std::string& why) {
    throw std::runtime_error("'" + path + "' is no valid sound: " + why);
  }
  static File open(const std::string& path, Sound& to) {
    expect_whole(path);
    SF_INFO info{};
    File file(sf_open(path.c_str(), SFM_READ, &info), &sf_close);
    if (!file) refuse(path, sf_strerror(nullptr));
    to.frames = static_cast<std::size_t>(info.frames);
    to.channels = info.channels;
    to.sampling_rate = info.samplerate;
    return file;
  }
  // libsndfile takes a file that is cut off for a shorter sound.
  static void expect_whole(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) throw std::runtime_error("cannot open '" + path + "': " + std::strerror(errno));
    std::array<unsigned char, 8> head{};
    if (std::fread(head.data(), 1, head.size(), file.get()) < head.size()) refuse(path, "it ends too soon");
    if (std::memcmp(head.data(), "RIFF", 4) != 0) refuse(path, "a WAV file wanted");
    const std::uint64_t behind =
        head[4] + 256u * (head[5] + 256u * (head[6] + 256u * std::uint64_t{head[7]}));
    std::fseek(file.get(), 0, SEEK_END);
    const auto bytes = static_cast<std::uint64_t>(std::ftell(file.get()));
    if (behind != 0xFFFFFFFF && behind + 8 > bytes)  // what was written as a stream does not know
      refuse(path,
             "it ends after " + std::to_string(bytes) + " bytes, " + std::to_string(behind + 8) + " wanted");
  }
};

/// A sound of a file; see SoundReader::read.
inline Sound read_sound(const std::string& path, std::optional<std::size_t> length = {}) {
  Sound sound;
  SoundReader().read(path, length, sound);
  return sound;
}

struct AudioOptions {
  FolderOptions folder{};
  std::size_t batch_size = 32;
  std::size_t output_sequence_length = 0;  // frames; 0: those of the longest file
  int sampling_rate = 0;                   // that all files must have; 0: any
};

namespace detail {

class SoundSource : public InTurn<SoundSource> {
 public:
  SoundSource(const Folder& folder, LabelMode mode, std::size_t length)
      : paths_(folder.file_paths), targets_(folder, mode), length_(length) {}
  std::size_t size() const { return paths_.size(); }
  void at(std::size_t i, Batch& to) {
    reader_.read(paths_[i], length_, sound_);
    to.x = sound_;
    to.y = targets_[i];
    to.sample_weight = Arrays();
    to.samples = 1;
  }

 private:
  std::vector<std::string> paths_;
  FolderTargets targets_;
  std::size_t length_;
  SoundReader reader_;
  Sound sound_;
};

}  // namespace detail

/// Batches of sounds with their labels, as an ImageDataset of images.
struct AudioDataset : detail::Batched<detail::Shuffled<detail::SoundSource>> {
  AudioDataset(const Folder& folder, const AudioOptions& options, std::size_t frames, int channels_of_all)
      : Batched(detail::Shuffled(detail::SoundSource(folder, options.folder.label_mode, frames),
                                 options.folder.shuffle ? folder.file_paths.size() : 1, options.folder.seed,
                                 true),
                options.batch_size, false),
        class_names(folder.class_names),
        file_paths(folder.file_paths),
        sequence_length(frames),
        channels(channels_of_all) {}

  std::vector<std::string> class_names, file_paths;
  std::size_t sequence_length;  // frames of a sample
  int channels;
};

/// The sounds of a folder: WAV files in a folder for each class, and in folders within. x: float32 of -1 to
/// below 1, of (frames, channels). Where no length is given all are as long as the longest file, while Keras
/// makes each batch as long as its own longest. Errors: std::runtime_error; those of read_folder, a file that
/// cannot be read, has another number of channels than the first or another rate than sampling_rate (nothing
/// is resampled). Keras: audio_dataset_from_directory.
inline AudioDataset audio_dataset_from_directory(const std::string& folder,
                                                 const AudioOptions& options = {}) {
  const Folder found = read_folder(folder, {".wav"}, options.folder);
  if (options.batch_size == 0) detail::refuse_folder(folder, "batch_size 0 came, at least 1 wanted");
  std::size_t frames = options.output_sequence_length;
  Sound first, sound;
  SoundReader::measure(found.file_paths.front(), first);
  for (const std::string& path : found.file_paths) {
    SoundReader::measure(path, sound);
    if (sound.channels != first.channels)
      detail::refuse_folder(path, "has " + std::to_string(sound.channels) + " channels, " +
                                      std::to_string(first.channels) + " wanted, as '" +
                                      found.file_paths.front() + "'");
    if (options.sampling_rate > 0 && sound.sampling_rate != options.sampling_rate)
      detail::refuse_folder(path, "has a sampling_rate of " + std::to_string(sound.sampling_rate) + ", " +
                                      std::to_string(options.sampling_rate) + " wanted");
    if (options.output_sequence_length == 0) frames = std::max(frames, sound.frames);
  }
  if (frames == 0) detail::refuse_folder(folder, "has only sounds without frames");
  return AudioDataset(found, options, frames, first.channels);
}

}  // namespace keratin::data
