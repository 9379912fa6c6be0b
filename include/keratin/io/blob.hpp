#pragma once
// A model's block as a file that can be embedded or mapped, see core/blob.hpp. Needs no library.
#include <keratin/core/blob.hpp>
#include <keratin/io/atomic.hpp>

#include <algorithm>
#include <concepts>

namespace keratin::io {

/// Writes the block of a model, static or functional, with a header that says which layers it is for. The
/// file is replaced as a whole. Error: FileError.
template <class Model>
  requires std::same_as<typename Model::Scalar, float>
void save_blob(const Model& model, const std::string& path) {
  const std::span<const float> block = model.block();
  write_atomically(path, {blob_header({model.layers(), block.size()}, block), std::as_bytes(block)});
}

/// Reads such a file into a model of the same layers. Error: FileError; the file is damaged, or of other
/// layers. The model is then as it was.
template <class Model>
  requires std::same_as<typename Model::Scalar, float>
void load_blob(Model& model, const std::string& path) {
  const std::vector<std::byte> file = read_file(path);
  const std::span<float> block = model.block();
  if (const Text wrong = what_is_wrong_with_blob({model.layers(), block.size()}, file); !wrong.empty())
    throw FileError(path + ": " + wrong.c_str());
  std::memcpy(block.data(), file.data() + blob_header_bytes, block.size_bytes());
}

}  // namespace keratin::io
