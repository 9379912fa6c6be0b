#include "tool.hpp"

#include <keratin/io/blob.hpp>
#include <keratin/io/codegen.hpp>

namespace tool {

int codegen(const Codegen& options) {
  const functional::Model model = load(options.file);
  const bool blob = options.weights == "blob";
  const std::size_t slash = options.file.rfind('/');
  const io::CodegenOptions settings{
      .name = options.name,
      .weights = blob                            ? io::WeightFormat::blob
                 : options.weights == "float16"  ? io::WeightFormat::float16
                 : options.weights == "bfloat16" ? io::WeightFormat::bfloat16
                                                 : io::WeightFormat::float32,
      .source = options.file.substr(slash == std::string::npos ? 0 : slash + 1)};
  const std::string header = about(options.file, [&] { return io::generate_header(model, settings); });
  if (blob) {
    const std::size_t point = options.output.rfind('.'), folder = options.output.rfind('/');
    const bool has_ending = point != std::string::npos && (folder == std::string::npos || point > folder);
    io::save_blob(model, options.output.substr(0, has_ending ? point : std::string::npos) + ".bin");
  }
  io::write_atomically(options.output, {std::as_bytes(std::span(header))});
  return ok;
}

}  // namespace tool
