// Reading whole models is compiled here alone.
#include "load.hpp"

#include <keratin/io/compiled_with.hpp>

namespace tool {

functional::Model load(const std::string& path) {
  if (!path.ends_with(".keras") && !path.ends_with(".h5") && !path.ends_with(".hdf5"))
    throw UsageError(path + ": a .keras or .h5 with a whole model wanted");
  return about(path, [&] { return io::load_model(path); });
}

std::optional<io::CompiledWith> compiled_with(const std::string& path, const functional::Model& model) {
  return about(path, [&] { return io::compiled_with(path, model); });
}

std::string text_of(const io::CompiledSetting& setting) {
  return setting.word.empty() ? std::string(Text(setting.value).view()) : setting.word;
}

}  // namespace tool
