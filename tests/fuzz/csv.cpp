// Any bytes are a table or are refused. The first one chooses the options.
#include <keratin/data/csv.hpp>

#include <cmath>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  keratin::CsvOptions options{.separator = ",;\t,"[choice & 3],
                              .header = (choice & 4) != 0,
                              .comment = (choice & 8) != 0 ? '#' : '\0'};
  if (choice & 16) options.label = static_cast<int>(choice >> 5) - 4;
  std::size_t at = 1;
  try {
    const keratin::CsvTable table =
        keratin::detail::read_csv([&] { return at < size ? data[at++] : -1; }, "input", options);
    if (table.x.size() != table.rows * table.columns) __builtin_trap();
    if (table.y.size() != (choice & 16 ? table.rows : 0)) __builtin_trap();
    for (const float value : table.x)
      if (!std::isfinite(value)) __builtin_trap();
  } catch (const std::runtime_error&) {
  }
  return 0;
}
