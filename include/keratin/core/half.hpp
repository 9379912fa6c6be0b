#pragma once
// Floats of 16 bits, as weights may be stored: there is no arithmetic in them.
#include <bit>
#include <cstdint>

namespace keratin {

/// IEEE 754 half precision: 5 bits of exponent, 10 of mantissa; finite up to 65504.
struct Float16 {
  static constexpr const char* name = "float16";

  static constexpr float to_float(std::uint16_t half) {
    const std::uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u, mantissa = half & 0x3ffu;
    if (exponent == 0) {
      const float subnormal = static_cast<float>(mantissa) * 0x1p-24f;
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(subnormal) | sign);
    }
    return std::bit_cast<float>(sign | (exponent == 31 ? 255 : exponent + 112) << 23 | mantissa << 13);
  }
  /// The nearest one, of two the even one.
  static constexpr std::uint16_t from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value), sign = bits >> 16 & 0x8000u,
               rest = bits & ~(1u << 31);
    if (rest > infinity) return static_cast<std::uint16_t>(sign | 0x7e00);
    if (rest < 113u << 23) {  // subnormal: the sum has the unit of the last place that is wanted
      const float sum = std::bit_cast<float>(rest) + 0.5f;
      return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(sum) & 0x7fffff));
    }
    const std::uint32_t half = (rest - (112u << 23) + 0xfff + (rest >> 13 & 1)) >> 13;
    return static_cast<std::uint16_t>(sign | (half < 0x7c00 ? half : 0x7c00));
  }

 private:
  static constexpr std::uint32_t infinity = 255u << 23;
};

/// The upper half of a float: 8 bits of exponent, 7 of mantissa.
struct BFloat16 {
  static constexpr const char* name = "bfloat16";

  static constexpr float to_float(std::uint16_t half) {
    return std::bit_cast<float>(std::uint32_t{half} << 16);
  }
  /// The nearest one, of two the even one.
  static constexpr std::uint16_t from_float(float value) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if (value != value) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
    return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
  }
};

}  // namespace keratin
