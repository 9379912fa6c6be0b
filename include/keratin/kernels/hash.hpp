#pragma once
// Hashes of texts as Keras (TensorFlow) has them: the fingerprint of 64 bits that the authors of FarmHash
// published, and SipHash-2-4 of Aumasson and Bernstein, 2012.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace keratin::kernels {

namespace detail {

using U64 = std::uint64_t;

template <class U> U64 fetch(const char* p) {
  static_assert(std::endian::native == std::endian::little);
  U v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

// What the fingerprint of every length is made of.
class Fingerprint {
 public:
  static U64 of(const char* s, std::size_t n) {
    if (n <= 16) return up_to_16(s, n);
    if (n <= 32) return mixed(ends(s, n, k1));
    return n <= 64 ? up_to_64(s, n) : longer(s, n);
  }

 private:
  static constexpr U64 k0 = 0xc3a5c85c97cb3127, k1 = 0xb492b66fbe98f273, k2 = 0x9ae16a3b2f90404f;

  struct Pair {
    U64 first = 0, second = 0;
  };
  struct Product : Pair {
    U64 factor = 0;
  };

  static U64 at(const char* p) { return fetch<U64>(p); }
  static U64 shifted(U64 v) { return v ^ v >> 47; }
  static U64 mixed(U64 u, U64 v, U64 factor) {
    const U64 a = shifted((u ^ v) * factor);
    return shifted((v ^ a) * factor) * factor;
  }
  static U64 mixed(const Product& p) { return mixed(p.first, p.second, p.factor); }

  static U64 up_to_16(const char* s, std::size_t n) {
    const U64 factor = k2 + n * 2;
    if (n >= 8) {
      const U64 a = at(s) + k2, b = at(s + n - 8);
      return mixed(std::rotr(b, 37) * factor + a, (std::rotr(a, 25) + b) * factor, factor);
    }
    if (n >= 4) return mixed(n + (fetch<std::uint32_t>(s) << 3), fetch<std::uint32_t>(s + n - 4), factor);
    if (n == 0) return k2;
    const auto byte = [s](std::size_t i) {
      return static_cast<std::uint32_t>(static_cast<unsigned char>(s[i]));
    };
    const std::uint32_t y = byte(0) + (byte(n / 2) << 8),
                        z = static_cast<std::uint32_t>(n) + (byte(n - 1) << 2);
    return shifted(y * k2 ^ z * k0) * k2;
  }
  // The first and the last 16 bytes.
  static Product ends(const char* s, std::size_t n, U64 first) {
    const U64 factor = k2 + n * 2, a = at(s) * first, b = at(s + 8), c = at(s + n - 8) * factor,
              d = at(s + n - 16) * k2;
    return {{std::rotr(a + b, 43) + std::rotr(c, 30) + d, a + std::rotr(b + k2, 18) + c}, factor};
  }
  static U64 up_to_64(const char* s, std::size_t n) {
    const Product outer = ends(s, n, k2);
    const U64 factor = outer.factor, y = outer.first, z = mixed(outer);
    const U64 e = at(s + 16) * factor, f = at(s + 24), g = (y + at(s + n - 32)) * factor,
              h = (z + at(s + n - 24)) * factor;
    return mixed(std::rotr(e + f, 43) + std::rotr(g, 30) + h, e + std::rotr(f + at(s) * k2, 18) + g, factor);
  }
  // 32 bytes.
  static Pair weak(const char* s, U64 a, U64 b) {
    a += at(s);
    b = std::rotr(b + a + at(s + 24), 21);
    const U64 before = a;
    a += at(s + 8) + at(s + 16);
    b += std::rotr(a, 44);
    return {a + at(s + 24), b + before};
  }
  static U64 longer(const char* s, std::size_t n) {
    constexpr U64 seed = 81;
    U64 y = seed * k1 + 113, z = shifted(y * k2 + 113) * k2, x = seed * k2 + at(s);
    Pair v, w;
    const char* const end = s + (n - 1) / 64 * 64;
    const auto block = [&](U64 factor, U64 times) {
      x = std::rotr(x + y + v.first + at(s + 8), 37) * factor;
      y = std::rotr(y + v.second + at(s + 48), 42) * factor;
      x ^= w.second * times;
      y += v.first * times + at(s + 40);
      z = std::rotr(z + w.first, 33) * factor;
      v = weak(s, v.second * factor, x + w.first);
      w = weak(s + 32, z + w.second, y + at(s + 16));
      std::swap(z, x);
    };
    for (; s != end; s += 64) block(k1, 1);
    const U64 factor = k1 + ((z & 0xff) << 1);
    s = end + (n - 1) % 64 - 63;
    w.first += (n - 1) % 64;
    v.first += w.first;
    w.first += v.first;
    block(factor, 9);
    return mixed(mixed(v.first, w.first, factor) + shifted(y) * k0 + z, mixed(v.second, w.second, factor) + x,
                 factor);
  }
};

}  // namespace detail

/// 64 bits of a text. Keras: what Hashing without a salt, and several out-of-vocabulary indices, go by.
inline std::uint64_t fingerprint(std::string_view text) {
  return detail::Fingerprint::of(text.data(), text.size());
}

/// 64 bits of a text and a key of 128. Keras: Hashing with a salt.
inline std::uint64_t siphash(std::string_view text, std::uint64_t key0, std::uint64_t key1) {
  std::uint64_t a = key0 ^ 0x736f6d6570736575, b = key1 ^ 0x646f72616e646f6d, c = key0 ^ 0x6c7967656e657261,
                d = key1 ^ 0x7465646279746573;
  const auto rounds = [&](int n) {
    for (int i = 0; i < n; ++i) {
      a += b, b = std::rotl(b, 13) ^ a, a = std::rotl(a, 32);
      c += d, d = std::rotl(d, 16) ^ c;
      a += d, d = std::rotl(d, 21) ^ a;
      c += b, b = std::rotl(b, 17) ^ c, c = std::rotl(c, 32);
    }
  };
  const auto take = [&](std::uint64_t word) {
    d ^= word;
    rounds(2);
    a ^= word;
  };
  const char* p = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, p += 8) take(detail::fetch<std::uint64_t>(p));
  std::uint64_t last = static_cast<std::uint64_t>(text.size()) << 56;
  for (std::size_t i = 0; i < left; ++i)
    last |= static_cast<std::uint64_t>(static_cast<unsigned char>(p[i])) << (8 * i);
  take(last);
  c ^= 0xff;
  rounds(4);
  return a ^ b ^ c ^ d;
}

/// The key of siphash; none: the fingerprint. Keras: salt.
struct Salt {
  bool given = false;
  std::uint64_t first = 0, second = 0;

  constexpr bool operator==(const Salt&) const = default;
};
/// Which of n buckets a text falls into.
inline std::uint64_t bucket(std::string_view text, std::uint64_t n, const Salt& salt = {}) {
  return (salt.given ? siphash(text, salt.first, salt.second) : fingerprint(text)) % n;
}

}  // namespace keratin::kernels
