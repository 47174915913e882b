// The kernels for any machine.
#include "kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#pragma clang fp contract(off)
#define CG_FUSED 0

namespace cg::plain {

#include "lanes.h"

// Adds the products of four bytes of each lane with the same four of the row.
CG_INLINE I16 dot4(I16 total, I16 whole, const int8_t *bytes) {
  for (int t = 0; t < 4; t++) total += ((whole >> 8 * t) & 255) * static_cast<int32_t>(bytes[t]);
  return total;
}

#include "products.h"

#include "attention.h"

#include "scores.h"

}  // namespace cg::plain

namespace cg {
const Kernels plainKernels = {
    "plain", plain::normalize, plain::centre, plain::round, plain::product, plain::keep, plain::keepSource,
    plain::attend, plain::scoreMaximum, plain::scoreSum, plain::scoreScale, plain::scoreNucleus};
}  // namespace cg
