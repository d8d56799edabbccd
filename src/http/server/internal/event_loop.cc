#include "http/server/internal/event_loop.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/check.h"
#include "base/memory.h"
#include "http/server/internal/io.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::chrono::milliseconds kMemoryRetry{1};

// Asks the scheduler for many short turns instead of few long ones: a loop works for microseconds,
// but should not wait for milliseconds behind threads that hash or copy. Linux 6.12 and newer; an
// older one takes no notice of the slice. sched_setattr(2), which the C library does not have.
void ask_for_short_turns() {
  struct {
    std::uint32_t size;
    std::uint32_t policy = 0;  // SCHED_OTHER
    std::uint64_t flags = 0;
    std::int32_t nice = ::getpriority(PRIO_PROCESS, 0);
    std::uint32_t priority = 0;
    std::uint64_t slice_nanoseconds = 100'000;
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
  } wish{.size = sizeof wish};
  ::syscall(SYS_sched_setattr, 0, &wish, 0);  // refused: as before
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::open() {
  const int poll_descriptor = ::epoll_create1(EPOLL_CLOEXEC);
  const int mail_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::unique_ptr<EventLoop> loop(new EventLoop(poll_descriptor, mail_descriptor));
  epoll_event event{};
  event.events = EPOLLIN;
  if (poll_descriptor < 0 || mail_descriptor < 0 ||
      ::epoll_ctl(poll_descriptor, EPOLL_CTL_ADD, mail_descriptor, &event) < 0) {
    return fail(ErrorCode::Unavailable, "no event loop: {}", std::strerror(errno));
  }
  return loop;
}

EventLoop::~EventLoop() {
  CHECK(!thread_.joinable());
  if (mail_descriptor_ >= 0) ::close(mail_descriptor_);
  if (poll_descriptor_ >= 0) ::close(poll_descriptor_);
}

void EventLoop::start(const std::string& thread_name, Between between) {
  between_ = std::move(between);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), thread_name.substr(0, 15).c_str());
}

void EventLoop::join() {
  if (thread_.joinable()) thread_.join();
}

void EventLoop::post(std::function<void()> task, Watched* whom) {
  Mail mail{std::move(task), whom};
  bool wake = false;
  {
    MutexLock lock(mutex_);
    while (!add_mail(mail)) {
      lock.unlock();
      std::this_thread::sleep_for(kMemoryRetry);
      lock.lock();
    }
    wake = !std::exchange(woken_, true);
  }
  if (!wake) return;
  const std::uint64_t one = 1;
  CHECK(::write(mail_descriptor_, &one, sizeof one) == sizeof one);
}

bool EventLoop::add_mail(Mail& mail) {
  try {
    mail_.push_back(std::move(mail));
    return true;
  } catch (const std::bad_alloc&) {
    return false;  // the vector could not grow; nothing was moved
  }
}

bool EventLoop::watch(int descriptor, std::uint32_t events, Watched& watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  return ::epoll_ctl(poll_descriptor_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool EventLoop::change(int descriptor, std::uint32_t events, Watched& watched) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &watched;
  return ::epoll_ctl(poll_descriptor_, EPOLL_CTL_MOD, descriptor, &event) == 0;
}

void EventLoop::forget(int descriptor) {
  ::epoll_ctl(poll_descriptor_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void EventLoop::run() {
  block_sigpipe();
  ask_for_short_turns();
  std::array<epoll_event, 128> events;
  std::chrono::milliseconds patience{0};
  while (!stopping_) {
    const int count = ::epoll_wait(poll_descriptor_, events.data(), static_cast<int>(events.size()),
                                   static_cast<int>(patience.count()));
    CHECK(count >= 0 || errno == EINTR);
    now_ = std::chrono::steady_clock::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) {
        read_mail();
      } else {
        tell(*static_cast<Watched*>(event.data.ptr), event.events);
      }
    }
    try {
      patience = between_();
    } catch (const std::bad_alloc&) {
      patience = kMemoryRetry;
    }
  }
}

void EventLoop::tell(Watched& watched, std::uint32_t events) {
  try {
    watched.on_events(events);
  } catch (const std::bad_alloc&) {
    watched.on_no_memory();
  }
}

void EventLoop::read_mail() {
  std::uint64_t ignored = 0;
  CHECK(::read(mail_descriptor_, &ignored, sizeof ignored) == sizeof ignored || errno == EAGAIN);
  {
    const MutexLock lock(mutex_);
    woken_ = false;
    reading_.swap(mail_);
  }
  for (const Mail& mail : reading_) {
    if (!had_memory(mail.task) && mail.whom != nullptr) mail.whom->on_no_memory();
  }
  reading_.clear();
}

}  // namespace entrepot::http::server::internal
