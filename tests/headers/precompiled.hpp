// What the tests of a suite include, compiled once where it has several files and none such of its own.
#include "../check.hpp"
