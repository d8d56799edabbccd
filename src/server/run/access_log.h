#pragma once
// server/run/access_log.h — one line per request, to standard output.

#include <array>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "http/server/server.h"

namespace entrepot::server {

enum class AccessLogFormat { Combined, Json };

// Appends the line of one exchange, with its newline. A line is one line and says no secret,
// whatever a client sent: the state of upload locations is masked, Authorization is never looked
// at.
void append_access_log_line(std::string& out, const http::server::Exchange& exchange, WallTime now,
                            AccessLogFormat format);

// Collects lines and writes them from a thread of its own, once a second or 64 KiB. When the reader
// of standard output falls behind by 1 MiB, lines are dropped and counted
// (entrepot_access_log_lost_total) rather than anybody made to wait. Thread-safe.
class AccessLog {
 public:
  struct Options {
    AccessLogFormat format = AccessLogFormat::Combined;
    int descriptor = 1;  // where to; stays the caller's
  };
  AccessLog(Options options, const Clock& clock, metrics::Registry& metrics);

  // Writes what is left; gives up after 2 s when nobody reads it.
  ~AccessLog();

  // Never blocks on the output; event loops call it.
  void record(const http::server::Exchange& exchange);

 private:
  struct Writer;

  // Makes the line in `line`, and has it written.
  void record(const http::server::Exchange& exchange, std::string& line);

  const AccessLogFormat format_;
  const Clock& clock_;
  // A line to write into, so that none has to be made for each request.
  struct Spare {
    Mutex mutex;
    std::string line ENTREPOT_GUARDED_BY(mutex);
  };

  std::array<Spare, 16> spares_;
  const std::shared_ptr<Writer> writer_;  // shared with its thread, which may outlive us
};

}  // namespace entrepot::server
