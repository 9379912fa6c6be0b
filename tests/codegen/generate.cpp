// Prints the headers of all models, one after the other.
#include "models.hpp"

#include <cstdio>

int main() {
  models::each(
      [](const char* name, const keratin::functional::Model& model, keratin::io::WeightFormat format) {
        const std::string header = keratin::io::generate_header(
            model,
            {.name = std::string("networks::") + name, .weights = format, .test_samples = 2, .source = name});
        std::fwrite(header.data(), 1, header.size(), stdout);
      });
}
