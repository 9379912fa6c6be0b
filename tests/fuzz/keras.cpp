// Makes a model of a config.json, whatever it says.
#include <keratin/io/keras.hpp>

using namespace keratin::io;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const CustomLayers none;
    detail::Builder builder(none);
    builder.most_weights = 1 << 20;
    builder.build(detail::parse_json(std::span(data, size), "fuzz"));
  } catch (const FileError&) {
  } catch (const Json::exception&) {  // as load_model does
  } catch (const std::logic_error&) {
  }
  return 0;
}
