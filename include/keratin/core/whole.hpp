#pragma once

namespace keratin::detail {

/// x rounded towards zero, -1 for what is no number that an int holds.
template <class S> constexpr int whole(S x) {
  return x > S(-2147483648.0) && x < S(2147483648.0) ? static_cast<int>(x) : -1;
}

}  // namespace keratin::detail
