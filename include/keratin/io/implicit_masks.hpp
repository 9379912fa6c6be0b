#pragma once
// The masks that Keras gives tensors by itself, to be told from those that a call was given.
#include <keratin/functional/tensor.hpp>

#include <map>

namespace keratin::io::detail {

using functional::Call, functional::Node, functional::Tensor;

// Operators have no weights and take no masks along; Keras has them in modules of their own. Null: a layer.
inline const char* operator_module(const Node& node) {
  const std::string_view type = node.type();
  if (type == "StopGradient") return "keras.src.ops.core";
  if (type == ThresholdSpec::name) return "keras.src.ops.nn";
  for (const char* known :
       {"TrueDivide", "Power", "GetItem", "Sum", "Mean", "Max", "Min", "Any", "NotEqual", "LogicalOr"})
    if (type == known) return "keras.src.ops.numpy";
  return nullptr;
}

class ImplicitMasks {
 public:
  /// The call that makes the mask of what a call makes; null: there is none.
  const Call* of(const Call& call) const {
    const auto known = known_.find(&call);
    if (known != known_.end()) return known->second;
    const Call* const mask = find(call);
    known_.emplace(&call, mask);
    return mask;
  }
  /// Whether a mask, or none, is the one that Keras gives what a call makes.
  bool agrees(const Call& call, const Call* mask) const {
    const Call* const keras = of(call);
    return keras && mask ? same(*keras, *mask) : !keras && !mask;
  }
  /// Whether a tensor that has a mask has another one.
  bool was_given(const Tensor& x) const { return x.mask() && !agrees(x.call(), &x.mask()->call()); }

 private:
  const Call* find(const Call& call) const {
    if (!call.layer) return nullptr;
    // States and scores have none.
    const int piece = call.layer->piece;
    if (piece > 0 && (call.shape.rank < 2 || piece >= call.inputs[0].call().node->outputs())) return nullptr;
    if (piece >= 0) return of(call.inputs[0].call());
    if (operator_module(*call.node)) return nullptr;
    if (call.node->makes_mask()) return call.mask.get();
    if (!call.node->passes_mask()) return nullptr;
    const std::size_t masks = static_cast<std::size_t>(call.node->extras().masks.count());
    if (call.node->states() > 0 || call.node->attends() || call.inputs.size() == 1 + masks)
      return of(call.inputs[0].call());
    const bool joins = call.mask && call.node->mask_axis(call.shape) < call.mask->shape.rank;
    for (std::size_t k = 0; k + masks < call.inputs.size(); ++k)
      if ((!call.inputs[k].mask() && !joins) || was_given(call.inputs[k])) return nullptr;
    return call.mask.get();
  }
  // Whether two masks are made in the same way of the same tensors.
  static bool same(const Call& one, const Call& other) {
    const Call &a = behind_stop(one), &b = behind_stop(other);
    if (&a == &b) return true;
    if (!a.layer || !b.layer || a.inputs.size() != b.inputs.size()) return false;
    for (std::size_t k = 0; k < a.inputs.size(); ++k)
      if (!same(a.inputs[k].call(), b.inputs[k].call())) return false;
    return alike<NotEqualSpec>(a, b) || alike<ReduceSpec<Reduction::any>>(a, b) || alike<LogicalOrSpec>(a, b);
  }
  template <class S> static bool alike(const Call& a, const Call& b) {
    const S* const one = functional::spec_of<S>(*a.node);
    const S* const other = functional::spec_of<S>(*b.node);
    return one && other && *one == *other;
  }
  static const Call& behind_stop(const Call& call) {
    const bool stop = call.layer && std::string_view(call.node->type()) == StopGradientSpec::name;
    return stop ? call.inputs[0].call() : call;
  }

  mutable std::map<const Call*, const Call*> known_;
};

}  // namespace keratin::io::detail
