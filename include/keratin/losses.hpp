#pragma once
#include <keratin/losses/binary_crossentropy.hpp>
#include <keratin/losses/categorical_crossentropy.hpp>
#include <keratin/losses/mean_absolute_error.hpp>
#include <keratin/losses/mean_squared_error.hpp>
