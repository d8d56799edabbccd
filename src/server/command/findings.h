#pragma once
// server/command/findings.h — what `entrepot check` finds, one sentence each.

#include <string>
#include <utility>
#include <vector>

#include <fmt/core.h>

namespace entrepot::server {

enum class Level { Ok, Warning, Error };  // Error: the server would not start

struct Finding {
  Level level = Level::Ok;
  std::string text;  // what it is about, what is so, and what to do
};

class Findings {
 public:
  template <class... Args>
  void ok(fmt::format_string<Args...> text, Args&&... args) {
    add(Level::Ok, fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void warning(fmt::format_string<Args...> text, Args&&... args) {
    add(Level::Warning, fmt::format(text, std::forward<Args>(args)...));
  }
  template <class... Args>
  void error(fmt::format_string<Args...> text, Args&&... args) {
    add(Level::Error, fmt::format(text, std::forward<Args>(args)...));
  }
  void add(Level level, std::string text) { all_.push_back({level, std::move(text)}); }

  const std::vector<Finding>& all() const { return all_; }

 private:
  std::vector<Finding> all_;
};

}  // namespace entrepot::server
