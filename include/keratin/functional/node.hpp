#pragma once
// Node: a layer's spec behind a virtual interface. It runs the same kernels as a static layer, with the
// geometry as a value instead of a type.
#include <keratin/layer_specs.hpp>

#include <memory>
#include <string>
#include <typeinfo>

namespace keratin::functional {

class Tensor;
class Model;

/// What a call may give a layer besides its inputs, and want of it besides the output.
struct Extras {
  bool initial_state = false;
  MasksRead masks{};
  bool return_more = false;  // the states, or attention's scores, behind the output
  bool use_causal_mask = false;

  bool operator==(const Extras&) const = default;
};

/// Where a node works in a graph: the shapes that come in, and what it made of them beforehand.
struct Place {
  Shapes in{};
  std::shared_ptr<const void> geometry{};
};

class Node {
 public:
  virtual ~Node() = default;
  virtual const char* type() const = 0;
  virtual bool takes(int inputs) const { return inputs == 1; }
  /// The same layer for a call with such extras, null where it takes none; and those of this one.
  virtual std::shared_ptr<const Node> with(const Extras&) const { return nullptr; }
  virtual Extras extras() const { return {}; }
  /// Whether it is given the mask that its input carries.
  virtual bool reads_mask() const { return false; }
  /// How many states it has that can be given and returned.
  virtual int states() const { return 0; }
  /// How many outputs it has besides, and where these and the states lie in what a call makes: in its first
  /// axes, a slice each.
  virtual int outputs() const { return 1; }
  virtual PerInput<SliceSpec> pieces() const { return {}; }
  /// Whether it reads the masks of all its inputs.
  virtual bool reads_masks() const { return false; }
  /// Whether it is attention: an input that is left out is the one before it, and scores may be returned.
  virtual bool attends() const { return false; }
  /// Whether a mask begins at this layer, and then that of its output; whether one passes; whether one
  /// changes what Keras computes, which is not done here.
  virtual bool makes_mask() const { return false; }
  virtual Tensor mask_of(const Tensor& x) const;
  virtual bool passes_mask() const { return false; }
  /// The axis along which masks of several inputs that have it are put one behind the other.
  virtual int mask_axis(const Shape&) const { return Shape::max_rank; }
  virtual bool masks_change_it() const { return false; }
  /// Of a layer that merges: whether the first inputs may be merged before the others; whether it does the
  /// same where all inputs have one more axis in front.
  virtual bool associative() const { return false; }
  virtual bool takes_an_axis_in_front() const { return false; }
  virtual bool has_backward() const { return true; }
  /// Of attention that returns its scores.
  virtual AttendedShapes attended(const Shapes&) const { return {}; }
  virtual Fit fit(const Shapes& in) const = 0;
  virtual LayerPlan plan(const Shapes& in, int index, Mode mode) const = 0;
  virtual Parameters parameters(const Shapes& in) const = 0;
  virtual ActivationFunction activation() const = 0;
  /// What it makes of the shapes beforehand, for Place.
  virtual std::shared_ptr<const void> geometry(const Shapes&) const { return nullptr; }
  virtual std::size_t scratch(const Shapes& in, int count, bool lanes) const = 0;
  virtual void forward(const Place&, const Forward<float>&) const = 0;
  virtual void forward(const Place&, const Forward<float, One>&) const = 0;
  virtual void forward(const Place&, const Forward<Lanes>&) const = 0;
  virtual void backward(const Place&, const Backward<float>&, GradientSink<float>&) const = 0;
  virtual void backward(const Place&, const Backward<Lanes>&, GradientSink<float>&) const = 0;
  /// A node that does the work of this one and of the next, `behind` layers on, where a fusion rule allows
  /// it; otherwise null.
  virtual std::shared_ptr<const Node> fused_with(const Node& next, int behind, bool training) const = 0;
  /// The same layer with a linear output, for losses on logits.
  virtual std::shared_ptr<const Node> without_activation() const = 0;
  /// Its layers as a model, where it stands for a whole network; otherwise null.
  virtual std::shared_ptr<Model> network() const { return nullptr; }
};

template <LayerSpec S> const S* spec_of(const Node& node);

template <LayerSpec S> class NodeOf final : public Node {
 public:
  explicit NodeOf(const S& spec) : spec_(spec) {}
  ~NodeOf() override {}  // written out: for an implicit one clang compiles all functions of a class it sees

  const S& spec() const { return spec_; }
  const char* type() const override { return S::name; }
  bool takes(int inputs) const override {
    if constexpr (requires { spec_.inputs(); })
      return inputs == spec_.inputs();
    else
      return inputs == 1 || MergingSpec<S>;
  }
  std::shared_ptr<const Node> with([[maybe_unused]] const Extras& extras) const override {
    if constexpr (has_mask || has_extras) {
      S spec = spec_;
      if constexpr (has_mask) spec.masked = extras.masks.count() > 0;
      if constexpr (has_extras) {
        spec.initial_state = extras.initial_state;
        returns_state(spec) = extras.return_more;
      }
      return std::make_shared<NodeOf>(spec);
    } else if constexpr (has_masks) {
      S spec = spec_;
      spec.masks = extras.masks;
      if constexpr (is_attention) {
        spec.return_attention_scores = extras.return_more;
        spec.use_causal_mask = spec.use_causal_mask || extras.use_causal_mask;
      }
      return std::make_shared<NodeOf>(spec);
    } else {
      return nullptr;
    }
  }
  Extras extras() const override {
    Extras all;
    if constexpr (has_masks) all.masks = spec_.masks;
    if constexpr (is_attention)
      all.return_more = spec_.return_attention_scores, all.use_causal_mask = spec_.use_causal_mask;
    if constexpr (has_mask) all.masks = {spec_.masked ? MasksRead::given : 0u};
    if constexpr (has_extras) all.initial_state = spec_.initial_state, all.return_more = returns_state(spec_);
    return all;
  }
  bool reads_masks() const override { return has_masks; }
  bool associative() const override {
    return requires { requires S::associative; };
  }
  bool takes_an_axis_in_front() const override {
    if constexpr (requires { spec_.takes_an_axis_in_front(); })
      return spec_.takes_an_axis_in_front();
    else
      return false;
  }
  bool attends() const override { return is_attention; }
  AttendedShapes attended([[maybe_unused]] const Shapes& in) const override {
    if constexpr (is_attention)
      return spec_.attended(in);
    else
      return {};
  }
  bool reads_mask() const override { return has_mask; }
  int states() const override {
    if constexpr (has_extras)
      return spec_.states();
    else
      return 0;
  }
  int outputs() const override {
    if constexpr (requires { spec_.outputs(); })
      return spec_.outputs();
    else
      return 1;
  }
  PerInput<SliceSpec> pieces() const override {
    if constexpr (has_extras)
      return spec_.pieces();
    else
      return {};
  }
  bool makes_mask() const override { return mask_traits_of(spec_).makes; }
  Tensor mask_of(const Tensor& x) const override;
  bool passes_mask() const override { return mask_traits_of(spec_).passes; }
  int mask_axis(const Shape& in) const override { return mask_axis_of(spec_, in); }
  bool masks_change_it() const override { return mask_traits_of(spec_).changed; }
  Fit fit(const Shapes& in) const override { return spec_.fit(in); }
  LayerPlan plan(const Shapes& in, int index, Mode mode) const override {
    return layer_plan(spec_, in, index, mode);
  }
  Parameters parameters(const Shapes& in) const override { return parameters_of(spec_, in); }
  ActivationFunction activation() const override { return activation_of(spec_); }
  std::shared_ptr<const void> geometry(const Shapes& in) const override {
    return std::make_shared<const typename S::Geometry>(spec_.geometry(in));
  }
  std::size_t scratch(const Shapes& in, int count, bool lanes) const override {
    return lanes ? scratch_of<Lanes>(spec_, in, count) : scratch_of<float>(spec_, in, count);
  }
  void forward(const Place& at, const Forward<float>& c) const override {
    run_forward<S>(geometry_at(at), c);
  }
  void forward(const Place& at, const Forward<float, One>& c) const override {
    run_forward<S>(geometry_at(at), c);
  }
  void forward(const Place& at, const Forward<Lanes>& c) const override {
    run_forward<S>(geometry_at(at), c);
  }
  void backward(const Place& at, const Backward<float>& c, GradientSink<float>& sink) const override {
    run_backward<S>(geometry_at(at), c, sink);
  }
  void backward(const Place& at, const Backward<Lanes>& c, GradientSink<float>& sink) const override {
    run_backward<S>(geometry_at(at), c, sink);
  }
  std::shared_ptr<const Node> fused_with(const Node& next, int behind, bool training) const override {
    std::shared_ptr<const Node> fused;
    hana::for_each(layer_specs, [&](auto type) {
      using Next = typename decltype(type)::type;
      if constexpr (Fusable<S, Next>)
        if (const auto* const spec = spec_of<Next>(next))
          if (const auto answer = ask_rules(spec_, *spec, behind, training); answer.fused)
            fused = std::make_shared<NodeOf<S>>(answer.spec);
    });
    return fused;
  }
  std::shared_ptr<const Node> without_activation() const override {
    return std::make_shared<NodeOf>(keratin::without_activation(spec_));
  }

 private:
  static const typename S::Geometry& geometry_at(const Place& at) {
    return *static_cast<const typename S::Geometry*>(at.geometry.get());
  }
  static constexpr bool has_mask = requires(S s) { s.masked; };
  static constexpr bool has_extras = requires(S s) { s.initial_state, s.pieces(); };
  // Of a layer around another the inner one says it.
  static auto& returns_state(auto& spec) {
    if constexpr (requires { spec.layer; })
      return spec.layer.return_state;
    else
      return spec.return_state;
  }
  static constexpr bool has_masks = requires(S s) { s.masks; };
  static constexpr bool is_attention = requires { S::attends; };

  S spec_;
};

/// The spec that a node is made of, null where that is no S. No dynamic_cast: for that too clang compiles all
/// functions of the class.
template <LayerSpec S> const S* spec_of(const Node& node) {
  return typeid(node) == typeid(NodeOf<S>) ? &static_cast<const NodeOf<S>&>(node).spec() : nullptr;
}

/// f(spec) where the node is made of a spec of the library's list; whether it is.
inline bool with_spec(const Node& node, auto f) {
  bool known = false;
  hana::for_each(layer_specs, [&](auto type) {
    if (known) return;
    const auto* const spec = spec_of<typename decltype(type)::type>(node);
    known = spec != nullptr;
    if (known) f(*spec);
  });
  return known;
}

// The kernels of every layer are most of what a file with a graph compiles. Where KERATIN_NODES_ELSEWHERE is
// defined they come from another file, which includes functional/instantiate.hpp.
#ifdef KERATIN_NODES_ELSEWHERE
#define KERATIN_NODE(SPEC) extern template class NodeOf<SPEC>;
KERATIN_EACH_LAYER_SPEC(KERATIN_NODE)
#undef KERATIN_NODE
#endif

}  // namespace keratin::functional
