#pragma once
#include <keratin/data/fashion_mnist.hpp>

#include <stdexcept>
#include <string>

/// The images and labels; an error also says how to get them.
inline keratin::datasets::ImageSplit load_fashion_mnist(const std::string& folder) try {
  return keratin::datasets::fashion_mnist::load(folder);
} catch (const std::runtime_error& error) {
  throw std::runtime_error(error.what() +
                           std::string("\nFashion-MNIST is four IDX files; --data DIR says where they are.\n"
                                       "On Debian: apt-get install dataset-fashion-mnist"));
}
