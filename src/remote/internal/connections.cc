#include "remote/internal/connections.h"

#include <algorithm>

namespace entrepot::remote {
namespace {

// A context cannot wake anybody: it is looked at so often.
constexpr std::chrono::milliseconds kLook{100};

}  // namespace

// An idle one, or null: whoever gets null may make one. Either is counted as taken.
Result<std::unique_ptr<http::client::Client>> Connections::find(Context& context) {
  const SteadyTime until = std::chrono::steady_clock::now() + patience_;
  MutexLock lock(mutex_);
  while (taken_ >= most_) {
    TRY(context.alive());
    if (std::chrono::steady_clock::now() >= until) {
      return fail(ErrorCode::Unavailable, "all {} connections to the registry are in use", most_);
    }
    given_back_.wait_until(mutex_, std::min(until, std::chrono::steady_clock::now() + kLook));
  }
  std::unique_ptr<http::client::Client> client;
  if (!idle_.empty()) {
    client = std::move(idle_.back());
    idle_.pop_back();
  } else {
    idle_.reserve(most_);  // so that giving back needs no memory
  }
  ++taken_;
  return client;
}

Result<Connections::Lease> Connections::take(Context& context) {
  TRY_ASSIGN(auto idle, find(context));
  Lease lease(*this, std::move(idle));
  if (!lease.client_) {
    TRY_ASSIGN(lease.client_, http::client::Client::make(options_));
  }
  return lease;
}

void Connections::give_back(std::unique_ptr<http::client::Client> client) noexcept {
  const MutexLock lock(mutex_);
  --taken_;
  if (client) idle_.push_back(std::move(client));
  given_back_.notify_one();
}

}  // namespace entrepot::remote
