#pragma once
// Everything that needs no library beyond Hana.
#include <keratin/callbacks.hpp>
#include <keratin/initializers.hpp>
#include <keratin/layers.hpp>
#include <keratin/losses.hpp>
#include <keratin/metrics.hpp>
#include <keratin/optimizers.hpp>
#include <keratin/sequential/model.hpp>
#include <keratin/sequential/stream.hpp>
#include <keratin/training/custom.hpp>
#include <keratin/training/summary.hpp>
