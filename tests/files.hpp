#pragma once
// Files of a test.
#include <doctest/doctest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// A folder for one test's files; it goes with them.
struct TemporaryFolder {
  std::string path = (std::filesystem::temp_directory_path() / "keratin_XXXXXX").string();

  TemporaryFolder() { REQUIRE(mkdtemp(path.data()) != nullptr); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }

  std::string file(const std::string& name) const { return path + "/" + name; }
  std::ptrdiff_t files() const { return std::distance(std::filesystem::directory_iterator(path), {}); }
  std::string write(const std::string& name, const std::string& bytes) const {
    std::ofstream(file(name), std::ios::binary) << bytes;
    return file(name);
  }
};

/// A file's bytes.
inline std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// What f() prints to stdout.
inline std::string printed_by(auto f) {
  const TemporaryFolder folder;
  std::fflush(stdout);
  const int before = ::dup(STDOUT_FILENO);
  std::FILE* const file = std::fopen(folder.file("out").c_str(), "w");
  REQUIRE(file != nullptr);
  ::dup2(::fileno(file), STDOUT_FILENO);
  f();
  std::fflush(stdout);
  ::dup2(before, STDOUT_FILENO);
  ::close(before);
  std::fclose(file);
  return contents(folder.file("out"));
}
