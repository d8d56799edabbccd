#include "http/server/internal/turn_pool.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "base/check.h"
#include "http/server/internal/io.h"

namespace entrepot::http::server::internal {
namespace {

// One shot: between two arms a socket belongs to the one thread that got its event.
std::uint32_t events_for(Turns::Next next) {
  return (next == Turns::Next::WhenReadable ? EPOLLIN : EPOLLOUT) | EPOLLONESHOT;
}

// Lines the work up for its next turn. From here on another thread may run it to its end and close
// the descriptor before this call has returned, which is harmless: the kernel has looked it up by
// then. Called past the C library, since ThreadSanitizer would take that for a race.
bool line_up(int poll_descriptor, int descriptor, epoll_event& event) {
  return ::syscall(SYS_epoll_ctl, poll_descriptor, EPOLL_CTL_MOD, descriptor, &event) == 0;
}

}  // namespace

Result<std::unique_ptr<TurnPool>> TurnPool::open(std::size_t threads) {
  const int poll_descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  const int stop_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<TurnPool> pool(new TurnPool(poll_descriptor, stop_descriptor));
  epoll_event event{};
  event.events = EPOLLIN;
  if (poll_descriptor < 0 || stop_descriptor < 0 ||
      ::epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, stop_descriptor, &event) < 0) {
    return fail(ErrorCode::Unavailable, "no data threads: {}", std::strerror(errno));
  }
  for (std::size_t i = 0; i < threads; ++i) {
    pool->threads_.emplace_back([raw = pool.get()] { raw->run(); });
    pthread_setname_np(pool->threads_.back().native_handle(), "http-send");
  }
  return pool;
}

TurnPool::~TurnPool() {
  if (stop_descriptor_ >= 0) {
    const std::uint64_t one = 1;
    CHECK(::write(stop_descriptor_, &one, sizeof one) == sizeof one);
  }
  for (std::thread& thread : threads_) thread.join();
  if (stop_descriptor_ >= 0) ::close(stop_descriptor_);
  if (poll_descriptor_ >= 0) ::close(poll_descriptor_);
}

void TurnPool::add(int descriptor, Turns& turns, Turns::Next first) {
  epoll_event event{};
  event.events = events_for(first);
  event.data.ptr = &turns;
  turns.descriptor_ = descriptor;
  turns.passed_on_.fetch_add(1, std::memory_order_release);
  // Out of memory, or of watches: the work is over before its first turn.
  if (::epoll_ctl(poll_descriptor_, EPOLL_CTL_ADD, descriptor, &event) < 0) turns.turns_are_over();
}

// A turn that runs out of memory is the last one.
Turns::Next TurnPool::take(Turns& turns) {
  try {
    return turns.take_turn();
  } catch (const std::bad_alloc&) {
    return Turns::Next::Over;
  }
}

void TurnPool::run() {
  block_sigpipe();
  for (;;) {
    epoll_event event{};
    // No deadline: the destructor makes stop_descriptor_ readable.
    const int count = ::epoll_wait(poll_descriptor_, &event, 1, -1);
    CHECK(count >= 0 || errno == EINTR);
    if (count <= 0) continue;
    if (event.data.ptr == nullptr) return;  // never read: it wakes every thread

    Turns& turns = *static_cast<Turns*>(event.data.ptr);
    turns.passed_on_.load(std::memory_order_acquire);
    const Turns::Next next = take(turns);
    if (next == Turns::Next::Over) {
      ::epoll_ctl(poll_descriptor_, EPOLL_CTL_DEL, turns.descriptor_, nullptr);
      turns.turns_are_over();
      continue;
    }
    event.events = events_for(next);
    const int descriptor = turns.descriptor_;
    turns.passed_on_.fetch_add(1, std::memory_order_release);
    if (line_up(poll_descriptor_, descriptor, event)) continue;
    ::epoll_ctl(poll_descriptor_, EPOLL_CTL_DEL, descriptor, nullptr);
    turns.turns_are_over();
  }
}

}  // namespace entrepot::http::server::internal
