// Work shared out among libtorch's own threads.
#pragma once

#include <ATen/Parallel.h>
#include <dlfcn.h>

#include <algorithm>
#include <atomic>

namespace ct {

// at::parallel_for is a plain loop in code that is compiled without OpenMP, and Swift's compiler comes without. This asks the OpenMP library that
// libtorch has loaded, by the call that gcc makes for `#pragma omp parallel`: libtorch's own threads do the work.
template <typename Body>
void inParallel(int64_t count, int64_t grain, const Body &body) {
  using Parallel = void (*)(void (*)(void *), void *, unsigned, unsigned);
  static const auto parallel = reinterpret_cast<Parallel>(dlsym(RTLD_DEFAULT, "GOMP_parallel"));
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), (count + grain - 1) / grain);
  if (parallel == nullptr || threads < 2 || at::in_parallel_region()) return body(0, count);
  struct Work {
    const Body &body;
    int64_t count, threads;
    std::atomic<int64_t> next{0};
  } work{body, count, threads};
  // Shares are taken, not given: the library may start fewer threads than it was asked for.
  parallel(
      [](void *data) {
        auto &work = *static_cast<Work *>(data);
        for (int64_t share; (share = work.next.fetch_add(1)) < work.threads;) {
          work.body(work.count * share / work.threads, work.count * (share + 1) / work.threads);
        }
      },
      &work, static_cast<unsigned>(threads), 0);
}

}  // namespace ct
