// error: sequential_takes_layers<.*layer<1, 0, 1>, int>
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<8>, Residual<Residual<Dense<8>>>, Dense<10>>;
#else
using Net = Sequential<Input<24>, Dense<8>, Residual<Residual<Dense<8>, int>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
