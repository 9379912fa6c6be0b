#pragma once
// The plan: what a network does, in which buffers, and for how long each lives. A network is a list of layers
// in the order in which they run; each says which layers it reads. One algorithm plans static networks in the
// compiler and graphs at run time.
#include <keratin/core/parameters.hpp>
#include <keratin/core/rule.hpp>

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace keratin {

/// What a plan is made for.
struct Mode {
  bool training = false;
  std::uint32_t logits =
      0;  // bit k: leave out the k-th output's activation, the loss wants the logits behind it
  bool input_gradient = false;  // the gradients with respect to the network's inputs are wanted
  bool masks = false;           // the outputs' masks are wanted, as outputs behind them

  constexpr bool operator==(const Mode&) const = default;
};

/// What the planner may do with a layer. The defaults are always right; less is faster.
struct Traits {
  bool reads_input = true;           // backward needs x
  bool reads_output = true;          // backward needs y
  bool in_place = false;             // y may lie over x, and dx over dy
  bool view = false;                 // only renames the shape: no code, no buffer
  bool only_in_training = false;     // inference passes x on
  bool finishes = false;             // hands every parameter's gradient on itself, once a batch
  bool pointwise = false;            // works on every step of a sequence by itself
  bool lanes = false;                // wants Lanes: batches of the whole network then run over them
  bool writes_over_gradient = true;  // backward may leave something else in dy
  bool passes_gradient = false;      // what backward leaves in dy is the gradient of every input
  bool constant = false;             // nothing is differentiated through it
  bool knows_samples = false;        // asks which sample is which: random numbers, statistics of the batch
  bool by_sample = false;            // and no more: what a sample meets is the same in a part of the batch
  bool batch_statistics = false;     // all that it asks samples for; in training then works in place
};

/// One layer of a plan.
struct LayerPlan {
  const char* type = "";
  std::string_view name = "";  // as given by the user; empty: Keras's automatic name, see names.hpp
  std::string_view activation = "";
  Regularizer activity{};  // of what it makes
  PerInput<int> inputs{};  // the layers that it reads; -1 - k: the network's k-th input
  Shape in{}, out{};       // in: of the first input
  Tensors tensors{};
  Traits traits{};
  int head = 0;         // the first layer of its fused group: itself, or the one that does its work
  bool unused = false;  // nobody reads what it makes: it has its weights, and does nothing
  std::size_t intermediate =
      0;                 // T's per sample that forward works with and, in training, leaves for backward
  std::size_t kept = 0;  // of these, the last: what an activation's pass of its own started from
  double flops = 0;
  std::size_t state = 0,
              state_first =
                  0;  // T's per sample that it keeps from batch to batch; those of the layers before
};

/// A piece of workspace: `size` values per sample at `offset`, in use from time `first` to `last`. Forward
/// step s (from 1) happens at time s, the loss at steps + 1, backward of step s at 2 steps + 2 - s.
struct Buffer {
  std::size_t size = 0, offset = 0;
  int first = 0, last = 0;
  bool external = false;  // the caller's memory: an input, or in inference an output
};

/// An input or an output of the network. The caller's memory holds all inputs, or outputs, one after the
/// other.
struct Port {
  int value = 0;  // the layer that makes it; -1 - k: the network's k-th input
  Shape shape{};
  std::size_t size = 0, first = 0;  // values a sample; those of the ports before
  int buffer = 0, gradient = -1;    // the buffers of it and of its gradient, -1: nobody wants that
  bool kept = false;                // it must stay as it is until backward has run
  int mask = -1;                    // of an output: which output is its mask, -1 if none
};

/// Values a sample of several ports.
constexpr std::size_t values_of(const auto& ports) {
  return ports.size() == 0 ? 0 : ports[ports.size() - 1].first + ports[ports.size() - 1].size;
}

/// One piece of work: a fused group of layers, or an element-wise layer in place. Its numbers are those of
/// buffers.
struct Step {
  static constexpr int none = -1;
  // Behind a backward step: one gradient is added to another.
  struct Sum {
    int to = none, from = none;
  };

  int layer = 0;  // the head of the group
  PerInput<int> inputs{};
  int output = 0;
  int output_gradient = none;
  PerInput<int> input_gradients{};  // what backward writes for each input
  PerInput<Sum> sums{};             // where another reader's gradient is there already
  int intermediate = none;
};

/// A fixed-capacity list for plans made by the compiler, of so many layers and buffers.
template <int Layers, int Buffers> struct UpTo {
  template <class T> struct List {
    static constexpr int capacity = std::is_same_v<T, Port> ? 2  // an output and its mask
                                    : std::is_same_v<T, LayerPlan> || std::is_same_v<T, Step> ? Layers
                                                                                              : Buffers;
    int count = 0;
    std::array<T, capacity> items{};

    constexpr void push_back(const T& v) { items[static_cast<std::size_t>(count++)] = v; }
    constexpr std::size_t size() const { return static_cast<std::size_t>(count); }
    constexpr T& operator[](std::size_t i) { return items[i]; }
    constexpr const T& operator[](std::size_t i) const { return items[i]; }
    constexpr T* begin() { return items.data(); }
    constexpr T* end() { return items.data() + count; }
    constexpr const T* begin() const { return items.data(); }
    constexpr const T* end() const { return items.data() + count; }
  };
};

/// Where the buffers of a plan lie while it runs over `count` T's worth of samples.
template <class T> struct Memory {
  int count;
  const T* x;  // the caller's inputs, where they are external
  T* y;        // the caller's outputs, likewise
  T* workspace;

  constexpr T* operator()(const auto& plan, int buffer) const {
    if (buffer == Step::none) return nullptr;
    const Buffer& b = plan.buffers[static_cast<std::size_t>(buffer)];
    T* const base = !b.external ? workspace : buffer < plan.input_buffers() ? const_cast<T*>(x) : y;
    return base + b.offset * static_cast<std::size_t>(count);
  }
};

template <template <class> class List> struct BasicPlan {
  Mode mode{};
  List<LayerPlan> layers{};
  List<Step> steps{};
  List<Buffer> buffers{};
  List<Port> inputs{}, outputs{};
  List<Step::Sum> output_sums{};  // before a backward pass: gradients of outputs that are the same value
  bool lanes = false;             // batches run over Lanes
  std::size_t parameters = 0;     // number of parameters, and of those that are trained
  std::size_t trainable = 0;
  std::uint32_t tensors = 0;        // number of tensors
  std::size_t block = 0;            // length of the flat block that holds them
  std::size_t workspace = 0;        // values of workspace per sample
  std::size_t workspace_bytes = 0;  // the same in bytes of float
  double flops = 0;                 // of one sample, forward
  std::size_t state = 0;            // values per sample that stateful layers keep from batch to batch

  /// Adds a layer; its place in the parameter block follows from the layers before it. The plan refers to
  /// `p`.
  constexpr void add(LayerPlan layer, const Parameters& p) {
    layer.tensors = Tensors(p, block, tensors);
    tensors += static_cast<std::uint32_t>(p.count);
    block = layer.tensors.end;
    parameters += layer.tensors.values();
    trainable += layer.tensors.trainable_values();
    add_call(layer);
  }
  /// Adds a layer whose tensors are known: one without, or another call of a layer that was added.
  constexpr void add_call(LayerPlan layer) {
    lanes = lanes || layer.traits.lanes;
    flops += layer.flops;
    layer.state_first = state;
    state += layer.state;
    layers.push_back(layer);
  }

  constexpr void add_input(const Shape& shape) { add_port(inputs, -1 - input_buffers(), shape); }
  /// Adds an output: what a layer makes, or -1 - k, an input.
  constexpr void add_output(int value) {
    add_port(outputs, value,
             value < 0 ? inputs[static_cast<std::size_t>(-1 - value)].shape : layer(value).out);
  }

  /// Plans the steps of the layers that were added, between the inputs and the outputs.
  constexpr void plan_steps() {
    const int count = static_cast<int>(layers.size()), first = input_buffers();
    List<Value> list{};
    for (int i = 0; i < first + count; ++i) list.push_back({});
    Value* const values = &list[0] + first;  // values[-1 - k] is the k-th input
    const int work = trace(values);
    for (const Port& port : outputs) root(values, port).last_reader = work;  // the caller
    for (const Port& port : inputs)
      buffers.push_back(
          {.size = port.size, .offset = mode.training ? 0 : port.first, .external = !mode.training});
    for (int k = 0; k < first; ++k) values[-1 - k].buffer = k;
    for (int i = 0; i < count; ++i)
      if (values[i].step >= 0) plan_step(i, values);
    for (std::size_t k = 0; k < outputs.size(); ++k) {
      Port& port = outputs[k];
      const Value& value = root(values, port);
      port.buffer = value.buffer;
      port.kept = value.kept;
      for (std::size_t other = 0; other < k; ++other)
        if (outputs[other].buffer == port.buffer) port.kept = outputs[other].kept = true;
      Buffer& buffer = at(port.buffer);
      if (!mode.training && !buffer.external) {
        buffer.external = true;
        buffer.offset = port.first;
      }
    }
    if (mode.training) plan_backward(values);
    place_buffers();
  }
  constexpr int input_buffers() const { return static_cast<int>(inputs.size()); }

  constexpr const LayerPlan& layer_of(const Step& s) const {
    return layers[static_cast<std::size_t>(s.layer)];
  }

 private:
  static constexpr void add_port(List<Port>& ports, int value, const Shape& shape) {
    ports.push_back({.value = value,
                     .shape = shape,
                     .size = static_cast<std::size_t>(shape.elements()),
                     .first = values_of(ports)});
  }

  // What a layer makes, or an input, while steps are planned.
  struct Value {
    int root = -1;  // whose memory it is: its own, or that of a value that it only renames
    int step = -1;  // that makes it
    int buffer = 0;
    int last_reader = -1;         // the last step that reads it
    bool kept = false;            // a backward pass reads it
    bool differentiated = false;  // its gradient is wanted
    int gradient = Step::none;    // the gradient's buffer, from its first part on until it is used
  };

  constexpr Value& root(Value* values, const Port& port) const { return values[values[port.value].root]; }
  constexpr Buffer& at(int buffer) { return buffers[static_cast<std::size_t>(buffer)]; }
  constexpr const LayerPlan& layer(int i) const { return layers[static_cast<std::size_t>(i)]; }
  constexpr void extend(int buffer, int time) {
    if (at(buffer).last < time) at(buffer).last = time;
  }
  constexpr int new_buffer(std::size_t size, int time) {
    buffers.push_back({.size = size, .first = time, .last = time});
    return static_cast<int>(buffers.size()) - 1;
  }

  constexpr bool works(int i) const {
    return layer(i).head == i && !layer(i).traits.view && !layer(i).unused &&
           (mode.training || !layer(i).traits.only_in_training);
  }

  // The shape that a group makes is that of its last layer.
  constexpr std::size_t output_size(int head) const {
    int last = head;
    while (last + 1 < static_cast<int>(layers.size()) && layer(last + 1).head == head) ++last;
    return static_cast<std::size_t>(layer(last).out.elements());
  }

  // Who makes and who reads every value; the number of steps.
  constexpr int trace(Value* values) const {
    int step = 0;
    for (int k = 0; k < input_buffers(); ++k) values[-1 - k].root = -1 - k;
    for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
      const LayerPlan& l = layer(i);
      if (!works(i)) {
        values[i].root = values[l.head != i ? l.head : l.inputs[0]].root;
        continue;
      }
      values[i].root = i;
      values[i].step = step;
      values[i].kept = mode.training && l.traits.reads_output;
      for (const int from : l.inputs) {
        Value& read = values[values[from].root];
        read.last_reader = step;
        read.kept = read.kept || (mode.training && l.traits.reads_input);
      }
      ++step;
    }
    return step;
  }

  constexpr void plan_step(int i, Value* values) {
    const LayerPlan& l = layer(i);
    const int index = values[i].step, time = index + 1;
    const std::size_t size = output_size(i);
    Step step{.layer = i, .output = Step::none};
    for (const int from : l.inputs) {
      const Value& x = values[values[from].root];
      step.inputs.add(x.buffer);
      at(x.buffer).last = time;
      // In place, unless the input is the caller's, or somebody still reads it.
      if (l.traits.in_place && step.output == Step::none && !at(x.buffer).external && !x.kept &&
          x.last_reader == index && at(x.buffer).size == size)
        step.output = x.buffer;
    }
    if (step.output == Step::none) step.output = new_buffer(size, time);
    values[i].buffer = step.output;
    if (l.intermediate > 0) step.intermediate = new_buffer(l.intermediate, time);
    steps.push_back(step);
  }

  // A value's gradient is the sum of its readers' parts, the last reader's first. A buffer may be the
  // gradient of several values: `owners` counts them. Whoever is alone in it may write to it.
  constexpr void plan_backward(Value* values) {
    const int count = static_cast<int>(steps.size()), loss = count + 1;
    for (const Port& port : outputs) extend(port.buffer, loss);
    for (int k = 0; k < input_buffers(); ++k) values[-1 - k].differentiated = mode.input_gradient;
    for (int s = 0; s < count; ++s) {
      const LayerPlan& l = layer_of(steps[static_cast<std::size_t>(s)]);
      bool& wanted = values[steps[static_cast<std::size_t>(s)].layer].differentiated;
      wanted = l.tensors.trainable_values() > 0;
      for (const int from : l.inputs) wanted = wanted || values[values[from].root].differentiated;
      wanted = wanted && !l.traits.constant;
    }
    List<int> owners{};
    for (std::size_t b = 0; b < buffers.size(); ++b) owners.push_back(0);
    for (Port& port : outputs) {
      Value& value = root(values, port);
      if (!value.differentiated) continue;
      port.gradient = new_gradient(port.size, loss, owners);
      extend(port.gradient, loss + 1);
      if (value.gradient == Step::none)
        give(value, port.gradient, owners);
      else
        output_sums.push_back({value.gradient, port.gradient});
    }
    for (int s = count - 1; s >= 0; --s) {
      Step& step = steps[static_cast<std::size_t>(s)];
      const Traits& traits = layer_of(step).traits;
      const int time = loss + count - s;
      step.output_gradient = values[step.layer].gradient;
      if (step.output_gradient == Step::none) continue;
      extend(step.output_gradient, time);
      for (const int x : step.inputs)
        if (traits.reads_input) extend(x, time);
      if (traits.reads_output) extend(step.output, time);
      if (step.intermediate != Step::none) extend(step.intermediate, time);
      give(values[step.layer], Step::none, owners);
      plan_input_gradients(step, time, values, owners);
    }
    for (Port& port : inputs) {
      port.gradient = values[port.value].gradient;
      if (port.gradient != Step::none) extend(port.gradient, loss + count + 1);
    }
  }

  constexpr int new_gradient(std::size_t size, int time, List<int>& owners) {
    owners.push_back(0);
    return new_buffer(size, time);
  }
  static constexpr void give(Value& v, int gradient, List<int>& owners) {
    if (v.gradient != Step::none) --owners[static_cast<std::size_t>(v.gradient)];
    if (gradient != Step::none) ++owners[static_cast<std::size_t>(gradient)];
    v.gradient = gradient;
  }

  constexpr void plan_input_gradients(Step& step, int time, Value* values, List<int>& owners) {
    const LayerPlan& l = layer_of(step);
    const int dy = step.output_gradient;
    const auto alone = [&](int gradient, int among) {
      return owners[static_cast<std::size_t>(gradient)] == among;
    };
    bool changed = false;  // dy, by a sum of this step
    for (const int from : l.inputs) {
      Value& x = values[values[from].root];
      const int there = x.gradient;  // another reader's part
      int dx = Step::none;
      Step::Sum sum{};
      if (x.differentiated) {
        if (l.traits.passes_gradient)
          dx = !changed && (there == Step::none ? may_share(dy, x, values) : alone(there, 1)) ? dy
                                                                                              : Step::none;
        else if (l.traits.in_place && l.inputs.count == 1 && alone(dy, 0) && at(dy).size == at(x.buffer).size)
          dx = dy;
        if (dx == Step::none) dx = new_gradient(at(x.buffer).size, time, owners);
        if (there == Step::none) {
          give(x, dx, owners);
        } else {
          sum = alone(there, 1) ? Step::Sum{there, dx} : Step::Sum{dx, there};
          changed = changed || sum.to == dy;
          give(x, sum.to, owners);
        }
      }
      step.input_gradients.add(dx);
      step.sums.add(sum);
    }
  }

  // Whether dy may also be the gradient of x: of all whose gradient it is, only the one that uses it last may
  // write to it.
  constexpr bool may_share(int dy, const Value& x, const Value* values) const {
    for (int i = -input_buffers(); i < static_cast<int>(layers.size()); ++i) {
      const Value& other = values[i];
      if (other.gradient != dy) continue;
      const int sooner = other.step > x.step ? other.step : x.step;
      if (sooner < 0) continue;  // two inputs
      if (layer_of(steps[static_cast<std::size_t>(sooner)]).traits.writes_over_gradient) return false;
    }
    return true;
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
