// error: shapes_do_not_fit<.*layer<0>, .*CategoryEncoding<.*>, .*got<24>, .*has_no_such_output_mode>
// meaning: tf_idf needs weights, which only IntegerLookup and the text layers find.
// fix: Choose `OneHot`, `MultiHot` or `Counts`.
#include <keratin/keratin.hpp>
using namespace keratin;

#ifdef TWIN
using Net = Sequential<Input<24>, CategoryEncoding<5, Counts>, Dense<10>>;
#else
using Net = Sequential<Input<24>, CategoryEncoding<5, TfIdf>, Dense<10>>;
#endif
using Loss = MeanSquaredError;
using Output = std::array<float, 10>;

#include "use.hpp"
