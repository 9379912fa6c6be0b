// Any bytes are a safetensors file or are refused.
#include <keratin/io/safetensors.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  try {
    const keratin::io::Safetensors file({bytes.begin(), bytes.end()}, "input");
    for (const auto& entry : file.entries()) {
      const keratin::io::OwnedArray array = file.read(entry.name);
      if (keratin::io::detail::bytes_of(array.extents, 1) != array.array().size()) __builtin_trap();
    }
  } catch (const keratin::io::FileError&) {
  }
  return 0;
}
