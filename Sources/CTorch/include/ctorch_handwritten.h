// The part of the C ABI that no generator can write: memory, data access, autograd, scopes, random state, boxed calls, devices.
#ifndef CTORCH_HANDWRITTEN_H
#define CTORCH_HANDWRITTEN_H

#include "ctorch_base.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

// Errors ------------------------------------------------------------------------------------------------------------------------------

typedef enum : int32_t {
  CT_ERROR_ENGINE = 0,
  CT_ERROR_OUT_OF_MEMORY = 1,
  CT_ERROR_INDEX = 2,
  CT_ERROR_VALUE = 3,
  CT_ERROR_TYPE = 4,
  CT_ERROR_NOT_IMPLEMENTED = 5,
  CT_ERROR_LINEAR_ALGEBRA = 6,
  CT_ERROR_CALLBACK = 7,
} CTErrorKind;

CT_API CTErrorKind ct_error_kind(CTError error);
CT_API const char *ct_error_message(CTError error);
CT_API void ct_error_free(CTError error);

// Handles -----------------------------------------------------------------------------------------------------------------------------

CT_API void ct_tensor_release(CTTensor tensor);
CT_API CTTensor ct_tensor_retain(CTTensor tensor);
CT_API void ct_tensor_list_free(CTTensorList list);
CT_API int64_t ct_live_handles(void);

// Properties and data -----------------------------------------------------------------------------------------------------------------

CT_API int64_t ct_tensor_dim(CTTensor tensor);
// Valid while the tensor lives and is not resized; null where the layout has none (see ct_tensor_strides).
CT_API const int64_t *ct_tensor_sizes(CTTensor tensor);
CT_API const int64_t *_Nullable ct_tensor_strides(CTTensor tensor);
CT_API int64_t ct_tensor_numel(CTTensor tensor);
CT_API int32_t ct_tensor_dtype(CTTensor tensor);
CT_API CTDevice ct_tensor_device(CTTensor tensor);
CT_API bool ct_tensor_is_contiguous(CTTensor tensor);
CT_API bool ct_tensor_is_strided(CTTensor tensor);
CT_API bool ct_tensor_is_same(CTTensor first, CTTensor second);
// The address of the first element, or null for an empty tensor.
CT_API void *_Nullable ct_tensor_data(CTTensor tensor, CTError _Nullable *_Nonnull error);
CT_API CTScalar ct_tensor_item(CTTensor tensor, CTError _Nullable *_Nonnull error);

CT_API CTTensor _Nullable ct_tensor_from_bytes(
    const void *_Nullable bytes, int64_t byte_count, CTInts shape, int32_t dtype, CTError _Nullable *_Nonnull error);
// Shares memory; `release(context)` is called once when libtorch lets go of it, also when the call fails.
CT_API CTTensor _Nullable ct_tensor_from_memory(
    void *memory, CTInts shape, int32_t dtype, void *_Nullable context, void (*release)(void *_Nullable),
    CTError _Nullable *_Nonnull error);
CT_API CTTensor _Nullable ct_tensor_to(
    CTTensor tensor, CTDevice device, int32_t dtype, bool non_blocking, bool copy, int32_t memory_format, CTError _Nullable *_Nonnull error);

// The same elements as plain memory: on the CPU, row-major, of type `dtype`, without lazy conjugation, negation or zeros.
CT_API CTTensor _Nullable ct_tensor_host(CTTensor tensor, int32_t dtype, CTError _Nullable *_Nonnull error);

// Autograd ----------------------------------------------------------------------------------------------------------------------------

CT_API bool ct_requires_grad(CTTensor tensor);
CT_API int32_t ct_set_requires_grad(CTTensor tensor, bool value, CTError _Nullable *_Nonnull error);
CT_API bool ct_is_leaf(CTTensor tensor);
// malloc'ed name of the operation that made the tensor (`AddBackward0`), or null for a leaf.
CT_API char *_Nullable ct_grad_fn_name(CTTensor tensor);
CT_API int32_t ct_retain_grad(CTTensor tensor, CTError _Nullable *_Nonnull error);
CT_API CTTensor _Nullable ct_grad(CTTensor tensor);
CT_API int32_t ct_set_grad(CTTensor tensor, CTTensor _Nullable gradient, CTError _Nullable *_Nonnull error);
CT_API int32_t ct_backward(
    CTTensors outputs, CTTensors gradients, bool retain_graph, bool create_graph, CTTensors inputs, CTError _Nullable *_Nonnull error);
// Writes one handle per input to `results`; null where nothing flowed and `allow_unused` is set.
CT_API int32_t ct_gradients(
    CTTensors outputs, CTTensors inputs, CTTensors gradients, bool retain_graph, bool create_graph, bool allow_unused,
    CTTensor _Nullable *_Nonnull results, CTError _Nullable *_Nonnull error);

// A hook owns `gradient`. It returns 0 and may set `*replacement` (+1), or returns another number with `*message` malloc'ed.
typedef int32_t (*CTHook)(
    void *context, CTTensor gradient, CTTensor _Nullable *_Nonnull replacement, char *_Nullable *_Nonnull message);
CT_API int64_t ct_register_hook(
    CTTensor tensor, CTHook hook, void *context, void (*release)(void *), CTError _Nullable *_Nonnull error);
CT_API int32_t ct_remove_hook(CTTensor tensor, int64_t position, CTError _Nullable *_Nonnull error);

// A user's own backward. It owns the items of `gradients` (null where none arrived) and `saved`, and writes `input_count` handles (+1 or null).
typedef int32_t (*CTBackward)(
    void *context, CTTensor _Nullable *_Nullable gradients, int64_t gradient_count, CTTensor _Nullable *_Nullable saved,
    int64_t saved_count, CTTensor _Nullable *_Nullable results, int64_t input_count, char *_Nullable *_Nonnull message);
// Gives `outputs` (computed without gradient) a history: a node that calls `backward`. `saved` may hold inputs and outputs.
// Writes one new handle per output to `results`.
CT_API int32_t ct_custom_function(
    CTTensors inputs, CTTensors outputs, CTTensors saved, CTBackward backward, void *context, void (*release)(void *),
    CTTensor _Nullable *_Nonnull results, CTError _Nullable *_Nonnull error);

// Scopes (thread-local: enter and leave on one thread) ----------------------------------------------------------------------------------

CT_API bool ct_grad_enabled(void);
CT_API void ct_set_grad_enabled(bool value);
CT_API void *ct_inference_enter(bool enabled);
CT_API void ct_inference_leave(void *guard);
CT_API bool ct_inference_enabled(void);

typedef struct { bool enabled; int32_t dtype; bool cache; } CTAutocast;
CT_API CTAutocast ct_autocast(int32_t device_type, CTError _Nullable *_Nonnull error);
CT_API int32_t ct_autocast_enter(int32_t device_type, CTAutocast state, CTError _Nullable *_Nonnull error);
CT_API void ct_autocast_leave(int32_t device_type, CTAutocast previous);

CT_API int32_t ct_threads(void);
CT_API int32_t ct_set_threads(int32_t count, CTError _Nullable *_Nonnull error);
CT_API int32_t ct_set_interop_threads(int32_t count, CTError _Nullable *_Nonnull error);
CT_API void ct_set_deterministic(bool value, bool warn_only);
CT_API bool ct_deterministic(void);
CT_API bool ct_set_flush_denormal(bool value);

// Random numbers ------------------------------------------------------------------------------------------------------------------------

CT_API CTGenerator _Nullable ct_generator_new(uint64_t seed, CTError _Nullable *_Nonnull error);
CT_API CTGenerator _Nullable ct_generator_default(CTError _Nullable *_Nonnull error);
CT_API void ct_generator_release(CTGenerator generator);
CT_API int32_t ct_generator_seed(CTGenerator generator, uint64_t seed, CTError _Nullable *_Nonnull error);
CT_API CTTensor _Nullable ct_generator_state(CTGenerator generator, CTError _Nullable *_Nonnull error);
CT_API int32_t ct_generator_set_state(CTGenerator generator, CTTensor state, CTError _Nullable *_Nonnull error);
// Seeds the default generators of all devices.
CT_API int32_t ct_manual_seed(uint64_t seed, CTError _Nullable *_Nonnull error);

// Boxed calls ---------------------------------------------------------------------------------------------------------------------------

typedef struct CTOperatorObject *CTOperator;
typedef struct CTOpaqueObject *CTOpaque;  // any other value, such as packed weights

typedef enum : int32_t {
  CT_VALUE_NONE = 0,
  CT_VALUE_TENSOR,
  CT_VALUE_SCALAR,
  CT_VALUE_INTS,
  CT_VALUE_DOUBLES,
  CT_VALUE_BOOLS,
  CT_VALUE_TENSORS,
  CT_VALUE_STRING,
  CT_VALUE_DEVICE,
  CT_VALUE_DTYPE,
  CT_VALUE_GENERATOR,
  CT_VALUE_OPAQUE,
} CTValueKind;
typedef struct {
  CTValueKind kind;
  int64_t count;  // of the list kinds and of strings (bytes)
  union {
    CTTensor _Nullable tensor;
    CTScalar scalar;
    const int64_t *_Nullable ints;
    const double *_Nullable doubles;
    const bool *_Nullable bools;
    const CTTensor _Nullable *_Nullable tensors;
    const char *_Nullable string;
    CTDevice device;
    int32_t dtype;
    CTGenerator _Nullable generator;
    CTOpaque _Nullable opaque;
  } u;
} CTValue;

CT_API CTOperator _Nullable ct_operator_find(const char *name, const char *overload, CTError _Nullable *_Nonnull error);
// malloc'ed text.
CT_API char *_Nullable ct_operator_schema(CTOperator op, CTError _Nullable *_Nonnull error);
CT_API int64_t ct_operator_argument_count(CTOperator op);
// malloc'ed text: the name of argument `index`.
CT_API char *_Nullable ct_operator_argument_name(CTOperator op, int64_t index);
// Missing arguments (kind NONE with count -1) take their defaults. Results are written to `results`: owned tensors, malloc'ed lists and
// strings, owned opaque values. Returns their number, or -1.
CT_API int64_t ct_operator_call(
    CTOperator op, const CTValue *_Nullable arguments, int64_t count, CTValue *results, int64_t capacity,
    CTError _Nullable *_Nonnull error);
CT_API void ct_opaque_release(CTOpaque value);
CT_API char *_Nullable ct_opaque_type(CTOpaque value);

// The library ---------------------------------------------------------------------------------------------------------------------------

CT_API const char *ct_header_version(void);
CT_API uint64_t ct_header_abi(void);
CT_API uint64_t ct_library_abi(void);
CT_API char *_Nullable ct_show_config(void);
CT_API char *_Nullable ct_parallel_info(void);
CT_API const char *ct_cpu_capability(void);
CT_API bool ct_cxx11_abi(void);
CT_API bool ct_built_with_cuda(void);
CT_API int32_t ct_cuda_device_count(void);
// Names the calling thread for debuggers and profilers; the system cuts names after 15 bytes.
CT_API void ct_set_thread_name(const char *name);
CT_API void ct_free(void *_Nullable memory);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif
