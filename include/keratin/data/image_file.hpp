#pragma once
// Reads PNG and JPEG files. Needs libpng and libjpeg. Every error is a std::runtime_error that names the
// file.
#include <keratin/core/array.hpp>

// <jpeglib.h> wants <cstdio> before it.
#include <csetjmp>
#include <cstdio>

#include <jpeglib.h>
#include <png.h>

#include <jerror.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace keratin::data {

/// Channels of an image. Keras: color_mode.
enum class ColorMode : unsigned char { grayscale = 1, rgb = 3, rgba = 4 };

/// Pixels from the top left, row by row, from 0 to 255.
struct Image {
  std::vector<std::uint8_t> values;
  int height = 0, width = 0, channels = 0;

  operator Array() const { return Array(values).rows_of(values.size()); }
};

namespace detail {

using FileBytes = std::span<const unsigned char>;

// What both libraries need: where an error goes that their C code must not be thrown through. Between setjmp
// and what jumps there nothing with a destructor may live.
struct DecodeError {
  std::jmp_buf back;
  char why[JMSG_LENGTH_MAX] = {};

  [[noreturn]] void raise(const char* text) {
    std::snprintf(why, sizeof why, "%s", text);
    std::longjmp(back, 1);
  }
};

class PngDecoder {
 public:
  explicit PngDecoder(FileBytes bytes) : bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, &error_, &on_error, &on_warning);
    info_ = png_ ? png_create_info_struct(png_) : nullptr;
    if (!info_) throw std::bad_alloc();
  }
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// The size, and the channels that the rows will have; false: why() says what is wrong.
  bool begin(int& height, int& width, int& channels) {
    if (setjmp(error_.back)) return false;
    png_set_read_fn(png_, this, &read);
    png_read_info(png_, info_);
    height = static_cast<int>(png_get_image_height(png_, info_));
    width = static_cast<int>(png_get_image_width(png_, info_));
    // Packed values take a thousandth of their size at the least.
    if (png_get_rowbytes(png_, info_) > (1100 * bytes_.size() + 65536) / static_cast<std::size_t>(height))
      error_.raise("more pixels than its bytes can hold");
    png_set_strip_16(png_);
    png_set_expand(png_);  // palettes, fewer than 8 bits, a transparent color
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    channels = png_get_channels(png_, info_);
    return true;
  }
  bool read_rows(int height, std::size_t row, std::uint8_t* to) {
    if (setjmp(error_.back)) return false;
    for (int pass = 0; pass < passes_; ++pass)
      for (int y = 0; y < height; ++y) png_read_row(png_, to + static_cast<std::size_t>(y) * row, nullptr);
    png_read_end(png_, nullptr);
    return true;
  }
  const char* why() const { return error_.why; }

 private:
  [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
    static_cast<DecodeError*>(png_get_error_ptr(png))->raise(text);
  }
  static void on_warning(png_structp, png_const_charp) {}
  static void read(png_structp png, png_bytep to, std::size_t n) {
    auto& self = *static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (n > self.bytes_.size()) png_error(png, "it ends too soon");
    std::memcpy(to, self.bytes_.data(), n);
    self.bytes_ = self.bytes_.subspan(n);
  }

  FileBytes bytes_;  // those to come
  DecodeError error_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
};

class JpegDecoder {
 public:
  explicit JpegDecoder(FileBytes bytes) : bytes_(bytes) {
    decoder_.err = jpeg_std_error(&manager_);
    manager_.error_exit = &on_error;
    manager_.emit_message = &on_message;
    decoder_.client_data = &error_;
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() { jpeg_destroy_decompress(&decoder_); }

  bool begin(int& height, int& width, int& channels) {
    if (setjmp(error_.back)) return false;
    jpeg_create_decompress(&decoder_);
    jpeg_mem_src(&decoder_, bytes_.data(), static_cast<unsigned long>(bytes_.size()));
    jpeg_read_header(&decoder_, TRUE);
    channels = decoder_.num_components;
    if (channels != 1 && channels != 3) error_.raise("CMYK came, gray or color wanted");
    // 64 values, of which each may stand for 16 pixels, take a bit at the least.
    if (decoder_.image_width > (8192 * bytes_.size() + 65536) / decoder_.image_height)
      error_.raise("more pixels than its bytes can hold");
    decoder_.out_color_space = channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&decoder_);
    height = static_cast<int>(decoder_.output_height);
    width = static_cast<int>(decoder_.output_width);
    return true;
  }
  bool read_rows(int, std::size_t row, std::uint8_t* to) {
    if (setjmp(error_.back)) return false;
    while (decoder_.output_scanline < decoder_.output_height) {
      JSAMPROW line = to + decoder_.output_scanline * row;
      jpeg_read_scanlines(&decoder_, &line, 1);
    }
    jpeg_finish_decompress(&decoder_);
    return true;
  }
  const char* why() const { return error_.why; }

 private:
  [[noreturn]] static void on_error(j_common_ptr decoder) {
    char text[JMSG_LENGTH_MAX];
    decoder->err->format_message(decoder, text);
    static_cast<DecodeError*>(decoder->client_data)->raise(text);
  }
  // libjpeg only warns of damaged data, and makes up what is missing.
  static void on_message(j_common_ptr decoder, int level) {
    const int code = decoder->err->msg_code;
    const bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR || code == JWRN_ADOBE_XFORM;
    if (level < 0 && !harmless) on_error(decoder);
  }

  FileBytes bytes_;
  DecodeError error_;
  jpeg_error_mgr manager_{};
  jpeg_decompress_struct decoder_{};
};

// Pixels of 1 gray, 2 gray and alpha, 3 color or 4 color and alpha values as those of a ColorMode. Gray is
// ITU-R 601's luma, in Pillow's rounding.
inline void convert_pixels(const std::uint8_t* from, int have, std::uint8_t* to, int wanted, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i, from += have, to += wanted) {
    const bool color = have > 2, alpha = have % 2 == 0;
    const int g = color ? 1 : 0, b = color ? 2 : 0;
    if (wanted == 1) {
      to[0] = color ? static_cast<std::uint8_t>(
                          (19595u * from[0] + 38470u * from[1] + 7471u * from[2] + 32768) >> 16)
                    : from[0];
      continue;
    }
    to[0] = from[0];
    to[1] = from[g];
    to[2] = from[b];
    if (wanted == 4) to[3] = alpha ? from[have - 1] : 255;
  }
}

}  // namespace detail

/// Reads images, one after the other, into memory that it keeps.
class ImageReader {
 public:
  /// to = the image of a file, which its content tells to be PNG (of 16 bits a value the upper 8) or JPEG.
  /// What is no color becomes one, and gray, if the mode says so; alpha is left out, or 255. Errors: it
  /// cannot be read, is neither of them, damaged, cut off, of more pixels than its bytes can hold, or CMYK.
  void read(const std::string& path, ColorMode mode, Image& to) {
    read_bytes(path);
    constexpr unsigned char png[] = {0x89, 'P', 'N', 'G'}, jpeg[] = {0xFF, 0xD8, 0xFF};
    if (begins_with(png))
      decode<detail::PngDecoder>("PNG", path, mode, to);
    else if (begins_with(jpeg))
      decode<detail::JpegDecoder>("JPEG", path, mode, to);
    else
      throw std::runtime_error("'" + path + "' is no image: a PNG or JPEG file wanted");
  }

 private:
  void read_bytes(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), &std::fclose);
    if (!file) throw std::runtime_error("cannot open '" + path + "': " + std::strerror(errno));
    size_ = 0;
    for (;;) {
      if (bytes_.size() < size_ + 4096) bytes_.resize(std::max(2 * bytes_.size(), size_ + 4096));
      const std::size_t got = std::fread(bytes_.data() + size_, 1, bytes_.size() - size_, file.get());
      size_ += got;
      if (got == 0) break;
    }
    if (std::ferror(file.get()))
      throw std::runtime_error("'" + path + "' cannot be read: " + std::strerror(errno));
  }
  template <std::size_t N> bool begins_with(const unsigned char (&magic)[N]) const {
    return size_ >= N && std::memcmp(bytes_.data(), magic, N) == 0;
  }
  template <class Decoder> void decode(const char* kind, const std::string& path, ColorMode mode, Image& to) {
    Decoder decoder({bytes_.data(), size_});
    const auto refuse = [&] {
      throw std::runtime_error("'" + path + "' is no valid " + kind + " image: " + decoder.why());
    };
    int channels = 0;
    if (!decoder.begin(to.height, to.width, channels)) refuse();
    to.channels = static_cast<int>(mode);
    const auto pixels = static_cast<std::size_t>(to.height) * static_cast<std::size_t>(to.width);
    const std::size_t row = static_cast<std::size_t>(to.width) * static_cast<std::size_t>(channels);
    to.values.resize(pixels * static_cast<std::size_t>(to.channels));
    std::uint8_t* rows = to.values.data();
    if (channels != to.channels) {
      if (rows_.size() < pixels * static_cast<std::size_t>(channels))
        rows_.resize(pixels * static_cast<std::size_t>(channels));
      rows = rows_.data();
    }
    if (!decoder.read_rows(to.height, row, rows)) refuse();
    if (channels != to.channels)
      detail::convert_pixels(rows, channels, to.values.data(), to.channels, pixels);
  }

  std::vector<unsigned char> bytes_;  // of the file
  std::size_t size_ = 0;
  std::vector<std::uint8_t> rows_;  // with the channels of the file
};

/// An image of a file; see ImageReader::read.
inline Image read_image(const std::string& path, ColorMode mode = ColorMode::rgb) {
  Image image;
  ImageReader().read(path, mode, image);
  return image;
}

}  // namespace keratin::data
