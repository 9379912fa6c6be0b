#pragma once
// from_idx: IDX files larger than memory.
#include <keratin/data/dataset.hpp>
#include <keratin/data/idx.hpp>

namespace keratin::data {

namespace detail {

template <class E> class IdxSource {
 public:
  static constexpr bool batched = false;

  IdxSource(const std::string& path, double scale, std::size_t rows)
      : path_(path), scale_(scale), rows_(rows) {
    open();
  }
  std::int64_t cardinality() const { return static_cast<std::int64_t>(shape_[0]); }
  void rewind() {
    if (left_ < shape_[0]) open();
    at_ = have_;
  }
  bool next(Batch& to, std::size_t most) {
    if (at_ == have_ && !read()) return false;
    const std::size_t n = std::min(most, have_ - at_);
    to.x = Array(values_.data() + at_ * row_, n * row_, scale_, row_);
    to.y = to.sample_weight = Arrays();
    to.samples = n;
    at_ += n;
    return true;
  }

 private:
  void open() {
    file_.emplace(path_);
    shape_ = keratin::detail::read_idx_shape(*file_, keratin::detail::idx_code<E>);
    bytes_ = keratin::detail::idx_file_bytes(*file_, shape_, sizeof(E));
    row_ = 1;
    for (std::size_t axis = 1; axis < shape_.size(); ++axis) row_ *= shape_[axis];
    left_ = shape_[0];
    at_ = have_ = 0;
  }
  bool read() {
    at_ = have_ = 0;
    const std::size_t n = std::min(rows_, left_);
    if (n == 0) return false;
    values_.clear();
    keratin::detail::read_idx_values(*file_, n * row_, bytes_, values_);
    have_ = n;
    left_ -= n;
    if (left_ == 0) file_->expect_end();
    return true;
  }

  std::string path_;
  double scale_;
  std::size_t rows_;
  std::optional<GzipFile> file_;
  std::vector<std::size_t> shape_;
  std::vector<E> values_;                                           // rows that were read
  std::size_t bytes_ = 0, row_ = 1, left_ = 0, at_ = 0, have_ = 0;  // of the file, a row; rows
};

}  // namespace detail

/// x: the rows of an IDX file, gzip or plain, of elements of type E, read as scale * value, `rows` at a time.
/// Labels: zip(from_idx<std::uint8_t>(images, 1 / 255.), from_idx<std::uint8_t>(labels) | as_targets()).
/// Errors: those of read_idx, when the file is opened or a damaged part of it is read.
template <class E> auto from_idx(const std::string& path, double scale = 1, std::size_t rows = 256) {
  static_assert(keratin::detail::idx_code<E> != 0 && sizeof(E) != 2 && !std::same_as<E, std::int8_t>,
                "keratin: from_idx reads uint8, int32, float or double; read_idx the others");
  return detail::IdxSource<E>(path, scale, std::max<std::size_t>(rows, 1));
}

}  // namespace keratin::data
