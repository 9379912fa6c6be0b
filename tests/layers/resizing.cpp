#include <boost/hana/equal.hpp>

#include "../check.hpp"

using namespace keratin;

TEST_CASE("Resizing computes what Keras computes") {
  check<Resizing<5, 7>, Input<3, 4, 3>>("resizing_up");
  check<Resizing<3, 4>, Input<7, 9, 2>>("resizing_down");
  check<Resizing<5, 3>, Input<2, 6, 17>>("resizing_mixed");
  check<Resizing<3, 5>, Input<1, 5, 1>>("resizing_one");
  check<Resizing<3, 7, Nearest>, Input<5, 4, 3>>("resizing_nearest");
  check<Resizing<2, 3, Nearest>, Input<7, 8, 1>>("resizing_nearest_down");
  check<Resizing<6, 8, Bicubic>, Input<4, 3, 3>>("resizing_bicubic_up");
  check<Resizing<4, 3, Bicubic>, Input<9, 7, 2>>("resizing_bicubic_down");
}
TEST_CASE("Resizing crops or pads to the proportions wanted") {
  check<Resizing<4, 4, CropToAspectRatio>, Input<5, 8, 3>>("resizing_crop");
  check<Resizing<3, 5, CropToAspectRatio, Bicubic>, Input<9, 4, 2>>("resizing_crop_rows");
  check<Resizing<5, 5, PadToAspectRatio>, Input<4, 8, 3>>("resizing_pad");
  check<Resizing<4, 6, PadToAspectRatio, FillValue<0.75>>, Input<7, 3, 2>>("resizing_pad_value");
  check<Resizing<7, 6, Bicubic, PadToAspectRatio, FillValue<-1.5>>, Input<3, 8, 1>>("resizing_pad_bicubic");
  check<Resizing<7, 6, Nearest, PadToAspectRatio, FillValue<2.0>>, Input<3, 8, 1>>("resizing_pad_nearest");
}
TEST_CASE("CenterCrop crops, or resizes what is too small") {
  check<CenterCrop<3, 4>, Input<6, 7, 3>>("center_crop");
  check<CenterCrop<4, 3>, Input<4, 3, 17>>("center_crop_same");
  check<CenterCrop<5, 4>, Input<3, 8, 2>>("center_crop_small");
  check<CenterCrop<6, 5>, Input<3, 2, 1>>("center_crop_large");
}
