#pragma once
// A run-time model as the text of a header: its network as a type, its weights as constants, and a test.
// Fields of specs become options by their names, so a layer says only what its `arguments` are.
#include <keratin/core/named_enum.hpp>
#include <keratin/core/range.hpp>
#include <keratin/functional/model.hpp>
#include <keratin/initializers.hpp>
#include <keratin/io/implicit_masks.hpp>
#include <keratin/sequential/generated.hpp>

#include <boost/core/demangle.hpp>
#include <boost/hana/accessors.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/second.hpp>

#include <cctype>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

namespace keratin::io {

/// How a generated header holds its weights. Sixteen bits are rounded to the nearest and take half the
/// memory until a program first asks for the model; blob: in a file of their own.
enum class WeightFormat { float32, float16, bfloat16, blob };

struct CodegenOptions {
  std::string name = "model";  // of the namespace that holds everything, like "lenet" or "app::lenet"
  WeightFormat weights = WeightFormat::float32;
  int test_samples = 1;     // that self_test() predicts; 0: there is no self_test()
  std::string source = "";  // what the header says that it was made of: the name of a file
};

namespace detail {

template <class... Parts> [[noreturn]] void refuse_to_generate(const Parts&... parts) {
  throw std::invalid_argument(std::string(Text("generate_header: ", parts...).view()));
}

// The shortest literal that is read back as the same number.
template <class S> std::string number_text(S value) {
  const std::string type = std::is_same_v<S, float> ? "float" : "double";
  if (std::isnan(value)) return "std::numeric_limits<" + type + ">::quiet_NaN()";
  if (std::isinf(value)) return (value < 0 ? "-" : "") + ("std::numeric_limits<" + type + ">::infinity()");
  char text[32];
  std::string number(text, std::to_chars(text, text + sizeof text, value).ptr);
  if (number.find_first_of(".e") == std::string::npos) number += ".0";
  return std::is_same_v<S, float> ? number + "f" : number;
}
// For a comment: on one line, whatever it is.
inline std::string comment_text(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ' || c == '\\') c = '?';
  return line;
}
inline std::string string_literal(std::string_view text) {
  std::string literal = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    const bool printable = code >= ' ' && code <= '~';
    if (!printable || c == '"' || c == '\\') literal += '\\';
    if (printable)
      literal += c;
    else
      for (const int shift : {6, 3, 0}) literal += static_cast<char>('0' + (code >> shift & 7));
  }
  return literal + "\"";
}

inline std::string without_namespace(const std::string& type) {
  return type.substr(type.starts_with("keratin::") ? 9 : 0);
}
template <int Lowest> std::string range_text(const RangeFrom<Lowest>& range) {
  return number_text(range.low) + ", " + number_text(range.high);
}

// What stands between the brackets of a layer for a field's value.
template <class V>
  requires std::is_arithmetic_v<V>
std::string argument_text(V value) {
  if constexpr (std::is_same_v<V, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_integral_v<V>)
    return std::to_string(value);
  else
    return number_text(value);
}
template <NamedEnum E> std::string argument_text(E value) {
  return without_namespace(boost::core::demangle(typeid(E).name())) + "::" + std::string(enum_name(value));
}
template <int Lowest> std::string argument_text(const RangeFrom<Lowest>& value) {
  if (value == RangeFrom<Lowest>(value.high)) return number_text(value.high);
  return (Lowest == 0 ? "Fraction{" : "Range{") + range_text(value) + "}";
}
inline std::string argument_text(const ActivationFunction& value) {
  std::string type;
  Activations::visit(value.index, [&]<class A>(A) { type = boost::core::demangle(typeid(A).name()); });
  return without_namespace(type);
}
// As few numbers as say the same: each stands for equally many.
inline std::string list_text(const std::vector<int>& values, std::size_t fewest) {
  const std::size_t all = values.size();
  if (all == 0) return "";
  std::size_t count = fewest;
  const auto says_all = [&] {
    bool same = all % count == 0;
    for (std::size_t i = 0; i < all && same; ++i)
      same = values[i] == values[i / (all / count) * (all / count)];
    return same;
  };
  while (count < all && !says_all()) ++count;
  std::string text;
  for (std::size_t i = 0; i < all; i += all / count)
    text += (text.empty() ? "" : ", ") + std::to_string(values[i]);
  return text;
}
inline std::string argument_text(const Equation& value) { return string_literal(value.view()); }
inline std::string argument_text(const Automatic& value) { return std::to_string(value.value); }
template <std::size_t N> std::string argument_text(const std::array<int, N>& values) {
  return list_text({values.begin(), values.end()}, N);
}
template <std::size_t N> std::string argument_text(const std::array<Sizes<2>, N>& sides) {
  std::vector<int> axes, values;
  for (const auto& [before, behind] : sides) {
    if (before == behind) axes.push_back(before);
    values.insert(values.end(), {before, behind});
  }
  return axes.size() == N ? list_text(axes, 1) : list_text(values, 2 * N);
}
inline std::string argument_text(const Shape& shape) {
  return list_text({shape.extent, shape.extent + shape.rank}, static_cast<std::size_t>(shape.rank));
}
inline std::string argument_text(const Numbers& numbers) {
  return list_text({numbers.begin(), numbers.end()}, static_cast<std::size_t>(numbers.count));
}
inline std::string argument_text(const OpenShape& value) { return argument_text(value.shape); }
// Nothing for a value that no static type has.
inline std::string argument_text(const Initializer& i) {
  for (const NamedInitializer& known : named_initializers)
    if (i == known.value) return std::string(known.name);
  if (i == Initializer{Distribution::orthogonal, Fan::none, 0, i.spread})
    return "Orthogonal<" + number_text(i.spread) + ">";
  if (i == Initializer{Distribution::normal, Fan::none, i.value, i.spread})
    return "RandomNormal<" + number_text(i.value) + ", " + number_text(i.spread) + ">";
  const double low = i.value - i.spread, high = i.value + i.spread;
  if (i == Initializer{Distribution::uniform, Fan::none, (low + high) / 2, (high - low) / 2})
    return "RandomUniform<" + number_text(low) + ", " + number_text(high) + ">";
  if (i == Initializer{Distribution::identity, Fan::none, 0, i.spread})
    return "IdentityMatrix<" + number_text(i.spread) + ">";
  if (i == Initializer{Distribution::constant, Fan::none, i.value, 0})
    return "Constant<" + number_text(i.value) + ">";
  if (i == Initializer{Distribution::truncated_normal, Fan::none, i.value, i.spread})
    return "TruncatedNormal<" + number_text(i.value) + ", " + number_text(i.spread) + ">";
  if (i == Initializer{Distribution::stft, Fan::none, 0, 0, false, i.stft})
    return "STFT<STFTSide::" + std::string(enum_name(i.stft.side)) +
           ", STFTWindow::" + std::string(enum_name(i.stft.window)) +
           ", STFTScaling::" + std::string(enum_name(i.stft.scaling)) + (i.stft.periodic ? ", true>" : ">");
  return "";
}
inline std::string argument_text(const Constraint& c) {
  if (c.kind != Constraint::norm) return c ? "NonNeg" : "";
  std::string text = number_text(c.min_value) + ", " + number_text(c.max_value) + ", " + number_text(c.rate);
  for (int axis = -Shape::max_rank; axis < Shape::max_rank; ++axis)
    if ((c.axes & Constraint::bits(axis)) != 0) text += ", " + std::to_string(axis);
  return "MinMaxNorm<" + text + ">";
}

inline std::string argument_text(Merging value) { return "Merging::" + std::string(enum_name(value)); }
// A layer inside another.
template <LayerSpec S> std::string layer_text(const S& spec);
template <LayerSpec S> std::string argument_text(const S& spec) { return layer_text(spec); }
inline std::string argument_text(const Table& table) {
  std::string text;
  for (const double value : table) text += (text.empty() ? "" : ", ") + number_text(value);
  return text;
}
inline std::string argument_text(const OptionalInt& value) {
  return value.given ? std::to_string(value.value) : "";
}
inline std::string argument_text(const kernels::Salt& salt) {
  return std::to_string(salt.first) + "u, " + std::to_string(salt.second) + "u";
}

// return_sequences -> ReturnSequences: what an option is called that sets a field.
inline std::string option_name(std::string_view field) {
  if (field == "kernel_size") return "Kernel";
  if (field == "dilation_rate") return "Dilation";
  if (field == "salt") return "HashSalt";
  if (field == "mean" || field == "variance" || field == "vocabulary") return "Given" + pascal_case(field);
  if (field == "use_scale") return "ScaledScores";
  if (field.starts_with("use_")) field.remove_prefix(4);
  return pascal_case(field);
}
// The option that gives a field another value than its default.
template <class V>
  requires requires(V value) { argument_text(value); }
std::string option_text(std::string_view field, const V& value) {
  const std::string argument = argument_text(value);
  constexpr bool may_be_empty = std::is_base_of_v<Numbers, V>;  // Axis<>: no axis
  return argument.empty() && !may_be_empty ? "" : option_name(field) + "<" + argument + ">";
}
inline std::string option_text(std::string_view field, const OptionalInt& value) {
  return value.given ? option_name(field) + "<" + argument_text(value) + ">" : "No" + option_name(field);
}
inline std::string option_text(std::string_view field, bool value) {
  return (value ? "" : "No") + option_name(field);
}
template <std::size_t N> std::string option_text(std::string_view field, const std::array<int, N>& values) {
  return option_name(field) + "<" + list_text({values.begin(), values.end()}, 1) + ">";
}
template <int Lowest> std::string option_text(std::string_view field, const RangeFrom<Lowest>& value) {
  return option_name(field) + "<" + range_text(value) + ">";
}
inline std::string option_text(std::string_view field, const ActivationFunction& value) {
  const std::string type = argument_text(value);
  return field == "activation" ? type : option_name(field) + "<" + type + ">";
}
inline std::string option_text(std::string_view, OutputMode value) {
  constexpr const char* names[] = {"", "OneHot", "MultiHot", "Counts", "TfIdf"};
  return names[static_cast<std::size_t>(value)];
}
inline std::string option_text(std::string_view, ScoreMode) { return "ConcatScores"; }
inline std::string option_text(std::string_view, Padding value) { return pascal_case(enum_name(value)); }
inline std::string option_text(std::string_view, Interpolation value) {
  return pascal_case(enum_name(value));
}
inline std::string option_text(std::string_view field, const Regularizer& value) {
  const std::string of = field == "activity_regularizer" ? "Activity" : "";
  const std::string l1 = value.l1 != 0 ? of + "L1<" + number_text(value.l1) + ">" : "",
                    l2 = value.l2 != 0 ? of + "L2<" + number_text(value.l2) + ">" : "";
  std::string text = l1 + (l1.empty() || l2.empty() ? "" : ", ") + l2;
  if (value.orthogonal != 0)
    text += (text.empty() ? "" : ", ") + ("OrthogonalRegularizer<" + number_text(value.orthogonal)) +
            ", OrthogonalMode::" + (value.mode == OrthogonalMode::rows ? "rows" : "columns") + ">";
  const bool alone = text.empty() || field == "kernel_regularizer" || field == "activity_regularizer";
  return alone ? text : option_name(field) + "<" + text + ">";
}

// A field of a spec as text.
struct Field {
  std::string_view name;
  bool is_default;
  std::string argument, option;
};
template <LayerSpec S> std::vector<Field> fields_of(const S& spec) {
  std::vector<Field> fields;
  const S otherwise{};
  hana::for_each(hana::accessors<S>(), [&](auto accessor) {
    const auto& value = hana::second(accessor)(spec);
    Field field{hana::to<const char*>(hana::first(accessor)), false, "", ""};
    if constexpr (requires { value == value; }) field.is_default = value == hana::second(accessor)(otherwise);
    if constexpr (requires { argument_text(value); }) field.argument = argument_text(value);
    if constexpr (requires { option_text("", value); }) field.option = option_text(field.name, value);
    fields.push_back(std::move(field));
  });
  return fields;
}
// A layer's arguments, the options among them: see LayerSpec.
inline std::string arguments_text(std::string_view arguments, std::vector<Field> fields) {
  std::vector<std::string> written;
  std::size_t needed = 0;  // of these: what is behind has its default
  while (!arguments.empty()) {
    std::string_view name = arguments.substr(0, arguments.find(", "));
    arguments.remove_prefix(std::min(name.size() + 2, arguments.size()));
    const bool may_be_left_out = name.ends_with('?');
    if (may_be_left_out) name.remove_suffix(1);
    for (Field& field : fields) {
      if (name == "..." ? field.is_default || field.option.empty() : field.name != name) continue;
      written.push_back(name == "..." ? field.option : field.argument);
      if (!may_be_left_out || !field.is_default) needed = written.size();
      field.option = "";
    }
  }
  std::string text;
  for (std::size_t i = 0; i < needed; ++i) text += (i == 0 ? "" : ", ") + written[i];
  return text;
}
// A spec's static type: Dense<32, ReLU>. Nothing if it has none.
template <LayerSpec S> std::string layer_text(const S& spec) {
  constexpr const char* arguments = [] {
    if constexpr (requires { S::arguments; })
      return S::arguments;
    else
      return nullptr;
  }();
  constexpr const char* type = [] {
    if constexpr (requires { S::type_name; })
      return S::type_name;
    else
      return S::name;
  }();
  if constexpr (arguments == nullptr)
    return "";
  else if constexpr (*arguments == '\0')
    return type;
  else
    return type + ("<" + arguments_text(arguments, fields_of(spec)) + ">");
}

// A type as text: a layer, or what holds others.
struct TypeText {
  std::string head;  // of a layer all of it
  bool holds = false;
  std::vector<TypeText> inside{};  // one a line
  std::string name = "";           // that it is given

  std::string text(std::size_t indent = 0) const {
    std::string all = name.empty() ? head : "Named<" + string_literal(name) + ", " + head;
    if (holds) all += "<" + text_inside(indent + 4) + ">";
    return name.empty() ? all : all + ">";
  }

 private:
  std::string text_inside(std::size_t indent) const {
    if (inside.empty()) return "";
    if (inside.size() == 1) return inside[0].text(indent - 4);
    std::string all;
    for (const TypeText& type : inside)
      all += (all.empty() ? "\n" : ",\n") + std::string(indent, ' ') + type.text(indent);
    return all;
  }
};

/// A graph as a Sequential of layers and branches.
class StaticNetwork {
 public:
  /// Error: std::invalid_argument that says what no Sequential has.
  explicit StaticNetwork(const functional::Model& model) : graph_(model.graph()) {
    check_ports(model);
    const std::vector<std::string> names = layer_names(model.layers());
    for (int i = 0; i < graph_.needed; ++i) layers_.push_back({.name = names[graph_.layer_index(i)]});
    find_data(graph_.outputs[0]);
    for (int i = 0; i < graph_.needed; ++i)
      if (at(i).data) check_call(i);
    for (int i = 0; i < graph_.needed; ++i)
      if (at(i).data) find_type(i);
    network_.inside = chain(-1, graph_.outputs[0], 0);
    network_.inside.insert(network_.inside.begin(), {"Input<" + argument_text(model.input_shape()) + ">"});
  }

  std::string text() const { return network_.text(); }
  /// The layers in the order in which they run, static or not.
  std::size_t size() const { return layers_.size(); }
  const std::string& name(std::size_t i) const { return layers_[i].name; }

 private:
  struct Layer {
    std::string name;
    TypeText type{};
    bool data = false, merges = false, used = false;  // data: not only a part of a mask
    int fork = -1;  // the nearest layer that everything passes on its way here; -1: the input
  };
  static constexpr int deepest = 30;  // branches inside branches

  void check_ports(const functional::Model& model) const {
    if (model.inputs() > 1)
      refuse_to_generate("the model has ", model.inputs(), " inputs, '", model.input_name(0), "' and '",
                         model.input_name(1), "' among them; one wanted");
    if (model.outputs() > 1)
      refuse_to_generate("the model has ", model.outputs(), " outputs, '", model.output_name(0), "' and '",
                         model.output_name(1), "' among them; one wanted");
    if (graph_.inputs[0]->prepared.by)
      refuse_to_generate("input '", model.input_name(0),
                         "' takes texts; call the model on an Input of numbers");
    if (graph_.is_open())
      refuse_to_generate("input '", model.input_name(0),
                         "' takes sequences of any length; call the model on an Input of one length");
    if (graph_.outputs[0] < 0) refuse_to_generate("the model has no layer");
  }
  template <class... Parts> [[noreturn]] void refuse(int i, const Parts&... why) const {
    refuse_to_generate("layer '", at(i).name, "' (", graph_.entry(i).layer->node->type(), ") ", why...);
  }
  void check_call(int i) const {
    const functional::Graph::Entry& entry = graph_.entry(i);
    const functional::Extras extras = entry.node->extras();
    if (entry.owner != i) refuse(i, "is called more than once");
    if (extras.return_more) refuse(i, "returns its states or scores");
    if (entry.node->outputs() > 1) refuse(i, "makes several tensors");
    if (extras.initial_state) refuse(i, "is given states to begin with");
    check_masks(i);
  }
  // A static network makes and reads the masks that Keras gives by itself, and no others.
  void check_masks(int i) const {
    const functional::Graph::Entry& entry = graph_.entry(i);
    const MasksRead read = entry.node->extras().masks;
    if (entry.node->reads_masks() && read.has(MasksRead::given)) refuse(i, "is given a mask of its scores");
    for (int k = 0; k < data_inputs(i); ++k) {
      const functional::Tensor& x = entry.call->inputs[static_cast<std::size_t>(k)];
      const functional::Call* mask = x.mask() ? &x.mask()->call() : nullptr;
      if (entry.node->reads_mask()) mask = read.count() > 0 ? &entry.call->inputs.back().call() : nullptr;
      if (!masks_.agrees(x.call(), mask)) refuse(i, "is given another mask than Keras gives it by itself");
    }
  }
  int data_inputs(int i) const {
    return graph_.entry(i).inputs.count - graph_.entry(i).node->extras().masks.count();
  }
  // What the output is made of; everything else makes masks, which a static network does by itself.
  void find_data(int i) {
    if (i < 0 || at(i).data) return;
    at(i).data = true;
    for (int k = 0; k < data_inputs(i); ++k) find_data(graph_.entry(i).inputs[k]);
  }
  static std::string text_of(const functional::Node& node) {
    if (const auto* steps = dynamic_cast<const functional::TimeDistributedNode*>(&node)) {
      const std::string inside = text_of(steps->inside());
      return inside.empty() ? "" : "TimeDistributed<" + inside + ">";
    }
    if (const auto* spectral = dynamic_cast<const functional::SpectralNormalizationNode*>(&node)) {
      const std::string inside = text_of(spectral->inside());
      const std::string steps = std::to_string(spectral->power_iterations());
      return inside.empty() ? ""
             : steps == "1" ? "SpectralNormalization<" + inside + ">"
                            : "SpectralNormalization<" + inside + ", PowerIterations<" + steps + ">>";
    }
    std::string text;
    functional::with_spec(node, [&](auto spec) {
      if constexpr (requires { spec.masked; }) spec.masked = false;
      if constexpr (requires { spec.masks = MasksRead{}; }) spec.masks = {};
      text = layer_text(spec);
    });
    return text;
  }
  void find_type(int i) {
    Layer& layer = at(i);
    layer.type.head = text_of(*graph_.entry(i).node);
    functional::with_spec(*graph_.entry(i).node,
                          [&]<class S>(const S&) { layer.merges = MergingSpec<S> && data_inputs(i) > 1; });
    if (layer.type.head.empty()) refuse(i, "has no static type");
    if (layer.name != automatic_name(graph_.entry(i).node->type())) layer.type.name = layer.name;
    taken_.insert(layer.name);
    const PerInput<int>& reads = graph_.entry(i).inputs;
    layer.fork = reads[0];
    for (int k = 1; k < data_inputs(i); ++k) layer.fork = common_fork(layer.fork, reads[k]);
  }
  // What a layer of this type is called behind those before it if it is given no name.
  std::string automatic_name(const char* type) {
    const std::string snake = snake_case(type);
    for (int& n = numbers_[snake];; ++n)
      if (std::string name = n == 0 ? snake : snake + "_" + std::to_string(n); !taken_.contains(name))
        return name;
  }
  int common_fork(int a, int b) const {
    while (a != b) {
      int& later = a > b ? a : b;
      later = at(later).fork;
    }
    return a;
  }
  Layer& at(int i) { return layers_[static_cast<std::size_t>(i)]; }
  const Layer& at(int i) const { return layers_[static_cast<std::size_t>(i)]; }

  // The layers between two values, of which everything on its way to the second passes the first.
  std::vector<TypeText> chain(int from, int to, int depth) {
    std::vector<TypeText> backwards;
    for (int i = to; i != from; i = at(i).fork) {
      Layer& layer = at(i);
      if (layer.used) refuse(i, "is read in several branches: no Parallel or Residual holds them together");
      layer.used = true;
      backwards.push_back(layer.merges ? merged(i, depth + 1) : layer.type);
    }
    return {backwards.rbegin(), backwards.rend()};
  }
  TypeText merged(int i, int depth) {
    const Layer& layer = at(i);
    const functional::Graph::Entry& entry = graph_.entry(i);
    if (depth > deepest) refuse(i, "has branches inside branches, deeper than ", deepest);
    TypeText parallel{"Parallel", true, {{layer.type.head}}, layer.type.name};
    for (int k = 0; k < data_inputs(i); ++k)
      parallel.inside.push_back({"Branch", true, chain(layer.fork, entry.inputs[k], depth)});
    if (layer.type.head != "Add<>" || entry.inputs.count != 2 || entry.in[0] != entry.in[1]) return parallel;
    std::vector<TypeText>& branches = parallel.inside;
    for (const std::size_t other : {2u, 1u})  // a + b is b + a
      if (branches[3 - other].inside.empty() && !branches[other].inside.empty())
        return {"Residual", true, branches[other].inside, layer.type.name};
    return parallel;
  }

  const functional::Graph& graph_;
  ImplicitMasks masks_;
  std::vector<Layer> layers_;
  std::set<std::string> taken_;         // names
  std::map<std::string, int> numbers_;  // of the last name of a type
  TypeText network_{"Sequential", true};
};

// Numbers in lines of an initializer.
class NumberLines {
 public:
  void comment(std::string_view text) {
    end_line();
    text_ += "    // " + comment_text(text) + "\n";
  }
  void add(const std::string& number) {
    if (line_.size() + number.size() + 2 > 110) end_line();
    line_ += (line_.empty() ? "    " : " ") + number + ",";
  }
  std::string text() {
    end_line();
    return "{\n" + text_ + "}";
  }

 private:
  void end_line() {
    if (!line_.empty()) text_ += line_ + "\n";
    line_.clear();
  }
  std::string text_, line_;
};

// Rounds a model's weights to what a header holds.
template <class Half> void round_weights(functional::Model& model) {
  const std::vector<std::string> names = layer_names(model.layers());
  for (std::size_t l = 0; l < names.size(); ++l) {
    const Tensors& tensors = model.layers()[l].tensors;
    for (float& weight : model.block().subspan(tensors.start, tensors.end - tensors.start)) {
      const float rounded = Half::to_float(Half::from_float(weight));
      if (std::isinf(rounded) && !std::isinf(weight))
        refuse_to_generate("layer '", names[l], "' has a weight ", weight, ", too large for ", Half::name);
      weight = rounded;
    }
  }
}
// The name and the shape of each tensor, and its values with the padding behind them.
inline std::string weights_text(const functional::Model& model, const StaticNetwork& network, auto text_of) {
  NumberLines numbers;
  for (std::size_t i = 0; i < network.size(); ++i) {
    const Tensors& tensors = model.plan().layers[i].tensors;
    for (int p = 0; p < tensors.count(); ++p) {
      numbers.comment(network.name(i) + "/" + tensors[p].name + " " +
                      std::string(Text(tensors[p].shape).view()));
      const std::size_t end = p + 1 < tensors.count() ? tensors.offset(p + 1) : tensors.end;
      for (const float weight : model.block().subspan(tensors.offset(p), end - tensors.offset(p)))
        numbers.add(text_of(weight));
    }
  }
  if (model.block().empty()) numbers.add("0");
  return numbers.text();
}
inline std::string float_text(float value) {
  return value == 0 && !std::signbit(value) ? "0" : number_text(value);
}
template <class Half> std::string half_text(float value) { return std::to_string(Half::from_float(value)); }

// How many classes an Embedding of the model has, 0 without one.
inline int classes_of(const functional::Model& model) {
  int classes = 0;
  for (const functional::Graph::Entry& entry : model.graph().entries)
    functional::with_spec(*entry.node, [&]<class S>(const S& spec) {
      if constexpr (std::is_same_v<S, EmbeddingSpec>)
        classes = classes == 0 ? spec.input_dim : std::min(classes, spec.input_dim);
    });
  return classes;
}
inline std::string expected_text(const functional::Model& model, int samples) {
  const auto size = static_cast<std::size_t>(model.input_shape().size());
  const int classes = classes_of(model);
  NumberLines numbers;
  std::vector<float> x(size);
  for (std::size_t s = 0; s < static_cast<std::size_t>(samples); ++s) {
    for (std::size_t i = 0; i < size; ++i) x[i] = generated::test_value(s * size + i, classes);
    for (const float y : model.predict(x)) {
      if (!std::isfinite(y))
        refuse_to_generate("the model predicts ", y,
                           " for a test sample; test_samples = 0 leaves the test out");
      numbers.add(float_text(y));
    }
  }
  return numbers.text();
}

inline std::string constants_text(const std::string& type, const std::string& name,
                                  const std::string& values) {
  return "inline constexpr " + type + " " + name + "[] = " + values + ";\n\n";
}
inline const char* format_name(WeightFormat format) {
  constexpr const char* names[] = {"float32", Float16::name, BFloat16::name, "a blob"};
  return names[static_cast<int>(format)];
}
// The weights, and the function that makes a model of them.
inline std::string model_text(const functional::Model& model, const StaticNetwork& network,
                              WeightFormat format) {
  if (format == WeightFormat::blob)
    return R"(/// The model of a blob, which it reads where it lies. Error: reported, and there is none; another blob came.
inline std::optional<Model> model(std::span<const std::byte> blob) {
  const std::span<const float> weights = view_of_blob<Net>(blob);
  if (weights.size() != plan<Net>().block) return {};
  return Model(weights.first<plan<Net>().block>());
}
)";
  if (format == WeightFormat::float32)
    return "alignas(64) " + constants_text("float", "weights", weights_text(model, network, float_text)) +
           R"(inline const Model& model() {
  static const Model model{std::span(weights).first<plan<Net>().block>()};
  return model;
}
)";
  const bool ieee = format == WeightFormat::float16;
  return constants_text("std::uint16_t", "weights",
                        weights_text(model, network, ieee ? half_text<Float16> : half_text<BFloat16>)) +
         R"(inline const Model& model() {
  static const keratin::generated::Expanded<)" +
         (ieee ? "Float16" : "BFloat16") + R"(, std::size(weights)> floats(weights);
  static const Model model{std::span(floats.values).first<plan<Net>().block>()};
  return model;
}
)";
}
inline std::string test_text(const functional::Model& model, const CodegenOptions& options) {
  const bool is_blob = options.weights == WeightFormat::blob;
  return "// What the model predicted for keratin::generated::test_value when this was generated.\n" +
         constants_text("float", "expected", expected_text(model, options.test_samples)) +
         "/// Whether it still does, within 1e-5: relative above 1, absolute below.\ninline bool self_test(" +
         (is_blob ? "const Model& model" : "") + ") { return keratin::generated::agrees(model" +
         (is_blob ? "" : "()") + ", expected, " + std::to_string(classes_of(model)) + "); }\n";
}

// a::b_1
inline bool names_a_namespace(std::string_view name) {
  constexpr std::string_view letters = "_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  for (;;) {
    const std::string_view part = name.substr(0, name.find("::"));
    if (part.empty() || part.find_first_not_of(letters) != part.npos || std::isdigit(part[0])) return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 2);
  }
}
inline void check_options(const CodegenOptions& options) {
  if (!names_a_namespace(options.name) || options.name == "keratin")
    refuse_to_generate("the name '", options.name, "' came, one of a namespace wanted, like app::lenet");
  if (options.test_samples < 0)
    refuse_to_generate(options.test_samples, " test samples came, at least 0 wanted");
}

}  // namespace detail

/// The text of a header that is the model: `Net`, its network as a type; its weights in the layout of
/// plan<Net>(), read where they lie; `model()`; and `self_test()`, whether this program predicts for some
/// samples what the model did here, within 1e-5. It needs Keratin and neither exceptions nor RTTI.
/// Initializers that no static type names, and what is not trained, are not kept. Error:
/// std::invalid_argument, which names the layer, for a model that is no Sequential with Residual and
/// Parallel, or for weights too large for 16 bits; for a name that is none of a namespace.
inline std::string generate_header(const functional::Model& given, const CodegenOptions& options = {}) {
  detail::check_options(options);
  const detail::StaticNetwork network(given);
  functional::Model model = given;
  if (options.weights == WeightFormat::float16) detail::round_weights<Float16>(model);
  if (options.weights == WeightFormat::bfloat16) detail::round_weights<BFloat16>(model);

  const std::string block = std::to_string(model.block().size());
  std::string text = "#pragma once\n// Generated";
  const auto add = [&](const auto&... parts) { ((text += parts), ...); };
  if (!options.source.empty()) add(" from ", detail::comment_text(options.source));
  add(" by keratin::io::generate_header: generate it again instead of changing it.\n");
  add(Text("// Input ", model.input_shape(), ", output ", model.output_shape(), ", ", model.count_params(),
           " parameters in ", detail::format_name(options.weights), ".\n")
          .view());
  if (options.weights == WeightFormat::blob) add("#include <keratin/sequential/blob.hpp>\n");
  add("#include <keratin/sequential/generated.hpp>\n\n");
  if (options.weights == WeightFormat::blob) add("#include <optional>\n\n");
  add("namespace ", options.name, " {\n\n");
  add("using namespace keratin;\n\nusing Net = ", network.text(),
      ";\nusing Model = keratin::Model<Net, View>;\n");
  add("static_assert(plan<Net>().block == ", block, ", \"made for another version of Keratin\");\n\n");
  add(detail::model_text(model, network, options.weights));
  if (options.test_samples > 0) add("\n", detail::test_text(model, options));
  add("\n}  // namespace ", options.name, "\n");
  return text;
}

}  // namespace keratin::io
