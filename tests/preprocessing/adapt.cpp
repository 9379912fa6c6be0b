// adapt() against Keras.
#include <keratin/functional/adapt.hpp>

#include "../check.hpp"

using namespace keratin;

namespace {

std::vector<float> tables(const auto& model) {
  std::vector<float> all(model.count_params());
  model.get_weights(all);
  return all;
}
void check_sketch(int count, int bins, std::size_t batch, double epsilon) {
  const auto x = filled_array(static_cast<std::size_t>(count) * 2, 3);
  const DiscretizationSpec spec{.num_bins = bins, .epsilon = epsilon};
  const functional::Tensor in = functional::Input({2});
  functional::Model model(in, functional::adapted(spec, {2}, x, "", batch)(in));
  std::vector<float> wanted = golden("adapt/discretization_" + std::to_string(count) + "_" +
                                     std::to_string(bins) + "_" + std::to_string(batch));
  wanted.resize(static_cast<std::size_t>(bins - 1), FLT_MAX);
  CHECK(all_near(tables(model), wanted, 1e-6));
}

const std::vector<int> ids{3, 7, 7, 12, 7, 3, 40, 1, 3, 7, 16777216, 9};

}  // namespace

TEST_CASE("Normalization finds mean and variance, in one piece or in batches") {
  const auto x = filled_array(40 * 3, 2);
  Model<Sequential<Input<3>, Dense<3>, Normalization<>>> model(1);
  CHECK_THROWS_AS(adapt(model, "dense", x), std::invalid_argument);
  adapt(model, x);
  std::vector<float> found = tables(model);
  found.erase(found.begin(), found.begin() + 12);
  CHECK(all_near(found, golden("adapt/normalization"), 1e-6));
  adapt(model, "normalization", x, 16);
  found = tables(model);
  found.erase(found.begin(), found.begin() + 12);
  CHECK(all_near(found, golden("adapt/normalization_batches"), 1e-6));
  CHECK_THROWS_AS(adapt(model, std::vector<float>(4)), std::invalid_argument);
}
TEST_CASE("along the axes that are not kept") {
  const functional::Tensor in = functional::Input({2, 4, 3});
  functional::Model model(in, Normalization<Axis<1, 3>>{}(in));
  adapt(model, filled_array(5 * 24, 2));
  CHECK(all_near(tables(model), golden("adapt/normalization_axes"), 1e-6));
}

TEST_CASE("Discretization finds the boundaries of Keras's sketch") {
  check_sketch(40, 4, 40, 0.01);
  check_sketch(1000, 10, 1000, 0.01);
  check_sketch(1000, 7, 128, 0.01);
  check_sketch(300, 5, 50, 0.1);
  check_sketch(3, 8, 3, 0.01);
  check_sketch(700, 20, 250, 0.01);
}

TEST_CASE("IntegerLookup finds the most frequent numbers") {
  for (const bool weighted : {false, true})
    for (const int most : {0, 4}) {
      if (!weighted && most > 0) continue;
      IntegerLookupSpec spec{.mask_token = 40};
      if (weighted) spec.output_mode = OutputMode::tf_idf;
      if (most > 0) spec.max_tokens = most;
      const functional::Tensor in = functional::Input({4});
      functional::Model model(in, functional::adapted(spec, {4}, ids)(in));
      const std::string name =
          std::string("adapt/lookup_") + (weighted ? "tf_idf_" : "int_") + std::to_string(most);
      CAPTURE(name);
      std::vector<float> found = tables(model), tokens = golden(name);
      CHECK(std::equal(tokens.begin(), tokens.end(), found.begin()));
      found.erase(found.begin(), found.begin() + 2 * static_cast<std::ptrdiff_t>(tokens.size()));
      if (weighted) CHECK(all_near(found, golden(name + "/idf"), 1e-6));
    }
}
TEST_CASE("places that are left over stay empty") {
  Model<Sequential<Input<4>, IntegerLookup<MaxTokens<10>>>> model(0);
  adapt(model, ids);
  CHECK(model.predict(std::array{7.f, 3.f, 41.f, 16'777'216.f}) == std::array{1.f, 2.f, 0.f, 3.f});
  CHECK_THROWS_AS(adapt(model, std::vector{1.f, 2.f, 3.f, 2e7f}), std::invalid_argument);
}
