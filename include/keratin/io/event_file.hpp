#pragma once
// Event files of TensorBoard: records (TFRecord) of protocol buffers (event.proto and summary.proto of
// TensorBoard), both written by hand, as they need few fields. Histograms are those of tf.summary.histogram.
#include <keratin/io/output_file.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

namespace keratin::io {
namespace detail {

// Castagnoli's CRC, reflected, as TFRecord has it.
inline std::uint32_t crc32c(std::string_view bytes) {
  static constexpr auto table = [] {
    std::array<std::uint32_t, 256> of_byte{};
    for (std::uint32_t i = 0; i < 256; ++i) {
      std::uint32_t crc = i;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0);
      of_byte[i] = crc;
    }
    return of_byte;
  }();
  std::uint32_t crc = ~0u;
  for (const char c : bytes) crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}
// A CRC of something that holds CRCs is a poor one, so they are stored like this.
inline std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xA282EAD8u; }

template <class N> void put_little_endian(std::string& to, N number) {
  for (std::size_t i = 0; i < sizeof number; ++i) to += static_cast<char>(number >> (8 * i) & 0xff);
}

// A message of protocol buffers.
class Message {
 public:
  std::string bytes;

  Message& add(int field, std::uint64_t number) {
    key(field, 0);
    varint(number);
    return *this;
  }
  Message& add(int field, double number) {
    key(field, 1);
    put_little_endian(bytes, std::bit_cast<std::uint64_t>(number));
    return *this;
  }
  Message& add(int field, float number) {
    key(field, 5);
    put_little_endian(bytes, std::bit_cast<std::uint32_t>(number));
    return *this;
  }
  Message& add(int field, std::string_view text) {
    key(field, 2);
    varint(text.size());
    bytes += text;
    return *this;
  }
  Message& add(int field, const Message& message) { return add(field, std::string_view(message.bytes)); }

 private:
  void key(int field, unsigned kind) { varint(static_cast<unsigned>(field) << 3 | kind); }
  void varint(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
    bytes += static_cast<char>(number);
  }
};

}  // namespace detail

/// One file of events in a folder of its own. Each is in the file when the call returns. Error: FileError.
class EventFile {
 public:
  /// Nothing is written to this one.
  EventFile() = default;
  /// A new file; the folder has to be there.
  explicit EventFile(const std::string& folder) : file_(new_name(folder), OutputFile::To::append) {
    using detail::Message;
    write(Message()
              .add(3, std::string_view("brain.Event:2"))
              .add(10, Message().add(1, std::string_view("keratin"))),
          0);
  }
  bool is_open() const { return file_.is_open(); }

  void scalar(std::string_view tag, double value, std::int64_t step) {
    detail::Message tensor;
    tensor.add(1, std::uint64_t{1}).add(2, detail::Message()).add(5, static_cast<float>(value));
    summary(tag, "scalars", "", 1, tensor, step);
  }
  /// The values in 30 buckets of one width; those that are not finite are left out.
  template <class Values> void histogram(std::string_view tag, const Values& values, std::int64_t step) {
    constexpr std::uint64_t buckets = 30;
    double low = 0, high = 0, n = 0;
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      low = n > 0 ? std::min(low, value) : value;
      high = n > 0 ? std::max(high, value) : value;
      ++n;
    }
    const double width = (high - low) / static_cast<double>(buckets);
    std::array<double, buckets> counts{};
    for (const double value : values)
      if (std::isfinite(value)) {
        const double at = width > 0 ? std::floor((value - low) / width) : buckets;
        ++counts[static_cast<std::size_t>(std::clamp(at, 0.0, static_cast<double>(buckets - 1)))];
      }
    std::string content;
    const auto put = [&](double number) {
      detail::put_little_endian(content, std::bit_cast<std::uint64_t>(number));
    };
    const auto edge = [&](std::size_t i) {
      return i == buckets ? high : low + static_cast<double>(i) * width;
    };
    for (std::size_t i = 0; i < buckets; ++i) {
      put(edge(i));
      put(edge(i + 1));
      put(counts[i]);
    }
    detail::Message tensor, shape;
    shape.add(2, detail::Message().add(1, buckets)).add(2, detail::Message().add(1, std::uint64_t{3}));
    tensor.add(1, std::uint64_t{2}).add(2, shape).add(4, std::string_view(content));
    summary(tag, "histograms", "", 2, tensor, step);
  }
  /// A model as Keras describes it (the config.json of a .keras file), which TensorBoard draws.
  void keras_graph(std::string_view tag, std::string_view json, std::int64_t step) {
    detail::Message tensor;
    tensor.add(1, std::uint64_t{7}).add(2, detail::Message()).add(8, json);
    summary(tag, "graph_keras_model", "1", 0, tensor, step);
  }

 private:
  static double wall_time() {
    std::timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }
  static std::string new_name(const std::string& folder) {
    static std::atomic<int> counter = 0;
    char host[256] = "host";
    ::gethostname(host, sizeof host - 1);
    return folder + "/events.out.tfevents." + std::to_string(static_cast<long long>(wall_time())) + "." +
           host + "." + std::to_string(::getpid()) + "." + std::to_string(counter++) + ".v2";
  }
  void summary(std::string_view tag, std::string_view plugin, std::string_view content,
               std::uint64_t data_class, const detail::Message& tensor, std::int64_t step) {
    using detail::Message;
    Message of_plugin;
    of_plugin.add(1, plugin);
    if (!content.empty()) of_plugin.add(2, content);
    Message metadata;
    metadata.add(1, of_plugin);
    if (data_class > 0) metadata.add(4, data_class);
    write(Message().add(5, Message().add(1, Message().add(1, tag).add(9, metadata).add(8, tensor))), step);
  }
  void write(const detail::Message& rest, std::int64_t step) {
    detail::Message event;
    event.add(1, wall_time()).add(2, static_cast<std::uint64_t>(step));
    event.bytes += rest.bytes;
    std::string record;
    detail::put_little_endian(record, static_cast<std::uint64_t>(event.bytes.size()));
    detail::put_little_endian(record, detail::masked(detail::crc32c(record)));
    record += event.bytes;
    detail::put_little_endian(record, detail::masked(detail::crc32c(event.bytes)));
    file_.write(std::as_bytes(std::span(record)));
  }

  OutputFile file_;
};

}  // namespace keratin::io
