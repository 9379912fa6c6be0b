// Logistic regression: p = 1 / (1 + e^-(w.x + b)) is one Dense layer with one unit and a sigmoid.
//
// It tells malignant from benign tumours of the breast; breast_cancer.txt describes the data. What was learnt
// is compared with what scikit-learn finds for the same penalty.
#include <keratin/keratin.hpp>

#include "../csv.hpp"

#include <cmath>
#include <cstdio>

using namespace keratin;

constexpr std::size_t inputs = 10;
constexpr int samples = 569;
constexpr double tolerance = 1e-4;

// scikit-learn minimizes C sum(loss) + |w|^2 / 2; Keras and Keratin minimize mean(loss) + l2 |w|^2. With
// l2 = 1 / (2 C samples) that is the same, up to a factor. The bias has no penalty in either.
constexpr double C = 1;
using Net = Sequential<Input<inputs>, Dense<1, Sigmoid, L2<1 / (2 * C * samples)>>>;

// coef_ and intercept_ of scikit-learn 1.9.1 for the x and y of breast_cancer.csv:
//   x = StandardScaler().fit_transform(x)
//   LogisticRegression(C=1, solver="newton-cholesky", tol=1e-12).fit(x, y)
constexpr std::array<double, inputs + 1> scikit_learn = {0.99760594, 1.39915402,  0.91243487, 1.29751339,
                                                         0.97454252, -0.29349927, 1.05798901, 1.58709017,
                                                         0.42799580, -0.40211555, -0.59426447};

int main(int argc, char** argv) try {
  const std::string path = argc > 1 ? argv[1] : example::data_path("logistic_regression/breast_cancer.csv");
  example::Table tumours = example::read_csv(path, inputs + 1);
  example::standardize(tumours);  // the penalty treats all weights alike

  Model<Net> model;
  const SGD optimizer{.learning_rate = 1, .momentum = 0.95};
  auto trainer = compile(model, optimizer, BinaryCrossentropy{}, metrics::Accuracy{});
  // One batch of all samples: every step follows the exact gradient, and nothing disturbs the last ones.
  trainer.fit(tumours.x, tumours.y, {.epochs = 1000, .batch_size = samples, .verbose = 0});

  std::array<float, inputs + 1> learnt;  // the ten weights, then the bias
  model.get_weights(learnt);

  std::printf("%28s %14s\n", "learnt", "scikit-learn");
  double distance = 0;  // between the two vectors
  for (std::size_t i = 0; i <= inputs; ++i) {
    const char* name = i < inputs ? tumours.names[i].c_str() : "bias";
    std::printf("%-18s %9.5f %14.5f\n", name, learnt[i], scikit_learn[i]);
    distance = std::hypot(distance, learnt[i] - scikit_learn[i]);
  }

  auto [loss, accuracy] = trainer.evaluate(tumours.x, tumours.y);
  auto [p] = model.predict(Array(tumours.x).slice(0, inputs));
  const char* truth = tumours.y[0] > 0 ? "malignant" : "benign";
  std::printf("\n%.1f %% are told right; the loss is %.4f, penalty included.\n", 100 * accuracy, loss);
  std::printf("The first tumour: malignant with probability %.4f, in truth %s.\n", p, truth);
  std::printf("The two are %.1e apart, at most %.0e wanted.\n", distance, tolerance);
  return distance <= tolerance ? 0 : 1;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
