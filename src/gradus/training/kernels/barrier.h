// Where threads wait for each other: they spin for a while, since a step has several such places, and sleep after that.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

class Barrier {
 public:
  explicit Barrier(int size) : size_(size) {}

  // False: another thread has broken it.
  bool wait() {
    const uint64_t turn = turn_.load(std::memory_order_acquire);
    if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
      arrived_.store(0, std::memory_order_relaxed);
      std::lock_guard<std::mutex> held(mutex_);
      turn_.store(turn + 1, std::memory_order_release);
      all_.notify_all();
      return !broken_.load();
    }
    for (int spins = 0; spins < SPINS; spins++) {
      if (turn_.load(std::memory_order_acquire) != turn || broken_.load(std::memory_order_relaxed)) return !broken_.load();
      __builtin_ia32_pause();
    }
    std::unique_lock<std::mutex> held(mutex_);
    all_.wait(held, [&] { return turn_.load() != turn || broken_.load(); });
    return !broken_.load();
  }

  void break_up() {
    std::lock_guard<std::mutex> held(mutex_);
    broken_.store(true);
    all_.notify_all();
  }

 private:
  static constexpr int SPINS = 20000;
  const int size_;
  std::atomic<int> arrived_{0};
  std::atomic<uint64_t> turn_{0};
  std::atomic<bool> broken_{false};
  std::mutex mutex_;
  std::condition_variable all_;
};
