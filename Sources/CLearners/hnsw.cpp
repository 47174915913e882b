#include "include/clearners_hnsw.h"

#include <hnswlib/hnswlib.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <limits>
#include <memory>

struct CLHnsw {
  std::unique_ptr<hnswlib::SpaceInterface<float>> space;
  std::unique_ptr<hnswlib::HierarchicalNSW<float>> graph;
  size_t dimensions;
};

namespace {

template <typename Body>
int guarded(char **error, Body body) noexcept {
  try {
    body();
    return 0;
  } catch (const std::exception &problem) {
    *error = strdup(problem.what());
  } catch (...) {
    *error = strdup("unknown");
  }
  return 1;
}

}  // namespace

int cl_hnsw_build(const float *points, int64_t count, int32_t dimensions, int32_t space, int32_t links, int32_t construction_effort,
                  uint64_t seed, CLHnsw **index, char **error) {
  return guarded(error, [&] {
    auto result = std::make_unique<CLHnsw>();
    result->dimensions = static_cast<size_t>(dimensions);
    if (space == CL_HNSW_INNER_PRODUCT) {
      result->space = std::make_unique<hnswlib::InnerProductSpace>(result->dimensions);
    } else {
      result->space = std::make_unique<hnswlib::L2Space>(result->dimensions);
    }
    result->graph = std::make_unique<hnswlib::HierarchicalNSW<float>>(
        result->space.get(), static_cast<size_t>(count), static_cast<size_t>(links), static_cast<size_t>(construction_effort), seed);
    for (int64_t row = 0; row < count; row++) {
      result->graph->addPoint(points + row * dimensions, static_cast<hnswlib::labeltype>(row));
    }
    *index = result.release();
  });
}

int cl_hnsw_search(const CLHnsw *index, const float *queries, int64_t count, int32_t k, int64_t *labels, float *distances, char **error) {
  return guarded(error, [&] {
    for (int64_t row = 0; row < count; row++) {
      auto found = index->graph->searchKnn(queries + row * static_cast<int64_t>(index->dimensions), static_cast<size_t>(k));
      for (int64_t place = static_cast<int64_t>(found.size()); place < k; place++) {
        labels[row * k + place] = -1;
        distances[row * k + place] = std::numeric_limits<float>::infinity();
      }
      while (!found.empty()) {
        const auto place = static_cast<int64_t>(found.size()) - 1;
        labels[row * k + place] = static_cast<int64_t>(found.top().second);
        distances[row * k + place] = found.top().first;
        found.pop();
      }
    }
  });
}

void cl_hnsw_set_effort(CLHnsw *index, int32_t effort) { index->graph->setEf(static_cast<size_t>(effort)); }

void cl_hnsw_free(CLHnsw *index) { delete index; }

void cl_text_free(char *text) { free(text); }
