#pragma once
#include <keratin/optimizers/adagrad.hpp>
#include <keratin/optimizers/adam.hpp>
#include <keratin/optimizers/ftrl.hpp>
#include <keratin/optimizers/lion.hpp>
#include <keratin/optimizers/rmsprop.hpp>
#include <keratin/optimizers/sgd.hpp>
