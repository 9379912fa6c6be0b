#pragma once
// A trainer whose losses, metrics and optimizer are chosen when the program runs.
#include "arrays.hpp"
#include "losses.hpp"
#include "optimizers.hpp"

#include <keratin/training/fit.hpp>

#include <memory>
#include <optional>

namespace tool {

/// What a model is trained for.
struct Compilation {
  struct Output {
    LossChoice loss;
    double weight = 1;
    std::vector<MetricChoice> metrics{};  // at most two, and of several outputs one
  };
  With<AnyOptimizer> optimizer{Adam{}, {}};
  std::vector<Output> outputs{};
};

class AnyTrainer {
 public:
  virtual ~AnyTrainer() = default;
  /// Goes on where a file stands.
  virtual void load(const std::string& file) = 0;
  virtual void save(const std::string& file) const = 0;
  virtual void set_learning_rate(double rate) = 0;
  virtual void fit(const Data& data, const FitOptions& options, std::uint64_t seed) = 0;
  /// The loss and metrics, with their names; verbose: a terminal sees how far it is.
  virtual std::vector<std::pair<std::string, double>> evaluate(const Data& data, bool verbose) = 0;
};

inline constexpr std::size_t most_outputs = 4;

/// Error: UsageError; what one trainer cannot do at once.
std::unique_ptr<AnyTrainer> make_trainer(functional::Model& model, const Compilation& compilation);

/// The same for so many outputs; see trainers_1.cpp and trainers_2.cpp.
template <std::size_t Outputs>
std::unique_ptr<AnyTrainer> make_trainer_of(functional::Model& model, const Compilation& compilation);

}  // namespace tool
