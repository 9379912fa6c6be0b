#pragma once
// Graph: all that lies between a model's inputs and its outputs, in the order in which it runs, and once more
// in Keras's order, that of weights and of the lines of a summary.
#include <keratin/core/array.hpp>
#include <keratin/functional/tensor.hpp>

#include <array>
#include <unordered_map>

namespace keratin::functional {

/// The extents of the first axes of a model's inputs.
using Lengths = std::array<int, Arrays::most>;

class Graph {
 public:
  /// A call of a layer. What feeds it stands before it, a chain without a gap.
  struct Entry {
    std::shared_ptr<const Node> node;
    std::shared_ptr<SharedLayer> layer;
    std::shared_ptr<const Parameters> parameters;  // the layer's, or those where none is trained
    std::shared_ptr<const Call> call;              // null where a model put the layer in
    Shapes in{};
    Shape out{};
    PerInput<int> inputs{};  // the entries that it reads; -1 - k: the model's k-th input
    int owner = 0;           // the first entry that calls this layer
    std::shared_ptr<const std::string> other_name{};  // its layer came with a model, and its name is taken
    int readers = 0;                                  // calls and outputs
  };

  std::vector<std::shared_ptr<const Call>> inputs;
  std::vector<Entry> entries;
  std::vector<int> outputs;  // entries, or inputs as above
  static constexpr int no_mask = INT32_MIN;
  std::vector<int> masks;   // of the outputs: entries, or inputs as above, or no_mask
  int needed = 0;           // entries that the outputs need; those behind them only make masks
  std::vector<int> layers;  // every layer once, as the entry of its first call, or an input; in Keras's order

  /// An input may be what a layer makes: what leads there is not in the graph, whose calls still read it; see
  /// Model, which calls them again. Error: std::invalid_argument that says what does not belong together.
  Graph(const std::vector<Tensor>& from, const std::vector<Tensor>& to) {
    if (from.empty() || to.empty() || from.size() > Arrays::most || to.size() > Arrays::most)
      refuse(from.size(), " inputs and ", to.size(), " outputs came, from 1 to ", Arrays::most,
             " of each wanted");
    for (const Tensor& t : from) add_input(t.call_);
    for (const Tensor& t : to) visit(t);
    needed = static_cast<int>(entries.size());
    for (const Tensor& t : to)
      if (t.mask_) visit(Tensor(t.mask_));
    for (const Tensor& t : to) {
      outputs.push_back(place_.at(t.call_.get()));
      masks.push_back(t.mask_ ? place_.at(t.mask_.get()) : no_mask);
    }
    count_readers();
    layers = keras_order([](const Entry&, int) { return 0; });
    name_layers();
    place_.clear();
    owners_.clear();
    for (const int i : layers)
      if (i >= 0 && entry(i).call->beginning && entry(i).call->beginning->frozen) set_trainable(i, false);
  }

  /// Whether an input has an open axis, and the lengths that such inputs have here.
  bool is_open() const {
    return std::any_of(inputs.begin(), inputs.end(), [](const auto& call) { return call->open; });
  }
  Lengths lengths() const {
    Lengths lengths{};
    for (std::size_t k = 0; k < inputs.size(); ++k) lengths[k] = inputs[k]->shape[0];
    return lengths;
  }
  /// The lengths of data: an array with rows, see Array::rows_of, has a sample a row; one without has samples
  /// as long as here, or where `one` is true a single one. Error: a row is not so many whole steps.
  Lengths lengths_of(const Arrays& x, bool one) const {
    Lengths lengths = this->lengths();
    for (std::size_t k = 0; k < inputs.size() && k < x.size(); ++k) {
      if (!inputs[k]->open) continue;
      const std::size_t step = static_cast<std::size_t>(inputs[k]->shape.size() / lengths[k]),
                        row = x[k].row_length() > 0 ? x[k].row_length()
                              : one                 ? x[k].size()
                                                    : 0;
      if (row > 0 && (row % step != 0 || row / step > INT32_MAX / step || x[k].size() % row != 0))
        report(Text("a sample of ", row, " values came, of ", x[k].size(), "; a multiple of ", step,
                    " wanted, for the input ", inputs[k]->shape));
      else if (row > 0)
        lengths[k] = static_cast<int>(row / step);
    }
    return lengths;
  }
  /// The same graph for inputs of other lengths. Error: std::invalid_argument where a layer does not fit
  /// them.
  Graph of_lengths(const Lengths& lengths) const {
    Graph graph = *this;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      Shape shape = inputs[k]->shape;
      shape.extent[0] = lengths[k];
      if (shape != inputs[k]->shape)
        graph.inputs[k] =
            std::make_shared<Call>(inputs[k]->name, shape, true, inputs[k]->prepared, inputs[k]->batch_size);
    }
    for (Entry& e : graph.entries) {
      Shapes in;
      for (const int from : e.inputs) in.add(graph.shape(from));
      e.in = in;
      Fit fit = e.node->fit(in);
      if (!fit.broken) fit = accepted(fit.out);
      if (!fit.broken && !same_shapes(e.node->parameters(in), *e.parameters))
        fit = has_weights_of_another_shape;
      if (fit.broken)
        throw std::invalid_argument(refusal(e.call ? e.call->index : 0, *e.layer, in, fit).c_str());
      e.out = fit.out;
    }
    return graph;
  }

  /// Every layer once, as its first call, and the inputs: those farthest from an output first; all calls of a
  /// layer count, and what feeds one is farther than every call met so far. Where that is equal, those first
  /// that were met first on the way back from the outputs. more(entry, k): by how many steps the way from its
  /// k-th input is longer than one.
  std::vector<int> keras_order(auto more) const {
    std::vector<int> of_call(entries.size() + inputs.size()), depth(of_call.size());  // depth: of a layer
    for (std::size_t i = static_cast<std::size_t>(needed); i-- > 0;) {
      const Entry& e = entries[i];
      int& here = depth[slot(e.owner)];
      here = std::max(here, of_call[slot(static_cast<int>(i))]);
      for (int k = 0; k < e.inputs.count; ++k) {
        int& before = of_call[slot(e.inputs[k])];
        before = std::max(before, here + (e.layer->piece < 0) + more(e, k));
      }
    }
    std::vector<int> order;
    for (int k = 0; k < static_cast<int>(inputs.size()); ++k) depth[slot(-1 - k)] = of_call[slot(-1 - k)];
    for (int k = 0; k < static_cast<int>(inputs.size()); ++k) order.push_back(-1 - k);
    for (int i = 0; i < static_cast<int>(entries.size()); ++i)
      if (entry(i).owner == i && entry(i).layer->piece < 0 && (i < needed || entry(i).parameters->count > 0))
        order.push_back(i);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      return depth[slot(a)] != depth[slot(b)] ? depth[slot(a)] > depth[slot(b)] : met(a) < met(b);
    });
    return order;
  }

  /// Lets the layers be trained that are called in these entries and their like, or not.
  void set_trainable(int owner, bool trainable) {
    for (Entry& e : entries) {
      if (e.owner != owner) continue;
      e.parameters = e.layer->parameters;
      if (trainable) continue;
      struct Frozen {
        std::vector<Parameter> list;
        Parameters parameters;
      };
      const auto frozen = std::make_shared<Frozen>();
      for (Parameter p : *e.parameters) {
        p.trainable = false;
        frozen->list.push_back(p);
      }
      frozen->parameters = Parameters(frozen->list.data(), e.parameters->count);
      e.parameters = {frozen, &frozen->parameters};
    }
  }
  /// Whether the layer has weights of which none is trained, though it would have some: it runs as in
  /// inference.
  bool is_frozen(const Entry& e) const { return e.parameters != e.layer->parameters; }

  /// What a call makes, or an input.
  Tensor tensor(int i) const {
    Tensor made(i < 0 ? inputs[static_cast<std::size_t>(-1 - i)] : entry(i).call);
    made.mask_ = made.call_->mask;
    return made;
  }
  /// Where the layer of a call, or an input, stands in `layers`.
  std::size_t layer_index(int i) const {
    const int made = made_by(i), layer = made < 0 ? made : entry(made).owner;
    return static_cast<std::size_t>(std::find(layers.begin(), layers.end(), layer) - layers.begin());
  }
  const Entry& entry(int i) const { return entries[static_cast<std::size_t>(i)]; }
  const Shape& shape(int i) const { return i < 0 ? input(i).shape : entry(i).out; }
  /// Of an input or of the layer that is called.
  const std::string& name(int i) const {
    if (i < 0) return input(i).name;
    const Entry& first = entry(entry(i).owner);
    return first.other_name ? *first.other_name : first.layer->name;
  }
  /// The call of which one only takes a piece.
  int made_by(int i) const { return i >= 0 && entry(i).layer->piece >= 0 ? made_by(entry(i).inputs[0]) : i; }
  /// The first tensor of a call that makes several, otherwise the call.
  int first_piece(int i) const {
    for (int k = i + 1; k < static_cast<int>(entries.size()); ++k)
      if (entry(k).layer->piece == 0 && entry(k).inputs[0] == i) return k;
    return i;
  }
  /// Where a call stands, no_mask where it is not in the graph; and the call that makes an output's mask, or
  /// null.
  int place(const Call& call) const {
    for (std::size_t k = 0; k < inputs.size(); ++k)
      if (inputs[k].get() == &call) return -1 - static_cast<int>(k);
    for (std::size_t i = 0; i < entries.size(); ++i)
      if (entries[i].call.get() == &call) return static_cast<int>(i);
    return no_mask;
  }
  std::shared_ptr<const Call> output_mask(std::size_t k) const {
    return masks[k] == no_mask ? nullptr : tensor(masks[k]).call_;
  }
  /// Which of the tensors that a call made.
  int piece(int i) const { return i < 0 ? 0 : std::max(entry(i).layer->piece, 0); }
  /// How many calls of the same layer come before.
  int call_number(int i) const {
    int n = 0;
    for (int k = i < 0 ? 0 : entry(i).owner; k < i; ++k) n += entry(k).owner == entry(i).owner;
    return n;
  }
  /// Whether each call reads what the one before it made, and nothing else.
  bool is_chain() const {
    bool chain = inputs.size() == 1 && outputs.size() == 1;
    for (int i = 0; i < static_cast<int>(entries.size()); ++i)
      chain = chain && entry(i).inputs.count == 1 && entry(i).inputs[0] == i - 1 && entry(i).owner == i;
    return chain;
  }
  /// Whether a call reads the one before it alone, and nobody else reads that: then they may be fused.
  bool follows(int i) const {
    return i > 0 && entry(i).inputs.count == 1 && entry(i).inputs[0] == i - 1 && entry(i - 1).readers == 1;
  }

  /// The call whose activation a loss on logits of the k-th output takes over: the last one that does more
  /// than rename the shape and leaves the last axis as it is. Negative if there is none.
  int output_layer(std::size_t k) const {
    int at = outputs[k];
    const auto idle = [&](const Entry& e) {
      return e.node->plan(e.in, 0, {}).traits.view && e.in[0].last() == e.out.last();
    };
    while (at >= 0 && idle(entry(at))) at = entry(at).inputs[0];
    return at;
  }
  /// Leaves out the activation of the k-th output. Whoever else reads what it made gets it from a call of its
  /// own. Error: std::invalid_argument where something reads it through a view that is the output.
  void leave_out_activation(std::size_t k) {
    const int at = output_layer(k);
    if (at < 0 || entry(at).node->activation() == Linear{}) return;
    const ActivationFunction activation = entry(at).node->activation();
    int reader = -1;  // on the way to the output
    for (int i = outputs[k]; i != at; i = entry(i).inputs[0]) {
      if (entry(i).readers > 1)
        refuse("output ", k,
               " is read by others too, and its loss wants the logits before it: end it with a linear layer, "
               "and use "
               "the loss with FromLogits");
      reader = i;
    }
    Entry& last = entries[static_cast<std::size_t>(at)];
    last.node = last.node->without_activation();
    if (last.readers == 1) return;
    insert_behind(at, std::make_shared<NodeOf<ActivationSpec>>(ActivationSpec{activation}));
    const auto back = [&](int& from) {
      from = at;
      ++entries[static_cast<std::size_t>(at)].readers;
      --entries[static_cast<std::size_t>(at) + 1].readers;
    };
    if (reader < 0)
      back(outputs[k]);
    else
      back(entries[static_cast<std::size_t>(reader) + 1].inputs.item[0]);
  }

 private:
  template <class... Parts> static void refuse(const Parts&... parts) {
    throw std::invalid_argument(Text("Model: ", parts...).c_str());
  }
  // " 'name' of shape (4)", without the name where there is none.
  static Text described(const Call& input) {
    const char* const quote = input.name.empty() ? "" : "'";
    return Text(*quote ? " " : "", quote, input.name, quote, " of shape ", input.shape);
  }
  const Call& input(int i) const { return *inputs[static_cast<std::size_t>(-1 - i)]; }
  // Entries and inputs, counted from 0.
  std::size_t slot(int i) const { return static_cast<std::size_t>(i + static_cast<int>(inputs.size())); }

  void add_input(const std::shared_ptr<const Call>& call) {
    const int k = static_cast<int>(inputs.size());
    if (!place_.try_emplace(call.get(), -1 - k).second)
      refuse("input ", k, described(*call).view(), " is given twice");
    inputs.push_back(call->layer ? std::make_shared<const Call>("", call->shape, false, Prepared{}, 0)
                                 : call);
  }

  // Appends what leads to a tensor, and then its call. Not recursive: graphs may be deep.
  void visit(const Tensor& output) {
    struct Visit {
      std::shared_ptr<const Call> call;
      std::size_t next;
    };
    std::vector<Visit> path;
    const auto enter = [&](const Tensor& t) {
      const auto placed = place_.find(t.call_.get());
      const bool is_input = placed != place_.end() && placed->second < 0;
      met_.try_emplace(is_input ? static_cast<const void*>(&input(placed->second)) : t.call_->layer.get(),
                       met_.size());
      if (placed != place_.end()) return;
      if (!t.call_->layer)
        refuse("the output does not come from the input", inputs.size() > 1 ? "s" : "", ": an Input",
               described(*t.call_).view(), " leads to it");
      path.push_back({t.call_, 0});
    };
    enter(output);
    while (!path.empty()) {
      Visit& at = path.back();
      if (at.next < at.call->inputs.size()) {
        enter(at.call->inputs[at.next++]);
        continue;
      }
      add(at.call);
      path.pop_back();
    }
  }

  void add(std::shared_ptr<const Call> made) {
    const Call& call = *made;
    const int i = static_cast<int>(entries.size());
    if (!place_.try_emplace(&call, i).second) return;
    Entry e{.node = call.node,
            .layer = call.layer,
            .parameters = call.layer->parameters,
            .call = std::move(made),
            .in = shapes_of(call.inputs),
            .out = call.shape};
    e.owner = owners_.try_emplace(call.layer.get(), i).first->second;
    for (const Tensor& t : call.inputs) e.inputs.add(place_.at(t.call_.get()));
    entries.push_back(e);
  }
  void count_readers() {
    std::vector<int> readers(entries.size() + inputs.size());
    for (const Entry& e : entries)
      for (const int from : e.inputs) ++readers[slot(from)];
    for (const int i : outputs) ++readers[slot(i)];
    for (const int i : masks)
      if (i != no_mask) ++readers[slot(i)];
    for (std::size_t i = 0; i < entries.size(); ++i) entries[i].readers = readers[slot(static_cast<int>(i))];
    for (std::size_t k = 0; k < inputs.size(); ++k)
      if (readers[slot(-1 - static_cast<int>(k))] == 0)
        refuse("input ", k, described(*inputs[k]).view(), " leads to no output");
  }
  // Puts a layer behind a call, in front of all its readers.
  void insert_behind(int at, std::shared_ptr<const Node> node) {
    const auto moved = [at](int& i) { i += i >= at; };
    for (Entry& e : entries) {
      for (int i = 0; i < e.inputs.count; ++i) moved(e.inputs.item[i]);
      e.owner += e.owner > at;
    }
    for (int& i : outputs) moved(i);
    for (int& i : masks) moved(i);
    for (int& i : layers) i += i > at;
    needed += at < needed;
    Entry& e = entries[static_cast<std::size_t>(at)];
    const auto layer = std::make_shared<SharedLayer>(node, "", std::make_shared<const Parameters>());
    Entry inserted{.node = node,
                   .layer = layer,
                   .parameters = layer->parameters,
                   .call = nullptr,
                   .in = Shapes(e.out),
                   .out = e.out,
                   .inputs = PerInput<int>(at),
                   .owner = at + 1,
                   .readers = e.readers};
    e.readers = 1;
    entries.insert(entries.begin() + at + 1, inserted);
  }

  std::size_t met(int i) const {
    return met_.at(i < 0 ? static_cast<const void*>(&input(i)) : entry(i).layer.get());
  }
  // Two layers of one name are a mistake, but a model that is called has names of its own: of those that are
  // taken, "conv" becomes "conv_1".
  void name_layers() {
    for (std::size_t i = 0; i < layers.size(); ++i)
      for (std::size_t j = 0; j < i; ++j) {
        if (name(layers[i]).empty() || name(layers[i]) != name(layers[j])) continue;
        if (!rename(layers[i]) && !rename(layers[j]))
          refuse(layers[i] < 0 ? "Input" : entry(layers[i]).layer->node->type(), " '", name(layers[i]),
                 "': ", name_given_twice.text);
      }
  }
  bool rename(int layer) {
    if (layer < 0 || !entry(layer).call->beginning) return false;
    const auto taken = [&](const std::string& one) {
      return std::any_of(layers.begin(), layers.end(), [&](int i) { return name(i) == one; });
    };
    std::string free = entry(layer).layer->name;
    for (int n = 1; taken(free); ++n) free = entry(layer).layer->name + "_" + std::to_string(n);
    entries[static_cast<std::size_t>(layer)].other_name =
        std::make_shared<const std::string>(std::move(free));
    return true;
  }

  // While the graph is made.
  std::unordered_map<const Call*, int> place_;
  std::unordered_map<const SharedLayer*, int> owners_;

  std::unordered_map<const void*, std::size_t> met_;  // layers and inputs, in the order of the search
};

}  // namespace keratin::functional
