#pragma once
// bench/load/runner.h — one thread that keeps its connections busy with transactions.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "load/client.h"
#include "load/histogram.h"
#include "load/plan.h"

namespace entrepot::bench {

// How the transactions of a plan are to be asked for.
struct Pace {
  double rate = 0;  // transactions a second of all threads, in an open loop; 0: as fast as it goes
  bool once = false;
  bool random = false;
  bool hold = false;  // each connection runs one transaction, and then idles
};

// What all threads draw from.
struct Work {
  using Clock = std::chrono::steady_clock;

  const Pace& pace;
  const std::vector<Transaction>& plan;
  Clock::time_point start, end;
  std::atomic<std::uint64_t> next = 0;

  // The next transaction's number, or none when the work is done.
  std::optional<std::uint64_t> draw();
  // When it is due, in an open loop.
  Clock::time_point due(std::uint64_t number) const;
};

// Latencies are those of the transactions that went well.
struct Outcome {
  Tally tally;
  Histogram latencies;

  void merge(const Outcome& other);
};

// Its connections stay open until it is destroyed.
class Runner {
 public:
  Runner(const Target& target, Work& work, std::size_t connections, unsigned seed);
  ~Runner();
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  // Returns when the work is done.
  void run();
  const Outcome& outcome() const { return outcome_; }

 private:
  using Clock = Work::Clock;

  struct Slot {
    std::unique_ptr<Client> client;
    Clock::time_point since{};  // when the transaction was due
    unsigned waits = 0;         // the registered interest
    unsigned registered = 0;    // the client's socket it is registered for, by its count
  };

  std::size_t index(const Slot& slot) const;
  void start(Slot& slot);
  void begin(Slot& slot, std::uint64_t number, Clock::time_point since);
  void start_due();
  void drive(Slot& slot);
  void watch(Slot& slot);
  void ignore(Slot& slot);
  timespec patience() const;

  Work& work_;
  std::minstd_rand random_;
  int poll_ = -1;
  std::vector<Slot> slots_;
  // Open loop: who waits for which transaction.
  std::multimap<Clock::time_point, std::pair<std::size_t, std::uint64_t>> waiting_;
  std::size_t busy_ = 0;
  Outcome outcome_;
};

}  // namespace entrepot::bench
