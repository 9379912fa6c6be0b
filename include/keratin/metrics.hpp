#pragma once
#include <keratin/metrics/accuracy.hpp>
#include <keratin/metrics/metric.hpp>
