// What most files of the tool include, compiled once for its tests.
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>

#include "../load.hpp"
#include "../trainer.hpp"
