#pragma once
#include <keratin/training/callback.hpp>

#include <functional>

namespace keratin {

/// A callback that is put together at run time; a std::vector of them counts as one callback. Keras:
/// LambdaCallback.
struct LambdaCallback {
  using Function = std::function<void(TrainingState&)>;

  Function on_epoch_begin{}, on_epoch_end{}, on_train_begin{}, on_train_end{}, on_train_batch_begin{},
      on_train_batch_end{}, on_test_begin{}, on_test_end{}, on_test_batch_begin{}, on_test_batch_end{};
};

}  // namespace keratin
