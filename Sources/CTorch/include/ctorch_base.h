// The types that every call of the C ABI over libtorch shares.
//
// Ownership: a handle that a call returns is the caller's (+1) and goes back through its release function; a handle that is passed in is
// borrowed. Every call that can fail takes `CTError *error` last: it stays untouched on success and receives an error object on failure,
// to be read and then freed by `ct_error_free`. No C++ exception ever leaves a call.
#ifndef CTORCH_BASE_H
#define CTORCH_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

#if defined(__GNUC__)
#define CT_API __attribute__((visibility("default")))
#else
#define CT_API
#endif

typedef struct CTTensorObject *CTTensor;        // a c10::TensorImpl
typedef struct CTGeneratorObject *CTGenerator;  // a c10::GeneratorImpl
typedef struct CTErrorObject *CTError;

// A number whose kind matters to type promotion.
typedef enum : int32_t { CT_SCALAR_DOUBLE = 0, CT_SCALAR_INT = 1, CT_SCALAR_BOOL = 2, CT_SCALAR_COMPLEX = 3 } CTScalarKind;
typedef struct {
  CTScalarKind kind;
  int64_t i;   // INT and BOOL
  double re;   // DOUBLE and COMPLEX
  double im;   // COMPLEX
} CTScalar;

// Optional values: `has` false means none.
typedef struct { bool has; int64_t value; } CTOptionalInt;
typedef struct { bool has; double value; } CTOptionalDouble;
typedef struct { bool has; bool value; } CTOptionalBool;
typedef struct { bool has; CTScalar value; } CTOptionalScalar;

// Borrowed lists.
typedef struct { const int64_t *_Nullable items; int64_t count; } CTInts;
typedef struct { bool has; const int64_t *_Nullable items; int64_t count; } CTOptionalInts;
typedef struct { const double *_Nullable items; int64_t count; } CTDoubles;
typedef struct { bool has; const double *_Nullable items; int64_t count; } CTOptionalDoubles;
typedef struct { const CTTensor _Nullable *_Nullable items; int64_t count; } CTTensors;  // a null item is an undefined tensor
typedef struct { const bool *_Nullable items; int64_t count; } CTBools;
typedef struct { const CTScalar *_Nullable items; int64_t count; } CTScalars;

// An owned list of tensors: each item is the caller's, the array goes back through ct_tensor_list_free (which leaves the items alone).
typedef struct { CTTensor _Nullable *_Nullable items; int64_t count; } CTTensorList;

// `type` is c10::DeviceType (0 CPU, 1 CUDA …), -1 for "none given"; `index` is -1 where it does not matter.
typedef struct { int32_t type; int32_t index; } CTDevice;

// Scalar types, layouts and memory formats travel as their c10 numbers in int32_t, -1 for "none given".

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif
