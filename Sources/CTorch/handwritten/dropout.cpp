// libtorch draws dropout's zeros on the processor one after the other from its Mersenne Twister and keeps them as floating-point numbers: a
// twentieth of the time of a small transformer's training step. This operator takes one number of libtorch's generator as a key and draws from the
// key and each element's place: on all threads, the same at any number of them, remembered as one byte an element.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Dispatch.h>
#include <ATen/OpMathType.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>

#include <mutex>

#include "parallel.h"

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

constexpr int64_t grain = 1 << 15;

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): the bits of a counter, mixed.
uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

at::Tensor drawMask(const at::Tensor &x, double p) {
  uint64_t key;
  {
    auto generator = at::detail::getDefaultCPUGenerator();
    std::lock_guard<std::mutex> lock(generator.mutex());
    key = at::check_generator<at::CPUGeneratorImpl>(generator)->random64();
  }
  at::Tensor mask = at::empty_like(x, x.options().dtype(at::kByte).requires_grad(false));
  uint8_t *bytes = mask.data_ptr<uint8_t>();
  const int64_t count = mask.numel(), pairs = (count + 1) / 2;
  const auto limit = static_cast<uint64_t>(p * 4294967296.0);
  // Each number of 64 bits decides about two elements.
  ct::inParallel(pairs, grain, [&](int64_t begin, int64_t end) {
    for (int64_t pair = begin; pair < end; pair++) {
      const uint64_t bits = mixed(key + static_cast<uint64_t>(pair + 1) * 0x9e3779b97f4a7c15);
      bytes[2 * pair] = (bits & 0xffffffff) >= limit;
      if (2 * pair + 1 < count) bytes[2 * pair + 1] = (bits >> 32) >= limit;
    }
  });
  return mask;
}

at::Tensor scaled(const at::Tensor &x, const at::Tensor &mask, double scale) {
  // Gradients may come in another order than the mask, and expanded.
  at::Tensor ordered = x.sizes() == mask.sizes() && x.strides() == mask.strides() ? x : at::empty_like(mask, x.options()).copy_(x);
  at::Tensor result = at::empty_like(ordered);
  const uint8_t *bytes = mask.const_data_ptr<uint8_t>();
  AT_DISPATCH_FLOATING_TYPES_AND2(at::kHalf, at::kBFloat16, x.scalar_type(), "dropout", [&] {
    const scalar_t *in = ordered.const_data_ptr<scalar_t>();
    scalar_t *out = result.data_ptr<scalar_t>();
    const auto factor = static_cast<at::opmath_type<scalar_t>>(scale);
    ct::inParallel(mask.numel(), grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        out[i] = bytes[i] ? static_cast<scalar_t>(static_cast<at::opmath_type<scalar_t>>(in[i]) * factor) : scalar_t(0);
      }
    });
  });
  return result;
}

// Linear in x, so its gradient is the same function of the gradient, any number of times.
struct MaskedScale : torch::autograd::Function<MaskedScale> {
  static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &mask, double scale) {
    context->save_for_backward({mask});
    context->saved_data["scale"] = scale;
    return scaled(x, mask, scale);
  }
  static variable_list backward(AutogradContext *context, variable_list gradients) {
    if (!gradients[0].defined()) return {at::Tensor(), at::Tensor(), at::Tensor()};
    const at::Tensor mask = context->get_saved_variables()[0];
    return {MaskedScale::apply(gradients[0], mask, context->saved_data["scale"].toDouble()), at::Tensor(), at::Tensor()};
  }
};

at::Tensor dropout(const at::Tensor &x, double p) {
  TORCH_CHECK_VALUE(p >= 0 && p <= 1, "dropout probability has to be between 0 and 1, but got ", p);
  TORCH_CHECK_TYPE(x.device().is_cpu() && x.layout() == at::kStrided && at::isFloatingType(x.scalar_type()),
      "this dropout is for floating-point numbers of the processor, and got ", x.scalar_type(), " on ", x.device());
  if (p == 0 || x.numel() == 0) return x;
  const at::Tensor dense = x.is_non_overlapping_and_dense() ? x : x.contiguous();
  return MaskedScale::apply(dense, drawMask(dense, p), p < 1 ? 1 / (1 - p) : 0);
}

}  // namespace

TORCH_LIBRARY(martlet, library) { library.def("dropout(Tensor x, float p) -> Tensor", dropout); }
