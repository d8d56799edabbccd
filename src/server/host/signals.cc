#include "server/host/signals.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <utility>

namespace entrepot::server {
namespace {

constexpr int kWake = SIGUSR2;  // from ourselves: look whether it is time to end

// What the thread waits for.
constexpr int kWatched[] = {SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGHUP, kWake};

// Those whose default is death although nothing is wrong; CHLD, URG and WINCH are ignored anyway.
constexpr int kIgnored[] = {SIGPIPE, SIGXFSZ, SIGUSR1, SIGALRM,  SIGVTALRM,
                            SIGPROF, SIGIO,   SIGPWR,  SIGSTKFLT};

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kWatched) sigaddset(&set, signal);
  return set;
}

void ignore_what_means_nothing() {
  for (const int signal : kIgnored) ::signal(signal, SIG_IGN);
  for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) ::signal(signal, SIG_IGN);
}

}  // namespace

Signals::Signals(std::function<void()> on_stop) : on_stop_(std::move(on_stop)) {
  ignore_what_means_nothing();
  const sigset_t set = watched();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { run(); });
}

Signals::~Signals() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  pthread_kill(thread_.native_handle(), kWake);
  thread_.join();
  const sigset_t set = watched();
  // What came too late for the thread would do as the system wants: end the process, mostly.
  const timespec at_once{};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

Signals::Event Signals::next() {
  const MutexLock lock(mutex_);
  while (!stop_ && !reload_) came_.wait(mutex_);
  if (stop_) return Event::Stop;
  reload_ = false;
  return Event::Reload;
}

// Writes down what the signal asks for; true when it is the first Stop.
bool Signals::take(int signal) {
  const MutexLock lock(mutex_);
  if (signal == SIGHUP) {
    reload_ = true;
    return false;
  }
  if (stop_ && signal != SIGXCPU) ::_exit(128 + signal);
  return !std::exchange(stop_, true);
}

void Signals::run() {
  const sigset_t set = watched();
  for (;;) {
    int signal = 0;
    // No deadline: the destructor sends kWake.
    if (sigwait(&set, &signal) != 0) continue;
    if (signal == kWake) {
      const MutexLock lock(mutex_);
      if (ending_) return;
      continue;
    }
    const bool first_stop = take(signal);
    came_.notify_all();
    if (first_stop) on_stop_();
  }
}

}  // namespace entrepot::server
