#pragma once
// Zip: members of an archive, read whole. Needs libzip and zlib.
#include <keratin/io/file_image.hpp>

#include <zip.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace keratin::io {

class Zip {
 public:
  /// Error: FileError; the file cannot be read, or is no archive.
  explicit Zip(const std::string& path) : path_(path), file_(FileImage::of(path)) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const source = zip_source_buffer_create(file_.bytes.data(), file_.bytes.size(), 0, &error);
    if (source) zip_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
    if (source && !zip_) zip_source_free(source);
    const std::string why = zip_ ? "" : zip_error_strerror(&error);
    zip_error_fini(&error);
    if (!zip_) throw FileError(path + ": " + why);
  }

  const std::string& name() const { return path_; }
  /// The names of all members, in the archive's order.
  std::vector<std::string> members() const {
    std::vector<std::string> all;
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    for (zip_uint64_t i = 0; i < static_cast<zip_uint64_t>(count); ++i)
      if (const char* member = zip_get_name(zip_.get(), i, 0)) all.emplace_back(member);
    return all;
  }
  bool has(const char* member) const { return zip_name_locate(zip_.get(), member, 0) >= 0; }

  /// A member where it lies, if it is not packed, otherwise as read() gives it. Error: as there.
  FileImage image(const char* member, std::uint64_t most,
                  std::uint64_t most_packed = deflates_at_most) const {
    if (std::optional<FileImage> there = in_place(member)) return *there;
    return FileImage::of(read(member, most, most_packed));
  }
  /// Error: FileError; there is no such member, it is longer than `most` bytes, packed to less than a
  /// `most_packed`th, or damaged. A member has the length that the archive says, and no more is ever
  /// unpacked.
  std::vector<unsigned char> read(const char* member, std::uint64_t most,
                                  std::uint64_t most_packed = deflates_at_most) const {
    zip_stat_t stat;
    if (zip_stat(zip_.get(), member, 0, &stat) != 0 || !(stat.valid & ZIP_STAT_SIZE) ||
        !(stat.valid & ZIP_STAT_COMP_SIZE))
      throw FileError(path_ + ": there is no " + member);
    if (stat.size > most)
      throw FileError(path_ + ": " + member + " has " + std::to_string(stat.size) + " bytes, at most " +
                      std::to_string(most) + " wanted");
    // Packed to less than this, it is there to fill memory.
    if (stat.size > packed_freely &&
        stat.size / most_packed > std::min<std::uint64_t>(stat.comp_size, file_.bytes.size()))
      throw FileError(path_ + ": " + member + " has " + std::to_string(stat.size) + " bytes, packed in " +
                      std::to_string(std::min<std::uint64_t>(stat.comp_size, file_.bytes.size())) +
                      ", at least a " + std::to_string(most_packed) + "th wanted");
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen(zip_.get(), member, 0),
                                                                  &zip_fclose);
    std::vector<unsigned char> bytes;
    if (!file) throw FileError(path_ + ": " + member + ": " + zip_strerror(zip_.get()));
    // What the archive says may be a lie, and memory is for what is really there: a member that is not packed
    // is, and of others as much again each time.
    const bool is_there = stat.size == stat.comp_size && stat.size <= file_.bytes.size();
    while (bytes.size() < stat.size) {
      const std::size_t seen = bytes.size();
      const std::uint64_t left = stat.size - seen;
      const std::size_t next =
          seen + static_cast<std::size_t>(
                     is_there ? left : std::min<std::uint64_t>(left, std::max(seen, first_piece)));
      bytes.reserve(next);  // resize alone may take more than that
      bytes.resize(next);
      const zip_int64_t n = zip_fread(file.get(), bytes.data() + seen, bytes.size() - seen);
      if (n <= 0) throw FileError(path_ + ": " + member + " is damaged");
      bytes.resize(seen + static_cast<std::size_t>(n));
    }
    // libzip compares it only where somebody reads on to the end.
    if (!(stat.valid & ZIP_STAT_CRC) || crc32_z(0, bytes.data(), bytes.size()) != stat.crc)
      throw FileError(path_ + ": " + member + " is damaged");
    return bytes;
  }

 private:
  // libzip does not say where a member lies, and copies it: half of the time that a large model takes.
  // Nothing where anything is unusual; libzip then says what is wrong. The format: "APPNOTE.TXT", 4.3.
  std::optional<FileImage> in_place(std::string_view wanted) const {
    FileImage file = file_;
    const std::span<const unsigned char> all = file.bytes;
    const auto number = [&](std::size_t at, std::size_t bytes) {
      std::uint64_t value = 0;
      for (std::size_t i = 0; i < bytes; ++i) value |= std::uint64_t{all[at + i]} << 8 * i;
      return static_cast<std::size_t>(value);
    };
    constexpr std::size_t end_size = 22, entry_size = 46, local_size = 30;
    if (all.size() < end_size) return std::nullopt;
    const std::size_t end = all.size() - end_size;  // a comment behind it is unusual
    if (number(end, 4) != 0x06054b50 || number(end + 20, 2) != 0) return std::nullopt;
    std::size_t at = number(end + 16, 4);
    for (std::size_t left = number(end + 10, 2); left > 0 && at <= end && end - at >= entry_size; --left) {
      if (number(at, 4) != 0x02014b50) return std::nullopt;
      const std::size_t name = number(at + 28, 2), rest = number(at + 30, 2) + number(at + 32, 2);
      if (end - at - entry_size < name + rest) return std::nullopt;
      const std::string_view member(reinterpret_cast<const char*>(&all[at + entry_size]), name);
      if (member == wanted) {
        const std::size_t size = number(at + 24, 4), local = number(at + 42, 4), crc = number(at + 16, 4);
        const bool plain =
            number(at + 10, 2) == 0 && number(at + 20, 4) == size && (number(at + 8, 2) & 1) == 0;
        if (!plain || local > end || end - local < local_size || number(local, 4) != 0x04034b50)
          return std::nullopt;
        const std::size_t before = local_size + number(local + 26, 2) + number(local + 28, 2);
        if (end - local < before || end - local - before < size) return std::nullopt;
        file.bytes = all.subspan(local + before, size);
        if (crc32_z(0, file.bytes.data(), size) != crc) return std::nullopt;
        return file;
      }
      at += entry_size + name + rest;
    }
    return std::nullopt;
  }

  static constexpr std::size_t first_piece = 1 << 12;
  static constexpr std::uint64_t packed_freely = 1 << 20, deflates_at_most = 1032;

  std::string path_;
  FileImage file_;
  std::unique_ptr<zip_t, decltype(&zip_discard)> zip_{nullptr, &zip_discard};
};

}  // namespace keratin::io
