// Tables of numbers in text.
#include <keratin/data/csv.hpp>

#include <clocale>

#include "../damage.hpp"

using namespace keratin;
using namespace std::string_literals;

namespace {

using Floats = std::vector<float>;
using Names = std::vector<std::string>;

CsvTable table(const std::string& text, const CsvOptions& options = {}) {
  const TemporaryFolder folder;
  return load_csv(folder.write("a.csv", text), options);
}
// The error of reading a text, less the file's name.
std::string error_of(const std::string& text, const CsvOptions& options = {}) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.csv", text), name = "'" + path + "' ";
  try {
    load_csv(path, options);
    return "";
  } catch (const std::runtime_error& e) {
    const std::string what = e.what();
    CHECK(what.starts_with(name));
    return what.substr(std::min(what.size(), name.size()));
  }
}
Floats numbers(const std::string& text) { return table(text, {.header = false}).x; }

}  // namespace

TEST_CASE("a table with names, and its label by name or number") {
  const std::string text = "mpg,weight,year\n18,3504,70\n15.5,3693,71\n";
  const CsvTable all = table(text);
  CHECK(all.names == Names{"mpg", "weight", "year"});
  CHECK(all.x == Floats{18, 3504, 70, 15.5f, 3693, 71});
  CHECK(all.y.empty());
  CHECK(all.rows == 2);
  CHECK(all.columns == 3);
  CHECK(all.samples()[1](2) == 71);

  for (const CsvOptions& options :
       {CsvOptions{.label = "weight"}, CsvOptions{.label = 1}, CsvOptions{.label = -2}}) {
    const CsvTable one = table(text, options);
    CHECK(one.names == Names{"mpg", "year"});
    CHECK(one.x == Floats{18, 70, 15.5f, 71});
    CHECK(one.y == Floats{3504, 3693});
    CHECK(one.columns == 2);
  }
  for (const int label : {0, 1, 2, -1, -3}) {
    const CsvTable one = table("1,2,3\n4,5,6\n", {.header = false, .label = label});
    const std::size_t at = static_cast<std::size_t>(label + 3) % 3;
    CHECK(one.names.empty());
    CHECK(one.y == Floats{1 + static_cast<float>(at), 4 + static_cast<float>(at)});
    CHECK(one.x.size() == 4);
    CHECK(one.x[2] == (at == 0 ? 5 : 4));
  }
}

TEST_CASE("line ends, empty lines, quotes, spaces, comments, separators and a mark in front") {
  const Floats wanted{1, 2, 3, 4};
  CHECK(numbers("1,2\n3,4") == wanted);
  CHECK(numbers("1,2\r\n3,4\r\n") == wanted);
  CHECK(numbers("1,2\n\n3,4\n\n\r\n") == wanted);
  CHECK(numbers("\"1\",2\n3,\"4\"\n") == wanted);
  CHECK(numbers(" 1 ,\t2\n\" 3\" , 4 \n") == wanted);
  CHECK(numbers("\xEF\xBB\xBF"
                "1,2\n3,4\n") == wanted);
  CHECK(table("# one\n1;2\n# two\n3;4\n#", {.separator = ';', .header = false, .comment = '#'}).x == wanted);
  CHECK(table("1\t2\n3\t 4\n", {.separator = '\t', .header = false}).x == wanted);
  CHECK(table("a\n1\n").names == Names{"a"});
  CHECK(table("\xEF\xBD\x81,b\n1,2\n").names == Names{"\xEF\xBD\x81", "b"});
  const CsvTable quoted = table("\"a, \"\"b\"\"\",\" c\n d \",e f \n1,2,3\n");
  CHECK(quoted.names == Names{"a, \"b\"", " c\n d ", "e f"});
  CHECK(quoted.x == Floats{1, 2, 3});
}

TEST_CASE("numbers in every form, whatever the locale") {
  // Where the locale is not installed nothing changes.
  std::setlocale(LC_ALL, "de_DE.UTF-8");
  CHECK(numbers("+1,-2,1e3,.5,5.,-0,1E-2\n") == Floats{1, -2, 1000, 0.5f, 5, 0, 0.01f});
  CHECK(numbers("0.1,16777217,3.4028235e38,1e-45,1e-60,-1e-60\n") ==
        Floats{0.1f, 16777216, 3.4028235e38f, 1e-45f, 0, 0});
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("errors name the line and the column") {
  CHECK(error_of("a,b\n1,2\n3,x\n") == "line 3, column 2: 'x' came, a finite number wanted");
  CHECK(error_of("a,b\r\n\r\n1,2\r\n3,\r\n") == "line 4, column 2: '' came, a finite number wanted");
  CHECK(error_of("a,\"\nb\"\n1,2\n3,4\n5,1.2.3") == "line 5, column 2: '1.2.3' came, a finite number wanted");
  for (const char* bad :
       {"nan", "inf", "-inf", "1e39", "--1", "+-1", "++1", "1 2", "0x10", "1,5", "12abc", "e5", "-"})
    CHECK(error_of("a;b\n1;"s + bad + "\n", {.separator = ';'}) ==
          "line 2, column 2: '"s + bad + "' came, a finite number wanted");
  CHECK(error_of("a\n\x01\xff"s + std::string(100, 'y')) ==
        "line 2, column 1: '??" + std::string(38, 'y') + "...' came, a finite number wanted");
  CHECK(error_of("a,b\n1,2\n3\n") == "line 3: 1 columns came, 2 wanted");
  CHECK(error_of("a,b\n1,2,3\n") == "line 2: 3 columns came, 2 wanted");
  CHECK(error_of("1,2\n3,4,5\n", {.header = false}) == "line 2: 3 columns came, 2 wanted");
  CHECK(error_of("a\n\"1") == "line 2, column 1: a quote is not closed");
  CHECK(error_of("a\n\"1\"2\n") == "line 2, column 1: something comes behind a quote that is closed");
  CHECK(error_of("a\n\"" + std::string(70000, '1')) ==
        "line 2, column 1: a cell of more than 65536 bytes came; is a quote not closed?");
  CHECK(error_of(std::string(1 << 20, ',')) == "line 1: more than 1048576 columns came");
  CHECK(error_of("") == "is empty");
  CHECK(error_of("", {.header = false}) == "has no rows");
  CHECK(error_of("a,b\n") == "has no rows");
  CHECK(error_of("a,b\n1,2\n", {.label = "c"}) == "has no column called 'c', there are 'a', 'b'");
  CHECK(error_of("a,a\n1,2\n", {.label = "a"}) == "has 2 columns called 'a', 1 wanted");
  CHECK(error_of("a,b\n1,2\n", {.label = 2}) == "has no column 2 among 2");
  CHECK(error_of("1,2\n", {.header = false, .label = -3}) == "has no column -3 among 2");
  CHECK(error_of("1,2\n", {.header = false, .label = "a"}) == "has no column called 'a', there is none");
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(load_csv(folder.file("none")),
                       ("cannot open '" + folder.file("none") + "': No such file or directory").c_str(),
                       std::runtime_error);
  CHECK_THROWS_WITH_AS(load_csv(folder.path),
                       ("'" + folder.path + "' cannot be read: Is a directory").c_str(), std::runtime_error);
}

TEST_CASE("a long file is read block by block") {
  std::string text = "a,b\n";
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i) + "," + std::to_string(-i) + "\n";
  const TemporaryFolder folder;
  const std::string path = folder.write("a.csv", text);
  testing::largest_allocation = 0;
  const CsvTable read = load_csv(path, {.label = "b"});
  CHECK(testing::largest_allocation < 2 * 50'000 * sizeof(float));
  REQUIRE(read.rows == 50'000);
  for (std::size_t i = 0; i < read.rows; ++i)
    if (read.x[i] != static_cast<float>(i) || read.y[i] != -read.x[i]) FAIL(i);
}

TEST_CASE("damaged tables load or are refused, in the memory that they justify") {
  std::string text = "\"a, b\",c,d\n";
  for (int i = 0; i < 40; ++i) text += "1.5, \"-2e3\"," + std::to_string(i) + "\r\n";
  check_damaged<std::runtime_error>(text, [](const std::string& path) { load_csv(path, {.label = -1}); }, 4);
}
