#pragma once
#include <keratin/training/callback.hpp>

namespace keratin {

/// Tests, in fit and in evaluate, what the averages of the weights make, for an optimizer with use_ema, and
/// then puts the weights back. swap_on_epoch: the averages are in the model from the end of an epoch to the
/// next one as well, for callbacks behind this one such as ModelCheckpoint. Training ends with the averages,
/// also one that is stopped, where Keras's swap_on_epoch leaves the weights. Error: an optimizer without
/// use_ema. Keras: SwapEMAWeights.
struct SwapEMAWeights {
  bool swap_on_epoch = false;

  void on_train_begin(auto& run) const {
    if constexpr (requires { run.trainer.swap_averages(); })
      if (!run.trainer.optimizer().use_ema)
        report(Text("SwapEMAWeights: an optimizer without use_ema came, one with it wanted"));
  }
  void on_epoch_begin(auto& run) const { put(run.trainer, false); }
  void on_epoch_end(auto& run) const { put(run.trainer, swap_on_epoch); }
  void on_test_begin(auto& run) const { put(run.trainer, true); }
  void on_test_end(auto& run) const { put(run.trainer, false); }

 private:
  static void put(auto& trainer, bool averages) {
    constexpr bool has_averages = requires { trainer.swap_averages(); };
    static_assert(
        has_averages,
        "keratin: SwapEMAWeights wants an optimizer with averages: With{Adam{}, {.use_ema = true}}");
    if constexpr (has_averages)
      if (trainer.averages_in_model() != averages) trainer.swap_averages();
  }
};

}  // namespace keratin
