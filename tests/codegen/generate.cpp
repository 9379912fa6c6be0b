// Prints the headers of all models, one after the other.
#include <keratin/io/codegen.hpp>

#include "models.hpp"

#include <cstdio>

using namespace keratin;
using io::WeightFormat;

int main() {
  const auto print = [](const std::string& name, const functional::Model& model,
                        WeightFormat format = WeightFormat::float32) {
    const io::CodegenOptions options{
        .name = "networks::" + name, .weights = format, .test_samples = 2, .source = "models::" + name};
    std::fputs(io::generate_header(model, options).c_str(), stdout);
  };
#define KERATIN_PRINT(NAME) print(#NAME, models::NAME());
  KERATIN_MODELS(KERATIN_PRINT)
#undef KERATIN_PRINT
  print("lenet_float16", models::lenet(), WeightFormat::float16);
  print("lenet_bfloat16", models::lenet(), WeightFormat::bfloat16);
}
