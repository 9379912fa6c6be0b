#pragma once
// A static model as one layer of a graph: it runs the code that the compiler made and fused for the whole
// network.
#include <keratin/core/parts.hpp>
#include <keratin/functional/model.hpp>
#include <keratin/sequential/model.hpp>

namespace keratin::functional {

inline constexpr Rule needs_the_input_of_its_network{"needs the input of its network"};

namespace detail {

/// The same layers as a static network's, called one after the other.
template <class Net> Model functional_of() {
  const Tensor x = Input(Net::input_shape);
  Tensor y = x;
  hana::for_each(Net::layers, [&](auto type) { y = typename decltype(type)::type{}(y); });
  return Model({x}, std::vector{y}, Zeroed{});
}

/// A network's parameters one after the other, as they lie in its block. Their names are Keras's paths:
/// "dense/kernel".
template <class Net> const Parameters& parameters_of_network() {
  struct All {
    std::vector<std::string> names;
    std::vector<Parameter> list;
    Parameters parameters;

    All() {
      const auto& layers = keratin::plan<Net>().layers;
      const std::vector<std::string> of_layer = layer_names(layers);
      for (std::size_t i = 0; i < layers.size(); ++i)
        for (const Parameter& p : *layers[i].tensors.parameters) {
          names.push_back(of_layer[i] + "/" + p.name);
          list.push_back(p);
        }
      for (std::size_t i = 0; i < list.size(); ++i) list[i].name = names[i].c_str();
      parameters = Parameters(list.data(), static_cast<int>(list.size()));
    }
  };
  static const All all;
  return all.parameters;
}

/// Hands the gradients of a network on to the graph that it is a part of.
class Shifted final : public GradientSink<float> {
 public:
  Shifted(GradientSink<float>& sink, std::size_t start) : sink_(sink), start_(start) {}
  void take_rows(std::size_t offset, std::ptrdiff_t stride, int rows, int n, const float* g,
                 std::ptrdiff_t apart, const Regularizer& penalty) override {
    sink_.take_rows(start_ + offset, stride, rows, n, g, apart, penalty);
  }

 private:
  GradientSink<float>& sink_;
  std::size_t start_;
};

/// Logits: without the activation of the network's output.
template <class Net, bool Logits = false> class NetworkNode final : public Node {
  static constexpr std::uint32_t logits = Logits ? 1 : 0;
  // Planned for the gradient of its input; where nobody wants it, backward leaves that part out.
  static constexpr Mode inference{.logits = logits}, learning{.training = true, .logits = logits},
      training{.training = true, .logits = logits, .input_gradient = true};
  using Inference = keratin::detail::Execute<Net, inference>;
  using Training = keratin::detail::Execute<Net, training>;
  // Training's workspace lives until backward has run. It is the larger one: so forward knows which it has.
  static constexpr std::size_t inference_memory = Inference::plan.workspace,
                               training_memory =
                                   std::max(Training::plan.workspace, inference_memory + aligned(1));

 public:
  const char* type() const override { return "Sequential"; }
  Fit fit(const Shapes& in) const override {
    if (in[0] != Net::input_shape) return {needs_the_input_of_its_network, Net::input_shape};
    return Net::output_shape;
  }
  LayerPlan plan(const Shapes& in, int index, Mode mode) const override {
    return {.type = type(),
            .activation = activation() == Linear{} ? "" : activation().name(),
            .inputs = index - 1,
            .in = in[0],
            .out = Net::output_shape,
            .traits = {.reads_input = false,
                       .reads_output = false,
                       .lanes = Inference::plan.lanes,
                       .writes_over_gradient = false,
                       .knows_samples = true,
                       .by_sample = goes_in_parts(Training::plan)},
            .head = index,
            .intermediate = mode.training ? training_memory : inference_memory,
            .flops = Inference::plan.flops,
            .state = Inference::plan.state};
  }
  Parameters parameters(const Shapes&) const override { return parameters_of_network<Net>(); }
  ActivationFunction activation() const override {
    return Logits ? ActivationFunction{} : keratin::Model<Net>::output_activation();
  }
  std::size_t scratch(const Shapes&, int count, bool lanes) const override {
    return lanes ? Training::template scratch<Lanes>(count) : Training::template scratch<float>(count);
  }
  void forward(const Place&, const Forward<float>& c) const override { run(c); }
  void forward(const Place&, const Forward<float, One>& c) const override { infer(c); }
  void forward(const Place&, const Forward<Lanes>& c) const override { run(c); }
  void backward(const Place&, const Backward<float>& c, GradientSink<float>& sink) const override {
    go_back(c, sink);
  }
  void backward(const Place&, const Backward<Lanes>& c, GradientSink<float>& sink) const override {
    go_back(c, sink);
  }
  std::shared_ptr<const Node> fused_with(const Node&, int, bool) const override { return nullptr; }
  std::shared_ptr<const Node> without_activation() const override {
    if constexpr (keratin::Model<Net>::output_activation() == Linear{})
      return std::make_shared<NetworkNode>();
    else
      return std::make_shared<NetworkNode<Net, true>>();
  }
  std::shared_ptr<Model> network() const override { return std::make_shared<Model>(functional_of<Net>()); }

 private:
  // Inside, as on its own: its block and its states begin at 0. Its layers draw random numbers that no other
  // layer of the graph draws.
  static Run<float> inside(Run<float> run, std::size_t start, float* states) {
    if (run.training) run.training += start;
    run.random.purpose += (run.random.layer + 1) << 8;
    run.states = states;
    return run;
  }
  template <class T, class Count> static void infer(const Forward<T, Count>& c) {
    const std::size_t start = c.layer->tensors.start;
    Inference::forward(c.count, c.block + start, c.x, c.y, c.intermediate,
                       inside(c.run, start, scalars(c.state)));
  }
  template <class T> static void run(const Forward<T>& c) {
    if (c.layer->intermediate != training_memory) return infer(c);
    const std::size_t start = c.layer->tensors.start;
    const Memory<T> memory{c.count, nullptr, nullptr, c.intermediate};
    const Port &in = Training::plan.inputs[0], &out = Training::plan.outputs[0];
    copy(c.x, in, c.count, memory(Training::plan, 0));
    Training::forward(c.count, c.block + start, c.x, c.y, c.intermediate,
                      inside(c.run, start, scalars(c.state)));
    copy(memory(Training::plan, out.buffer), out, c.count, c.y);
  }
  template <class T> static void go_back(const Backward<T>& c, GradientSink<float>& sink) {
    const std::size_t start = c.tensors->start;
    T* const workspace = const_cast<T*>(c.intermediate);  // gradients have their places in it
    const Memory<T> memory{c.count, nullptr, nullptr, workspace};
    const Port &in = Training::plan.inputs[0], &out = Training::plan.outputs[0];
    copy(static_cast<const T*>(c.dy), out, c.count, memory(Training::plan, out.gradient));
    Shifted shifted(sink, start);
    GradientSink<float>& to = shifted;  // the kernels of all graphs
    const auto backward = [&]<Mode Wanted>() {
      Training::template backward<T, Wanted>(c.count, c.block + start, workspace, c.scratch, c.gradient, to,
                                             inside(c.run, start, nullptr));
    };
    if (!c.dx) return backward.template operator()<learning>();
    backward.template operator()<training>();
    copy(static_cast<const T*>(memory(Training::plan, in.gradient)), in, c.count, c.dx);
  }
  template <class T> static void copy(const T* from, const Port& port, int count, T* to) {
    std::copy_n(from, static_cast<std::size_t>(count) * port.size, to);
  }
};

}  // namespace detail

/// A static model as a layer, to be called on tensors: one node that runs its fused code. It is one line of a
/// summary; its weights are those of the model, in its order, at paths like "sequential/dense/kernel", and
/// begin with the values that the model has now. Error: std::invalid_argument for another input than the
/// network's. Keras: a Sequential that is called.
template <class Net, class Storage>
Layer as_layer(const keratin::Model<Net, Storage>& model, std::string_view name = "") {
  auto layer = std::make_shared<SharedLayer>(std::make_shared<detail::NetworkNode<Net>>(), std::string(name));
  layer->values.assign(model.block().begin(), model.block().end());
  return Layer(std::move(layer));
}

/// The way back, for a model that was trained as a part of a graph: gives a static model the weights that
/// as_layer's layer of this name has there. Error: std::invalid_argument if there is no such layer, or one of
/// other weights.
template <class Net, class Storage>
void set_weights_from(keratin::Model<Net, Storage>& model, const Model& graph, std::string_view name) {
  const std::vector<std::string> names = layer_names(graph.layers());
  const auto at = static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  if (at == names.size())
    throw std::invalid_argument(
        Text("Model: there is no layer '", name, "', ", candidates(name, names).view()).c_str());
  const LayerPlan& layer = graph.layers()[at];
  const Parameters &came = *layer.tensors.parameters, &wanted = detail::parameters_of_network<Net>();
  if (!same_shapes(came, wanted))
    throw std::invalid_argument(
        Text("set_weights_from: ", layer.type, " '", name, "' has other weights than the static model")
            .c_str());
  std::copy(graph.block().data() + layer.tensors.start, graph.block().data() + layer.tensors.end,
            model.block().data());
}

}  // namespace keratin::functional
