#pragma once
#include <exception>
#include <string>

/// What f() throws, empty where it throws nothing.
inline std::string error_of(auto f) {
  try {
    f();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "";
}
