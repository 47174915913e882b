// Approximate nearest neighbours by hnswlib (hierarchical navigable small worlds). No exception leaves these functions: they return 0, or
// another number and a text in `error` that the caller frees.
#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CLHnsw CLHnsw;

enum { CL_HNSW_SQUARED_EUCLIDEAN = 0, CL_HNSW_INNER_PRODUCT = 1 };

// Points are added one after the other by one thread, so that the same points and seed make the same index.
int cl_hnsw_build(const float *points, int64_t count, int32_t dimensions, int32_t space, int32_t links, int32_t construction_effort,
                  uint64_t seed, CLHnsw **index, char **error);

// The nearest `k` of each query, nearest first. Safe to call from many threads. Fewer found: the rest is -1 at infinity.
// The space's own distances: squared Euclidean, or 1 - inner product.
int cl_hnsw_search(const CLHnsw *index, const float *queries, int64_t count, int32_t k, int64_t *labels, float *distances, char **error);

// How many candidates a search keeps: more finds more of the true neighbours and takes longer. Not while searches run.
void cl_hnsw_set_effort(CLHnsw *index, int32_t effort);

void cl_hnsw_free(CLHnsw *index);
void cl_text_free(char *text);

#ifdef __cplusplus
}
#endif
