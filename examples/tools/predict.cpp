#include "arrays.hpp"

#include <keratin/io/npy.hpp>

namespace tool {

static constexpr std::size_t piece = 1024;  // samples at once

int predict(const Predict& options) {
  const bool archive_in = options.input.ends_with(".npz"), archive_out = options.output.ends_with(".npz");
  if (!archive_in && !options.input.ends_with(".npy"))
    throw UsageError("--input: " + options.input + " came, a .npy or .npz wanted");
  if (!archive_out && !options.output.ends_with(".npy"))
    throw UsageError("--output: " + options.output + " came, a .npy or .npz wanted");
  const functional::Model model = load(options.file);
  if (!archive_in && model.inputs() > 1)
    throw UsageError("--input: " + options.input + " came for a model of " + std::to_string(model.inputs()) +
                     " inputs, a .npz wanted");
  if (!archive_out && model.outputs() > 1)
    throw UsageError("--output: " + options.output + " came for a model of " +
                     std::to_string(model.outputs()) + " outputs, a .npz wanted");

  const std::vector<io::OwnedArray> owned = about(options.input, [&] {
    if (archive_in) return take_inputs(io::read_npz(options.input), model);
    std::map<std::string, io::OwnedArray> one;
    one.emplace(model.input_name(0), io::read_npy(options.input));
    return take_inputs(std::move(one), model);
  });
  const Arrays x = arrays_of(owned);
  const std::size_t samples = owned[0].extents[0];
  std::vector<io::NamedArray> results;
  std::vector<std::vector<float>> values;
  about(options.input, [&] {
    // Outputs may be as long as inputs whose length is open.
    const auto executor = model.executor<Mode{}>().of(model.lengths_of(x));
    for (const Port& port : executor->plan.outputs) values.emplace_back(samples * port.size);
    Waiting waiting("sample");
    for (std::size_t first = 0; first < samples; first += piece) {
      const std::size_t n = std::min(piece, samples - first);
      std::vector<Array> inputs;
      for (std::size_t k = 0; k < x.size(); ++k) {
        const std::size_t row = x[k].size() / samples;
        inputs.push_back(x[k].slice(first * row, n * row));
      }
      std::vector<std::span<float>> y;
      for (std::vector<float>& output : values) {
        const std::size_t row = output.size() / samples;
        y.push_back(std::span(output).subspan(first * row, n * row));
      }
      model.predict(Arrays(inputs.data(), inputs.size()), y);
      if (samples > piece) waiting.show(first + n, samples);
    }
    for (std::size_t k = 0; k < values.size(); ++k) {
      std::vector<std::size_t> extents = io::detail::extents_of(executor->plan.outputs[k].shape);
      extents.insert(extents.begin(), samples);
      results.push_back({model.output_name(k), values[k], std::move(extents)});
    }
  });
  if (archive_out)
    io::write_npz(options.output, results);
  else
    io::write_npy(options.output, results[0].values, results[0].extents);
  return ok;
}

}  // namespace tool
