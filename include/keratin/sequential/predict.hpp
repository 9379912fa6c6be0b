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
constexpr std::size_t predict_workspace(const auto& plan) {
  return plan.workspace + aligned(values_of(plan.inputs)) +
         (plan.lanes || plan.outputs.size() > 1 ? aligned(values_of(plan.outputs)) : 0);
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
void predict_in_chunks(const auto& executor, const S* block, std::size_t chunk, const Arrays& x,
                       std::span<const std::span<S>> y, S* workspace, auto states) {
  constexpr bool stateful = !std::is_null_pointer_v<decltype(states)>;
  const auto& plan = executor.plan;
  const auto refuse = [&](const Text& what) {
    for (const std::span<S> part : y)
      std::fill(part.begin(), part.end(), std::numeric_limits<S>::quiet_NaN());
    report(what);
  };
  if (x.size() != plan.inputs.size() || y.size() != plan.outputs.size())
    return refuse(Text("predict: ", x.size(), " inputs and ", y.size(), " outputs came, ", plan.inputs.size(),
                       " and ", plan.outputs.size(), " wanted"));
  const std::size_t n = x[0].size() / plan.inputs[0].size;
  if (x.size() == 1 && y.size() == 1)
    if (const std::size_t in = plan.inputs[0].size, out = plan.outputs[0].size;
        x[0].size() != n * in || y[0].size() != n * out)
      return refuse(Text("predict: ", x[0].size(), " input and ", y[0].size(), " output values came, n * ",
                         in, " and n * ", out, " wanted"));
  for (std::size_t k = 0; k < x.size(); ++k)
    if (x[k].size() != n * plan.inputs[k].size)
      return refuse(Text("predict: ", x[k].size(), " values for input ", k, " came, ", n, " * ",
                         plan.inputs[k].size, " wanted"));
  for (std::size_t k = 0; k < y.size(); ++k)
    if (y[k].size() != n * plan.outputs[k].size)
      return refuse(Text("predict: room for ", y[k].size(), " values of output ", k, " came, ", n, " * ",
                         plan.outputs[k].size, " wanted"));
  if constexpr (stateful)
    if (n != static_cast<std::size_t>(states->samples()))
      return refuse(
          Text("predict: ", n, " samples came, ", states->samples(), " wanted, as its States have"));
  // One input that needs no conversion, and one output, are used where they are.
  const S* const values = plan.inputs.size() == 1 ? x[0].template as<S>() : nullptr;
  const bool one_output = plan.outputs.size() == 1;
  S* const converted = workspace + chunk * plan.workspace;
  S* const results = converted + chunk * aligned(values_of(plan.inputs));
  const auto run = [&](int samples, [[maybe_unused]] std::size_t i) {
    Run<S> run{samples};
    if constexpr (stateful) run.states = states->data() + i * plan.state;
    return run;
  };
  const auto rows = [&](auto count, std::size_t i) {
    const auto samples = static_cast<std::size_t>(static_cast<int>(count));
    if (!values)
      for (std::size_t k = 0; k < x.size(); ++k) {
        const Port& port = plan.inputs[k];
        copy_values(x[k], i * port.size, samples * port.size, converted + samples * port.first);
      }
    executor.forward(count, block, values ? values + i * plan.inputs[0].size : converted,
                     one_output ? y[0].data() + i * plan.outputs[0].size : results, workspace,
                     run(static_cast<int>(samples), i));
    if (!one_output)
      for (std::size_t k = 0; k < y.size(); ++k) {
        const Port& port = plan.outputs[k];
        std::copy_n(results + samples * port.first, samples * port.size, y[k].data() + i * port.size);
      }
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
        const auto groups = static_cast<std::size_t>(units<T>(count));
        T* const x_lanes = reinterpret_cast<T*>(converted);
        T* const y_lanes = x_lanes + groups * values_of(plan.inputs);
        for (std::size_t k = 0; k < x.size(); ++k)
          load_samples(x[k], plan.inputs[k].size, {.first = i, .n = count},
                       x_lanes + groups * plan.inputs[k].first);
        executor.forward(units<T>(count), block, static_cast<const T*>(x_lanes), y_lanes,
                         reinterpret_cast<T*>(workspace), run(count, i));
        for (std::size_t k = 0; k < y.size(); ++k) {
          const Port& port = plan.outputs[k];
          kernels::lanes_to_rows(y_lanes + groups * port.first, port.size, count,
                                 y[k].data() + i * port.size);
        }
      }
    }
  });
}

}  // namespace keratin::detail
