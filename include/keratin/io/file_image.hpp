#pragma once
// FileImage: bytes of a file as they lie in memory, with what keeps them there.
#include <keratin/io/atomic.hpp>

#include <sys/mman.h>

#include <memory>

namespace keratin::io {

struct FileImage {
  std::shared_ptr<const void> owner;
  std::span<const unsigned char> bytes;

  /// A whole file: mapped where the system can, otherwise read. Error: FileError; it cannot be read, or is no
  /// regular file.
  static FileImage of(const std::string& path) {
    {
      const detail::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
      struct stat about;
      if (file.number() < 0 || ::fstat(file.number(), &about) != 0)
        detail::refuse_with_errno(path, "cannot be opened");
      const auto size = static_cast<std::size_t>(about.st_size);
      if (S_ISREG(about.st_mode) && size == 0) return {};
      void* const at = S_ISREG(about.st_mode)
                           ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number(), 0)
                           : MAP_FAILED;
      if (at != MAP_FAILED)
        return {{at, [size](void* p) { ::munmap(p, size); }}, {static_cast<const unsigned char*>(at), size}};
    }
    return of(read_file(path));
  }
  /// Bytes that are its own.
  template <class Byte> static FileImage of(std::vector<Byte> bytes) {
    const auto kept = std::make_shared<const std::vector<Byte>>(std::move(bytes));
    return {kept, {reinterpret_cast<const unsigned char*>(kept->data()), kept->size()}};
  }
};

}  // namespace keratin::io
