#pragma once
#include <keratin/core/memory.hpp>
#include <keratin/core/text.hpp>
#include <keratin/layers/layer.hpp>

#include <algorithm>

namespace keratin {

/// What the Stateful layers of a model keep of so many sequences from one predict to the next: its user's, so
/// that the model stays const. Allocated at construction; all sequences begin with zeros.
template <class S = float> class States {
 public:
  /// Error: not at least one sequence.
  template <class Model> States(const Model& model, int samples) : samples_(samples) {
    if (samples < 1) {
      samples_ = 0;
      report(Text("States: ", samples, " samples came, at least 1 wanted"));
      return;
    }
    std::size_t values = 0;
    for (const LayerPlan& layer : model.layers()) values += layer.state;
    const auto rows = static_cast<std::size_t>((samples + lanes<S> - 1) / lanes<S> * lanes<S>);
    block_ = Block<S>(values * rows);
    reset();
  }

  int samples() const { return samples_; }
  S* data() { return block_.data(); }
  /// As if nothing had come yet. Keras: reset_states.
  void reset() { std::fill_n(block_.data(), block_.size(), S{}); }

 private:
  int samples_;
  Block<S> block_;
};
template <class Model> States(const Model&, int) -> States<typename Model::Scalar>;

}  // namespace keratin
