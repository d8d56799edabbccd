#pragma once
// http/server/internal/connection.h — one client, from accept to close.

#include <list>
#include <memory>
#include <optional>

#include "http/server/internal/channel.h"
#include "http/server/internal/delivery.h"
#include "http/server/internal/event_loop.h"
#include "http/server/internal/head_parser.h"
#include "http/server/internal/input.h"
#include "http/server/internal/intake.h"
#include "http/server/internal/tls_handshake.h"
#include "http/server/server.h"

namespace entrepot::http::server::internal {

class Lane;
struct HeadFrame;

// Lives on one event loop and runs there alone. One exchange at a time; requests that came early
// wait in the input. An exchange that memory can answer never leaves this class; others go through
// an Intake and a Delivery. It is destroyed only when nothing works for it on another thread.
class Connection final : public Watched, public Intake::Owner, public Delivery::Owner {
 public:
  // `tls` null: plain HTTP.
  // Takes the descriptor over, and leaves -1.
  Connection(Lane& lane, int& descriptor, Peer peer, ssl_ctx_st* tls);
  ~Connection();

  void open();
  void on_events(std::uint32_t events) override;
  void on_no_memory() override { close(); }

  // Called by the lane, as it was asked to.
  void on_soon();
  void on_reminder();
  bool on_thread_free();
  void on_buffer_free();

  void on_idle_limit();
  void on_half_limit();  // what has begun did not come to its end
  void make_room();      // closes now if nothing is under way
  void drain();          // closes now if idle; else the exchange is the last
  bool cut();            // closes now; true if that cut an exchange
  bool is_idle() const { return phase_ == Phase::Head && input_.empty(); }
  // Has it asked for nothing yet?
  bool sleeps() const { return phase_ == Phase::Head || phase_ == Phase::Handshake; }

  // The lane's own: where it keeps this connection.
  enum class Shelf { Open, Half, Lingering };
  struct Place {
    std::list<std::unique_ptr<Connection>>::iterator at;
    Shelf shelf = Shelf::Half;
    SteadyTime last_moved{};
    std::optional<SteadyTime> began;  // the first byte of what is not whole yet
    bool is_up_soon = false;
  };
  Place place;

 private:
  enum class Phase {
    Handshake,   // TLS begins, on the data threads
    Head,        // a request's head is awaited
    Working,     // the intake has it
    Answering,   // the delivery has it
    Discarding,  // the answer is out; a short unread body is dropped
    Lingering,   // our side is closed; the client may still read and send
    Closed,      // the socket is shut; something may still be out
  };

  // Beginning.
  void shake_hands();
  void on_handshake_begun();
  void on_handshake_over();
  void start_reading();

  // Reading requests.
  void step(bool reset);
  void go_on();
  void read_requests();
  bool serve_input();
  void begin_exchange(std::string_view head_text);
  void hand_over(std::string_view head_text);
  void refuse(const Refusal& refusal);

  // Answering.
  void answer(const Request* request, const RequestData& data, Response& response,
              std::string_view head_text);
  void deliver(Response& response, std::size_t sent_bytes, std::string_view head_text);
  void settle_body(const Head& head);
  void end_exchange(bool whole);
  void record_exchange(bool whole);
  void report_file_fault();

  // Ending.
  void discard();
  void linger();
  void close();
  void retire();

  // Intake::Owner, Delivery::Owner
  void answer_is_ready() override;
  void client_is_gone() override { close(); }
  void intake_is_over() override { retire(); }
  void want_thread(Executor& executor) override;
  void want_buffer() override;
  void answer_is_sent(bool whole) override;
  void delivery_is_over() override { retire(); }
  void watch_writes(bool on) override;
  void bytes_moved() override;
  void go_on_soon() override;
  void remind_later() override;

  Lane& lane_;
  Channel channel_;
  const std::shared_ptr<const Peer> peer_;
  Phase phase_ = Phase::Head;
  bool close_behind_ = false;  // this exchange is the last one
  bool watching_writes_ = false;
  bool reminder_is_due_ = false;
  Input input_;
  HeadScanner scanner_;

  // Of the exchange under way.
  bool in_exchange_ = false;
  Exchange record_;
  std::string actor_;  // what record_.actor is a view of
  SteadyTime started_{};
  std::uint64_t discard_bytes_ = 0;
  std::uint64_t sent_seen_ = 0;  // when the idle limit was looked at last
  struct Refused {
    std::string id, reason;
  };
  std::unique_ptr<const Refused> refused_;  // what never became a request; the last exchange
  std::unique_ptr<ActiveRequest> active_;   // none while it is the lane's parsed request
  std::unique_ptr<Intake> intake_;
  std::unique_ptr<Delivery> delivery_;
  std::unique_ptr<TlsHandshake> handshake_;
};

}  // namespace entrepot::http::server::internal
