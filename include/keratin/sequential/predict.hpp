#pragma once
#include <keratin/core/array.hpp>
#include <keratin/core/fixed.hpp>
#include <keratin/core/text.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/sequential/states.hpp>

#include <algorithm>
#include <limits>
#include <span>

namespace keratin::detail {

/// f.template operator()<T>() with the T that batches of a planned network run over.
template <class S, class Executor> constexpr void with_unit(const Executor& executor, auto f) {
  if constexpr (!std::is_same_v<S, float>) {
    f.template operator()<S>();
  } else if constexpr (requires { typename std::bool_constant<Executor::plan.lanes>; }) {
    f.template operator()<std::conditional_t<Executor::plan.lanes, Lanes, float>>();
  } else if (executor.plan.lanes) {
    f.template operator()<Lanes>();
  } else {
    f.template operator()<float>();
  }
}

/// How many T's hold n samples.
template <class T> constexpr int units(int n) { return (n + Unit<T>::samples - 1) / Unit<T>::samples; }

/// Values of workspace a sample that predict_in_chunks needs.
constexpr std::size_t predict_workspace(const auto& plan, std::size_t in, std::size_t out) {
  return plan.workspace + aligned(in) + (plan.lanes ? aligned(out) : 0);
}

/// How many samples to predict at a time: as many as `room` bytes hold of `per_sample` values each, in whole
/// groups of lanes or register tiles. Where that is none, a group on the heap, or otherwise one.
template <class S>
constexpr std::size_t predict_chunk(bool over_lanes, std::size_t per_sample, std::size_t room, bool heap) {
  const std::size_t unit = over_lanes ? lanes<float> : 12,
                    fitting = std::min<std::size_t>(room / (per_sample * sizeof(S)), 128) / unit * unit;
  return fitting > 0 ? fitting : over_lanes && heap ? unit : 1;
}
inline constexpr std::size_t heap_chunk_bytes = 512 << 10;  // what the second-level cache has room for

/// Predicts any number of samples, `chunk` at a time, with a workspace of chunk * predict_workspace values. A
/// chunk is 1, or else whole lane groups where the plan wants Lanes. `states`: a pointer to States, or
/// nullptr. Error: the sizes do not match.
template <class S>
void predict_in_chunks(const auto& executor, const S* block, std::size_t in, std::size_t out,
                       std::size_t chunk, const Array& x, std::span<S> y, S* workspace, auto states) {
  constexpr bool stateful = !std::is_null_pointer_v<decltype(states)>;
  const std::size_t n = x.size() / in;
  const auto refuse = [&](const Text& what) {
    std::fill(y.begin(), y.end(), std::numeric_limits<S>::quiet_NaN());
    report(what);
  };
  if (x.size() % in != 0 || y.size() != n * out)
    return refuse(Text("predict: ", x.size(), " input and ", y.size(), " output values came, n * ", in,
                       " and n * ", out, " wanted"));
  if constexpr (stateful)
    if (n != static_cast<std::size_t>(states->samples()))
      return refuse(
          Text("predict: ", n, " samples came, ", states->samples(), " wanted, as its States have"));
  const S* const values = x.as<S>();
  S* const converted = workspace + chunk * executor.plan.workspace;
  const auto run = [&](int samples, [[maybe_unused]] std::size_t i) {
    Run<S> run{samples};
    if constexpr (stateful) run.states = states->data() + i * executor.plan.state;
    return run;
  };
  const auto rows = [&](auto count, std::size_t i) {
    const auto samples = static_cast<int>(count);
    if (!values) copy_values(x, i * in, static_cast<std::size_t>(samples) * in, converted);
    executor.forward(count, block, values ? values + i * in : converted, y.data() + i * out, workspace,
                     run(samples, i));
  };
  if constexpr (stateful) {
    if (chunk == 1) {
      for (std::size_t i = 0; i < n; ++i) rows(1, i);
      return;
    }
  } else if (n == 1 || chunk == 1) {  // the latency path
    for (std::size_t i = 0; i < n; ++i) rows(One{}, i);
    return;
  }
  with_unit<S>(executor, [&]<class T>() {
    for (std::size_t i = 0; i < n; i += chunk) {
      const int count = static_cast<int>(std::min(chunk, n - i));
      if constexpr (Unit<T>::samples == 1) {
        rows(count, i);
      } else {
        T* const x_lanes = reinterpret_cast<T*>(converted);
        T* const y_lanes = x_lanes + static_cast<std::size_t>(units<T>(count)) * in;
        load_samples(x, in, {.first = i, .n = count}, x_lanes);
        executor.forward(units<T>(count), block, static_cast<const T*>(x_lanes), y_lanes,
                         reinterpret_cast<T*>(workspace), run(count, i));
        kernels::lanes_to_rows(y_lanes, out, count, y.data() + i * out);
      }
    }
  });
}

}  // namespace keratin::detail
