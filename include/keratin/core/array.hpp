#pragma once
// Array: a view of somebody's data, contiguous, one sample after the other. Nothing is copied but the batch
// at work.
#include <keratin/core/text.hpp>
#include <keratin/kernels/transpose.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <type_traits>

namespace keratin {

enum class Dtype : unsigned char { float32, float64, uint8, int32, int64 };

template <class E> constexpr Dtype dtype_of() {
  if constexpr (std::is_same_v<E, float>)
    return Dtype::float32;
  else if constexpr (std::is_same_v<E, double>)
    return Dtype::float64;
  else if constexpr (std::unsigned_integral<E> && sizeof(E) == 1)
    return Dtype::uint8;
  else if constexpr (std::signed_integral<E> && sizeof(E) == 4)
    return Dtype::int32;
  else {
    static_assert(std::signed_integral<E> && sizeof(E) == 8,
                  "keratin: arrays hold float, double, uint8, int32 or int64");
    return Dtype::int64;
  }
}

// clang warns of an array that looks at a temporary which is gone, FitOptions o{.class_weight =
// std::array{1., 2.}}. In a call, fit(x, y, {.class_weight = std::array{1., 2.}}), it lives as long as the
// call.
#if defined __has_cpp_attribute
#if __has_cpp_attribute(clang::lifetimebound)
#define KERATIN_LIFETIMEBOUND [[clang::lifetimebound]]
#endif
#endif
#ifndef KERATIN_LIFETIMEBOUND
#define KERATIN_LIFETIMEBOUND
#endif

class Array;
namespace detail {
template <class R>
concept EigenObject = requires(const R& r) {
  R::IsRowMajor;
  r.outerStride();
  r.data();
};
template <class R>
concept ValuesInARow = !std::is_base_of_v<Array, R> && !EigenObject<R> && requires(const R& r) {
  { *std::data(r) } -> std::convertible_to<double>;
  std::size(r);
};
template <class R>
concept BorrowedValues = ValuesInARow<R> && std::ranges::enable_borrowed_range<R>;
}  // namespace detail

/// Values of a vector, span, std::array, C array, data set or Eigen map with its samples in rows, read as
/// scale * value. Does not own them. uint8 images are usually read with scale 1 / 255.
class Array {
 public:
  constexpr Array() = default;
  template <class E>
  constexpr Array(const E* data, std::size_t size, double scale = 1, std::size_t row = 0)
      : data_(data), size_(size), row_(row), scale_(scale), dtype_(dtype_of<E>()) {
    if (!data && size > 0) {
      size_ = 0;
      report(Text("an array of ", size, " values at a null pointer came"));
    }
  }
  template <detail::ValuesInARow R>
  constexpr Array(const R& values KERATIN_LIFETIMEBOUND, double scale = 1)
      : Array(std::data(values), static_cast<std::size_t>(std::size(values)), scale) {}
  template <detail::BorrowedValues R>
  constexpr Array(const R& values, double scale = 1)
      : Array(std::data(values), static_cast<std::size_t>(std::size(values)), scale) {}
  template <detail::EigenObject R>
  constexpr Array(const R& matrix, double scale = 1)
      : Array(matrix.data(), static_cast<std::size_t>(matrix.size()), scale) {
    static_assert(R::IsRowMajor || R::IsVectorAtCompileTime,
                  "keratin: the samples of an Eigen matrix must be its rows");
    static_assert(R::InnerStrideAtCompileTime == 1,
                  "keratin: the values of an Eigen sample must lie side by side");
    if constexpr (!R::IsVectorAtCompileTime)
      if (matrix.rows() > 1 && matrix.outerStride() != matrix.cols()) {
        size_ = 0;
        report(Text("an Eigen block with gaps between its rows came, a copy without gaps wanted"));
      }
  }

  constexpr std::size_t size() const { return size_; }
  constexpr Dtype dtype() const { return dtype_; }
  constexpr double scale() const { return scale_; }
  constexpr const void* data() const { return data_; }
  constexpr bool is_integer() const { return dtype_ != Dtype::float32 && dtype_ != Dtype::float64; }

  /// Values [first, first + n).
  constexpr Array slice(std::size_t first, std::size_t n) const {
    Array part = *this;
    part.size_ = n;
    part.data_ = static_cast<const unsigned char*>(data_) + first * element_bytes();
    return part;
  }
  /// The same values as samples of n.
  constexpr Array rows_of(std::size_t n) const {
    Array rows = *this;
    rows.row_ = n;
    return rows;
  }
  /// Sample i of a data set's array, or of one that rows_of() made.
  constexpr Array operator[](std::size_t i) const { return slice(i * row_, row_); }
  constexpr std::size_t row_length() const { return row_; }

  constexpr std::size_t element_bytes() const {
    switch (dtype_) {
      case Dtype::uint8:
        return 1;
      case Dtype::float32:
      case Dtype::int32:
        return 4;
      default:
        return 8;
    }
  }
  /// The values themselves, where they are S and unscaled: no conversion is needed then.
  template <class S> const S* as() const {
    return dtype_ == dtype_of<S>() && scale_ == 1 ? static_cast<const S*>(data_) : nullptr;
  }
  /// f(pointer to the values in their own type).
  template <class F> [[gnu::always_inline]] decltype(auto) visit(F f) const {
    switch (dtype_) {
      case Dtype::float32:
        return f(static_cast<const float*>(data_));
      case Dtype::float64:
        return f(static_cast<const double*>(data_));
      case Dtype::uint8:
        return f(static_cast<const std::uint8_t*>(data_));
      case Dtype::int32:
        return f(static_cast<const std::int32_t*>(data_));
      default:
        return f(static_cast<const std::int64_t*>(data_));
    }
  }
  double operator()(std::size_t i) const {
    return visit([i](const auto* p) { return static_cast<double>(p[i]); }) * scale_;
  }

 private:
  const void* data_ = nullptr;
  std::size_t size_ = 0, row_ = 0;
  double scale_ = 1;
  Dtype dtype_ = Dtype::float32;
};

namespace detail {

// A vector's worth of values as S.
template <class S, class E> [[gnu::always_inline]] inline kernels::Vec<S> widened(const E* from) {
  if constexpr (std::is_same_v<S, float> && std::is_same_v<E, std::uint8_t>) {
    // g++ 12 converts bytes one by one unless it is told how.
#if defined __AVX512F__
    typedef int Ints __attribute__((vector_size(64)));
    return __builtin_convertvector(
        (Ints)_mm512_maskz_cvtepu8_epi32(0xffff, _mm_loadu_si128((const __m128i*)from)), kernels::Vec<S>);
#elif defined __AVX2__
    typedef int Ints __attribute__((vector_size(32)));
    return __builtin_convertvector((Ints)_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i*)from)),
                                   kernels::Vec<S>);
#endif
  }
  typedef E Some __attribute__((vector_size(lanes<S> * sizeof(E))));
  Some some;
  __builtin_memcpy(&some, from, sizeof some);
  return __builtin_convertvector(some, kernels::Vec<S>);
}
// to[i] = from[i] * scale.
template <class S, class E>
[[gnu::always_inline]] inline void convert(const E* from, std::ptrdiff_t n, S scale, S* to) {
  constexpr int width = lanes<S>;
  std::ptrdiff_t i = 0;
  for (; i + width <= n; i += width) kernels::store(to + i, widened<S>(from + i) * scale);
  const int rest = static_cast<int>(n - i);
  for (int k = 0; k < rest; ++k) to[i + k] = static_cast<S>(from[i + k]) * scale;
}

}  // namespace detail

/// Where the first value that is infinite or not a number stands; size() if there is none.
inline std::size_t first_not_finite(const Array& a) {
  return a.visit([&]<class E>(const E* p) {
    if constexpr (std::is_floating_point_v<E>) {
      constexpr std::size_t chunk = 4096;
      for (std::size_t i = 0; i < a.size(); i += chunk) {
        const std::size_t n = std::min(chunk, a.size() - i);
        kernels::Vec<E> zeros = {};  // 0 * infinity and 0 * NaN are NaN
        kernels::for_each_vector<E>(static_cast<std::ptrdiff_t>(n), [&](std::ptrdiff_t k, auto part) {
          zeros += part.load(p + i + k) * E{0};
        });
        if (kernels::sum(zeros) == 0) continue;
        for (std::size_t k = i; k < i + n; ++k)
          if (!std::isfinite(p[k])) return k;
      }
    }
    return a.size();
  });
}

/// to = n values of an array from `first` on, converted and scaled.
template <class S> void copy_values(const Array& from, std::size_t first, std::size_t n, S* to) {
  from.visit([&](const auto* p) {
    detail::convert(p + first, static_cast<std::ptrdiff_t>(n), static_cast<S>(from.scale()), to);
  });
}
/// One array for each input, or output, of a model, in order. Most models have one: it converts.
class Arrays {
 public:
  static constexpr std::size_t most = 16;

  Arrays() {}
  template <std::convertible_to<Array> A> Arrays(const A& only) : count_(1) { array_[0] = only; }
  /// One, of what an Array is made of: {pixels, 1 / 255.}.
  template <class A, class B, class... More>
    requires(!std::convertible_to<A, const Array*> &&
             std::constructible_from<Array, const A&, const B&, const More&...>)
  Arrays(const A& a, const B& b, const More&... more) : Arrays(Array(a, b, more...)) {}
  Arrays(std::initializer_list<Array> all) : Arrays(std::data(all), all.size()) {}
  /// Error: more than `most`.
  Arrays(const Array* all, std::size_t count) : count_(count) {
    if (count > most) {
      count_ = 0;
      report(Text(count, " arrays came, at most ", most, " wanted"));
      return;
    }
    std::copy_n(all, count, array_);
  }

  std::size_t size() const { return count_; }
  const Array& operator[](std::size_t k) const { return array_[k]; }
  Array& operator[](std::size_t k) { return array_[k]; }
  const Array* begin() const { return array_; }
  const Array* end() const { return array_ + count_; }
  Array* begin() { return array_; }
  Array* end() { return array_ + count_; }

 private:
  std::size_t count_ = 0;
  union {  // those beyond are left alone: a latency path has no time for them
    Array array_[most];
  };
};

inline constexpr int lane_chunk = 64;  // values of a sample that are transposed at a time

/// Which rows of an array are meant: order[0 .. n), or first .. first + n where there is no order. Those of
/// `next` will be wanted soon.
struct Samples {
  std::size_t first = 0;
  int n = 0;
  const std::uint32_t* order = nullptr;
  const std::uint32_t* next = nullptr;
  int next_n = 0;

  std::size_t operator[](int i) const {
    return order != nullptr ? order[i] : first + static_cast<std::size_t>(i);
  }
  /// `count` of them from the i-th on.
  Samples part(int i, int count) const {
    Samples some{.first = first + static_cast<std::size_t>(i), .n = count};
    if (order != nullptr) some.order = order + i;
    if (next != nullptr && next_n > i) {
      some.next = next + i;
      some.next_n = std::min(count, next_n - i);
    }
    return some;
  }
};

/// to = rows of an array, converted and scaled; as Lanes in whole groups, the missing samples zeros. Those of
/// `next` are fetched into the cache on the way: a shuffled gather waits for memory otherwise.
template <class T> void load_samples(const Array& from, std::size_t row, const Samples& samples, T* to) {
  using S = Scalar<T>;
  constexpr int L = Unit<T>::samples;
  const S scale = static_cast<S>(from.scale());
  const auto n = static_cast<std::ptrdiff_t>(row);
  from.visit([&]<class E>(const E* p) {
    // In line: g++ takes a function that only prefetches for one without effect, and drops the call.
    const auto fetch = [&](int i) __attribute__((always_inline)) {
      if (i >= samples.next_n) return;
      const char* coming = reinterpret_cast<const char*>(p + samples.next[i] * row);
      for (std::size_t b = 0; b < row * sizeof *p; b += 64) __builtin_prefetch(coming + b, 0, 2);
    };
    if constexpr (L == 1) {
      for (int i = 0; i < samples.n; ++i, to += n) {
        fetch(i);
        detail::convert(p + samples[i] * row, n, scale, to);
      }
    } else {
      // A piece of each sample is converted to S in its own row, and then the rows are transposed.
      alignas(vector_bytes) S rows[L][lane_chunk];
      for (int i = 0; i < samples.n; i += L, to += n) {
        for (int l = 0; l < L && i + l < samples.n; ++l) fetch(i + l);
        for (std::ptrdiff_t k = 0; k < n; k += lane_chunk) {
          const std::ptrdiff_t values = std::min<std::ptrdiff_t>(lane_chunk, n - k);
          for (int l = 0; l < L; ++l)
            if (i + l < samples.n)
              detail::convert(p + samples[i + l] * row + k, values, scale, rows[l]);
            else
              std::fill_n(rows[l], values, S{});
          kernels::rows_to_lanes(rows, static_cast<int>(values), to + k);
        }
      }
    }
  });
}
/// to = the rows of n samples, as they lie one after the other.
template <class T> void store_samples(const T* from, std::size_t row, int n, Scalar<T>* to) {
  if constexpr (Unit<T>::samples == 1)
    std::copy_n(from, static_cast<std::size_t>(n) * row, to);
  else
    kernels::lanes_to_rows(from, row, n, to);
}

}  // namespace keratin
