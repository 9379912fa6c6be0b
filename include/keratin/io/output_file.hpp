#pragma once
#include <keratin/io/atomic.hpp>

namespace keratin::io {

/// A file that grows, such as a log: what was written is there when write() returns. Nothing is open at
/// first.
class OutputFile {
 public:
  enum class To : unsigned char { begin, append };

  OutputFile() = default;
  /// Error: FileError; it cannot be opened.
  OutputFile(const std::string& path, To to)
      : path_(path),
        number_(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (to == To::append ? O_APPEND : O_TRUNC),
                       0666)) {
    if (number_ < 0) detail::refuse_with_errno(path, "cannot be written");
  }
  OutputFile(OutputFile&& other) noexcept
      : path_(std::move(other.path_)), number_(std::exchange(other.number_, -1)) {}
  OutputFile& operator=(OutputFile&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(number_, other.number_);
    return *this;
  }
  ~OutputFile() {
    if (number_ >= 0) ::close(number_);
  }

  bool is_open() const { return number_ >= 0; }
  std::uint64_t size() const {
    struct stat status;
    return ::fstat(number_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }
  /// Error: FileError.
  void write(Bytes bytes) {
    while (!bytes.empty()) {
      const ::ssize_t n = ::write(number_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) detail::refuse_with_errno(path_, "cannot be written");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }

 private:
  std::string path_;
  int number_ = -1;
};

}  // namespace keratin::io
