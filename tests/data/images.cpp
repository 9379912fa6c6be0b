// Images of files and folders, against Pillow and Keras.
#include <keratin/data/image_dataset.hpp>
#include <keratin/testing/allocations.hpp>

#include "../check.hpp"
#include "../damage.hpp"
#include "../error_of.hpp"

using namespace keratin;
using namespace keratin::data;

namespace {

const std::string images = std::string(KERATIN_TEST_DATA) + "/images";

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> all;
  for (std::string line; std::getline(file, line);) all.push_back(line);
  return all;
}
// The largest difference between an image and Pillow's pixels.
double distance(const std::string& file, const std::string& mode_name, ColorMode mode) {
  const Image image = read_image(images + "/" + file, mode);
  const std::vector<float>& wanted = golden("images/" + file.substr(file.rfind('/') + 1) + "/" + mode_name);
  REQUIRE(image.values.size() == wanted.size());
  double most = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    most = std::max(most, std::fabs(image.values[i] - static_cast<double>(wanted[i])));
  return most;
}
// Keras's folder of two classes.
ImageOptions two_classes(ImageOptions options = {}) {
  options.image_size = {4, 3};
  options.batch_size = 3;
  options.folder.shuffle = false;
  if (options.folder.class_names.empty()) options.folder.class_names = {"cats", "dogs"};
  return options;
}
void check_dataset(const std::string& name, const ImageOptions& options) {
  CAPTURE(name);
  auto data = image_dataset_from_directory(images, options);
  std::vector<double> x, y;
  for (Batch b; data.next(b, 1);) {
    for (std::size_t i = 0; i < b.x[0].size(); ++i) x.push_back(b.x[0](i));
    for (std::size_t i = 0; i < b.y[0].size(); ++i) y.push_back(b.y[0](i));
  }
  CHECK(all_near(y, golden("images/dataset/" + name + "/y"), 0));
  if (name != "categorical" && name != "binary")
    CHECK(all_near(x, golden("images/dataset/" + name + "/x"), 2e-6));
}

}  // namespace

TEST_CASE("pixels are Pillow's") {
  for (const std::string& file : lines_of(images + "/order.txt")) {
    CAPTURE(file);
    if (file == "other/cmyk.jpg") {
      CHECK(error_of([&] { read_image(images + "/" + file); }) ==
            "'" + images + "/other/cmyk.jpg' is no valid JPEG image: CMYK came, gray or color wanted");
      continue;
    }
    const std::string name = file.substr(file.rfind('/') + 1);
    CHECK(distance(file, "grayscale", ColorMode::grayscale) == 0);
    CHECK(distance(file, "rgb", ColorMode::rgb) == 0);
    const Image rgba = read_image(images + "/" + file, ColorMode::rgba);
    if (name == "palette.png" || name == "alpha.png" || name == "gray_alpha.png" || name == "one_bit.png") {
      CHECK(distance(file, "rgba", ColorMode::rgba) == 0);
    } else {
      CHECK(rgba.channels == 4);
      CHECK(rgba.values[3] == 255);
    }
  }
}

TEST_CASE("a folder of images gives what Keras's does") {
  check_dataset("bilinear", two_classes());
  check_dataset("nearest",
                two_classes({.color_mode = ColorMode::grayscale, .interpolation = Interpolation::nearest}));
  check_dataset("bicubic",
                two_classes({.color_mode = ColorMode::rgba, .interpolation = Interpolation::bicubic}));
  check_dataset("crop", two_classes({.crop_to_aspect_ratio = true}));
  check_dataset("pad", two_classes({.pad_to_aspect_ratio = true}));
  check_dataset("categorical", two_classes({.folder = {.label_mode = LabelMode::categorical}}));
  check_dataset("binary",
                two_classes({.folder = {.label_mode = LabelMode::binary, .class_names = {"dogs", "cats"}}}));

  const std::vector<std::string> order = lines_of(images + "/order.txt");
  const auto files = [&](const FolderOptions& options) {
    return image_dataset_from_directory(images, {.folder = options}).file_paths;
  };
  const auto check_split = [&](Subset subset, const char* name) {
    std::vector<std::string> wanted;
    for (const float i : golden(std::string("images/dataset/split/") + name))
      wanted.push_back(images + "/" + order[static_cast<std::size_t>(i)]);
    CHECK(files({.label_mode = LabelMode::none, .seed = 7, .validation_split = 0.3, .subset = subset}) ==
          wanted);
  };
  check_split(Subset::training, "training");
  check_split(Subset::validation, "validation");

  auto all = image_dataset_from_directory(
      images, {.folder = {.label_mode = LabelMode::integer, .class_names = {"dogs", "cats"}, .seed = 3},
               .batch_size = 5,
               .image_size = {2, 2}});
  CHECK(all.class_names == std::vector<std::string>{"dogs", "cats"});
  CHECK(all.cardinality() == 1);
  Batch b;
  REQUIRE(all.next(b, 1));
  CHECK(b.samples == 5);
  CHECK(b.x[0].row_length() == 12);
  double dogs = 0;
  for (std::size_t i = 0; i < 5; ++i) dogs += b.y[0](i) == 0;
  CHECK(dogs == 3);
  all.rewind();
  all.next(b, 1);
  REQUIRE(testing::allocations_are_counted());
  const long before = testing::allocations;
  for (int round = 0; round < 5; ++round) {
    all.rewind();
    all.next(b, 1);
  }
  CHECK(testing::allocations == before);
  CHECK(image_dataset_from_directory(images, {.folder = {.class_names = {"dogs"}}}).file_paths.size() == 3);
}

TEST_CASE("what is wrong with an image is named") {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& name, const std::string& bytes) {
    const std::string path = folder.write(name, bytes), text = error_of([&] { read_image(path); });
    CHECK(text.starts_with("'" + path + "' "));
    return text.substr(std::min(text.size(), path.size() + 3));
  };
  const std::string png = contents(images + "/cats/color.png"), jpeg = contents(images + "/cats/color.jpg");
  CHECK(error("a.png", png.substr(0, 150)) == "is no valid PNG image: it ends too soon");
  CHECK(error("b.png", png.substr(0, 20)) == "is no valid PNG image: it ends too soon");
  CHECK(error("c.jpg", jpeg.substr(0, 690)) == "is no valid JPEG image: Premature end of JPEG file");
  CHECK(error("d.png", "") == "is no image: a PNG or JPEG file wanted");
  CHECK(error("e.jpg", "GIF89a") == "is no image: a PNG or JPEG file wanted");
  std::string broken = png;
  broken[60] = static_cast<char>(broken[60] ^ 1);
  CHECK(error("f.png", broken).starts_with("is no valid PNG image: "));
  // A header that promises a billion pixels.
  std::string huge = jpeg;
  const std::size_t size = huge.find("\xff\xc0");
  REQUIRE(size != std::string::npos);
  huge.replace(size + 5, 4, "\xfd\xff\xfd\xff");
  CHECK(error("g.jpg", huge) == "is no valid JPEG image: more pixels than its bytes can hold");
  CHECK(error_of([&] { read_image(folder.file("none.png")); }) ==
        "cannot open '" + folder.file("none.png") + "': No such file or directory");
  CHECK(error_of([&] { read_image(folder.path); }).starts_with("'" + folder.path + "' cannot be read: "));
  for (const std::string& good :
       {png, jpeg, contents(images + "/other/interlaced.png"), contents(images + "/other/progressive.jpg")})
    check_damaged<std::runtime_error>(good, [](const std::string& path) { read_image(path); }, 50000, 300);
}

TEST_CASE("what is wrong with a folder is named") {
  const TemporaryFolder folder;
  const auto error = [&](const ImageOptions& options = {}) {
    const std::string text = error_of([&] { image_dataset_from_directory(folder.path, options); });
    return text.starts_with("'" + folder.path) ? text.substr(folder.path.size() + 1) : text;
  };
  CHECK(error() == "' has no folders, one for each class wanted");
  std::filesystem::create_directories(folder.file("b/.hidden"));
  std::filesystem::create_directories(folder.file("a"));
  std::filesystem::create_directories(folder.file(".c"));
  folder.write("a/text.txt", "x");
  CHECK(error() == "' has no files that end in .bmp, .gif, .jpeg, .jpg, .png");
  CHECK(error({.folder = {.class_names = {"a", "c"}}}) == "' has no folder for the class c, but a, b");
  const std::string png = contents(images + "/cats/color.png");
  for (const char* name : {"a/2.png", "b/1.png", "b/.hidden/3.png"}) folder.write(name, png);
  CHECK(error() == "");
  CHECK(error({.folder = {.validation_split = 0.5}}) ==
        "' validation_split or a subset came without the other");
  CHECK(error({.folder = {.subset = Subset::training}}) ==
        "' validation_split or a subset came without the other");
  CHECK(error({.folder = {.validation_split = 0.1, .subset = Subset::training}}) ==
        "' has 3 files, of which validation_split 0.100000 is none");
  CHECK(error({.folder = {.validation_split = 1, .subset = Subset::training}}) ==
        "' validation_split 1.000000 came, from 0 to below 1 wanted");
  CHECK(error({.folder = {.label_mode = LabelMode::binary, .class_names = {"a"}}}) ==
        "' has the classes a, 2 wanted for LabelMode::binary");
  CHECK(error({.batch_size = 0}) == "' batch_size 0 came, at least 1 wanted");
  CHECK(error({.image_size = {0, 4}}) ==
        "' image_dataset_from_directory: height and width must be at least 1");
  folder.write("b/z.gif", "GIF89a");
  CHECK(error() == "/b/z.gif' came, PNG and JPEG files wanted");
  CHECK(error_of([&] { image_dataset_from_directory(folder.file("none")); }) ==
        "'" + folder.file("none") + "' cannot be read: No such file or directory");

  std::filesystem::remove(folder.file("b/z.gif"));
  folder.write("b/1.png", png.substr(0, 100));
  auto data = image_dataset_from_directory(folder.path);
  Batch b;
  CHECK(error_of([&] { data.next(b, 1); }) ==
        "'" + folder.file("b/1.png") + "' is no valid PNG image: it ends too soon");
}
