#include "server/run/access_log.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <iterator>
#include <thread>

#include <fmt/format.h>

#include "base/mutex.h"
#include "http/forwarded.h"
#include "http/router.h"
#include "json/writer.h"

namespace entrepot::server {
namespace {

constexpr std::size_t kFlushBytes = 64 << 10;
constexpr std::size_t kBacklogBytes = 1 << 20;
constexpr std::chrono::seconds kFlushInterval{1};
constexpr std::chrono::seconds kLastPatience{2};

// Appending by hand: a line is made for every request, on the thread that answers it.

void append_number(std::string& out, std::uint64_t number) {
  const fmt::format_int digits(number);
  out.append(digits.data(), digits.size());
}

bool needs_escape(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\';
}

// What came from outside, between quotes: as Apache and nginx write it.
void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto* const plain_end = std::find_if(text.begin(), text.end(), needs_escape);
    out.append(text.begin(), plain_end);
    text.remove_prefix(static_cast<std::size_t>(plain_end - text.begin()));
    if (text.empty()) return;
    fmt::format_to(std::back_inserter(out), "\\x{:02x}", static_cast<unsigned char>(text.front()));
    text.remove_prefix(1);
  }
}

// The value of `_state` signs an upload: whoever has it may go on with the upload. Its name may be
// written with escapes.
bool is_secret(std::string_view parameter_name) {
  constexpr std::string_view kSecret = "_state";
  if (parameter_name.find('%') == std::string_view::npos) return parameter_name == kSecret;
  return http::percent_decode(parameter_name, true) == kSecret;
}

// Calls `append` for the parts of `url` without secrets.
template <class Append>
void without_secrets(std::string_view url, const Append& append) {
  constexpr std::string_view kBeginsName = "?&";
  for (std::size_t name = url.find_first_of(kBeginsName); name != std::string_view::npos;
       name = url.find_first_of(kBeginsName)) {
    append(url.substr(0, ++name));
    url.remove_prefix(name);
    const std::size_t equals = url.find_first_of("=&");
    if (equals == std::string_view::npos || !is_secret(url.substr(0, equals))) continue;
    append(url.substr(0, equals));
    append("=-");
    url.remove_prefix(std::min(url.find('&'), url.size()));
  }
  append(url);
}

std::string_view header_of(const http::server::Exchange& exchange, std::string_view name) {
  return exchange.request == nullptr ? "" : exchange.request->header(name).value_or("");
}

std::string_view address_of(const http::server::Exchange& exchange) {
  if (exchange.request != nullptr) return http::client_address(*exchange.request);
  return exchange.peer == nullptr ? std::string_view("-") : exchange.peer->address;
}

// "10/Oct/2026:13:55:36 +0000"; made once a second by each thread. No std::string: to end it with
// its thread would want memory where no exception can tell that there is none.
std::string_view combined_time(WallTime now) {
  thread_local std::time_t made_for = -1;
  thread_local std::array<char, 32> made;
  thread_local std::size_t size = 0;
  const auto seconds = static_cast<std::time_t>(to_unix_micros(now) / 1'000'000);
  if (seconds == made_for) return {made.data(), size};
  constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  const auto written = fmt::format_to_n(
      made.data(), made.size(), "{:02}/{}/{}:{:02}:{:02}:{:02} +0000", utc.tm_mday,
      kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  size = std::min(written.size, made.size());
  made_for = seconds;
  return {made.data(), size};
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text.empty() ? "-" : text);
  out += '"';
}

void append_combined(std::string& out, const http::server::Exchange& exchange, WallTime now) {
  out.append(address_of(exchange)).append(" - ");
  append_escaped(out, exchange.actor.empty() ? "-" : exchange.actor);
  out.append(" [").append(combined_time(now)).append("] \"");
  const auto append_url = [&](std::string_view part) { append_escaped(out, part); };
  if (exchange.request == nullptr) {
    out += '-';
    if (!exchange.refusal.empty()) out += ' ';
    append_escaped(out, exchange.refusal);
  } else {
    append_escaped(out, exchange.request->method_text());
    out += ' ';
    without_secrets(exchange.request->target(), append_url);
    out += exchange.request->is_http11() ? " HTTP/1.1" : " HTTP/1.0";
  }
  out += "\" ";
  append_number(out, static_cast<std::uint64_t>(exchange.status));
  out += ' ';
  append_number(out, exchange.sent_bytes);
  out += " \"";
  const std::string_view referer = header_of(exchange, "Referer");
  without_secrets(referer.empty() ? "-" : referer, append_url);
  out += "\" ";
  append_quoted(out, header_of(exchange, "User-Agent"));
  out += '\n';
}

void append_json(std::string& out, const http::server::Exchange& exchange, WallTime now) {
  json::Writer json(out);
  json.begin_object().member("time", to_rfc3339(now));
  json.member("remote_address", address_of(exchange));
  if (!exchange.actor.empty()) json.member("actor", exchange.actor);
  if (!exchange.request_id.empty()) json.member("request_id", exchange.request_id);
  if (!exchange.refusal.empty()) json.member("refusal", exchange.refusal);
  if (exchange.request != nullptr) {
    json.member("method", exchange.request->method_text());
    std::string target;
    without_secrets(exchange.request->target(), [&](std::string_view part) { target += part; });
    json.member("target", target);
    json.member("protocol", exchange.request->is_http11() ? "HTTP/1.1" : "HTTP/1.0");
    json.member("user_agent", header_of(exchange, "User-Agent"));
  }
  json.member("route", exchange.route)
      .member("status", exchange.status)
      .member("received_bytes", exchange.received_bytes)
      .member("sent_bytes", exchange.sent_bytes)
      .member("duration_us", exchange.duration.count())
      .member("complete", exchange.complete)
      .end_object()
      .end_line();
}

}  // namespace

void append_access_log_line(std::string& out, const http::server::Exchange& exchange, WallTime now,
                            AccessLogFormat format) {
  if (format == AccessLogFormat::Json) {
    append_json(out, exchange, now);
  } else {
    append_combined(out, exchange, now);
  }
}

struct AccessLog::Writer {
  Writer(int to, metrics::Counter& lost_lines) : descriptor(to), lost(lost_lines) {}

  const int descriptor;
  metrics::Counter& lost;
  Mutex mutex;
  CondVar changed;
  std::string pending ENTREPOT_GUARDED_BY(mutex);
  std::size_t pending_lines ENTREPOT_GUARDED_BY(mutex) = 0;
  bool ending ENTREPOT_GUARDED_BY(mutex) = false;
  bool ended ENTREPOT_GUARDED_BY(mutex) = false;

  void add(std::string_view line) {
    bool full = false;
    {
      const MutexLock lock(mutex);
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
    std::string batch;
    MutexLock lock(mutex);
    while (!ending || !pending.empty()) {
      const auto flush_at = std::chrono::steady_clock::now() + kFlushInterval;
      while (!ending && pending.size() < kFlushBytes && changed.wait_until(mutex, flush_at)) {
      }
      batch.clear();
      batch.swap(pending);
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
  const auto deadline = std::chrono::steady_clock::now() + kLastPatience;
  const MutexLock lock(writer_->mutex);
  writer_->ending = true;
  writer_->changed.notify_all();
  while (!writer_->ended && writer_->changed.wait_until(writer_->mutex, deadline)) {
  }
}

void AccessLog::record(const http::server::Exchange& exchange) {
  static std::atomic<std::size_t> threads = 0;
  thread_local const std::size_t thread = threads.fetch_add(1, std::memory_order_relaxed);
  Spare& spare = spares_[thread % spares_.size()];
  if (!spare.mutex.try_lock()) {
    std::string line_of_this_call;
    return record(exchange, line_of_this_call);
  }
  const MutexLock lock(spare.mutex, std::adopt_lock);
  record(exchange, spare.line);
}

void AccessLog::record(const http::server::Exchange& exchange, std::string& line) {
  line.clear();
  append_access_log_line(line, exchange, clock_.wall(), format_);
  writer_->add(line);
}

}  // namespace entrepot::server
