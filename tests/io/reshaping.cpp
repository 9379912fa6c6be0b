// Settings of layers that move values: what comes out of a config, what goes into one, and what is refused.
#include <keratin/io/config.hpp>

#include <doctest/doctest.h>

#include <boost/hana/equal.hpp>

using namespace keratin;
using io::Json;

namespace {

template <class S> S from(const char* config) { return io::spec_from_config<S>(Json::parse(config), 3); }
template <class S> bool is_refused(const char* config) {
  try {
    from<S>(config);
    return false;
  } catch (const io::FileError&) {
    return true;
  }
}

}  // namespace

TEST_CASE("settings are read as Keras writes them") {
  CHECK(from<Cropping3DSpec>(R"({"cropping": [[1, 2], [3, 4], [5, 6]], "data_format": "channels_last"})")
            .cropping == Sides<3>{{{1, 2}, {3, 4}, {5, 6}}});
  CHECK(from<Cropping2DSpec>(R"({"cropping": 3})").cropping == Sides<2>{{{3, 3}, {3, 3}}});
  CHECK(from<UpSampling2DSpec>(R"({"size": [2, 3], "interpolation": "bicubic"})").interpolation ==
        Interpolation::bicubic);
  CHECK(from<UpSampling1DSpec>(R"({"size": 3})").size == Sizes<1>{3});
  CHECK(from<AdaptiveMaxPooling1DSpec>(R"({"output_size": [5]})").output_size == Sizes<1>{5});
  CHECK(hana::equal(from<ResizingSpec>(R"({"height": 4, "width": 5, "interpolation": "nearest",
      "crop_to_aspect_ratio": false, "pad_to_aspect_ratio": true, "fill_mode": "constant", "fill_value": 2.5,
      "antialias": false, "data_format": "channels_last"})"),
                    Resizing<4, 5, Nearest, PadToAspectRatio, FillValue<2.5>>::spec));
}
TEST_CASE("and written so") {
  CHECK(io::config_from_spec(UpSampling1DSpec{{3}}) == Json{{"size", 3}});  // Keras takes no list
  CHECK(io::config_from_spec(UpSampling2DSpec{{3, 1}, Interpolation::bilinear}) ==
        Json{{"size", {3, 1}}, {"interpolation", "bilinear"}});
  CHECK(io::config_from_spec(PermuteSpec(Shape{2, 1})) == Json{{"dims", {2, 1}}});
}
TEST_CASE("what is not implemented is refused") {
  CHECK(is_refused<ResizingSpec>(R"({"height": 4, "width": 5, "antialias": true})"));
  CHECK(is_refused<ResizingSpec>(R"({"height": 4, "width": 5, "fill_mode": "reflect"})"));
  CHECK(is_refused<ResizingSpec>(R"({"height": 4, "width": 5, "interpolation": "lanczos3"})"));
  CHECK(is_refused<ResizingSpec>(R"({"height": 4, "width": 5, "data_format": "channels_first"})"));
  CHECK(is_refused<UpSampling2DSpec>(R"({"size": 2, "interpolation": "lanczos5"})"));
  CHECK(is_refused<UpSampling3DSpec>(R"({"size": [2, 2]})"));
  CHECK(is_refused<Cropping2DSpec>(R"({"cropping": [1, 2, 3]})"));
  CHECK(is_refused<CenterCropSpec>(R"({"height": 4, "width": 5, "data_format": "channels_first"})"));
}
