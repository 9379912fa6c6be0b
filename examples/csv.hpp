#pragma once
// What the small examples share: a table of numbers from a CSV file. The first line names the columns, every
// other line is a sample, and the last column is what is to be learnt.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace example {

struct Table {
  std::vector<std::string> names;  // of all columns, the last one included
  std::vector<float> x, y;         // one row of x and one value of y for each sample
  int rows() const { return static_cast<int>(y.size()); }
};

/// Where a data file of the examples lies, given as "folder/file.csv".
inline std::string data_path(const std::string& file) {
#ifdef KERATIN_EXAMPLE_DATA
  const std::filesystem::path folder = KERATIN_EXAMPLE_DATA;
#else
  const std::filesystem::path folder = std::filesystem::path(__FILE__).parent_path();
#endif
  return (folder / file).lexically_normal().string();
}

/// Reads a table. Throws if the file cannot be opened, a line has another number of columns or a value is not
/// a number, and says which line.
inline Table read_csv(const std::string& path, std::size_t columns) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be opened");
  Table table;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const auto fail = [&](const std::string& what) {
      throw std::runtime_error(path + ", line " + std::to_string(number) + ": " + what);
    };
    if (line.ends_with('\r')) line.pop_back();
    std::vector<std::string> cells(1);
    for (const char c : line) {
      if (c == ',') cells.emplace_back();
      if (c != ',') cells.back() += c;
    }
    if (cells.size() != columns)
      fail("columns: " + std::to_string(cells.size()) + " came, " + std::to_string(columns) + " wanted");
    if (number == 1) {
      table.names = cells;
      continue;
    }
    for (const std::string& cell : cells) {
      char* end = nullptr;
      const float value = std::strtof(cell.c_str(), &end);
      const bool whole = end != cell.c_str() && *end == '\0';
      if (!whole || !std::isfinite(value)) fail("\"" + cell + "\" is not a number");
      (&cell == &cells.back() ? table.y : table.x).push_back(value);
    }
  }
  if (table.y.empty()) throw std::runtime_error(path + ": no samples in it");
  return table;
}

/// Shifts and scales each column of x to mean 0 and standard deviation 1.
inline void standardize(Table& table) {
  const std::size_t columns = table.names.size() - 1;
  const double rows = table.rows();
  for (std::size_t column = 0; column < columns; ++column) {
    double sum = 0, squares = 0;
    for (std::size_t i = column; i < table.x.size(); i += columns) sum += table.x[i];
    const double mean = sum / rows;
    for (std::size_t i = column; i < table.x.size(); i += columns) squares += std::pow(table.x[i] - mean, 2);
    const double deviation = std::sqrt(squares / rows);
    if (deviation == 0) throw std::runtime_error(table.names[column] + ": all values are the same");
    for (std::size_t i = column; i < table.x.size(); i += columns)
      table.x[i] = static_cast<float>((table.x[i] - mean) / deviation);
  }
}

}  // namespace example
