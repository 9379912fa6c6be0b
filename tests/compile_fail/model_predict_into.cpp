// error: conversion from .*array.*10.* to .*array.*9
// title: a prediction of another length
// meaning: `predict` returns a `std::array` of `Net::output_size` values.
// fix: Write `auto`, or `std::array<float, Net::output_size>`.
#include <keratin/keratin.hpp>
using namespace keratin;

using Net = Sequential<Input<24>, Dense<32, ReLU>, Dense<10, Softmax>>;
using Loss = CategoricalCrossentropy<>;
using Output = std::array<float, 10>;

float probability(const Model<Net>& model, std::span<const float, 24> x) {
#ifdef TWIN
  const std::array<float, 10> p = model.predict(x);
#else
  const std::array<float, 9> p = model.predict(x);
#endif
  return p[0];
}

#include "use.hpp"
