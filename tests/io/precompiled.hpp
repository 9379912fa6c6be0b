// What most of these tests include, compiled once.
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>
#include <keratin/io/training_state.hpp>

#include "../check.hpp"
#include "files.hpp"
