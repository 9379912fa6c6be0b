#pragma once
// The plan: what a network does, in which buffers, and for how long each lives. One algorithm plans static
// networks in the compiler and graphs at run time.
#include <keratin/core/parameters.hpp>
#include <keratin/core/rule.hpp>

#include <array>
#include <cstdint>
#include <string_view>

namespace keratin {

/// What a plan is made for.
struct Mode {
  bool training = false;
  bool logits = false;          // leave out the output activation: the loss wants the logits behind it
  bool input_gradient = false;  // the gradient with respect to the network's input is wanted

  constexpr bool operator==(const Mode&) const = default;
};

/// What the planner may do with a layer. The defaults are always right; less is faster.
struct Traits {
  bool reads_input = true;        // backward needs x
  bool reads_output = true;       // backward needs y
  bool in_place = false;          // y may lie over x, and dx over dy
  bool view = false;              // only renames the shape: no code, no buffer
  bool only_in_training = false;  // inference passes x on
  bool finishes = false;          // hands every parameter's gradient on itself, once a batch
  bool pointwise = false;         // works on every step of a sequence by itself
  bool lanes = false;             // wants Lanes: batches of the whole network then run over them
};

/// One layer of a plan.
struct LayerPlan {
  const char* type = "";
  std::string_view name = "";  // as given by the user; empty: Keras's automatic name, see names.hpp
  std::string_view activation = "";
  Shape in{}, out{};
  Tensors tensors{};
  Traits traits{};
  int head = 0;  // the first layer of its fused group: itself, or the one that does its work
  std::size_t intermediate =
      0;  // T's per sample that forward works with and, in training, leaves for backward
  double flops = 0;
};

/// A piece of workspace: `size` values per sample at `offset`, in use from time `first` to `last`. Forward
/// step s (from 1) happens at time s, the loss at steps + 1, backward of step s at 2 steps + 2 - s.
struct Buffer {
  std::size_t size = 0, offset = 0;
  int first = 0, last = 0;
  bool external = false;  // the caller's memory: the input, and in inference the output
};

/// One piece of work: a fused group of layers, or an element-wise layer in place.
struct Step {
  static constexpr int none = -1;

  int layer = 0;  // the head of the group
  int input = 0, output = 0;
  int input_gradient = none, output_gradient = none;
  int intermediate = none;
};

/// A fixed-capacity list for plans made by the compiler.
template <int Capacity> struct UpTo {
  template <class T> struct List {
    int count = 0;
    std::array<T, Capacity> items{};

    constexpr void push_back(const T& v) { items[static_cast<std::size_t>(count++)] = v; }
    constexpr std::size_t size() const { return static_cast<std::size_t>(count); }
    constexpr T& operator[](std::size_t i) { return items[i]; }
    constexpr const T& operator[](std::size_t i) const { return items[i]; }
    constexpr const T* begin() const { return items.data(); }
    constexpr const T* end() const { return items.data() + count; }
  };
};

/// Where the buffers of a plan lie while it runs over `count` T's worth of samples.
template <class T> struct Memory {
  int count;
  const T* x;  // the caller's input, where it is external
  T* y;        // the caller's output, likewise
  T* workspace;

  constexpr T* operator()(const auto& plan, int buffer) const {
    if (buffer == Step::none) return nullptr;
    const Buffer& b = plan.buffers[static_cast<std::size_t>(buffer)];
    if (b.external) return buffer == 0 ? const_cast<T*>(x) : y;
    return workspace + b.offset * static_cast<std::size_t>(count);
  }
};

template <template <class> class List> struct BasicPlan {
  Mode mode{};
  List<LayerPlan> layers{};
  List<Step> steps{};
  List<Buffer> buffers{};
  int output = 0;              // the buffer of the network's output
  bool lanes = false;          // batches run over Lanes
  std::size_t parameters = 0;  // number of parameters, and of those that are trained
  std::size_t trainable = 0;
  std::size_t block = 0;            // length of the flat block that holds them
  std::size_t workspace = 0;        // values of workspace per sample
  std::size_t workspace_bytes = 0;  // the same in bytes of float
  double flops = 0;                 // of one sample, forward

  /// Adds a layer; its place in the parameter block follows from the layers before it. The plan refers to
  /// `p`.
  constexpr void add(LayerPlan layer, const Parameters& p) {
    layer.tensors = Tensors(p, block);
    block = layer.tensors.end;
    parameters += layer.tensors.values();
    trainable += layer.tensors.trainable_values();
    lanes = lanes || layer.traits.lanes;
    flops += layer.flops;
    layers.push_back(layer);
  }

  constexpr void plan_steps(std::size_t input_size) {
    buffers.push_back({.size = input_size, .external = !mode.training});
    int current = 0;
    for (int i = 0; i < static_cast<int>(layers.size()); ++i)
      if (works(i)) current = plan_step(i, current);
    output = current;
    if (mode.training)
      plan_backward();
    else if (output != 0)
      at(output).external = true;
    place_buffers();
  }

  constexpr const LayerPlan& layer_of(const Step& s) const {
    return layers[static_cast<std::size_t>(s.layer)];
  }

 private:
  constexpr Buffer& at(int buffer) { return buffers[static_cast<std::size_t>(buffer)]; }
  constexpr const LayerPlan& layer(int i) const { return layers[static_cast<std::size_t>(i)]; }

  constexpr bool works(int i) const {
    return layer(i).head == i && !layer(i).traits.view &&
           (mode.training || !layer(i).traits.only_in_training);
  }

  // The shape that a group makes is that of its last layer.
  constexpr std::size_t output_size(int head) const {
    int last = head;
    while (last + 1 < static_cast<int>(layers.size()) && layer(last + 1).head == head) ++last;
    return static_cast<std::size_t>(layer(last).out.elements());
  }

  constexpr int plan_step(int i, int input) {
    const int time = static_cast<int>(steps.size()) + 1;
    const Traits& traits = layer(i).traits;
    at(input).last = time;
    // In place, unless the input is the caller's or a backward pass still needs it.
    const bool producer_needs_it =
        mode.training && time > 1 && layer_of(steps[steps.size() - 1]).traits.reads_output;
    const bool in_place = traits.in_place && !at(input).external && !producer_needs_it &&
                          !(mode.training && traits.reads_input);
    int out = input;
    if (!in_place) {
      out = static_cast<int>(buffers.size());
      buffers.push_back({.size = output_size(i), .first = time, .last = time});
    }
    steps.push_back({.layer = i, .input = input, .output = out});
    if (layer(i).intermediate > 0) {
      steps[steps.size() - 1].intermediate = static_cast<int>(buffers.size());
      buffers.push_back({.size = layer(i).intermediate, .first = time, .last = time});
    }
    return out;
  }

  constexpr void plan_backward() {
    const int count = static_cast<int>(steps.size()), loss = count + 1;
    const auto extend = [&](int buffer, int time) {
      if (at(buffer).last < time) at(buffer).last = time;
    };
    extend(output, loss);
    int first = 0;  // the first step that learns: gradients go no further back
    while (!mode.input_gradient && first < count &&
           layer_of(steps[static_cast<std::size_t>(first)]).tensors.trainable_values() == 0)
      ++first;
    if (first == count) return;
    int gradient = static_cast<int>(buffers.size());
    buffers.push_back({.size = at(output).size, .first = loss, .last = loss + 1});
    for (int s = count - 1; s >= first; --s) {
      Step& step = steps[static_cast<std::size_t>(s)];
      const Traits& traits = layer_of(step).traits;
      const int time = loss + count - s;
      step.output_gradient = gradient;
      extend(gradient, time);
      if (traits.reads_input) extend(step.input, time);
      if (traits.reads_output) extend(step.output, time);
      if (step.intermediate != Step::none) extend(step.intermediate, time);
      if (s == first && !mode.input_gradient) break;
      if (!traits.in_place) {
        gradient = static_cast<int>(buffers.size());
        buffers.push_back({.size = at(step.input).size, .first = time, .last = time});
      }
      step.input_gradient = gradient;
    }
    if (mode.input_gradient) extend(gradient, loss + count + 1);
  }

  // In the order in which they come to life, each at the lowest place that is free as long as it lives. The
  // buffers in use are kept by place: this is linear for a chain's inference and quadratic for its training,
  // which the compiler has to afford.
  constexpr void place_buffers() {
    List<int> in_use_list{};
    for (std::size_t b = 0; b < buffers.size(); ++b) in_use_list.push_back(0);
    int* const in_use = &in_use_list[0];  // raw, for clang counts every call against its limit
    Buffer* const all = &buffers[0];
    int count = 0;
    for (int b = 0; b < static_cast<int>(buffers.size()); ++b) {
      Buffer& buffer = all[b];
      if (buffer.external) continue;
      const std::size_t size = aligned(buffer.size);
      std::size_t place = 0;
      int index = -1, kept = 0;
      for (int i = 0; i < count; ++i) {
        const Buffer& other = all[in_use[i]];
        if (other.last < buffer.first) continue;
        if (index < 0) {
          if (place + size <= other.offset)
            index = kept;
          else
            place = other.offset + aligned(other.size);
        }
        in_use[kept++] = in_use[i];
      }
      if (index < 0) index = kept;
      for (int i = kept; i > index; --i) in_use[i] = in_use[i - 1];
      in_use[index] = b;
      count = kept + 1;
      buffer.offset = place;
      if (workspace < place + size) workspace = place + size;
    }
    workspace_bytes = workspace * sizeof(float);
  }
};

}  // namespace keratin
