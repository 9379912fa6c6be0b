#include "load.hpp"

#include <keratin/io/blob.hpp>
#include <keratin/io/keras.hpp>
#include <keratin/io/npy.hpp>
#include <keratin/io/safetensors.hpp>
#include <keratin/io/save.hpp>

template void keratin::io::detail::save(const functional::Model&, const Compiled<float>*, const std::string&,
                                        const CustomLayers&);

namespace tool {
namespace {

enum class Kind { model, weights_h5, safetensors, npz, blob };

Kind kind_of(const std::string& path) {
  if (path.ends_with(".weights.h5")) return Kind::weights_h5;
  if (path.ends_with(".keras") || path.ends_with(".h5") || path.ends_with(".hdf5")) return Kind::model;
  if (path.ends_with(".safetensors")) return Kind::safetensors;
  if (path.ends_with(".npz")) return Kind::npz;
  if (path.ends_with(".bin")) return Kind::blob;
  throw UsageError(path +
                   ": a name that ends with .keras, .h5, .weights.h5, .safetensors, .npz or .bin wanted");
}

void save_npz(const functional::Model& model, const std::string& path) {
  std::vector<io::NamedArray> arrays;
  io::detail::for_each_named_tensor(
      model.layers(), [&](const std::string& name, const Shape& shape, std::size_t offset) {
        arrays.push_back({name, model.block().subspan(offset, static_cast<std::size_t>(shape.size())),
                          io::detail::extents_of(shape)});
      });
  io::write_npz(path, arrays);
}
void load_npz(functional::Model& model, const std::string& path) {
  const std::map<std::string, io::OwnedArray> arrays = io::read_npz(path);
  std::size_t found = 0;
  io::detail::for_each_named_tensor(
      model.layers(), [&](const std::string& name, const Shape& shape, std::size_t offset) {
        const auto at = arrays.find(name);
        if (at == arrays.end()) throw io::FileError("there is no array " + name);
        if (at->second.extents != io::detail::extents_of(shape))
          throw io::FileError(name + " has the shape " + io::detail::extents_text(at->second.extents) + ", " +
                              std::string(Text(shape).view()) + " wanted");
        const Array values = at->second;
        copy_values(values, 0, values.size(), model.block().data() + offset);
        ++found;
      });
  for (const auto& [name, array] : arrays)
    if (found < arrays.size() && find_parameter(model, name).empty())
      throw io::FileError("has the array " + name + ", which the model lacks");
}

functional::Model read(const Convert& options) {
  const Kind kind = kind_of(options.from);
  if (options.model.empty()) {
    if (kind != Kind::model)
      throw UsageError(options.from + ": weights alone: --model FILE says whose they are");
    return load(options.from);
  }
  if (options.from.ends_with(".keras"))
    throw UsageError(options.from + ": a whole model, which needs no --model");
  functional::Model model = load(options.model);
  about(options.from, [&] {
    switch (kind) {
      case Kind::model:  // an .h5 with weights alone
      case Kind::weights_h5:
        return io::load_weights(model, options.from);
      case Kind::safetensors:
        return io::load_safetensors(model, options.from);
      case Kind::npz:
        return load_npz(model, options.from);
      case Kind::blob:
        return io::load_blob(model, options.from);
    }
  });
  return model;
}

void write(const functional::Model& model, const std::string& path) {
  switch (kind_of(path)) {
    case Kind::model:
      return io::save_model(model, path);
    case Kind::weights_h5:
      return io::save_weights(model, path);
    case Kind::safetensors:
      return io::save_safetensors(model, path);
    case Kind::npz:
      return save_npz(model, path);
    case Kind::blob:
      return io::save_blob(model, path);
  }
}

}  // namespace

int convert(const Convert& options) {
  kind_of(options.to);  // before anything is read
  const functional::Model model = read(options);
  write(model, options.to);
  if (options.model.empty() && kind_of(options.to) == Kind::model && compiled_with(options.from, model))
    std::fprintf(stderr, "keratin: %s: what the model was compiled with is not kept\n", options.to.c_str());
  return ok;
}

}  // namespace tool
