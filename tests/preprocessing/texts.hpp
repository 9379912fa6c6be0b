#pragma once
// The texts of tests/keras/texts.py.
#include <string>
#include <vector>

inline const std::vector<std::string> texts{
    "The cat sat, on the mat!",   "A dog's life; the DOG",        "\u00c4pfel \u00d6L and the CAT", "",
    "cat\tdog\u00a0x\u2003y  z ", "  don't_stop [now] \\ ~cat  ", "Z\u00fcrich \u65e5\u672c"},
    new_texts{"the cat and a bird", "dog DOG dog!", "", "\u00d6L \u65e5\u672c never seen words at all here"},
    words{"red", "green", "red", "blue", "green", "red", "", "[UNK]"},
    new_words{"red", "violet", "", "blue", "green", "\u00fcber"};

/// The bytes of tokens, with a 10 behind each.
inline std::vector<float> lines(const std::vector<std::string>& tokens) {
  std::vector<float> bytes;
  for (const std::string& token : tokens)
    for (const char c : token + "\n") bytes.push_back(static_cast<unsigned char>(c));
  return bytes;
}
