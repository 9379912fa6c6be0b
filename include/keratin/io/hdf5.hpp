#pragma once
// Hdf5: datasets and text attributes of a file, to be read. Needs libhdf5, which trusts what it reads: a
// damaged .h5 may crash it, or make it ask for memory without bound. What is inside a .keras has passed the
// archive's checksum.
#include <keratin/core/shape.hpp>
#include <keratin/io/file_error.hpp>

#include <hdf5.h>

#include <cstring>
#include <span>
#include <utility>
#include <vector>

namespace keratin::io {

class Hdf5 {
 public:
  /// Error: FileError; the file cannot be read, or is no HDF5.
  explicit Hdf5(const std::string& path) : name_(path) {
    const Quiet quiet;
    file_ = {H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), &H5Fclose};
    if (!file_) throw FileError(path + ": cannot be read as HDF5");
  }
  /// A file that lies in memory, and what errors call it.
  Hdf5(std::span<const unsigned char> image, std::string name) : name_(std::move(name)) {
    const Quiet quiet;
    const Handle access{H5Pcreate(H5P_FILE_ACCESS), &H5Pclose};
    H5Pset_fapl_core(access.id, std::size_t{1} << 20, false);
    H5Pset_file_image(access.id, const_cast<unsigned char*>(image.data()), image.size());
    file_ = {H5Fopen("image", H5F_ACC_RDONLY, access.id), &H5Fclose};
    if (!file_) throw FileError(name_ + ": cannot be read as HDF5");
  }

  const std::string& name() const { return name_; }
  /// Whether there is a group or dataset at this path.
  bool has(const std::string& path) const {
    const Quiet quiet;
    for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1))
      if (end > 0 && H5Lexists(file_.id, path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    return H5Lexists(file_.id, path.c_str(), H5P_DEFAULT) > 0;
  }
  bool has_attribute(const std::string& path, const char* attribute) const {
    const Quiet quiet;
    return H5Aexists_by_name(file_.id, path.c_str(), attribute, H5P_DEFAULT) > 0;
  }

  /// A dataset of numbers of exactly this shape (no extents: one number). Error: FileError; there is none, it
  /// has another shape, or cannot be read.
  void read(const std::string& path, const Shape& wanted, std::span<float> values) const {
    const Quiet quiet;
    if (!has(path)) throw FileError(name_ + ": there is no dataset " + path);
    const Handle set{H5Dopen2(file_.id, path.c_str(), H5P_DEFAULT), &H5Dclose};
    if (!set) throw FileError(name_ + ": " + path + " is no dataset");
    const Handle space{H5Dget_space(set.id), &H5Sclose}, type{H5Dget_type(set.id), &H5Tclose};
    const int rank = H5Sget_simple_extent_ndims(space.id);
    std::vector<hsize_t> extents(rank > 0 ? static_cast<std::size_t>(rank) : 0);
    if (rank > 0) H5Sget_simple_extent_dims(space.id, extents.data(), nullptr);
    bool same = rank == wanted.rank;
    for (int a = 0; a < rank && same; ++a)
      same = extents[static_cast<std::size_t>(a)] == static_cast<hsize_t>(wanted[a]);
    if (!same) {
      std::string came;
      for (const hsize_t n : extents) came += (came.empty() ? "" : ", ") + std::to_string(n);
      throw FileError(name_ + ": " + path + " has the shape (" + came + "), " +
                      std::string(Text(wanted).view()) + " wanted");
    }
    const H5T_class_t kind = H5Tget_class(type.id);
    if ((kind != H5T_FLOAT && kind != H5T_INTEGER) || H5Aexists(set.id, "dtype") > 0)
      throw FileError(name_ + ": " + path + " holds values of a type that is not known");
    if (H5Dread(set.id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0)
      throw FileError(name_ + ": " + path + " is damaged");
  }

  /// A text attribute, or all of a list of texts; of a list that is split (names0, names1, ...) all parts.
  /// Error: FileError; there is none, or it is damaged.
  std::string text(const std::string& path, const char* attribute) const {
    std::vector<std::string> all = texts_of(path, attribute);
    if (all.size() != 1)
      throw FileError(name_ + ": " + path + ": the attribute " + attribute + " is no text");
    return std::move(all[0]);
  }
  std::vector<std::string> texts(const std::string& path, const std::string& attribute) const {
    if (has_attribute(path, attribute.c_str())) return texts_of(path, attribute.c_str());
    std::vector<std::string> all;
    for (int part = 0;; ++part) {
      const std::string name = attribute + std::to_string(part);
      if (!has_attribute(path, name.c_str())) break;
      for (std::string& one : texts_of(path, name.c_str())) all.push_back(std::move(one));
    }
    return all;
  }

 private:
  struct Handle {
    hid_t id = -1;
    herr_t (*close)(hid_t) = nullptr;

    Handle() = default;
    Handle(hid_t i, herr_t (*c)(hid_t)) : id(i), close(c) {}
    Handle(Handle&& other) noexcept : id(std::exchange(other.id, -1)), close(other.close) {}
    Handle& operator=(Handle&& other) noexcept {
      std::swap(id, other.id);
      std::swap(close, other.close);
      return *this;
    }
    ~Handle() {
      if (id >= 0) close(id);
    }
    explicit operator bool() const { return id >= 0; }
  };
  // The library prints what goes wrong; here it is said in an exception.
  struct Quiet {
    H5E_auto2_t print = nullptr;
    void* data = nullptr;
    Quiet() {
      H5Eget_auto2(H5E_DEFAULT, &print, &data);
      H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    Quiet(const Quiet&) = delete;
    Quiet& operator=(const Quiet&) = delete;
    ~Quiet() { H5Eset_auto2(H5E_DEFAULT, print, data); }
  };

  static constexpr hsize_t most_texts = 1 << 20;
  static constexpr std::size_t longest_text = 64 << 20;

  std::vector<std::string> texts_of(const std::string& path, const char* attribute) const {
    const Quiet quiet;
    const auto damaged = [&] {
      return FileError(name_ + ": " + path + ": the attribute " + attribute + " is damaged");
    };
    const Handle a{H5Aopen_by_name(file_.id, path.c_str(), attribute, H5P_DEFAULT, H5P_DEFAULT), &H5Aclose};
    if (!a) throw FileError(name_ + ": " + path + " has no attribute " + attribute);
    const Handle type{H5Aget_type(a.id), &H5Tclose}, space{H5Aget_space(a.id), &H5Sclose};
    const hssize_t count = H5Sget_simple_extent_npoints(space.id);
    std::vector<std::string> all;
    if (count == 0) return all;
    if (count < 0 || static_cast<hsize_t>(count) > most_texts) throw damaged();
    if (H5Tget_class(type.id) != H5T_STRING) {  // h5py writes an empty list as one of no numbers
      if (H5Sget_simple_extent_type(space.id) == H5S_NULL) return all;
      throw damaged();
    }
    const auto n = static_cast<std::size_t>(count);
    if (H5Tis_variable_str(type.id) > 0) {
      const Handle memory{H5Tcopy(H5T_C_S1), &H5Tclose};
      H5Tset_size(memory.id, H5T_VARIABLE);
      H5Tset_cset(memory.id, H5Tget_cset(type.id));
      std::vector<char*> pointers(n);
      if (H5Aread(a.id, memory.id, pointers.data()) < 0) throw damaged();
      for (const char* p : pointers) all.emplace_back(p ? p : "");
      H5Dvlen_reclaim(memory.id, space.id, H5P_DEFAULT, pointers.data());
    } else {
      const std::size_t size = H5Tget_size(type.id);
      if (size == 0 || size > longest_text / n) throw damaged();
      std::vector<char> bytes(n * size);
      if (H5Aread(a.id, type.id, bytes.data()) < 0) throw damaged();
      for (std::size_t i = 0; i < n; ++i)
        all.emplace_back(bytes.data() + i * size, strnlen(bytes.data() + i * size, size));
    }
    return all;
  }

  std::string name_;
  Handle file_;
};

}  // namespace keratin::io
