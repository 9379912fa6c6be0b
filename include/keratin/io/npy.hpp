#pragma once
// NumPy's files: .npy, one array, and .npz, an archive of them. Needs libzip.
#include <keratin/io/atomic.hpp>
#include <keratin/io/owned_array.hpp>
#include <keratin/io/zip_writer.hpp>

#include <charconv>
#include <map>

namespace keratin::io {

namespace detail {

inline constexpr std::string_view npy_magic = "\x93NUMPY";
inline constexpr std::size_t most_npy_axes = 32;
inline constexpr std::uint64_t most_npy_bytes = std::uint64_t{64} << 30;  // of one member of an .npz

struct NpyHeader {
  Element element{};
  bool column_major = false;
  std::vector<std::size_t> extents;
};

/// Reads a header's text, a dict of Python: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }.
class NpyHeaderParser {
 public:
  explicit NpyHeaderParser(std::string_view text) : all_(text), rest_(text) {}

  /// Error: FileError.
  NpyHeader parse() {
    NpyHeader header;
    unsigned seen = 0;
    const auto field = [&](unsigned bit, std::string_view key) {
      if (seen & bit) refuse("the header has '", key, "' twice");
      seen |= bit;
    };
    expect('{');
    while (!accept('}')) {
      const std::string_view key = text();
      expect(':');
      if (key == "descr") {
        field(1, key);
        header.element = element();
      } else if (key == "fortran_order") {
        field(2, key);
        header.column_major = boolean();
      } else if (key == "shape") {
        field(4, key);
        header.extents = extents();
      } else {
        refuse("the header has '", key, "', only descr, fortran_order and shape wanted");
      }
      if (accept(',')) continue;
      expect('}');
      break;
    }
    skip_space();
    if (!rest_.empty()) damaged("its end");
    if (seen != 7) refuse("the header lacks descr, fortran_order or shape");
    return header;
  }

 private:
  [[noreturn]] void damaged(std::string_view wanted) const {
    refuse("the header is damaged at its byte ", all_.size() - rest_.size(), ": ", wanted, " wanted");
  }
  void skip_space() {
    const std::size_t n = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  bool accept(char c) { return accept(std::string_view(&c, 1)); }
  void expect(char c) {
    if (!accept(c)) damaged(std::string_view(&c, 1));
  }
  std::string_view text() {
    const char quote = accept('\'') ? '\'' : '"';
    if (quote == '"' && !accept('"')) damaged("a text");
    const std::size_t end = rest_.find(quote);
    if (end == std::string_view::npos) damaged("the end of a text");
    const std::string_view inside = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return inside;
  }
  bool boolean() {
    if (accept("True")) return true;
    if (!accept("False")) damaged("True or False");
    return false;
  }
  std::vector<std::size_t> extents() {
    std::vector<std::size_t> all;
    expect('(');
    while (!accept(')')) {
      skip_space();
      std::size_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc()) damaged("an extent");
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      accept('L');  // as Python 2 wrote it
      if (all.size() == most_npy_axes) refuse("more than ", most_npy_axes, " axes came");
      all.push_back(extent);
      if (accept(',')) continue;
      expect(')');
      break;
    }
    return all;
  }
  // <f4: byte order, kind, bytes.
  Element element() {
    skip_space();
    if (rest_.starts_with('[') || rest_.starts_with('(')) refuse("a structured dtype came, numbers wanted");
    const std::string_view descr = text();
    const auto at = [&](std::size_t i) { return i < descr.size() ? descr[i] : ' '; };
    const bool big = at(0) == '>';
    const auto bytes = static_cast<std::size_t>(at(2) - '0');
    if (at(1) == 'O')
      refuse("dtype ", descr, " came: Python objects, which only Python can read; numbers wanted");
    if (descr.size() == 3 && std::string_view("<>|=").find(at(0)) != std::string_view::npos) {
      if (at(1) == 'b' && bytes == 1) return {Element::boolean, bytes, big};
      if (at(1) == 'f' && (bytes == 2 || bytes == 4 || bytes == 8)) return {Element::floating, bytes, big};
      if ((at(1) == 'i' || at(1) == 'u') && (bytes == 1 || bytes == 2 || bytes == 4 || bytes == 8))
        return {at(1) == 'i' ? Element::signed_integer : Element::unsigned_integer, bytes, big};
    }
    refuse("dtype ", descr, " came, f2, f4, f8, i1 to i8, u1 to u8 or b1 wanted");
  }

  std::string_view all_, rest_;
};

// The header of an .npy file, and the bytes of its values, as many as it says.
inline std::pair<NpyHeader, Bytes> parse_npy_header(Bytes bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (!text.starts_with(npy_magic) || text.size() < 10) refuse("is no .npy file");
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(bytes[i]); };
  const std::size_t version = byte(6), start = version == 1 ? 10 : 12;
  if (version < 1 || version > 3 || byte(7) != 0)
    refuse("version ", version, ".", byte(7), " came, 1.0, 2.0 or 3.0 wanted");
  if (text.size() < start) refuse("ends in its header");
  std::size_t length = byte(8) | byte(9) << 8;
  if (version > 1) length |= byte(10) << 16 | byte(11) << 24;
  if (length > text.size() - start) refuse("ends in its header, of ", length, " bytes");
  NpyHeader header = NpyHeaderParser(text.substr(start, length)).parse();
  const Bytes data = bytes.subspan(start + length);
  const std::optional<std::size_t> wanted = bytes_of(header.extents, header.element.bytes);
  if (wanted != data.size())
    refuse(data.size(), " bytes of values came, ", wanted ? std::to_string(*wanted) : "more than 2^62",
           " wanted for the shape ", extents_text(header.extents));
  return {std::move(header), data};
}

inline OwnedArray parse_npy(Bytes bytes) {
  auto [header, data] = parse_npy_header(bytes);
  OwnedArray array{std::move(header.extents), values_of(header.element, data)};
  if (header.column_major && array.extents.size() > 1)
    std::visit([&](auto& v) { v = to_row_major(v, array.extents); }, array.values);
  return array;
}

// A file in two pieces.
struct NpyPieces {
  std::string head;
  std::vector<float> scaled;  // the values, where they are none that somebody else has
  Bytes values;
};
inline NpyPieces npy_pieces(const NamedArray& array) {
  std::vector<std::size_t> extents = array.extents;
  Array values = array.values;
  const std::size_t row = values.row_length();
  if (extents.empty() && row > 1 && values.size() % row == 0) extents = {values.size() / row, row};
  if (extents.empty()) extents = {values.size()};
  if (extents.size() > most_npy_axes || bytes_of(extents, 1) != values.size())
    refuse(values.size(), " values came for the shape ", extents_text(extents));

  NpyPieces pieces;
  if (values.scale() != 1) {
    pieces.scaled.resize(values.size());
    copy_values(values, 0, values.size(), pieces.scaled.data());
    values = pieces.scaled;
  }
  pieces.values = {static_cast<const std::byte*>(values.data()), values.size() * values.element_bytes()};

  const char* const types[] = {"<f4", "<f8", "|u1", "<i4", "<i8"};
  std::string shape = extents_text(extents);
  if (extents.size() == 1) shape.insert(shape.size() - 1, ",");
  std::string text = std::string("{'descr': '") + types[static_cast<int>(values.dtype())] +
                     "', 'fortran_order': False, 'shape': " + shape + ", }";
  text.resize((10 + text.size() + 64) / 64 * 64 - 10, ' ');  // the values begin on a line of 64 bytes
  text.back() = '\n';
  pieces.head.append(npy_magic).append({1, 0});
  pieces.head += {static_cast<char>(text.size() % 256), static_cast<char>(text.size() / 256)};
  pieces.head += text;
  return pieces;
}

inline OwnedArray read_npz_member(const Zip& zip, const std::string& member) {
  const std::vector<unsigned char> bytes = zip.read(member.c_str(), most_npy_bytes);
  return naming(zip.name() + ": " + member, [&] { return parse_npy(std::as_bytes(std::span(bytes))); });
}

}  // namespace detail

/// Reads an .npy file of version 1, 2 or 3: f2, f4, f8, i1 to i8, u1 to u8 and b1 of either byte order, in
/// row or column order. Error: FileError; it cannot be read, is damaged, has fewer or more values than its
/// shape says, or holds something else than numbers. NumPy: load, without pickles.
inline OwnedArray read_npy(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return naming(path, [&] { return detail::parse_npy(bytes); });
}
/// Writes float32, float64, uint8, int32 or int64 as they are, and scaled values as float32. extents: see
/// NamedArray. Error: FileError. NumPy: save.
inline void write_npy(const std::string& path, const Array& values, std::vector<std::size_t> extents = {}) {
  const detail::NpyPieces pieces =
      naming(path, [&] { return detail::npy_pieces({"", values, std::move(extents)}); });
  write_atomically(path, {std::as_bytes(std::span(pieces.head)), pieces.values});
}

/// All arrays of an .npz archive, compressed or not, by their names. Error: FileError, as of read_npy. NumPy:
/// load.
inline std::map<std::string, OwnedArray> read_npz(const std::string& path) {
  const Zip zip(path);
  std::map<std::string, OwnedArray> arrays;
  for (const std::string& member : zip.members()) {
    if (!member.ends_with(".npy")) throw FileError(path + ": " + member + " came, arrays in .npy wanted");
    const std::string name = member.substr(0, member.size() - 4);
    if (!arrays.emplace(name, detail::read_npz_member(zip, member)).second)
      throw FileError(path + ": " + member + " comes twice");
  }
  return arrays;
}
/// One array of an .npz archive. Error: FileError that says which arrays there are.
inline OwnedArray read_npz(const std::string& path, const std::string& array) {
  const Zip zip(path);
  if (zip.has((array + ".npy").c_str())) return detail::read_npz_member(zip, array + ".npy");
  const std::string member = array + ".npy";
  throw FileError(path + ": there is no " + member + ", " +
                  std::string(candidates(member, zip.members()).view()));
}
/// Writes arrays as write_npy does, without compression. Error: FileError. NumPy: savez.
inline void write_npz(const std::string& path, const std::vector<NamedArray>& arrays) {
  std::vector<std::vector<std::byte>> members;
  ZipWriter zip;
  for (const NamedArray& array : arrays) {
    const detail::NpyPieces pieces =
        naming(path + ": " + array.name, [&] { return detail::npy_pieces(array); });
    const Bytes head = std::as_bytes(std::span(pieces.head));
    members.emplace_back(head.begin(), head.end());
    members.back().insert(members.back().end(), pieces.values.begin(), pieces.values.end());
    zip.add(array.name + ".npy", members.back());
  }
  zip.write(path);
}

}  // namespace keratin::io
