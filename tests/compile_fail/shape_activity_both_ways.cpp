// error: shapes_do_not_fit<.*layer<0>, .*Bidirectional<.*LSTM<8, .*ActivityL2<.*>>, .*MergeMode<.*>>, .*got<6, 4>, .*regularizes_both_ways_side_by_side>
// meaning: The penalty is one on what both ways make; once they are added, it is not there to be looked at.
// fix: Use the default merge mode, or an ActivityRegularization behind the layer.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<6, 4>, Bidirectional<LSTM<8, ActivityL2<0.1>>>, Dense<10>>;
#else
using Net = Sequential<Input<6, 4>, Bidirectional<LSTM<8, ActivityL2<0.1>>, MergeMode<Merging::sum>>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
