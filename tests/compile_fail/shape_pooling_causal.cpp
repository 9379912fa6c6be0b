// error: shapes_do_not_fit<.*layer<0>, .*CausalPooling.*, .*got<24, 1>, .*causal_is_for_Conv1D>
// meaning: A spec made by hand asks for causal padding, which no layer but Conv1D has. The option Causal is refused
//   by the others.
// fix: Use Padding::same or Padding::valid.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
constexpr Padding padding = Padding::same;
#else
constexpr Padding padding = Padding::causal;
#endif
struct CausalPooling : layer_of<CausalPooling, PoolingSpec<1, Pooling::max>> {
  static constexpr Spec spec{.padding = padding};
};

using Net = Sequential<Input<24, 1>, CausalPooling, Flatten, Dense<10>>;
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
