#pragma once
// Reads gzip files, and plain ones (zlib passes them through). Every error is a std::runtime_error.

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>

namespace keratin {

/// A gzip or plain file, read from front to back. As gzip does, it ignores junk behind a gzip stream.
class GzipFile {
 public:
  /// Opens `path`; fails with the system's reason.
  explicit GzipFile(const std::string& path) : path_(path), file_(gzopen(path.c_str(), "rb"), gzclose_r) {
    if (!file_) throw std::runtime_error("cannot open '" + path + "': " + std::strerror(errno));
  }

  /// Reads exactly `count` unpacked bytes into `to`. If the file ends sooner, the error also tells
  /// `wanted`, the size in bytes that the caller expects of the whole file.
  void read(void* to, std::size_t count, std::size_t wanted) {
    for (auto* at = static_cast<char*>(to); count > 0;) {
      const auto got = read_some(at, static_cast<unsigned>(std::min<std::size_t>(count, 1 << 20)));
      if (!got) fail("ends after " + std::to_string(size_) + " bytes, " + std::to_string(wanted) + " wanted");
      at += got, size_ += got, count -= got;
    }
  }

  /// Checks that nothing is left; reading up to here is what makes zlib verify a gzip stream's checksum.
  void expect_end() {
    char extra;
    if (read_some(&extra, 1) > 0) fail("goes on after the " + std::to_string(size_) + " bytes wanted");
    if (status_ == Z_BUF_ERROR) fail("is not a valid gzip file: unexpected end of file");
  }

  /// Throws std::runtime_error("'path' why").
  [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error("'" + path_ + "' " + why); }

 private:
  // 0 at the end of the file, also where a gzip stream is cut short (status_ is Z_BUF_ERROR then).
  std::size_t read_some(void* to, unsigned count) {
    const int got = gzread(file_.get(), to, count);
    std::string text = gzerror(file_.get(), &status_);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (text.starts_with(path_ + ": ")) text.erase(0, path_.size() + 2);
    fail((status_ == Z_DATA_ERROR ? "is not a valid gzip file: " : "cannot be read: ") + text);
  }

  std::string path_;
  std::unique_ptr<gzFile_s, int (*)(gzFile)> file_;
  std::size_t size_ = 0;  // bytes read so far
  int status_ = Z_OK;     // of the latest read
};

}  // namespace keratin
