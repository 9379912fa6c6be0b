#pragma once
// Keras's files, and what is said of those that are refused.
#include <keratin/io/hdf5.hpp>

#include "../files.hpp"

#include <algorithm>

inline std::string file(const std::string& name) { return std::string(KERATIN_TEST_DATA) + "/files/" + name; }

inline std::vector<std::string> files_ending(const std::string& end) {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(file("")))
    if (entry.path().string().ends_with(end)) paths.push_back(entry.path().string());
  std::sort(paths.begin(), paths.end());
  return paths;
}

/// What a FileError says, empty where there is none.
inline std::string message_of(auto f) {
  try {
    f();
  } catch (const keratin::io::FileError& e) {
    return e.what();
  }
  return "";
}
inline bool refuses(auto f, const std::string& part) {
  const std::string message = message_of(f);
  CAPTURE(message);
  CHECK(message.find(part) != std::string::npos);
  return message.find(part) != std::string::npos;
}

inline std::span<const unsigned char> bytes_of_text(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

inline keratin::Shape shape_of(const std::vector<std::uint64_t>& extents) {
  keratin::Shape shape;
  for (const std::uint64_t n : extents) shape.extent[shape.rank++] = static_cast<int>(n);
  return shape;
}
