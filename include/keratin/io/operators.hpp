#pragma once
// Operators on tensors out of Keras's files. Needs nlohmann-json.
#include <keratin/functional.hpp>
#include <keratin/io/calls.hpp>

namespace keratin::io::detail {

using functional::Layer, functional::Tensor;

template <Reduction Kind> Tensor reduced(const Tensor& x, const Json& config, const std::string& name) {
  ReduceSpec<Kind> spec;
  const int rank = x.shape().rank + 1;
  const Json axis = config.value("axis", Json());
  for (const Json& one : axis.is_array() ? axis : axis.is_null() ? Json::array() : Json::array({axis})) {
    int a = 0;
    take(one, a);
    if (a < 0) a += rank;
    if (a < 1 || a >= rank) wants(axis, "axes of a sample");
    spec.axes |= 1u << (a - 1);
  }
  if (axis.is_null()) wants(axis, "axes of a sample");  // else over the batch as well
  for (const auto& [key, value] : config.items())
    if (key != "name" && key != "axis" && key != "keepdims" && !value.is_null())
      throw FileError("with " + key + " " + value.dump() + ", which is not known here");
  if (config.contains("keepdims")) take(config["keepdims"], spec.keepdims);
  return x.unmasked().then(spec, name);
}
inline Tensor item(const Tensor& x, const Json& indices, const std::string& name) {
  SliceSpec spec;
  const Json list = indices.is_array() ? indices : Json::array({indices});
  for (std::size_t i = 0; i < list.size(); ++i) {
    const Json& j = list[i];
    Slice slice;
    if (j.is_number_integer()) {
      int index = 0;
      take(j, index);
      slice = Slice::at(index);
    } else if (j.is_object() && j.value("class_name", Json()) == "__slice__") {
      const Json& config = member(j, "config");
      const auto bound = [&](const char* key, int& v) {
        if (config.contains(key) && !config[key].is_null()) take(config[key], v);
      };
      slice.step = 1;
      bound("step", slice.step);
      if (slice.step < 0) slice.begin = -1;
      bound("start", slice.begin);
      bound("stop", slice.end);
    } else {
      wants(j, "an index or a slice");
    }
    if (i == 0) {
      if (slice != Slice{}) wants(j, "all samples");
      continue;
    }
    if (spec.count == Shape::max_rank) wants(indices, "an index for each axis");
    spec.slices[static_cast<std::size_t>(spec.count++)] = slice;
  }
  return x.unmasked().then(spec, name);
}
// A number of an operator's config.
template <class T> T setting(const Json& config, const char* key, T value) {
  if (const Json given = config.value(key, Json()); !given.is_null()) take(given, value);
  return value;
}
// The axes of a sample, behind that of the samples, of an operator that has them in its config.
inline Shape behind_samples(const Json& config, const char* key, int of_samples) {
  Json extents = member(config, key);
  int first = 0;
  if (extents.is_array() && !extents.empty()) take(extents[0], first);
  if (!extents.is_array() || extents.size() < 2 || first != of_samples)
    wants(extents, "the samples' axis first, and those of a sample");
  extents.erase(0);
  Shape shape;
  take(extents, shape);
  return shape;
}
// An activation that was called as a function of a tensor.
inline std::optional<Tensor> activated(const std::string& op, const Tensor& x, const Json& config,
                                       const std::string& name) {
  const auto is_default = [&](const char* key, const Json& value) {
    return !config.contains(key) || config[key] == value;
  };
  if (op == "Elu") return x.then(ELUSpec{setting(config, "alpha", 1.)}, name);
  if (op == "LeakyRelu") return x.then(LeakyReLUSpec{setting(config, "negative_slope", 0.2)}, name);
  if (op == "Gelu")
    return x.then(is_default("approximate", true) ? ActivationSpec{GELUTanh{}} : ActivationSpec{GELU{}},
                  name);
  for (const char* known : {"Relu", "Relu6", "Sigmoid", "Tanh", "Softmax", "LogSoftmax", "Selu", "Silu",
                            "Softplus", "Softsign", "LogSigmoid", "HardSigmoid", "HardSilu", "Exp"})
    if (op == known) {
      if (!is_default("axis", -1) && config["axis"] != x.shape().rank) wants(config["axis"], "the last axis");
      ActivationFunction f;
      take(op == "Exp" ? "exponential" : snake_case(op), f);
      return x.then(ActivationSpec{f}, name);
    }
  return std::nullopt;
}
/// What was written as an operator or a function of tensors; find(reference) is a tensor.
inline Tensor operate(const Json& record, const Arguments& a, auto find, const std::string& name) {
  const std::string op = text_in(record, "class_name");
  const Json& config = member(record, "config");
  const auto tensor = [&](std::size_t i) { return find(tensors_in(a.args.at(i)).at(0)); };
  const auto is_tensor_at = [&](std::size_t i) { return i < a.args.size() && is_tensor(a.args[i]); };
  const auto number = [&](std::size_t i) {
    double v = 0;
    take(i < a.args.size() ? a.args[i] : Json(), v);
    return v;
  };
  const auto binary = [&](auto f) {
    if (is_tensor_at(0) && is_tensor_at(1)) return f(tensor(0), tensor(1));
    if (is_tensor_at(0)) return f(tensor(0), number(1));
    if (is_tensor_at(1)) return f(number(0), tensor(1));
    throw FileError("two operands wanted, one a tensor");
  };
  const auto merged = [&](const auto& spec) {
    if (!is_tensor_at(0) || !is_tensor_at(1)) throw FileError("two tensors wanted");
    return Layer(spec, name)(tensor(0).unmasked(), tensor(1).unmasked());
  };
  const auto list = [&] {
    std::vector<Tensor> tensors;
    for (const Reference& r : tensors_in(a.args)) tensors.push_back(find(r));
    return tensors;
  };
  const auto axis = [&](int otherwise) { return setting(config, "axis", otherwise); };
  const auto bound = [&](const char* key) {
    double v = 0;
    take(member(config, key), v);
    return v;
  };
  if (op == "Add") return binary([](const auto& x, const auto& y) { return x + y; });
  if (op == "Subtract") return binary([](const auto& x, const auto& y) { return x - y; });
  if (op == "Multiply") return binary([](const auto& x, const auto& y) { return x * y; });
  if (op == "TrueDivide" || op == "Divide") return binary([](const auto& x, const auto& y) { return x / y; });
  if (op == "Maximum") return binary([](const auto& x, const auto& y) { return functional::maximum(x, y); });
  if (op == "Minimum") return binary([](const auto& x, const auto& y) { return functional::minimum(x, y); });
  if (op == "LogicalOr") return merged(LogicalOrSpec{});
  if (op == "Concatenate") return functional::concatenate(list(), axis(-1));
  if (op == "Stack") return functional::stack(list(), axis(0));
  if (!is_tensor_at(0)) throw FileError("a tensor wanted");
  if (op == "ConvertToTensor" || op == "Cast") {  // Attention converts its mask
    if (const Json dtype = config.value("dtype", Json()); !dtype.is_null() && dtype != "float32")
      wants(dtype, "no other type of numbers");
    return tensor(0).unmasked();
  }
  if (op == "Matmul") {
    if (!is_tensor_at(1)) throw FileError("two tensors wanted");
    return functional::matmul(tensor(0), tensor(1));
  }
  if (op == "Reshape") return functional::reshape(tensor(0), behind_samples(config, "newshape", -1));
  if (op == "Transpose") return functional::transpose(tensor(0), behind_samples(config, "axes", 0));
  if (op == "ExpandDims") return functional::expand_dims(tensor(0), axis(0));
  if (op == "Squeeze") return functional::squeeze(tensor(0), axis(0));
  if (op == "Flip") return functional::flip(tensor(0), axis(0));
  if (op == "Clip") return functional::clip(tensor(0), bound("x_min"), bound("x_max"));
  if (op == "Absolute" || op == "Abs") return functional::maximum(tensor(0), -tensor(0));
  if (op == "Sqrt") return functional::power(tensor(0), 0.5);
  if (const auto made = activated(op, tensor(0).unmasked(), config, name)) return *made;
  if (op == "Negative") return -tensor(0);
  if (op == "Power") return functional::power(tensor(0), number(1));
  if (op == "Square") return functional::power(tensor(0), 2);
  if (op == "NotEqual") return tensor(0).unmasked().then(NotEqualSpec{number(1)}, name);
  if (op == "Mean") return reduced<Reduction::mean>(tensor(0), config, name);
  if (op == "Sum") return reduced<Reduction::sum>(tensor(0), config, name);
  if (op == "Max") return reduced<Reduction::max>(tensor(0), config, name);
  if (op == "Min") return reduced<Reduction::min>(tensor(0), config, name);
  if (op == "Any") return reduced<Reduction::any>(tensor(0), config, name);
  if (op == "Threshold") return tensor(0).unmasked().then(spec_from_config<ThresholdSpec>(config, 0), name);
  if (op == "Glu") return functional::glu(tensor(0), axis(-1));
  if (op == "GetItem") return item(tensor(0), a.args.size() > 1 ? a.args[1] : Json(), name);
  throw FileError("this operator is not known here");
}

}  // namespace keratin::io::detail
