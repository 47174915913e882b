// Processes that work together: rendezvous stores, process groups over Gloo, collective operations, and the hook that tells when a gradient
// is complete.
#ifndef CTORCH_DISTRIBUTED_H
#define CTORCH_DISTRIBUTED_H

#include "ctorch_base.h"

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

typedef struct CTStoreObject *CTStore;  // a c10d::Store
typedef struct CTGroupObject *CTGroup;  // a process group over Gloo
typedef struct CTWorkObject *CTWork;    // a collective under way

// Times are in milliseconds.

// Stores --------------------------------------------------------------------------------------------------------------------------------

// Connects to the store at host:port, which this process serves itself if `is_server`; `port` 0 then takes a free one. Waits until
// `world_size` processes have come if that is positive.
CT_API CTStore _Nullable ct_store_tcp(
    const char *host, int32_t port, bool is_server, int64_t world_size, int64_t timeout, CTError _Nullable *_Nonnull error);
// A store in a file that all processes can write.
CT_API CTStore _Nullable ct_store_file(const char *path, int64_t world_size, int64_t timeout, CTError _Nullable *_Nonnull error);
// The same store with `prefix` before every key.
CT_API CTStore _Nullable ct_store_prefixed(CTStore store, const char *prefix, CTError _Nullable *_Nonnull error);
CT_API int32_t ct_store_port(CTStore store);
CT_API int32_t ct_store_set(CTStore store, const char *key, const char *value, CTError _Nullable *_Nonnull error);
// malloc'ed text; waits until the key is there or the time is over.
CT_API char *_Nullable ct_store_get(CTStore store, const char *key, int64_t timeout, CTError _Nullable *_Nonnull error);
// 1 if the key is there, 0 if not, -1 on failure.
CT_API int32_t ct_store_has(CTStore store, const char *key, CTError _Nullable *_Nonnull error);
CT_API void ct_store_release(CTStore store);

// Process groups --------------------------------------------------------------------------------------------------------------------------

// `address`: a local address or host name to be reached at; `interface` (`eth0`) goes before it.
CT_API CTGroup _Nullable ct_group_gloo(
    CTStore store, int32_t rank, int32_t size, int64_t timeout, const char *_Nullable address, const char *_Nullable interface,
    CTError _Nullable *_Nonnull error);
CT_API void ct_group_release(CTGroup group);
// malloc'ed text: the address of this machine that packets to `host` leave from.
CT_API char *_Nullable ct_address_towards(const char *host, int32_t port, CTError _Nullable *_Nonnull error);

typedef enum : int32_t { CT_REDUCE_SUM = 0, CT_REDUCE_PRODUCT = 2, CT_REDUCE_MIN = 3, CT_REDUCE_MAX = 4 } CTReduce;

// Each starts a collective and returns at once. Tensors are contiguous, alike on all processes, and kept alive by the work.
CT_API CTWork _Nullable ct_all_reduce(
    CTGroup group, CTTensor tensor, CTReduce op, int64_t timeout, CTError _Nullable *_Nonnull error);
CT_API CTWork _Nullable ct_broadcast(
    CTGroup group, CTTensor tensor, int32_t root, int64_t timeout, CTError _Nullable *_Nonnull error);
// `output` is [size × first dimension of input, …].
CT_API CTWork _Nullable ct_all_gather(
    CTGroup group, CTTensor output, CTTensor input, int64_t timeout, CTError _Nullable *_Nonnull error);
// `input` is [size × first dimension of output, …].
CT_API CTWork _Nullable ct_reduce_scatter(
    CTGroup group, CTTensor output, CTTensor input, CTReduce op, int64_t timeout, CTError _Nullable *_Nonnull error);
CT_API CTWork _Nullable ct_barrier(CTGroup group, int64_t timeout, CTError _Nullable *_Nonnull error);

// Waits until the collective is done; its own time limit ends it.
CT_API int32_t ct_work_wait(CTWork work, CTError _Nullable *_Nonnull error);
CT_API bool ct_work_is_done(CTWork work);
CT_API void ct_work_release(CTWork work);

// Gradients -------------------------------------------------------------------------------------------------------------------------------

// Calls `hook` each time a backward pass has added to the leaf's gradient; it replaces the hook that was there. A hook returns 0, or another
// number with `*message` malloc'ed, which ends the backward pass.
typedef int32_t (*CTGradientHook)(void *context, char *_Nullable *_Nonnull message);
CT_API int32_t ct_set_gradient_hook(
    CTTensor leaf, CTGradientHook hook, void *context, void (*release)(void *), CTError _Nullable *_Nonnull error);
CT_API int32_t ct_remove_gradient_hook(CTTensor leaf, CTError _Nullable *_Nonnull error);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif
