#pragma once
// Model: a network's parameters, and predict. Storage is the user's choice: Owned, InPlace or View.
#include <keratin/core/array.hpp>
#include <keratin/core/memory.hpp>
#include <keratin/core/weights.hpp>
#include <keratin/sequential/execute.hpp>
#include <keratin/sequential/predict.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace keratin {

/// One aligned block on the heap, allocated at construction.
struct Owned {
  template <class S, std::size_t N> struct Storage {
    Block<S> block{N};
    S* data() { return block.data(); }
    const S* data() const { return block.data(); }
  };
  static constexpr bool heap = true, writable = true;
};
/// Inside the object; the heap is never touched.
struct InPlace {
  template <class S, std::size_t N> struct Storage {
    alignas(alignment) S values[N > 0 ? N : 1] = {};
    S* data() { return values; }
    const S* data() const { return values; }
  };
  static constexpr bool heap = false, writable = true;
};
/// Somewhere else: flash, a mapped file. Laid out as plan<Net>() says; may lie unaligned.
struct View {
  template <class S, std::size_t N> struct Storage {
    const S* values;
    const S* data() const { return values; }
  };
  static constexpr bool heap = false, writable = false;
};

// Never defined. Read the arguments: how many values a sample has, and how many the network takes.
template <class Got, class Wants> struct sample_does_not_fit;

namespace detail {

// The number of values that a type always has, 0 if it does not tell.
template <class X> inline constexpr std::size_t static_size = 0;
template <class E, std::size_t N> inline constexpr std::size_t static_size<E[N]> = N;
template <class E, std::size_t N> inline constexpr std::size_t static_size<std::array<E, N>> = N;
template <class E, std::size_t N>
inline constexpr std::size_t static_size<std::span<E, N>> = N == std::dynamic_extent ? 0 : N;
template <class X>
  requires requires { X::SizeAtCompileTime; }
inline constexpr std::size_t static_size<X> = X::SizeAtCompileTime > 0 ? X::SizeAtCompileTime : 0;

inline constexpr std::size_t stack_bytes = 32 << 10;  // what predict may take of the stack

// Apart from Workspace, so that the error comes once however many ways of predicting meet it.
template <bool Fits> struct StackHasRoom {
  static_assert(Fits, "keratin: this network's workspace is too large for the stack; give predict one");
};

// N values on the stack, or once per thread on the heap where they are many. Two of one purpose are the same
// memory.
enum class Purpose : unsigned char { steps, input, chunk, stream };
template <class S, std::size_t N, bool Heap, Purpose P> struct Workspace {
  static constexpr bool on_stack = N * sizeof(S) <= stack_bytes;
  static_assert(sizeof(StackHasRoom < on_stack || Heap >) > 0);
  alignas(alignment) S values[on_stack ? N + (N == 0) : 1];
  S* data() {
    if constexpr (on_stack) {
      return values;
    } else {
      thread_local Block<S> block(N);
      return block.data();
    }
  }
};

}  // namespace detail

/// The parameters of `Net`, and what can be computed with them alone. predict is const and safe to call from
/// several threads at once; it allocates nothing, or for a large network a workspace once per thread (Owned
/// only).
template <class Net, class Storage = Owned, class S = float> class Model {
 public:
  using Network = Net;
  using Scalar = S;
  static constexpr int input_size = Net::input_size, output_size = Net::output_size;
  static constexpr bool has_mask = Net::Flat::output_mask >= 0;  // beside its output, for a loss
  using Output = std::array<S, static_cast<std::size_t>(output_size)>;
  using InputSpan = std::span<const S, static_cast<std::size_t>(input_size)>;
  using OutputSpan = std::span<S, static_cast<std::size_t>(output_size)>;

  /// Initializes the parameters; the same seed gives the same bits on every machine.
  explicit Model(std::uint64_t seed = 0)
    requires(Storage::writable)
  {
    initialize(seed);
  }
  /// Reads parameters that live elsewhere and outlive the model: plan<Net>().block values.
  explicit Model(std::span<const S, plan<Net>().block> block)
    requires(!Storage::writable)
      : store_{block.data()} {}

  /// One sample of any type; where its type tells its length, another than input_size is a compile-time
  /// error, else it is reported.
  template <std::convertible_to<Array> X> Output predict(const X& x) const {
    constexpr std::size_t n = detail::static_size<X>;
    if constexpr (n != 0 && n != static_cast<std::size_t>(input_size))
      static_assert(sizeof(detail::Error<sample_does_not_fit<got<static_cast<int>(n)>, wants<input_size>>>) >
                    0);
    if constexpr (!detail::EigenObject<X> && requires {
                    { std::data(x) } -> std::convertible_to<const S*>;
                  })
      return is_one_sample(std::size(x)) ? predict_one(std::data(x)) : no_answer();  // needs no conversion
    else
      return predict_converted(x);
  }
  /// Any number of samples; y takes output_size values for each and does not overlap x. Error: the sizes do
  /// not match.
  void predict(const Array& x, std::span<S> y) const { predict_all(x, y, nullptr); }
  /// One batch, whose Stateful layers go on from `states` and leave there where they ended. Error: not as
  /// many samples as there are states.
  void predict(const Array& x, std::span<S> y, States<S>& states) const { predict_all(x, y, &states); }
  /// One sample with the caller's workspace, plan<Net>().workspace values, 64-byte aligned for speed.
  void predict(InputSpan x, OutputSpan y, std::span<S> workspace) const;

  /// Gives every parameter its initializer's values.
  void initialize(std::uint64_t seed)
    requires(Storage::writable);

  /// The flat block, padding included; plan<Net>().layers[i].tensors says where each tensor lies.
  std::span<S> block()
    requires(Storage::writable)
  {
    return {store_.data(), plan<Net>().block};
  }
  std::span<const S> block() const { return {store_.data(), plan<Net>().block}; }
  static constexpr std::size_t count_params() { return plan<Net>().parameters; }
  /// All parameters in Keras's order, without padding. Error: not count_params() values.
  void get_weights(std::span<S> values) const { copy_weights_out(layers(), store_.data(), values); }
  void set_weights(const Array& values)
    requires(Storage::writable)
  {
    copy_weights_in(layers(), values, store_.data());
  }

  static constexpr const auto& layers() { return plan<Net>().layers; }

  // What a trainer needs to know, of this and of functional models alike.
  static constexpr Shape input_shape(std::size_t = 0) { return Net::input_shape; }
  static constexpr Shape output_shape(std::size_t = 0) { return Net::output_shape; }
  static constexpr ActivationFunction output_activation(std::size_t = 0) {
    if constexpr (Net::depth == 0)
      return {};
    else
      return activation_of(
          detail::PlanOf<Net>::template group_spec<detail::PlanOf<Net>::template output_head<false>,
                                                   Mode{}>());
  }
  template <Mode M> static constexpr detail::Execute<Net, M> executor() { return {}; }

 private:
  // A size that is known at compile time leaves no code here, nor a message in the program.
  static bool is_one_sample(std::size_t size) {
    if (size == static_cast<std::size_t>(input_size)) return true;
    report(Text("predict: one sample of ", size, " values came, ", input_size, " wanted"));
    return false;
  }
  static Output no_answer() {
    Output y;
    y.fill(std::numeric_limits<S>::quiet_NaN());
    return y;
  }
  Output predict_one(const S* x) const;
  Output predict_converted(const Array& x) const;
  void predict_all(const Array& x, std::span<S> y, auto states) const;

  typename Storage::template Storage<S, plan<Net>().block> store_{};
};

template <class Net, class Storage, class S>
void Model<Net, Storage, S>::predict(InputSpan x, OutputSpan y, std::span<S> workspace) const {
  if (workspace.size() < plan<Net>().workspace) {
    std::fill(y.begin(), y.end(), std::numeric_limits<S>::quiet_NaN());
    return report(Text("predict: a workspace of ", workspace.size(), " values came, ", plan<Net>().workspace,
                       " wanted"));
  }
  detail::Execute<Net>::forward(One{}, store_.data(), x.data(), y.data(), workspace.data(), Run<S>{1});
}

template <class Net, class Storage, class S>
auto Model<Net, Storage, S>::predict_one(const S* x) const -> Output {
  Output y;
  detail::Workspace<S, plan<Net>().workspace, Storage::heap, detail::Purpose::steps> workspace;
  detail::Execute<Net>::forward(One{}, store_.data(), x, y.data(), workspace.data(), Run<S>{1});
  return y;
}

template <class Net, class Storage, class S>
auto Model<Net, Storage, S>::predict_converted(const Array& x) const -> Output {
  if (!is_one_sample(x.size())) return no_answer();
  if (const S* const values = x.as<S>()) return predict_one(values);
  detail::Workspace<S, static_cast<std::size_t>(input_size), Storage::heap, detail::Purpose::input> converted;
  copy_values(x, 0, x.size(), converted.data());
  return predict_one(converted.data());
}

template <class Net, class Storage, class S>
void Model<Net, Storage, S>::predict_all(const Array& x, std::span<S> y, auto states) const {
  constexpr std::size_t per_sample = detail::predict_workspace(plan<Net>()),
                        room = Storage::heap ? detail::heap_chunk_bytes : detail::stack_bytes,
                        chunk = detail::predict_chunk<S>(plan<Net>().lanes, per_sample, room, Storage::heap);
  detail::Workspace<S, chunk * per_sample, Storage::heap, detail::Purpose::chunk> workspace;
  detail::predict_in_chunks(detail::Execute<Net>{}, store_.data(), chunk, x,
                            std::span<const std::span<S>>(&y, 1), workspace.data(), states);
}

template <class Net, class Storage, class S>
void Model<Net, Storage, S>::initialize(std::uint64_t seed)
  requires(Storage::writable)
{
  initialize_parameters(plan<Net>().layers, seed, store_.data());
}

namespace detail {
template <class Net>
concept Broken = !Net::fits;
}  // namespace detail

/// Stands in for a model of a network that has an error: a model without layers, whose predictions may be of
/// any size.
template <detail::Broken Net, class Storage, class S>
class Model<Net, Storage, S> : public Model<typename Net::Instead, Storage, S> {
 public:
  using Network = Net;
  static constexpr int output_size = Net::output_size;
  using Output = detail::Anything<std::array<S, static_cast<std::size_t>(output_size)>>;

  explicit Model(auto&&...);
  Output predict(auto&&...) const;
  Output predict(const Array&) const;
  static constexpr Shape output_shape(std::size_t = 0) { return Net::output_shape; }
};

}  // namespace keratin
