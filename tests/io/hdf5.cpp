// Hdf5 reads what libhdf5 reads, of real Keras's files and of each kind that h5py writes
// (tests/keras/hdf5_kinds.py).
#include "files.hpp"

#define H5_USE_110_API
#include <hdf5.h>

#include <bit>
#include <limits>

using namespace keratin;
using io::Hdf5;

namespace {

std::vector<float> values_of(const Hdf5& h5, const std::string& path) {
  const std::vector<std::uint64_t> extents = h5.extents(path);
  std::size_t count = 1;
  for (const std::uint64_t n : extents) count *= n;
  std::vector<float> values(count);
  h5.read(path, shape_of(extents), values);
  return values;
}

// What libhdf5 finds: each object with its values, or its members, and its attributes that are texts.
struct Object {
  bool is_dataset = false;
  std::vector<std::string> members;
  std::vector<std::uint64_t> extents;
  std::vector<float> values;
  std::map<std::string, std::vector<std::string>> attributes;
};
using Objects = std::map<std::string, Object>;

std::vector<std::string> texts_by_libhdf5(hid_t attribute) {
  const hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
  const auto count = static_cast<std::size_t>(H5Sget_simple_extent_npoints(space));
  std::vector<std::string> texts;
  if (H5Tget_class(type) == H5T_STRING && count > 0 && H5Tis_variable_str(type) > 0) {
    std::vector<char*> pointers(count);
    H5Aread(attribute, type, pointers.data());
    texts.assign(pointers.begin(), pointers.end());
    H5Dvlen_reclaim(type, space, H5P_DEFAULT, pointers.data());
  } else if (H5Tget_class(type) == H5T_STRING && count > 0) {
    const std::size_t size = H5Tget_size(type);
    std::vector<char> bytes(count * size);
    H5Aread(attribute, type, bytes.data());
    for (std::size_t i = 0; i < count; ++i)
      texts.emplace_back(&bytes[i * size], strnlen(&bytes[i * size], size));
  }
  H5Sclose(space);
  H5Tclose(type);
  return texts;
}
herr_t note_attribute(hid_t object, const char* name, const H5A_info_t*, void* to) {
  const hid_t attribute = H5Aopen(object, name, H5P_DEFAULT);
  (*static_cast<decltype(Object::attributes)*>(to))[name] = texts_by_libhdf5(attribute);
  H5Aclose(attribute);
  return 0;
}
herr_t note_link(hid_t, const char* name, const H5L_info_t*, void* to) {
  static_cast<std::vector<std::string>*>(to)->push_back(name);
  return 0;
}
herr_t note_object(hid_t file, const char* name, const H5O_info_t* info, void* to) {
  Object& object = (*static_cast<Objects*>(to))[std::string_view(name) == "." ? "/" : name];
  const hid_t id = H5Oopen(file, name, H5P_DEFAULT);
  object.is_dataset = info->type == H5O_TYPE_DATASET;
  if (info->type == H5O_TYPE_GROUP)
    H5Literate(id, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, note_link, &object.members);
  if (object.is_dataset) {
    const hid_t space = H5Dget_space(id);
    object.extents.resize(static_cast<std::size_t>(H5Sget_simple_extent_ndims(space)));
    std::vector<hsize_t> extents(object.extents.size() + 1);
    H5Sget_simple_extent_dims(space, extents.data(), nullptr);
    std::copy_n(extents.begin(), object.extents.size(), object.extents.begin());
    object.values.resize(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)));
    if (H5Dread(id, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, object.values.data()) < 0)
      object.values.clear();
    H5Sclose(space);
  }
  H5Aiterate2(id, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, note_attribute, &object.attributes);
  H5Oclose(id);
  return 0;
}
Objects by_libhdf5(const std::string& path) {
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  Objects all;
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  H5Ovisit(file, H5_INDEX_NAME, H5_ITER_NATIVE, note_object, &all);
  H5Fclose(file);
  return all;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](float x, float y) {
           return std::bit_cast<std::uint32_t>(x) == std::bit_cast<std::uint32_t>(y) || (x != x && y != y);
         });
}
void check_like_libhdf5(const Hdf5& h5, const Objects& objects) {
  for (const auto& [name, object] : objects) {
    CAPTURE(h5.name());
    CAPTURE(name);
    CHECK(h5.has(name));
    CHECK(h5.is_dataset(name) == object.is_dataset);
    if (object.is_dataset) {
      CHECK(h5.extents(name) == object.extents);
      if (!object.values.empty()) CHECK(same_bits(values_of(h5, name), object.values));
    } else {
      CHECK(h5.members(name) == object.members);
    }
    for (const auto& [attribute, texts] : object.attributes) {
      CHECK(h5.has_attribute(name, attribute));
      if (!texts.empty()) CHECK(h5.texts(name, attribute) == texts);
    }
  }
}

}  // namespace

TEST_CASE("all that libhdf5 finds in Keras's files is read the same") {
  std::size_t files = 0, datasets = 0;
  for (const std::string& path : files_ending(".h5")) {
    if (path.find("kinds") != std::string::npos) continue;
    const Objects objects = by_libhdf5(path);
    check_like_libhdf5(Hdf5(path), objects);
    const std::string image = contents(path);
    check_like_libhdf5(Hdf5(bytes_of_text(image), path + " in memory"), objects);
    ++files;
    datasets += static_cast<std::size_t>(
        std::ranges::count_if(objects, [](const auto& o) { return o.second.is_dataset; }));
  }
  CHECK(files == 11);
  CHECK(datasets == 116);
}

TEST_CASE("each kind that h5py writes, in the older structures and in the newer ones") {
  for (const std::string name : {"kinds.h5", "kinds_new.h5"}) {
    const Hdf5 h5(file(name));
    CAPTURE(name);
    Objects objects = by_libhdf5(file(name));
    std::erase_if(objects, [](const auto& o) {
      return o.first.starts_with("refused") || o.first.starts_with("numbers/others/bfloat16") ||
             o.first == "shapes/null";
    });
    check_like_libhdf5(h5, objects);

    const std::vector<float> numbers{-2, -0.5f, 0, 1, 3.25f, 100}, whole{-2, 0, 0, 1, 3, 100},
        unsigned_whole{2, 0, 0, 1, 3, 100};
    for (const char* order : {"little", "big"}) {
      for (const char* kind : {"f2", "f4", "f8"})
        CHECK(values_of(h5, std::string("numbers/") + order + "/" + kind) == numbers);
      for (const char* kind : {"i1", "i2", "i4", "i8"})
        CHECK(values_of(h5, std::string("numbers/") + order + "/" + kind) == whole);
      for (const char* kind : {"u1", "u2", "u4", "u8"})
        CHECK(values_of(h5, std::string("numbers/unsigned/") + order + "_" + kind) == unsigned_whole);
    }
    for (const char* kind : {"bfloat16", "bfloat16_u2", "compact"})
      CHECK(values_of(h5, std::string("numbers/others/") + kind) == numbers);
    const float infinity = std::numeric_limits<float>::infinity();
    CHECK(same_bits(values_of(h5, "numbers/others/half"),
                    {65504, 0x1p-14f, 0x3ffp-24f, 0x1p-24f, -0x1p-24f, -0.f, -infinity, infinity, NAN}));
    CHECK(same_bits(values_of(h5, "numbers/others/double"), {infinity, -infinity, 0, infinity, 1 / 3.f}));

    for (const char* kind : {"i1", "<i4", ">i4", "<i8"})
      CHECK(h5.read_integer(std::string("integers/") + kind) == -3);
    for (const char* kind : {"<u4", ">u8"}) CHECK(h5.read_integer(std::string("integers/") + kind) == 200);
    CHECK(h5.read_integer("integers/most") == INT64_MAX);
    refuses([&] { h5.read_integer("integers/too_large"); }, ": integers/too_large is larger than 2^63 - 1");
    refuses([&] { h5.read_integer("shapes/scalar"); }, "shapes/scalar is no single integer");
    refuses([&] { h5.read_integer("numbers/little/i4"); }, "is no single integer");

    CHECK(values_of(h5, "shapes/scalar") == std::vector<float>{7});
    CHECK(h5.extents("shapes/scalar").empty());
    CHECK(h5.extents("shapes/none") == std::vector<std::uint64_t>{0, 3});
    CHECK(values_of(h5, "shapes/none").empty());
    CHECK(h5.extents("shapes/rank_5") == std::vector<std::uint64_t>{2, 1, 4, 2, 2});
    CHECK(values_of(h5, "shapes/rank_5")[31] == 31);
    float one = 0;
    refuses([&] { h5.read("shapes/null", Shape(), {&one, 1}); }, "shapes/null has 0 numbers, 1 wanted");
    refuses([&] { h5.read("shapes/one", Shape(), {&one, 1}); },
            name + ": shapes/one has the shape (1), () wanted");
    refuses([&] { h5.read("shapes/one", Shape(1), {}); }, "shapes/one has 1 numbers, 0 wanted");
    refuses([&] { h5.read("shapes/two", Shape(1), {&one, 1}); }, "shapes/two is not there, a dataset wanted");
    refuses([&] { h5.read("shapes", Shape(1), {&one, 1}); }, "shapes is no dataset");

    CHECK(h5.text("texts", "variable") == "größer");
    CHECK(h5.text("texts", "empty") == "");
    CHECK(h5.text("texts", "long").size() == 4200);
    CHECK(h5.text("texts", "fixed") == "fixed");
    CHECK(h5.text("texts", "terminated") == "abc");
    refuses([&] { h5.text("texts", "number"); }, ": texts has an attribute number that is no text");
    refuses([&] { h5.text("texts", "none"); }, ": texts has 0 texts as its attribute none, 1 wanted");
    CHECK(h5.texts("lists", "variable").size() == 3);
    CHECK(h5.texts("lists", "fixed") == std::vector<std::string>{"one", "two", "three"});
    CHECK(h5.texts("lists", "nothing").empty());
    CHECK(h5.texts("lists", "null").empty());
    CHECK(h5.texts("lists", "none").empty());
    CHECK(h5.texts("lists", "split") == std::vector<std::string>{"p", "q", "r", "s", "t"});
    CHECK_FALSE(h5.has_attribute("lists", "split"));

    CHECK(values_of(h5, "/groups//linked/c/x/") == std::vector<float>{3});
    CHECK(h5.members("groups/many").size() == (name == "kinds.h5" ? 136u : 8u));
    CHECK(h5.has("groups/many/member_007"));
    CHECK_FALSE(h5.has("groups/many/member_0070"));
    CHECK_FALSE(h5.has("groups/many/member_00"));
    CHECK_FALSE(h5.has("groups/a/b/c/x/y"));
    CHECK_FALSE(h5.has_attribute("groups/none", "a"));
    CHECK(h5.has_attribute("groups/attributes", "attribute_7"));
    CHECK_FALSE(h5.is_dataset("groups/none"));

    for (const auto& [path, why] : std::map<std::string, std::string>{
             {"chunks", "is stored in chunks, which"},
             {"compressed", "is compressed or filtered, which"},
             {"external", "is stored in other files, which"},
             {"unwritten", "was made, but never written"},
             {"soft", "is reached by a soft or external link, which"},
             {"other_file", "is reached by a soft or external link, which"},
             {"types/of_a_name", "shares a part of its header, which"},
             {"types/boolean", "holds values of a type (class 8, 1 bytes) that"},
             {"types/complex", "holds values of a type (class 6, 8 bytes) that"},
             {"types/text", "holds values of a type (class 9, 16 bytes) that"},
             {"types/opaque", "holds values of a type (class 5, 2 bytes) that"},
             {"types/other_dtype", "holds values of a type (class 0, 2 bytes) that"}}) {
      std::vector<float> two(2);
      refuses([&] { h5.read("refused/" + path, Shape(2), two); }, ": refused/" + path + " " + why);
    }
  }
  const Hdf5 h5(file("kinds_new.h5"));
  refuses([&] { h5.has("refused/heap/of_links/member_1"); },
          "is a group with a heap of links, which is not known here");
  refuses([&] { h5.has_attribute("refused/heap/of_attributes", "attribute_1"); },
          "refused/heap/of_attributes has a heap of attributes, which is not known here");
}

TEST_CASE("files that are no HDF5, or not whole") {
  const auto opens = [](const std::string& bytes) { return [&] { Hdf5(bytes_of_text(bytes), "here"); }; };
  const std::string whole = contents(file("several_outputs.weights.h5"));
  refuses(opens(""), "here: is no HDF5");
  refuses(opens("\x89HDF\r\n\x1a"), "here: is no HDF5");
  refuses(opens(std::string(10000, 'x')), "here: is no HDF5");
  refuses(opens(whole.substr(0, whole.size() - 1)), "here: is cut short: 21751 bytes came, 21752 wanted");
  for (std::size_t n = 0; n < 100; ++n) CHECK_FALSE(message_of(opens(whole.substr(0, n))).empty());
  refuses([] { Hdf5("/nowhere/at/all.h5"); },
          "/nowhere/at/all.h5: cannot be opened: No such file or directory");
  refuses([] { Hdf5("/tmp"); }, "/tmp: is no regular file");
  refuses([] { Hdf5("/dev/null"); }, "/dev/null: is no regular file");
}
