#include <keratin/functional/plot.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "../check.hpp"

using namespace keratin;

namespace {

functional::Model towers() {
  const auto a = functional::Input({4}), b = functional::Input({4}, "say \"b\"");
  const functional::Layer shared(DenseSpec{.units = 3}, "shared");
  return functional::Model({a, b}, Add<>{}(shared(a), shared(b)));
}
std::string read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("a model as Graphviz's text") {
  CHECK(functional::model_to_dot(towers()) == R"dot(digraph model {
  rankdir=TB;
  node [shape=box, fontname="sans-serif"];
  n0 [label="input_layer\nInputLayer (4)"];
  n1 [label="say \"b\"\nInputLayer (4)"];
  n2 [label="shared\nDense (3)"];
  n3 [label="add\nAdd (3)"];
  n0 -> n2;
  n1 -> n2;
  n2 -> n3;
  n2 -> n3;
}
)dot");
}

TEST_CASE("drawings are files") {
  const auto folder = std::filesystem::path([] {
    std::string name = std::filesystem::temp_directory_path() / "keratin_plot_XXXXXX";
    return std::string(mkdtemp(name.data()));
  }());
  const functional::Model model = towers();
  functional::plot_model(model, folder / "model.dot");
  CHECK(read(folder / "model.dot") == functional::model_to_dot(model));
  if (std::system("dot -V >/dev/null 2>&1") == 0) {
    functional::plot_model(model, folder / "model.svg");
    CHECK(read(folder / "model.svg").find("<svg") != std::string::npos);
    CHECK(!std::filesystem::exists(folder / "model.svg.part.dot"));
    functional::plot_model(model, folder / "model.png");
    CHECK(read(folder / "model.png").starts_with("\x89PNG"));
  } else {
    CHECK_THROWS_WITH(functional::plot_model(model, folder / "model.svg"),
                      doctest::Contains("Graphviz's dot is not installed"));
  }
  CHECK_THROWS_WITH(functional::plot_model(model, folder / "model.pdf"),
                    doctest::Contains("a name that ends with .dot, .svg or .png wanted"));
  CHECK_THROWS_WITH(functional::plot_model(model, folder / "no" / "model.dot"),
                    doctest::Contains("cannot be written"));
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files += entry.is_regular_file();
  CHECK(files <= 3);
  std::filesystem::remove_all(folder);
}

// With a `dot` that makes PNG only, and copies the text for that.
TEST_CASE("dot is asked for the picture, and what it says is believed") {
  const auto folder = std::filesystem::path([] {
    std::string name = std::filesystem::temp_directory_path() / "keratin_dot_XXXXXX";
    return std::string(mkdtemp(name.data()));
  }());
  std::ofstream(folder / "dot") << "#!/bin/sh\n[ \"$1 $2\" = '-Tpng -o' ] && cp \"$4\" \"$3\"\n";
  std::filesystem::permissions(folder / "dot", std::filesystem::perms::owner_all);
  const std::string before = std::getenv("PATH");
  setenv("PATH", (folder.string() + ":" + before).c_str(), 1);
  const functional::Model model = towers();
  functional::plot_model(model, folder / "model.png");
  CHECK(read(folder / "model.png") == functional::model_to_dot(model));
  CHECK_THROWS_WITH(functional::plot_model(model, folder / "model.svg"), doctest::Contains("dot failed"));
  setenv("PATH", before.c_str(), 1);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  std::filesystem::remove_all(folder);
}
