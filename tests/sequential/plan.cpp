#include "../check.hpp"

using namespace keratin;

namespace {

constexpr Mode training{.training = true}, on_logits{.training = true, .logits = true};

// No two buffers that are alive at the same time share memory.
bool never_overlaps(const auto& p) {
  for (std::size_t i = 0; i < p.buffers.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const Buffer &a = p.buffers[i], &b = p.buffers[j];
      if (a.external || b.external || a.first > b.last || b.first > a.last) continue;
      if (a.offset < b.offset + b.size && b.offset < a.offset + a.size) return false;
    }
  return true;
}

}  // namespace

TEST_CASE("views cost nothing, elementwise layers work in place") {
  using Net =
      Sequential<Input<4, 4>, Flatten, Dense<32>, Reshape<4, 8>, Activation<Tanh>, Dense<10>, Flatten>;
  constexpr const auto& p = plan<Net>();
  static_assert(p.steps.size() == 3);
  static_assert(p.steps[1].inputs[0] == p.steps[1].output);  // the activation
  static_assert(p.buffers.size() == 3 && p.workspace == 32);
}

TEST_CASE("an activation is taken over by the Dense before it") {
  using Apart = Sequential<Input<5>, Dense<7>, Activation<ReLU>, Dense<3>, Activation<Softmax>>;
  using Together = Sequential<Input<5>, Dense<7, ReLU>, Dense<3, Softmax>>;
  static_assert(plan<Apart>().steps.size() == 2 && plan<Apart>().layers[1].head == 0);
  static_assert(plan<Apart>().workspace == plan<Together>().workspace);
  const Model<Apart> apart(4);
  const Model<Together> together(4);
  const std::array<float, 5> x{1, -2, 3, -4, 5};
  CHECK(apart.predict(x) == together.predict(x));
  // Only one: an activation that a layer has already keeps its own.
  static_assert(plan<Sequential<Input<5>, Dense<7, ReLU>, Activation<Tanh>>>().steps.size() == 2);
}

TEST_CASE("softmax under crossentropy is the same as softmax by itself") {
  // In double, the gradient through softmax's own backward pass against the fused one.
  using Net = Sequential<Input<5>, Dense<4, Softmax>>;
  static_assert(plan<Net, on_logits>().layers[0].activation.empty());
  static_assert(plan<Net, training>().layers[0].activation == "softmax");
  Model<Net, Owned, double> model(3);
  std::vector<double> x(3 * 5), onehot(3 * 4);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = testing::filled(i, 1);
  for (std::size_t i = 0; i < 3; ++i) onehot[i * 4 + i] = 1;
  auto trainer = compile(model, SGD{}, CategoricalCrossentropy{});
  const auto fused = trainer.gradient(x, onehot);

  using Executor = detail::Execute<Net, training>;
  std::vector<double> workspace(3 * Executor::plan.workspace), scratch(Executor::scratch<double>(3)),
      gradient(model.block().size());
  const auto at = [&](int buffer) {
    return workspace.data() + 3 * Executor::plan.buffers[static_cast<std::size_t>(buffer)].offset;
  };
  const Run<double> run{3, model.block().data()};
  std::copy(x.begin(), x.end(), at(0));
  Executor::forward(3, model.block().data(), static_cast<const double*>(nullptr),
                    static_cast<double*>(nullptr), workspace.data(), run);
  for (std::size_t i = 0; i < 12; ++i)
    at(Executor::plan.steps[0].output_gradient)[i] = -onehot[i] / at(Executor::plan.outputs[0].buffer)[i] / 3;
  Store<double> store(model.block().data(), gradient.data());
  Executor::backward(3, model.block().data(), workspace.data(), scratch.data(), nullptr, store, run);
  CHECK(all_near(gradient, fused, 1e-12));
}

TEST_CASE("a loss takes an output activation over only along the same axis") {
  const auto activation = []<class... Ls>(Sequential<Ls...>) {
    return Model<Sequential<Ls...>>::output_activation();
  };
  CHECK(activation(Sequential<Input<5>, Dense<12, Softmax>, Reshape<12>>{}) == Softmax{});
  CHECK(activation(Sequential<Input<5>, Dense<12, Softmax>, Reshape<3, 4>>{}) == Linear{});
  CHECK(activation(Sequential<Input<3, 5>, Dense<4, Softmax>, Flatten>{}) == Linear{});
  CHECK(activation(Sequential<Input<5>, Dense<12, Softmax>, Dropout<0.5>>{}) == Linear{});
}

TEST_CASE("no gradient is computed for the network's input") {
  using Net = Sequential<Input<5>, Dropout<0.1>, Activation<Tanh>, Dense<4>, Dense<3>>;
  constexpr const auto& p = plan<Net, training>();
  static_assert(p.steps[0].output_gradient == Step::none && p.steps[1].output_gradient == Step::none);
  static_assert(p.steps[2].input_gradients[0] == Step::none && p.steps[3].input_gradients[0] != Step::none);
}

TEST_CASE("an activation that backward needs is not overwritten") {
  using Net = Sequential<Input<5>, Dense<4, Tanh>, Dropout<0.5>, Dense<3>>;
  static_assert(plan<Net, training>().steps[1].inputs[0] != plan<Net, training>().steps[1].output);
  using Linear = Sequential<Input<5>, Dense<4>, Dropout<0.5>, Dense<3>>;
  static_assert(plan<Linear, training>().steps[1].inputs[0] == plan<Linear, training>().steps[1].output);
}

TEST_CASE("buffers share memory only over time") {
  using Net = Sequential<Input<30>, Dense<64, ReLU>, Dropout<0.2>, Dense<48, Tanh>, Activation<Sigmoid>,
                         Dense<70>, Dense<20, Softmax>, Dense<5>>;
  CHECK(never_overlaps(plan<Net>()));
  CHECK(never_overlaps(plan<Net, training>()));
  CHECK(never_overlaps(plan<Net, Mode{.training = true, .input_gradient = true}>()));
  std::size_t apart = 0;
  for (const Buffer& b : plan<Net, training>().buffers) apart += aligned(b.size);
  CHECK(plan<Net, training>().workspace < apart);
}

TEST_CASE("a budget is a static_assert, and the plan prints itself") {
  using Net = Sequential<Input<784>, Dense<32, ReLU>, Dense<10, Softmax>>;
  static_assert(plan<Net>().workspace_bytes == 128 && plan<Net>().parameters == 25'450);
  static_assert(plan<Net>().flops == 2 * (784 * 32 + 32 * 10));
  CHECK(describe(plan<Net>()) ==
        "step 1: Dense (relu): input -> b1\n"
        "step 2: Dense (softmax): b1 -> output\n"
        "input: 784 values a sample, alive from 0 to 1\n"
        "b1: 32 values a sample at 0, alive from 1 to 2\n"
        "output: 10 values a sample, alive from 2 to 2\n"
        "parameters: 25,450, block 99.44 KB; workspace a sample: 128.00 B; forward: 50,816 FLOPs a sample\n");
}

TEST_CASE("summary is Keras's table") {
  using Net =
      Sequential<Input<784>, Dense<32, ReLU>, Named<"a_layer_with_a_rather_long_name_indeed", Dropout<0.5>>,
                 Named<"logits", Dense<10, Softmax>>>;
  Model<Net> model;
  const std::string table = summary_text(model);
  CHECK(table.starts_with("Model: \"sequential\"\n\u250f"));
  CHECK(table.find("\u2502 dense (Dense)                   \u2502 (None, 32)             \u2502        "
                   "25,120 \u2502\n") != std::string::npos);
  CHECK(table.find("\u2502 a_layer_with_a_rather_long_nam\u2026 \u2502 (None, 32)             \u2502         "
                   "    0 \u2502\n"
                   "\u2502 (Dropout)                       \u2502                        \u2502              "
                   " \u2502\n") != std::string::npos);
  CHECK(table.find("\u2502 logits (Dense)                  \u2502 (None, 10)             \u2502           "
                   "330 \u2502\n") != std::string::npos);
  CHECK(
      table.ends_with(" Total params: 25,450 (99.41 KB)\n Trainable params: 25,450 (99.41 KB)\n "
                      "Non-trainable params: 0 (0.00 B)\n"));
  auto trainer = compile(model, Adam{}, CategoricalCrossentropy{});
  CHECK(summary_text(trainer).ends_with(
      " Total params: 76,352 (298.25 KB)\n Trainable params: 25,450 (99.41 KB)\n"
      " Non-trainable params: 0 (0.00 B)\n Optimizer params: 50,902 (198.84 KB)\n"));
}

TEST_CASE("names are Keras's") {
  CHECK(snake_case("Dense") == "dense");
  CHECK(snake_case("Conv2DTranspose") == "conv2d_transpose");
  CHECK(snake_case("DepthwiseConv2D") == "depthwise_conv2d");
  CHECK(snake_case("ReLU") == "re_lu");
  CHECK(snake_case("PReLU") == "p_re_lu");
  CHECK(snake_case("LSTM") == "lstm");
  CHECK(snake_case("SimpleRNN") == "simple_rnn");
  CHECK(snake_case("RMSNormalization") == "rms_normalization");
  CHECK(snake_case("MaxPooling2D") == "max_pooling2d");
  CHECK(snake_case("ConvLSTM2D") == "conv_lstm2d");
  CHECK(snake_case("TimeDistributed") == "time_distributed");
}

TEST_CASE("specs and optimizers describe themselves") {
  CHECK(describe(Dense<32, ReLU, L2<0.5>>::spec) ==
        "Dense(units 32, activation relu, use_bias true, kernel_initializer uniform(0, 1, fan_avg), "
        "bias_initializer constant(0, 0), kernel_regularizer l1 0 l2 0.5)");
  CHECK(describe(ReshapeSpec(Shape{3, -1})) == "Reshape(target_shape (3, -1))");
  CHECK(describe(FlattenSpec{}) == "Flatten()");
  CHECK(describe(SGD{.momentum = 0.9}) == "SGD(learning_rate 0.01, momentum 0.9, nesterov false)");
  CHECK(describe(ZeroPadding2D<1, 2>::spec) == "ZeroPadding2D(padding ((1, 1), (2, 2)))");
  const std::string lstm = describe(LSTM<4>::spec);
  CHECK(lstm.find("recurrent_initializer orthogonal(0, 1)") != std::string::npos);
  CHECK(describe(Conv2D<4, Kernel<3, 5>, Same, NoBias>::spec)
            .starts_with("Conv2D(filters 4, kernel_size (3, 5), strides (1, 1), padding same, dilation_rate "
                         "(1, 1), groups 1, "));
}

TEST_CASE("the plan of LeNet-5 says that convolution, activation and pooling are one step") {
  using LeNet5 = Sequential<Input<28, 28, 1>, Conv2D<6, Kernel<5>, ReLU>, MaxPooling2D<>,
                            Conv2D<16, Kernel<5>>, Activation<ReLU>, MaxPooling2D<>, Flatten,
                            Dense<120, ReLU>, Dense<84, ReLU>, Dense<10, Softmax>>;
  const std::string text = describe(plan<LeNet5>());
  CHECK(
      text.starts_with("step 1: Conv2D + MaxPooling2D (relu): input -> b1\n"
                       "step 2: Conv2D + Activation + MaxPooling2D (relu): b1 -> b2\n"
                       "step 3: Dense (relu): b2 -> b3\n"
                       "step 4: Dense (relu): b3 -> b4\n"
                       "step 5: Dense (softmax): b4 -> output\n"
                       "input: 784 values a sample, alive from 0 to 1\n"
                       "b1: 864 values a sample at 0, alive from 1 to 2\n"
                       "b2: 256 values a sample at 864, alive from 2 to 3\n"));
  static_assert(plan<LeNet5>().steps.size() == 5 && plan<LeNet5>().parameters == 44'426);
  static_assert(plan<LeNet5, training>().lanes);
}
