// libtorch's max pooling on the processor decides value by value with a branch that nobody can predict, which makes it a fifth of the time of a
// small convolutional network's training step. This one gives the same values and indices (the first of equal values; the last NaN) without branches.
// It takes the place of libtorch's kernel where windows of 2×2 lie side by side; everything else, checks and gradients stay libtorch's.

#include <ATen/TensorIterator.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/max_pool2d_with_indices_cpu_dispatch.h>
#include <torch/library.h>

#include <limits>
#include <memory>
#include <tuple>

#include "parallel.h"

using ct::inParallel;

namespace {

template <typename T>
struct Largest {
  T value = -std::numeric_limits<T>::infinity();
  int64_t index;

  void see(T candidate, int64_t position) {
    const bool taken = (candidate > value) | (candidate != candidate);
    value = taken ? candidate : value;
    index = taken ? position : index;
  }
};

// One picture of one channel.
template <typename T>
void halve(const T *in, int64_t width, T *out, int64_t *indices, int64_t outHeight, int64_t outWidth) {
  for (int64_t row = 0; row < outHeight; row++) {
    const int64_t start = 2 * row * width;
    const T *upper = in + start, *lower = upper + width;
    for (int64_t column = 0; column < outWidth; column++) {
      Largest<T> largest{.index = start + 2 * column};
      largest.see(upper[2 * column], start + 2 * column);
      largest.see(upper[2 * column + 1], start + 2 * column + 1);
      largest.see(lower[2 * column], start + width + 2 * column);
      largest.see(lower[2 * column + 1], start + width + 2 * column + 1);
      *out++ = largest.value;
      *indices++ = largest.index;
    }
  }
}

// Windows of 2×2 side by side, none over the edge, on numbers that lie in order.
bool isHalving(
    const at::Tensor &x, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool ceilMode) {
  const auto all = [](at::IntArrayRef list, int64_t value) {
    return (list.size() == 1 || list.size() == 2) && list.front() == value && list.back() == value;
  };
  if (x.scalar_type() != at::kFloat && x.scalar_type() != at::kDouble) return false;
  if ((x.dim() != 3 && x.dim() != 4) || !x.is_contiguous() || x.numel() == 0 || x.size(-2) < 2 || x.size(-1) < 2) return false;
  const bool isEven = x.size(-2) % 2 == 0 && x.size(-1) % 2 == 0;
  return all(kernel, 2) && (stride.empty() || all(stride, 2)) && all(padding, 0) && all(dilation, 1) && (isEven || !ceilMode);
}

std::tuple<at::Tensor, at::Tensor> maxPool2d(
    const at::Tensor &x, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool ceilMode) {
  // Everything else, and whatever is wrong, is libtorch's to compute or to refuse.
  if (!isHalving(x, kernel, stride, padding, dilation, ceilMode)) {
    return at::cpu::max_pool2d_with_indices(x, kernel, stride, padding, dilation, ceilMode);
  }
  const int64_t height = x.size(-2), width = x.size(-1), planes = x.numel() / (height * width);
  const int64_t outHeight = height / 2, outWidth = width / 2, outputs = outHeight * outWidth;
  auto shape = x.sizes().vec();
  shape[shape.size() - 2] = outHeight;
  shape[shape.size() - 1] = outWidth;
  at::Tensor values = at::empty(shape, x.options()), indices = at::empty(shape, x.options().dtype(at::kLong));
  int64_t *positions = indices.data_ptr<int64_t>();
  const auto run = [&](auto *in, auto *out) {
    inParallel(planes, std::max<int64_t>(1, at::internal::GRAIN_SIZE / outputs), [&](int64_t begin, int64_t end) {
      for (int64_t plane = begin; plane < end; plane++) {
        halve(in + plane * height * width, width, out + plane * outputs, positions + plane * outputs, outHeight, outWidth);
      }
    });
  };
  if (x.scalar_type() == at::kFloat) {
    run(x.const_data_ptr<float>(), values.data_ptr<float>());
  } else {
    run(x.const_data_ptr<double>(), values.data_ptr<double>());
  }
  return {values, indices};
}

// libtorch says aloud that a kernel takes another's place, once per process; here it is meant.
struct Quiet : c10::WarningHandler {
  void process(const c10::Warning &) override {}
};

struct Registration {
  Quiet quiet;
  std::unique_ptr<torch::Library> library;

  Registration() {
    c10::WarningUtils::WarningHandlerGuard guard(&quiet);
    library = std::make_unique<torch::Library>(
        torch::Library::IMPL, "aten", std::make_optional(c10::DispatchKey::CPU), __FILE__, __LINE__);
    library->impl("max_pool2d_with_indices", maxPool2d);
  }
};

const Registration registration;

}  // namespace
