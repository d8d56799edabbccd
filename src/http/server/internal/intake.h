#pragma once
// http/server/internal/intake.h — what happens to a request between its head and its answer.

#include <optional>

#include "http/memory.h"
#include "http/server/internal/active_request.h"
#include "http/server/internal/body_receiver.h"
#include "http/server/internal/channel.h"
#include "http/server/internal/input.h"
#include "http/server/internal/job_slot.h"
#include "http/server/internal/later_call.h"
#include "http/server/internal/pace.h"

namespace entrepot::http::server::internal {

class Lane;

// Asks the handler, on the executor that it names; if it wants the body, receives that into the
// sink; finishes. Lives on the connection's loop; handler and sink run on
// other threads, one call at a time.
class Intake {
 public:
  class Owner {
   public:
    virtual void answer_is_ready() = 0;  // request.response() is set
    virtual void client_is_gone() = 0;   // abandon() is to follow
    virtual void intake_is_over() = 0;   // after abandon(): nothing runs any more
    // Call on_thread_free() until it returns true.
    virtual void want_thread(Executor& executor) = 0;
    virtual void want_buffer() = 0;  // call on_buffer_free() when the pool has one
    virtual void bytes_moved() = 0;
    virtual void go_on_soon() = 0;    // call on_readable() when others had their turn
    virtual void remind_later() = 0;  // call on_reminder() before long

   protected:
    ~Owner() = default;
  };

  // All references outlive the intake. `input` holds what came behind the head.
  // `whom` is told when memory runs out on the loop.
  Intake(Lane& lane, Channel& channel, Input& input, ActiveRequest& request, Owner& owner,
         Watched& whom);

  void start();

  // `reset`: the client neither sends nor listens.
  void on_events(bool reset);
  void on_readable();
  void on_reminder();
  bool on_thread_free();
  void on_buffer_free();

  // The connection is closed: cancels what runs, lets the sink have what came, drops it.
  void abandon();

  // Is the client waiting for us, so that its silence means nothing?
  bool is_our_move() const;

  std::uint64_t received_body_bytes() const { return received_body_bytes_; }

 private:
  enum class Phase { Deciding, Receiving, Finishing, Over };

  std::optional<ByteView> whole_body() const;
  bool post_decision();
  void decide_elsewhere();
  void on_decided();
  void finish_decision();
  void start_receiving();
  void receive(bool has_waited, bool stalled);
  void move_pieces(BodyReceiver::Status& status, bool has_waited, bool stalled);
  bool allow_more();
  bool has_room_to_finish();
  void give_way();
  void wait_for_memory();
  void act_on(BodyReceiver::Status status, bool stalled);
  std::optional<Error> judge_pace(std::uint64_t came_bytes);
  void on_piece_written();
  void finish(std::optional<Error> problem);
  void run_errand();
  void finish_rest();
  void refuse(std::string message);
  void on_finished();
  void drop_sink();

  Lane& lane_;
  Channel& channel_;
  Input& input_;
  ActiveRequest& request_;
  Owner& owner_;
  Executor& executor_;  // of the decision
  Phase phase_ = Phase::Deciding;
  bool abandoned_ = false;
  JobSlot job_;
  SteadyTime started_;
  std::optional<BodyReceiver> receiver_;
  bool waits_for_buffer_ = false;
  MemoryAccount::Share held_;  // the body, if it is kept in memory
  MemoryAccount::Share work_;  // what finishing takes then
  bool gives_way_ = false;
  LaterCall<Intake> later_;
  Pace pace_;
  SteadyTime looked_at_;                     // when the pace was judged last
  std::optional<SteadyTime> waiting_since_;  // for a buffer, without a byte meanwhile
  std::uint64_t received_body_bytes_ = 0;
};

}  // namespace entrepot::http::server::internal
