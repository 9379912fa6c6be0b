#pragma once
// A model's weights without the block's padding, in Keras's order: what files hold.
#include <keratin/core/array.hpp>
#include <keratin/core/plan.hpp>
#include <keratin/core/text.hpp>

#include <span>

namespace keratin {

/// f(offset in the block, number of values) for every tensor of a plan's layers.
template <class F> void for_each_tensor(const auto& layers, F f) {
  for (const LayerPlan& layer : layers)
    for (int i = 0; i < layer.tensors.count(); ++i)
      f(layer.tensors.offset(i), static_cast<std::size_t>(layer.tensors[i].shape.elements()));
}
inline std::size_t count_weights(const auto& layers) {
  std::size_t n = 0;
  for_each_tensor(layers, [&](std::size_t, std::size_t values) { n += values; });
  return n;
}

/// Copies the block's weights out. Error: there is not room for exactly as many.
template <class S> void copy_weights_out(const auto& layers, const S* block, std::span<S> values) {
  const std::size_t wanted = count_weights(layers);
  if (values.size() != wanted)
    return report(Text("get_weights: room for ", values.size(), " values came, ", wanted, " wanted"));
  S* to = values.data();
  for_each_tensor(layers,
                  [&](std::size_t offset, std::size_t n) { to = std::copy_n(block + offset, n, to); });
}
/// Copies weights into the block. Error: they are not exactly as many.
template <class S> void copy_weights_in(const auto& layers, const Array& values, S* block) {
  const std::size_t wanted = count_weights(layers);
  if (values.size() != wanted)
    return report(Text("set_weights: ", values.size(), " values came, ", wanted, " wanted"));
  std::size_t first = 0;
  for_each_tensor(layers, [&](std::size_t offset, std::size_t n) {
    copy_values(values, first, n, block + offset);
    first += n;
  });
}

}  // namespace keratin
