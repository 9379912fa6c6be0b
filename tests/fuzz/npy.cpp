// Any bytes are an .npy file or are refused.
#include <keratin/io/npy.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const keratin::io::OwnedArray array =
        keratin::io::detail::parse_npy(std::as_bytes(std::span(data, size)));
    if (keratin::io::detail::bytes_of(array.extents, 1) != array.array().size()) __builtin_trap();
  } catch (const keratin::io::FileError&) {
  }
  return 0;
}
