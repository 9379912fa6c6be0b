#pragma once
// make_trainer_of, for the files that make it for a number of outputs each.
#include "trainer.hpp"

#include <keratin/callbacks/progbar_logger.hpp>
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>

namespace keratin::io::detail {

// Compiled in convert.cpp.
extern template void save(const functional::Model&, const Compiled<float>*, const std::string&,
                          const CustomLayers&);
// In optimizers.cpp.
template <> Json optimizer_record(const With<tool::AnyOptimizer>&);
template <> KeptByOptimizer kept_by(const With<tool::AnyOptimizer>&, std::int64_t steps);
template <> With<tool::AnyOptimizer> optimizer_from(const Json& record);

}  // namespace keratin::io::detail

namespace tool {

template <class Trainer> class TrainerBehind final : public AnyTrainer {
 public:
  explicit TrainerBehind(Trainer trainer) : trainer_(std::move(trainer)) {}

  void load(const std::string& file) override { io::load_training(trainer_, file); }
  void save(const std::string& file) const override { io::save_model(trainer_, file); }
  void set_learning_rate(double rate) override { trainer_.optimizer().learning_rate = rate; }
  void fit(const Data& data, const FitOptions& options, std::uint64_t seed) override {
    trainer_.set_random_seed(seed);
    trainer_.fit(data.inputs(), data.targets(), options);
  }
  std::vector<std::pair<std::string, double>> evaluate(const Data& data, bool verbose) override {
    const bool shows = verbose && isatty(STDERR_FILENO) != 0;
    const auto logs = trainer_.evaluate(data.inputs(), data.targets(), 32, {}, ProgbarLogger(shows, stderr));
    std::vector<std::pair<std::string, double>> named;
    for (std::size_t i = 0; i < logs.size(); ++i) named.emplace_back(trainer_.log_name(i), logs[i]);
    return named;
  }

 private:
  Trainer trainer_;
};

template <bool LeavesActivationOut, std::size_t K, std::size_t... M>
auto head_of(const Compilation::Output& output, std::index_sequence<M...>) {
  ChosenLoss<K, LeavesActivationOut>::choose(output.loss);
  (ChosenMetric<K, M>::choose(output.metrics[M]), ...);
  return ForOutput<ChosenLoss<K, LeavesActivationOut>, ChosenMetric<K, M>...>().weighing(output.weight);
}
template <bool LeavesActivationOut, std::size_t Metrics, std::size_t... K>
std::unique_ptr<AnyTrainer> trainer_with(functional::Model& model, const Compilation& compilation,
                                         std::index_sequence<K...>) {
  auto trainer = compile(
      model, compilation.optimizer,
      head_of<LeavesActivationOut, K>(compilation.outputs[K], std::make_index_sequence<Metrics>())...);
  return std::make_unique<TrainerBehind<decltype(trainer)>>(std::move(trainer));
}

template <std::size_t Outputs>
std::unique_ptr<AnyTrainer> make_trainer_of(functional::Model& model, const Compilation& compilation) {
  // A loss on values reads the output's activation, a crossentropy wants what is behind it; where there is no
  // activation either way is the same.
  bool leaves_out = false, reads = false;
  for (std::size_t k = 0; k < Outputs; ++k) {
    if (model.output_activation(k) == Linear{}) continue;
    (compilation.outputs[k].loss.loss->on_activation ? reads : leaves_out) = true;
  }
  if (leaves_out && reads)
    throw UsageError(
        "a crossentropy of one output beside an error of another one that has an activation is not known "
        "here");
  const auto with = [&]<std::size_t Metrics>(std::integral_constant<std::size_t, Metrics>) {
    constexpr std::make_index_sequence<Outputs> all;
    return leaves_out ? trainer_with<true, Metrics>(model, compilation, all)
                      : trainer_with<false, Metrics>(model, compilation, all);
  };
  const std::size_t metrics = compilation.outputs[0].metrics.size();
  if (metrics == 0) return with(std::integral_constant<std::size_t, 0>());
  if constexpr (Outputs == 1)
    if (metrics == 2) return with(std::integral_constant<std::size_t, 2>());
  return with(std::integral_constant<std::size_t, 1>());
}

}  // namespace tool
