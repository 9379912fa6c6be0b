#pragma once
#include <keratin/initializers/constant.hpp>
#include <keratin/initializers/orthogonal.hpp>
#include <keratin/initializers/random.hpp>
#include <keratin/initializers/stft.hpp>
#include <keratin/initializers/variance_scaling.hpp>

#include <string_view>

namespace keratin {

/// The initializers without a setting, by their types, which are Keras's classes.
struct NamedInitializer {
  std::string_view name;
  Initializer value;
};
inline constexpr NamedInitializer named_initializers[] = {{"Zeros", Zeros::value},
                                                          {"Ones", Ones::value},
                                                          {"GlorotUniform", GlorotUniform::value},
                                                          {"GlorotNormal", GlorotNormal::value},
                                                          {"HeUniform", HeUniform::value},
                                                          {"HeNormal", HeNormal::value},
                                                          {"LecunUniform", LecunUniform::value},
                                                          {"LecunNormal", LecunNormal::value}};

}  // namespace keratin
