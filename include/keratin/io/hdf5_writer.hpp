#pragma once
// Hdf5Writer: an HDF5 file in the making, as Keras lays one out. Needs libhdf5.
#include <keratin/core/shape.hpp>
#include <keratin/io/file_error.hpp>

#include <hdf5.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace keratin::io {

class Hdf5Writer {
 public:
  /// Error: FileError, here and below; libhdf5 refuses, or there is no memory.
  Hdf5Writer() {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);  // what goes wrong is said in an exception
    const Handle access{H5Pcreate(H5P_FILE_ACCESS), &H5Pclose};
    H5Pset_fapl_core(access.id, std::size_t{4} << 20, false);  // in memory, never written by itself
    H5Pset_libver_bounds(access.id, H5F_LIBVER_EARLIEST, H5F_LIBVER_LATEST);
    file_ = {checked(H5Fcreate("image", H5F_ACC_TRUNC, H5P_DEFAULT, access.id)), &H5Fclose};
    parents_ = {checked(H5Pcreate(H5P_LINK_CREATE)), &H5Pclose};
    H5Pset_create_intermediate_group(parents_.id, 1);
    timeless_ = {checked(H5Pcreate(H5P_DATASET_CREATE)), &H5Pclose};
    H5Pset_obj_track_times(timeless_.id, false);  // the same weights make the same bytes
  }

  /// A group, with all groups on the way to it; nothing where it is there.
  void group(const std::string& path) {
    std::size_t end = 0;
    do {
      end = path.find('/', end + 1);
      const std::string part = path.substr(0, end);
      if (H5Lexists(file_.id, part.c_str(), H5P_DEFAULT) <= 0)
        Handle{checked(H5Gcreate2(file_.id, part.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)), &H5Gclose};
    } while (end != std::string::npos);
  }
  /// A dataset of this shape (no extents: one number).
  void dataset(const std::string& path, const Shape& shape, std::span<const float> values) {
    hsize_t extents[Shape::max_rank] = {};
    for (int a = 0; a < shape.rank; ++a) extents[a] = static_cast<hsize_t>(shape[a]);
    write(path, shape.rank, extents, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, values.data());
  }
  /// A counter, as Keras keeps them: in 32 bits, and in 64, as with TensorFlow, where it needs them.
  void counter(const std::string& path, std::int64_t value) {
    const bool large = value > INT32_MAX;
    write(path, 0, nullptr, large ? H5T_STD_I64LE : H5T_STD_I32LE, H5T_NATIVE_INT64, &value);
  }
  /// An attribute of a group: a text, or a list of texts, which is split as Keras does it (names0, names1,
  /// ...) where it is too long for one.
  void text(const std::string& path, const char* attribute, const std::string& value) {
    const char* const pointer = value.c_str();
    const Handle space{checked(H5Screate(H5S_SCALAR)), &H5Sclose};
    write_texts(path, attribute, space, &pointer);
  }
  void texts(const std::string& path, const std::string& attribute, const std::vector<std::string>& values) {
    std::vector<const char*> pointers;
    for (const std::string& value : values) pointers.push_back(value.c_str());
    for (std::size_t first = 0, part = 0; part == 0 || first < values.size(); first += most_texts, ++part) {
      const hsize_t n = std::min(values.size() - first, most_texts);
      const Handle space{checked(H5Screate_simple(1, &n, nullptr)), &H5Sclose};
      const bool whole = values.size() <= most_texts;
      write_texts(path, (whole ? attribute : attribute + std::to_string(part)).c_str(), space,
                  pointers.data() + first);
    }
  }

  /// The file's bytes.
  std::vector<std::byte> bytes() const {
    H5Fflush(file_.id, H5F_SCOPE_LOCAL);
    std::vector<std::byte> image(
        static_cast<std::size_t>(std::max<ssize_t>(H5Fget_file_image(file_.id, nullptr, 0), 0)));
    if (image.empty() || H5Fget_file_image(file_.id, image.data(), image.size()) < 0)
      throw FileError("HDF5 cannot be made");
    return image;
  }

 private:
  static constexpr std::size_t most_texts = 2000;  // an attribute holds 64 KiB, 16 bytes a text

  struct Handle {
    hid_t id = -1;
    herr_t (*close)(hid_t) = nullptr;

    Handle() = default;
    Handle(hid_t i, herr_t (*c)(hid_t)) : id(i), close(c) {}
    Handle& operator=(Handle&& other) noexcept {
      std::swap(id, other.id);
      std::swap(close, other.close);
      return *this;
    }
    ~Handle() {
      if (id >= 0) close(id);
    }
  };
  static hid_t checked(hid_t id) {
    if (id < 0) throw FileError("HDF5 cannot be made");
    return id;
  }

  void write(const std::string& path, int rank, const hsize_t* extents, hid_t in_file, hid_t in_memory,
             const void* values) {
    const Handle space{checked(rank == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(rank, extents, nullptr)),
                       &H5Sclose};
    const Handle set{checked(H5Dcreate2(file_.id, path.c_str(), in_file, space.id, parents_.id, timeless_.id,
                                        H5P_DEFAULT)),
                     &H5Dclose};
    checked(H5Dwrite(set.id, in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  }
  void write_texts(const std::string& path, const char* attribute, const Handle& space,
                   const char* const* texts) {
    const Handle type{checked(H5Tcopy(H5T_C_S1)), &H5Tclose};
    H5Tset_size(type.id, H5T_VARIABLE);
    H5Tset_cset(type.id, H5T_CSET_UTF8);
    const Handle made{checked(H5Acreate_by_name(file_.id, path.c_str(), attribute, type.id, space.id,
                                                H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)),
                      &H5Aclose};
    if (H5Sget_simple_extent_npoints(space.id) > 0) checked(H5Awrite(made.id, type.id, texts));
  }

  Handle file_, parents_, timeless_;
};

}  // namespace keratin::io
