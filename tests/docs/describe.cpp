// What the specs say of themselves, for tests/docs/layers.py: lines of words, a layer, its fields, and what
// it makes of a few shapes.
#include <keratin/io/config.hpp>
#include <keratin/layer_specs.hpp>

#include <iostream>

using namespace keratin;

namespace {

// Settings that have no default.
void set_what_is_needed(auto& spec) {
  const auto set = [](int& field, int value) {
    if (field == 0) field = value;
  };
  if constexpr (requires { spec.units; }) set(spec.units, 4);
  if constexpr (requires { spec.filters; }) set(spec.filters, 4);
  if constexpr (requires { spec.input_dim; }) set(spec.input_dim, 10), set(spec.output_dim, 4);
  if constexpr (requires { spec.layer; }) set_what_is_needed(spec.layer);
  if constexpr (requires { spec.num_heads; }) set(spec.num_heads, 2), set(spec.key_dim, 4);
  if constexpr (requires { spec.head_dim; }) set(spec.head_dim, 4);
  if constexpr (requires { spec.output_size; })
    for (int& size : spec.output_size) set(size, 2);
  if constexpr (requires { spec.num_tokens; }) set(spec.num_tokens, 4);
  if constexpr (requires { spec.num_bins; }) spec.num_bins = 4;
  if constexpr (requires { spec.height, spec.width; }) set(spec.height, 3), set(spec.width, 3);
  if constexpr (requires { spec.groups, spec.center; }) spec.groups = 4;
  if constexpr (requires { spec.target_shape; }) spec.target_shape = Shape{2, -1};
  if constexpr (requires { spec.dims; }) spec.dims = Shape{2, 1};
  if constexpr (requires { spec.vocabulary_size; }) spec.vocabulary_size = 4;
  if constexpr (requires { spec.equation; }) spec.equation = "abc,cd->abd", spec.output_shape = {-1, 4};
}

std::string text_of(const Shape& shape) { return io::detail::put(shape).dump(); }

template <class S> void describe() {
  std::cout << "layer\t" << S::name << '\n';
  S spec{};
  hana::for_each(hana::accessors<S>(), [&](auto field) {
    const std::string name = hana::to<const char*>(hana::first(field));
    const auto& value = hana::second(field)(spec);
    if (io::detail::is_internal(name)) return;
    if constexpr (requires { io::detail::put(value); })
      std::cout << "field\t" << name << '\t' << io::detail::put(value).dump() << '\n';
    else
      std::cout << "field\t" << name << "\t\n";
  });
  set_what_is_needed(spec);
  int shown = 0;
  for (const Shape& shape : {Shape{8}, Shape{6, 8}, Shape{6, 6, 8}, Shape{4, 6, 6, 8}, Shape{6, 6, 3}}) {
    if (shown > 0 && shape == Shape{6, 6, 3}) continue;  // of colors only

    Shapes in(shape);
    if constexpr (MergingSpec<S>) in.add(shape);
    if (spec.fit(in).broken) in = Shapes(shape);
    const Fit fit = spec.fit(in);
    if (fit.broken || shown == 2) continue;
    std::cout << "shape\t" << text_of(shape) << '\t' << text_of(fit.out) << '\n';
    if (shown++ > 0) continue;
    for (const Parameter& p : parameters_of(spec, in))
      std::cout << "parameter\t" << p.name << '\t' << text_of(p.shape) << '\t'
                << io::detail::put(p.initializer).dump() << '\t' << (p.trainable ? "trained" : "kept")
                << '\n';
  }
}

}  // namespace

int main() {
  std::string last;  // of the kinds of one layer the first one
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    if (S::name != last) describe<S>();
    last = S::name;
  });
}
