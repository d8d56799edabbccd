#pragma once
// server/host/signals.h — what each signal does to a server.

#include <functional>
#include <thread>

#include "base/mutex.h"

namespace entrepot::server {

// Made before any other thread, because every thread inherits that the first five are blocked; one
// thread of its own waits for them. No signal from outside ends a server but those that ask for it:
//
// | signal                                        | what it does                                 |
// |-----------------------------------------------|----------------------------------------------|
// | TERM, INT, QUIT                               | Stop; a second one ends the process on the   |
// |                                               | spot, with 128 + its number                  |
// | XCPU (the soft limit on processor time)       | Stop; again each second, which changes       |
// |                                               | nothing                                      |
// | HUP                                           | Reload                                       |
// | PIPE, XFSZ                                    | ignored: the write fails and says so         |
// | USR1, USR2, ALRM, VTALRM, PROF, IO (POLL),    | ignored: they mean nothing here              |
// | PWR, STKFLT, CHLD, URG, WINCH, all real-time  |                                              |
// | TSTP, TTIN, TTOU, STOP, CONT                  | as the system has it: pause and go on        |
// | SEGV, BUS, ILL, FPE, ABRT, TRAP, SYS          | as the system has it: the process ends, for  |
// |                                               | it found itself broken; no core file         |
// | KILL                                          | the process ends; nothing acknowledged is    |
// |                                               | lost                                         |
class Signals {
 public:
  enum class Event { Reload, Stop };

  // `on_stop` is called at once when the first Stop comes, on the signals' thread.
  explicit Signals(std::function<void()> on_stop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Blocks until one has come. Stop stays: every later call returns it at once.
  Event next();

 private:
  void run();
  bool take(int signal);

  const std::function<void()> on_stop_;
  Mutex mutex_;
  CondVar came_;
  bool stop_ ENTREPOT_GUARDED_BY(mutex_) = false;
  bool reload_ ENTREPOT_GUARDED_BY(mutex_) = false;
  bool ending_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace entrepot::server
