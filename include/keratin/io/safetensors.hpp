#pragma once
// safetensors: tensors by name, behind a header in JSON (github.com/huggingface/safetensors). Needs
// nlohmann-json.
#include <keratin/core/half.hpp>
#include <keratin/core/names.hpp>
#include <keratin/io/atomic.hpp>
#include <keratin/io/owned_array.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace keratin::io {

/// What floats are written as. float16 and bfloat16 round to the nearest.
enum class FloatType : unsigned char { float32, float16, bfloat16 };

/// A file of tensors, to be read. It holds the file's bytes; a tensor's values are made when they are asked
/// for.
class Safetensors {
 public:
  struct Entry {
    std::string name, dtype;
    std::vector<std::size_t> extents;
    std::size_t begin = 0, end = 0;  // of its bytes, behind the header
  };

  /// Error: FileError; the file cannot be read, its header is damaged, has a type that is not known here, or
  /// its tensors do not fill the rest of the file without gap or overlap.
  explicit Safetensors(const std::string& path) : Safetensors(read_file(path), path) {}
  /// A file that lies in memory, and what errors call it.
  Safetensors(std::vector<std::byte> bytes, std::string name)
      : name_(std::move(name)), bytes_(std::move(bytes)) {
    naming(name_, [&] { parse(); });
  }

  const std::string& name() const { return name_; }
  /// In the order of their bytes.
  const std::vector<Entry>& entries() const { return entries_; }
  /// Texts that whoever wrote the file added: __metadata__.
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// Null if there is no such tensor.
  const Entry* find(std::string_view tensor) const {
    const auto at = index_.find(tensor);
    return at == index_.end() ? nullptr : &entries_[at->second];
  }
  /// What to say of a tensor that is not there.
  std::string missing(std::string_view tensor) const {
    const auto name_of = [&](std::size_t i) -> const std::string& { return entries_[i].name; };
    return "there is no tensor " + std::string(tensor) + ", " +
           std::string(candidates(tensor, entries_.size(), name_of).view());
  }
  /// A tensor's values. Error: FileError; there is none of this name, or an unsigned value is no int64.
  OwnedArray read(std::string_view tensor) const {
    const Entry* const entry = find(tensor);
    if (!entry) throw FileError(name_ + ": " + missing(tensor));
    return naming(name_ + ": " + entry->name, [&] {
      const Bytes bytes = Bytes(bytes_).subspan(data_ + entry->begin, entry->end - entry->begin);
      return OwnedArray{entry->extents, detail::values_of(*element_of(entry->dtype), bytes)};
    });
  }

 private:
  using Json = nlohmann::json;
  static constexpr std::uint64_t most_header_bytes = 100'000'000;  // as the format's own library has it
  static constexpr int deepest = 3;

  static const detail::Element* element_of(std::string_view dtype) {
    using detail::Element;
    static constexpr std::pair<std::string_view, Element> known[] = {
        {"F64", {Element::floating, 8}},         {"F32", {Element::floating, 4}},
        {"F16", {Element::floating, 2}},         {"BF16", {Element::bfloat, 2}},
        {"I64", {Element::signed_integer, 8}},   {"I32", {Element::signed_integer, 4}},
        {"I16", {Element::signed_integer, 2}},   {"I8", {Element::signed_integer, 1}},
        {"U64", {Element::unsigned_integer, 8}}, {"U32", {Element::unsigned_integer, 4}},
        {"U16", {Element::unsigned_integer, 2}}, {"U8", {Element::unsigned_integer, 1}},
        {"BOOL", {Element::boolean, 1}}};
    for (const auto& [name, element] : known)
      if (name == dtype) return &element;
    return nullptr;
  }

  void parse() {
    std::uint64_t length = 0;
    if (bytes_.size() < sizeof length) refuse("is no safetensors file: ", bytes_.size(), " bytes came");
    std::memcpy(&length, bytes_.data(), sizeof length);
    if (length > most_header_bytes || length > bytes_.size() - sizeof length)
      refuse("a header of ", length, " bytes came in a file of ", bytes_.size());
    data_ = sizeof length + static_cast<std::size_t>(length);
    const char* const text = reinterpret_cast<const char*>(bytes_.data()) + sizeof length;
    if (length == 0 || *text != '{') refuse("is no safetensors file: its header does not begin with {");
    const Json header = parse_header(text, reinterpret_cast<const char*>(bytes_.data()) + data_);
    for (const auto& [name, value] : header.items())
      if (name == "__metadata__")
        take_metadata(value);
      else
        entries_.push_back(entry(name, value));
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    });
    std::size_t at = 0;
    for (const Entry& e : entries_) {
      if (e.begin != at) refuse("tensor ", e.name, " begins at ", e.begin, ", ", at, " wanted");
      at = e.end;
    }
    if (at != bytes_.size() - data_)
      refuse("tensors of ", at, " bytes came, ", bytes_.size() - data_, " bytes are there");
    for (std::size_t i = 0; i < entries_.size(); ++i) index_.emplace(entries_[i].name, i);
  }

  static Json parse_header(const char* begin, const char* end) {
    std::set<std::string> seen[deepest];  // at each depth; a key that comes twice has no meaning
    try {
      return Json::parse(begin, end, [&](int depth, Json::parse_event_t event, Json& value) {
        const auto level = static_cast<std::size_t>(depth);
        if (level > deepest) refuse("the header is nested deeper than ", deepest);
        if (event == Json::parse_event_t::object_start && level < deepest) seen[level].clear();
        if (event == Json::parse_event_t::key && !seen[level - 1].insert(value.get<std::string>()).second)
          refuse("the header has ", value.get<std::string>(), " twice");
        return true;
      });
    } catch (const Json::exception& e) {
      refuse("the header is damaged: ", e.what());
    }
  }
  void take_metadata(const Json& texts) {
    if (!texts.is_object()) refuse("__metadata__ is no record of texts");
    for (const auto& [key, value] : texts.items()) {
      if (!value.is_string()) refuse("__metadata__: ", key, " is no text");
      metadata_[key] = value.get<std::string>();
    }
  }
  static std::vector<std::size_t> sizes(const std::string& name, const Json& record, const char* key) {
    const auto at = record.find(key);
    if (at == record.end() || !at->is_array()) refuse("tensor ", name, " has no list for ", key);
    std::vector<std::size_t> all;
    for (const Json& one : *at) {
      if (!one.is_number_unsigned()) refuse("tensor ", name, ": ", key, " holds something that is no size");
      all.push_back(one.get<std::size_t>());
    }
    return all;
  }
  static Entry entry(const std::string& name, const Json& record) {
    if (!record.is_object()) refuse("tensor ", name, " is no record");
    const auto dtype = record.find("dtype");
    if (dtype == record.end() || !dtype->is_string()) refuse("tensor ", name, " has no dtype");
    Entry e{name, dtype->get<std::string>(), sizes(name, record, "shape")};
    const detail::Element* const element = element_of(e.dtype);
    if (!element) refuse("tensor ", name, ": dtype ", e.dtype, " is not known here");
    const std::vector<std::size_t> offsets = sizes(name, record, "data_offsets");
    if (offsets.size() != 2 || offsets[1] < offsets[0]) refuse("tensor ", name, " has wrong data_offsets");
    e.begin = offsets[0], e.end = offsets[1];
    const std::optional<std::size_t> wanted = detail::bytes_of(e.extents, element->bytes);
    if (wanted != e.end - e.begin)
      refuse("tensor ", name, " has ", e.end - e.begin, " bytes, ",
             wanted ? std::to_string(*wanted) : "more than 2^62", " wanted for ", e.dtype, " of the shape ",
             detail::extents_text(e.extents));
    return e;
  }

  std::string name_;
  std::vector<std::byte> bytes_;
  std::size_t data_ = 0;  // where the tensors' bytes begin
  std::vector<Entry> entries_;
  std::map<std::string, std::size_t, std::less<>> index_;
  std::map<std::string, std::string> metadata_;
};

struct SafetensorsOptions {
  FloatType type = FloatType::float32;
  std::map<std::string, std::string> metadata{};  // {"format", "pt"} is what some readers ask for
};

namespace detail {

// f(name of a tensor as "dense/kernel", the tensor, where it begins in the block) for all of a model.
void for_each_named_tensor(const auto& layers, auto f) {
  const std::vector<std::string> names = layer_names(layers);
  for (std::size_t i = 0; i < layers.size(); ++i)
    for (int p = 0; p < layers[i].tensors.count(); ++p)
      f(names[i] + "/" + layers[i].tensors[p].name, layers[i].tensors[p].shape, layers[i].tensors.offset(p));
}

// Values in 16 bits. Error: FileError; one that is finite would be infinite.
template <class Half>
std::vector<std::uint16_t> narrowed(const std::string& name, std::span<const float> values) {
  std::vector<std::uint16_t> to(values.size());
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i] = Half::from_float(values[i]);
    if (std::isfinite(values[i]) && !std::isfinite(Half::to_float(to[i])))
      refuse(name, "[", i, "] is ", values[i], ", too large for ", Half::name);
  }
  return to;
}

}  // namespace detail

/// Writes the tensors of a model, static or functional, under Keras's names: "dense/kernel". The file is
/// replaced as a whole. Error: FileError.
template <class Model>
void save_safetensors(const Model& model, const std::string& path, const SafetensorsOptions& options = {}) {
  const std::span<const float> block = model.block();
  const bool wide = options.type == FloatType::float32;
  const char* const dtypes[] = {"F32", "F16", "BF16"};
  nlohmann::json header;
  if (!options.metadata.empty()) header["__metadata__"] = options.metadata;
  std::vector<std::vector<std::uint16_t>> narrow;
  std::vector<Bytes> pieces(2);  // the length of the header, the header, the tensors
  std::size_t at = 0;
  std::string text;
  naming(path, [&] {
    detail::for_each_named_tensor(
        model.layers(), [&](const std::string& name, const Shape& shape, std::size_t offset) {
          const auto values = block.subspan(offset, static_cast<std::size_t>(shape.size()));
          if (!wide)
            narrow.push_back(options.type == FloatType::float16 ? detail::narrowed<Float16>(name, values)
                                                                : detail::narrowed<BFloat16>(name, values));
          pieces.push_back(wide ? std::as_bytes(values) : std::as_bytes(std::span(narrow.back())));
          const std::size_t end = at + pieces.back().size();
          header[name] = {{"dtype", dtypes[static_cast<int>(options.type)]},
                          {"shape", detail::extents_of(shape)},
                          {"data_offsets", {at, end}}};
          at = end;
        });
    try {
      text = header.dump();
    } catch (const nlohmann::json::exception& e) {
      refuse("a name is no UTF-8: ", e.what());
    }
  });
  text.resize((text.size() + 7) / 8 * 8, ' ');  // the values begin at a multiple of 8
  const std::uint64_t length = text.size();
  pieces[0] = std::as_bytes(std::span(&length, 1));
  pieces[1] = std::as_bytes(std::span(text));
  write_atomically(path, pieces);
}

/// Reads such a file, of float64, float32, float16 or bfloat16, into a model that is there. Error: FileError
/// that names the first tensor which is missing, of another shape or type, or one that the model lacks; the
/// model is then as it was.
template <class Model> void load_safetensors(Model& model, const std::string& path) {
  const Safetensors file(path);
  std::vector<float> block(model.block().size());
  std::set<std::string> wanted;
  detail::for_each_named_tensor(
      model.layers(), [&](const std::string& name, const Shape& shape, std::size_t offset) {
        wanted.insert(name);
        const Safetensors::Entry* const entry = file.find(name);
        if (!entry) throw FileError(path + ": " + file.missing(name));
        if (entry->extents != detail::extents_of(shape))
          throw FileError(path + ": " + name + " has the shape " + detail::extents_text(entry->extents) +
                          ", " + std::string(Text(shape).view()) + " wanted");
        const OwnedArray tensor = file.read(name);
        const Array values = tensor;
        if (values.is_integer())
          throw FileError(path + ": " + name + " holds " + entry->dtype + ", F64, F32, F16 or BF16 wanted");
        copy_values(values, 0, values.size(), block.data() + offset);
      });
  for (const Safetensors::Entry& entry : file.entries())
    if (!wanted.contains(entry.name))
      throw FileError(path + ": has the tensor " + entry.name + ", which the model lacks");
  std::copy(block.begin(), block.end(), model.block().begin());
}

}  // namespace keratin::io
