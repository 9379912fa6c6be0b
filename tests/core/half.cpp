#include <keratin/core/half.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace keratin;

namespace {

// Every number is itself, and between two neighbours the border is half-way, where the even one wins.
template <class Half> void check_all() {
  const auto next = [](float v, float to) { return std::nextafter(v, to); };
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<std::uint16_t>(bits);
    const float value = Half::to_float(half);
    if (std::isnan(value)) {
      CHECK(std::isnan(Half::to_float(Half::from_float(value))));
      continue;
    }
    const auto above = static_cast<std::uint16_t>(half + 1);  // away from zero
    const bool same = Half::from_float(value) == half;
    const double distance = double{Half::to_float(above)} - double{value};
    if (!std::isfinite(distance)) {
      CHECK(same);
      continue;
    }
    const auto middle = static_cast<float>(value + distance / 2);
    const float infinity = value < 0 || half >> 15 ? -std::numeric_limits<float>::infinity()
                                                   : std::numeric_limits<float>::infinity();
    const bool rounds = Half::from_float(middle) == (half % 2 == 0 ? half : above) &&
                        Half::from_float(next(middle, 0)) == half &&
                        Half::from_float(next(middle, infinity)) == above;
    if (!same || !rounds) FAIL(bits);
  }
}

}  // namespace

TEST_CASE("every float16 and bfloat16 is read and written, and floats go to the nearest one") {
  check_all<Float16>();
  check_all<BFloat16>();
}

TEST_CASE("floats of 16 bits are what the formats say") {
  static_assert(Float16::to_float(0x3c00) == 1 && Float16::to_float(0xc000) == -2 &&
                Float16::to_float(1) == 0x1p-24f);
  static_assert(Float16::to_float(0x7bff) == 65504 && Float16::to_float(0x3555) == 0.333251953125f);
  static_assert(Float16::from_float(0.1f) == 0x2e66 && Float16::from_float(-0.f) == 0x8000);
  static_assert(Float16::from_float(65519.996f) == 0x7bff && Float16::from_float(65520) == 0x7c00);
  static_assert(Float16::from_float(std::numeric_limits<float>::infinity()) == 0x7c00 &&
                Float16::from_float(0x1p-26f) == 0);
  static_assert(BFloat16::to_float(0x3f80) == 1 && BFloat16::from_float(0.1f) == 0x3dcd);
  static_assert(BFloat16::from_float(std::numeric_limits<float>::max()) == 0x7f80);
}
