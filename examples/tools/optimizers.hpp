#pragma once
// An optimizer that is chosen when the program runs: one trainer for all of the library's.
#include "tool.hpp"

#include <keratin/optimizers.hpp>

#include <variant>

namespace tool {

/// An optimizer of the library behind one type; With adds the settings of every one. It waits for the whole
/// gradient, so that it is asked once for each tensor which one it is.
class AnyOptimizer {
 public:
  using Kind = std::variant<AMSGrad, Adam, AdamW, SGD, RMSprop, Adagrad, Adadelta, Adamax, Nadam, Adafactor,
                            Lion, Lamb, Ftrl>;

  LearningRate learning_rate;

  static constexpr const char* name = "optimizer";
  static constexpr int slots = []<class... O>(const std::variant<O...>*) {
    return std::max({O::slots...});
  }(static_cast<const Kind*>(nullptr));
  static constexpr bool whole_gradient = true;

  template <class O>
    requires std::is_constructible_v<Kind, O>
  AnyOptimizer(const O& optimizer) : learning_rate(optimizer.learning_rate), kind_(optimizer) {}

  int slots_in_use() const;
  double slot_begins(int slot) const;
  void update(std::int64_t t, const WholeTensor<float>& tensor) const;

  /// f(the optimizer that it is).
  auto visit(auto f) const {
    return std::visit(
        [&](auto optimizer) {
          optimizer.learning_rate = learning_rate;
          return f(optimizer);
        },
        kind_);
  }

 private:
  Kind kind_;
};

/// As it begins, by Keras's name, in capitals or not. Error: UsageError that lists them.
With<AnyOptimizer> find_optimizer(const std::string& name);

}  // namespace tool
