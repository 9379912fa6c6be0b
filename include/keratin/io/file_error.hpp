#pragma once
#include <keratin/core/text.hpp>

#include <stdexcept>
#include <string>

namespace keratin::io {

/// What is wrong with a file: its name, where in it, what came and what was wanted.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Parts> [[noreturn]] void refuse(const Parts&... parts) {
  throw FileError((std::string() + ... + std::string(Text(parts).view())));
}

/// read(), with the file's name in front of what it finds wrong, once.
auto naming(const std::string& file, auto read) {
  try {
    return read();
  } catch (const FileError& e) {
    const std::string what = e.what();
    throw FileError(what.starts_with(file + ": ") ? what : file + ": " + what);
  }
}

}  // namespace keratin::io
