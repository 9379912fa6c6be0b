#include <memory>

#include "../check.hpp"

using namespace keratin;

namespace {

using Net = Sequential<Input<6>, Dense<8, Tanh>, Dense<3, Softmax>>;
constexpr std::array<float, 6> x{0.1f, -0.2f, 0.3f, -0.4f, 0.5f, -0.6f};

}  // namespace

TEST_CASE("all storages predict the same") {
  Model<Net> owned(3);
  Model<Net, InPlace> in_place(3);
  const std::vector<float> flash(owned.block().begin(), owned.block().end());
  const Model<Net, View> view{std::span<const float, plan<Net>().block>(flash)};
  CHECK(owned.predict(x) == in_place.predict(x));
  CHECK(owned.predict(x) == view.predict(x));
  std::vector<float> shifted(flash.size() + 1);  // weights that lie unaligned
  std::copy(flash.begin(), flash.end(), shifted.begin() + 1);
  const Model<Net, View> unaligned{
      std::span<const float, plan<Net>().block>(shifted.data() + 1, flash.size())};
  CHECK(owned.predict(x) == unaligned.predict(x));
}

TEST_CASE("a copy has weights of its own, a move takes them") {
  Model<Net> model(1);
  Model<Net> copy = model;
  const auto before = model.predict(x);
  copy.block()[0] += 1;
  CHECK(model.predict(x) == before);
  CHECK(copy.predict(x) != before);
  const float* const address = model.block().data();
  const Model<Net> moved = std::move(model);
  CHECK(moved.block().data() == address);
  CHECK(moved.predict(x) == before);
  copy = moved;
  CHECK(copy.predict(x) == before);
  CHECK(reinterpret_cast<std::uintptr_t>(copy.block().data()) % 64 == 0);
}

TEST_CASE("predict allocates nothing, not even for its workspace") {
  const Model<Net> model;
  std::array<float, 3> y{};
  std::vector<float> many(60 * 6), out(60 * 3), workspace(plan<Net>().workspace);
  const std::vector<std::uint8_t> bytes(6, 9);
  model.predict(many, out);
  const long before = testing::allocations;
  y = model.predict(x);
  model.predict(x, y, workspace);
  y = model.predict(Array(bytes, 1 / 255.0));
  model.predict(many, out);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);
}

TEST_CASE("a big network overflows no stack") {
  using Big = Sequential<Input<4>, Dense<60'000, ReLU>, Dense<30, Tanh>>;
  static_assert(plan<Big>().workspace_bytes >= 240'000);
  const auto model = std::make_unique<Model<Big>>();
  const std::array<float, 4> in{1, 2, 3, 4};
  const auto y = model->predict(in);
  std::vector<float> rows(8 * 4), many(8 * 30);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = in[i % 4];
  model->predict(rows, many);
  for (std::size_t i = 0; i < many.size(); ++i) CHECK(near(many[i], y[i % 30], 1e-5));
  const long before = testing::allocations;
  model->predict(in);
  const bool allocated = testing::allocations != before;
  CHECK(!allocated);  // the workspace is made once per thread
}

TEST_CASE("a large workspace and a large converted input are not the same memory") {
  using Wide = Sequential<Input<20'000>, Activation<Tanh>, Dense<2>>;
  static_assert(plan<Wide>().workspace == 20'000);
  const Model<Wide> model;
  std::vector<std::uint8_t> bytes(20'000);
  std::vector<float> floats(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(i * 11);
    floats[i] = static_cast<float>(bytes[i]);
  }
  CHECK(model.predict(bytes) == model.predict(floats));
}

TEST_CASE("a batch is its samples, whatever its size") {
  const Model<Net> model(2);
  for (const std::size_t n : std::initializer_list<std::size_t>{1, 2, 11, 12, 13, 24, 119, 120, 121, 250}) {
    std::vector<float> in(n * 6), out(n * 3);
    for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<float>(testing::filled(i, 4));
    model.predict(in, out);
    for (std::size_t s = 0; s < n; ++s) {
      const auto one = model.predict(Array(in).slice(s * 6, 6));
      for (std::size_t i = 0; i < 3; ++i) CHECK(near(out[s * 3 + i], one[i], 1e-6));
    }
  }
}

TEST_CASE("weights go out and in without padding") {
  Model<Net> model(1), other(2);
  std::vector<float> w(Model<Net>::count_params());
  model.get_weights(w);
  other.set_weights(w);
  CHECK(model.predict(x) == other.predict(x));
  CHECK(find_parameter(model, "dense_1/bias").size() == 3);
  CHECK(find_parameter(model, "dense_1/kernel")[0] == w[6 * 8 + 8]);
  CHECK(find_parameter(model, "dense_2/kernel").empty());
  CHECK_THROWS_WITH(model.get_weights(std::span(w).first(3)),
                    "get_weights: room for 3 values came, 83 wanted");
  CHECK_THROWS_WITH(model.set_weights(std::vector<float>(84)), "set_weights: 84 values came, 83 wanted");
}

TEST_CASE("a sample of another size is an error that names both") {
  const Model<Net> model;
  CHECK_THROWS_WITH(model.predict(std::vector<float>(7)), "predict: one sample of 7 values came, 6 wanted");
  std::vector<float> out(3), workspace(1);
  CHECK_THROWS_WITH(model.predict(std::vector<float>(7), out),
                    "predict: 7 input and 3 output values came, n * 6 and n * 3 wanted");
  CHECK_THROWS_WITH(model.predict(std::vector<float>(12), out),
                    "predict: 12 input and 3 output values came, n * 6 and n * 3 wanted");
  std::array<float, 3> y;
  CHECK_THROWS_WITH(model.predict(x, y, workspace), "predict: a workspace of 1 values came, 16 wanted");
}

TEST_CASE("the first weights depend on the seed alone") {
  const Model<Net> a(7), b(7), c(8);
  CHECK(a.predict(x) == b.predict(x));
  CHECK(a.predict(x) != c.predict(x));
  // Layers without weights do not move the random streams of the others.
  const Model<Sequential<Input<2, 3>, Flatten, Dropout<0.5>, Dense<8, Tanh>, Dense<3, Softmax>>> d(7);
  CHECK(a.predict(x) == d.predict(x));
}

TEST_CASE("predict in double") {
  const Model<Net, Owned, double> model(1);
  const Model<Net> single(1);
  std::array<double, 6> in;
  std::copy(x.begin(), x.end(), in.begin());
  CHECK(all_near(model.predict(in), single.predict(x), 1e-6));
}
