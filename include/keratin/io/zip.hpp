#pragma once
// Zip: members of an archive, read whole. Needs libzip.
#include <keratin/io/file_error.hpp>

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

namespace keratin::io {

class Zip {
 public:
  /// Error: FileError; the file cannot be read, or is no archive.
  explicit Zip(const std::string& path) : path_(path) {
    int error = 0;
    zip_.reset(zip_open(path.c_str(), ZIP_RDONLY, &error));
    if (zip_) {
      std::error_code none;
      size_ = std::filesystem::file_size(path, none);
      return;
    }
    zip_error_t why;
    zip_error_init_with_code(&why, error);
    const std::string text = zip_error_strerror(&why);
    zip_error_fini(&why);
    throw FileError(path + ": " + text);
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
    if (stat.size > packed_freely && stat.size / most_packed > std::min(stat.comp_size, size_))
      throw FileError(path_ + ": " + member + " has " + std::to_string(stat.size) + " bytes, packed in " +
                      std::to_string(std::min(stat.comp_size, size_)) + ", at least a " +
                      std::to_string(most_packed) + "th wanted");
    const std::unique_ptr<zip_file_t, decltype(&zip_fclose)> file(zip_fopen(zip_.get(), member, 0),
                                                                  &zip_fclose);
    std::vector<unsigned char> bytes;
    if (!file) throw FileError(path_ + ": " + member + ": " + zip_strerror(zip_.get()));
    // What the archive says may be a lie, and memory is for what is really there: a member that is not packed
    // is, and of others as much again each time.
    const bool is_there = stat.size == stat.comp_size && stat.size <= size_;
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
    return bytes;
  }

 private:
  static constexpr std::size_t first_piece = 1 << 12;
  static constexpr std::uint64_t packed_freely = 1 << 20, deflates_at_most = 1032;

  std::string path_;
  std::uint64_t size_ = 0;
  std::unique_ptr<zip_t, decltype(&zip_discard)> zip_{nullptr, &zip_discard};
};

}  // namespace keratin::io
