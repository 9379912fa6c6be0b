// Every layer as Keras saved it, files/layers_*.keras, gives the outputs that it had there, and again after
// it was saved here. An input called case.x0 holds the array layer/case/x0; so it is with outputs.
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>

#include "../check.hpp"
#include "files.hpp"

#include <filesystem>
#include <set>

using namespace keratin;

namespace {

constexpr std::size_t rows = 3;

const std::vector<float>& array_called(std::string name) {
  std::ranges::replace(name, '.', '/');
  return golden("layer/" + name);
}

void check_outputs(const functional::Model& model) {
  std::vector<std::vector<float>> y;
  std::vector<Array> arrays;
  std::vector<std::span<float>> spans;
  for (std::size_t k = 0; k < model.inputs(); ++k) arrays.emplace_back(array_called(model.input_name(k)));
  for (std::size_t k = 0; k < model.outputs(); ++k)
    y.emplace_back(rows * static_cast<std::size_t>(model.output_shape(k).size()));
  for (auto& v : y) spans.emplace_back(v);
  model.predict(Arrays(arrays.data(), arrays.size()), spans);
  for (std::size_t k = 0; k < y.size(); ++k) {
    CAPTURE(model.output_name(k));
    CHECK(all_near(y[k], array_called(model.output_name(k))));
  }
}

}  // namespace

TEST_CASE("every layer comes back from Keras's files, and from those written here") {
  const TemporaryFolder here;
  for (const std::string& path : files_ending(".keras")) {
    const std::string name = std::filesystem::path(path).filename();
    if (!name.starts_with("layers_")) continue;
    CAPTURE(name);
    const functional::Model model = io::load_model(path);
    check_outputs(model);
    io::save_model(model, here.file(name));
    check_outputs(io::load_model(here.file(name)));
  }
}

TEST_CASE("penalties of every weight come back from files") {
  const TemporaryFolder here;
  std::string path = std::string(KERATIN_TEST_DATA) + "/files/layers_regularization_penalties.keras";
  std::vector<float> x(30);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i * 7 % 9);
  for (int again = 0; again < 2; ++again) {
    functional::Model model = io::load_model(path);
    io::save_model(model, path = here.file("penalties.keras"));
    auto trainer = compile(model, SGD{.learning_rate = 0.1}, MeanSquaredError{});
    std::vector<double> losses;
    for (int step = 0; step < 3; ++step) losses.push_back(trainer.train_on_batch(x, filled_array(10, 7))[0]);
    CHECK(all_near(losses, golden("trained/penalties/loss")));
  }
}

TEST_CASE("a mask that an output has from a BatchNormalization is one that Keras makes by itself") {
  const TemporaryFolder here;
  const auto x = functional::Input({5, 3});
  const auto y = Dense<2>{}(BatchNormalization<>{}(functional::Layer(MaskingSpec{})(x)));
  io::save_model(functional::Model(x, y), here.file("masked.keras"));
  CHECK(io::load_model(here.file("masked.keras")).output(0).mask());
}

TEST_CASE("every layer is in one of these files, or of the others that Keras wrote") {
  std::set<std::string_view> types{StopGradientSpec::name};  // an operator of Keras's own making
  std::vector<std::string> paths = files_ending(".keras");
  for (const char* name : {"images", "sequences"})
    paths.push_back(file(std::string("versions/") + name + "_3.15.1.keras"));
  for (const std::string& path : paths) {
    const functional::Model model = io::load_model(path);
    for (const functional::Graph::Entry& entry : model.graph().entries) types.insert(entry.node->type());
  }
  hana::for_each(layer_specs, [&](auto type) {
    using S = typename decltype(type)::type;
    CHECK_MESSAGE(types.contains(S::name), std::string(S::name));
  });
}

TEST_CASE("attention of a Sequential, which Keras's cannot have, is saved as a graph") {
  using Net = Sequential<Input<6, 4>, MultiHeadAttention<2, 3, CausalMask>, Dense<2>>;
  const TemporaryFolder here;
  const Model<Net> model(1);
  io::save_model(model, here.file("attention.keras"));
  Model<Net> again(7);
  io::load_model(again, here.file("attention.keras"));
  CHECK(std::ranges::equal(again.block(), model.block()));
}
