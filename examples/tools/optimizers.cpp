// What each optimizer does and how files hold it, for all trainers once.
#include "optimizers.hpp"

#include <keratin/io/training_state.hpp>

namespace tool {
namespace {

// f(an optimizer as it begins) for each of them.
void each_optimizer(auto f) {
  [&]<class... O>(const std::variant<O...>*) {
    (f(O{}), ...);
  }(static_cast<const AnyOptimizer::Kind*>(nullptr));
}
// Such a one is chosen by its settings in a file.
template <class O> constexpr bool has_name_of_another = requires { O::settings; };

// f(a With of the optimizer that it is).
auto visit(const With<AnyOptimizer>& optimizer, auto f) {
  return optimizer.visit(
      [&](const auto& one) { return f(With{one, static_cast<const OptimizerSettings&>(optimizer)}); });
}

}  // namespace

int AnyOptimizer::slots_in_use() const {
  return visit([](const auto& optimizer) { return optimizer.slots_in_use(); });
}
double AnyOptimizer::slot_begins(int slot) const {
  return visit([&](const auto& optimizer) -> double {
    if constexpr (requires { optimizer.slot_begins(slot); }) return optimizer.slot_begins(slot);
    return 0;
  });
}
void AnyOptimizer::update(std::int64_t t, const WholeTensor<float>& tensor) const {
  visit([&](const auto& optimizer) { keratin::detail::update_tensor(optimizer, t, tensor); });
}

With<AnyOptimizer> find_optimizer(const std::string& name) {
  std::optional<AnyOptimizer> found;
  std::string all;
  each_optimizer([&]<class O>(const O& optimizer) {
    if (has_name_of_another<O>) return;
    if (lower_case(name) == lower_case(O::name)) found = optimizer;
    all.append(all.empty() ? "" : ", ").append(lower_case(O::name));
  });
  if (!found) throw UsageError("optimizer '" + name + "' is not known here; known are " + all);
  return {*found, {}};
}

}  // namespace tool

namespace keratin::io::detail {

using tool::AnyOptimizer;

template <> Json optimizer_record(const With<AnyOptimizer>& optimizer) {
  return tool::visit(optimizer, [](const auto& one) { return optimizer_record(one); });
}
template <> KeptByOptimizer kept_by(const With<AnyOptimizer>& optimizer, std::int64_t steps) {
  return tool::visit(optimizer, [&](const auto& one) { return kept_by(one, steps); });
}
template <> With<AnyOptimizer> optimizer_from(const Json& record) {
  With<AnyOptimizer> chosen = tool::find_optimizer(class_of(record));
  const Json config = record.is_object() ? record.value("config", Json()) : Json();
  bool found = false;
  tool::each_optimizer([&]<class O>(const O&) {
    Json own = config;  // with what makes O another one of the same name
    put_settings<O>(own);
    if (found || lower_case(class_of(record)) != lower_case(O::name) || own != config) return;
    found = true;
    const auto one = optimizer_from<With<O>>(record);
    chosen = {static_cast<const O&>(one), one};
  });
  return chosen;
}

}  // namespace keratin::io::detail
