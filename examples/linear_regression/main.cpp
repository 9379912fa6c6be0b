// Linear regression: y = w.x + b is one Dense layer with one unit and no activation.
//
// It predicts how many miles a car of the seventies goes on a gallon; auto_mpg.txt describes the data.
// For this model the best w and b are also known in closed form: they are compared with what was learnt.
#include <keratin/keratin.hpp>

#include "../csv.hpp"

#include <Eigen/QR>
#include <cmath>
#include <cstdio>

using namespace keratin;

constexpr std::size_t inputs = 7;
constexpr double tolerance = 1e-4;  // miles per gallon

using Net = Sequential<Input<inputs>, Dense<1>>;

// w and b with the least squared error: [x 1] (w, b) = y, solved more exactly than what it is compared with.
std::vector<double> least_squares(const example::Table& cars) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Exact = Eigen::Matrix<long double, Eigen::Dynamic, Eigen::Dynamic>;
  const Eigen::Map<const Rows> x(cars.x.data(), cars.rows(), inputs), y(cars.y.data(), cars.rows(), 1);
  Exact x1(cars.rows(), inputs + 1);
  x1 << x.cast<long double>(), Exact::Ones(cars.rows(), 1);
  const Eigen::VectorXd wb = x1.colPivHouseholderQr().solve(y.cast<long double>()).cast<double>();
  return {wb.begin(), wb.end()};
}

int main(int argc, char** argv) try {
  const std::string path = argc > 1 ? argv[1] : example::data_path("linear_regression/auto_mpg.csv");
  example::Table cars = example::read_csv(path, inputs + 1);
  example::standardize(cars);  // gradient descent likes inputs of the same size

  Model<Net> model;
  auto trainer = compile(model, SGD{.learning_rate = 0.1, .momentum = 0.9}, MeanSquaredError{});
  // One batch of all samples: every step follows the exact gradient, and nothing disturbs the last ones.
  trainer.fit(cars.x, cars.y, {.epochs = 500, .batch_size = cars.rows(), .verbose = 0});

  std::array<float, inputs + 1> learnt;  // the seven weights, then the bias
  model.get_weights(learnt);
  const std::vector<double> exact = least_squares(cars);

  std::printf("What one standard deviation more of each brings, in miles per gallon:\n\n");
  std::printf("%24s %14s\n", "learnt", "least squares");
  double distance = 0;  // between the two vectors
  for (std::size_t i = 0; i <= inputs; ++i) {
    const char* name = i < inputs ? cars.names[i].c_str() : "bias";
    std::printf("%-14s %9.5f %14.5f\n", name, learnt[i], exact[i]);
    distance = std::hypot(distance, learnt[i] - exact[i]);
  }

  auto [mean_squared_error] = trainer.evaluate(cars.x, cars.y);
  auto [mpg] = model.predict(Array(cars.x).slice(0, inputs));
  std::printf("\nPredictions are off by %.2f (root mean square).\n", std::sqrt(mean_squared_error));
  std::printf("The first car: %.1f predicted, %.1f measured.\n", mpg, cars.y[0]);
  std::printf("The two are %.1e apart, at most %.0e wanted.\n", distance, tolerance);
  return distance <= tolerance ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
