#pragma once
// http/server/testing/test_server.h — programs to put behind a server in tests.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/mutex.h"
#include "http/server/server.h"

namespace entrepot::http::server::testing {

// Does for each path what a test wants; paths that are not set get 404. Set before the server
// starts.
class ScriptedHandler final : public Handler {
 public:
  using FromMemory = std::function<std::optional<Response>(const Request&)>;
  using FromWorker = std::function<Reply(Context&, const Request&)>;

  std::map<std::string, FromMemory, std::less<>> in_memory;
  std::map<std::string, FromWorker, std::less<>> on_worker;
  std::map<std::string, FromWorker, std::less<>> on_finisher;  // these run on `finishers`
  Executor* finishers = nullptr;
  std::function<void(const Request*, Response&)> on_dress;  // may be empty
  // May be empty.
  std::function<void(std::string_view path, std::uint64_t offset_bytes, const Error&)> on_fault;

  void body_failed(Context& /*context*/, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override {
    if (on_fault) on_fault(path, offset_bytes, error);
  }
  std::optional<Response> answer_from_memory(const Request& request) override;
  Executor* executor_of(const Request& request) override;
  Reply handle(Context& context, const Request& request) override;
  void dress(const Request* request, Response& response) override {
    if (on_dress) on_dress(request, response);
  }
  Response refuse(const Refusal& refusal) override;
};

// Collects a body and answers 201 with its size; remembers what happened to it.
class RecordingSink final : public BodySink {
 public:
  // What happened so far.
  struct Seen {
    std::string body;
    std::size_t largest_piece_bytes = 0;
    bool finished = false;
    std::optional<Error> failure;
  };
  struct Record {
    Seen seen() const {
      const MutexLock lock(mutex);
      return so_far;
    }
    void clear_body() {
      const MutexLock lock(mutex);
      so_far.body.clear();
    }
    mutable Mutex mutex;
    Seen so_far ENTREPOT_GUARDED_BY(mutex);
    std::atomic<int> destroyed = 0;
  };
  explicit RecordingSink(std::shared_ptr<Record> record) : record_(std::move(record)) {}
  ~RecordingSink() override { ++record_->destroyed; }

  Result<void> write(Context& context, ByteView piece) override;
  Response finish(Context& context) override;
  Response failed(Context& context, const Error& error) override;

 private:
  const std::shared_ptr<Record> record_;
};

// Waits until `condition` holds, at most ten seconds; tells whether it does.
bool eventually(const std::function<bool()>& condition);

}  // namespace entrepot::http::server::testing
