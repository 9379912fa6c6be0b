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
  print("mlp", models::mlp());
  print("lenet", models::lenet());
  print("depthwise", models::depthwise());
  print("recurrent", models::recurrent());
  print("wrapped", models::wrapped());
  print("causal", models::causal());
  print("residual", models::residual());
  print("inception", models::inception());
  print("merging", models::merging());
  print("embedding", models::embedding());
  print("normalization", models::normalization());
  print("regularization", models::regularization());
  print("convolution", models::convolution());
  print("activation", models::activation());
  print("reshaping", models::reshaping());
  print("preprocessing", models::preprocessing());
  print("attention", models::attention());
  print("einsum_dense", models::einsum_dense());
  print("random_images", models::random_images());
  print("lenet_float16", models::lenet(), WeightFormat::float16);
  print("lenet_bfloat16", models::lenet(), WeightFormat::bfloat16);
}
