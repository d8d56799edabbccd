#pragma once
// remote/internal/connections.h — as many clients as may ask at once.

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "http/client/client.h"

namespace entrepot::remote {

// Made when they are needed, and kept for the next question with their connections; the last one
// given back goes first, so that those that nobody needs are left alone and their servers close
// them. Thread-safe; outlives its leases.
class Connections {
 public:
  // One client of it, given back at the end of its scope.
  class Lease {
   public:
    Lease(Connections& from, std::unique_ptr<http::client::Client> client)
        : from_(&from), client_(std::move(client)) {}
    Lease(Lease&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), client_(std::move(other.client_)) {}
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (from_ != nullptr) from_->give_back(std::move(client_));
    }
    http::client::Client& operator*() const { return *client_; }

   private:
    friend class Connections;
    Connections* from_;
    std::unique_ptr<http::client::Client> client_;
  };

  // `patience`: how long take() waits for one.
  Connections(http::client::Options options, std::size_t most, std::chrono::milliseconds patience)
      : options_(std::move(options)), most_(most), patience_(patience) {}

  // Waits; Unavailable when all are in use for too long, and without memory.
  Result<Lease> take(Context& context);

 private:
  void give_back(std::unique_ptr<http::client::Client> client) noexcept;
  Result<std::unique_ptr<http::client::Client>> find(Context& context);

  const http::client::Options options_;
  const std::size_t most_;
  const std::chrono::milliseconds patience_;
  Mutex mutex_;
  CondVar given_back_;
  std::size_t taken_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<http::client::Client>> idle_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::remote
