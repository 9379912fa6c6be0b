#pragma once
// A network's block as a file, to be embedded or mapped: 64 bytes of header, then the block as it lies in
// memory, padding included. Numbers are little-endian.
//
//   0   8  "KERATIN1"
//   8   4  version, 1
//  12   4  type of the values, 1: float32
//  16   8  number of values
//  24   8  fingerprint of the layout
//  32   4  CRC-32 of the values' bytes
//  36   4  CRC-32 of the 36 bytes before
//  40  24  zeros
#include <keratin/core/memory.hpp>
#include <keratin/core/plan.hpp>
#include <keratin/core/text.hpp>

#include <span>

namespace keratin {

inline constexpr std::size_t blob_header_bytes = alignment;

/// The checksum of zip, gzip and PNG.
constexpr std::uint32_t crc32(std::span<const std::byte> bytes) {
  constexpr std::array<std::uint32_t, 256> table = [] {
    std::array<std::uint32_t, 256> all{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      all[i] = i;
      for (int bit = 0; bit < 8; ++bit) all[i] = all[i] >> 1 ^ (all[i] & 1 ? 0xedb88320u : 0);
    }
    return all;
  }();
  std::uint32_t crc = ~0u;
  for (const std::byte b : bytes) crc = crc >> 8 ^ table[(crc ^ static_cast<std::uint32_t>(b)) & 255];
  return ~crc;
}

/// How a network's block is laid out: the number of its values, and one for all that says where they belong,
/// which is made of the type of every layer that has weights, and of its tensors' shapes and places. The same
/// for a static and a functional model of the same layers, in whatever order they are listed; layers without
/// weights do not count.
struct BlobLayout {
  std::size_t values = 0;
  std::uint64_t fingerprint = 0;

  constexpr BlobLayout(const auto& layers, std::size_t block) : values(block) {
    for (const LayerPlan& layer : layers) {
      if (layer.tensors.count() == 0) continue;
      std::uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a, number by number
      const auto add = [&](std::uint64_t number) { hash = (hash ^ number) * 0x100000001b3u; };
      for (const char c : std::string_view(layer.type)) add(static_cast<unsigned char>(c));
      for (int i = 0; i < layer.tensors.count(); ++i) {
        const Shape& shape = layer.tensors[i].shape;
        add(layer.tensors.offset(i));
        add(static_cast<std::uint64_t>(shape.rank));
        for (int axis = 0; axis < shape.rank; ++axis) add(static_cast<std::uint64_t>(shape[axis]));
      }
      fingerprint += hash;
    }
  }
};

namespace detail {

inline constexpr std::string_view blob_magic = "KERATIN1";
inline constexpr std::uint32_t blob_version = 1, blob_float32 = 1;
inline constexpr std::size_t blob_checked_bytes = 36;

template <class N> N number_at(std::span<const std::byte> bytes, std::size_t at) {
  N number;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

}  // namespace detail

/// The header of a blob of these values, which are a model's block.
inline std::array<std::byte, blob_header_bytes> blob_header(const BlobLayout& layout,
                                                            std::span<const float> values) {
  std::array<std::byte, blob_header_bytes> header{};
  const auto put = [&](std::size_t at, auto number) {
    std::memcpy(header.data() + at, &number, sizeof number);
  };
  std::memcpy(header.data(), detail::blob_magic.data(), detail::blob_magic.size());
  put(8, detail::blob_version);
  put(12, detail::blob_float32);
  put(16, static_cast<std::uint64_t>(layout.values));
  put(24, layout.fingerprint);
  put(32, crc32(std::as_bytes(values)));
  put(detail::blob_checked_bytes, crc32(std::span(header).first(detail::blob_checked_bytes)));
  return header;
}

/// What is wrong with a blob for a network with this layout; empty if nothing is.
[[gnu::cold]] inline Text what_is_wrong_with_blob(const BlobLayout& layout, std::span<const std::byte> file) {
  using namespace detail;
  if (file.size() < blob_header_bytes)
    return Text("a blob of ", file.size(), " bytes came, at least ", blob_header_bytes, " wanted");
  if (std::memcmp(file.data(), blob_magic.data(), blob_magic.size()) != 0)
    return Text("no blob came: it does not begin with ", blob_magic);
  if (const auto version = number_at<std::uint32_t>(file, 8); version != blob_version)
    return Text("a blob of version ", version, " came, ", blob_version, " wanted");
  bool damaged = number_at<std::uint32_t>(file, blob_checked_bytes) != crc32(file.first(blob_checked_bytes));
  for (std::size_t i = blob_checked_bytes + 4; i < blob_header_bytes; ++i)
    damaged = damaged || file[i] != std::byte{0};
  if (damaged) return Text("a blob with a damaged header came");
  if (const auto type = number_at<std::uint32_t>(file, 12); type != blob_float32)
    return Text("a blob of values of type ", type, " came, ", blob_float32, ", float32, wanted");
  if (const auto values = number_at<std::uint64_t>(file, 16); values != layout.values)
    return Text("a blob of ", values, " values came, ", layout.values, " wanted");
  if (const std::size_t wanted = blob_header_bytes + layout.values * sizeof(float); file.size() != wanted)
    return Text("a blob of ", file.size(), " bytes came, ", wanted, " wanted");
  if (number_at<std::uint64_t>(file, 24) != layout.fingerprint) return Text("a blob of other layers came");
  if (number_at<std::uint32_t>(file, 32) != crc32(file.subspan(blob_header_bytes)))
    return Text("a blob with damaged values came");
  return Text();
}

/// The block inside a blob, without a copy; `file` begins at an address that a float may have, best at a
/// multiple of 64. No heap. Error: reported, and the span is empty; the blob is damaged or of another
/// network.
inline std::span<const float> view_of_blob(const BlobLayout& layout, std::span<const std::byte> file) {
  if (reinterpret_cast<std::uintptr_t>(file.data()) % alignof(float) != 0) {
    report(Text("a blob at an address that is no multiple of ", alignof(float), " came"));
    return {};
  }
  if (const Text wrong = what_is_wrong_with_blob(layout, file); !wrong.empty()) {
    report(wrong);
    return {};
  }
  return {reinterpret_cast<const float*>(file.data() + blob_header_bytes), layout.values};
}

}  // namespace keratin
