#pragma once
// ZipWriter: an archive of members that are not compressed. Needs libzip.
#include <keratin/io/atomic.hpp>
#include <keratin/io/zip.hpp>

namespace keratin::io {

class ZipWriter {
 public:
  /// Adds a member behind those that are there. The bytes are not copied: they outlive the writer.
  void add(std::string name, Bytes bytes) { members_.push_back({std::move(name), bytes}); }

  /// The archive; the same members make the same bytes. Error: FileError; two members have one name.
  std::vector<std::byte> bytes() const {
    zip_error_t error;
    zip_error_init(&error);
    const Source archive(zip_source_buffer_create(nullptr, 0, 0, &error), &zip_source_free);
    std::unique_ptr<zip_t, decltype(&zip_discard)> zip(
        archive ? zip_open_from_source(archive.get(), ZIP_TRUNCATE, &error) : nullptr, &zip_discard);
    if (!zip) throw FileError(std::string("an archive cannot be made: ") + zip_error_strerror(&error));
    zip_source_keep(archive.get());
    for (const Member& member : members_) add_to(zip.get(), member);
    if (zip_close(zip.get()) != 0) fail(zip.get(), "an archive");
    zip.release();
    return read_all(archive.get());
  }
  /// Writes the archive to a file, which is the old or the new one whatever happens. Error: FileError.
  void write(const std::string& path) const {
    write_atomically(path, {naming(path, [&] { return bytes(); })});
  }

 private:
  using Source = std::unique_ptr<zip_source_t, decltype(&zip_source_free)>;
  struct Member {
    std::string name;
    Bytes bytes;
  };

  [[noreturn]] static void fail(zip_t* zip, const std::string& what) {
    throw FileError(what + " cannot be made: " + zip_strerror(zip));
  }
  static void add_to(zip_t* zip, const Member& member) {
    Source source(zip_source_buffer(zip, member.bytes.data(), member.bytes.size(), 0), &zip_source_free);
    if (!source) fail(zip, member.name);
    const zip_int64_t index = zip_file_add(zip, member.name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    if (index < 0) fail(zip, member.name);
    source.release();
    const auto i = static_cast<zip_uint64_t>(index);
    constexpr zip_uint16_t first_of_january_1980 = 1 << 5 | 1;
    if (zip_set_file_compression(zip, i, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, i, 0, first_of_january_1980, 0) != 0)
      fail(zip, member.name);
  }
  static std::vector<std::byte> read_all(zip_source_t* archive) {
    zip_stat_t stat;
    if (zip_source_stat(archive, &stat) != 0 || zip_source_open(archive) != 0)
      throw FileError("an archive cannot be made");
    std::vector<std::byte> bytes(static_cast<std::size_t>(stat.size));
    const zip_int64_t n = zip_source_read(archive, bytes.data(), bytes.size());
    zip_source_close(archive);
    if (n != static_cast<zip_int64_t>(bytes.size())) throw FileError("an archive cannot be made");
    return bytes;
  }

  std::vector<Member> members_;
};

}  // namespace keratin::io
