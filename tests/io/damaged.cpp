// Files damaged in every way are loaded or refused: no other exception, no crash, no end of memory or time.
#include <keratin/io/keras.hpp>
#include <keratin/testing/allocations.hpp>

#include <zlib.h>

#include "files.hpp"

#include <random>

using namespace keratin;
using io::Hdf5, io::Json;

namespace {

using Chance = std::mt19937;
std::size_t below(Chance& chance, std::size_t n) { return chance() % std::max<std::size_t>(n, 1); }

// A damaged copy: bits, ends, fields of 8 bytes that are sizes, counts or places, and pieces put elsewhere.
std::string damaged(std::string bytes, Chance& chance) {
  const std::size_t size = bytes.size();
  switch (below(chance, 5)) {
    case 0:
      for (std::size_t n = 1 + below(chance, 8); n > 0; --n) {
        char& byte = bytes[below(chance, size)];
        byte = static_cast<char>(byte ^ (1 << below(chance, 8)));
      }
      break;
    case 1:
      bytes.resize(below(chance, size));
      break;
    case 2: {
      const std::uint64_t values[] = {UINT64_MAX,
                                      UINT64_MAX - 7,
                                      std::uint64_t{1} << 63,
                                      std::uint64_t{1} << 60,
                                      std::uint64_t{1} << 32,
                                      std::uint64_t{1} << 24,
                                      size,
                                      size - 8,
                                      below(chance, size) & ~std::size_t{7},
                                      below(chance, 64)};
      for (std::size_t n = 1 + below(chance, 3); n > 0; --n) {
        const std::uint64_t value = values[below(chance, std::size(values))];
        std::memcpy(&bytes[below(chance, size - 8) & ~std::size_t{3}], &value, 8);
      }
      break;
    }
    case 3: {
      const std::string piece = bytes.substr(below(chance, size), 1 + below(chance, 600));
      bytes.replace(below(chance, size), piece.size(), piece);
      break;
    }
    default:
      bytes.erase(below(chance, size), 1 + below(chance, 64));
  }
  return bytes;
}

// f() does what it does, or throws a FileError: never another exception, nor memory for what is not there.
// Returns whether it went well.
bool survives(std::size_t size, auto f) {
  testing::largest_allocation = 0;
  const bool good = [&] {
    try {
      f();
      return true;
    } catch (const io::FileError& e) {
      return std::string_view(e.what()).empty();
    }
  }();
  if (testing::largest_allocation > (std::size_t{64} << 20) + size)
    FAIL("an allocation of ", testing::largest_allocation.load(), " bytes for a file of ", size);
  return good;
}

// Reads what there is on a way that chance takes.
void read_on_a_way(const Hdf5& h5, Chance& chance) {
  std::string path;
  for (int depth = 0; depth < 6; ++depth) {
    const char* const attributes[] = {"model_config", "layer_names", "weight_names", "name", "split"};
    const char* const attribute = attributes[below(chance, std::size(attributes))];
    std::vector<std::string> members;
    survives(h5.size(), [&] { h5.texts(path, attribute); });
    survives(h5.size(), [&] {
      if (!h5.is_dataset(path)) return void(members = h5.members(path));
      std::uint64_t count = 1;
      const std::vector<std::uint64_t> extents = h5.extents(path);
      for (const std::uint64_t n : extents)
        count = n > 0 && count > h5.size() / n ? h5.size() + 1 : count * n;
      std::vector<float> values(count <= h5.size() ? count : 0);
      if (extents.size() <= Shape::max_rank) h5.read(path, shape_of(extents), values);
      h5.read_integer(path);
    });
    if (members.empty()) return;
    path += "/" + members[below(chance, members.size())];
  }
}

// A file of the system's memory, where there is one.
class Scratch {
 public:
  explicit Scratch(const std::string& end)
      : path_((std::filesystem::temp_directory_path() / ("keratin_damaged_" + std::to_string(getpid()) + end))
                  .string()) {}
  ~Scratch() { std::filesystem::remove(path_); }
  const std::string& with(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }

 private:
  std::string path_;
};

template <class T> void put(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof(T));
}
// An archive as Keras writes it, of {name, bytes}; with sizes that are right, or `claimed`.
using Members = std::vector<std::pair<std::string, std::string>>;
std::string zipped(const Members& members, std::optional<std::uint32_t> claimed = {}) {
  std::string bytes, directory;
  for (const auto& [name, content] : members) {
    const auto at = static_cast<std::uint32_t>(bytes.size()),
               size = claimed.value_or(static_cast<std::uint32_t>(content.size()));
    std::string entry;
    put<std::uint16_t>(entry, 20);
    put<std::uint32_t>(entry, 0);  // flags, stored
    put<std::uint32_t>(entry, 0x58210000);
    put<std::uint32_t>(entry, static_cast<std::uint32_t>(crc32(0, bytes_of_text(content).data(),
                                                               static_cast<uInt>(content.size()))));
    put<std::uint32_t>(entry, size);
    put<std::uint32_t>(entry, size);
    put<std::uint32_t>(entry, static_cast<std::uint32_t>(name.size()));  // and no extra field
    bytes.append("PK\3\4").append(entry).append(name).append(content);
    directory.append("PK\1\2\24").append(1, '\0').append(entry).append(10, '\0');
    put<std::uint32_t>(directory, at);
    directory.append(name);
  }
  const auto at = static_cast<std::uint32_t>(bytes.size());
  bytes.append(directory).append("PK\5\6").append(4, '\0');
  for (int twice = 0; twice < 2; ++twice) put(bytes, static_cast<std::uint16_t>(members.size()));
  put(bytes, static_cast<std::uint32_t>(directory.size()));
  put(bytes, at);
  return bytes.append(2, '\0');
}
Members members_of(const std::string& path) {
  const io::Zip zip(path);
  Members members;
  for (const char* name : {"config.json", "model.weights.h5"}) {
    const std::vector<unsigned char> bytes = zip.read(name, 1 << 20);
    members.emplace_back(name, std::string(bytes.begin(), bytes.end()));
  }
  return members;
}

// Another value at a place that chance finds.
void change(Json& json, Chance& chance) {
  Json* at = &json;
  while (at->is_structured() && !at->empty() && below(chance, 8) > 0) {
    auto item = at->begin();
    std::advance(item, static_cast<std::ptrdiff_t>(below(chance, at->size())));
    if (at->is_object() && below(chance, 60) == 0) return void(at->erase(item));
    if (at->is_array() && below(chance, 60) == 0) {
      const Json copy = *item;
      return at->push_back(copy);
    }
    at = &*item;
  }
  const Json values[] = {nullptr,
                         true,
                         0,
                         -1,
                         1,
                         7,
                         2147483647,
                         -2147483648ll,
                         std::uint64_t{1} << 40,
                         1e300,
                         0.5,
                         "",
                         "relu",
                         "InputLayer",
                         Json::array(),
                         Json::object(),
                         Json::array({nullptr, 2147483647, 2147483647}),
                         Json::array({1, 2, 3, 4, 5, 6, 7}),
                         std::string(1000, 'x')};
  *at = values[below(chance, std::size(values))];
}

}  // namespace

TEST_CASE("damaged HDF5 is read as far as it goes, or refused") {
  Chance chance(1);
  for (const char* name : {"several_outputs.h5", "several_outputs.weights.h5", "kinds_new.h5"}) {
    const std::string whole = contents(file(name));
    int opened = 0;
    for (int n = 0; n < 2000; ++n) {
      const std::string bytes = damaged(whole, chance);
      CAPTURE(name);
      CAPTURE(n);
      opened += survives(bytes.size(), [&] { read_on_a_way(Hdf5(bytes_of_text(bytes), "damaged"), chance); });
    }
    CHECK(opened > 500);
    CHECK(opened < 2000);
  }
}

TEST_CASE("damaged models are loaded or refused") {
  Chance chance(2);
  for (const auto& [end, times] :
       std::map<std::string, int>{{".h5", 2000}, {".weights.h5", 2000}, {".keras", 2000}}) {
    const std::string path = file("several_outputs") + end, whole = contents(path);
    const Scratch scratch(end);
    functional::Model model = io::load_model(file("several_outputs.keras"));
    const Members members = members_of(file("several_outputs.keras"));
    int loaded = 0;
    for (int n = 0; n < times; ++n) {
      CAPTURE(end);
      CAPTURE(n);
      std::string bytes;
      if (end == ".keras" && n % 4 != 0)  // past the checksum
        bytes = zipped({members[0], {"model.weights.h5", damaged(members[1].second, chance)}});
      else
        bytes = damaged(whole, chance);
      scratch.with(bytes);
      loaded += survives(bytes.size(), [&] {
        const std::string& damaged = scratch.with(bytes);
        if (end == ".weights.h5")
          io::load_weights(model, damaged);
        else
          io::load_model(damaged);
      });
    }
    CHECK(loaded > times / 20);
    CHECK(loaded < times);
  }
}

TEST_CASE("models of wrong descriptions are loaded or refused") {
  Chance chance(3);
  const Scratch scratch(".keras");
  int loaded = 0, tried = 0;
  for (const std::string& path : files_ending(".keras")) {
    CAPTURE(path);
    const Members members = members_of(path);
    const Json config = Json::parse(members[0].second);
    CHECK(survives(0, [&] { io::load_model(scratch.with(zipped(members))); }));
    for (int n = 0; n < 10; ++n, ++tried) {
      CAPTURE(n);
      Json changed = config;
      for (std::size_t k = 1 + below(chance, 3); k > 0; --k) change(changed, chance);
      const std::string bytes = zipped({{"config.json", changed.dump()}, members[1]});
      loaded += survives(bytes.size(), [&] { io::load_model(scratch.with(bytes)); });
    }
  }
  CHECK(loaded > tried / 20);
  CHECK(loaded < tried);
}

TEST_CASE("wrong descriptions of Keras 2 are built or refused") {
  Chance chance(4);
  const Json record = Json::parse(Hdf5(file("keras2/graph.h5")).text("/", "model_config"));
  const io::CustomLayers none;
  int built = 0;
  for (int n = 0; n < 300; ++n) {
    CAPTURE(n);
    Json changed = record;
    for (std::size_t k = 1 + below(chance, 3); k > 0; --k) change(changed, chance);
    built += survives(0, [&] {
      io::detail::of_file("changed", [&] {
        io::detail::Builder builder(none);
        builder.most_weights = 1 << 20;
        builder.build(changed);
      });
    });
  }
  CHECK(built > 15);
  CHECK(built < 300);
}

TEST_CASE("a bit that is flipped anywhere in a model is an error") {
  const std::string whole = contents(file("several_outputs.keras"));
  const std::size_t weights = whole.find("\x89HDF");
  const Scratch scratch(".keras");
  for (std::size_t at = weights; at < whole.size() - 400; at += 97) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 4);
    CHECK_FALSE(message_of([&] { io::load_model(scratch.with(flipped)); }).empty());
  }
}

TEST_CASE("archives that are made to do harm") {
  const Members members = members_of(file("several_outputs.keras"));
  const Scratch scratch(".keras");
  const auto loads = [&](const std::string& bytes) {
    return survives(bytes.size(), [&] { io::load_model(scratch.with(bytes)); });
  };
  const auto refused = [&](const std::string& bytes, const std::string& why) {
    survives(bytes.size(), [&] { refuses([&] { io::load_model(scratch.with(bytes)); }, why); });
  };
  const auto with_config = [&](const std::string& json) {
    return zipped({{"config.json", json}, members[1]});
  };

  for (const char* open : {"[", "{\"a\":"}) {
    std::string deep;
    for (int n = 0; n < 100'000; ++n) deep += open;
    refused(with_config(deep), "nested deeper than 200");
  }
  refused(with_config("["), "parse error");
  refused(with_config(""), "parse error");
  refused(with_config("[]"), "a record with class_name wanted");
  refused(with_config("{\"class_name\": \"Sequential\"}"), "a record with config wanted");
  refused(with_config("{\"class_name\": \"Functional\", \"config\": {\"layers\": [1, [], {}]}}"), "wanted");
  std::string many = "[0";
  for (int n = 0; n < 1 << 21; ++n) many += ",0";
  refused(with_config(many + "]"), "more than 2097152 values");

  // Gigabytes of weights, in a file of 25 KB.
  Json large = Json::parse(members[0].second);
  for (Json& layer : large["config"]["layers"])
    if (layer["class_name"] == "Dense") layer["config"]["units"] = 40'000;
  refused(with_config(large.dump()), " weights, more than there can be in a file of 20008 bytes");
  // A model that calls a model twice, that calls a model twice, ...
  const auto tensor = [](const std::string& of, int call) {
    return Json{{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {of, call, 0}}}}};
  };
  Json model = {{"class_name", "Dense"}, {"name", "inner"}, {"config", {{"name", "inner"}, {"units", 3}}}};
  for (int depth = 0; depth < 18; ++depth) {
    model["inbound_nodes"] = {{{"args", {tensor("x", 0)}}}, {{"args", {tensor("inner", 0)}}}};
    const Json input = {{"class_name", "InputLayer"},
                        {"name", "x"},
                        {"config", {{"name", "x"}, {"batch_shape", {nullptr, 3}}}},
                        {"inbound_nodes", Json::array()}};
    model = {{"class_name", "Functional"},
             {"name", "inner"},
             {"config",
              {{"name", "inner"},
               {"layers", {input, model}},
               {"input_layers", {{"x", 0, 0}}},
               {"output_layers", {{"inner", depth == 0 ? 1 : 2, 0}}}}}};  // of a model counted from 1
  }
  refused(with_config(model.dump()), "more than 10000 calls of layers");

  refused(zipped(members, 0xfffffff0), "");
  // Packed: as it may be, and to a thousandth.
  const auto packed = [&](const std::string& config) {
    const std::string path = scratch.with("");
    std::filesystem::remove(path);
    int error = 0;
    zip_t* const zip = zip_open(path.c_str(), ZIP_CREATE, &error);
    REQUIRE(zip);
    const std::string& weights = members[1].second;
    zip_file_add(zip, "config.json", zip_source_buffer(zip, config.data(), config.size(), 0), 0);
    zip_file_add(zip, "model.weights.h5", zip_source_buffer(zip, weights.data(), weights.size(), 0), 0);
    REQUIRE(zip_close(zip) == 0);
    return contents(path);
  };
  CHECK(loads(packed(members[0].second)));
  refused(packed(members[0].second + std::string(48 << 20, ' ')), ", at least a 100th wanted");
  refused(packed(std::string(65 << 20, ' ')), ", at most 67108864 wanted");
  Members strange = members;
  strange.emplace_back("../../../../tmp/keratin_was_here", "x");
  strange.emplace_back("/tmp/keratin_was_here", "x");
  strange.emplace_back("config.json/", "x");
  CHECK(loads(zipped(strange)));
  CHECK_FALSE(std::filesystem::exists("/tmp/keratin_was_here"));
  refused(zipped({members[0]}), "there is no model.weights.h5");
  refused(zipped({members[1]}), "there is no config.json");
  refused(zipped({}), "");
}
