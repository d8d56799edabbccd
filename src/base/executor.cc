#include "base/executor.h"

#include <pthread.h>

#include <chrono>
#include <new>

#include "base/check.h"
#include "base/memory.h"

namespace entrepot {

Executor::Executor(Options options) : options_(std::move(options)) {
  CHECK(options_.threads > 0);
  threads_.reserve(options_.threads);
  for (std::size_t i = 0; i < options_.threads; ++i) {
    threads_.emplace_back([this] { run(); });
    pthread_setname_np(threads_.back().native_handle(), options_.name.substr(0, 15).c_str());
  }
}

Executor::~Executor() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Executor::try_post(std::function<void()> task) {
  {
    const MutexLock lock(mutex_);
    if (ending_ || tasks_.size() >= options_.queue_limit) return false;
    tasks_.push_back(std::move(task));
  }
  wakeup_.notify_one();
  return true;
}

void Executor::post(std::function<void()> task) {
  while (!add(task)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  wakeup_.notify_one();
}

bool Executor::add(std::function<void()>& task) {
  const MutexLock lock(mutex_);
  try {
    tasks_.push_back(std::move(task));
    return true;
  } catch (const std::bad_alloc&) {
    return false;  // the queue could not grow; nothing was moved
  }
}

std::size_t Executor::queued() const {
  const MutexLock lock(mutex_);
  return tasks_.size();
}

void Executor::run() {
  MutexLock lock(mutex_);
  for (;;) {
    while (!ending_ && tasks_.empty()) wakeup_.wait(mutex_);
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    static_cast<void>(had_memory(task));
    task = nullptr;  // what it captured ends outside the lock
    lock.lock();
  }
}

}  // namespace entrepot
