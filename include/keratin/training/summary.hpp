#pragma once
// summary: Keras's table of a model's layers; describe: a plan in words. Marked cold: quick to compile, not
// to run.
#include <keratin/core/named_enum.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/table.hpp>
#include <keratin/core/text.hpp>
#include <keratin/core/window.hpp>
#include <keratin/kernels/hash.hpp>
#include <keratin/layers/attention.hpp>
#include <keratin/layers/batch_normalization.hpp>
#include <keratin/layers/einsum_dense.hpp>
#include <keratin/layers/layer.hpp>
#include <keratin/layers/operators.hpp>
#include <keratin/optimizers/learning_rate.hpp>

#include <boost/hana/accessors.hpp>
#include <boost/hana/concept/struct.hpp>
#include <boost/hana/first.hpp>
#include <boost/hana/for_each.hpp>
#include <boost/hana/second.hpp>
#include <boost/hana/string.hpp>
#include <boost/hana/tuple.hpp>

#include <algorithm>
#include <cstdio>

namespace keratin {

namespace hana = boost::hana;

namespace detail {

[[gnu::cold]] inline std::string with_thousands(std::size_t n) {
  std::string digits = std::to_string(n);
  for (std::ptrdiff_t i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<std::size_t>(i), 1, ',');
  return digits;
}
[[gnu::cold]] inline std::string bytes_text(double bytes) {
  const char* const units[] = {"B", "KB", "MB", "GB", "TB"};
  int unit = 0;
  for (; bytes >= 1024 && unit < 4; ++unit) bytes /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %s", bytes, units[unit]);
  return text;
}
[[gnu::cold]] inline std::string shape_text(const Shape& s, const char* first) {
  std::string text = std::string("(") + first;
  for (int axis = 0; axis < s.rank; ++axis)
    text += (axis > 0 || *first != '\0' ? ", " : "") + std::to_string(s[axis]);
  return text + ")";
}

[[gnu::cold]] inline std::string initializer_text(const Initializer& i) {
  constexpr const char *names[] = {"constant", "uniform", "normal", "truncated_normal", "orthogonal"},
                       *fans[] = {"", ", fan_in", ", fan_avg"};
  static_assert(std::size(names) == static_cast<std::size_t>(Distribution::orthogonal) + 1);
  return std::string(Text(names[static_cast<int>(i.distribution)], "(", i.value, ", ", i.spread,
                          fans[static_cast<int>(i.fan)], ")")
                         .view());
}

template <class S> std::string schedule_text(const S& schedule);
}  // namespace detail
template <class S>
  requires(hana::Struct<S>::value)
std::string describe(const S& settings);
namespace detail {

// A field of a spec or an optimizer; nothing for what fusion did not set.
template <class V> [[gnu::cold]] std::string value_text(const V& value) {
  if constexpr (std::is_same_v<V, bool>)
    return value ? "true" : "false";
  else if constexpr (std::is_arithmetic_v<V>)
    return std::string(Text(value).view());
  else if constexpr (std::is_same_v<V, Shape>)
    return shape_text(value, "");
  else if constexpr (std::is_same_v<V, ActivationFunction>)
    return std::string(value.name());
  else if constexpr (std::is_same_v<V, ScoreMode>)
    return value == ScoreMode::dot ? "dot" : "concat";
  else if constexpr (std::is_same_v<V, Automatic>)
    return value > 0 ? value_text(value.value) : "";
  else if constexpr (std::is_same_v<V, Equation>)
    return std::string(value.view());
  else if constexpr (std::is_same_v<V, OpenShape>)
    return value_text(value.shape);
  else if constexpr (std::is_same_v<V, MasksRead>)
    return "";
  else if constexpr (std::is_same_v<V, Regularizer>)
    return value == Regularizer{}
               ? ""
               : std::string(Text("l1 ", value.l1, " l2 ", value.l2).view()) +
                     (value.orthogonal != 0 ? std::string(Text(" orthogonal ", value.orthogonal).view())
                                            : "");
  else if constexpr (std::is_same_v<V, Constraint>)
    return !value ? ""
           : value.kind == Constraint::non_negative
               ? "non_neg"
               : std::string(Text("norm ", value.min_value, " to ", value.max_value).view());
  else if constexpr (std::is_same_v<V, Initializer>)
    return initializer_text(value);
  else if constexpr (std::is_same_v<V, FoldedNormalization>)
    return value ? "folded" : "";
  else if constexpr (NamedEnum<V>)
    return std::string(enum_name(value));
  else if constexpr (requires { value.low, value.high; })
    return value == V::none() ? "none" : std::string(Text(value.low, " to ", value.high).view());
  else if constexpr (std::is_same_v<V, LearningRate>)
    return std::visit([]<class S>(const S& schedule) { return schedule_text(schedule); }, value.schedule());
  else if constexpr (std::is_same_v<V, OptionalInt>)
    return value.given ? std::to_string(value.value) : "none";
  else if constexpr (std::is_same_v<V, kernels::Salt>)
    return value.given ? std::to_string(value.first) + " " + std::to_string(value.second) : "none";
  else if constexpr (std::is_same_v<V, Slice>)
    return std::string(Text(value.begin, ":", value.end, ":", value.step).view());
  else if constexpr (LayerSpec<V>)
    return describe(value);
  else {
    static_assert(requires { value.begin(); }, "a field of a new type: say here how it reads");
    std::string text;
    for (const auto& item : value) text += (text.empty() ? "" : ", ") + value_text(item);
    return value.end() - value.begin() > 1 ? "(" + text + ")" : text;
  }
}

// A cell of text in a column: broken at a space where it is too long, a word that still is ends with an
// ellipsis.
[[gnu::cold]] inline std::vector<std::string> cell_lines(std::string text, std::size_t width) {
  std::vector<std::string> lines;
  while (text.size() > width) {
    const std::size_t space = text.find(' ');
    std::string word = text.substr(0, space);
    if (space != std::string::npos && text.size() > width && word.size() <= width) {
      const std::size_t last = text.rfind(' ', width);
      word = text.substr(0, last);
    }
    text = word.size() < text.size() ? text.substr(word.size() + 1) : "";
    lines.push_back(word.size() > width ? word.substr(0, width - 1) + "\u2026" : word);
  }
  if (!text.empty() || lines.empty()) lines.push_back(text);
  return lines;
}

// Columns of fixed widths; the third holds numbers.
class Table {
 public:
  std::string text;

  explicit Table(std::vector<std::size_t> widths) : width_(std::move(widths)) {}

  [[gnu::cold]] void row(const std::vector<std::string>& cells, const char* bar) {
    std::vector<std::vector<std::string>> lines;
    std::size_t height = 0;
    for (std::size_t c = 0; c < width_.size(); ++c) {
      lines.push_back(cell_lines(cells[c], width_[c]));
      height = std::max(height, lines[c].size());
    }
    for (std::size_t l = 0; l < height; ++l) {
      for (std::size_t c = 0; c < width_.size(); ++c)
        text += std::string(bar) + " " + padded(l < lines[c].size() ? lines[c][l] : "", c) + " ";
      text += std::string(bar) + "\n";
    }
  }
  // A rule: its left end, dash, crossing and right end.
  [[gnu::cold]] void rule(const char* left, const char* dash, const char* cross, const char* right) {
    for (std::size_t c = 0; c < width_.size(); ++c) {
      text += c == 0 ? left : cross;
      for (std::size_t i = 0; i < width_[c] + 2; ++i) text += dash;
    }
    text += std::string(right) + "\n";
  }

 private:
  std::string padded(const std::string& s, std::size_t column) const {
    std::size_t shown = 0;  // characters, not bytes
    for (const char c : s) shown += (c & 0xc0) != 0x80;
    const std::string spaces(width_[column] - std::min(shown, width_[column]), ' ');
    return column == 2 ? spaces + s : s + spaces;
  }

  std::vector<std::size_t> width_;
};

// What a layer makes, of one that makes several tensors a list.
template <class M> std::string outputs_text(const M& model, std::size_t i) {
  if constexpr (requires { model.output_shapes(i); }) {
    std::string text;
    const std::vector<Shape> shapes = model.output_shapes(i);
    for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + shape_text(shape, "None");
    return shapes.size() > 1 ? "[" + text + "]" : text;
  } else {
    return shape_text(model.layers()[i].out, "None");
  }
}
// What each layer of a graph reads, where it is not a chain: one more column.
template <class M> std::vector<std::string> connections_of(const M& model) {
  if constexpr (requires { model.connections(); })
    return model.connections();
  else
    return {};
}

template <class M> std::string model_name(const M& model) {
  if constexpr (requires { model.model(); })  // a trainer
    return model_name(model.model());
  else if constexpr (requires { model.name(); })
    return model.name();
  else
    return "sequential";
}

}  // namespace detail

/// Keras's summary of a model, or of a trainer, which adds its optimizer's variables.
template <class M> [[gnu::cold]] std::string summary_text(const M& model) {
  const auto& layers = model.layers();
  const std::vector<std::string> names = layer_names(layers);
  const std::vector<std::string> connections = detail::connections_of(model);
  const bool connected = !connections.empty();
  detail::Table table(connected ? std::vector<std::size_t>{29, 25, 15, 26}
                                : std::vector<std::size_t>{31, 22, 13});
  table.text = "Model: \"" + detail::model_name(model) + "\"\n";
  table.rule("\u250f", "\u2501", "\u2533", "\u2513");
  table.row({"Layer (type)", "Output Shape", "Param #", "Connected to"}, "\u2503");
  table.rule("\u2521", "\u2501", "\u2547", "\u2529");
  std::size_t parameters = 0, trainable = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    if (i > 0) table.rule("\u251c", "\u2500", "\u253c", "\u2524");
    table.row({names[i] + " (" + layers[i].type + ")", detail::outputs_text(model, i),
               detail::with_thousands(layers[i].tensors.values()), connected ? connections[i] : ""},
              "\u2502");
    parameters += layers[i].tensors.values();
    trainable += layers[i].tensors.trainable_values();
  }
  table.rule("\u2514", "\u2500", "\u2534", "\u2518");
  const auto line = [&](const char* what, std::size_t n) {
    table.text += std::string(" ") + what + " params: " + detail::with_thousands(n) + " (" +
                  detail::bytes_text(static_cast<double>(n * sizeof(typename M::Scalar))) + ")\n";
  };
  std::size_t optimizer = 0;
  if constexpr (requires { model.optimizer_variables(); }) optimizer = model.optimizer_variables();
  line("Total", parameters + optimizer);
  line("Trainable", trainable);
  line("Non-trainable", parameters - trainable);
  if (optimizer > 0) line("Optimizer", optimizer);
  return table.text;
}

/// Prints it. Keras: model.summary().
template <class M> void summary(const M& model) { std::fputs(summary_text(model).c_str(), stdout); }

/// A spec or an optimizer in words, field by field: "Dense(units 32, activation relu, ...)". What a field
/// holds comes from its Hana reflection; nothing has to be written for it.
template <class S>
  requires(hana::Struct<S>::value)
[[gnu::cold]] std::string describe(const S& settings) {
  std::string text = std::string(S::name) + "(";
  hana::for_each(hana::accessors<S>(), [&](auto field) {
    const std::string value = detail::value_text(hana::second(field)(settings));
    if (value.empty()) return;
    text += (text.back() == '(' ? "" : ", ") + std::string(hana::to<const char*>(hana::first(field))) + " " +
            value;
  });
  return text + ")";
}

namespace detail {
template <class S> [[gnu::cold]] std::string schedule_text(const S& schedule) {
  if constexpr (std::is_arithmetic_v<S>)
    return value_text(schedule);
  else if constexpr (hana::Struct<S>::value)
    return describe(schedule);
  else
    return S::name;
}
}  // namespace detail

/// A plan in words: its fused groups, buffers with their lifetimes, bytes and floating-point operations.
template <template <class> class List> [[gnu::cold]] std::string describe(const BasicPlan<List>& plan) {
  const auto gradient = [](int b) {
    return b == Step::none ? std::string("none") : std::string("b").append(std::to_string(b));
  };
  const auto buffer = [&](int b) {
    if (!plan.buffers[static_cast<std::size_t>(b)].external) return gradient(b);
    const bool in = b < plan.input_buffers();
    const auto& ports = in ? plan.inputs : plan.outputs;
    std::string name = in ? "input" : "output";
    for (std::size_t k = 0; k < ports.size() && ports.size() > 1; ++k)
      if (ports[k].buffer == b) return name.append(" ").append(std::to_string(k));
    return name;
  };
  const auto list = [](const PerInput<int>& buffers, auto name) {
    std::string names;
    for (const int b : buffers) names.append(names.empty() ? "" : ", ").append(name(b));
    return names;
  };
  std::string text;
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    const Step& step = plan.steps[s];
    text += "step " + std::to_string(s + 1) + ": ";
    for (std::size_t i = 0; i < plan.layers.size(); ++i) {
      const LayerPlan& layer = plan.layers[i];
      if (layer.head != step.layer) continue;
      text.append(static_cast<int>(i) > step.layer ? " + " : "").append(layer.type);
    }
    const std::string_view activation = plan.layer_of(step).activation;
    if (!activation.empty()) text.append(" (").append(activation).append(")");
    text += ": ";
    text += list(step.inputs, buffer);
    if (step.inputs.count == 1 && step.inputs[0] == step.output)
      text += " in place";
    else
      text.append(" -> ").append(buffer(step.output));
    if (step.output_gradient != Step::none) {
      const PerInput<int>& dx = step.input_gradients;
      text.append("; backward: ").append(gradient(step.output_gradient));
      if (std::all_of(dx.begin(), dx.end(), [](int b) { return b == Step::none; }))
        text += ", no input gradient";
      else if (dx.count == 1 && dx[0] == step.output_gradient)
        text += " in place";
      else
        text.append(" -> ").append(list(dx, gradient));
      for (const Step::Sum& sum : step.sums)
        if (sum.to != Step::none)
          text.append(", ").append(gradient(sum.to)).append(" += ").append(gradient(sum.from));
    }
    text += "\n";
  }
  for (std::size_t b = 0; b < plan.buffers.size(); ++b) {
    const Buffer& at = plan.buffers[b];
    text += buffer(static_cast<int>(b)) + ": " + std::to_string(at.size) + " values a sample";
    if (!at.external) text += " at " + std::to_string(at.offset);
    text += ", alive from " + std::to_string(at.first) + " to " + std::to_string(at.last) + "\n";
  }
  text += "parameters: " + detail::with_thousands(plan.parameters) + ", block " +
          detail::bytes_text(static_cast<double>(plan.block) * 4) +
          "; workspace a sample: " + detail::bytes_text(static_cast<double>(plan.workspace_bytes)) +
          "; forward: " + detail::with_thousands(static_cast<std::size_t>(plan.flops)) + " FLOPs a sample\n";
  return text;
}

}  // namespace keratin
