#pragma once
// A training as a file, at any step: what goes on from it ends with the bits of one that was never broken
// off. The machine's own byte order; made for the program that wrote it, .keras is for all others.
//
//   0   8  "KERATINC"
//   8   4  version, 1
//  12   4  CRC-32 of all that follows
//  16      pieces: the length of what it is called and its number of bytes, 8 each, then both
#include <keratin/core/blob.hpp>
#include <keratin/io/atomic.hpp>
#include <keratin/training/callback.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace keratin::io {
namespace detail {

inline constexpr std::string_view checkpoint_magic = "KERATINC";
inline constexpr std::uint32_t checkpoint_version = 1;
inline constexpr std::size_t checkpoint_header_bytes = 16;

// What has to be the same where a checkpoint is read.
template <class Trainer> std::string compiled_as(const Trainer& trainer) {
  const BlobLayout layout(trainer.layers(), trainer.model().block().size());
  std::string text = std::string(Text(layout.values, " weights of ", sizeof(typename Trainer::Scalar),
                                      " bytes, layers ", layout.fingerprint, ", ")
                                     .view());
  text += std::decay_t<decltype(trainer.optimizer())>::name;
  for (std::size_t i = 0; !trainer.log_name(i).empty(); ++i) text.append(", ").append(trainer.log_name(i));
  return text;
}

// f(what it is, its bytes) for what is kept of fit().
void each_state_of(TrainingState& run, auto f) {
  const auto object = [&](const char* what, auto& one) {
    f(what, std::as_writable_bytes(std::span(&one, 1)));
  };
  object("epoch", run.epoch);
  object("step", run.step);
  object("steps of an epoch", run.steps);
  object("position in the data", run.position);
  object("end of training", run.stop_training);
}

template <class F> class VisitedBy final : public StateVisitor {
 public:
  explicit VisitedBy(F& f) : f_(f) {}
  void operator()(const char* what, std::span<std::byte> bytes) override { f_(what, bytes); }

 private:
  F& f_;
};

class CheckpointWriter {
 public:
  CheckpointWriter() : bytes_(checkpoint_header_bytes) {}
  void add(std::string_view what, Bytes bytes) {
    const std::uint64_t sizes[] = {what.size(), bytes.size()};
    append(std::as_bytes(std::span(sizes)));
    append(std::as_bytes(std::span(what)));
    append(bytes);
  }
  Bytes finish() {
    const std::uint32_t numbers[] = {checkpoint_version,
                                     crc32(Bytes(bytes_).subspan(checkpoint_header_bytes))};
    std::memcpy(bytes_.data(), checkpoint_magic.data(), checkpoint_magic.size());
    std::memcpy(bytes_.data() + checkpoint_magic.size(), numbers, sizeof numbers);
    return bytes_;
  }

 private:
  void append(Bytes bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  std::vector<std::byte> bytes_;
};

class CheckpointReader {
  static constexpr const char* of_another = "a checkpoint of a trainer that is compiled otherwise came";

 public:
  explicit CheckpointReader(Bytes file) : rest_(file) {
    using keratin::detail::number_at;
    if (file.size() < checkpoint_header_bytes ||
        std::memcmp(file.data(), checkpoint_magic.data(), checkpoint_magic.size()) != 0)
      throw FileError("is no checkpoint");
    if (const auto version = number_at<std::uint32_t>(file, 8); version != checkpoint_version)
      refuse("a checkpoint of version ", version, " came, ", checkpoint_version, " wanted");
    rest_ = file.subspan(checkpoint_header_bytes);
    if (number_at<std::uint32_t>(file, 12) != crc32(rest_)) throw FileError("is a damaged checkpoint");
  }
  /// The bytes of the next piece. Error: FileError; it is another one.
  Bytes next(std::string_view what) {
    const std::uint64_t length = number(), size = number();
    const Bytes name = take(length);
    if (std::string_view(reinterpret_cast<const char*>(name.data()), name.size()) != what)
      refuse(of_another, ": ", what, " wanted");
    return take(size);
  }
  void read(std::string_view what, std::span<std::byte> to) {
    const Bytes bytes = next(what);
    if (bytes.size() != to.size())
      refuse(of_another, ": ", bytes.size(), " bytes of ", what, ", ", to.size(), " wanted");
    std::copy(bytes.begin(), bytes.end(), to.begin());
  }
  void expect_end() const {
    if (!rest_.empty()) throw FileError(of_another);
  }

 private:
  std::uint64_t number() {
    const Bytes bytes = take(sizeof(std::uint64_t));
    return keratin::detail::number_at<std::uint64_t>(bytes, 0);
  }
  Bytes take(std::uint64_t n) {
    if (n > rest_.size()) throw FileError("is a damaged checkpoint");
    const Bytes bytes = rest_.first(static_cast<std::size_t>(n));
    rest_ = rest_.subspan(bytes.size());
    return bytes;
  }

  Bytes rest_;
};

}  // namespace detail

/// Writes all that a training is made of between two steps: weights, what the optimizer keeps, the states of
/// layers, the random seed and counters, metrics, what callbacks remember, and the state of fit(): its epoch,
/// how many of its steps are done, and where it is in its data. The file is the old or the new one, whatever
/// happens. Error: FileError.
template <class Trainer>
void save_checkpoint(Trainer& trainer, const TrainingState& run, const std::string& path) {
  detail::CheckpointWriter file;
  const std::string compiled = detail::compiled_as(trainer);
  file.add("compiled", std::as_bytes(std::span(compiled)));
  const auto add = [&](std::string_view what, Bytes bytes) { file.add(what, bytes); };
  TrainingState state = run;
  detail::each_state_of(state, add);
  trainer.each_state(add);
  detail::VisitedBy visitor(add);
  run.callbacks.each_state(visitor);
  write_atomically(path, {file.finish()});
}

/// Goes on from there. Error: FileError; the file is damaged, or of a trainer that is compiled otherwise; the
/// trainer is then as it was.
template <class Trainer> void load_checkpoint(Trainer& trainer, TrainingState& run, const std::string& path) {
  naming(path, [&] {
    const std::vector<std::byte> bytes = read_file(path);
    detail::CheckpointReader file(bytes);
    const Bytes name = file.next("compiled");
    const std::string_view compiled(reinterpret_cast<const char*>(name.data()), name.size());
    if (const std::string wanted = detail::compiled_as(trainer); compiled != wanted)
      refuse("a checkpoint of ", compiled, " came, ", wanted, " wanted");
    TrainingState state = run;
    const auto read = [&](std::string_view what, std::span<std::byte> to) { file.read(what, to); };
    detail::each_state_of(state, read);
    if (state.step > 0 && run.steps > 0 && state.steps != run.steps)
      refuse("a checkpoint in an epoch of ", state.steps, " steps came, ", run.steps, " wanted");
    detail::CheckpointReader looks = file;
    std::vector<std::byte> nowhere;
    const auto look = [&](std::string_view what, Bytes there) {
      nowhere.resize(there.size());
      looks.read(what, nowhere);
    };
    detail::VisitedBy looking(look);
    detail::VisitedBy reading(read);
    trainer.each_state(look);
    run.callbacks.each_state(looking);
    looks.expect_end();
    trainer.each_state(read);
    run.callbacks.each_state(reading);
    run = state;
  });
}

}  // namespace keratin::io
