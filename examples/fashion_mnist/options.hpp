#pragma once
// What the command line of the Fashion-MNIST examples asks for. A mistake ends the program with exit code 2.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

struct Options {
  std::string program, data, save{};  // save: a file, of an example that saves its model
  int epochs = 5, batch_size = 32;
  std::uint64_t seed = 0;
};

inline void print_help(const Options& defaults) {
  std::printf(
      "Trains on Fashion-MNIST.\n"
      "  --data DIR      where the four IDX files are (%s)\n"
      "  --epochs N      how often all training images are seen (%d)\n"
      "  --batch-size N  images in one step (%d)\n"
      "  --seed N        what the first weights and the order of the images depend on (%llu)\n",
      defaults.data.c_str(), defaults.epochs, defaults.batch_size,
      static_cast<unsigned long long>(defaults.seed));
  if (!defaults.save.empty())
    std::printf("  --save FILE     where the model goes (%s)\n", defaults.save.c_str());
}

[[noreturn]] inline void refuse(const Options& options, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n", options.program.c_str(), why.c_str());
  std::exit(2);
}

template <class T>
T read_number(const Options& options, const std::string& option, const std::string& text, T lowest,
              T highest) {
  T number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number < lowest || number > highest)
    refuse(options, option + " '" + text + "' came, a whole number from " + std::to_string(lowest) + " to " +
                        std::to_string(highest) + " wanted");
  return number;
}

inline Options read_options(int argc, char** argv, const Options& defaults) {
  Options options = defaults;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (++i == argc || std::string_view(argv[i]).starts_with("--"))
        refuse(options, option + " needs a value");
      return argv[i];
    };
    if (option == "--data") {
      options.data = value();
    } else if (option == "--save" && !defaults.save.empty()) {
      options.save = value();
    } else if (option == "--epochs") {
      options.epochs = read_number(options, option, value(), 1, 1000);
    } else if (option == "--batch-size") {
      options.batch_size = read_number(options, option, value(), 1, 60000);
    } else if (option == "--seed") {
      options.seed = read_number<std::uint64_t>(options, option, value(), 0, UINT64_MAX);
    } else if (option == "--help") {
      print_help(defaults);
      std::exit(0);
    } else {
      refuse(options, "unknown option '" + option + "'; --help lists all");
    }
  }
  return options;
}
