#pragma once
// The numbers that real Keras computed: the files of tests/keras, made by the scripts beside them.
#include <keratin/testing.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

inline const std::vector<float>& golden(const std::string& name) {
  static const auto arrays = [] {
    std::map<std::string, std::vector<float>> all;
    for (const auto& entry : std::filesystem::directory_iterator(KERATIN_TEST_DATA)) {
      const std::string name = entry.path().string();
      if (!name.ends_with(".txt")) continue;
      std::ifstream file(name);
      for (std::string line; std::getline(file, line);) {
        std::istringstream words(line);
        std::string key;
        std::size_t count = 0;
        if (!(words >> key >> count) || key == "#") continue;
        std::vector<float>& values = all[key];
        for (double v; words >> v;) values.push_back(static_cast<float>(v));
        if (values.size() != count)
          throw std::runtime_error(name + ": " + key + " has another length than it says");
      }
    }
    return all;
  }();
  const auto at = arrays.find(name);
  if (at == arrays.end()) throw std::runtime_error("tests/keras has no array " + name);
  return at->second;
}

/// What Keras says of a layer with these parameters.
inline keratin::testing::Golden golden_layer(const std::string& name, const keratin::Parameters& parameters) {
  keratin::testing::Golden g{golden("layer/" + name + "/y"), golden("layer/" + name + "/dx"), {}, {}};
  for (const keratin::Parameter& p : parameters) {
    auto& list = p.trainable ? g.dw : g.state;
    list.push_back(golden("layer/" + name + (p.trainable ? "/dw" : "/state") + std::to_string(list.size())));
  }
  return g;
}
