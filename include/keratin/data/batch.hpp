#pragma once
// Batch: what a data set gives at a time. Room: memory for batches that shall stay.
#include <keratin/core/array.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <vector>

namespace keratin::data {

/// `samples` samples, one after the other in each array. Views: good until the data set that gave them is
/// asked for the next, rewound or destroyed.
struct Batch {
  Arrays x{}, y{}, sample_weight{};
  std::size_t samples = 0;
};

namespace detail {

// f("x", the x of each batch), and likewise of y and sample_weight.
void each_part(auto f, auto&... batches) {
  f("x", batches.x...);
  f("y", batches.y...);
  f("sample_weight", batches.sample_weight...);
}

// to = samples [first, first + n) of a batch. In place: a batch is 2 KB, of which most is not in use.
inline void slice(const Batch& from, std::size_t first, std::size_t n, Batch& to) {
  each_part(
      [&](const char*, const Arrays& all, Arrays& part) {
        if (part.size() != all.size()) part = all;
        for (std::size_t k = 0; k < all.size(); ++k) {
          const std::size_t row = all[k].size() / from.samples;
          part[k] = all[k].slice(first * row, n * row).rows_of(row);
        }
      },
      from, to);
  to.samples = n;
}

/// Memory for samples that are all like the first: as many arrays, of the same types and sizes.
class Room {
 public:
  /// Samples up to the end of the last that were put here.
  std::size_t samples() const { return samples_; }

  /// Copies a batch to sample `first`; whatever was behind it is forgotten. Memory only grows. Error, and
  /// false: it is not like the first one.
  bool put(std::size_t first, const Batch& from) {
    if (parts_.empty()) begin(from);
    std::size_t part = 0;
    bool fits = true;
    each_part(
        [&](const char* name, const Arrays& all, const Arrays& like) {
          fits = fits && same_count(name, all.size(), like.size());
          for (std::size_t k = 0; fits && k < all.size(); ++k) {
            fits = like_first(name, k, all[k], like[k], from.samples);
            if (fits) copy(all[k], first, from.samples, parts_[part++]);
          }
        },
        from, first_);
    if (fits) samples_ = first + from.samples;
    return fits;
  }

  /// to = samples [first, first + n).
  void view(std::size_t first, std::size_t n, Batch& to) const {
    std::size_t part = 0;
    each_part(
        [&](const char*, const Arrays& like, Arrays& all) {
          if (all.size() != like.size()) all = like;
          for (std::size_t k = 0; k < like.size(); ++k) {
            const std::size_t row = like[k].row_length();
            const std::byte* const at = parts_[part++].data() + first * row * like[k].element_bytes();
            all[k] = like[k].visit([&]<class E>(const E*) {
              return Array(reinterpret_cast<const E*>(at), n * row, like[k].scale(), row);
            });
          }
        },
        first_, to);
    to.samples = n;
  }
  void view(Batch& to) const { view(0, samples_, to); }

 private:
  void begin(const Batch& from) {
    slice(from, 0, from.samples, first_);
    parts_.resize(first_.x.size() + first_.y.size() + first_.sample_weight.size());
  }
  static bool same_count(const char* name, std::size_t came, std::size_t wanted) {
    if (came == wanted) return true;
    report(Text("data set: ", came, " arrays of ", name, " came, ", wanted, " wanted, as at first"));
    return false;
  }
  static bool like_first(const char* name, std::size_t k, const Array& a, const Array& like,
                         std::size_t samples) {
    if (a.size() != samples * like.row_length())
      report(Text("data set: ", name, "[", k, "]: ", a.size(), " values of ", samples, " samples came, ",
                  samples, " * ", like.row_length(), " wanted, as at first"));
    else if (a.dtype() != like.dtype() || a.scale() != like.scale())
      report(Text("data set: ", name, "[", k, "]: values of another type or scale came than at first"));
    else
      return true;
    return false;
  }
  static void copy(const Array& from, std::size_t first, std::size_t samples, std::vector<std::byte>& to) {
    const std::size_t bytes = from.size() * from.element_bytes();
    if (bytes == 0) return;
    const std::size_t before = bytes / samples * first;
    if (to.size() < before + bytes) to.resize(before + bytes);
    std::memcpy(to.data() + before, from.data(), bytes);
  }

  Batch first_{};  // its types and sizes; what its views point to may be gone
  std::vector<std::vector<std::byte>> parts_;
  std::size_t samples_ = 0;
};

}  // namespace detail
}  // namespace keratin::data
