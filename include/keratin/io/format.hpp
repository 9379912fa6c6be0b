#pragma once
// File names with values in them, as Python's str.format makes them:
// "model_{epoch:02d}-{val_loss:.2f}.keras".
#include <keratin/core/repr.hpp>
#include <keratin/io/file_error.hpp>
#include <keratin/training/callback.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>

namespace keratin::io {

/// A value of a template; whole numbers are printed without a point.
struct Field {
  std::string_view name;
  double value = 0;
  bool whole = false;
};

namespace detail {

// [+][0][width][.precision][type], the part of Python's format that numbers in file names need.
inline std::string formatted(const Field& field, std::string_view spec) {
  const auto wrong = [&] {
    refuse("'{", field.name, ":", spec, "}' came, a format such as {", field.name,
           field.whole ? ":02d}" : ":.2f}", " wanted");
  };
  std::string_view rest = spec;
  const auto number = [&] {
    int n = 0;
    for (; !rest.empty() && rest[0] >= '0' && rest[0] <= '9'; rest.remove_prefix(1)) {
      n = 10 * n + (rest[0] - '0');
      if (n > 100) wrong();
    }
    return n;
  };
  const auto takes = [&](char c) {
    if (rest.empty() || rest[0] != c) return false;
    rest.remove_prefix(1);
    return true;
  };
  const bool plus = takes('+'), zeros = takes('0');
  const int width = number();
  const bool has_precision = takes('.');
  if (has_precision && (rest.empty() || rest[0] < '0' || rest[0] > '9')) wrong();
  const int precision = has_precision ? number() : 6;
  const char type = rest.empty() ? (field.whole ? 'd' : 'r') : rest[0];
  constexpr std::string_view of_values = "eEfFgG";
  const bool with_point = of_values.find(type) != of_values.npos;
  if (rest.size() > 1 || (!with_point && (has_precision || type != (field.whole ? 'd' : 'r')))) wrong();

  char digits[512];  // 1.8e308 with 100 places
  std::string text;
  if (type == 'r') {
    text = repr(std::fabs(field.value)).view();
  } else {
    const char format[] = {'%', '.', '*', with_point ? type : 'f', '\0'};
    text.assign(digits,
                static_cast<std::size_t>(std::snprintf(digits, sizeof digits, format,
                                                       with_point ? precision : 0, std::fabs(field.value))));
  }
  const std::string sign = std::signbit(field.value) && !std::isnan(field.value) ? "-" : plus ? "+" : "";
  const std::size_t shown = sign.size() + text.size(), wanted = static_cast<std::size_t>(width);
  const std::string padding(wanted > shown ? wanted - shown : 0, zeros ? '0' : ' ');
  return zeros ? sign + padding + text : padding + sign + text;
}

}  // namespace detail

/// The template with the fields' values in place of {name} and {name:format}; {{ and }} are braces. Error:
/// FileError; a field that is not there, or a format that is not known here.
inline std::string format_name(std::string_view text, std::span<const Field> fields) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c != '{' && c != '}') {
      name += c;
      continue;
    }
    if (i + 1 < text.size() && text[i + 1] == c) {
      name += c;
      ++i;
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (c == '}' || end == text.npos) refuse("'", text, "': a brace that stands alone came");
    const std::string_view inside = text.substr(i + 1, end - i - 1);
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& f) { return f.name == inside.substr(0, colon); });
    if (field == fields.end()) {
      std::string known;
      for (const Field& f : fields) known += (known.empty() ? "" : ", ") + std::string(f.name);
      refuse("'", text, "': '", inside.substr(0, colon), "' came, one of ", known, " wanted");
    }
    name += detail::formatted(*field, inside.substr(std::min(colon + 1, inside.size())));
    i = end;
  }
  return name;
}

}  // namespace keratin::io
