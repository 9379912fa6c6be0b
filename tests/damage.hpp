#pragma once
// Damaged copies of files: each loads or is refused, and takes no more memory than it justifies.
#include <keratin/testing/allocations.hpp>

#include "files.hpp"

#include <cstdint>

/// The n-th damaged copy: one to three times some bytes are flipped, overwritten, taken out, put in or cut
/// off.
inline std::string damaged(std::string bytes, std::uint64_t n) {
  std::uint64_t state = n * 0x9e3779b97f4a7c15u;
  const auto below = [&](std::size_t end) {  // SplitMix64
    std::uint64_t z = state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return static_cast<std::size_t>((z ^ z >> 31) % (end > 0 ? end : 1));
  };
  for (std::size_t times = 1 + below(3); times > 0 && !bytes.empty(); --times) {
    // Half of the damage is done to the front, where headers are.
    const std::size_t at = below(below(2) == 0 ? bytes.size() : std::min<std::size_t>(bytes.size(), 128));
    switch (below(6)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = "\xff\x7f\x80 \n\"',:0[{-9e"[below(16)];
        break;
      case 2:
        bytes.erase(at, 1 + below(16));
        break;
      case 3:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
        break;
      case 4:
        for (std::size_t i = at; i < std::min(at + 8, bytes.size()); ++i) bytes[i] = "\xff\x7f"[i == at + 7];
        break;
      default:
        bytes.resize(at);
    }
  }
  return bytes;
}

/// load(path) of damaged copies: each returns or throws an Error, whose text names the file, and takes at
/// most `times` the file's bytes and 128 KiB.
template <class Error>
void check_damaged(const std::string& good, auto load, std::size_t times, std::uint64_t copies = 2000) {
  REQUIRE(keratin::testing::allocations_are_counted());
  const TemporaryFolder folder;
  std::uint64_t refused = 0;
  for (std::uint64_t n = 0; n < copies; ++n) {
    CAPTURE(n);
    std::filesystem::remove(folder.file("damaged"));  // some file systems wait for the disk otherwise
    const std::string bytes = damaged(good, n), path = folder.write("damaged", bytes);
    keratin::testing::largest_allocation = 0;
    try {
      load(path);
    } catch (const Error& e) {
      ++refused;
      if (std::string(e.what()).find(path) == std::string::npos) FAIL(e.what());
    }
    const std::size_t taken = keratin::testing::largest_allocation;
    if (taken > (1 << 17) + times * bytes.size()) FAIL(taken << " bytes for a file of " << bytes.size());
  }
  CHECK(refused > copies / 4);
}
