// load — asks a registry for the transactions of a plan, and says how it went as one line of JSON.
//
//   load --target 127.0.0.1:5000 --plan plan.jsonl [--fill FILE] [--connections 8] [--threads 2]
//        [--seconds 5 | --once | --hold] [--random] [--rate N] [--tls]
//
// --once: every transaction one time; --seconds: until then, in order (around) or --random; --hold:
// one transaction a connection, and when that is done and said, all stay open, idle, until the end
// of standard input.
//
// --rate: open loop, so many transactions a second in all. A transaction's latency then counts from
// the moment when it was due, so a server that stalls is charged for everything that waited (no
// coordinated omission).

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <openssl/ssl.h>

#include "load/plan.h"
#include "load/runner.h"

namespace entrepot::bench {
namespace {

using std::chrono::steady_clock;

struct Options {
  Target target;
  Pace pace;
  std::string plan, fill;
  std::size_t connections = 8, threads = 2;
  double seconds = 5;
  bool tls = false;
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
      options.pace.rate = std::stod(value());
    } else if (flag == "--once") {
      options.pace.once = true;
    } else if (flag == "--random") {
      options.pace.random = true;
    } else if (flag == "--hold") {
      options.pace.hold = true;
    } else if (flag == "--reads") {
      options.target.reads = true;
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
  Work work{options.pace, plan, start,
            start + std::chrono::microseconds(static_cast<std::int64_t>(options.seconds * 1e6))};
  std::vector<std::unique_ptr<Runner>> runners;
  for (std::size_t t = 0; t < options.threads; ++t) {
    const std::size_t share =
        options.connections / options.threads + (t < options.connections % options.threads ? 1 : 0);
    runners.push_back(
        std::make_unique<Runner>(options.target, work, share, static_cast<unsigned>(t + 1)));
  }
  std::vector<std::thread> threads;
  for (auto& runner : runners) threads.emplace_back([&runner] { runner->run(); });
  for (auto& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  Outcome all;
  for (const auto& runner : runners) all.merge(runner->outcome());
  std::puts(report(all, seconds).c_str());
  std::fflush(stdout);
  char byte;
  while (options.pace.hold && ::read(STDIN_FILENO, &byte, 1) > 0) {
  }
  return {};
}

}  // namespace
}  // namespace entrepot::bench

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_TIMERSLACK, 1);  // an open loop waits to the microsecond
  const auto done = entrepot::bench::run(argc, argv);
  if (done) return 0;
  std::fprintf(stderr, "load: %s\n", done.error().message.c_str());
  return 2;
}
