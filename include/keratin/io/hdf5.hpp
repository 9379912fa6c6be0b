#pragma once
// Hdf5: datasets of numbers and text attributes of a file, to be read: what h5py, and so Keras, writes unless
// it is asked for more. Any byte may be wrong: everything is looked for inside the file only, and no more is
// read or kept than the file's size allows. The format: "HDF5 File Format Specification", version 3.
#include <keratin/core/shape.hpp>
#include <keratin/io/file_image.hpp>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace keratin::io {
namespace detail::hdf5 {

// Bytes of a file, taken one after the other; `at` is where they lie in it.
class Bytes {
 public:
  Bytes() = default;
  Bytes(std::span<const unsigned char> bytes, std::uint64_t at) : bytes_(bytes), at_(at) {}

  std::size_t size() const { return bytes_.size(); }
  std::uint64_t at() const { return at_; }
  const unsigned char* data() const { return bytes_.data(); }

  Bytes take(std::uint64_t n) {
    if (n > size()) refuse("is damaged: at byte ", at_, " there are ", size(), ", ", n, " wanted");
    const Bytes taken(bytes_.first(static_cast<std::size_t>(n)), at_);
    bytes_ = bytes_.subspan(taken.size());
    at_ += n;
    return taken;
  }
  // An unsigned number of up to 8 bytes.
  std::uint64_t number(unsigned bytes) { return take(bytes).value(false); }
  std::uint64_t number() { return number(8); }
  void skip(std::uint64_t n) { take(n); }
  bool starts_with(std::string_view text) const {
    return size() >= text.size() && std::memcmp(data(), text.data(), text.size()) == 0;
  }
  void expect(std::string_view signature) {
    if (!starts_with(signature)) refuse("is damaged: at byte ", at_, " ", signature, " wanted");
    skip(signature.size());
  }

  // All of up to 8 bytes as one number.
  std::uint64_t value(bool big_endian) const {
    unsigned char v[8] = {};
    std::copy(bytes_.begin(), bytes_.end(), v);
    if (big_endian) std::reverse(v, v + size());
    return std::bit_cast<std::uint64_t>(v);
  }
  // Up to the first zero, or to the end.
  std::string_view text() const {
    const auto* first = reinterpret_cast<const char*>(bytes_.data());
    return {first, static_cast<std::size_t>(std::find(bytes_.begin(), bytes_.end(), 0) - bytes_.begin())};
  }

 private:
  std::span<const unsigned char> bytes_;
  std::uint64_t at_ = 0;
};

// Bob Jenkins's lookup3, the checksum of HDF5's newer structures.
inline std::uint32_t checksum(Bytes bytes) {
  auto a = 0xdeadbeef + static_cast<std::uint32_t>(bytes.size()), b = a, c = a;
  const auto add = [&](Bytes twelve) {
    const auto four = [&] {
      return static_cast<std::uint32_t>(
          twelve.number(static_cast<unsigned>(std::min<std::size_t>(twelve.size(), 4))));
    };
    a += four(), b += four(), c += four();
  };
  const auto step = [](std::uint32_t& x, std::uint32_t y, int left) { x = (x ^ y) - std::rotl(y, left); };
  if (bytes.size() == 0) return c;
  while (bytes.size() > 12) {
    add(bytes.take(12));
    const auto mix = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t& z, int left) {
      x -= z, x ^= std::rotl(z, left), z += y;
    };
    mix(a, b, c, 4), mix(b, c, a, 6), mix(c, a, b, 8), mix(a, b, c, 16), mix(b, c, a, 19), mix(c, a, b, 4);
  }
  add(bytes);
  step(c, b, 14), step(a, c, 11), step(b, a, 25), step(c, b, 16), step(a, c, 4), step(b, a, 14),
      step(c, b, 24);
  return c;
}

struct Type {
  enum Kind { integer, floating, text, variable_text, opaque, other } kind = other;
  unsigned number_of_class = 0;  // as the file has it
  std::uint64_t size = 1;
  bool big_endian = false, is_signed = false;
  unsigned exponent_bits = 0;

  bool is_text() const { return kind == text || kind == variable_text; }
};

struct Space {
  std::vector<std::uint64_t> extents;
  std::uint64_t count = 1;  // UINT64_MAX if it is larger
};

// Elements in a row: a dataset, or the value of an attribute.
struct Elements {
  Type type;
  Space space;
  Bytes bytes;
};

struct Link {
  std::string_view name;
  std::uint64_t target = 0;  // where its header lies
  bool hard = true;
};

inline Type type_of(Bytes b) {
  const std::uint64_t version_and_class = b.number(1), bits = b.number(3);
  Type t;
  t.number_of_class = version_and_class & 15;
  t.size = b.number(4);
  if (t.size == 0) refuse("is damaged: at byte ", b.at(), " there is a type of 0 bytes");
  switch (t.number_of_class) {
    case 0:
      t.big_endian = bits & 1;
      t.is_signed = bits & 8;
      if (b.number(2) == 0 && b.number(2) == 8 * t.size && t.size <= 8) t.kind = Type::integer;
      break;
    case 1: {
      constexpr struct {
        unsigned size, exponent_bits;
      } known[] = {{2, 5}, {2, 8}, {4, 8}, {8, 11}};
      for (const auto& [size, exponent_bits] : known) {
        Bytes rest = b;
        const unsigned mantissa_bits = 8 * size - 1 - exponent_bits;
        // No padding, a leading 1 that is not stored, and the sign in front.
        if (t.size == size && (bits & 0xfffffe) == ((8 * size - 1) << 8 | 0x20) && rest.number(2) == 0 &&
            rest.number(2) == 8 * size && rest.number(1) == mantissa_bits &&
            rest.number(1) == exponent_bits && rest.number(1) == 0 && rest.number(1) == mantissa_bits &&
            rest.number(4) == (1u << (exponent_bits - 1)) - 1) {
          t.kind = Type::floating;
          t.big_endian = bits & 1;
          t.exponent_bits = exponent_bits;
        }
      }
      break;
    }
    case 3:
      t.kind = Type::text;
      break;
    case 5:
      t.kind = Type::opaque;
      break;
    case 9:
      if ((bits & 15) == 1 && t.size == 16) t.kind = Type::variable_text;
      break;
    default:
      break;
  }
  return t;
}

inline Space space_of(Bytes b) {
  const std::uint64_t version = b.number(1), rank = b.number(1);
  b.skip(1);
  if ((version != 1 && version != 2) || rank > 32)
    refuse("is damaged: at byte ", b.at(), " there are extents of version ", version, " and rank ", rank);
  const std::uint64_t kind = b.number(1);
  if (version == 1) b.skip(4);
  Space s;
  if (version == 2 && kind == 2) s.count = 0;  // h5py's Empty
  for (std::uint64_t axis = 0; axis < rank; ++axis) s.extents.push_back(b.number());
  for (const std::uint64_t n : s.extents)
    s.count = n > 0 && s.count > UINT64_MAX / n ? UINT64_MAX : s.count * n;
  if (std::find(s.extents.begin(), s.extents.end(), 0u) != s.extents.end()) s.count = 0;
  return s;
}

// One number of a type that is_number, or of bfloat16.
inline std::int64_t integer_of(const Type& type, Bytes one) {
  const std::uint64_t bits = one.value(type.big_endian), unused = 64 - 8 * type.size;
  return type.is_signed ? static_cast<std::int64_t>(bits << unused) >> unused
                        : static_cast<std::int64_t>(bits);
}
inline float float_of(const Type& type, Bytes one) {
  const std::uint64_t bits = one.value(type.big_endian);
  const auto low = static_cast<std::uint32_t>(bits);
  if (type.kind == Type::integer)
    return type.is_signed ? static_cast<float>(integer_of(type, one)) : static_cast<float>(bits);
  if (type.size == 8) return static_cast<float>(std::bit_cast<double>(bits));
  if (type.size == 4) return std::bit_cast<float>(low);
  if (type.exponent_bits == 8) return std::bit_cast<float>(low << 16);
  const std::uint32_t sign = (low & 0x8000) << 16, rest = (low & 0x7fff) << 13;
  if (rest < 0x400u << 13)  // denormal, or 0
    return std::copysign(static_cast<float>(low & 0x3ff) * 0x1p-24f, sign ? -1.f : 1.f);
  return std::bit_cast<float>(sign | (rest + ((rest < 0x7c00u << 13 ? 112u : 224u) << 23)));
}

// One look into a file. All that it reads together is at most four times the file, since nothing in a file is
// needed more often: what refers to itself, or to the same place again and again, ends there.
class Walk {
 public:
  Walk(std::span<const unsigned char> image, std::uint64_t root)
      : image_(image), root_(root), left_(image.size() < UINT64_MAX / 4 ? 4 * image.size() : UINT64_MAX) {}

  Bytes block(std::uint64_t at, std::uint64_t size) {
    if (at > image_.size() || size > image_.size() - at)
      refuse("is damaged: it has ", size, " bytes at byte ", at, " of ", image_.size());
    charge(size);
    return {image_.subspan(static_cast<std::size_t>(at), static_cast<std::size_t>(size)), at};
  }

  // Where the header of an object lies.
  std::optional<std::uint64_t> find(std::string_view path) {
    std::uint64_t at = root_;
    while (!path.empty()) {
      const std::string_view name = path.substr(0, path.find('/'));
      path.remove_prefix(std::min(name.size() + 1, path.size()));
      if (name.empty()) continue;
      const bool found = any_link(at, &name, [&](const Link& link) {
        if (link.name != name) return false;
        if (!link.hard) refuse("is reached by a soft or external link, which is not known here");
        at = link.target;
        return true;
      });
      if (!found) return std::nullopt;
    }
    return at;
  }

  // f(link) for those of a group until it returns true, which is then the result. Those that are called other
  // than *only may be left out.
  template <class F> bool any_link(std::uint64_t group, const std::string_view* only, F f) {
    return any_message(group, [&](std::uint64_t message, Bytes b) {
      if (message == symbol_table) {
        const std::uint64_t tree = b.number();
        return any_in_tree(tree, -1, names_of(b.number()), only, f);
      }
      if (message == link) return f(link_of(b));
      if (message == link_info) {
        b.skip(1);
        if (b.number(1) & 1) b.skip(8);
        if (b.number() != nowhere) refuse("is a group with a heap of links, which is not known here");
      }
      return false;
    });
  }

  // f(name, value) for the attributes of an object until it returns true.
  template <class F> bool any_attribute(std::uint64_t object, F f) {
    return any_message(object, [&](std::uint64_t message, Bytes b) {
      if (message == attribute_info) {
        b.skip(1);
        if (b.number(1) & 1) b.skip(2);
        if (b.number() != nowhere) refuse("has a heap of attributes, which is not known here");
      }
      if (message != attribute) return false;
      const std::uint64_t version = b.number(1), flags = b.number(1), name_size = b.number(2),
                          type_size = b.number(2), space_size = b.number(2);
      if (version < 1 || version > 3)
        refuse("is damaged: at byte ", b.at(), " there is an attribute of version ", version);
      if (version > 1 && flags != 0)
        refuse("has an attribute of a type with a name, which is not known here");
      if (version == 3) b.skip(1);
      const auto part = [&](std::uint64_t size) { return b.take(version == 1 ? (size + 7) / 8 * 8 : size); };
      const std::string_view name = part(name_size).text();
      const Type type = type_of(part(type_size));
      return f(name, Elements{type, space_of(part(space_size)), b});
    });
  }

  bool is_dataset(std::uint64_t object) {
    return any_message(object, [](std::uint64_t message, Bytes) { return message == layout; });
  }
  Elements dataset(std::uint64_t object) {
    if (!is_dataset(object)) refuse("is no dataset");
    Elements e;
    any_message(object, [&](std::uint64_t message, Bytes b) {
      if (message == dataspace) e.space = space_of(b);
      if (message == datatype) e.type = type_of(b);
      if (message == external_files) refuse("is stored in other files, which is not known here");
      if (message == filters) refuse("is compressed or filtered, which is not known here");
      if (message == layout) e.bytes = stored(b);
      return false;
    });
    if (e.space.count > e.bytes.size() / e.type.size)
      refuse("is damaged: ", e.space.count, " values of ", e.type.size, " bytes in ", e.bytes.size());
    return e;
  }

  // The texts of an attribute's value.
  void texts(const Elements& e, std::vector<std::string>& all) {
    if (e.space.count == 0) return;  // h5py writes an empty list as one of no numbers
    if (!e.type.is_text()) refuse("is no text");
    if (e.space.count > e.bytes.size() / e.type.size || e.space.count > most_texts - all.size())
      refuse("is damaged: ", e.space.count, " texts in ", e.bytes.size(), " bytes");
    Bytes rest = e.bytes;
    for (std::uint64_t i = 0; i < e.space.count; ++i) {
      Bytes one = rest.take(e.type.size);
      const std::string_view text = (e.type.kind == Type::text ? one : in_heap(one)).text();
      charge(text.size());
      all.emplace_back(text);
    }
  }

 private:
  enum Message : std::uint64_t {
    dataspace = 1,
    link_info = 2,
    datatype = 3,
    link = 6,
    external_files = 7,
    layout = 8,
    filters = 11,
    attribute = 12,
    continuation = 16,
    symbol_table = 17,
    attribute_info = 21
  };
  static constexpr std::uint64_t nowhere = UINT64_MAX, most_texts = 1 << 20;

  void charge(std::uint64_t bytes) {
    if (bytes > left_) refuse("is damaged: it refers to the same bytes again and again");
    left_ -= bytes;
  }

  // f(message, body) for those of an object's header until it returns true.
  template <class F> bool any_message(std::uint64_t object, F f) {
    Bytes start = block(object, 16);
    const bool is_new = start.starts_with("OHDR");
    unsigned order_size = 0;  // of what newer messages may say of their order
    std::vector<Bytes> blocks;
    if (is_new) {
      start.skip(4);
      const std::uint64_t version = start.number(1), flags = start.number(1);
      if (version != 2) refuse("is damaged: it has a header of version ", version);
      const std::uint64_t times = flags & 32 ? 16 : 0, limits = flags & 16 ? 4 : 0, width = 1u << (flags & 3);
      const std::uint64_t front = 6 + times + limits + width;
      Bytes b = block(object, front);
      b.skip(front - width);
      const std::uint64_t size = b.number(static_cast<unsigned>(width));
      if (size > image_.size()) refuse("is damaged: it has a header of ", size, " bytes");
      blocks.push_back(checked(object, front + size + 4));
      blocks.back().skip(front);
      order_size = flags & 4 ? 2 : 0;
    } else {
      if (const std::uint64_t version = start.number(1); version != 1)
        refuse("is damaged: it has a header of version ", version);
      start.skip(7);
      blocks.push_back(block(object + 16, start.number(4)));
    }
    const unsigned type_size = is_new ? 1 : 2, rest_size = is_new ? order_size : 3;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      for (Bytes b = blocks[i]; b.size() >= type_size + 3 + rest_size;) {
        const std::uint64_t message = b.number(type_size), size = b.number(2), flags = b.number(1);
        b.skip(rest_size);
        Bytes body = b.take(size);
        if (message == continuation) {
          const std::uint64_t at = body.number(), length = body.number();
          blocks.push_back(is_new ? checked(at, length) : block(at, length));
          if (is_new) blocks.back().expect("OCHK");
          continue;
        }
        if (flags & 2) refuse("shares a part of its header, which is not known here");
        if (f(message, body)) return true;
      }
    return false;
  }
  // Without the checksum behind it.
  Bytes checked(std::uint64_t at, std::uint64_t size) {
    Bytes b = block(at, size);
    const Bytes front = b.take(size < 4 ? size : size - 4);
    if (b.number(4) != checksum(front)) refuse("is damaged: the checksum at byte ", at, " is wrong");
    return front;
  }

  Link link_of(Bytes b) {
    if (const std::uint64_t version = b.number(1); version != 1)
      refuse("is damaged: at byte ", b.at(), " there is a link of version ", version);
    const std::uint64_t flags = b.number(1);
    Link l;
    l.hard = !(flags & 8) || b.number(1) == 0;
    b.skip((flags & 4 ? 8u : 0u) + (flags & 16 ? 1u : 0u));
    l.name = b.take(b.number(1u << (flags & 3))).text();
    if (l.hard) l.target = b.number();
    return l;
  }

  // A local heap's names, one behind the other.
  Bytes names_of(std::uint64_t heap) {
    Bytes b = block(heap, 32);
    b.expect("HEAP");
    b.skip(4);
    const std::uint64_t size = b.number();
    b.skip(8);
    return block(b.number(), size);
  }
  std::string_view name_at(Bytes names, std::uint64_t at) {
    names.skip(at);
    const std::string_view name = names.text();
    if (name.size() == names.size()) refuse("is damaged: the name at byte ", names.at(), " has no end");
    charge(name.size() + 1);
    return name;
  }
  // Links in the order of their names; level: how far above the leaves, -1 if it is not known.
  template <class F>
  bool any_in_tree(std::uint64_t at, int level, Bytes names, const std::string_view* only, F& f) {
    Bytes head = block(at, 24);
    head.expect("TREE");
    const std::uint64_t kind = head.number(1), height = head.number(1), count = head.number(2);
    if (kind != 0 || (level >= 0 && height != static_cast<std::uint64_t>(level)))
      refuse("is damaged: at byte ", at, " there is another part of a tree than wanted");
    Bytes children = block(at + 24, 16 * count + 8);
    // Names in a child are behind the key before it, up to the one after it.
    std::uint64_t before = children.number();
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t child = children.number(), after = children.number();
      if (!only || (name_at(names, before) < *only && *only <= name_at(names, after)))
        if (height > 0 ? any_in_tree(child, static_cast<int>(height) - 1, names, only, f)
                       : any_in_leaf(child, names, f))
          return true;
      before = after;
    }
    return false;
  }
  template <class F> bool any_in_leaf(std::uint64_t at, Bytes names, F& f) {
    Bytes head = block(at, 8);
    head.expect("SNOD");
    head.skip(2);
    const std::uint64_t count = head.number(2);
    for (Bytes entries = block(at + 8, 40 * count); entries.size() > 0;) {
      Bytes e = entries.take(40);
      Link l;
      l.name = name_at(names, e.number());
      l.target = e.number();
      l.hard = e.number(4) != 2;
      if (f(l)) return true;
    }
    return false;
  }

  // Where a dataset's values are.
  Bytes stored(Bytes b) {
    const std::uint64_t version = b.number(1), kind = b.number(1);
    if (version != 3 && version != 4) refuse("is stored as by HDF5 before 1.6.3, which is not known here");
    if (kind == 0) return b.take(b.number(2));
    if (kind == 2) refuse("is stored in chunks, which is not known here");
    if (kind != 1) refuse("is stored in a way (", kind, ") that is not known here");
    const std::uint64_t at = b.number(), size = b.number();
    if (at != nowhere) return block(at, size);
    if (size > 0) refuse("was made, but never written");
    return {};
  }

  // A text in a global heap, by {its length, its heap, its number there}.
  Bytes in_heap(Bytes reference) {
    const std::uint64_t length = reference.number(4), heap = reference.number(), number = reference.number(4);
    if (length == 0 || heap == 0) return {};
    const auto [known, is_new] = heaps_.try_emplace(heap);
    std::vector<HeapObject>& objects = known->second;
    if (is_new) objects = objects_in(heap);
    const auto found = std::ranges::lower_bound(objects, number, {}, &HeapObject::number);
    if (found == objects.end() || found->number != number)
      refuse("is damaged: the heap at byte ", heap, " has no object ", number);
    return Bytes(found->bytes).take(length);
  }
  struct HeapObject {
    std::uint64_t number = 0;
    Bytes bytes;
  };
  std::vector<HeapObject> objects_in(std::uint64_t heap) {
    Bytes head = block(heap, 16);
    head.expect("GCOL");
    head.skip(4);
    const std::uint64_t size = head.number();
    if (size < 16) refuse("is damaged: at byte ", heap, " there is a heap of ", size, " bytes");
    std::vector<HeapObject> objects;
    for (Bytes b = block(heap + 16, size - 16); b.size() >= 16;) {
      const std::uint64_t number = b.number(2);
      if (number == 0) break;  // what is free
      b.skip(6);
      const std::uint64_t length = b.number();
      objects.push_back({number, b.take(length)});
      b.skip(std::min<std::uint64_t>((8 - length % 8) % 8, b.size()));
    }
    std::ranges::sort(objects, {}, &HeapObject::number);
    return objects;
  }

  std::span<const unsigned char> image_;
  std::uint64_t root_, left_;
  std::map<std::uint64_t, std::vector<HeapObject>> heaps_;
};

}  // namespace detail::hdf5

/// A file to be read. Its paths are those of groups and datasets, "layers/dense/vars/0"; "/" is the outermost
/// group. Every error is a FileError with the file's name, the path, and what is wrong there: it is damaged,
/// or stored in a way that is not known here (chunks, filters, external files, soft links, groups and
/// attributes in fractal heaps). May be read from several threads.
class Hdf5 {
 public:
  /// Error: FileError; the file cannot be read, is no HDF5, or is cut short. It is mapped into memory, so
  /// nobody may shorten it meanwhile.
  explicit Hdf5(const std::string& path) : name_(path), image_(FileImage::of(path)) { open(); }
  /// A file that lies in memory, for as long as it is read, and what errors call it.
  Hdf5(std::span<const unsigned char> image, std::string name)
      : name_(std::move(name)), image_{nullptr, image} {
    open();
  }

  const std::string& name() const { return name_; }
  /// In bytes.
  std::size_t size() const { return image_.bytes.size(); }
  /// Whether there is a group or dataset at this path.
  bool has(const std::string& path) const {
    return look(path, [&](Walk& walk) { return walk.find(path).has_value(); });
  }
  bool has_attribute(const std::string& path, std::string_view attribute) const {
    return look(path, [&](Walk& walk) {
      const auto object = walk.find(path);
      return object && walk.any_attribute(*object, [&](std::string_view name, const Elements&) {
        return name == attribute;
      });
    });
  }
  bool is_dataset(const std::string& path) const {
    return look(path, [&](Walk& walk) {
      const auto object = walk.find(path);
      return object && walk.is_dataset(*object);
    });
  }
  /// The names in a group, in the order of the file. Error: also if it is no group.
  std::vector<std::string> members(const std::string& path) const {
    return look(path, [&](Walk& walk) {
      std::vector<std::string> names;
      walk.any_link(object_at(walk, path, "group"), nullptr, [&](const auto& link) {
        names.emplace_back(link.name);
        return false;
      });
      return names;
    });
  }
  /// The paths of all datasets below a group but those of integers, which are counters; none where there is
  /// no such group.
  std::vector<std::string> floats(const std::string& path) const {
    return look(path, [&](Walk& walk) {
      std::vector<std::string> found;
      std::set<std::uint64_t> seen;  // what refers to itself ends there
      std::vector<std::pair<std::string, std::uint64_t>> groups;
      if (const auto object = walk.find(path)) groups.emplace_back(path, *object);
      while (!groups.empty()) {
        const auto [group, object] = std::move(groups.back());
        groups.pop_back();
        if (std::count(group.begin(), group.end(), '/') > deepest) refuse("has groups deeper than ", deepest);
        walk.any_link(object, nullptr, [&](const auto& link) {
          const std::string name = group + "/" + std::string(link.name);
          if (!link.hard || !seen.insert(link.target).second) return false;
          if (!walk.is_dataset(link.target))
            groups.emplace_back(name, link.target);
          else if (walk.dataset(link.target).type.kind != Type::integer)
            found.push_back(name);
          return false;
        });
      }
      std::sort(found.begin(), found.end());
      return found;
    });
  }
  /// The shape of a dataset; none of a single number.
  std::vector<std::uint64_t> extents(const std::string& path) const {
    return look(path,
                [&](Walk& walk) { return walk.dataset(object_at(walk, path, "dataset")).space.extents; });
  }

  /// A dataset of numbers of exactly this shape (no extents: one number): integers of 8 to 64 bits, floats of
  /// 16, 32 and 64, or bfloat16 as Keras writes it. Error: also if it has another shape.
  void read(const std::string& path, const Shape& wanted, std::span<float> values) const {
    look(path, [&](Walk& walk) {
      const Elements e = numbers(walk, path);
      const auto& extents = e.space.extents;
      bool same = std::cmp_equal(extents.size(), wanted.rank);
      for (int axis = 0; same && axis < wanted.rank; ++axis)
        same = std::cmp_equal(extents[static_cast<std::size_t>(axis)], wanted[axis]);
      if (!same) refuse("has the shape ", text_of(extents), ", ", wanted, " wanted");
      if (e.space.count != values.size())
        refuse("has ", e.space.count, " numbers, ", values.size(), " wanted");
      if (values.empty()) return;
      Bytes rest = e.bytes;
      if (e.type.kind == Type::floating && e.type.size == 4 && !e.type.big_endian)
        std::memcpy(values.data(), rest.data(), values.size_bytes());
      else
        for (float& v : values) v = float_of(e.type, rest.take(e.type.size));
    });
  }
  /// A dataset of one integer, such as an optimizer's counter.
  std::int64_t read_integer(const std::string& path) const {
    return look(path, [&](Walk& walk) {
      const Elements e = numbers(walk, path);
      if (!e.space.extents.empty() || e.space.count != 1 || e.type.kind != Type::integer)
        refuse("is no single integer");
      const std::int64_t value = integer_of(e.type, Bytes(e.bytes).take(e.type.size));
      if (value < 0 && !e.type.is_signed) refuse("is larger than 2^63 - 1");
      return value;
    });
  }

  /// A text attribute, or all of a list of texts; of a list that is split (names0, names1, ...) all parts; of
  /// one that is not there none. Error: also if there is no such text.
  std::string text(const std::string& path, std::string_view attribute) const {
    std::vector<std::string> all = texts(path, attribute);
    if (all.size() != 1)
      throw FileError(name_ + ": " + path + " has " + std::to_string(all.size()) +
                      " texts as its attribute " + std::string(attribute) + ", 1 wanted");
    return std::move(all[0]);
  }
  std::vector<std::string> texts(const std::string& path, std::string_view attribute) const {
    return look(path, [&](Walk& walk) {
      std::vector<std::string> all;
      const auto object = walk.find(path);
      if (!object) return all;
      std::map<std::uint64_t, Elements> parts;
      const bool whole = walk.any_attribute(*object, [&](std::string_view name, const Elements& e) {
        if (name == attribute) {
          parts = {{0, e}};
          return true;
        }
        if (!name.starts_with(attribute)) return false;
        std::uint64_t part = 0;
        const char* const end = name.data() + name.size();
        if (std::from_chars(name.data() + attribute.size(), end, part).ptr == end) parts.emplace(part, e);
        return false;
      });
      for (std::uint64_t part = 0; parts.contains(part); ++part) try {
          walk.texts(parts[part], all);
        } catch (const FileError& e) {
          refuse("has an attribute ", attribute, whole ? "" : std::to_string(part), " that ", e.what());
        }
      return all;
    });
  }

 private:
  static constexpr int deepest = 100;
  using Bytes = detail::hdf5::Bytes;
  using Elements = detail::hdf5::Elements;
  using Type = detail::hdf5::Type;
  using Walk = detail::hdf5::Walk;

  // f(walk); what goes wrong there names the path.
  template <class F> std::invoke_result_t<F&, Walk&> look(const std::string& path, F f) const {
    Walk walk(image_.bytes, root_);
    try {
      return f(walk);
    } catch (const FileError& e) {
      throw FileError(name_ + ": " + path + " " + e.what());
    }
  }

  void open() {
    try {
      constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";
      auto& bytes = image_.bytes;
      const std::size_t whole = bytes.size();
      // In front of it there may be a block of somebody else's: 512 bytes, or twice that, or four times, ...
      for (std::size_t front = 512; !Bytes(bytes, 0).starts_with(signature); front *= 2) {
        if (front >= whole) refuse("is no HDF5");
        bytes = bytes.last(whole - front);
      }
      Bytes b(bytes, 0);
      b.skip(signature.size());
      const std::uint64_t version = b.number(1);
      if (version > 3) refuse("is HDF5 with a superblock of version ", version, ", 0 to 3 wanted");
      if (version < 2) b.skip(4);
      const std::uint64_t offsets = b.number(1), lengths = b.number(1);
      if (offsets != 8 || lengths != 8)
        refuse("is HDF5 with numbers of ", offsets, " and ", lengths, " bytes, 8 and 8 wanted");
      b.skip(version == 0 ? 9 : version == 1 ? 13 : 1);  // settings of trees, flags
      b.skip(16);                                        // where it begins, and a list of free places
      const std::uint64_t end = b.number();
      if (end > whole) refuse("is cut short: ", whole, " bytes came, ", end, " wanted");
      if (version < 2) b.skip(16);
      root_ = b.number();
    } catch (const FileError& e) {
      throw FileError(name_ + ": " + e.what());
    }
  }

  static std::uint64_t object_at(Walk& walk, const std::string& path, const char* wanted) {
    const auto object = walk.find(path);
    if (!object) refuse("is not there, a ", wanted, " wanted");
    return *object;
  }
  static Elements numbers(Walk& walk, const std::string& path) {
    const std::uint64_t object = object_at(walk, path, "dataset");
    Elements e = walk.dataset(object);
    std::vector<std::string> name;
    walk.any_attribute(object, [&](std::string_view attribute, const Elements& value) {
      if (attribute == "dtype") walk.texts(value, name);
      return attribute == "dtype";
    });
    // Keras gives h5py two bytes that this does not know as numbers.
    if (name == std::vector<std::string>{"bfloat16"} && e.type.size == 2 && !e.type.is_text()) {
      e.type.kind = Type::floating;
      e.type.exponent_bits = 8;
    } else if (!name.empty() || (e.type.kind != Type::integer && e.type.kind != Type::floating)) {
      refuse("holds values of a type (class ", e.type.number_of_class, ", ", e.type.size,
             " bytes) that is not known here");
    }
    return e;
  }
  static std::string text_of(const std::vector<std::uint64_t>& extents) {
    std::string text;
    for (const std::uint64_t n : extents) text += (text.empty() ? "" : ", ") + std::to_string(n);
    return "(" + text + ")";
  }

  std::string name_;
  FileImage image_;
  std::uint64_t root_ = 0;
};

}  // namespace keratin::io
