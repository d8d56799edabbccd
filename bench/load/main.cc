// load — asks a registry for the transactions of a plan, and says how it went as one line of JSON.
//
//   load --target 127.0.0.1:5000 --plan plan.jsonl [--fill FILE] [--connections 8] [--threads 2]
//        [--seconds 5 | --once] [--random] [--rate N] [--tls]
//
// --once: every transaction one time; --seconds: until then, in order (around) or --random.
// --rate: open loop, so many transactions a second in all. A transaction's latency then counts from
// the moment when it was due, so a server that stalls is charged for everything that waited (no
// coordinated omission).

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "load/client.h"
#include "load/histogram.h"
#include "load/plan.h"

namespace entrepot::bench {
namespace {

using std::chrono::steady_clock;

struct Options {
  Target target;
  std::string plan, fill;
  std::size_t connections = 8, threads = 2;
  double seconds = 5, rate = 0;
  bool once = false, random = false, tls = false;
};

// What all threads draw from.
struct Work {
  const Options& options;
  const std::vector<Transaction>& plan;
  steady_clock::time_point start, end;
  std::atomic<std::uint64_t> next = 0;

  // The next transaction's number, or none when the work is done.
  std::optional<std::uint64_t> draw() {
    const std::uint64_t number = next.fetch_add(1);
    if (options.once && number >= plan.size()) return std::nullopt;
    if (!options.once && steady_clock::now() >= end) return std::nullopt;
    return number;
  }
  // When it is due, in an open loop.
  steady_clock::time_point due(std::uint64_t number) const {
    return start + std::chrono::nanoseconds(
                       static_cast<std::int64_t>(static_cast<double>(number) / options.rate * 1e9));
  }
};

struct Outcome {
  Tally tally;
  Histogram latencies;
};

// One thread's connections.
class Runner {
 public:
  Runner(Work& work, std::size_t connections, unsigned seed) : work_(work), random_(seed) {
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    for (std::size_t i = 0; i < connections; ++i) {
      slots_.push_back({std::make_unique<Client>(work.options.target), {}, 0, -1});
    }
  }
  ~Runner() { ::close(poll_); }

  Outcome run() {
    for (Slot& slot : slots_) start(slot);
    std::vector<epoll_event> events(slots_.size());
    while (busy_ > 0 || !waiting_.empty()) {
      const int count = ::epoll_wait(poll_, events.data(), static_cast<int>(events.size()),
                                     waiting_.empty() ? 1000 : patience());
      for (int i = 0; i < count; ++i) drive(slots_[events[i].data.u64]);
      start_due();
    }
    return std::move(outcome_);
  }

 private:
  struct Slot {
    std::unique_ptr<Client> client;
    steady_clock::time_point since;  // when the transaction was due
    unsigned waits = 0;              // the registered interest
    int registered = -1;             // the descriptor it is registered for
  };

  std::size_t index(const Slot& slot) const {
    return static_cast<std::size_t>(&slot - slots_.data());
  }

  void start(Slot& slot) {
    const auto number = work_.draw();
    if (!number) return;
    if (work_.options.rate > 0) {
      waiting_.emplace(work_.due(*number), std::pair(index(slot), *number));
      return;
    }
    begin(slot, *number, steady_clock::now());
  }

  void begin(Slot& slot, std::uint64_t number, steady_clock::time_point since) {
    const std::size_t at =
        work_.options.random ? random_() % work_.plan.size() : number % work_.plan.size();
    slot.since = since;
    ++busy_;
    slot.client->begin(work_.plan[at]);
    drive(slot);
  }

  void start_due() {
    const auto now = steady_clock::now();
    while (!waiting_.empty() && waiting_.begin()->first <= now) {
      const auto [due, what] = *waiting_.begin();
      waiting_.erase(waiting_.begin());
      begin(slots_[what.first], what.second, due);
    }
  }

  int patience() const {
    const auto left = waiting_.begin()->first - steady_clock::now();
    const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(left).count();
    return millis < 0 ? 0 : static_cast<int>(millis);
  }

  void drive(Slot& slot) {
    while (slot.client->advance(outcome_.tally)) {
      const auto took = steady_clock::now() - slot.since;
      outcome_.latencies.add(static_cast<std::uint64_t>(
          std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
      --busy_;
      const auto number = work_.options.rate > 0 ? std::nullopt : work_.draw();
      if (!number) {
        if (work_.options.rate > 0) start(slot);
        break;
      }
      const std::size_t at =
          work_.options.random ? random_() % work_.plan.size() : *number % work_.plan.size();
      slot.since = steady_clock::now();
      ++busy_;
      slot.client->begin(work_.plan[at]);
    }
    watch(slot);
  }

  void watch(Slot& slot) {
    const unsigned wants = slot.client->wants();
    const int descriptor = slot.client->descriptor();
    if (slot.registered == descriptor && slot.waits == wants) return;
    epoll_event event{};
    event.events = wants;
    event.data.u64 = index(slot);
    // A client that reconnected may have its old number again: then adding works, changing does
    // not.
    if (::epoll_ctl(poll_, EPOLL_CTL_MOD, descriptor, &event) != 0) {
      ::epoll_ctl(poll_, EPOLL_CTL_ADD, descriptor, &event);
    }
    slot.waits = wants;
    slot.registered = descriptor;
  }

  Work& work_;
  std::minstd_rand random_;
  int poll_ = -1;
  std::vector<Slot> slots_;
  std::multimap<steady_clock::time_point, std::pair<std::size_t, std::uint64_t>> waiting_;
  std::size_t busy_ = 0;
  Outcome outcome_;
};

std::string report(const Outcome& all, double seconds) {
  const auto& latencies = all.latencies;
  return fmt::format(
      R"({{"transactions":{},"requests":{},"errors":{},"first_error":"{}","received_bytes":{},)"
      R"("sent_bytes":{},"seconds":{:.6f},"latency_us":{{"p50":{},"p90":{},"p99":{},"p999":{},"max":{}}}}})",
      latencies.count(), all.tally.requests, all.tally.errors, all.tally.first_error,
      all.tally.received_bytes, all.tally.sent_bytes, seconds, latencies.percentile(.5),
      latencies.percentile(.9), latencies.percentile(.99), latencies.percentile(.999),
      latencies.max());
}

Result<std::string_view> map_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat facts {};
  if (file < 0 || ::fstat(file, &facts) != 0) {
    return fail(ErrorCode::NotFound, "cannot open {}", path);
  }
  const auto size = static_cast<std::size_t>(facts.st_size);
  void* bytes = ::mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_POPULATE, file, 0);
  if (bytes == MAP_FAILED) return fail(ErrorCode::Unavailable, "cannot map {}", path);
  return std::string_view(static_cast<const char*>(bytes), size);
}

Result<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const auto value = [&]() -> std::string { return i + 1 < argc ? argv[++i] : ""; };
    if (flag == "--target") {
      const std::string text = value();
      const auto colon = text.rfind(':');
      options.target.host = text.substr(0, colon);
      options.target.port = static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1));
    } else if (flag == "--plan") {
      options.plan = value();
    } else if (flag == "--fill") {
      options.fill = value();
    } else if (flag == "--connections") {
      options.connections = std::stoul(value());
    } else if (flag == "--threads") {
      options.threads = std::stoul(value());
    } else if (flag == "--seconds") {
      options.seconds = std::stod(value());
    } else if (flag == "--rate") {
      options.rate = std::stod(value());
    } else if (flag == "--once") {
      options.once = true;
    } else if (flag == "--random") {
      options.random = true;
    } else if (flag == "--tls") {
      options.tls = true;
    } else {
      return fail(ErrorCode::InvalidArgument, "unknown option {}", flag);
    }
  }
  options.threads = std::min(options.threads, options.connections);
  return options;
}

Result<void> run(int argc, char** argv) {
  TRY_ASSIGN(Options options, parse(argc, argv));
  TRY_ASSIGN(const auto plan, read_plan(options.plan));
  if (!options.fill.empty()) {
    TRY_ASSIGN(options.target.fill, map_file(options.fill));
  }
  if (options.tls) options.target.tls = SSL_CTX_new(TLS_client_method());
  const auto start = steady_clock::now();
  Work work{options, plan, start,
            start + std::chrono::microseconds(static_cast<std::int64_t>(options.seconds * 1e6))};
  std::vector<Outcome> outcomes(options.threads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < options.threads; ++t) {
    const std::size_t share =
        options.connections / options.threads + (t < options.connections % options.threads ? 1 : 0);
    threads.emplace_back(
        [&, t, share] { outcomes[t] = Runner(work, share, static_cast<unsigned>(t + 1)).run(); });
  }
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  Outcome all;
  for (const Outcome& one : outcomes) {
    all.latencies.merge(one.latencies);
    all.tally.requests += one.tally.requests;
    all.tally.errors += one.tally.errors;
    all.tally.received_bytes += one.tally.received_bytes;
    all.tally.sent_bytes += one.tally.sent_bytes;
    if (all.tally.first_error.empty()) all.tally.first_error = one.tally.first_error;
  }
  std::puts(report(all, seconds).c_str());
  return {};
}

}  // namespace
}  // namespace entrepot::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto done = entrepot::bench::run(argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "load: %s\n", done.error().message.c_str());
  return 2;
}
