// error: keratin: the samples of an Eigen matrix must be its rows
// title: an Eigen matrix with samples in columns
// meaning: An Eigen matrix is stored column by column unless it says otherwise; samples lie one after the other in
//   rows.
// fix: Use `Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>`.
#include <keratin/keratin.hpp>

#include <Eigen/Core>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

float loss(Model<Net>& model, std::span<const float> y) {
#ifdef TWIN
  const Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> x(64, 24);
#else
  const Eigen::MatrixXf x(64, 24);
#endif
  auto trainer = compile(model, Adam{}, Loss{});
  const auto history = trainer.fit(x, y);
  const auto [value] = trainer.evaluate(x, y);
  return static_cast<float>(value);
}

#include "use.hpp"
