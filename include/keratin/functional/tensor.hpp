#pragma once
// Symbolic tensors, and layers called on them: the run-time front end's way to write a network down. A graph
// cannot have a cycle, for a tensor exists only once the layer that makes it was called.
#include <keratin/core/text.hpp>
#include <keratin/functional/preparation.hpp>
#include <keratin/functional/time_distributed.hpp>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace keratin::functional {

inline constexpr Rule takes_one_input{"takes one input"};
inline constexpr Rule needs_from_1_to_8_inputs{"needs from 1 to 8 inputs"};
inline constexpr Rule has_weights_of_another_shape{"its weights were made for another shape"};
inline constexpr Rule takes_no_masked_inputs{
    "a masked tensor came, and a mask would change what it computes: unmasked() leaves it behind"};
inline constexpr Rule returns_its_states_too{"it returns its states too: call with_state"};
inline constexpr Rule makes_several_tensors{"it makes several tensors: call all"};
inline constexpr Rule returns_its_scores_too{"it returns its scores too: call with_scores"};
inline constexpr Rule takes_no_attention_mask{"it has no scores to be masked or returned"};
inline constexpr Rule has_no_state{"it has no state to be given or returned"};
inline constexpr Rule needs_all_of_its_states{"it needs all of its states or none"};
inline constexpr Rule masks_its_first_axes{"a mask has the extents of the first axes"};

struct Call;
class Graph;
class Model;
namespace detail {
Tensor input(Shape shape, std::string name, bool open, Prepared prepared = {}, int batch_size = 0);
}

/// What flows between layers: a shape, how it came about, and perhaps a mask that goes beside it.
class Tensor {
 public:
  // Not moved, which would leave one behind that nothing made.
  Tensor(const Tensor&) = default;
  Tensor& operator=(const Tensor&) = default;

  const Shape& shape() const;
  /// What made it: for code that goes through graphs.
  const Call& call() const { return *call_; }
  /// Which steps count: 1, or 0 for those that do not. Made by Masking, or an Embedding with mask_zero; it
  /// goes on through layers that work step by step, into recurrent layers and the loss.
  std::optional<Tensor> mask() const;
  Tensor unmasked() const { return Tensor(call_); }
  /// Error: std::invalid_argument where the mask has other extents than the first axes.
  Tensor with_mask(const Tensor& mask) const;
  /// The output of a layer with this spec called on the tensor, and on others for one that merges. Error:
  /// std::invalid_argument with the rule that their shapes break.
  template <LayerSpec S, std::same_as<Tensor>... More> Tensor then(const S& spec, const More&... more) const {
    return then(spec, std::string_view(), more...);
  }
  template <LayerSpec S, std::same_as<Tensor>... More>
  Tensor then(const S& spec, std::string_view name, const More&... more) const;

 private:
  friend class Layer;
  friend struct Call;
  friend class Graph;
  friend class Model;
  friend Tensor detail::input(Shape shape, std::string name, bool open, Prepared prepared, int batch_size);
  // Nothing is differentiated through a mask, whoever makes it.
  Tensor as_constant() const;
  explicit Tensor(std::shared_ptr<const Call> call) : call_(std::move(call)) {}
  std::shared_ptr<const Call> call_, mask_;
};

/// A layer with its name, once, however often it is called.
struct SharedLayer {
  std::shared_ptr<const Node> node;
  std::string name;
  std::shared_ptr<const Parameters> parameters{};  // as the first call made them
  std::vector<float> values{};                     // its piece of the block to begin with
  int piece = -1;  // which of the tensors that the layer before it made it takes out: no layer of its own
  std::string group{};  // of a layer of a model inside a model, out of a file: where its weights were there
};

/// What a layer of a model that was called begins with: its piece of that model's block, nothing where it has
/// no weights, and whether it is trained.
struct Beginning {
  std::vector<float> values;
  bool frozen = false;
};

/// One call of a layer, or an input.
struct Call {
  std::shared_ptr<SharedLayer> layer;          // null: an input
  std::shared_ptr<const Node> node;            // the layer's, with the extras of the call
  std::string name;                            // of an input
  std::vector<Tensor> inputs;                  // with the masks that they carried
  std::shared_ptr<const Call> mask;            // of what is made
  std::shared_ptr<const Beginning> beginning;  // of a layer that came with a model
  Shape shape{};
  int index = 0;        // layers on the longest way here, without this one; -1: an input
  bool open = false;    // an input whose first axis may have another extent at each call
  Prepared prepared{};  // an input that is made of texts
  int batch_size = 0;   // of an input: 0: any

  Call(std::string n, Shape out, bool any_length, Prepared of_texts, int samples)
      : name(std::move(n)),
        shape(out),
        index(-1),
        open(any_length),
        prepared(std::move(of_texts)),
        batch_size(samples) {}
  Call(std::shared_ptr<SharedLayer> l, std::shared_ptr<const Node> with, std::vector<Tensor> in, Shape out,
       int i)
      : layer(std::move(l)), node(std::move(with)), inputs(std::move(in)), shape(out), index(i) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;
  ~Call();
};

// One after the other: each freeing those before it, a deep graph would overflow the stack.
inline Call::~Call() {
  std::vector<Tensor> last = std::move(inputs);
  while (!last.empty()) {
    const std::shared_ptr<const Call> call = std::move(last.back().call_);
    last.pop_back();
    if (call.use_count() > 1) continue;
    std::vector<Tensor>& before = const_cast<Call&>(*call).inputs;
    last.insert(last.end(), before.begin(), before.end());
    before.clear();
  }
}

inline const Shape& Tensor::shape() const { return call_->shape; }
inline Shapes shapes_of(const std::vector<Tensor>& tensors) {
  Shapes shapes;
  for (const Tensor& t : tensors) shapes.add(t.shape());
  return shapes;
}
inline std::optional<Tensor> Tensor::mask() const {
  return mask_ ? std::optional(Tensor(mask_)) : std::nullopt;
}
inline Tensor Tensor::with_mask(const Tensor& mask) const {
  if (!mask.shape().begins(shape()))
    throw std::invalid_argument(
        Text("mask ", mask.shape(), " of a tensor ", shape(), ": ", masks_its_first_axes.text).c_str());
  Tensor masked = *this;
  masked.mask_ = mask.as_constant().call_;
  return masked;
}
inline Tensor Tensor::as_constant() const {
  if (call_->layer && !call_->node->plan(shapes_of(call_->inputs), 0, {}).traits.constant)
    return unmasked().then(StopGradientSpec{});
  return unmasked();
}
inline Tensor Node::mask_of(const Tensor& x) const { return x; }
template <LayerSpec S> Tensor NodeOf<S>::mask_of(const Tensor& x) const {
  if constexpr (requires { spec_.mask_of(x); })
    return spec_.mask_of(x);
  else
    return x;
}

inline Tensor detail::input(Shape shape, std::string name, bool open, Prepared prepared, int batch_size) {
  const Fit fit = accepted(shape);
  if (fit.broken) throw std::invalid_argument(Text("Input, got ", shape, ": ", fit.broken->text).c_str());
  return Tensor(std::make_shared<Call>(std::move(name), shape, open, std::move(prepared), batch_size));
}
/// The input of a graph: the shape of one sample. batch_size: samples of a batch, 0: any number; only files
/// of stateful layers say it. Keras: Input.
inline Tensor Input(Shape shape, std::string name = "", int batch_size = 0) {
  return detail::input(shape, std::move(name), false, {}, batch_size);
}
/// The input of a graph that takes sequences of any length: at each call the first axis may have another
/// extent than here, where it only says what errors and a summary speak of. Data tell their length by their
/// rows, see Array::rows_of; a single sample by its size. Keras: Input((None, ...)).
inline Tensor SequenceInput(Shape shape, std::string name = "") {
  return detail::input(shape, std::move(name), true);
}

inline constexpr int shown_length = 64;  // of an open axis whose length nobody gave
/// An input that a text layer makes: TextInput(TextVectorization({.output_sequence_length = 80}, words)).
/// Before the network runs, Model::prepare makes rows of samples of so many texts. Keras:
/// Input(dtype="string"), and the layer called on it.
inline Tensor TextInput(Prepared prepared, std::string name = "") {
  const Shape shape = prepared.by->shape(prepared.texts);
  const bool open = shape.rank == 0;
  return detail::input(open ? Shape{shown_length} : shape, std::move(name), open, std::move(prepared));
}
template <std::derived_from<Preparation> L> Tensor TextInput(L layer, std::string name = "", int texts = 1) {
  return TextInput(Prepared{std::make_shared<const L>(std::move(layer)), texts}, std::move(name));
}

// Whether parameters have the same shapes.
inline bool same_shapes(const Parameters& one, const Parameters& other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(),
                    [](const Parameter& a, const Parameter& b) { return a.shape == b.shape; });
}
// What is said of shapes that a layer does not take; index: of the call.
inline Text refusal(int index, const SharedLayer& layer, const Shapes& in, const Fit& fit) {
  const Text named = layer.name.empty() ? Text() : Text(" '", layer.name, "'");
  const Text which = in.count > 1 ? Text(", as input ", fit.input) : Text();
  const Shape got = in.count > 0 ? in[fit.input] : Shape{};
  const Text wants = fit.wants.rank > 0 ? Text("; wants ", fit.wants) : Text();
  return Text("layer ", index, ", ", layer.node->type(), named.view(), ", got ", got, which.view(), ": ",
              fit.broken->text, wants.view());
}

/// What a recurrent layer makes of a sequence: its output, and its states at the end (h, of an LSTM then c).
struct Recurrence {
  Tensor output;
  std::vector<Tensor> state;
};

/// What attention makes: its output, and the weights of the values, (heads, steps of the query, steps of the
/// key) or without heads (steps, steps).
struct Attended {
  Tensor output, scores;
};

/// A layer to be called on tensors: Layer(DenseSpec{.units = n}), or Layer(Dense<64, ReLU>{}) of a static
/// one. Within a model every call, and every call of a copy, has the same weights; two models never share
/// memory, see Model::set_weights_from.
class Layer {
 public:
  template <LayerSpec S>
  explicit Layer(const S& spec, std::string_view name = "")
      : layer_(std::make_shared<SharedLayer>(node_of(spec), std::string(name))) {}
  /// The layer that a model has, see Model::layer.
  explicit Layer(std::shared_ptr<SharedLayer> layer) : layer_(std::move(layer)) {}
  template <class L>
    requires LayerSpec<typename L::Spec>
  explicit Layer(const L&, std::string_view name = keratin::detail::name_of<L>()) : Layer(L::spec, name) {}

  /// On one tensor, on several for a layer that merges, or on a sequence and the states to begin with for a
  /// recurrent one. Error: std::invalid_argument that names the layer, the shapes that came and the rule they
  /// break.
  template <std::same_as<Tensor>... More> Tensor operator()(const Tensor& x, const More&... more) const {
    return (*this)(std::vector<Tensor>{x, more...});
  }
  Tensor operator()(std::vector<Tensor> inputs) const {
    while (inputs.size() + masks_read(inputs) > max_inputs && merge_first(inputs)) {
    }
    if (layer_->node->extras().return_more)
      refuse(inputs, layer_->node->attends() ? returns_its_scores_too : returns_its_states_too);
    if (outputs() > 1) refuse(inputs, makes_several_tensors);
    return call(std::move(inputs), {}, {}, nullptr);
  }
  int states() const { return layer_->node->states(); }
  int outputs() const { return layer_->node->outputs(); }
  bool passes_mask() const { return layer_->node->passes_mask(); }
  bool attends() const { return layer_->node->attends(); }

  /// A recurrent layer on a sequence, beginning where `initial` says: the states of another one, or zeros. As
  /// in Keras the sequence's own mask is read where no states are given; a mask that is given is read always.
  /// Keras: return_state=True, initial_state, mask.
  Recurrence with_state(const Tensor& x, const std::vector<Tensor>& initial = {},
                        const std::optional<Tensor>& mask = {}) const {
    std::vector<Tensor> made = all(x, initial, mask, true);
    if (outputs() > 1) refuse({x}, makes_several_tensors);
    return {made[0], {made.begin() + 1, made.end()}};
  }
  /// All that it makes: its outputs, of which a Bidirectional that merges nothing has two, and the states if
  /// they are wanted.
  std::vector<Tensor> all(const Tensor& x, const std::vector<Tensor>& initial = {},
                          const std::optional<Tensor>& mask = {}, bool return_state = false) const {
    std::vector<Tensor> inputs{x};
    inputs.insert(inputs.end(), initial.begin(), initial.end());
    const Tensor made = call(std::move(inputs), {.return_more = return_state},
                             mask ? x.with_mask(*mask).mask() : std::nullopt, nullptr);
    if (!return_state && outputs() == 1) return {made};
    std::vector<Tensor> pieces;
    for (const SliceSpec& spec : made.call().node->pieces()) {
      const auto k = static_cast<int>(pieces.size());
      if (return_state || k < outputs()) pieces.push_back(take_out(made, k, spec));
    }
    return pieces;
  }

  /// An attention layer on query, value and key, of which those are left out that are the one before, with a
  /// mask (steps of the query, steps of the key) of its scores. Keras: attention_mask, use_causal_mask.
  Tensor with_attention_mask(std::vector<Tensor> inputs, const std::optional<Tensor>& mask,
                             bool use_causal_mask = false) const {
    if (!attends()) refuse(inputs, takes_no_attention_mask);
    return call(std::move(inputs), {.use_causal_mask = use_causal_mask}, mask, nullptr);
  }
  /// The same with its scores. Keras: return_attention_scores=True.
  Attended with_scores(const std::vector<Tensor>& inputs, const std::optional<Tensor>& mask = {},
                       bool use_causal_mask = false) const {
    if (!attends()) refuse(inputs, takes_no_attention_mask);
    const Tensor all = call(inputs, {.return_more = true, .use_causal_mask = use_causal_mask}, mask, nullptr);
    const AttendedShapes made = all.call().node->attended(shapes_of(all.call().inputs));
    return {take_out(all, 0, PieceSpec{0, made.output, all.shape().size()}),
            take_out(all, 1, PieceSpec{made.output.size(), made.scores, all.shape().size()})};
  }

 private:
  friend class Model;
  friend Layer time_distributed(const Layer& layer, std::string_view name);
  friend Layer spectral_normalization(const Layer& layer, int power_iterations, std::string_view name);

  // The masks that would stand behind these inputs.
  std::size_t masks_read(const std::vector<Tensor>& inputs) const {
    if (!layer_->node->reads_masks()) return 0;
    return static_cast<std::size_t>(
        std::ranges::count_if(inputs, [](const Tensor& x) { return x.mask_ != nullptr; }));
  }
  // Of more inputs than a layer may have the first ones are merged by a layer of their own. The values stay
  // the same, for merging goes from the first input to the last. False: it is no layer of that kind.
  bool merge_first(std::vector<Tensor>& inputs) const {
    if (!layer_->node->associative()) return false;
    std::vector<Tensor> first(inputs.begin(),
                              inputs.begin() + std::min<std::ptrdiff_t>(max_inputs, std::ssize(inputs)));
    while (first.size() + masks_read(first) > max_inputs) first.pop_back();
    inputs.erase(inputs.begin() + 1, inputs.begin() + std::ssize(first));
    inputs[0] =
        Layer(std::make_shared<SharedLayer>(layer_->node->without_activation(), ""))(std::move(first));
    return true;
  }
  // The k-th of the tensors that a call made, which is no layer of its own.
  template <LayerSpec S> static Tensor take_out(const Tensor& all, int k, const S& spec) {
    return Layer(std::make_shared<SharedLayer>(
        SharedLayer{.node = std::make_shared<NodeOf<S>>(spec), .name = "", .piece = k}))(all);
  }
  Tensor call(std::vector<Tensor> inputs, const Extras& wanted, const std::optional<Tensor>& mask_given,
              std::shared_ptr<const Beginning> beginning) const {
    const std::vector<Tensor> given = inputs;
    const std::shared_ptr<const Node> node = node_for(inputs, wanted, mask_given);
    const Shapes in = shapes_of(inputs);
    Fit fit = check(*node, in);
    if (!fit.broken) fit = accepted(fit.out);
    if (!fit.broken && !built(*node, in)) fit = has_weights_of_another_shape;
    if (fit.broken) refuse(inputs, fit);
    const int index = index_of(inputs);
    const auto made = std::make_shared<Call>(layer_, node, std::move(inputs), fit.out, index);
    made->beginning = std::move(beginning);
    const std::optional<Tensor> mask = mask_behind(*node, given, fit.out);
    if (mask && (wanted.return_more || mask->shape().begins(fit.out))) made->mask = mask->call_;
    Tensor tensor(made);
    tensor.mask_ = made->mask;
    return tensor;
  }
  // The node for such a call; a mask that it reads goes behind the inputs.
  std::shared_ptr<const Node> node_for(std::vector<Tensor>& inputs, const Extras& wanted,
                                       const std::optional<Tensor>& mask_given) const {
    const Node& node = *layer_->node;
    if (wanted.return_more && node.states() == 0 && !attends()) refuse(inputs, has_no_state);
    if (mask_given && !node.reads_mask() && !attends()) refuse(inputs, takes_no_masked_inputs);
    if (node.reads_masks()) return node_with_masks(inputs, wanted, mask_given);
    if (inputs.empty() || (!node.reads_mask() && node.states() == 0)) return layer_->node;
    if (node.states() > 0 && inputs.size() > 1 &&
        inputs.size() != 1 + static_cast<std::size_t>(node.states()))
      refuse(inputs, needs_all_of_its_states);
    const std::optional<Tensor> mask =
        mask_given || inputs.size() > 1 || !node.reads_mask() ? mask_given : inputs[0].mask();
    auto with = node.with({.initial_state = inputs.size() > 1,
                           .masks = {mask ? MasksRead::given : 0u},
                           .return_more = wanted.return_more});
    if (mask) inputs.push_back(*mask);
    return with;
  }
  // The same where all inputs' masks are read.
  std::shared_ptr<const Node> node_with_masks(std::vector<Tensor>& inputs, Extras wanted,
                                              const std::optional<Tensor>& mask_given) const {
    const auto same = [](const Tensor& a, const Tensor& b) {
      return a.call_ == b.call_ && a.mask_ == b.mask_;
    };
    while (attends() && inputs.size() > 1 && same(inputs.back(), inputs[inputs.size() - 2]))
      inputs.pop_back();
    const std::size_t count = inputs.size();
    wanted.masks = {};
    for (std::size_t k = 0; k < count; ++k)
      if (const std::optional<Tensor> mask = inputs[k].mask()) {
        wanted.masks.bits |= 1u << k;
        inputs.push_back(*mask);
      }
    if (mask_given) {
      wanted.masks.bits |= MasksRead::given;
      inputs.push_back(mask_given->as_constant());
    }
    return layer_->node->with(wanted);
  }
  // The mask of what was made, by Keras's rules: a layer that works step by step hands it on; of several it
  // is one that has all of theirs, or theirs one behind the other.
  std::optional<Tensor> mask_behind(const Node& node, const std::vector<Tensor>& given,
                                    const Shape& made) const {
    if (node.makes_mask()) return node.mask_of(given[0].unmasked());
    std::optional<Tensor> mask = given[0].mask();
    // The sequence, not a state or scores.
    if (layer_->piece >= 0) return layer_->piece == 0 && made.rank > 1 ? mask : std::nullopt;
    for (const Tensor& x : given)
      if (x.mask_ && node.masks_change_it()) refuse(given, takes_no_masked_inputs);
    if (!node.passes_mask()) return std::nullopt;
    const auto masked = std::ranges::find_if(given, [](const Tensor& x) { return x.mask_ != nullptr; });
    if (given.size() > 1 && masked != given.end())
      if (const int axis = node.mask_axis(made), axes = masked->mask()->shape().rank; axis < axes) {
        std::vector<Tensor> masks;
        for (const Tensor& x : given)
          masks.push_back(x.mask_ ? *x.mask() : nothing_masked(x.unmasked(), axes));
        return Layer(ConcatenateSpec{axis + 1})(masks);
      }
    for (std::size_t k = 1; k < given.size() && mask && node.states() == 0 && !node.attends(); ++k) {
      if (!given[k].mask_) return std::nullopt;
      if (given[k].mask_ != mask->call_) mask = Layer(LogicalOrSpec{})(*mask, *given[k].mask());
    }
    return mask;
  }
  static int index_of(const std::vector<Tensor>& inputs) {
    int index = 0;
    for (const Tensor& x : inputs) index = std::max(index, x.call_->index + 1);
    return index;
  }
  static Fit check(const Node& node, const Shapes& in) {
    if (in.count < 1 || in.count > max_inputs) return needs_from_1_to_8_inputs;
    if (!node.takes(in.count)) return takes_one_input;
    return node.fit(in);
  }
  // Gives the layer its weights, or has them already, of the same shapes.
  bool built(const Node& node, const Shapes& in) const {
    const Parameters p = node.parameters(in);
    if (!layer_->parameters) layer_->parameters = std::make_shared<const Parameters>(p);
    return same_shapes(p, *layer_->parameters);
  }
  [[noreturn]] void refuse(const std::vector<Tensor>& inputs, const Fit& fit) const {
    throw std::invalid_argument(refusal(index_of(inputs), *layer_, shapes_of(inputs), fit).c_str());
  }

  std::shared_ptr<SharedLayer> layer_;
};

/// A layer of a graph on every step of a sequence by itself. Of weights it has its own. Keras:
/// TimeDistributed.
inline Layer time_distributed(const Layer& layer, std::string_view name = "") {
  return Layer(std::make_shared<SharedLayer>(std::make_shared<TimeDistributedNode>(layer.layer_->node),
                                             std::string(name)));
}

/// A layer of a graph whose kernel is divided by its largest singular value. Keras: SpectralNormalization.
inline Layer spectral_normalization(const Layer& layer, int power_iterations = 1,
                                    std::string_view name = "") {
  return Layer(std::make_shared<SharedLayer>(
      std::make_shared<SpectralNormalizationNode>(layer.layer_->node, power_iterations), std::string(name)));
}

/// What a static layer called on a vector of tensors looks for.
template <LayerSpec S>
Tensor call_layer(const S& spec, std::string_view name, const std::vector<Tensor>& tensors) {
  return Layer(spec, name)(tensors);
}

template <LayerSpec S, std::same_as<Tensor>... More>
Tensor Tensor::then(const S& spec, std::string_view name, const More&... more) const {
  return Layer(spec, name)(*this, more...);
}

}  // namespace keratin::functional
