// Conversions between the C ABI's types and libtorch's, and the one place where C++ exceptions end.
#pragma once

// The C headers say which pointers may be null; libtorch's own types need no such word.
#pragma clang diagnostic ignored "-Wnullability-completeness"

#include <ATen/core/Generator.h>
#include <ATen/core/List.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <c10/core/DispatchKeySet.h>
#include <c10/core/Scalar.h>
#include <c10/util/Optional.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "include/ctorch_base.h"

namespace ct {

static_assert(sizeof(at::Tensor) == sizeof(void *), "a handle is a tensor's only member");

// Handles given to Swift and not yet released.
extern std::atomic<int64_t> liveHandles;

// Turns the exception in flight into an error object. Call inside a catch block only.
void report(CTError _Nonnull *_Nonnull error) noexcept;

// Borrows a handle as the tensor that it is.
inline const at::Tensor &tensor(const CTTensor &handle) { return *reinterpret_cast<const at::Tensor *>(&handle); }
// In-place operators take a mutable reference but leave the handle's own pointer alone.
inline at::Tensor &mutableTensor(CTTensor &handle) { return *reinterpret_cast<at::Tensor *>(&handle); }
// A null handle is no tensor.
inline std::optional<at::Tensor> optionalTensor(CTTensor _Nullable handle) {
  if (handle == nullptr) return std::nullopt;
  return tensor(handle);
}

inline CTTensor own(at::Tensor value) {
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return reinterpret_cast<CTTensor>(value.unsafeReleaseTensorImpl());
}
// An undefined tensor becomes a null handle.
inline CTTensor _Nullable ownOrNull(at::Tensor value) { return value.defined() ? own(std::move(value)) : nullptr; }

inline CTTensorList own(std::vector<at::Tensor> values) {
  CTTensorList list{nullptr, static_cast<int64_t>(values.size())};
  if (values.empty()) return list;
  list.items = static_cast<CTTensor *>(std::malloc(values.size() * sizeof(CTTensor)));
  if (list.items == nullptr) throw std::bad_alloc();
  for (size_t i = 0; i < values.size(); i++) list.items[i] = ownOrNull(std::move(values[i]));
  return list;
}

inline std::vector<at::Tensor> tensors(CTTensors list) {
  std::vector<at::Tensor> result;
  result.reserve(list.count);
  for (int64_t i = 0; i < list.count; i++) result.push_back(list.items[i] ? tensor(list.items[i]) : at::Tensor());
  return result;
}
inline c10::List<std::optional<at::Tensor>> optionalTensors(CTTensors list) {
  c10::List<std::optional<at::Tensor>> result;
  result.reserve(list.count);
  for (int64_t i = 0; i < list.count; i++) result.push_back(optionalTensor(list.items[i]));
  return result;
}

inline at::Scalar scalar(CTScalar value) {
  switch (value.kind) {
    case CT_SCALAR_INT: return at::Scalar(value.i);
    case CT_SCALAR_BOOL: return at::Scalar(value.i != 0);
    case CT_SCALAR_COMPLEX: return at::Scalar(c10::complex<double>(value.re, value.im));
    default: return at::Scalar(value.re);
  }
}
inline CTScalar scalar(const at::Scalar &value) {
  if (value.isBoolean()) return {CT_SCALAR_BOOL, value.toBool() ? 1 : 0, 0, 0};
  if (value.isIntegral(false)) return {CT_SCALAR_INT, value.toLong(), 0, 0};
  if (value.isComplex()) return {CT_SCALAR_COMPLEX, 0, value.toComplexDouble().real(), value.toComplexDouble().imag()};
  return {CT_SCALAR_DOUBLE, 0, value.toDouble(), 0};
}
inline std::optional<at::Scalar> optional(CTOptionalScalar value) {
  if (!value.has) return std::nullopt;
  return scalar(value.value);
}
inline std::optional<int64_t> optional(CTOptionalInt value) { return value.has ? std::optional<int64_t>(value.value) : std::nullopt; }
inline std::optional<c10::SymInt> optionalSym(CTOptionalInt value) {
  return value.has ? std::optional<c10::SymInt>(c10::SymInt(value.value)) : std::nullopt;
}
inline std::optional<double> optional(CTOptionalDouble value) { return value.has ? std::optional<double>(value.value) : std::nullopt; }
inline std::optional<bool> optional(CTOptionalBool value) { return value.has ? std::optional<bool>(value.value) : std::nullopt; }

inline at::IntArrayRef ints(CTInts list) { return at::IntArrayRef(list.items, static_cast<size_t>(list.count)); }
inline at::OptionalIntArrayRef optional(CTOptionalInts list) {
  return list.has ? at::OptionalIntArrayRef(at::IntArrayRef(list.items, static_cast<size_t>(list.count))) : at::OptionalIntArrayRef();
}
// Sizes beyond 2^62 would be read as symbolic: fromIntArrayRefSlow rejects them with an error.
inline c10::SymIntArrayRef symInts(CTInts list) { return c10::fromIntArrayRefSlow(ints(list)); }
inline at::OptionalSymIntArrayRef optionalSym(CTOptionalInts list) {
  if (!list.has) return at::OptionalSymIntArrayRef();
  return at::OptionalSymIntArrayRef(c10::fromIntArrayRefSlow(at::IntArrayRef(list.items, static_cast<size_t>(list.count))));
}
inline at::ArrayRef<double> doubles(CTDoubles list) { return at::ArrayRef<double>(list.items, static_cast<size_t>(list.count)); }
inline std::optional<at::ArrayRef<double>> optional(CTOptionalDoubles list) {
  if (!list.has) return std::nullopt;
  return at::ArrayRef<double>(list.items, static_cast<size_t>(list.count));
}

inline std::vector<at::Scalar> scalars(CTScalars list) {
  std::vector<at::Scalar> result;
  result.reserve(list.count);
  for (int64_t i = 0; i < list.count; i++) result.push_back(scalar(list.items[i]));
  return result;
}
template <size_t count>
std::array<bool, count> bools(CTBools list) {
  if (list.count != static_cast<int64_t>(count)) {
    throw std::invalid_argument("a list of " + std::to_string(count) + " booleans is needed, not of " + std::to_string(list.count));
  }
  std::array<bool, count> result;
  std::copy_n(list.items, count, result.begin());
  return result;
}

inline at::ScalarType scalarType(int32_t value) { return static_cast<at::ScalarType>(value); }
inline std::optional<at::ScalarType> optionalScalarType(int32_t value) {
  return value < 0 ? std::nullopt : std::optional<at::ScalarType>(scalarType(value));
}
inline std::optional<at::Layout> optionalLayout(int32_t value) {
  return value < 0 ? std::nullopt : std::optional<at::Layout>(static_cast<at::Layout>(value));
}
inline std::optional<at::MemoryFormat> optionalMemoryFormat(int32_t value) {
  return value < 0 ? std::nullopt : std::optional<at::MemoryFormat>(static_cast<at::MemoryFormat>(value));
}
inline at::MemoryFormat memoryFormat(int32_t value) { return static_cast<at::MemoryFormat>(value); }
inline at::Device device(CTDevice value) {
  return at::Device(static_cast<at::DeviceType>(value.type), static_cast<at::DeviceIndex>(value.index));
}
inline std::optional<at::Device> optionalDevice(CTDevice value) {
  return value.type < 0 ? std::nullopt : std::optional<at::Device>(device(value));
}
inline std::optional<at::Generator> optionalGenerator(CTGenerator _Nullable value) {
  if (value == nullptr) return std::nullopt;
  return *reinterpret_cast<const at::Generator *>(&value);
}
inline std::optional<std::string_view> optionalString(const char *_Nullable value) {
  return value == nullptr ? std::nullopt : std::optional<std::string_view>(value);
}

}  // namespace ct

// A call's body: an expression whose value is returned, or `fallback` with *error set.
#define CT_TRY(fallback, ...)  \
  try {                        \
    __VA_ARGS__                \
  } catch (...) {              \
    ct::report(error);         \
    return fallback;           \
  }
