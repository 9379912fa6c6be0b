#pragma once
// from_csv: tables larger than memory.
#include <keratin/data/csv.hpp>
#include <keratin/data/dataset.hpp>

namespace keratin::data {

namespace detail {

class CsvSource {
 public:
  static constexpr bool batched = false;

  CsvSource(const std::string& path, const CsvOptions& options, std::size_t rows)
      : open_(std::make_unique<Open>(path, options)), rows_(rows) {}
  std::int64_t cardinality() const { return unknown; }
  void rewind() { open_ = std::make_unique<Open>(open_->path, open_->options); }
  bool next(Batch& to, std::size_t most) {
    CsvTable& table = open_->table;
    std::size_t& at = open_->at;
    if (at == table.rows && !read()) return false;
    const std::size_t n = std::min(most, table.rows - at);
    to.x = Array(table.x).rows_of(table.columns).slice(at * table.columns, n * table.columns);
    to.y = table.y.empty() ? Arrays() : Arrays(Array(table.y).rows_of(1).slice(at, n));
    to.sample_weight = Arrays();
    to.samples = n;
    at += n;
    return true;
  }

 private:
  struct Bytes {
    keratin::detail::CsvFile* file;
    int operator()() const { return file->next(); }
  };
  // In a place of its own: the reader refers to the other members.
  struct Open {
    Open(const std::string& p, const CsvOptions& o) : path(p), options(o) {}
    Open(const Open&) = delete;
    Open& operator=(const Open&) = delete;

    std::string path;
    CsvOptions options;
    keratin::detail::CsvFile file{path};
    keratin::detail::CsvReader<Bytes> reader{Bytes{&file}, path, options};
    CsvTable table{};  // the rows at hand
    std::size_t at = 0;
    bool ended = false;
  };

  bool read() {
    CsvTable& table = open_->table;
    table.x.clear();
    table.y.clear();
    table.rows = open_->at = 0;
    while (!open_->ended && table.rows < rows_) open_->ended = !open_->reader.read_next(table);
    return table.rows > 0;
  }

  std::unique_ptr<Open> open_;
  std::size_t rows_;
};

}  // namespace detail

/// The rows of a CSV file, `rows` at a time: the label's column is y, the others are x. How many there are
/// only reading them tells. Errors: those of load_csv, when the row is read.
inline auto from_csv(const std::string& path, const CsvOptions& options = {}, std::size_t rows = 256) {
  return detail::CsvSource(path, options, std::max<std::size_t>(rows, 1));
}

}  // namespace keratin::data
