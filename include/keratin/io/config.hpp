#pragma once
// A layer's settings out of Keras's JSON: a spec's fields are found by their names, which are Keras's. What a
// file says beyond them is refused unless it changes nothing. Needs nlohmann-json.
#include <keratin/core/names.hpp>
#include <keratin/io/file_error.hpp>
#include <keratin/layers.hpp>

#include <boost/hana/accessors.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <string_view>

namespace keratin::io {

using Json = nlohmann::json;

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
inline void take(const Json& j, double& v) {
  if (!j.is_number() || !std::isfinite(j.get<double>())) wants(j, "a number");
  v = j;
}
inline void take(const Json& j, bool& v) {
  if (!j.is_boolean()) wants(j, "true or false");
  v = j;
}
inline void take(const Json& j, Padding& v) {
  if (j == "valid")
    v = Padding::valid;
  else if (j == "same")
    v = Padding::same;
  else if (j == "causal")
    v = Padding::causal;
  else
    wants(j, "valid, same or causal");
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
  if (name == "zeros") v = Zeros::value;
  if (name == "ones") v = Ones::value;
  if (name == "constant") v = {Distribution::constant, Fan::none, number_in(j, "value", 0), 0};
  if (name == "glorot_uniform") v = GlorotUniform::value;
  if (name == "glorot_normal") v = GlorotNormal::value;
  if (name == "he_uniform") v = HeUniform::value;
  if (name == "he_normal") v = HeNormal::value;
  if (name == "orthogonal" || name == "orthogonal_initializer")
    v = {Distribution::orthogonal, Fan::none, 0, number_in(j, "gain", 1)};
  if (name == "random_normal" || name == "normal")
    v = {Distribution::normal, Fan::none, number_in(j, "mean", 0), number_in(j, "stddev", 0.05)};
  if (name == "random_uniform" || name == "uniform") {
    const double low = number_in(j, "minval", -0.05), high = number_in(j, "maxval", 0.05);
    v = {Distribution::uniform, Fan::none, (low + high) / 2, (high - low) / 2};
  }
  v.unit_forget = forget;
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
                                      "time_major",
                                      "input_length",
                                      "shared_object_id",
                                      "renorm_clipping",
                                      "renorm_momentum"};
  if (std::find(std::begin(any), std::end(any), key) != std::end(any) || key.ends_with("_initializer"))
    return true;
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
// Fields that no file sets.
inline bool is_internal(std::string_view key) {
  return key == "norm" || key == "max_pool" || key == "initial_state" || key == "masked";
}

}  // namespace detail

/// The spec of a layer, from its config. rank: axes of a sample of its input. Error: FileError; a
/// value that does not fit its field, or a setting that is not known here and changes what the layer
/// computes.
template <LayerSpec S> S spec_from_config(const Json& config, int rank) {
  S spec{};
  std::vector<std::string> known;
  hana::for_each(hana::accessors<S>(), [&](auto field) {
    const std::string key = hana::to<const char*>(hana::first(field));
    if (detail::is_internal(key)) return;
    known.push_back(key);
    if (!config.contains(key)) return;
    try {
      if constexpr (requires { detail::take(config, hana::second(field)(spec)); })
        detail::take(config[key], hana::second(field)(spec));
      else
        detail::wants(config[key], "a setting that files can hold");
    } catch (const FileError& e) {
      throw FileError(key + ": " + e.what());
    }
  });
  for (const auto& [key, value] : config.items())
    if (std::find(known.begin(), known.end(), key) == known.end() &&
        !detail::changes_nothing(key, value, rank)) {
      try {
        detail::wants(value, "nothing that changes the result");
      } catch (const FileError& e) {
        throw FileError(key + ": " + e.what());
      }
    }
  return spec;
}

}  // namespace keratin::io
