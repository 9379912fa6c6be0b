#pragma once
// Setting: what the type of something says of itself for Keras's files.

namespace keratin {

/// What a loss, a metric or an optimizer is by its type, a number or a word, as Keras's files call it. One
/// that has some lists them: `static constexpr Setting settings[]`; and says its `class_name` there where its
/// name does not give it. A metric that takes such a list when it is made has the settings of another one.
struct Setting {
  enum Kind : unsigned char { number, whole, flag, list };  // flag: 1 means yes and 0 no

  const char* name;
  double value;
  const char* word = nullptr;
  Kind kind = number;
  const int* items = nullptr;  // of a list, which has `value` of them
};

}  // namespace keratin
