#include <doctest/doctest.h>

#include <keratin/core/random.hpp>

using namespace keratin;

// The known answers that the authors of Philox publish with their code.
TEST_CASE("Philox4x32-10 gives its known answers") {
  static_assert(philox({0, 0, 0, 0}, 0) == Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  static_assert(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff) ==
                Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  static_assert(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
                Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("streams differ in every word that names them") {
  const Random a{1, 2, 3, 4};
  CHECK(a.word(0) != Random{2, 2, 3, 4}.word(0));
  CHECK(a.word(0) != Random{1, 3, 3, 4}.word(0));
  CHECK(a.word(0) != Random{1, 2, 4, 4}.word(0));
  CHECK(a.word(0) != Random{1, 2, 3, 5}.word(0));
  CHECK(a.word(5) == a.block(1)[1]);
  CHECK(uniform(0) > 0);
  CHECK(uniform(UINT32_MAX) < 1);
}
