// Reads all that a file's bytes say there is.
#include <keratin/io/hdf5.hpp>

using keratin::io::FileError, keratin::io::Hdf5;

namespace {

void read_all(const Hdf5& h5, const std::string& path, int depth, int& left) {
  const auto attempt = [](auto f) {
    try {
      f();
    } catch (const FileError&) {
    }
  };
  for (const char* attribute : {"model_config", "variable", "weight_names", "fixed", "split", "dtype"})
    attempt([&] { h5.texts(path, attribute); });
  attempt([&] { h5.read_integer(path); });
  attempt([&] {
    const std::vector<std::uint64_t> extents = h5.extents(path);
    keratin::Shape shape;
    std::uint64_t count = 1;
    for (const std::uint64_t n : extents) {
      if (shape.rank == keratin::Shape::max_rank || n > h5.size()) return;
      shape.extent[shape.rank++] = static_cast<int>(n);
      count *= n;
      if (count > h5.size()) return;
    }
    std::vector<float> values(count);
    h5.read(path, shape, values);
  });
  std::vector<std::string> members;
  attempt([&] { members = h5.members(path); });
  for (const std::string& name : members)
    if (depth > 0 && left-- > 0) read_all(h5, path + "/" + name, depth - 1, left);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    int left = 20;
    read_all(Hdf5(std::span(data, size), "fuzz"), "", 6, left);
  } catch (const FileError&) {
  }
  return 0;
}
