#pragma once
// api/distribution/target.h — what a path names, decoded once.

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "http/router.h"

namespace entrepot::api::distribution {

// What stands at a route's placeholders, with percent-escapes decoded: the repository, and the
// reference, digest or upload behind it. What is judged is what is used: policy, cache and use case
// get these and nothing else. What cannot be decoded stays as it was sent, and is then no valid
// name or reference; so does an escaped "/", which would move the borders between placeholders.
//
// A value. Until own(), the texts that needed no decoding are views of the path.
class Target {
 public:
  explicit Target(const http::PathMatch& path);

  std::string_view name() const { return name_.text(); }  // "" where the route names no repository
  std::string_view rest() const { return rest_.text(); }  // "" likewise; not checked

  // Why name() is none: InvalidArgument. Nothing when it is valid.
  std::optional<Error> problem() const;

  // The repository that is meant by it, in its place. Valid.
  void mean(std::string name) { name_.owned = std::move(name); }

  // From now on nothing points into the path.
  void own();

 private:
  struct Part {
    std::string_view view;
    std::optional<std::string> owned;
    std::string_view text() const { return owned ? std::string_view(*owned) : view; }
  };
  static Part part_of(std::string_view text);

  bool names_repository_;
  Part name_;
  Part rest_;
};

}  // namespace entrepot::api::distribution
