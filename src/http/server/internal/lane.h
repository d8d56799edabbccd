#pragma once
// http/server/internal/lane.h — an event loop with the connections that live on it.

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "http/request_data.h"
#include "http/server/internal/connection.h"
#include "http/server/internal/core.h"
#include "http/server/internal/event_loop.h"
#include "http/server/internal/response_head.h"

namespace entrepot::http::server::internal {

class Listener;

// Owns its connections and what they can share because only one works at a time: the receive
// buffer, the request being parsed, the text of the head being written. Except for the methods that
// say otherwise, everything is for the loop's thread.
class Lane {
 public:
  static Result<std::unique_ptr<Lane>> open(Core& core);
  ~Lane();
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  // For any thread.
  Core& core() { return core_; }
  EventLoop& loop() { return *loop_; }
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }
  void start(std::size_t number);
  void adopt(int descriptor, Peer peer, std::shared_ptr<ssl_ctx_st> tls);  // null: plain
  // Closes so many connections that ask for nothing, the oldest first: those with half a head or
  // handshake, and idle ones.
  void make_room(std::size_t halves, std::size_t idle);
  std::size_t halves() const { return half_count_.load(std::memory_order_relaxed); }
  void drain();           // idle connections close now; core().draining ends the others
  std::size_t cut_all();  // closes all now; tells how many exchanges that cut
  void stop_and_join();   // after cut_all(): waits until the last job has come back

  Result<void> add_listener(std::unique_ptr<Listener> listener);
  void close_listeners();

  // For connections.
  char* scratch() { return scratch_.get(); }
  static constexpr std::size_t kScratchBytes = 64 << 10;
  RequestData& parsed() { return *parsed_; }
  const Request& parsed_request() const { return parsed_request_; }
  std::string& head_text() { return head_text_; }
  std::string_view date();
  void make_request_id(std::string& id);
  void count_received(std::size_t bytes) { received_bytes_ += bytes; }
  void count_sent(std::size_t bytes) { sent_bytes_ += bytes; }

  void touch(Connection& connection);        // bytes moved: the idle limit starts anew
  void expect_rest(Connection& connection);  // what has begun must be whole before long
  void rest_came(Connection& connection);    // it is
  void linger(Connection& connection);       // closes by itself before long
  void retire(Connection& connection);  // nothing uses it any more; destroyed behind this batch
  void soon(Connection& connection);    // on_soon() behind this batch
  void remind(Connection& connection);  // on_reminder() once, before long
  // on_thread_free() until it returns true
  void wait_for_thread(Connection& connection, Executor& executor);
  void wait_for_buffer(Connection& connection);  // on_buffer_free() once

 private:
  using Connections = std::list<std::unique_ptr<Connection>>;

  // Who waits for room in an executor's queue, in the order in which they came. There are as many
  // of these as executors were ever full.
  struct WaitingFor {
    Executor* executor;
    std::deque<Connection*> connections;
  };

  Lane(Core& core, std::unique_ptr<EventLoop> loop);
  std::chrono::milliseconds between_batches();
  void offer_threads();
  void look_after_time();
  void sweep();
  void open_connection(int descriptor, const Peer& peer, ssl_ctx_st* tls);
  void undo_adoption(int descriptor);
  // Calls, and closes the connection if memory runs out on the way.
  template <class Call>
  static void attempt(Connection& connection, const Call& call) {
    try {
      call();
    } catch (const std::bad_alloc&) {
      connection.on_no_memory();
    }
  }
  void try_for_buffers();
  Connections& shelf(Connection::Shelf shelf);
  void move_to(Connection::Shelf to, Connection& connection);
  void close_sleeping(Connections& connections, std::size_t count);
  void publish_counts();
  void run_and_wait(const std::function<void()>& task);

  Core& core_;
  const std::unique_ptr<EventLoop> loop_;
  std::atomic<std::size_t> load_ = 0;
  std::vector<std::unique_ptr<Listener>> listeners_;

  // The oldest first. On the shelf of halves is who has not sent a whole head or handshake yet, or
  // only a part of the next one.
  Connections open_;
  Connections half_;
  Connections lingering_;
  std::atomic<std::size_t> half_count_ = 0;
  Connections retired_;
  std::vector<Connection*> soon_;
  std::vector<Connection*> reminders_;
  std::vector<WaitingFor> waiting_for_thread_;
  std::vector<Connection*> waiting_for_buffer_;  // or for memory of the account
  bool memory_will_call_ = false;
  SteadyTime next_sweep_{};
  SteadyTime next_reminder_{};
  SteadyTime next_certificate_check_{};
  SteadyTime next_buffer_try_{};
  bool ending_ = false;           // new connections are closed at once
  bool stop_when_empty_ = false;  // the loop ends with the last connection

  const std::unique_ptr<char[]> scratch_;
  RequestData* parsed_;  // owned by parsed_request_
  Request parsed_request_;
  std::string head_text_;
  DateText date_;
  std::string id_prefix_;
  std::uint64_t last_id_ = 0;
  std::uint64_t received_bytes_ = 0;
  std::uint64_t sent_bytes_ = 0;
};

}  // namespace entrepot::http::server::internal
