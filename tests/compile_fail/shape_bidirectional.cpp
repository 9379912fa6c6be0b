// error: shapes_do_not_fit<.*layer<0>, .*Bidirectional<.*LSTM<8, .*GoBackwards>>, .*got<6, 4>, .*goes_both_ways_by_itself>
// meaning: A Bidirectional makes the layer that goes backwards of the one that it is given.
// fix: Leave GoBackwards out.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, Bidirectional<LSTM<8>>, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, Bidirectional<LSTM<8, GoBackwards>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
