#pragma once
// A layer's settings out of Keras's JSON and into it: a spec's fields are found by their names, which are
// Keras's. What a file says beyond them is refused unless it changes nothing. Needs nlohmann-json.
#include <keratin/core/named_enum.hpp>
#include <keratin/core/names.hpp>
#include <keratin/core/range.hpp>
#include <keratin/initializers.hpp>
#include <keratin/io/file_error.hpp>
#include <keratin/layers.hpp>

#include <boost/hana/accessors.hpp>
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
template <NamedEnum E> void take(const Json& j, E& v) {
  std::string all;
  for (std::size_t i = 0; i < names_of(v).size(); ++i) {
    const std::string_view name = names_of(v)[i];
    if (j == name) return void(v = static_cast<E>(i));
    all.append(all.empty() ? "" : ", ").append(name);
  }
  wants(j, "one of " + all);
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
inline void take(const Json& j, ActivationFunction& v) {
  const std::string name = j.is_null() ? "linear" : class_of(j);
  for (int i = 0; i < Activations::count; ++i)
    if (Activations::names[static_cast<std::size_t>(i)] == name) return void(v.index = i);
  std::string all;
  for (const std::string_view known : Activations::names) all.append(all.empty() ? "" : ", ").append(known);
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
  else
    wants(j, "L1, L2 or L1L2");
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
  v.unit_forget = forget;
}

// A class and its settings, as Keras writes them down.
inline Json record_of(const char* module, std::string_view class_name, Json config) {
  return {{"module", module}, {"class_name", class_name}, {"config", config}, {"registered_name", nullptr}};
}
// The other way round: what `take` makes the value of.
template <class T>
  requires std::is_arithmetic_v<T>
Json put(T v) {
  if constexpr (std::is_floating_point_v<T>)
    if (std::isinf(v)) return nullptr;  // there is none
  return v;
}
template <NamedEnum E> Json put(E v) { return enum_name(v); }
template <int Lowest> Json put(const RangeFrom<Lowest>& v) {
  return v == RangeFrom<Lowest>::none() ? Json() : Json{v.low, v.high};
}
template <std::size_t N> Json put(const std::array<int, N>& v) {
  return v == std::array<int, N>{} ? Json() : Json(v);  // as the layer has it by itself
}
template <std::size_t N> Json put(const std::array<Sizes<2>, N>& v) { return N == 1 ? Json(v[0]) : Json(v); }
inline Json put(const Shape& v) {
  Json extents = Json::array();
  for (int a = 0; a < v.rank; ++a) extents.push_back(v[a]);
  return extents;
}
inline Json put(const ActivationFunction& v) { return v.name(); }
inline Json put(const Regularizer& v) {
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
    return record(
        "VarianceScaling",
        {{"scale", v.spread},
         {"mode", v.fan == Fan::in ? "fan_in" : "fan_avg"},
         {"distribution", v.distribution == Distribution::uniform ? "uniform" : "truncated_normal"}});
  switch (v.distribution) {
    case Distribution::constant:
      return record("Constant", {{"value", v.value}});
    case Distribution::uniform:
      return record("RandomUniform", {{"minval", v.value - v.spread}, {"maxval", v.value + v.spread}});
    case Distribution::orthogonal:
      return record("Orthogonal", {{"gain", v.spread}});
    case Distribution::normal:
      return record("RandomNormal", {{"mean", v.value}, {"stddev", v.spread}});
    case Distribution::truncated_normal:
      break;
  }
  return record("TruncatedNormal", {{"mean", v.value}, {"stddev", v.spread}});
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
                                      "renorm_momentum"};
  if (std::find(std::begin(any), std::end(any), key) != std::end(any) || key.ends_with("_initializer"))
    return true;
  if (key == "max_value") return value.is_null();
  if (value.is_null() || value == false || value == 0) return true;
  if (key == "dtype")
    return value == "float32" ||
           (value.is_object() && value.value("config", Json::object()).value("name", "") == "float32");
  if (key == "data_format") return value == "channels_last";
  if (key == "axis")
    return value == -1 || value == rank || value == Json::array({-1}) || value == Json::array({rank});
  if (key == "groups") return value == 1;
  return false;
}
// Fields that no file sets: what fusion does, and what a call is given.
inline bool is_internal(std::string_view key) {
  return key == "norm" || key == "max_pool" || key == "initial_state" || key == "masked";
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
  Json config = Json::object();
  hana::for_each(hana::accessors<T>(), [&](auto field) {
    const std::string key = hana::to<const char*>(hana::first(field));
    if (is_internal(key)) return;
    const auto& value = hana::second(field)(fields);
    if constexpr (requires { put(value); })
      config[key] = put(value);
    else
      throw FileError(key + ": files cannot hold this setting");
  });
  return config;
}

}  // namespace detail

/// The spec of a layer, from its config. rank: axes of a sample of its input. Error: FileError; a
/// value that does not fit its field, or a setting that is not known here and changes what the layer
/// computes.
template <LayerSpec S> S spec_from_config(const Json& config, int rank) {
  S spec{};
  detail::take_fields(config, spec, [rank](const std::string& key, const Json& value) {
    return detail::changes_nothing(key, value, rank);
  });
  return spec;
}

/// The config of a layer, from its spec. Error: FileError; a setting that files cannot hold.
template <LayerSpec S> Json config_from_spec(const S& spec) { return detail::put_fields(spec); }

}  // namespace keratin::io
