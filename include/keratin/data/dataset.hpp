#pragma once
// Data sets: sources of samples, and stages that make other data sets of them. A pipeline is a type:
//   auto data = data::from_arrays(x, y) | data::shuffle(60000) | data::batch(32);
//   trainer.fit(data, {.epochs = 3});                    // training/fit_dataset.hpp
// Arrays that are only batched are views of the user's memory; what has to be copied is copied into memory
// that a stage takes once. Keras: tf.data.Dataset.
#include <keratin/core/random.hpp>
#include <keratin/data/batch.hpp>

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

namespace keratin::data {

/// What cardinality() says of a data set without end, and of one whose end only reading it shows.
inline constexpr std::int64_t infinite = -1, unknown = -2;
/// The round behind the last one.
inline constexpr std::int64_t next_round = -1;

/// A data set. Its elements are samples, or, where `batched`, batches of them. next() gives the next element
/// in `to`, of samples up to `most` at once, and false behind the last one, also when it is asked again;
/// rewind() begins anew; cardinality() counts the elements. Any class with these members is one. One whose
/// rounds differ, or that stands on others, may have rewind(round) as well, and begins the same round
/// wherever it is given the same number: so a training that goes on from a file sees what it would have seen.
template <class D>
concept Source = requires(D& d, const D& same, Batch& to) {
  { D::batched } -> std::convertible_to<bool>;
  { d.next(to, std::size_t{1}) } -> std::same_as<bool>;
  d.rewind();
  { same.cardinality() } -> std::same_as<std::int64_t>;
};
/// A data set of samples that are there in any order: to = sample i of size(). Shuffling it moves numbers.
template <class D>
concept Indexed = Source<D> && !D::batched && requires(D& d, const D& same, Batch& to) {
  d.at(std::size_t{}, to);
  { same.size() } -> std::same_as<std::size_t>;
};

/// What stands behind a | to make a data set of another. One that is not moved there is copied.
template <class Make> struct Stage {
  Make make;
};
template <Source D, class Make> auto operator|(D data, const Stage<Make>& stage) {
  return stage.make(std::move(data));
}

namespace detail {

void rewind(auto& data, std::int64_t round) {
  if constexpr (requires { data.rewind(round); })
    data.rewind(round);
  else
    data.rewind();
}

// What a stage counts: batches, or samples.
template <Source D> constexpr std::size_t elements(const Batch& of) { return D::batched ? 1 : of.samples; }

constexpr std::int64_t cardinality_of(std::size_t elements) { return static_cast<std::int64_t>(elements); }

// The samples of a source that has size() and at(i, to), one after the other.
template <class Self> class InTurn {
 public:
  static constexpr bool batched = false;

  std::int64_t cardinality() const { return cardinality_of(static_cast<const Self*>(this)->size()); }
  void rewind() { at_ = 0; }
  bool next(Batch& to, std::size_t) {
    Self& source = static_cast<Self&>(*this);
    if (at_ == source.size()) return false;
    source.at(at_++, to);
    return true;
  }

 private:
  std::size_t at_ = 0;
};

}  // namespace detail

// --- sources

/// Samples of arrays, which must outlive the data set. See from_arrays.
class ArraySource {
 public:
  static constexpr bool batched = false;

  explicit ArraySource(const Batch& all) : all_(all) {}
  std::size_t size() const { return all_.samples; }
  std::int64_t cardinality() const { return detail::cardinality_of(size()); }
  void rewind() { at_ = 0; }
  bool next(Batch& to, std::size_t most) {
    const std::size_t n = std::min(most, size() - at_);
    if (n == 0) return false;
    detail::slice(all_, at_, n, to);
    at_ += n;
    return true;
  }
  void at(std::size_t i, Batch& to) const { detail::slice(all_, i, 1, to); }

 private:
  Batch all_;
  std::size_t at_ = 0;
};

/// A data set of the samples of arrays, one array for each input, target and weight of the model. How many
/// samples there are is told by x's rows (Array::rows_of, data sets, files) or by `samples`. Error: an array
/// that has not as many. Keras: Dataset.from_tensor_slices.
inline ArraySource from_arrays(const Arrays& x, const Arrays& y = {}, const Arrays& sample_weight = {},
                               std::size_t samples = 0) {
  const ArraySource none{Batch{}};
  if (samples == 0 && x.size() > 0 && x[0].row_length() > 0) samples = x[0].size() / x[0].row_length();
  if (samples == 0) {
    report(
        Text("from_arrays: x without rows came; x.rows_of(values a sample) wanted, or the number of "
             "samples"));
    return none;
  }
  Batch all{x, y, sample_weight, samples};
  bool fits = true;
  detail::each_part(
      [&](const char* name, const Arrays& arrays) {
        for (std::size_t k = 0; k < arrays.size() && fits; ++k) {
          const Array& a = arrays[k];
          fits = a.size() % samples == 0 && (a.row_length() <= 1 || a.size() == samples * a.row_length());
          if (!fits)
            report(Text("from_arrays: ", name, "[", k, "]: ", a.size(), " values in rows of ", a.row_length(),
                        " came, ", samples, " samples wanted"));
        }
      },
      all);
  return fits ? ArraySource(all) : none;
}

/// How many values a sample has in each of its arrays.
struct Sizes {
  std::vector<std::size_t> x{}, y{}, sample_weight{};
};

/// Where a generator writes: room for `samples` samples of each array, one after the other.
class Slots {
 public:
  Slots(const Sizes& sizes, float* values, std::size_t room, std::size_t first, std::size_t samples)
      : samples(samples), sizes_(sizes), values_(values), room_(room), first_(first) {}

  std::size_t samples;
  std::span<float> x(std::size_t k = 0) const { return part(sizes_.x, k, 0); }
  std::span<float> y(std::size_t k = 0) const { return part(sizes_.y, k, total(sizes_.x)); }
  std::span<float> sample_weight(std::size_t k = 0) const {
    return part(sizes_.sample_weight, k, total(sizes_.x) + total(sizes_.y));
  }
  static std::size_t total(const std::vector<std::size_t>& sizes) {
    std::size_t sum = 0;
    for (const std::size_t size : sizes) sum += size;
    return sum;
  }

 private:
  std::span<float> part(const std::vector<std::size_t>& sizes, std::size_t k, std::size_t before) const {
    if (k >= sizes.size()) {
      report(Text("generator: array ", k, " asked for, ", sizes.size(), " are there"));
      return {};
    }
    for (std::size_t i = 0; i < k; ++i) before += sizes[i];
    return {values_ + before * room_ + first_ * sizes[k], samples * sizes[k]};
  }

  const Sizes& sizes_;
  float* values_;
  std::size_t room_, first_;
};

namespace detail {

// Calls a generator in the form that it has.
auto call_generator(auto& f, const Slots& slots) {
  if constexpr (requires { f(slots); })
    return f(slots);
  else if constexpr (requires { f(slots.x(), slots.y()); })
    return f(slots.x(), slots.y());
  else
    return f(slots.x());
}

}  // namespace detail

/// Samples that a callable writes. See from_generator.
template <class F> class Generator {
  using Result = decltype(detail::call_generator(std::declval<F&>(), std::declval<const Slots&>()));
  static constexpr bool endless = std::is_void_v<Result>,
                        fills_batches = std::integral<Result> && !std::same_as<Result, bool>;
  static_assert(endless || std::integral<Result>,
                "keratin: a generator returns nothing, whether there was a sample, or how many it wrote");

 public:
  static constexpr bool batched = false;

  Generator(Sizes sizes, F f, std::int64_t samples, std::size_t room)
      : sizes_(std::move(sizes)), begin_(std::move(f)), f_(begin_), samples_(samples), room_(room) {}

  std::int64_t cardinality() const { return samples_ == unknown && endless ? infinite : samples_; }
  void rewind() {
    f_.emplace(begin_);
    at_ = filled_ = 0;
    given_ = 0;
    ended_ = false;
  }
  bool next(Batch& to, std::size_t most) {
    if (at_ == filled_) fill(std::min<std::size_t>(most, most_at_once));
    std::size_t n = std::min(most, filled_ - at_);
    if (samples_ >= 0) n = std::min(n, static_cast<std::size_t>(samples_ - given_));
    if (n == 0) return false;
    view(n, to);
    at_ += n;
    given_ += static_cast<std::int64_t>(n);
    return true;
  }

 private:
  static constexpr std::size_t most_at_once = 1024;

  void fill(std::size_t wanted) {
    at_ = filled_ = 0;
    if (samples_ >= 0) wanted = std::min(wanted, static_cast<std::size_t>(samples_ - given_));
    if (wanted == 0 || ended_) return;
    if (!fills_batches) room_ = std::max(room_, wanted);
    const std::size_t row =
        Slots::total(sizes_.x) + Slots::total(sizes_.y) + Slots::total(sizes_.sample_weight);
    if (values_.size() < row * room_) values_.resize(row * room_);
    if constexpr (fills_batches) {
      const auto came = static_cast<std::size_t>(call(0, room_));
      if (came > room_) return report(Text("generator: ", came, " samples came, room for ", room_));
      filled_ = came;
      ended_ = came == 0;
    } else {
      while (filled_ < wanted && !ended_) {
        if constexpr (endless)
          call(filled_, 1);
        else
          ended_ = !call(filled_, 1);
        filled_ += !ended_;
      }
    }
    if (ended_ && samples_ >= 0)
      report(Text("generator: ended after ", given_ + static_cast<std::int64_t>(filled_), " samples, ",
                  samples_, " wanted"));
  }
  auto call(std::size_t first, std::size_t n) {
    return detail::call_generator(*f_, Slots(sizes_, values_.data(), room_, first, n));
  }
  void view(std::size_t n, Batch& to) const {
    const float* values = values_.data();
    const auto arrays = [&](const std::vector<std::size_t>& sizes, Arrays& all) {
      Array views[Arrays::most];
      for (std::size_t k = 0; k < sizes.size(); values += sizes[k++] * room_)
        views[k] = Array(values + at_ * sizes[k], n * sizes[k], 1, sizes[k]);
      all = Arrays(views, sizes.size());
    };
    arrays(sizes_.x, to.x);
    arrays(sizes_.y, to.y);
    arrays(sizes_.sample_weight, to.sample_weight);
    to.samples = n;
  }

  Sizes sizes_;
  F begin_;               // as it was given
  std::optional<F> f_;    // as it is now
  std::int64_t samples_;  // of a whole round, or `unknown`
  std::size_t room_;
  std::vector<float> values_;  // array after array, room_ samples of each
  std::size_t at_ = 0, filled_ = 0;
  std::int64_t given_ = 0;
  bool ended_ = false;
};

struct GeneratorOptions {
  std::int64_t samples = unknown;  // how many there will be: fewer are an error then
  std::size_t room = 1;            // samples, for a generator that writes several at a time
};
/// A data set of what a callable writes: f(span x), f(span x, span y) or f(const Slots&), of floats, once for
/// each sample. It returns nothing and never ends, or whether there was another sample; one that returns how
/// many samples it wrote, 0 at the end, gets room for several. Each round begins with a copy of f as it was
/// given. Errors: it ends early, or writes more than there was room for. Keras: Dataset.from_generator.
template <class F> Generator<F> from_generator(Sizes sizes, F f, const GeneratorOptions& options = {}) {
  for (const auto* part : {&sizes.x, &sizes.y, &sizes.sample_weight})
    if (part->size() > Arrays::most) {
      report(Text("from_generator: ", part->size(), " arrays came, at most ", Arrays::most, " wanted"));
      sizes = {};
    }
  return {std::move(sizes), std::move(f), options.samples, std::max<std::size_t>(options.room, 1)};
}

// --- stages

namespace detail {

template <Source D> class Batched {
  static_assert(!D::batched, "keratin: batch(): a data set of batches came, one of samples wanted");

 public:
  static constexpr bool batched = true;

  Batched(D data, std::size_t size, bool drop) : data_(std::move(data)), size_(size), drop_(drop) {}
  std::int64_t cardinality() const {
    const auto n = data_.cardinality(), size = static_cast<std::int64_t>(size_);
    return n < 0 ? n : drop_ ? n / size : (n + size - 1) / size;
  }
  void rewind(std::int64_t round = next_round) { detail::rewind(data_, round); }
  bool next(Batch& to, std::size_t) {
    if (!data_.next(to, size_)) return false;
    if (to.samples == size_) return true;  // a view of what comes in
    std::size_t have = 0;
    do {
      if (!room_.put(have, to)) return false;
      have += to.samples;
    } while (have < size_ && data_.next(to, size_ - have));
    if (have < size_ && drop_) return false;
    room_.view(to);
    return true;
  }

 protected:
  D data_;

 private:
  std::size_t size_;
  bool drop_;
  Room room_;
};

// A buffer of elements, of which one at random is given and replaced by the next that comes.
template <Source D> class Shuffled {
 public:
  static constexpr bool batched = D::batched;

  Shuffled(D data, std::size_t buffer, std::uint64_t seed, bool again)
      : data_(std::move(data)), buffer_(buffer), seed_(seed), again_(again) {}
  std::int64_t cardinality() const { return data_.cardinality(); }
  void rewind(std::int64_t round = next_round) {
    detail::rewind(data_, round);
    if (again_) round_ = round != next_round ? static_cast<std::uint64_t>(round) : round_ + (drawn_ > 0);
    drawn_ = 0;
    order_.clear();
    coming_ = 0;
    given_ = none;
    ended_ = false;
  }
  bool next(Batch& to, std::size_t) {
    if (given_ != none && !read(order_[given_])) {
      order_[given_] = order_.back();
      order_.pop_back();
    }
    given_ = none;
    while (!ended_ && order_.size() < buffer_) {
      order_.push_back(order_.size());
      if (!read(order_.back())) order_.pop_back();
    }
    if (order_.empty()) return false;
    const std::uint64_t word =
        Random{seed_, random_shuffle, of_data_sets, static_cast<std::uint32_t>(round_)}.word(drawn_++);
    given_ = static_cast<std::size_t>(word * order_.size() >> 32);
    if constexpr (Indexed<D>)
      data_.at(order_[given_], to);
    else
      rooms_[order_[given_]].view(to);
    return true;
  }

 private:
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  static constexpr std::uint32_t of_data_sets = 1;  // fit's own shuffling has 0

  // The next element that comes in: its number, or its values in the room of that number.
  bool read(std::size_t& element) {
    if (ended_) return false;
    if constexpr (Indexed<D>) {
      ended_ = coming_ == data_.size();
      if (!ended_) element = coming_++;
    } else {
      if (rooms_.size() <= element) rooms_.resize(element + 1);
      ended_ = !data_.next(read_, 1) || !rooms_[element].put(0, read_);
    }
    return !ended_;
  }

  D data_;
  std::size_t buffer_;
  std::uint64_t seed_, round_ = 0, drawn_ = 0;
  bool again_, ended_ = false;
  std::vector<std::size_t> order_;  // what is in the buffer
  std::vector<Room> rooms_;
  Batch read_{};
  std::size_t coming_ = 0, given_ = none;
};

// Values of a batch as floats, in memory of a stage's own, and the samples among them.
class Loaded {
 public:
  void load(const Array& from, std::size_t samples) {
    if (values_.size() < from.size()) values_.resize(from.size());
    copy_values(from, 0, from.size(), values_.data());
    size_ = from.size();
    row_ = size_ / samples;
  }
  void make_room(std::size_t row, std::size_t samples) {
    if (values_.size() < row * samples) values_.resize(row * samples);
    size_ = row * samples;
    row_ = row;
  }
  std::span<float> row(std::size_t i) { return {values_.data() + i * row_, row_}; }
  Array array() const { return Array(values_.data(), size_, 1, row_); }

 private:
  std::vector<float> values_;
  std::size_t size_ = 0, row_ = 0;
};

inline bool has_x(const Batch& batch, bool and_y = false) {
  if (batch.x.size() > 0 && (!and_y || batch.y.size() > 0)) return true;
  report(Text("map: samples of ", batch.x.size(), " x and ", batch.y.size(), " y came, one of ",
              and_y ? "each wanted" : "x wanted"));
  return false;
}

template <Source D, class F> class Mapped {
 public:
  static constexpr bool batched = D::batched;

  Mapped(D data, F f) : data_(std::move(data)), f_(std::move(f)) {}
  std::int64_t cardinality() const { return data_.cardinality(); }
  void rewind(std::int64_t round = next_round) { detail::rewind(data_, round); }
  bool next(Batch& to, std::size_t most) {
    if (!data_.next(to, most)) return false;
    if constexpr (std::invocable<F&, Batch&>) {
      f_(to);
    } else {
      constexpr bool of_x = std::invocable<F&, std::span<float>>;
      if (!has_x(to, !of_x)) return false;
      x_.load(to.x[0], to.samples);
      if constexpr (!of_x) y_.load(to.y[0], to.samples);
      for (std::size_t i = 0; i < to.samples; ++i)
        if constexpr (of_x)
          f_(x_.row(i));
        else
          f_(x_.row(i), y_.row(i));
      to.x[0] = x_.array();
      if constexpr (!of_x) to.y[0] = y_.array();
    }
    return true;
  }

 private:
  D data_;
  F f_;
  Loaded x_, y_;
};

template <Source D, class F> class Replaced {
 public:
  static constexpr bool batched = D::batched;

  Replaced(D data, F f, std::size_t values) : data_(std::move(data)), f_(std::move(f)), values_(values) {}
  std::int64_t cardinality() const { return data_.cardinality(); }
  void rewind(std::int64_t round = next_round) { detail::rewind(data_, round); }
  bool next(Batch& to, std::size_t most) {
    if (!data_.next(to, most) || !has_x(to)) return false;
    x_.load(to.x[0], to.samples);
    made_.make_room(values_, to.samples);
    for (std::size_t i = 0; i < to.samples; ++i) f_(std::span<const float>(x_.row(i)), made_.row(i));
    to.x[0] = made_.array();
    return true;
  }

 private:
  D data_;
  F f_;
  std::size_t values_;
  Loaded x_, made_;
};

template <Source D> class Targets {
 public:
  static constexpr bool batched = D::batched;

  explicit Targets(D data) : data_(std::move(data)) {}
  std::int64_t cardinality() const { return data_.cardinality(); }
  void rewind(std::int64_t round = next_round) { detail::rewind(data_, round); }
  bool next(Batch& to, std::size_t most) { return data_.next(to, most) && move(to); }
  std::size_t size() const
    requires Indexed<D>
  {
    return data_.size();
  }
  void at(std::size_t i, Batch& to)
    requires Indexed<D>
  {
    data_.at(i, to);
    move(to);
  }

 private:
  static bool move(Batch& to) {
    to.y = to.x;
    to.x = Arrays();
    return true;
  }

  D data_;
};

template <Source D> class Repeated {
 public:
  static constexpr bool batched = D::batched;

  Repeated(D data, std::int64_t times) : data_(std::move(data)), times_(times) {}
  std::int64_t cardinality() const {
    const std::int64_t n = data_.cardinality();
    return n == 0 || times_ == 0 ? 0 : times_ < 0 || n == infinite ? infinite : n == unknown ? n : n * times_;
  }
  void rewind(std::int64_t round = next_round) {
    detail::rewind(data_, round);
    round_ = 0;
    given_ = false;
  }
  bool next(Batch& to, std::size_t most) {
    while (times_ < 0 || round_ < times_) {
      if (data_.next(to, most)) return given_ = true;
      ++round_;
      if (!std::exchange(given_, false)) return round_ = times_, false;  // it would never end
      if (times_ < 0 || round_ < times_) data_.rewind();
    }
    return false;
  }

 private:
  D data_;
  std::int64_t times_, round_ = 0;  // times_ < 0: for ever
  bool given_ = false;              // something, in this round
};

template <Source D> class Taken {
 public:
  static constexpr bool batched = D::batched;

  Taken(D data, std::size_t n) : data_(std::move(data)), n_(n) {}
  std::int64_t cardinality() const {
    const std::int64_t n = data_.cardinality(), most = cardinality_of(n_);
    return n == infinite ? most : n == unknown ? n : std::min(n, most);
  }
  void rewind(std::int64_t round = next_round) {
    detail::rewind(data_, round);
    taken_ = 0;
  }
  bool next(Batch& to, std::size_t most) {
    if (taken_ == n_ || !data_.next(to, std::min(most, n_ - taken_))) return false;
    taken_ += elements<D>(to);
    return true;
  }
  std::size_t size() const
    requires Indexed<D>
  {
    return std::min(n_, data_.size());
  }
  void at(std::size_t i, Batch& to)
    requires Indexed<D>
  {
    data_.at(i, to);
  }

 private:
  D data_;
  std::size_t n_, taken_ = 0;
};

template <Source D> class Skipped {
 public:
  static constexpr bool batched = D::batched;

  Skipped(D data, std::size_t n) : data_(std::move(data)), n_(n) {}
  std::int64_t cardinality() const {
    const std::int64_t n = data_.cardinality();
    return n < 0 ? n : std::max<std::int64_t>(n - cardinality_of(n_), 0);
  }
  void rewind(std::int64_t round = next_round) {
    detail::rewind(data_, round);
    skipped_ = 0;
  }
  bool next(Batch& to, std::size_t most) {
    for (; skipped_ < n_; skipped_ += elements<D>(to))
      if (!data_.next(to, n_ - skipped_)) return false;
    return data_.next(to, most);
  }
  std::size_t size() const
    requires Indexed<D>
  {
    return data_.size() - std::min(n_, data_.size());
  }
  void at(std::size_t i, Batch& to)
    requires Indexed<D>
  {
    data_.at(n_ + i, to);
  }

 private:
  D data_;
  std::size_t n_, skipped_ = 0;
};

template <Source D> class Cached {
 public:
  static constexpr bool batched = D::batched;

  explicit Cached(D data) : data_(std::move(data)) {}
  std::int64_t cardinality() const { return data_.cardinality(); }
  // What was not read to its end is read again.
  void rewind(std::int64_t round = next_round) {
    at_ = 0;
    if (complete_) return;
    detail::rewind(data_, round == next_round ? round : 0);
    ends_.clear();
    samples_ = 0;
  }
  bool next(Batch& to, std::size_t most) {
    if (!complete_) return read(to, most);
    const std::size_t first = at_ == 0 ? 0 : batched ? ends_[at_ - 1] : at_;
    if (first == samples_) return false;
    const std::size_t n = batched ? ends_[at_] - first : std::min(most, samples_ - first);
    room_.view(first, n, to);
    at_ += elements<D>(to);
    return true;
  }

 private:
  bool read(Batch& to, std::size_t most) {
    if (!data_.next(to, most)) {
      complete_ = true;
      at_ = batched ? ends_.size() : samples_;
      return false;
    }
    if (!room_.put(samples_, to)) return false;
    samples_ += to.samples;
    if (batched) ends_.push_back(samples_);
    return true;
  }

  D data_;
  Room room_;
  std::vector<std::size_t> ends_;  // of batches
  std::size_t samples_ = 0, at_ = 0;
  bool complete_ = false;
};

template <Source A, Source B> class Concatenated {
  static_assert(A::batched == B::batched,
                "keratin: concatenate(): one data set of batches and one of samples came");

 public:
  static constexpr bool batched = A::batched;

  Concatenated(A a, B b) : a_(std::move(a)), b_(std::move(b)) {}
  std::int64_t cardinality() const {
    const std::int64_t a = a_.cardinality(), b = b_.cardinality();
    if (a == infinite || b == infinite) return infinite;
    return a == unknown || b == unknown ? unknown : a + b;
  }
  void rewind(std::int64_t round = next_round) {
    detail::rewind(a_, round);
    detail::rewind(b_, round);
    behind_a_ = false;
  }
  bool next(Batch& to, std::size_t most) {
    if (!behind_a_ && a_.next(to, most)) return true;
    behind_a_ = true;
    return b_.next(to, most);
  }

 private:
  A a_;
  B b_;
  bool behind_a_ = false;
};

// What came of a data set and is not used up.
template <Source D> struct Pending {
  D data;
  Batch now{};
  std::size_t at = 0;

  std::size_t left() const { return now.samples - at; }
  void rewind(std::int64_t round) {
    detail::rewind(data, round);
    now.samples = at = 0;
  }
  bool wait(std::size_t most) {
    if (left() > 0) return true;
    at = 0;
    if (!data.next(now, most)) now.samples = 0;
    return now.samples > 0;
  }
};

template <Source A, Source B> class Zipped {
  static_assert(A::batched == B::batched, "keratin: zip(): one data set of batches and one of samples came");

 public:
  static constexpr bool batched = A::batched;

  Zipped(A a, B b) : a_{std::move(a)}, b_{std::move(b)} {}
  std::int64_t cardinality() const {
    const std::int64_t a = a_.data.cardinality(), b = b_.data.cardinality();
    if (a == infinite || b == infinite) return a == infinite ? b : a;
    return a == unknown || b == unknown ? unknown : std::min(a, b);
  }
  void rewind(std::int64_t round = next_round) {
    a_.rewind(round);
    b_.rewind(round);
  }
  std::size_t size() const
    requires Indexed<A> && Indexed<B>
  {
    return std::min(a_.data.size(), b_.data.size());
  }
  void at(std::size_t i, Batch& to)
    requires Indexed<A> && Indexed<B>
  {
    a_.data.at(i, of_a_);
    b_.data.at(i, of_b_);
    put_together(1, to);
  }
  bool next(Batch& to, std::size_t most) {
    if (!a_.wait(most) || !b_.wait(batched ? most : std::min(most, a_.left()))) return false;
    if (batched && a_.left() != b_.left()) {
      report(Text("zip: batches of ", a_.left(), " and of ", b_.left(), " samples came, of as many wanted"));
      return false;
    }
    const std::size_t n = std::min({batched ? a_.left() : most, a_.left(), b_.left()});
    slice(a_.now, a_.at, n, of_a_);
    slice(b_.now, b_.at, n, of_b_);
    a_.at += n;
    b_.at += n;
    put_together(n, to);
    return true;
  }

 private:
  void put_together(std::size_t n, Batch& to) {
    each_part(
        [](const char*, const Arrays& a, const Arrays& b, Arrays& both) {
          Array all[2 * Arrays::most];
          std::copy(b.begin(), b.end(), std::copy(a.begin(), a.end(), all));
          both = Arrays(all, a.size() + b.size());
        },
        of_a_, of_b_, to);
    to.samples = n;
  }

  Pending<A> a_;
  Pending<B> b_;
  Batch of_a_{}, of_b_{};
};

}  // namespace detail

/// Batches of n samples; the last one may have fewer, or is left out.
inline auto batch(std::size_t n, bool drop_remainder = false) {
  if (n == 0) report(Text("batch: batches of 0 samples came, at least 1 wanted")), n = 1;
  return Stage{[=]<Source D>(D d) { return detail::Batched<D>(std::move(d), n, drop_remainder); }};
}
/// The elements in another order: of the next `buffer` that come, one at random, again and again. Each round
/// has an order of its own that depends on the seed and the number of the round: in fit that of the step with
/// which it begins. Of arrays and other indexed
/// data the buffer holds numbers, so that it may be as large as they are.
inline auto shuffle(std::size_t buffer, std::uint64_t seed = 0, bool reshuffle_each_iteration = true) {
  if (buffer == 0) report(Text("shuffle: a buffer of 0 elements came, at least 1 wanted")), buffer = 1;
  return Stage{[=]<Source D>(D d) {
    return detail::Shuffled<D>(std::move(d), buffer, seed, reshuffle_each_iteration);
  }};
}
/// Each sample changed: f(span<float> x), f(span<float> x, span<float> y), in place, of the first arrays; or
/// f(Batch&), which is given whatever comes at a time and may let its arrays refer to others.
template <class F> auto map(F f) {
  return Stage{[f = std::move(f)]<Source D>(D d) { return detail::Mapped<D, F>(std::move(d), f); }};
}
/// A new x, of so many values, for the first one of each sample: f(span<const float> from, span<float> to).
template <class F> auto map(std::size_t values, F f) {
  if (values == 0) report(Text("map: a new x of 0 values came, at least 1 wanted")), values = 1;
  return Stage{
      [f = std::move(f), values]<Source D>(D d) { return detail::Replaced<D, F>(std::move(d), f, values); }};
}
/// x becomes y: for zip().
inline auto as_targets() {
  return Stage{[]<Source D>(D d) { return detail::Targets<D>(std::move(d)); }};
}
/// The data set so often; -1: for ever.
inline auto repeat(std::int64_t times = -1) {
  return Stage{[=]<Source D>(D d) { return detail::Repeated<D>(std::move(d), times); }};
}
/// The first n elements.
inline auto take(std::size_t n) {
  return Stage{[=]<Source D>(D d) { return detail::Taken<D>(std::move(d), n); }};
}
/// All but the first n elements.
inline auto skip(std::size_t n) {
  return Stage{[=]<Source D>(D d) { return detail::Skipped<D>(std::move(d), n); }};
}
/// Keeps in memory what the first round reads, in fit round 0. Error: a data set without end.
inline auto cache() {
  return Stage{[]<Source D>(D d) {
    if (d.cardinality() == infinite) report(Text("cache: a data set without end came"));
    return detail::Cached<D>(std::move(d));
  }};
}
/// First all elements of a, then all of b.
template <Source A, Source B> auto concatenate(A a, B b) {
  return detail::Concatenated<A, B>(std::move(a), std::move(b));
}
/// Elements of both side by side: x has the arrays of a's x and then of b's, y and sample_weight likewise.
/// Ends with the shorter one. Error: batches of different sizes.
template <Source A, Source B> auto zip(A a, B b) { return detail::Zipped<A, B>(std::move(a), std::move(b)); }

/// A data set of any kind, where its type is not known before the program runs.
template <bool Batches> class Any {
  struct Held {
    virtual ~Held() = default;
    virtual bool next(Batch& to, std::size_t most) = 0;
    virtual void rewind(std::int64_t round) = 0;
    virtual std::int64_t cardinality() const = 0;
  };
  template <Source D> struct Holds : Held {
    explicit Holds(D d) : data(std::move(d)) {}
    bool next(Batch& to, std::size_t most) override { return data.next(to, most); }
    void rewind(std::int64_t round) override { detail::rewind(data, round); }
    std::int64_t cardinality() const override { return data.cardinality(); }
    D data;
  };

 public:
  static constexpr bool batched = Batches;

  template <class D>
    requires(!std::same_as<D, Any> && Source<D> && D::batched == Batches)
  Any(D data) : held_(std::make_unique<Holds<D>>(std::move(data))) {}
  bool next(Batch& to, std::size_t most) { return held_->next(to, most); }
  void rewind(std::int64_t round = next_round) { held_->rewind(round); }
  std::int64_t cardinality() const { return held_->cardinality(); }

 private:
  std::unique_ptr<Held> held_;
};
/// Of batches: what fit takes.
using AnyDataset = Any<true>;
using AnySamples = Any<false>;

}  // namespace keratin::data
