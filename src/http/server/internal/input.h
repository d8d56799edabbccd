#pragma once
// http/server/internal/input.h — bytes that came, but were not used yet.

#include <string>
#include <string_view>
#include <utility>

namespace entrepot::http::server::internal {

// Lies in the loop's receive buffer while the loop works on it; keep() copies what is left into
// memory of the connection. An empty one holds no memory.
class Input {
 public:
  Input() = default;
  explicit Input(std::string held) : held_(std::move(held)), rest_(held_) {}
  Input(const Input&) = delete;
  Input& operator=(Input&& other) noexcept {
    held_ = std::string(other.rest_);
    rest_ = held_;
    return *this;
  }

  bool empty() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  // More came: `received` is valid until keep().
  void add(std::string_view received) {
    if (rest_.empty()) {
      rest_ = received;
      return;
    }
    keep();
    held_.append(received);
    rest_ = held_;
  }

  void drop(std::size_t size) { rest_.remove_prefix(size); }

  void keep() {
    if (rest_.empty()) {
      held_ = std::string();
    } else if (rest_.data() != held_.data()) {
      held_ = std::string(rest_);
    } else {
      held_.resize(rest_.size());
    }
    rest_ = held_;
  }

 private:
  std::string held_;
  std::string_view rest_;
};

}  // namespace entrepot::http::server::internal
