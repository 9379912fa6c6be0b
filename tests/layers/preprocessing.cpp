// Normalization, Discretization, CategoryEncoding, IntegerLookup and Hashing against Keras;
// tests/preprocessing has what adapts them.
#include "../check_graph.hpp"

using namespace keratin;

TEST_CASE("Normalization") {
  check<Normalization<>, Input<5>>("prep_normalization");
  check<Normalization<Axis<1>>, Input<4, 3>>("prep_normalization_axis");
  check<Normalization<Axis<1, -1>>, Input<4, 3, 2>>("prep_normalization_axes");
  check<Normalization<Axis<>>, Input<4, 3>>("prep_normalization_none");
  check<Normalization<Invert>, Input<2, 17>>("prep_normalization_invert");
  check<Normalization<GivenMean<0.5, -1.0, 2.0>, GivenVariance<0.25, 4.0, 1.0>>, Input<2, 3>>(
      "prep_normalization_given");
  check<Normalization<Axis<>, GivenMean<0.1>, GivenVariance<2.0>>, Input<7>>("prep_normalization_constant");
  check<Normalization<Axis<2>, Invert>, Input<3, 1, 17>>();
  check<Normalization<Axis<1, 2>>, Input<3, 1, 17>>();
  check<Normalization<>, Input<1>>();
}
TEST_CASE("Normalization of what never changes divides by epsilon") {
  using Net = Sequential<Input<1>, Normalization<GivenMean<2.0>, GivenVariance<0.0>>>;
  CHECK(near(Model<Net>(0).predict(std::array{3.f})[0], 1e7));
  CHECK(Model<Net>(0).predict(std::array{2.f})[0] == 0);
}

TEST_CASE("Discretization") {
  using Boundaries = BinBoundaries<-0.3, 0.05, 0.4>;
  check<Discretization<Boundaries>, Input<3, 17>>("prep_discretization");
  check<Discretization<Boundaries, OneHot>, Input<3, 2>>("prep_discretization_one_hot");
  check<Discretization<Boundaries, MultiHot>, Input<5>>("prep_discretization_multi_hot");
  check<Discretization<Boundaries, Counts>, Input<5>>("prep_discretization_count");
  check<Discretization<NumBins<6>>, Input<17>>();
  check<Discretization<NumBins<2>, OneHot>, Input<1>>();
}
TEST_CASE("a boundary belongs to the bin above it, and NaN to the last") {
  using Net = Sequential<Input<6>, Discretization<BinBoundaries<0.0, 1.0, 1.0, 2.0>>>;
  const std::array x{-0.f, 1.f, 2.f, -3e38f, 3e38f, std::nanf("")};
  CHECK(Model<Net>(0).predict(x) == std::array{1.f, 3.f, 4.f, 0.f, 4.f, 4.f});
}

TEST_CASE("CategoryEncoding") {
  check<CategoryEncoding<4, OneHot>, Input<5>, 5>("prep_encoding_one_hot");
  check<CategoryEncoding<4, OneHot>, Input<3, 1>, 5>("prep_encoding_one");
  check<CategoryEncoding<7>, Input<5>, 5>("prep_encoding_multi_hot");
  check<CategoryEncoding<3, Counts>, Input<8>, 5>("prep_encoding_count");
  check<CategoryEncoding<1>, Input<17>, 2>();
  const auto x = functional::Input({8}), weights = functional::Input({8}), other = functional::Input({7});
  check_graph("core_encoding_weights", {x, weights}, {CategoryEncoding<3, Counts>{}(x, weights)});
  CHECK_THROWS_WITH(
      CategoryEncoding<3>{}(x, weights),
      "layer 0, CategoryEncoding, got (8), as input 0: weights of the numbers work with output_mode "
      "count only");
  CHECK_THROWS_AS((CategoryEncoding<3, Counts>{}(x, other)), std::invalid_argument);
  CHECK_THROWS_AS((CategoryEncoding<3, Counts>{}(x, weights, x)), std::invalid_argument);
  check<CategoryEncoding<17, OneHot>, Input<1>, 17>();
}
TEST_CASE("what is no category leaves no trace") {
  using Net = Sequential<Input<6>, CategoryEncoding<3, Counts>>;
  const std::array x{-1.f, 3.f, 1.f, 1e30f, -1e30f, std::nanf("")};
  CHECK(Model<Net>(0).predict(x) == std::array{0.f, 1.f, 0.f});
}

TEST_CASE("IntegerLookup") {
  check<IntegerLookup<GivenVocabulary<3, 1, 7>>, Input<6>, 9>("prep_lookup");
  check<IntegerLookup<GivenVocabulary<3, 1, 7>, NumOovIndices<3>, MaskToken<0>>, Input<3, 5>, 12>(
      "prep_lookup_oov");
  check<IntegerLookup<GivenVocabulary<4, 2>, OneHot, MaskToken<0>>, Input<5>, 5>("prep_lookup_one_hot");
  check<IntegerLookup<GivenVocabulary<4, 2>, OneHot>, Input<1>, 5>("prep_lookup_one");
  check<IntegerLookup<GivenVocabulary<4, 2, 0>, MultiHot, MaxTokens<7>, PadToMaxTokens>, Input<7>, 5>(
      "prep_lookup_multi_hot");
  check<IntegerLookup<GivenVocabulary<4, 2, 0>, Counts, NumOovIndices<2>>, Input<7>, 5>("prep_lookup_count");
  check<IntegerLookup<GivenVocabulary<40, 20>, Invert, MaskToken<9>>, Input<7>, 6>("prep_lookup_inverse");
  check<IntegerLookup<MaxTokens<7>, TfIdf>, Input<7>, 5>();
  check<IntegerLookup<VocabularySize<3>, NumOovIndices<0>>, Input<17>, 5>();
}
TEST_CASE("negative numbers, and those that are in no vocabulary") {
  using Net = Sequential<Input<5>, IntegerLookup<GivenVocabulary<-3, 16'777'216>, NumOovIndices<3>>>;
  CHECK(Model<Net>(0).predict(std::array{-3.f, 16'777'216.f, -1.f, -4.f, std::nanf("")}) ==
        std::array{3.f, 4.f, 2.f, 2.f, 0.f});
  using Strict = Sequential<Input<2>, IntegerLookup<GivenVocabulary<5>, NumOovIndices<0>>>;
  CHECK(Model<Strict>(0).predict(std::array{5.f, 6.f}) == std::array{0.f, -1.f});
}

TEST_CASE("Hashing") {
  check<Hashing<7>, Input<6>, 1000>("prep_hashing");
  check<Hashing<7, HashSalt<133, 137>>, Input<6>, 1000>("prep_hashing_salt");
  check<Hashing<7, MaskValue<3>, HashSalt<(1ull << 40) + 1>>, Input<2, 6>, 5>("prep_hashing_mask");
  check<Hashing<3, OneHot>, Input<1>, 5>("prep_hashing_one_hot");
  check<Hashing<5, Counts>, Input<9>, 50>("prep_hashing_count");
  check<Hashing<1, MaskValue<3>>, Input<3>, 5>();
}

TEST_CASE("preprocessing refuses what does not fit") {
  static_assert(NormalizationSpec{.axis = {2}}.fit(Shape{3}).broken == &needs_axes_that_the_input_has);
  static_assert(NormalizationSpec{.axis = {0}}.fit(Shape{3}).broken == &needs_axes_that_the_input_has);
  static_assert(NormalizationSpec{.mean = {1.0}}.fit(Shape{3}).broken == &needs_mean_and_variance);
  static_assert(NormalizationSpec{.mean = {1., 2.}, .variance = {1., 2.}}.fit(Shape{3}).broken ==
                &needs_a_mean_for_each);
  static_assert(NormalizationSpec{.axis = {1, -1}}.kept_shape(Shape{4, 5, 6}) == Shape{4, 6});
  static_assert(DiscretizationSpec{}.fit(Shape{3}).broken == &needs_bins);
  static_assert(DiscretizationSpec{.num_bins = 1}.fit(Shape{3}).broken == &needs_bins);
  static_assert(DiscretizationSpec{.bin_boundaries = {1., 0.}}.fit(Shape{3}).broken ==
                &needs_ascending_boundaries);
  static_assert(
      DiscretizationSpec{.bin_boundaries = {1.}, .output_mode = OutputMode::tf_idf}.fit(Shape{3}).broken ==
      &has_no_such_output_mode);
  static_assert(CategoryEncodingSpec{}.fit(Shape{3}).broken == &needs_at_least_1_token);
  static_assert(CategoryEncodingSpec{4}.fit(Shape{3, 2}).broken == &encodes_samples_of_one_axis);
  static_assert(CategoryEncodingSpec{4, OutputMode::one_hot}.fit(Shape{1, 1, 1, 1, 2}).broken ==
                &has_more_than_5_axes);
  static_assert(CategoryEncodingSpec{4, OutputMode::one_hot}.fit(Shape{3, 2}).out == Shape{3, 2, 4});
  static_assert(IntegerLookupSpec{}.fit(Shape{3}).broken == &needs_a_vocabulary);
  static_assert(IntegerLookupSpec{.max_tokens = 2, .vocabulary = {1, 2}}.fit(Shape{3}).broken ==
                &vocabulary_exceeds_max_tokens);
  static_assert(IntegerLookupSpec{.vocabulary = {1 << 25}}.fit(Shape{3}).broken ==
                &holds_whole_numbers_up_to_2_24);
  static_assert(IntegerLookupSpec{.vocabulary = {1}, .pad_to_max_tokens = true}.fit(Shape{3}).broken ==
                &needs_max_tokens_to_pad);
  static_assert(
      IntegerLookupSpec{.vocabulary = {1}, .output_mode = OutputMode::tf_idf}.fit(Shape{3}).broken ==
      &needs_adapted_weights);
  static_assert(IntegerLookupSpec{.vocabulary = {1}, .invert = true, .output_mode = OutputMode::count}
                    .fit(Shape{3})
                    .broken == &inverts_indices_only);
  static_assert(HashingSpec{}.fit(Shape{3}).broken == &needs_at_least_1_bin);
}
TEST_CASE("nothing is differentiated through an encoding, and Normalization is not trained") {
  using Net = Sequential<Input<3>, Normalization<>, Discretization<BinBoundaries<0.0>, OneHot>, Dense<2>>;
  const std::vector<float> x{1, 2, 3}, y{1, 0, 1, 0, 1, 0};
  Model<Net> model(1);
  const std::vector<float> before(model.block().begin(), model.block().begin() + 32);
  auto trainer = compile(model, Adam{}, MeanSquaredError{});
  trainer.train_on_batch(x, y);
  CHECK(std::equal(before.begin(), before.end(), model.block().begin()));
}
