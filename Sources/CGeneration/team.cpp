// Threads that do the phases of one task together.
#include "team.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cg {

namespace {

void rest() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

// Watches for a while (a phase is short), then sleeps: a busy machine needs the core.
void await(std::atomic<uint32_t> &number, uint32_t old) {
  for (int i = 0; i < 1000; i++) {
    if (number.load(std::memory_order_acquire) != old) return;
    rest();
  }
  while (number.load(std::memory_order_acquire) == old) number.wait(old, std::memory_order_acquire);
}

}  // namespace

Team::Team(int size) : size_(size < 1 ? 1 : size) {
  try {
    for (int member = 1; member < size_; member++) threads_.emplace_back([this, member] { work(member); });
  } catch (...) {
    // Without the other threads the work is still done.
    size_ = static_cast<int>(threads_.size()) + 1;
  }
}

Team::~Team() {
  over_ = true;
  job_.fetch_add(1, std::memory_order_release);
  job_.notify_all();
  for (auto &thread : threads_) thread.join();
}

void Team::start() {
  if (size_ == 1) return;
  next_.store(0, std::memory_order_relaxed);
  job_.fetch_add(1, std::memory_order_release);
  job_.notify_all();
}

void Team::finish() {
  if (size_ > 1) meet();
}

void Team::work(int member) {
  uint32_t seen = 0;
  while (true) {
    await(job_, seen);
    seen++;
    if (over_) return;
    call_(task_, member);
    meet();
  }
}

void Team::meet() {
  const uint32_t round = round_.load(std::memory_order_acquire);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) == size_ - 1) {
    arrived_.store(0, std::memory_order_relaxed);
    next_.store(0, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  } else {
    await(round_, round);
  }
}

}  // namespace cg
