// error: loss_does_not_fit<.*Circle<.*>, .*got<12, 10>, .*needs_a_vector_a_sample>
// meaning: Circle compares one vector of each sample with those of the others; this network makes a sequence of them.
// fix: End the network with one vector a sample, of length 1.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, Dense<10>, UnitNormalization<>>;
#else
using Net = Sequential<Input<12, 2>, Dense<10>, UnitNormalization<>>;
#endif
using Loss = Circle<>;
using Output = std::array<float, Net::output_size>;

#include "use.hpp"
