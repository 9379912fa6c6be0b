#include "arrays.hpp"

#include <keratin/data/csv.hpp>
#include <keratin/data/idx.hpp>
#include <keratin/io/npy.hpp>

#include <filesystem>

namespace tool {
namespace {

using io::detail::extents_text;

// "'path' why" and "cannot open 'path': why" of the readers in keratin/data, as "path: why".
template <class F> auto naming_file(const std::string& path, F f) {
  try {
    return f();
  } catch (const std::runtime_error& e) {
    std::string what = e.what();
    const std::string quoted = "'" + path + "'";
    if (what.starts_with(quoted)) what = what.substr(quoted.size() + 1);
    if (what.starts_with("cannot open " + quoted))
      what = "cannot be opened" + what.substr(12 + quoted.size());
    throw io::FileError(path + ": " + what);
  }
}

std::vector<std::size_t> without_ones(std::vector<std::size_t> extents) {
  while (extents.size() > 1 && extents.back() == 1) extents.pop_back();
  return extents;
}

io::OwnedArray take(std::map<std::string, io::OwnedArray>& arrays, const std::string& name,
                    const char* what) {
  const auto at = arrays.find(name);
  if (at == arrays.end()) {
    std::vector<std::string> names;
    for (const auto& [other, array] : arrays) names.push_back(other);
    throw io::FileError(std::string("no array for the ") + what + " '" + name + "', " +
                        std::string(candidates(name, names).view()));
  }
  return std::move(arrays.extract(at).mapped());
}
void check_none_left(const std::map<std::string, io::OwnedArray>& arrays, const std::string& wanted) {
  if (!arrays.empty())
    throw io::FileError("the array " + arrays.begin()->first + " came, only " + wanted + " wanted");
}

Data read_arrays(const std::string& path, const functional::Model& model) {
  std::map<std::string, io::OwnedArray> arrays = io::read_npz(path);
  Data data;
  const bool xy = model.inputs() == 1 && model.outputs() == 1 && arrays.contains("x") && arrays.contains("y");
  for (std::size_t k = 0; k < model.outputs(); ++k)
    data.y.push_back(take(arrays, xy ? "y" : model.output_name(k), "output"));
  for (std::size_t k = 0; k < model.inputs(); ++k)
    data.x.push_back(take(arrays, xy ? "x" : model.input_name(k), "input"));
  check_none_left(arrays, "the model's inputs and outputs");
  return data;
}

Data read_table(const DataOptions& options) {
  CsvOptions csv{.separator = options.separator, .header = !options.no_header};
  int number = 0;
  const char* const end = options.label.data() + options.label.size();
  if (const auto [at, error] = std::from_chars(options.label.data(), end, number);
      error == std::errc() && at == end)
    csv.label = number;
  else
    csv.label = options.label;
  CsvTable table = load_csv(options.paths[0], csv);
  Data data;
  data.x.push_back({{table.rows, table.columns}, std::move(table.x)});
  data.y.push_back({{table.rows}, std::move(table.y)});
  return data;
}

io::OwnedArray read_bytes(const std::string& path) {
  IdxArray<std::uint8_t> file = naming_file(path, [&] { return read_idx<std::uint8_t>(path); });
  return {std::move(file.shape), std::move(file.values)};
}
// The file with that name, packed or not.
std::string packed_or_not(const std::string& path) {
  return !std::filesystem::exists(path) ? path + ".gz" : path;
}
Data read_images(const DataOptions& options, bool train) {
  std::string images = options.paths[0], labels;
  if (options.paths.size() == 2) {
    labels = options.paths[1];
  } else {
    const std::string stem = images + (train ? "/train" : "/t10k");
    images = packed_or_not(stem + "-images-idx3-ubyte");
    labels = packed_or_not(stem + "-labels-idx1-ubyte");
  }
  Data data;
  data.scale = 1 / 255.0;
  data.x.push_back(read_bytes(images));
  data.y.push_back(read_bytes(labels));
  return data;
}

// "(samples, 28, 28)"; an open first axis is "any".
std::string samples_text(const Shape& shape, bool open) {
  std::string text = "(samples";
  for (int axis = 0; axis < shape.rank; ++axis)
    text += ", " + (axis == 0 && open ? "any" : std::to_string(shape[axis]));
  return text + ")";
}

// Whether the array has samples of this shape; axes of 1 at the end do not count. name: what errors call it.
void check_samples(const io::OwnedArray& array, const std::string& name, const Shape& shape, bool open) {
  std::vector<std::size_t> wanted{1};
  for (int axis = 0; axis < shape.rank; ++axis) wanted.push_back(static_cast<std::size_t>(shape[axis]));
  std::vector<std::size_t> came = array.extents;
  if (!came.empty()) wanted[0] = came[0];
  if (open && came.size() > 1) wanted[1] = came[1];
  if (came.empty() || without_ones(came) != without_ones(wanted))
    throw io::FileError(name + " has the shape " + extents_text(array.extents) + ", " +
                        samples_text(shape, open) + " wanted");
  if (array.array().size() == 0)
    throw io::FileError(name + " has the shape " + extents_text(came) + ", no values");
}

// Pixels in one row each, for a model that takes them so.
void flatten_samples(io::OwnedArray& array) {
  const std::size_t samples = array.extents[0];
  array.extents = {samples, array.array().size() / samples};
}

void check_data(const Data& data, const functional::Model& model) {
  const auto input = [&](std::size_t k) { return "the array for the input '" + model.input_name(k) + "'"; };
  for (std::size_t k = 0; k < model.inputs(); ++k)
    check_samples(data.x[k], input(k), model.input_shape(k), model.graph().inputs[k]->open);
  const auto check_count = [&](const io::OwnedArray& array, const std::string& name) {
    if (const std::size_t samples = data.x[0].extents[0];
        array.extents.empty() || array.extents[0] != samples)
      throw io::FileError(name + " has the shape " + extents_text(array.extents) + ", " +
                          std::to_string(samples) + " samples wanted");
  };
  for (std::size_t k = 0; k < model.inputs(); ++k) check_count(data.x[k], input(k));
  for (std::size_t k = 0; k < model.outputs(); ++k)
    check_count(data.y[k], "the array for the output '" + model.output_name(k) + "'");
}

}  // namespace

std::vector<io::OwnedArray> take_inputs(std::map<std::string, io::OwnedArray> arrays,
                                        const functional::Model& model) {
  std::vector<io::OwnedArray> inputs;
  if (model.inputs() == 1 && arrays.size() == 1)
    inputs.push_back(std::move(arrays.extract(arrays.begin()).mapped()));
  for (std::size_t k = inputs.size(); k < model.inputs(); ++k)
    inputs.push_back(take(arrays, model.input_name(k), "input"));
  check_none_left(arrays, "the model's inputs");
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    const std::string name = "the array for the input '" + model.input_name(k) + "'";
    check_samples(inputs[k], name, model.input_shape(k), model.graph().inputs[k]->open);
    if (inputs[k].extents[0] != inputs[0].extents[0])
      throw io::FileError(name + " has " + std::to_string(inputs[k].extents[0]) + " samples, " +
                          std::to_string(inputs[0].extents[0]) + " wanted, as '" + model.input_name(0) +
                          "' has");
  }
  return inputs;
}

Arrays arrays_of(const std::vector<io::OwnedArray>& owned, double scale) {
  std::vector<Array> arrays;
  for (const io::OwnedArray& one : owned) arrays.push_back(one.array(scale));
  return Arrays(arrays.data(), arrays.size());
}

Data read_data(const DataOptions& options, const functional::Model& model, bool train) {
  const std::string& path = options.paths[0];
  const bool table = path.ends_with(".csv"), archive = path.ends_with(".npz"), images = !table && !archive;
  if (!images && options.paths.size() == 2)
    throw UsageError("--data: " + path + " and " + options.paths[1] +
                     " came; two files are images and labels in IDX, other data are one");
  if (images && options.paths.size() == 1 && !std::filesystem::is_directory(path))
    throw UsageError("--data: " + path + " came; a folder, a .npz, a .csv, or two IDX files wanted");
  if (!archive && (model.inputs() > 1 || model.outputs() > 1))
    throw UsageError("--data: " + path + " came for a model of " + std::to_string(model.inputs()) +
                     " inputs and " + std::to_string(model.outputs()) + " outputs; a .npz wanted");
  Data data = archive ? about(path, [&] { return read_arrays(path, model); })
              : table ? naming_file(path, [&] { return read_table(options); })
                      : read_images(options, train);
  if (images && model.input_shape().rank == 1) flatten_samples(data.x[0]);
  about(path, [&] { check_data(data, model); });
  return data;
}

}  // namespace tool
