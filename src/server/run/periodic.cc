#include "server/run/periodic.h"

#include <pthread.h>

#include "base/memory.h"

namespace entrepot::server {

Periodic::Periodic(const std::string& name, std::chrono::milliseconds interval, Work work)
    : interval_(interval), work_(std::move(work)), context_(name), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

Periodic::~Periodic() {
  {
    const MutexLock lock(mutex_);
    context_.cancel();
  }
  ending_came_.notify_all();
  thread_.join();
}

void Periodic::run() {
  MutexLock lock(mutex_);
  while (!context_.cancelled()) {
    lock.unlock();
    static_cast<void>(had_memory([this] { work_(context_); }));
    lock.lock();
    const auto next = std::chrono::steady_clock::now() + interval_;
    while (!context_.cancelled() && ending_came_.wait_until(mutex_, next)) {
    }
  }
}

}  // namespace entrepot::server
