#include "server/access_log.h"

#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <ctime>
#include <iterator>
#include <mutex>
#include <thread>

#include "oci/manifest.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kFlushBytes = 64 << 10;
constexpr std::size_t kBacklogBytes = 1 << 20;
constexpr std::chrono::seconds kFlushInterval{1};
constexpr std::chrono::seconds kLastPatience{2};

// The value of `_state` signs an upload: whoever has it may go on with the upload.
std::string without_secrets(std::string_view url) {
  constexpr std::string_view kSecret = "_state=";
  std::string out;
  for (auto at = url.find(kSecret); at != std::string_view::npos; at = url.find(kSecret)) {
    out += url.substr(0, at + kSecret.size());
    out += '-';
    url.remove_prefix(std::min(url.find('&', at), url.size()));
  }
  return out.append(url);
}

// As Apache and nginx write what came from outside between quotes.
void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

std::string_view header_of(const http::Exchange& exchange, std::string_view name) {
  return exchange.request == nullptr ? "" : exchange.request->header(name).value_or("");
}

std::string_view address_of(const http::Exchange& exchange) {
  return exchange.peer == nullptr ? std::string_view("-") : exchange.peer->address;
}

// "10/Oct/2026:13:55:36 +0000"
std::string combined_time(WallTime now) {
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<std::time_t>(to_unix_micros(now) / 1'000'000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  return fmt::format("{:02}/{}/{}:{:02}:{:02}:{:02} +0000", utc.tm_mday, kMonths[utc.tm_mon],
                     utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string combined_line(const http::Exchange& exchange, WallTime now) {
  std::string line = fmt::format("{} - - [{}] ", address_of(exchange), combined_time(now));
  append_quoted(line, exchange.request == nullptr
                          ? "-"
                          : fmt::format("{} {} HTTP/1.1", exchange.request->method_text(),
                                        without_secrets(exchange.request->target())));
  line += fmt::format(" {} {} ", exchange.status, exchange.sent_bytes);
  const std::string_view referer = header_of(exchange, "Referer");
  append_quoted(line, referer.empty() ? "-" : without_secrets(referer));
  line += ' ';
  const std::string_view agent = header_of(exchange, "User-Agent");
  append_quoted(line, agent.empty() ? "-" : agent);
  line += '\n';
  return line;
}

std::string json_line(const http::Exchange& exchange, WallTime now) {
  std::string line = fmt::format(R"({{"time":"{}","remote_address":)", to_rfc3339(now));
  const auto add = [&](std::string_view key, std::string_view text) {
    line += fmt::format(R"(,"{}":)", key);
    oci::append_json_string(line, text);
  };
  oci::append_json_string(line, address_of(exchange));
  if (exchange.request != nullptr) {
    add("request_id", exchange.request->id());
    add("method", exchange.request->method_text());
    add("target", without_secrets(exchange.request->target()));
    add("user_agent", header_of(exchange, "User-Agent"));
  }
  add("route", exchange.route);
  line += fmt::format(
      R"(,"status":{},"received_bytes":{},"sent_bytes":{},"duration_us":{},"complete":{}}})",
      exchange.status, exchange.received_bytes, exchange.sent_bytes, exchange.duration.count(),
      exchange.complete);
  line += '\n';
  return line;
}

}  // namespace

std::string access_log_line(const http::Exchange& exchange, WallTime now, AccessLogFormat format) {
  return format == AccessLogFormat::Json ? json_line(exchange, now) : combined_line(exchange, now);
}

struct AccessLog::Writer {
  Writer(int to, metrics::Counter& lost_lines) : descriptor(to), lost(lost_lines) {}

  const int descriptor;
  metrics::Counter& lost;
  std::mutex mutex;
  std::condition_variable changed;
  std::string pending;
  std::size_t pending_lines = 0;
  bool ending = false;
  bool ended = false;

  void add(std::string_view line) {
    bool full = false;
    {
      const std::lock_guard lock(mutex);
      if (pending.size() + line.size() > kBacklogBytes) {
        lost.add();
        return;
      }
      full = pending.size() < kFlushBytes && pending.size() + line.size() >= kFlushBytes;
      pending += line;
      ++pending_lines;
    }
    if (full) changed.notify_all();
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!ending || !pending.empty()) {
      changed.wait_for(lock, kFlushInterval,
                       [this] { return ending || pending.size() >= kFlushBytes; });
      const std::string batch = std::exchange(pending, {});
      const std::size_t lines = std::exchange(pending_lines, 0);
      lock.unlock();
      const bool written = write_all(batch);
      lock.lock();
      // Nobody may be left to count for once the log is gone.
      if (!written && !ending) lost.add(lines);
    }
    ended = true;
    changed.notify_all();
  }

  bool write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t size = ::write(descriptor, bytes.data(), bytes.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(size));
    }
    return true;
  }
};

AccessLog::AccessLog(Options options, const Clock& clock, metrics::Registry& metrics)
    : format_(options.format),
      clock_(clock),
      writer_(std::make_shared<Writer>(
          options.descriptor,
          metrics.counter("entrepot_access_log_lost_total",
                          "Lines of the access log that nobody took in time."))) {
  std::thread([writer = writer_] { writer->run(); }).detach();
}

AccessLog::~AccessLog() {
  std::unique_lock lock(writer_->mutex);
  writer_->ending = true;
  writer_->changed.notify_all();
  writer_->changed.wait_for(lock, kLastPatience, [this] { return writer_->ended; });
}

void AccessLog::record(const http::Exchange& exchange) {
  writer_->add(access_log_line(exchange, clock_.wall(), format_));
}

}  // namespace entrepot::server
