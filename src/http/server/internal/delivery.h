#pragma once
// http/server/internal/delivery.h — an answer on its way out, when the socket did not take it all
// at once.

#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/source.h"
#include "http/memory.h"
#include "http/server/internal/channel.h"
#include "http/server/internal/file_sender.h"
#include "http/server/internal/job_slot.h"
#include "http/server/internal/later_call.h"
#include "http/server/internal/outbox.h"

namespace entrepot::http::server::internal {

class Lane;

// Sends one head and body: from memory, on the loop; out of a file, on the loop if that is quick,
// else (and pieces of one) in turns on the data threads; out of a file that still grows likewise,
// as far as it is there, with no thread held while more is awaited; out of a stream, which a worker
// reads while the loop sends, one bounded buffer at a time.
class Delivery {
 public:
  class Owner {
   public:
    // What start() left open has come to its end. Not whole: the connection is of no use any more.
    virtual void answer_is_sent(bool whole) = 0;
    virtual void delivery_is_over() = 0;     // after abandon(): nothing runs any more
    virtual void watch_writes(bool on) = 0;  // call on_events() when the socket is ready
    virtual void bytes_moved() = 0;
    virtual void go_on_soon() = 0;  // call on_events() when others had their turn

   protected:
    ~Owner() = default;
  };

  // `whom` is told when memory runs out on the loop.
  Delivery(Lane& lane, Channel& channel, Owner& owner, Watched& whom);

  // `sent_bytes` of head and body went out before. The context is the request's, or null. Later:
  // answer_is_sent() is to follow; it never comes out of this call.
  enum class Outcome { Sent, Broken, Later };
  Outcome start(std::string head, Source body, std::size_t sent_bytes, Context* context);
  // `reset`: the client neither sends nor listens.
  void on_events(bool reset);

  // The connection is closed and its socket shut.
  void abandon();

  // Grows as long as bytes move.
  std::uint64_t sent_body_bytes() const;

  // Where the file of an answer failed, and why; nothing when it was the client that left.
  struct FileFault {
    std::uint64_t offset_bytes = 0;
    Error error;
  };
  std::optional<FileFault> file_fault() const;

  // Does the client wait for us, so that its silence means nothing?
  bool is_our_move() const { return job_.out() || only_waits(); }

 private:
  Outcome start_file();
  void on_file_over();
  Outcome send_grown();
  Outcome after_grown(Outcome piece);
  void on_growth();
  bool only_waits() const { return awaits_growth_ && !sender_out_; }
  void read_stream();
  void on_stream_read();
  Outcome flush();
  Outcome break_off(const Error& error);
  void report(Outcome outcome);
  void give_way();

  Lane& lane_;
  Channel& channel_;
  Owner& owner_;
  Context own_context_;
  Context* context_ = &own_context_;
  Source body_;
  bool abandoned_ = false;
  bool reset_ = false;  // by the client

  // From memory, or the piece of a stream that was read last.
  std::optional<Outbox> outbox_;
  std::uint64_t sent_before_ = 0;  // without the outbox, and without the sender
  MemoryAccount::Share held_;      // the body, once the client has let it wait
  Watched& whom_;
  LaterCall<Delivery> later_;
  std::string piece_;
  std::optional<Error> stream_error_;
  JobSlot job_;

  // Out of a file.
  std::optional<FileSender> sender_;
  bool sender_out_ = false;

  // Of one that grows, the sender has a piece at a time.
  std::string head_;            // until it goes out, with the first piece or before
  bool awaits_growth_ = false;  // on_growth() is to follow
};

}  // namespace entrepot::http::server::internal
