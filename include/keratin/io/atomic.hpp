#pragma once
// Files as a whole: read_file, and write_atomically, after which a file is either the old or the new one,
// whatever went wrong in between.
#include <keratin/io/file_error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

namespace keratin::io {

using Bytes = std::span<const std::byte>;

namespace detail {

[[noreturn]] inline void refuse_with_errno(const std::string& path, const char* what) {
  const int why = errno;
  throw FileError(path + ": " + what + ": " + std::strerror(why));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  /// Whether that went well: an error of a write may come up here.
  bool close() { return ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

}  // namespace detail

/// All bytes of a file. Error: FileError; it cannot be read, or is no regular file.
inline std::vector<std::byte> read_file(const std::string& path) {
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
  const detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status;
  if (file.number() < 0 || ::fstat(file.number(), &status) != 0)
    detail::refuse_with_errno(path, "cannot be opened");
  if (!S_ISREG(status.st_mode)) throw FileError(path + ": is no regular file");
  std::vector<std::byte> bytes(static_cast<std::size_t>(status.st_size));
  for (std::size_t have = 0; have < bytes.size();) {
    const ::ssize_t n = ::read(file.number(), bytes.data() + have, bytes.size() - have);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) detail::refuse_with_errno(path, "cannot be read");
    if (n == 0) throw FileError(path + ": became shorter while it was read");
    have += static_cast<std::size_t>(n);
  }
  return bytes;
}

/// A file in the making, in the folder of the one that it will replace; without commit() it goes again.
class AtomicFile {
 public:
  /// The permissions are the old file's, and a link stays one: what it points to is replaced. Error:
  /// FileError; the folder cannot be written to, or something that is no regular file stands there.
  explicit AtomicFile(const std::string& path) : path_(target_of(path)), file_(create()) {}
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  ~AtomicFile() {
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
  }

  /// Error: FileError.
  void write(Bytes bytes) {
    while (!bytes.empty()) {
      const ::ssize_t n = ::write(file_.number(), bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) fail("cannot be written");
      bytes = bytes.subspan(static_cast<std::size_t>(n));
    }
  }
  /// The new file takes the old one's place, on the disk as well. Error: FileError.
  void commit() {
    if (::fsync(file_.number()) != 0 || !file_.close()) fail("cannot be written");
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) fail("cannot be replaced");
    temporary_.clear();
    const detail::Descriptor folder(::open(folder_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some file systems cannot do this for a folder, and need not.
    if (folder.number() >= 0 && ::fsync(folder.number()) != 0 && errno != EINVAL && errno != EROFS)
      fail("is written, but may not outlast a crash");
  }

 private:
  static std::string target_of(const std::string& path) {
    std::error_code none;
    if (!std::filesystem::is_symlink(path, none)) return path;
    const std::filesystem::path target = std::filesystem::weakly_canonical(path, none);
    return none ? path : target.string();
  }
  static std::string folder_of(const std::string& path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string::npos ? "./" : path.substr(0, slash + 1);
  }
  [[noreturn]] void fail(const char* what) const { detail::refuse_with_errno(path_, what); }

  int create() {
    struct stat old;
    const bool there = ::stat(path_.c_str(), &old) == 0;
    if (there && !S_ISREG(old.st_mode)) throw FileError(path_ + ": is no regular file, and stays as it is");
    if (there && ::access(path_.c_str(), W_OK) != 0) fail("cannot be written");
    const ::mode_t mode = there ? old.st_mode & 0777 : 0666;
    static std::atomic<unsigned> counter = 0;
    int file = -1;
    errno = EEXIST;  // as where a process that was killed left its file
    for (int tries = 0; file < 0 && errno == EEXIST && tries < 1000; ++tries) {
      temporary_ = folder_of(path_) + ".keratin-" + std::to_string(::getpid()) + "-" +
                   std::to_string(counter++) + ".tmp";
      file = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    }
    if (file < 0) fail("cannot be written");
    if (there) ::fchmod(file, mode);  // whatever the umask
    return file;
  }

  std::string path_, temporary_;
  detail::Descriptor file_;
};

/// Writes a file by write(AtomicFile&), which writes its bytes: all of them, or the old file stays as it is
/// and an exception says why. Error: FileError, and whatever `write` throws.
template <std::invocable<AtomicFile&> Write> void write_atomically(const std::string& path, Write write) {
  AtomicFile file(path);
  write(file);
  file.commit();
}
/// The same with the bytes in pieces, one behind the other.
inline void write_atomically(const std::string& path, std::span<const Bytes> pieces) {
  write_atomically(path, [&](AtomicFile& file) {
    for (const Bytes piece : pieces) file.write(piece);
  });
}
inline void write_atomically(const std::string& path, std::initializer_list<Bytes> pieces) {
  write_atomically(path, std::span(pieces.begin(), pieces.size()));
}

}  // namespace keratin::io
