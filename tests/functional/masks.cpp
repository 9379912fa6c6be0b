// Masks, states and names: what a run-time graph carries beside values. The numbers are held to Keras's in
// keras.cpp.
#include "../check.hpp"

using namespace keratin;

using functional::Layer, functional::Tensor;

namespace {

Tensor embedded(const Tensor& x) {
  return x.then(EmbeddingSpec{.input_dim = 9, .output_dim = 4, .mask_zero = true});
}

}  // namespace

TEST_CASE("a mask goes through layers that work step by step, and no further") {
  const Tensor x = embedded(functional::Input({6}));
  REQUIRE(x.mask().has_value());
  CHECK(x.mask()->shape() == Shape{6});
  CHECK(Dense<3>{}(x).mask().has_value());
  CHECK(LayerNormalization<>{}(Dropout<0.5>{}(Activation<Tanh>{}(x))).mask().has_value());
  CHECK(LSTM<2, ReturnSequences>{}(x).mask().has_value());
  CHECK_FALSE(LSTM<2>{}(x).mask().has_value());
  CHECK_FALSE(Conv1D<2, Kernel<3>>{}(x).mask().has_value());
  CHECK_FALSE(Flatten{}(x).mask().has_value());
  CHECK_FALSE((x + x).mask().has_value());
  CHECK_FALSE((x * 2).mask().has_value());
  CHECK_FALSE(x.unmasked().mask().has_value());
  const Tensor bare = functional::Input({6, 4});
  CHECK(Add<>{}(x, Dense<4>{}(x)).mask().has_value());
  CHECK_FALSE(Add<>{}(x, bare).mask().has_value());
  CHECK(Concatenate<1>{}(bare, x).mask()->shape() == Shape{12});
  const auto [y, state] = Layer(LSTM<2, ReturnSequences>{}).with_state(x);
  CHECK(y.mask().has_value());
  CHECK(y.shape() == Shape{6, 2});
  REQUIRE(state.size() == 2);
  CHECK(state[1].shape() == Shape{2});
  CHECK_FALSE(state[1].mask().has_value());
}

TEST_CASE("masked steps are not felt") {
  const auto x = functional::Input({6, 3}), mask = functional::Input({6});
  const Tensor y = GRU<5>{}(x.with_mask(mask));
  const functional::Model model({x, mask}, Dense<2>{}(y), 3);
  auto in = filled_array(18, 1);
  const std::vector<float> on{1, 0, 1, 1, 0, 1};
  const auto first = model.predict({in, on});
  for (const std::size_t i : {3u, 4u, 5u, 12u, 13u, 14u}) in[i] = 1e30f;
  CHECK(model.predict({in, on}) == first);
  // The steps that count, alone, give the same.
  const auto x4 = functional::Input({4, 3});
  functional::Model alone(x4, Dense<2>{}(GRU<5>{}(x4)), 3);
  std::vector<float> four(in.begin(), in.begin() + 3);
  four.insert(four.end(), in.begin() + 6, in.begin() + 12);
  four.insert(four.end(), in.begin() + 15, in.end());
  const auto wanted = alone.predict(four);
  for (std::size_t i = 0; i < 2; ++i) CHECK(std::fabs(first[i] - wanted[i]) < 1e-6f);
}

TEST_CASE("a batch whose rows are all masked costs nothing and teaches nothing") {
  const auto x = functional::Input({4});
  functional::Model model(x, Dense<3, Softmax>{}(embedded(x)), 1);
  auto trainer = compile(model, SGD{}, SparseCategoricalCrossentropy{}, metrics::Accuracy{});
  const std::vector<float> before(model.block().begin(), model.block().end());
  const std::vector<float> in(8);
  const std::vector<int> y(8, 1);
  const auto logs = trainer.train_on_batch(in, y);
  CHECK(logs[0] == 0);
  CHECK(logs[1] == 0);
  CHECK(std::ranges::equal(before, model.block()));
}

TEST_CASE("CTC has one number a sample, and takes no mask of steps") {
  const auto x = functional::Input({4});
  functional::Model masked(x, embedded(x)), plain(x, embedded(x).unmasked());
  CHECK_THROWS_WITH(compile(masked, SGD{}, CTC{}),
                    "ctc got an output of (4, 4) with a mask of 4 values, 1 wanted");
  CHECK_THROWS_WITH(
      compile(plain, SGD{}, CTC{}).test_on_batch(std::vector<int>{1, 2, 0, 0}, std::vector<int>{7}),
      "y: label 0 is 7, whole numbers from 0 to 3 wanted");
}

TEST_CASE("a model called on a masked tensor carries the mask to its layers") {
  const auto x = functional::Input({6, 4});
  const functional::Model inner(x, LSTM<3>{}(Dense<4>{}(x)), 2);
  const auto ids = functional::Input({6});
  const functional::Model whole(ids, inner(embedded(ids)), 2);
  const functional::Model written(ids, LSTM<3>{}(Dense<4>{}(embedded(ids))), 2);
  functional::Model same = written;
  std::vector<float> w(whole.count_params());
  whole.get_weights(w);
  same.set_weights(w);
  const std::vector<float> in{3, 0, 5, 8, 0, 0};
  CHECK(whole.predict(in) == same.predict(in));
  // And a model with states and masks inside is called as it was made.
  const auto [y, state] = Layer(GRU<3, ReturnSequences>{}).with_state(embedded(ids));
  const functional::Model encoder(ids, std::vector{y, state[0]}, 4);
  const auto again = functional::Input({6});
  const auto made = encoder.call({again});
  CHECK(made[0].mask().has_value());
  const functional::Model copy(again, made);
  CHECK(copy.predict(in) == encoder.predict(in));
}

TEST_CASE("mistakes with masks and states are said") {
  const auto message = [](auto make) -> std::string {
    try {
      make();
    } catch (const std::invalid_argument& e) {
      return e.what();
    }
    return "";
  };
  const auto x = functional::Input({6, 3}), h = functional::Input({5});
  const Layer lstm(LSTM<5>{}, "encoder");
  CHECK(message([&] { lstm(x, h); }) ==
        "layer 0, LSTM 'encoder', got (6, 3), as input 0: it needs all of its states or none");
  CHECK(message([&] { lstm(x, h, functional::Input({4})); }) ==
        "layer 0, LSTM 'encoder', got (4), as input 2: an initial state needs as many values as the layer "
        "has units; "
        "wants (5)");
  CHECK(message([&] { Layer(Dense<2>{}).with_state(x); }) ==
        "layer 0, Dense, got (6, 3): it has no state to be given or returned");
  CHECK(message([&] { x.then(LSTMSpec{.units = 5, .return_state = true}); }) ==
        "layer 0, LSTM, got (6, 3): it returns its states too: call with_state");
  CHECK(message([&] { x.with_mask(h); }) ==
        "mask (5) of a tensor (6, 3): a mask has the extents of the first axes");
  CHECK(message([&] { embedded(functional::Input({6})).then(SoftmaxSpec{}); }).find("masked") !=
        std::string::npos);
  CHECK(message([&] { h.then(MaskingSpec{}); }) ==
        "layer 0, Masking, got (5): needs a sequence: (steps, channels)");
}

TEST_CASE("inputs and outputs by name") {
  const auto title = functional::Input({3}, "title"), body = functional::Input({4}, "body");
  const auto both = Concatenate<>{}(title, body);
  const std::vector<std::pair<std::string, Tensor>> outputs{{"priority", Dense<1, Sigmoid>{}(both)},
                                                            {"department", Dense<3, Softmax>{}(both)}};
  functional::Model model({title, body}, outputs, 1);
  auto trainer = compile(model, Adam{}, ForOutput(BinaryCrossentropy{}, metrics::Accuracy{}),
                         ForOutput(SparseCategoricalCrossentropy{}));
  CHECK(trainer.log_name(1) == "priority_loss");
  CHECK(trainer.log_name(3) == "priority_accuracy");
  const auto a = filled_array(3 * 5, 0), b = filled_array(4 * 5, 1);
  const std::vector<float> p{0, 1, 0, 1, 1};
  const std::vector<int> d{0, 2, 1, 1, 0};
  const auto logs = trainer.test_on_batch(model.inputs_by_name({{"body", b}, {"title", a}}),
                                          model.outputs_by_name({{"department", d}, {"priority", p}}));
  CHECK(logs == trainer.test_on_batch({a, b}, {p, d}));
  CHECK_THROWS_WITH(model.inputs_by_name({{"title", a}}),
                    "Model: 0 arrays for input 'body' came, one wanted");
  CHECK_THROWS_WITH(model.inputs_by_name({{"title", a}, {"body", b}, {"tags", b}}),
                    "Model: there is no input 'tags', there are title, body");
  CHECK_THROWS_WITH(functional::Model({title}, {{"a", title}, {"a", title}}),
                    "Model: two outputs are called 'a'");
}

TEST_CASE("a single index of an axis, whose axis goes") {
  const auto x = functional::Input({3, 4});
  const Tensor row = functional::slice(x, {Slice::at(-1)});
  CHECK(row.shape() == Shape{4});
  const functional::Model model(x, std::vector{row, functional::slice(x, {{0, 2}, Slice::at(1)}),
                                               functional::slice(x, {Slice::at(0), Slice::at(3)})});
  std::vector<float> in(12);
  for (std::size_t i = 0; i < 12; ++i) in[i] = static_cast<float>(i);
  CHECK(model.predict(in) == std::vector<float>{8, 9, 10, 11, 1, 5, 3});
  CHECK_THROWS_AS(functional::slice(x, {Slice::at(3)}), std::invalid_argument);
}

TEST_CASE("a layer that returns its states is one line of the summary, and pieces of it are read") {
  const auto x = functional::Input({5, 3});
  const auto [y, state] = Layer(LSTM<4>{}, "encoder").with_state(x);
  const functional::Model model(x, Concatenate<>{}(y, state[1]));
  CHECK(model.layers().size() == 3);
  CHECK(model.layers()[1].out == Shape{4});
  CHECK(model.connections()[2] == "encoder[0][0], encoder[0][2]");
  CHECK(summary_text(model).find("\u2502 [(None, 4), (None, 4),    \u2502") != std::string::npos);
  const auto [mixed, scores] = Layer(MultiHeadAttention<2, 3>{}).with_scores({x});
  const auto ways = Layer(BidirectionalSpec<GRUSpec>{.layer = {.units = 2, .return_sequences = true},
                                                     .merge_mode = Merging::none})
                        .all(x);
  const functional::Model others(x, {mixed, scores, ways[0], ways[1]});
  CHECK(others.output_shapes(0) == std::vector{Shape{5, 3}});
  CHECK(others.output_shapes(1) == std::vector{Shape{5, 3}, Shape{2, 5, 5}});
  CHECK(others.output_shapes(2) == std::vector{Shape{5, 2}, Shape{5, 2}});
}

TEST_CASE("states are kept from batch to batch where there are several outputs, too") {
  const auto x = functional::Input({4, 2}), y = GRU<2, Stateful, ReturnSequences>{}(x);
  const functional::Model both(x, {y, Dense<1>{}(y)}, 1);
  functional::Model first(x, y);
  first.set_weights_from(both);
  States of_both(both, 3), of_first(first, 3);
  const auto in = filled_array(24, 1);
  std::vector<float> a(24), b(12), wanted(24), last;
  for (int batch = 0; batch < 2; ++batch) {
    last = a;
    both.predict(in, {a, b}, of_both);
    first.predict(in, wanted, of_first);
    CHECK(a == wanted);
    CHECK(a != last);
  }
}

TEST_CASE("a mask may be an input, or come from layers with weights, which it does not train") {
  const auto x = functional::Input({6, 3}), mask = functional::Input({6}), z = functional::Input({4});
  functional::Model of_loss({x, mask}, Dense<1>{}(x).with_mask(mask), 1);
  const auto in = filled_array(5 * 18, 1), y = filled_array(5 * 6, 2);
  std::vector<float> on(5 * 6);
  for (std::size_t i = 0; i < on.size(); ++i) on[i] = i % 3 != 0 ? 1.f : 0.f;
  auto trainer = compile(of_loss, SGD{}, MeanSquaredError{});
  auto plain_y = y;
  std::vector<float> p(5 * 6);
  of_loss.predict({in, on}, p);
  for (std::size_t i = 0; i < p.size(); ++i)
    if (on[i] == 0) plain_y[i] = 1e6f;  // nobody looks
  CHECK(trainer.test_on_batch({in, on}, plain_y)[0] == trainer.test_on_batch({in, on}, y)[0]);

  const auto made = Named<"gate", Dense<6, ReLU>>{}(z);
  functional::Model model(
      {x, z}, std::vector{Dense<1>{}(GRU<3, ReturnSequences>{}(x.with_mask(made))), Dense<2>{}(z)}, 1);
  functional::Model states(
      {x, z},
      std::vector{Dense<1>{}(Layer(LSTM<3, ReturnSequences>{}).with_state(x, {}, made).output),
                  Dense<2>{}(z)},
      1);
  functional::Model unread({x, z}, std::vector{Dense<1>{}(x).with_mask(made), Dense<2>{}(z)}, 1);
  const auto before = filled_array(5 * 4, 3), two = filled_array(5 * 2, 4);
  for (functional::Model* m : {&model, &unread, &states}) {
    auto both = compile(*m, SGD{}, ForOutput(MeanSquaredError{}), ForOutput(MeanSquaredError{}));
    const auto gate = find_parameter(*m, "gate/kernel");
    const std::vector<float> kept(gate.begin(), gate.end());
    CHECK(kept.size() == 4 * 6);
    for (int step = 0; step < 3; ++step) both.train_on_batch({in, before}, {y, two});
    CHECK(std::ranges::equal(kept, find_parameter(*m, "gate/kernel")));
    std::vector<float> a(5 * 6), b(5 * 2);
    m->predict({in, before}, {a, b});
    CHECK(std::isfinite(a[0]));
  }
}

TEST_CASE("a graph that is made again carries the masks that it carried") {
  const auto ids = functional::Input({4}), other = functional::Input({4});
  const std::vector<float> in{3, 0, 5, 0};
  const auto check = [&](const Tensor& y) {
    const functional::Model model(ids, y, 1);
    const functional::Model again = model.with_layer("head", model.layer("head"));
    const functional::Model called(other, model(other));
    CHECK(again.predict(in) == model.predict(in));
    CHECK(called.predict(in) == model.predict(in));
  };
  check(Named<"head", Dense<1>>{}(GRU<3>{}(embedded(ids).unmasked())));
  check(Named<"head", Dense<1>>{}(GRU<3>{}(embedded(ids))));
  check(Named<"head", Dense<1>>{}(GRU<3>{}(BatchNormalization<>{}(embedded(ids).unmasked()))));
  check(Named<"head", Dense<1>>{}(GRU<3>{}(BatchNormalization<>{}(embedded(ids)))));
  // The loss too.
  const auto x = functional::Input({4, 2}), mask = functional::Input({4});
  const functional::Model model(
      {x, mask}, Dense<1>{}(Named<"act", Activation<Tanh>>{}(LSTM<3, ReturnSequences>{}(x.with_mask(mask)))),
      1);
  const auto values_of_x = filled_array(3 * 8, 0), y = filled_array(3 * 4, 1);
  const std::vector<float> on{1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 1, 0};
  const auto loss = [&](functional::Model m) {
    return compile(m, SGD{}, MeanSquaredError{}).test_on_batch({values_of_x, on}, y)[0];
  };
  const auto x2 = functional::Input({4, 2}), mask2 = functional::Input({4});
  CHECK(loss(model.with_layer("act", Layer(Activation<Tanh>{}))) == loss(model));
  CHECK(loss({{x2, mask2}, model(x2, mask2)}) == loss(model));
  CHECK(loss({{model.input(0), model.input(1)}, model.output()}) != 0);
  CHECK(functional::Model(ids, Dense<1>{}(embedded(ids))).tensor("embedding").mask().has_value());
}

TEST_CASE("a layer that returns its states gives its place to one like it alone") {
  const auto x = functional::Input({4, 2});
  const auto [y, state] = Layer(LSTM<3>{}, "enc").with_state(x);
  const functional::Model model(x, std::vector{y, state[0], state[1]}, 1);
  CHECK(model.tensor("enc").shape() == Shape{3});
  CHECK(model.with_layer("enc", Layer(LSTM<3>{})).outputs() == 3);
  CHECK_THROWS_AS(model.with_layer("enc", Layer(GRU<3>{})), std::invalid_argument);
  CHECK_THROWS_AS(model.with_layer("enc", Layer(LSTM<3, ReturnSequences>{})), std::invalid_argument);
  CHECK_THROWS_AS(model.without_layer("enc"), std::invalid_argument);
}

TEST_CASE("masks that do not fit what is made stay behind, or are refused by the layer that is called") {
  const auto a = functional::Input({6}), b = functional::Input({5});
  CHECK_FALSE(Dense<3>{}(functional::Input({6}).with_mask(functional::Input({6}))).mask().has_value());
  CHECK(Dot<2, 2>{}(embedded(a), embedded(b)).shape() == Shape{6, 5});
}
