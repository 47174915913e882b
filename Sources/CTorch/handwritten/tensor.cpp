#include "../support.h"  // first: the operator headers name types that they do not include

#include <ATen/ops/_local_scalar_dense_ops.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/resolve_conj_ops.h>
#include <ATen/ops/resolve_neg_ops.h>
#include <ATen/ops/to_ops.h>
#include <c10/core/GradMode.h>

#include <cstring>

#include "../include/ctorch_handwritten.h"

std::atomic<int64_t> ct::liveHandles{0};

using namespace ct;

extern "C" {

void ct_tensor_release(CTTensor handle) {
  liveHandles.fetch_sub(1, std::memory_order_relaxed);
  c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(reinterpret_cast<c10::TensorImpl *>(handle));
}
CTTensor ct_tensor_retain(CTTensor handle) { return own(at::Tensor(tensor(handle))); }
void ct_tensor_list_free(CTTensorList list) { std::free(list.items); }
int64_t ct_live_handles(void) { return liveHandles.load(std::memory_order_relaxed); }

int64_t ct_tensor_dim(CTTensor handle) { return tensor(handle).dim(); }
const int64_t *ct_tensor_sizes(CTTensor handle) { return tensor(handle).sizes().data(); }
const int64_t *ct_tensor_strides(CTTensor handle) {
  return tensor(handle).layout() == at::kStrided ? tensor(handle).strides().data() : nullptr;
}
int64_t ct_tensor_numel(CTTensor handle) { return tensor(handle).numel(); }
int32_t ct_tensor_dtype(CTTensor handle) { return static_cast<int32_t>(tensor(handle).scalar_type()); }
CTDevice ct_tensor_device(CTTensor handle) {
  auto device = tensor(handle).device();
  return {static_cast<int32_t>(device.type()), static_cast<int32_t>(device.index())};
}
bool ct_tensor_is_contiguous(CTTensor handle) { return ct_tensor_is_strided(handle) && tensor(handle).is_contiguous(); }
bool ct_tensor_is_strided(CTTensor handle) { return tensor(handle).layout() == at::kStrided; }
bool ct_tensor_is_same(CTTensor first, CTTensor second) { return tensor(first).is_same(tensor(second)); }

void *ct_tensor_data(CTTensor handle, CTError *error) { CT_TRY(nullptr, return tensor(handle).mutable_data_ptr();) }

CTScalar ct_tensor_item(CTTensor handle, CTError *error) {
  CT_TRY(CTScalar{}, {
    TORCH_CHECK(tensor(handle).numel() == 1, "a tensor of ", tensor(handle).numel(), " elements has no single value");
    return scalar(at::_ops::_local_scalar_dense::call(tensor(handle)));
  })
}

CTTensor ct_tensor_from_bytes(const void *bytes, int64_t byteCount, CTInts shape, int32_t dtype, CTError *error) {
  CT_TRY(nullptr, {
    auto result = at::empty(ints(shape), at::TensorOptions(scalarType(dtype)));
    TORCH_CHECK(static_cast<int64_t>(result.nbytes()) == byteCount, byteCount, " bytes do not fill a tensor of ", result.nbytes());
    if (byteCount > 0) std::memcpy(result.mutable_data_ptr(), bytes, byteCount);
    return own(std::move(result));
  })
}

CTTensor ct_tensor_from_memory(
    void *memory, CTInts shape, int32_t dtype, void *context, void (*release)(void *), CTError *error) {
  // Held by the deleter alone, so that memory goes back exactly once whatever happens.
  try {
    std::shared_ptr<void> owner(memory, [context, release](void *) { release(context); });
    auto result = at::from_blob(memory, ints(shape), [owner](void *) mutable { owner.reset(); }, at::TensorOptions(scalarType(dtype)));
    return own(std::move(result));
  } catch (...) {
    ct::report(error);
    return nullptr;
  }
}

CTTensor ct_tensor_to(
    CTTensor handle, CTDevice target, int32_t dtype, bool nonBlocking, bool copy, int32_t memoryFormat, CTError *error) {
  CT_TRY(nullptr, {
    return own(at::_ops::to_dtype_layout::call(
        tensor(handle), optionalScalarType(dtype), std::nullopt, optionalDevice(target), std::nullopt, nonBlocking, copy,
        optionalMemoryFormat(memoryFormat)));
  })
}

CTTensor ct_tensor_host(CTTensor handle, int32_t dtype, CTError *error) {
  CT_TRY(nullptr, {
    c10::NoGradGuard noGrad;
    auto value = at::_ops::to_dtype_layout::call(
        tensor(handle), optionalScalarType(dtype), std::nullopt, at::Device(at::kCPU), std::nullopt, false, false, std::nullopt);
    if (value._is_zerotensor()) value = value.clone();
    return own(at::_ops::resolve_neg::call(at::_ops::resolve_conj::call(value)).contiguous());
  })
}

}
