#pragma once
// access/policy.h — what somebody may do: the port behind which everything is decided.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/action.h"
#include "access/subject.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "oci/name.h"

namespace entrepot::access {

// May `subject` do this? The views are looked at during the call alone.
struct Question {
  const Subject& subject;
  Action action;
  // Exactly the name that will be acted on: decoded and valid. "" for the registry as a whole.
  std::string_view repository;
  std::string_view address;  // of the client, where grants are for some networks only
  WallTime at{};             // when grants and credentials must not be over
};

// The answer, with its own words.
struct Decision {
  enum class Verdict : std::uint8_t {
    Allowed,
    Denied,           // the subject may not
    Absent,           // the subject may not even know whether it is there
    Unauthenticated,  // nobody may without saying who it is
    Unsupported,      // nobody may at all
  };
  Verdict verdict = Verdict::Denied;
  // Why: "open mode", "grant 7". For a refusal: who asked for what and who could give it, made of
  // the subject and the name alone, so that it is the same for what is there and what is not.
  std::string reason;

  bool allowed() const { return verdict == Verdict::Allowed; }
};

// Where somebody may be able to see something: whatever that is lies in one of these, beside what
// may not be seen. So a search need not look at all that there is.
struct Reach {
  bool everything = true;
  bool is_public = false;    // repositories that everybody may see
  bool is_internal = false;  // those for who signed in
  // What lies in the three above may all be seen: nobody need ask about each.
  bool is_certain = false;
  std::vector<std::string> beginnings = {};  // of names: "acme/"
};

// Two implementations at least: OpenPolicy, and the one in access/testing. Thread-safe.
//
// A decision is good for the request that it was made for, which may go on for hours. Each later
// request asks again, and is answered by what holds then.
class Policy {
 public:
  virtual ~Policy() = default;

  // From memory and without blocking, for event loops. Nothing: ask decide().
  virtual std::optional<Decision> recall(const Question& question) const = 0;

  // On a worker; may wait for a store. Unavailable, Timeout: then nobody gets in.
  virtual Result<Decision> decide(Context& context, const Question& question) const = 0;

  // The same question about each of `repositories`; the question's own name is not looked at. As
  // many answers, in their order. One look at the store, not one for each. On a worker.
  virtual Result<std::vector<bool>> allowed_among(
      Context& context, const Question& question,
      std::span<const oci::RepositoryName> repositories) const = 0;

  // May the subject do this to every repository, whatever there is or will be? Then a list needs no
  // filter. From memory; false is always right.
  virtual bool allows_everywhere(const Question& question) const = 0;

  // Where the answer to `question`, which is about Action::See, may be yes. On a worker.
  virtual Result<Reach> reach(Context& /*context*/, const Question& question) const {
    return Reach{.is_certain = allows_everywhere(question)};
  }
};

}  // namespace entrepot::access
