#pragma once
// The run-time front end: keratin::functional, and how its models are trained.
#include <keratin/functional/adapt.hpp>
#include <keratin/functional/lambda.hpp>
#include <keratin/functional/model.hpp>
#include <keratin/functional/operators.hpp>
#include <keratin/functional/static_model.hpp>
#include <keratin/keratin.hpp>
