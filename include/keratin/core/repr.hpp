#pragma once
#include <keratin/core/text.hpp>

#include <cmath>

namespace keratin {

/// A number as Python prints it: 0.1, 100.0, 1e-05, nan. Read again it is the same number.
inline Text repr(double value) {
  if (std::isnan(value)) return Text("nan");  // of either sign
  char text[32];
  const auto written = [&](std::chars_format format) {
    return std::string_view(text, std::to_chars(text, text + sizeof text, value, format).ptr);
  };
  const double size = std::fabs(value);
  if (!std::isfinite(value) || (size != 0 && (size < 1e-4 || size >= 1e16)))
    return Text(written(std::chars_format::scientific));
  const std::string_view digits = written(std::chars_format::fixed);
  return Text(digits, digits.find('.') == digits.npos ? ".0" : "");
}

}  // namespace keratin
