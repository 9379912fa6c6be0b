// Reading a large model, beside what libhdf5 takes to read its datasets.
#include <keratin/io/keras.hpp>
#include <keratin/io/save.hpp>

#include <benchmark/benchmark.h>

#include <filesystem>

using namespace keratin;

namespace {

constexpr int units = 5000;  // 100 MB of weights

/// The model in a folder of its own, while the program runs.
struct Saved {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "keratin_bench_files";
  std::string model = folder / "model.keras", weights = folder / "model.weights.h5";

  Saved() {
    std::filesystem::create_directories(folder);
    const functional::Tensor x = functional::Input(Shape{units});
    const functional::Model made(x, x.then(DenseSpec{.units = units}));
    io::save_model(made, model);
    io::save_weights(made, weights);
  }
  ~Saved() { std::filesystem::remove_all(folder); }
};
const Saved& saved() {
  static const Saved once;
  return once;
}

void datasets_by_libhdf5(benchmark::State& state) {
  const auto read = [](hid_t file, const char* path, std::vector<float>& values) {
    const hid_t set = H5Dopen2(file, path, H5P_DEFAULT);
    if (H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) std::abort();
    H5Dclose(set);
  };
  for (const std::string& path = saved().weights; auto _ : state) {
    std::vector<float> kernel(std::size_t{units} * units), bias(units);
    const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    read(file, "layers/dense/vars/0", kernel);
    read(file, "layers/dense/vars/1", bias);
    H5Fclose(file);
    benchmark::DoNotOptimize(kernel.data());
  }
}
void load_model(benchmark::State& state) {
  for (const std::string& path = saved().model; auto _ : state) {
    const functional::Model model = io::load_model(path);
    benchmark::DoNotOptimize(model.block().data());
  }
}

BENCHMARK(datasets_by_libhdf5)->Unit(benchmark::kMillisecond);
BENCHMARK(load_model)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
