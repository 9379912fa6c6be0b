#pragma once
// Reads tables of numbers in text: CSV with commas, semicolons or tabs. Every error is a std::runtime_error.

#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <keratin/core/array.hpp>

namespace keratin {

struct CsvOptions {
  char separator = ',';  // or ; or a tab
  bool header = true;    // the first line names the columns
  char comment = '\0';   // lines that begin with it are left out, such as '#'; none by itself
  /// The column that is to be learnt: its name, or its number, from 0 on, or from the end: -1 is the last.
  std::variant<std::monostate, std::string, int> label{};
};

/// Samples of `columns` values each, and their labels.
struct CsvTable {
  std::vector<std::string> names;  // of the columns of x; none without a header
  std::vector<float> x, y;         // y: the label column, empty if there is none
  std::size_t rows = 0, columns = 0;

  /// x with a row for each sample.
  Array samples(double scale = 1) const { return Array(x, scale).rows_of(columns); }
};

namespace detail {

// Cells of a CSV text, one by one. bytes() gives the text's bytes as 0 to 255, and -1 at the end.
template <class Next> class CsvCells {
 public:
  CsvCells(Next bytes, const CsvOptions& options)
      : bytes_(std::move(bytes)), separator_(options.separator), comment_(options.comment) {
    for (int& byte : front_) byte = bytes_();
    // The mark of UTF-8 that some programs write in front.
    if (front_ == std::array{0xEF, 0xBB, 0xBF}) front_at_ = front_.size();
    c_ = next();
  }

  std::string cell;             // the latest
  std::size_t line = 1;         // the line that it is in, from 1 on
  bool last = false;            // the row ends behind it
  const char* wrong = nullptr;  // what stopped the last read_cell

  /// Goes to the next row that is neither empty nor a comment; false at the end of the text.
  bool begin_row() {
    while (c_ >= 0) {
      line = next_line_;
      if (comment_ != '\0' && c_ == static_cast<unsigned char>(comment_)) {
        while (c_ >= 0 && c_ != '\n') advance();
        advance();
      } else if (!skip_line_end()) {
        return true;
      }
    }
    return false;
  }
  /// Reads the next cell of the row, without spaces around it; false, and `wrong`, if that is not possible.
  bool read_cell() {
    cell.clear();
    line = next_line_;
    while (is_space(c_)) advance();
    if (c_ == '"' ? !read_quoted() : !read_plain()) return false;
    last = c_ != static_cast<unsigned char>(separator_);
    if (last)
      skip_line_end();
    else
      advance();
    return true;
  }

 private:
  static constexpr std::size_t longest = 1 << 16;

  int next() { return front_at_ < front_.size() ? front_[front_at_++] : bytes_(); }
  void advance() {
    if (c_ == '\n') ++next_line_;
    if (c_ >= 0) c_ = next();
  }
  bool is_space(int c) const { return (c == ' ' || c == '\t' || c == '\r') && !is_end(c); }
  bool is_end(int c) const { return c < 0 || c == '\n' || c == static_cast<unsigned char>(separator_); }
  // Over the end of a line, if one is here.
  bool skip_line_end() {
    if (c_ == '\r') advance();
    if (c_ != '\n') return false;
    advance();
    return true;
  }
  bool fail(const char* why) {
    wrong = why;
    return false;
  }
  bool add() {
    if (cell.size() == longest) return fail("a cell of more than 65536 bytes came; is a quote not closed?");
    cell += static_cast<char>(c_);
    advance();
    return true;
  }
  bool read_plain() {
    while (!is_end(c_))
      if (!add()) return false;
    while (!cell.empty() && is_space(static_cast<unsigned char>(cell.back()))) cell.pop_back();
    return true;
  }
  bool read_quoted() {
    advance();
    for (;;) {
      if (c_ < 0) return fail("a quote is not closed");
      if (c_ == '"') {
        advance();
        if (c_ != '"') break;
      }
      if (!add()) return false;
    }
    while (is_space(c_)) advance();
    return is_end(c_) || fail("something comes behind a quote that is closed");
  }

  Next bytes_;
  char separator_, comment_;
  std::array<int, 3> front_{};  // the text's first bytes
  std::size_t front_at_ = 0;
  int c_ = -1;  // the byte that comes next
  std::size_t next_line_ = 1;
};

/// The number that a text is, in any decimal form; false if it is none, or none that a float holds.
inline bool csv_number(std::string_view text, float& value) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  const char *const begin = text.data(), *const end = begin + text.size();
  auto [at, error] = std::from_chars(begin, end, value);
  if (error == std::errc::result_out_of_range) {  // tiny values are as good as zero
    double wide = 0;
    const auto again = std::from_chars(begin, end, wide);
    at = again.ptr, error = again.ec;
    value = static_cast<float>(wide);
  }
  return error == std::errc() && at == end && std::isfinite(value);
}

// What came, short and printable.
inline std::string csv_shown(std::string_view cell) {
  std::string text;
  for (const char c : cell.substr(0, 40)) text += c >= ' ' && c <= '~' ? c : '?';
  return "'" + text + (cell.size() > 40 ? "...'" : "'");
}

template <class Next> class CsvReader {
 public:
  CsvReader(Next bytes, const std::string& name, const CsvOptions& options)
      : cells_(std::move(bytes), options), name_(name), options_(options) {}

  CsvTable read() {
    CsvTable table;
    while (read_next(table)) {
    }
    return table;
  }
  /// Appends the next row; false behind the last one.
  bool read_next(CsvTable& table) {
    if (options_.header && !begun_) read_header(table);
    begun_ = true;
    if (!cells_.begin_row()) {
      if (!has_rows_) fail("has no rows");
      return false;
    }
    read_row(table);
    return has_rows_ = true;
  }

 private:
  [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error("'" + name_ + "' " + why); }
  [[noreturn]] void fail_at_line(const std::string& why) const {
    fail("line " + std::to_string(cells_.line) + ": " + why);
  }
  [[noreturn]] void fail_at_cell(std::size_t column, const std::string& why) const {
    fail("line " + std::to_string(cells_.line) + ", column " + std::to_string(column + 1) + ": " + why);
  }
  void next_cell(std::size_t column) {
    if (column == most_columns) fail_at_line("more than " + std::to_string(most_columns) + " columns came");
    if (!cells_.read_cell()) fail_at_cell(column, cells_.wrong);
  }

  void read_header(CsvTable& table) {
    if (!cells_.begin_row()) fail("is empty");
    do {
      next_cell(table.names.size());
      table.names.push_back(cells_.cell);
    } while (!cells_.last);
    set_width(table.names.size(), table.names);
    if (label_ < width_) table.names.erase(table.names.begin() + static_cast<std::ptrdiff_t>(label_));
  }
  void read_row(CsvTable& table) {
    std::size_t column = 0;
    do {
      next_cell(column);
      float value = 0;
      if (!csv_number(cells_.cell, value))
        fail_at_cell(column, csv_shown(cells_.cell) + " came, a finite number wanted");
      // Without a header the first row says how many columns there are, so its label moves when it is read.
      (column == label_ ? table.y : table.x).push_back(value);
      ++column;
    } while (!cells_.last);
    if (width_ == 0) {
      set_width(column, {});
      if (label_ < width_) {
        table.y.push_back(table.x[label_]);
        table.x.erase(table.x.begin() + static_cast<std::ptrdiff_t>(label_));
      }
    }
    if (column != width_)
      fail_at_line(std::to_string(column) + " columns came, " + std::to_string(width_) + " wanted");
    ++table.rows;
    table.columns = label_ < width_ ? width_ - 1 : width_;
  }

  // So many columns there are; which of them is the label?
  void set_width(std::size_t width, const std::vector<std::string>& names) {
    width_ = width;
    if (const int* number = std::get_if<int>(&options_.label)) {
      const auto n = static_cast<std::ptrdiff_t>(width), wanted = *number < 0 ? *number + n : *number;
      if (wanted < 0 || wanted >= n)
        fail("has no column " + std::to_string(*number) + " among " + std::to_string(width));
      label_ = static_cast<std::size_t>(wanted);
    }
    const std::string* const name = std::get_if<std::string>(&options_.label);
    if (!name) return;
    std::size_t found = 0;
    for (std::size_t i = 0; i < names.size(); ++i)
      if (names[i] == *name) label_ = i, ++found;
    const auto name_of = [&](std::size_t i) { return csv_shown(names[i]); };
    if (found == 0)
      fail("has no column called " + csv_shown(*name) + ", " +
           std::string(candidates(csv_shown(*name), names.size(), name_of).view()));
    if (found != 1)
      fail("has " + std::to_string(found) + " columns called " + csv_shown(*name) + ", 1 wanted");
  }

  static constexpr std::size_t none = static_cast<std::size_t>(-1), most_columns = 1 << 20;

  CsvCells<Next> cells_;
  const std::string& name_;
  const CsvOptions& options_;
  std::size_t width_ = 0, label_ = none;
  bool begun_ = false, has_rows_ = false;
};

inline CsvTable read_csv(auto bytes, const std::string& name, const CsvOptions& options) {
  return CsvReader(std::move(bytes), name, options).read();
}

// The bytes of a file, a block at a time.
class CsvFile {
 public:
  explicit CsvFile(const std::string& path)
      : path_(path), file_(std::fopen(path.c_str(), "rb"), &std::fclose) {
    if (!file_) throw std::runtime_error("cannot open '" + path + "': " + std::strerror(errno));
  }
  int next() {
    if (at_ == end_) {
      at_ = 0, end_ = std::fread(block_.data(), 1, block_.size(), file_.get());
      if (std::ferror(file_.get()))
        throw std::runtime_error("'" + path_ + "' cannot be read: " + std::strerror(errno));
      if (end_ == 0) return -1;
    }
    return block_[at_++];
  }

 private:
  std::string path_;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file_;
  std::array<unsigned char, 1 << 16> block_;
  std::size_t at_ = 0, end_ = 0;
};

}  // namespace detail

/// Reads a table of numbers: cells may stand in quotes, lines end in LF or CR LF, empty lines are left out,
/// spaces around cells do not count. Numbers are decimal with a point, whatever the locale. The text is read
/// block by block: only the numbers take memory. Throws std::runtime_error, naming the file, line and column,
/// if it cannot be read, a cell is no finite number, rows are not all as long as the first, there are none,
/// or the label's column is missing.
inline CsvTable load_csv(const std::string& path, const CsvOptions& options = {}) {
  detail::CsvFile file(path);
  return detail::read_csv([&] { return file.next(); }, path, options);
}

}  // namespace keratin
