// Threads that do the phases of one task together.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace cg {

// Members wait for one another between phases: first watching, then asleep.
class Team {
 public:
  explicit Team(int size);
  ~Team();
  Team(const Team &) = delete;
  Team &operator=(const Team &) = delete;

  int size() const { return size_; }

  // Runs task(member) on all members, the caller being member 0, and returns when all are done.
  template <class Task>
  void run(Task &task) {
    task_ = &task;
    call_ = [](void *object, int member) { (*static_cast<Task *>(object))(member); };
    start();
    task(0);
    finish();
  }

  // Inside a task: body(first, end) for pieces of [0, count) until all are done; then everybody is past this phase.
  template <class Body>
  void phase(int64_t count, int64_t grain, Body &&body) {
    if (size_ == 1) {
      body(int64_t{0}, count);
      return;
    }
    while (true) {
      const int64_t first = next_.fetch_add(grain, std::memory_order_relaxed);
      if (first >= count) break;
      body(first, first + grain < count ? first + grain : count);
    }
    meet();
  }

 private:
  void start();
  void finish();
  void meet();
  void work(int member);

  int size_;
  std::vector<std::thread> threads_;
  void *task_ = nullptr;
  void (*call_)(void *, int) = nullptr;
  alignas(64) std::atomic<uint32_t> job_{0};
  alignas(64) std::atomic<uint32_t> round_{0};
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) std::atomic<int64_t> next_{0};
  bool over_ = false;
};

}  // namespace cg
