#pragma once
// A layer's settings out of Keras's JSON and into it: a spec's fields are found by their names, which are
// Keras's. What a file says beyond them is refused unless it changes nothing. Needs nlohmann-json.
#include <keratin/core/named_enum.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/range.hpp>
#include <keratin/initializers.hpp>
#include <keratin/io/file_error.hpp>
#include <keratin/layers.hpp>
#include <keratin/optimizers/learning_rate.hpp>
#include <keratin/preprocessing/text.hpp>

#include <boost/hana/accessors.hpp>
#include <boost/hana/for_each.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace keratin::io {

using Json = nlohmann::ordered_json;  // outputs with names keep their order

namespace detail {

// What stands in the way of a value, as part of a message.
[[noreturn]] inline void wants(const Json& came, const std::string& wanted) {
  std::string text = came.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 60) text = text.substr(0, 57) + "...";
  throw FileError(text + " came, " + wanted + " wanted");
}

// name or {"class_name": name, "config": ...}, as a class or function is written; null is "".
inline std::string class_of(const Json& j) {
  if (j.is_null()) return "";
  if (j.is_string()) return j;
  if (!j.is_object() || !j.contains("class_name") || !j["class_name"].is_string())
    wants(j, "a name or a record");
  if (j["class_name"] == "function" && j.contains("config") && j["config"].is_string()) return j["config"];
  return j["class_name"];
}
inline double number_in(const Json& j, const char* key, double otherwise) {
  const Json config = j.is_object() ? j.value("config", Json::object()) : Json::object();
  if (!config.contains(key) || config[key].is_null()) return otherwise;
  if (!config[key].is_number()) wants(config[key], "a number");
  return config[key];
}

inline void take(const Json& j, int& v) {
  if (!j.is_number() || j.get<double>() != std::floor(j.get<double>()) ||
      std::fabs(j.get<double>()) > INT32_MAX)
    wants(j, "a whole number");
  v = static_cast<int>(j.get<double>());
}
// Null where there is none by default, which an infinite value says.
inline void take(const Json& j, double& v) {
  if (j.is_null() && std::isinf(v)) return;
  if (!j.is_number() || !std::isfinite(j.get<double>()))
    wants(j.is_object() && j.contains("class_name") ? j["class_name"] : j, "a number");
  v = j;
}
inline void take(const Json& j, bool& v) {
  if (!j.is_boolean()) wants(j, "true or false");
  v = j;
}
// Whether it is one of the enum's names.
template <NamedEnum E> bool take_named(const Json& j, E& v) {
  for (std::size_t i = 0; i < names_of(v).size(); ++i)
    if (j == names_of(v)[i]) return v = static_cast<E>(i), true;
  return false;
}
template <NamedEnum E> void take(const Json& j, E& v) {
  if (take_named(j, v)) return;
  std::string all;
  for (const std::string_view name : names_of(v)) all.append(all.empty() ? "" : ", ").append(name);
  wants(j, "one of " + all);
}
inline void take(const Json& j, Merging& v) {
  if (j.is_null()) return void(v = Merging::none);
  take<Merging>(j, v);
}
// null: none.
inline void take(const Json& j, Equation& v) {
  if (j.is_null()) return void(v = {});
  if (!j.is_string() || j.get<std::string>().size() > Equation::most) wants(j, "an equation");
  v = Equation(std::string_view(j.get_ref<const std::string&>()));
}
// A number, or a list of one; null: as the layer has it by itself.
inline void take(const Json& j, Automatic& v) {
  if (!j.is_null()) take(j.is_array() && j.size() == 1 ? j[0] : j, v.value);
}
// One number, or the lowest and the highest; null where there is none by default.
template <int Lowest> void take(const Json& j, RangeFrom<Lowest>& v) {
  if (j.is_null() && v == RangeFrom<Lowest>::none()) return;
  double low = 0, high = 0;
  if (!j.is_array()) {
    take(j, high);
    return void(v = RangeFrom<Lowest>(high));
  }
  if (j.size() != 2) wants(j, "one number or two");
  take(j[0], low);
  take(j[1], high);
  v = {low, high};
}
// One number for all, or one for each; null: as the layer has it by itself.
template <std::size_t N> void take(const Json& j, std::array<int, N>& v) {
  if (j.is_null()) return;
  if (!j.is_array()) {
    int all = 0;
    take(j, all);
    return v.fill(all);
  }
  if (j.size() != N) wants(j, std::to_string(N) + " numbers");
  for (std::size_t i = 0; i < N; ++i) take(j[i], v[i]);
}
// Before and behind each axis.
template <std::size_t N> void take(const Json& j, std::array<Sizes<2>, N>& v) {
  if (j.is_array() && j.size() == N && N > 1) {
    for (std::size_t i = 0; i < N; ++i) take(j[i], v[i]);
  } else {
    take(j, v[0]);
    v.fill(v[0]);
  }
}
inline void take(const Json& j, Shape& v) {
  if (!j.is_array() || j.empty() || j.size() > Shape::max_rank) wants(j, "a shape");
  v = {};
  for (const Json& extent : j) take(extent.is_null() ? Json(-1) : extent, v.extent[v.rank++]);
}
inline void take(const Json& j, Numbers& v) {
  if (j.is_null()) return void(v = {});
  const Json list = j.is_array() ? j : Json::array({j});
  if (list.size() > Numbers::capacity) wants(j, "a number or a short list");
  v = {};
  for (const Json& one : list) take(one.is_null() ? Json(0) : one, v.item[v.count++]);
}
// An activation whose name means something else in Keras, or nothing.
inline bool is_of_files(ActivationFunction f) { return f != GELUTanh{} && f != Sparsemax{}; }
// Numbers, also in lists of lists; null: none.
inline void take_numbers(const Json& j, std::vector<double>& v) {
  if (j.is_null()) return;
  if (j.is_array())
    for (const Json& item : j) take_numbers(item, v);
  else
    take(j, v.emplace_back());
}
inline void take(const Json& j, Table& v) {
  std::vector<double> all;
  take_numbers(j, all);
  if (all.size() > Table::most) wants(j, std::to_string(Table::most) + " numbers at most");
  v = {};
  v.count = static_cast<int>(all.size());
  std::copy(all.begin(), all.end(), v.values.begin());
}
inline void take(const Json& j, OptionalInt& v) {
  v = {};
  if (j.is_null()) return;
  v.given = true;
  take(j, v.value);
}
inline void take(const Json& j, std::string& v) {
  if (!j.is_string()) wants(j, "a text");
  v = j;
}
inline void take(const Json& j, std::optional<std::string>& v) {
  v.reset();
  if (!j.is_null()) take(j, v.emplace());
}
inline constexpr std::array<std::string_view, 4> standardizations{"", "lower", "strip_punctuation",
                                                                  "lower_and_strip_punctuation"};
inline void take(const Json& j, Standardize& v) {
  for (std::size_t i = 0; i < standardizations.size(); ++i)
    if (i == 0 ? j.is_null() : j == standardizations[i]) return void(v = static_cast<Standardize>(i));
  wants(j, "null, lower, strip_punctuation or lower_and_strip_punctuation");
}
inline constexpr std::array<std::string_view, 3> splits{"", "whitespace", "character"};
inline void take(const Json& j, Split& v) {
  for (std::size_t i = 0; i < splits.size(); ++i)
    if (i == 0 ? j.is_null() : j == splits[i]) return void(v = static_cast<Split>(i));
  wants(j, "null, whitespace or character");
}
inline void take(const Json& j, std::vector<int>& widths) {
  widths.clear();
  if (j.is_array()) {
    for (const Json& width : j) take(width, widths.emplace_back());
  } else if (!j.is_null()) {
    int most = 0;
    take(j, most);
    if (most > 1000) wants(j, "widths of 1000 tokens at most");
    for (int width = 1; width <= most; ++width) widths.push_back(width);
  }
}
inline void take(const Json& j, kernels::Salt& v) {
  v = {};
  if (j.is_null()) return;
  const Json pair = j.is_array() ? j : Json::array({j, j});
  if (pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_number_integer())
    wants(j, "one or two whole numbers");
  v = {true, pair[0].get<std::uint64_t>(), pair[1].get<std::uint64_t>()};
}
inline void take(const Json& j, OpenShape& v) { take(j.is_array() ? j : Json::array({j}), v.shape); }
inline void take(const Json& j, ActivationFunction& v) {
  std::string name = j.is_null() ? "linear" : class_of(j);
  if (name == "swish") name = SiLU::name;
  if (name == "hard_swish") name = HardSiLU::name;
  for (int i = 0; i < Activations::count; ++i)
    if (Activations::names[static_cast<std::size_t>(i)] == name) v.index = i;
  if (v.name() == name && is_of_files(v)) return;
  std::string all;
  for (int i = 0; i < Activations::count; ++i) {
    v.index = i;
    if (is_of_files(v)) all.append(all.empty() ? "" : ", ").append(v.name());
  }
  wants(j, "one of " + all);
}
inline void take(const Json& j, Regularizer& v) {
  v = {};
  const std::string name = class_of(j);
  if (name.empty()) return;
  if (name == "L1" || name == "l1")
    v.l1 = number_in(j, "l1", 0.01);
  else if (name == "L2" || name == "l2")
    v.l2 = number_in(j, "l2", 0.01);
  else if (name == "L1L2" || name == "l1_l2")
    v = {number_in(j, "l1", 0), number_in(j, "l2", 0)};
  else if (snake_case(name) == "orthogonal_regularizer") {
    v.orthogonal = number_in(j, "factor", 0.01);
    const Json mode = j.is_object() ? j.value("config", Json::object()).value("mode", Json("rows")) : "rows";
    if (mode != "rows" && mode != "columns") wants(mode, "rows or columns");
    v.mode = mode == "rows" ? OrthogonalMode::rows : OrthogonalMode::columns;
  } else
    wants(j, "L1, L2, L1L2 or OrthogonalRegularizer");
}
// One axis, or a list of them; null: all.
inline std::uint16_t constraint_axes(const Json& j) {
  std::uint16_t axes = 0;
  for (const Json& one : j.is_array() ? j : j.is_null() ? Json::array() : Json::array({j})) {
    int axis = 0;
    take(one, axis);
    if (axis < -Shape::max_rank || axis >= Shape::max_rank) wants(one, "an axis of the weight");
    axes |= Constraint::bits(axis);
  }
  return axes;
}
inline void take(const Json& j, Constraint& v) {
  v = {};
  const std::string name = snake_case(class_of(j));
  if (name.empty()) return;
  if (name == "non_neg") return void(v.kind = Constraint::non_negative);
  v.kind = Constraint::norm;
  if (name == "max_norm")
    v.max_value = number_in(j, "max_value", 2);
  else if (name == "unit_norm")
    v.min_value = v.max_value = 1;
  else if (name == "min_max_norm")
    v.min_value = number_in(j, "min_value", 0), v.max_value = number_in(j, "max_value", 1),
    v.rate = number_in(j, "rate", 1);
  else
    wants(j, "MaxNorm, NonNeg, UnitNorm or MinMaxNorm");
  const Json config = j.is_object() ? j.value("config", Json::object()) : Json::object();
  v.axes = constraint_axes(config.value("axis", Json(0)));
}
// How a weight starts. What the file has for it stands in for one that is not known.
inline void take(const Json& j, Initializer& v) {
  const std::string name = snake_case(class_of(j));
  const bool forget = v.unit_forget;
  for (const NamedInitializer& known : named_initializers)
    if (name == snake_case(known.name)) v = known.value;
  if (name == "constant") v = {Distribution::constant, Fan::none, number_in(j, "value", 0), 0};
  if (name == "orthogonal" || name == "orthogonal_initializer")
    v = {Distribution::orthogonal, Fan::none, 0, number_in(j, "gain", 1)};
  if (name == "random_normal" || name == "normal")
    v = {Distribution::normal, Fan::none, number_in(j, "mean", 0), number_in(j, "stddev", 0.05)};
  if (name == "random_uniform" || name == "uniform") {
    const double low = number_in(j, "minval", -0.05), high = number_in(j, "maxval", 0.05);
    v = {Distribution::uniform, Fan::none, (low + high) / 2, (high - low) / 2};
  }
  if (name == "truncated_normal")
    v = {Distribution::truncated_normal, Fan::none, number_in(j, "mean", 0), number_in(j, "stddev", 0.05)};
  if (name == "identity" || name == "identity_initializer")
    v = {Distribution::identity, Fan::none, 0, number_in(j, "gain", 1)};
  if (name == "variance_scaling") {
    const Json config = j.is_object() ? j.value("config", Json::object()) : Json::object();
    const Json mode = config.value("mode", Json("fan_in")),
               of = config.value("distribution", Json("truncated_normal"));
    if (mode != "fan_in" && mode != "fan_out" && mode != "fan_avg") wants(mode, "fan_in, fan_out or fan_avg");
    if (of != "uniform" && of != "truncated_normal" && of != "normal" && of != "untruncated_normal")
      wants(of, "uniform, truncated_normal or untruncated_normal");
    v = {of == "uniform"              ? Distribution::uniform
         : of == "untruncated_normal" ? Distribution::normal
                                      : Distribution::truncated_normal,
         mode == "fan_in"    ? Fan::in
         : mode == "fan_out" ? Fan::out
                             : Fan::average,
         0, number_in(j, "scale", 1)};
  }
  if (name == "stft" || name == "stft_initializer") {
    const Json config = j.is_object() ? j.value("config", Json::object()) : Json::object();
    const auto word = [&](const char* key, auto& to) {
      return !config.contains(key) || take_named(config[key].is_null() ? Json("none") : config[key], to);
    };
    Initializer kernel = STFT<>::value;
    keratin::detail::STFTKernel& stft = kernel.stft;
    if (config.contains("periodic")) take(config["periodic"], stft.periodic);
    if (word("side", stft.side) && word("window", stft.window) && word("scaling", stft.scaling)) v = kernel;
  }
  v.unit_forget = forget;
}

inline void take(const Json& j, LearningRate& v);  // a number, or the record of a schedule

// A class and its settings, as Keras writes them down.
inline Json record_of(const char* module, std::string_view class_name, Json config) {
  return {{"module", module}, {"class_name", class_name}, {"config", config}, {"registered_name", nullptr}};
}
// The other way round: what `take` makes the value of.
inline Json put(const LearningRate& v);
template <class T>
  requires std::is_arithmetic_v<T>
Json put(T v) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isinf(v)) return nullptr;  // there is none
  return v;
}
template <int Lowest> Json put(const RangeFrom<Lowest>& v) {
  return v == RangeFrom<Lowest>::none() ? Json() : Json{v.low, v.high};
}
inline Json put(const Automatic& v) { return v.value; }
template <NamedEnum E> Json put(E v) { return enum_name(v); }
inline Json put(Merging v) { return v == Merging::none ? Json() : Json(enum_name(v)); }
template <std::size_t N> Json put(const std::array<int, N>& v) { return N == 1 ? Json(v[0]) : Json(v); }
constexpr bool is_false(const auto&) { return false; }
constexpr bool is_false(bool v) { return !v; }
// Sizes that were left to the layer: its defaults, where they are none.
constexpr bool is_left_out(const auto&, const auto&) { return false; }
template <std::size_t N>
constexpr bool is_left_out(const std::array<int, N>& v, const std::array<int, N>& otherwise) {
  return v == otherwise && v[0] < 1;
}
template <std::size_t N> Json put(const std::array<Sizes<2>, N>& v) { return N == 1 ? Json(v[0]) : Json(v); }
inline Json put(const Shape& v) {
  Json extents = Json::array();
  for (int a = 0; a < v.rank; ++a) extents.push_back(v[a]);
  return extents;
}
inline Json put(const OpenShape& v) {
  Json extents = put(v.shape);
  for (Json& extent : extents)
    if (extent == -1) extent = nullptr;
  return extents;
}
inline Json put(const Equation& v) { return v.view().empty() ? Json() : Json(std::string(v.view())); }
inline Json put(const Numbers& v) {
  if (v.count == 0) return nullptr;
  if (v.count == 1) return v[0];
  Json list = Json::array();
  for (const int n : v) list.push_back(n == 0 ? Json() : Json(n));
  return list;
}
inline Json put(const Table& v) { return v.count == 0 ? Json() : Json(std::vector(v.begin(), v.end())); }
inline Json put(const OneOrMore& v) { return v.count == 1 ? Json(v[0]) : put(static_cast<const Table&>(v)); }
inline Json put(const OptionalInt& v) { return v.given ? Json(v.value) : Json(); }
inline Json put(const std::string& v) { return v; }
inline Json put(const std::optional<std::string>& v) { return v ? Json(*v) : Json(); }
inline Json put(Standardize v) {
  return v == Standardize::none ? Json() : Json(standardizations[static_cast<std::size_t>(v)]);
}
inline Json put(Split v) { return v == Split::none ? Json() : Json(splits[static_cast<std::size_t>(v)]); }
inline Json put(const std::vector<int>& v) { return v.empty() ? Json() : Json(v); }
inline Json put(const kernels::Salt& v) { return v.given ? Json{v.first, v.second} : Json(); }
inline Json put(const ActivationFunction& v) {
  if (!is_of_files(v)) throw FileError("activation: Keras has no name for this " + std::string(v.name()));
  return v.name();
}
inline Json put(const Constraint& v) {
  if (!v) return nullptr;
  const auto record = [](const char* name, Json config) {
    return record_of("keras.constraints", name, std::move(config));
  };
  if (v.kind == Constraint::non_negative) return record("NonNeg", Json::object());
  Json axes = Json::array();
  for (int axis = -Shape::max_rank; axis < Shape::max_rank; ++axis)
    if ((v.axes & Constraint::bits(axis)) != 0) axes.push_back(axis);
  const Json axis = axes.empty() ? Json() : axes.size() == 1 ? axes[0] : axes;
  if (v.rate == 1 && v.min_value == 1 && v.max_value == 1) return record("UnitNorm", {{"axis", axis}});
  if (v.rate == 1 && v.min_value == 0) return record("MaxNorm", {{"max_value", v.max_value}, {"axis", axis}});
  return record("MinMaxNorm",
                {{"min_value", v.min_value}, {"max_value", v.max_value}, {"rate", v.rate}, {"axis", axis}});
}
inline Json put(const Regularizer& v) {
  if (v.orthogonal != 0) {
    if (v) throw FileError("a penalty that is orthogonal and L1 or L2: Keras has one of them");
    return record_of(
        "keras.regularizers", "OrthogonalRegularizer",
        {{"factor", v.orthogonal}, {"mode", v.mode == OrthogonalMode::rows ? "rows" : "columns"}});
  }
  if (!v) return nullptr;
  return record_of("keras.regularizers", "L1L2", {{"l1", v.l1}, {"l2", v.l2}});
}
inline Json put(const Initializer& v) {
  const auto record = [](std::string_view name, Json config) {
    return record_of("keras.initializers", name, std::move(config));
  };
  Initializer plain = v;
  plain.unit_forget = false;  // Keras says that of the layer
  for (const NamedInitializer& known : named_initializers)
    if (plain == known.value) return snake_case(known.name);
  if (plain == Orthogonal<>::value) return "orthogonal";  // whose class had another name until Keras 3.3
  if (v.fan != Fan::none)
    return record("VarianceScaling",
                  {{"scale", v.spread},
                   {"mode", v.fan == Fan::in    ? "fan_in"
                            : v.fan == Fan::out ? "fan_out"
                                                : "fan_avg"},
                   {"distribution", v.distribution == Distribution::uniform  ? "uniform"
                                    : v.distribution == Distribution::normal ? "untruncated_normal"
                                                                             : "truncated_normal"}});
  switch (v.distribution) {
    case Distribution::constant:
      return record("Constant", {{"value", v.value}});
    case Distribution::uniform:
      return record("RandomUniform", {{"minval", v.value - v.spread}, {"maxval", v.value + v.spread}});
    case Distribution::orthogonal:
      return record("Orthogonal", {{"gain", v.spread}});
    case Distribution::identity:
      return record("Identity", {{"gain", v.spread}});
    case Distribution::normal:
      return record("RandomNormal", {{"mean", v.value}, {"stddev", v.spread}});
    case Distribution::stft: {
      const auto word = [](auto value) {
        const std::string_view name = enum_name(value);
        return name == "none" ? Json() : Json(name);
      };
      return record("STFT", {{"side", word(v.stft.side)},
                             {"window", word(v.stft.window)},
                             {"periodic", v.stft.periodic},
                             {"scaling", word(v.stft.scaling)}});
    }
    case Distribution::truncated_normal:
      break;
  }
  return record("TruncatedNormal", {{"mean", v.value}, {"stddev", v.spread}});
}

// A layer inside another.
template <LayerSpec S> void take(const Json& j, S& v);
template <LayerSpec S> Json put(const S& v);
inline bool is_bidirectional(const Json& config) {
  return config.is_object() && config.contains("merge_mode") && config.contains("layer") &&
         config["layer"].is_object() && config["layer"].contains("config");
}
// The config of the recurrence that a layer is, or has inside.
inline auto& of_recurrence(auto& config) {
  return is_bidirectional(config) ? config["layer"]["config"] : config;
}

// Whether a setting that no field stands for changes nothing: it is off, or what every layer here does.
inline bool changes_nothing(const std::string& key, const Json& value, int rank) {
  constexpr std::string_view any[] = {"name",
                                      "trainable",
                                      "unroll",
                                      "seed",
                                      "implementation",
                                      "synchronized",
                                      "batch_input_shape",
                                      "input_length",
                                      "shared_object_id",
                                      "renorm_clipping",
                                      "renorm_momentum",
                                      "idf_weights",
                                      "query_shape",  // of attention, in Keras 2
                                      "value_shape",
                                      "key_shape"};
  if (std::find(std::begin(any), std::end(any), key) != std::end(any) || key.ends_with("_initializer"))
    return true;
  if (value.is_null() || value == false || value == 0) return true;
  if (key == "dtype") {
    const Json type = value.is_object() ? value.value("config", Json::object()).value("name", Json()) : value;
    return type == "float32" || type == "int32" ||
           type == "int64";  // these of layers that make whole numbers
  }
  if (key == "vocabulary_dtype") return value == "int64";
  if (key == "oov_method") return value == "floormod";
  if (key == "data_format") return value == "channels_last";
  if (key == "fill_mode") return value == "constant";
  if (key == "axis")
    return value == -1 || value == rank || value == Json::array({-1}) || value == Json::array({rank});
  if (key == "groups") return value == 1;
  if (key == "attention_axes") return value == Json::array({1});
  return false;
}
// Fields that no file sets: what fusion does, what a call is given, what Keras's files leave out.
inline bool is_internal(std::string_view key) {
  for (const char* known : {"norm", "max_pool", "initial_state", "masked", "masks", "use_causal_mask",
                            "return_attention_scores", "exclude_from_weight_decay", "learning_rates"})
    if (key == known) return true;
  return false;
}

// The fields of a struct that Hana knows, by their names. What the config says beyond them has to be
// harmless(key, value).
template <class T> void take_fields(const Json& config, T& fields, auto harmless) {
  std::vector<std::string> known;
  const auto of_key = [](const std::string& key, auto f) {
    try {
      f();
    } catch (const FileError& e) {
      throw FileError(key + ": " + e.what());
    }
  };
  hana::for_each(hana::accessors<T>(), [&](auto field) {
    const std::string key = hana::to<const char*>(hana::first(field));
    if (is_internal(key)) return;
    known.push_back(key);
    if (!config.contains(key)) return;
    of_key(key, [&] {
      if constexpr (requires { take(config, hana::second(field)(fields)); })
        take(config[key], hana::second(field)(fields));
      else
        wants(config[key], "a setting that files can hold");
    });
  });
  for (const auto& [key, value] : config.items())
    if (std::find(known.begin(), known.end(), key) == known.end() && !harmless(key, value))
      of_key(key, [&] { wants(value, "nothing that changes the result"); });
}
template <class T> Json put_fields(const T& fields) {
  const T otherwise{};
  Json config = Json::object();
  hana::for_each(hana::accessors<T>(), [&](auto field) {
    const std::string key = hana::to<const char*>(hana::first(field));
    if (is_internal(key)) return;
    const auto& value = hana::second(field)(fields);
    if constexpr (std::is_same_v<decltype(value), const Automatic&>)
      if (value == 0) return;  // older Kerases may not know the key
    if (key == "use_gate" && is_false(value)) return;
    if constexpr (requires { put(value); })
      config[key] = is_left_out(value, hana::second(field)(otherwise)) ? Json() : put(value);
    else
      throw FileError(key + ": files cannot hold this setting");
  });
  return config;
}

// f(a schedule that begins as Keras has it) for each of those that are structs.
inline void each_schedule(auto f) {
  f(ExponentialDecay{}), f(InverseTimeDecay{}), f(PolynomialDecay{}), f(CosineDecay{}),
      f(CosineDecayRestarts{});
}
inline void take(const Json& j, LearningRate& v) {
  if (j.is_number()) {
    double rate = 0;
    take(j, rate);
    return void(v = rate);
  }
  const std::string name = class_of(j);
  Json config = Json::object();  // without what Keras leaves open
  if (j.is_object() && j.contains("config") && j["config"].is_object())
    for (const auto& [key, value] : j["config"].items())
      if (!value.is_null()) config[key] = value;
  bool known = false;
  each_schedule([&]<class S>(S schedule) {
    if (name != S::name) return;
    known = true;
    take_fields(config, schedule, [](const std::string& key, const Json&) { return key == "name"; });
    v = schedule;
  });
  if (name == PiecewiseConstantDecay::name) {
    const auto numbers = [&](const char* key) {
      const Json list = config.value(key, Json());
      if (!list.is_array() || list.size() > PiecewiseConstantDecay::most + 1) wants(list, "up to 16 numbers");
      std::vector<double> all(list.size());
      for (std::size_t i = 0; i < all.size(); ++i) take(list[i], all[i]);
      return all;
    };
    const std::vector<double> boundaries = numbers("boundaries"), values = numbers("values");
    if (values.size() != boundaries.size() + 1) wants(config, "a value more than boundaries");
    v = PiecewiseConstantDecay(boundaries.data(), values.data(), static_cast<int>(boundaries.size()));
  } else if (!known) {
    wants(j, "a number or a schedule of Keras");
  }
}
inline Json put(const LearningRate& v) {
  return std::visit(
      []<class S>(const S& schedule) -> Json {
        if constexpr (std::is_same_v<S, double>) {
          return schedule;
        } else {
          Json config;
          if constexpr (std::is_same_v<S, PiecewiseConstantDecay>) {
            Json boundaries = Json::array(), values = Json::array();
            for (int i = 0; i < schedule.count(); ++i) boundaries.push_back(schedule.boundary(i));
            for (int i = 0; i <= schedule.count(); ++i) values.push_back(schedule.value(i));
            config = {{"boundaries", boundaries}, {"values", values}};
          } else {
            config = put_fields(schedule);
          }
          if constexpr (std::is_same_v<S, CosineDecay>)
            if (schedule.warmup_steps == 0) config["warmup_target"] = nullptr;
          config["name"] = S::name;
          return record_of("keras.optimizers.schedules", S::name, std::move(config));
        }
      },
      v.schedule());
}

}  // namespace detail

namespace detail {
// A setting that Keras writes though others say it: the second layer of a Bidirectional.
template <LayerSpec S> bool is_implied(const S& spec, const std::string& key, const Json& value);
// What files call the class of a spec.
template <class S> std::string_view class_in_files() {
  if constexpr (requires { S::class_in_files; })
    return S::class_in_files;
  else
    return S::name;
}
// Whether a class that a file says with a config is the one of a spec.
template <LayerSpec S> bool is_class_of(const std::string& class_name, const Json& config) {
  if constexpr (requires(S s) { s.layer; })
    return class_name == class_in_files<S>() && config.contains("layer") &&
           class_of(config["layer"]) == decltype(S::layer)::name;
  else
    return class_name == class_in_files<S>();
}
}  // namespace detail

/// The spec of a layer, from its config. rank: axes of a sample of its input. Error: FileError; a
/// value that does not fit its field, or a setting that is not known here and changes what the layer
/// computes.
template <LayerSpec S> S spec_from_config(const Json& config, int rank) {
  S spec{};
  detail::take_fields(config, spec, [&](const std::string& key, const Json& value) {
    return detail::changes_nothing(key, value, rank) || detail::is_implied(spec, key, value);
  });
  // Files of different versions count them from either end. Those of both ends stay: LayerNormalization's
  // weights depend on it.
  if constexpr (requires { spec.axis.from_the_end(rank); })
    if (std::ranges::all_of(spec.axis, [](int axis) { return axis > 0; }))
      spec.axis = spec.axis.from_the_end(rank);
  if constexpr (requires { spec.simplified(); })
    return spec.simplified();
  else
    return spec;
}

/// The config of a layer, from its spec. Error: FileError; a setting that files cannot hold.
template <LayerSpec S> Json config_from_spec(const S& spec) {
  Json config = detail::put_fields(spec);
  if constexpr (requires { spec.dtype(); }) config["dtype"] = spec.dtype();
  return config;
}

namespace detail {
template <LayerSpec S> void take(const Json& j, S& v) {
  if (class_of(j) != S::name || !j.contains("config")) wants(j, std::string("a record of a ") + S::name);
  v = spec_from_config<S>(j["config"], Shape::max_rank + 1);
}
template <LayerSpec S> Json put(const S& v) {
  Json config = config_from_spec(v);
  config["name"] = snake_case(S::name);
  return record_of("keras.layers", S::name, std::move(config));
}
template <LayerSpec S> bool is_implied(const S& spec, const std::string& key, const Json& value) {
  if constexpr (requires { spec.way(true); }) {
    if (key != "backward_layer") return false;
    auto wanted = spec.way(true), came = wanted;
    take(value, came);
    came.return_state = wanted.return_state;  // which Builder reads on its own
    if (config_from_spec(came) == config_from_spec(wanted)) return true;
    wants(value, "a layer like the one that goes forwards");
  }
  return false;
}
}  // namespace detail

}  // namespace keratin::io
