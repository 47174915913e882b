#pragma once

#include <stdexcept>

namespace ct {
// What a Swift closure threw, on its way through libtorch back to Swift.
struct CallbackError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
}  // namespace ct
