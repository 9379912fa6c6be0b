// Plans of random graphs, run with toy layers: every value is what it would be with memory of its own.
#include <keratin/core/plan.hpp>

#include <doctest/doctest.h>

#include <keratin/core/random.hpp>

#include <cmath>
#include <vector>

using namespace keratin;

namespace {

template <class T> using Vector = std::vector<T>;
using Plan = BasicPlan<Vector>;

const Parameters weight = [] {
  Parameters p;
  p.add({"weight", {1}});
  return p;
}();

// Toy layers of one value. Each claims what the planner may do, and then does the worst that this allows.
enum Kind { square, tanh_, negate, view, add, half_sum, product, kinds };

LayerPlan row(Kind kind, int index) {
  LayerPlan l;
  l.in = l.out = Shape{1};
  l.head = index;
  switch (kind) {
    case square:
      l.traits = {.reads_output = false};
      break;
    case tanh_:
      l.traits = {.reads_input = false, .in_place = true};
      break;
    case negate:
      l.traits = {
          .reads_input = false, .reads_output = false, .in_place = true, .writes_over_gradient = false};
      break;
    case view:
      l.traits = {.reads_input = false, .reads_output = false, .view = true};
      break;
    case add:
    case half_sum:
      l.traits = {.reads_input = false,
                  .reads_output = false,
                  .in_place = true,
                  .writes_over_gradient = kind == half_sum,
                  .passes_gradient = true};
      break;
    default:
      l.traits = {.reads_output = false, .writes_over_gradient = index % 2 == 0};
  }
  return l;
}
double forward(Kind kind, const std::vector<double>& x) {
  double y = kind == product ? 1 : 0;
  if (kind == square) return x[0] * x[0] / 2;
  if (kind == tanh_) return std::tanh(x[0]);
  if (kind == negate) return -x[0];
  for (const double v : x) kind == product ? y *= v : y += v;
  return kind == half_sum ? y / 2 : y;
}
double derivative(Kind kind, const std::vector<double>& x, double y, std::size_t i) {
  if (kind == square) return x[0];
  if (kind == tanh_) return 1 - y * y;
  if (kind == negate) return -1;
  double d = kind == half_sum ? 0.5 : 1;
  for (std::size_t k = 0; kind == product && k < x.size(); ++k)
    if (k != i) d *= x[k];
  return d;
}

struct Graph {
  std::vector<Kind> kinds_of;
  Plan plan;

  Graph(std::uint64_t seed, Mode mode) {
    std::uint32_t drawn = 0;
    const auto draw = [&](int n) {
      return static_cast<int>(Random{seed}.word(drawn++) % static_cast<std::uint32_t>(n));
    };
    plan.mode = mode;
    const int size = 1 + draw(12);
    std::vector<int> unread{-1};
    for (int i = 0; i < size; ++i) {
      Kind kind = static_cast<Kind>(draw(kinds));
      if (i == size - 1) kind = draw(2) == 0 ? add : product;  // reads what nobody else does
      LayerPlan l = row(kind, i);
      const int inputs = kind < add ? 1 : 1 + draw(4);
      for (int k = 0; k < inputs; ++k) l.inputs.add(draw(3) > 0 ? i - 1 : draw(i + 1) - 1);
      for (const int from : l.inputs) std::erase(unread, from);
      if (i == size - 1)
        for (const int from : unread)
          if (l.inputs.count < max_inputs) l.inputs.add(from);
      unread.push_back(i);
      kinds_of.push_back(kind);
      plan.add(l, draw(4) == 0 ? weight : no_parameters);
    }
    plan.add_input(Shape{1});
    plan.add_output(size - 1);
    plan.plan_steps();
  }

  // The value of every layer, and its derivative with respect to it: of the last one's. [0] is the input.
  void reference(double x, std::vector<double>& value, std::vector<double>& gradient) const {
    value = {x};
    const auto inputs = [&](std::size_t i) {
      std::vector<double> in;
      for (const int from : plan.layers[i].inputs) in.push_back(value[static_cast<std::size_t>(from + 1)]);
      return in;
    };
    for (std::size_t i = 0; i < kinds_of.size(); ++i) value.push_back(forward(kinds_of[i], inputs(i)));
    gradient.assign(value.size(), 0);
    gradient.back() = 1;
    for (std::size_t i = kinds_of.size(); i-- > 0;) {
      const PerInput<int>& from = plan.layers[i].inputs;
      for (int k = 0; k < from.count; ++k)
        gradient[static_cast<std::size_t>(from[k] + 1)] +=
            gradient[i + 1] * derivative(kinds_of[i], inputs(i), value[i + 1], static_cast<std::size_t>(k));
    }
  }

  // Runs the plan over memory that is full of nonsense; the number of values that are not as they should be.
  int run() const {
    constexpr double nonsense = 1e6;
    std::vector<double> value, gradient, memory(plan.workspace + 16, nonsense);
    reference(0.7, value, gradient);
    double x = 0.7, result = nonsense;
    const Memory<double> at{1, &x, &result, memory.data()};
    if (plan.mode.training) *at(plan, 0) = x;
    int wrong = 0;
    const auto expect = [&](double v, double wanted) {
      wrong += !(std::fabs(v - wanted) <= 1e-9 * std::max(1.0, std::fabs(wanted)));
    };
    for (const Step& step : plan.steps) {
      std::vector<double> in;
      for (const int b : step.inputs) in.push_back(*at(plan, b));
      *at(plan, step.output) = forward(kinds_of[static_cast<std::size_t>(step.layer)], in);
      expect(*at(plan, step.output), value[static_cast<std::size_t>(step.layer) + 1]);
    }
    expect(*at(plan, plan.outputs[0].buffer), value.back());
    if (!plan.mode.training || plan.outputs[0].gradient == Step::none) return wrong;
    *at(plan, plan.outputs[0].gradient) = 1;
    for (std::size_t s = plan.steps.size(); s-- > 0;) {
      const Step& step = plan.steps[s];
      if (step.output_gradient == Step::none) continue;
      const auto i = static_cast<std::size_t>(step.layer);
      const Traits& traits = plan.layers[i].traits;
      const double dy = *at(plan, step.output_gradient);
      expect(dy, gradient[i + 1]);
      std::vector<double> in;
      for (const int b : step.inputs) in.push_back(traits.reads_input ? *at(plan, b) : nonsense);
      const double y = traits.reads_output ? *at(plan, step.output) : nonsense;
      if (traits.writes_over_gradient)
        *at(plan, step.output_gradient) =
            traits.passes_gradient ? dy * derivative(kinds_of[i], in, y, 0) : nonsense;
      for (int k = 0; k < step.inputs.count; ++k)
        if (step.input_gradients[k] != Step::none)
          *at(plan, step.input_gradients[k]) =
              dy * derivative(kinds_of[i], in, y, static_cast<std::size_t>(k));
      for (const Step::Sum& sum : step.sums)
        if (sum.to != Step::none) *at(plan, sum.to) += *at(plan, sum.from);
    }
    if (plan.mode.input_gradient) expect(*at(plan, plan.inputs[0].gradient), gradient[0]);
    return wrong;
  }
};

}  // namespace

TEST_CASE("random graphs are computed right in the memory that is planned for them") {
  int wrong = 0, shared = 0, sums = 0, skipped = 0;
  for (std::uint64_t seed = 0; seed < 20'000; ++seed)
    for (const Mode mode : {Mode{}, Mode{.training = true}, Mode{.training = true, .input_gradient = true}}) {
      const Graph graph(seed, mode);
      wrong += graph.run() > 0;
      for (const Step& step : graph.plan.steps) {
        skipped += mode.training && step.output_gradient == Step::none;
        for (int k = 0; k < step.input_gradients.count; ++k) {
          shared += step.inputs.count > 1 && step.input_gradients[k] == step.output_gradient;
          sums += step.sums[k].to != Step::none;
        }
      }
    }
  CHECK(wrong == 0);
  CHECK(shared > 1000);  // all that there is to get wrong happens
  CHECK(sums > 1000);
  CHECK(skipped > 1000);
}
