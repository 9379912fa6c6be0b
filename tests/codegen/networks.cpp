// Generated headers against the models that they were made of.
#include "generated_networks.hpp"

#include <keratin/io/codegen.hpp>
#include <keratin/testing.hpp>

#include <doctest/doctest.h>

#include "models.hpp"

#include <cstring>
#include <set>

using namespace keratin;

bool self_tests_pass();

namespace {

template <class S> void check_spec(const S& spec, const functional::Node& made) {
  const S* const of_node = functional::spec_of<S>(made);
  REQUIRE(of_node);
  CHECK(describe(spec) == describe(*of_node));
}
// Each layer is the same, options included, and reads the same layers.
template <class Net> void check_layers(const functional::Model& model) {
  const functional::Graph& graph = model.graph();
  REQUIRE(Net::depth == graph.needed);
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (
        [&] {
          using S = typename Net::template Layer<I>::Spec;
          const auto& entry = graph.entries[I];
          if constexpr (requires { S::normalizes_spectrum; }) {
            using Spectral = functional::SpectralNormalizationNode;
            const auto* const node = dynamic_cast<const Spectral*>(entry.node.get());
            REQUIRE(node);
            CHECK(node->power_iterations() == Net::template Layer<I>::spec.power_iterations);
            check_spec(Net::template Layer<I>::spec.layer, node->inside());
          } else if constexpr (requires { S::distributes; }) {
            using Steps = functional::TimeDistributedNode;
            const auto* const node = dynamic_cast<const Steps*>(entry.node.get());
            REQUIRE(node);
            check_spec(Net::template Layer<I>::spec.layer, node->inside());
          } else {
            check_spec(Net::template Layer<I>::spec, *entry.node);
          }
          CHECK(std::ranges::is_permutation(entry.inputs, Net::Flat::inputs[I]));  // x + f(x) is f(x) + x
        }(),
        ...);
  }(std::make_index_sequence<static_cast<std::size_t>(Net::depth)>());
  const std::vector<std::string> names = layer_names(plan<Net>().layers),
                                 of_model = layer_names(model.layers());
  for (std::size_t i = 0; i < names.size(); ++i)
    CHECK(names[i] == of_model[graph.layer_index(static_cast<int>(i))]);
}

// The same bits as the model has, or the nearest ones of 16 bits, and what it predicts with them.
template <class Half = float, class Net>
void check(const Model<Net, View>& generated, functional::Model model) {
  check_layers<Net>(model);
  if constexpr (!std::is_same_v<Half, float>)
    for (float& w : model.block()) {
      const float rounded = Half::to_float(Half::from_float(w));
      CHECK(std::abs(w - rounded) <= std::abs(w) * (std::is_same_v<Half, Float16> ? 0x1p-11f : 0x1p-8f));
      w = rounded;
    }
  const auto weights = generated.block();
  REQUIRE(weights.size() == model.block().size());
  CHECK(std::memcmp(weights.data(), model.block().data(), weights.size_bytes()) == 0);
  CHECK(reinterpret_cast<std::uintptr_t>(weights.data()) % alignment == 0);

  const int classes = io::detail::classes_of(model);
  std::array<float, static_cast<std::size_t>(Net::input_size)> x;
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = classes > 0 ? static_cast<float>(i * 7 % static_cast<std::size_t>(classes))
                       : 2 * static_cast<float>(testing::filled(i, 3));
  std::array<float, static_cast<std::size_t>(Net::output_size)> y;
  Block<float> workspace(plan<Net>().workspace);
  generated.predict(x, y, {workspace.data(), workspace.size()});
  const std::vector<float> wanted = model.predict(x);
  for (std::size_t i = 0; i < y.size(); ++i)
    CHECK(std::abs(y[i] - wanted[i]) <= 1e-6f * std::max(1.f, std::abs(wanted[i])));
}

}  // namespace

TEST_CASE("a generated header is its model"){
#define KERATIN_CHECK(NAME) check(networks::NAME::model(), models::NAME());
    KERATIN_MODELS(KERATIN_CHECK)
#undef KERATIN_CHECK
}

TEST_CASE("with weights of 16 bits it is the model with these weights") {
  check<Float16>(networks::lenet_float16::model(), models::lenet());
  check<BFloat16>(networks::lenet_bfloat16::model(), models::lenet());
  CHECK(sizeof networks::lenet_float16::weights * 2 == sizeof networks::lenet::weights);
}

TEST_CASE("its self-test passes, and fails with other weights") {
  CHECK(self_tests_pass());
  using networks::lenet::Net;
  Block<float> other(std::size(networks::lenet::weights));
  std::ranges::copy(networks::lenet::weights, other.data());
  other.data()[0] += 0.01f;
  const Model<Net, View> changed(std::span(other.data(), other.size()).first<plan<Net>().block>());
  CHECK(networks::lenet::self_test());
  CHECK(!generated::agrees(changed, networks::lenet::expected, 0));
}

TEST_CASE("every layer that has a static type is in one of these models") {
  std::set<std::string_view> types;
  const auto note = [&](const functional::Model& model) {
    for (const LayerPlan& layer : model.layers()) types.insert(layer.type);
  };
#define KERATIN_NOTE(NAME) note(models::NAME());
  KERATIN_MODELS(KERATIN_NOTE)
#undef KERATIN_NOTE
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    if (io::detail::layer_text(S{}).empty()) return;
    CHECK_MESSAGE(types.contains(S::name), std::string(S::name));
  });
}
