#pragma once
#include <keratin/io/atomic.hpp>
#include <keratin/training/plot.hpp>

namespace keratin::io {

/// Writes the history as a drawing, an SVG. Error: FileError.
inline void plot_history(const History& history, const std::string& path) {
  const std::string svg = plot_svg(history);
  write_atomically(path, {std::as_bytes(std::span(svg))});
}

}  // namespace keratin::io
