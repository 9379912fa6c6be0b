// What the tests of a suite include, compiled once where it has many files.
#include "../check.hpp"
