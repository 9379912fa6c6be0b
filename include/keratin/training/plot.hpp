#pragma once
// The history of a training as a drawing: SVG, and characters for a terminal.
#include <keratin/training/history.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace keratin {
namespace detail {

// A curve: values over epochs, counted from 1. Those that are not finite are gaps in it.
struct Curve {
  std::string_view name;
  std::span<const double> values;
  std::span<const int> epochs;
};
// What is drawn in one chart: a key and, where there is one, val_ of it.
[[gnu::cold]] inline std::vector<Curve> curves_of(const History& history, std::string_view key) {
  std::vector<Curve> curves;
  for (const auto& [name, values] : history)
    if (name == key || (name.starts_with("val_") && name.substr(4) == key))
      curves.push_back({name, values, history.epochs(name)});
  return curves;
}

struct Interval {
  double low = INFINITY, high = -INFINITY;

  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  // Where a value lies in it, from 0 to 1; halves, as high - low of huge values overflows.
  double share(double value) const { return (value / 2 - low / 2) / (high / 2 - low / 2); }
  // Wide enough to be divided by.
  void widen() {
    if (low > high) *this = {0, 1};
    const double least = std::max(std::fabs(low), std::fabs(high)) * 1e-9;
    if (high / 2 - low / 2 > least / 2) return;
    const double more = low == 0 ? 1 : std::fabs(low) * 0.1;
    *this = {low - more, high + more};
  }
};
[[gnu::cold]] inline std::pair<Interval, Interval> ranges_of(const std::vector<Curve>& curves) {
  Interval x, y;
  for (const Curve& curve : curves) {
    for (const int epoch : curve.epochs) x.take(epoch + 1);
    for (const double value : curve.values) y.take(value);
  }
  x.widen();
  y.widen();
  return {x, y};
}
// 1, 2 or 5 times a power of ten, at least `least`: the step of an axis.
[[gnu::cold]] inline double round_step(double least) {
  const double power = std::pow(10, std::floor(std::log10(least)));
  for (const double times : {1.0, 2.0, 5.0})
    if (times * power >= least) return times * power;
  return 10 * power;
}
[[gnu::cold]] inline std::string formatted(const char* format, auto... values) {
  char text[512];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

// One chart of an SVG, its upper edge at `top`.
class SvgChart {
 public:
  static constexpr double width = 640, height = 280;

  [[gnu::cold]] SvgChart(std::string_view title, const std::vector<Curve>& curves, double top) : top_(top) {
    std::tie(x_, y_) = ranges_of(curves);
    axes();
    text(left, top_ + 18, "start", title);
    double at = right;
    for (std::size_t i = curves.size(); i-- > 0;) {
      text(at, top_ + 18, "end", curves[i].name);
      at -= 8 + 7.0 * static_cast<double>(curves[i].name.size());
      svg += formatted("<path d='M%.1f %.1fh24' %s/>\n", at - 24, top_ + 14, style(i));
      at -= 36;
    }
    for (std::size_t i = 0; i < curves.size(); ++i) curve(curves[i], style(i));
  }
  std::string svg;

 private:
  static constexpr double left = 80, right = width - 20;
  double upper() const { return top_ + 30; }
  double lower() const { return top_ + height - 45; }
  double x_of(double value) const { return left + x_.share(value) * (right - left); }
  double y_of(double value) const { return lower() - y_.share(value) * (lower() - upper()); }
  static const char* style(std::size_t i) { return i == 0 ? "class='train'" : "class='val'"; }

  [[gnu::cold]] void axes() {
    const auto ticks = [](const Interval& range, double step, auto draw) {
      for (double i = std::ceil(range.low / step); i * step <= range.high && i < 1e15; ++i) draw(i * step);
    };
    const double rise = round_step((y_.high / 2 - y_.low / 2) / 3);
    ticks(y_, rise, [&](double value) {
      const double at = y_of(value);
      svg += formatted("<path d='M%.1f %.1fH%.1f' class='grid'/>\n", left, at, right);
      text(left - 8, at + 4, "end", formatted("%.4g", std::fabs(value) < rise / 2 ? 0.0 : value));
    });
    ticks(x_, std::max(1.0, round_step((x_.high - x_.low) / 10)),
          [&](double value) { text(x_of(value), lower() + 18, "middle", formatted("%.0f", value)); });
    text((left + right) / 2, lower() + 36, "middle", "epoch");
    svg += formatted("<path d='M%.1f %.1fV%.1fH%.1f' class='axis'/>\n", left, upper(), lower(), right);
  }
  [[gnu::cold]] void curve(const Curve& of, const char* style) {
    std::string points;
    int connected = 0;
    const auto end_line = [&] {
      if (connected == 1) points += "h.1";  // a point
      connected = 0;
    };
    for (std::size_t i = 0; i < of.values.size(); ++i) {
      if (!std::isfinite(of.values[i])) {
        end_line();
        continue;
      }
      points +=
          formatted("%c%.1f %.1f", connected++ == 0 ? 'M' : 'L', x_of(of.epochs[i] + 1), y_of(of.values[i]));
    }
    end_line();
    svg.append("<path d='").append(points).append("' ").append(style).append("/>\n");
  }
  [[gnu::cold]] void text(double x, double y, const char* anchor, std::string_view words) {
    svg += formatted("<text x='%.1f' y='%.1f' text-anchor='%s'>", x, y, anchor);
    for (const char c : words)
      if (c == '&' || c == '<')
        svg += c == '&' ? "&amp;" : "&lt;";
      else
        svg += c;
    svg += "</text>\n";
  }

  double top_;
  Interval x_, y_;
};

}  // namespace detail

/// The history as an SVG: for each key a chart, with the values of training and of validation over the
/// epochs.
[[gnu::cold]] inline std::string plot_svg(const History& history) {
  using Chart = detail::SvgChart;
  std::string charts;
  double top = 0;
  for (const auto& [key, values] : history) {
    if (key.starts_with("val_") && !history[std::string_view(key).substr(4)].empty()) continue;
    charts += Chart(key, detail::curves_of(history, key), top).svg;
    top += Chart::height;
  }
  return detail::formatted(
             "<svg xmlns='http://www.w3.org/2000/svg' width='%.0f' height='%.0f' font-family='sans-serif' "
             "font-size='12'>\n<style>path{fill:none;stroke-width:2;stroke-linecap:round} "
             ".train{stroke:#1f77b4} "
             ".val{stroke:#ff7f0e;stroke-dasharray:6 4} .grid{stroke:#ddd;stroke-width:1} "
             ".axis{stroke:#333;stroke-width:1}</style>\n<rect width='100%%' height='100%%' fill='white'/>\n",
             Chart::width, top) +
         charts + "</svg>\n";
}

/// A key of the history in characters of Braille, eight points each: training as a line, validation as a
/// dotted one. Empty where there is no such key.
[[gnu::cold]] inline std::string plot_text(const History& history, std::string_view key = "loss",
                                           int columns = 60, int rows = 12) {
  const std::vector<detail::Curve> curves = detail::curves_of(history, key);
  if (curves.empty() || columns < 1 || rows < 1) return "";
  const auto [x, y] = detail::ranges_of(curves);
  const int wide = 2 * columns, high = 4 * rows;
  std::vector<unsigned char> cells(static_cast<std::size_t>(columns) * static_cast<std::size_t>(rows));
  const auto set = [&](int at, int up) {
    static constexpr unsigned char dots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    const int down = high - 1 - up;
    cells[static_cast<std::size_t>(down / 4 * columns + at / 2)] |= dots[down % 4][at % 2];
  };
  for (const detail::Curve& curve : curves) {
    const bool dotted = curve.name != key;
    int from_x = -1, from_y = -1;
    for (std::size_t i = 0; i < curve.values.size(); ++i) {
      if (!std::isfinite(curve.values[i])) {
        from_x = -1;
        continue;
      }
      const int to_x = static_cast<int>(std::lround(x.share(curve.epochs[i] + 1) * (wide - 1))),
                to_y = static_cast<int>(std::lround(y.share(curve.values[i]) * (high - 1)));
      if (from_x < 0) from_x = to_x, from_y = to_y;
      const int steps = std::max({std::abs(to_x - from_x), std::abs(to_y - from_y), 1});
      for (int s = 0; s <= steps; ++s) {
        const int at = from_x + (to_x - from_x) * s / steps;
        if (!dotted || (at + s) % 4 < 2) set(at, from_y + (to_y - from_y) * s / steps);
      }
      from_x = to_x;
      from_y = to_y;
    }
  }
  std::string text;
  for (int row = 0; row < rows; ++row) {
    text += row == 0          ? detail::formatted("%10.4g ", y.high)
            : row == rows - 1 ? detail::formatted("%10.4g ", y.low)
                              : std::string(11, ' ');
    for (int column = 0; column < columns; ++column) {
      const unsigned char dots = cells[static_cast<std::size_t>(row * columns + column)];
      text += {'\xe2', static_cast<char>(0xa0 | dots >> 6),
               static_cast<char>(0x80 | (dots & 0x3f))};  // U+2800 + dots
    }
    text += '\n';
  }
  const std::string first = detail::formatted("%.0f", x.low), last = detail::formatted("%.0f", x.high);
  const int gap = columns - static_cast<int>(first.size() + last.size());
  text += std::string(11, ' ') + first + std::string(static_cast<std::size_t>(std::max(gap, 1)), ' ') + last +
          '\n';
  text += std::string(11, ' ');
  for (const detail::Curve& curve : curves)
    text.append(curve.name == key ? "\u2500\u2500 " : "\u2504\u2504 ").append(curve.name).append("  ");
  return text + "\n";
}

}  // namespace keratin
