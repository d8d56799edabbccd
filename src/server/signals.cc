#include "server/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

namespace entrepot::server {
namespace {

constexpr int kWake = SIGUSR2;  // from ourselves: look whether it is time to end

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, kWake}) sigaddset(&set, signal);
  return set;
}

}  // namespace

Signals::Signals(std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {
  ::signal(SIGPIPE, SIG_IGN);
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { run(); });
}

Signals::~Signals() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  pthread_kill(thread_.native_handle(), kWake);
  thread_.join();
  const sigset_t set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Signals::Event Signals::next() {
  std::unique_lock lock(mutex_);
  came_.wait(lock, [this] { return stop_ || reload_; });
  if (stop_) return Event::Stop;
  reload_ = false;
  return Event::Reload;
}

void Signals::run() {
  const sigset_t set = watched();
  for (;;) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0) continue;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      if (signal == kWake) continue;
      if (signal != SIGHUP && stop_) ::_exit(128 + signal);
      (signal == SIGHUP ? reload_ : stop_) = true;
    }
    came_.notify_all();
    if (signal != SIGHUP) on_stop_();
  }
}

}  // namespace entrepot::server
