#pragma once
// people/roster.h — what is told of accounts and rights, and to whom.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "people/author.h"

namespace entrepot::people {

// Where a list goes on, and how long a page of it is. `next` of a page is the `after` of the one
// behind it.
template <class Row, class Cursor>
struct Page {
  std::vector<Row> rows;
  std::optional<Cursor> next;  // nothing: it is the last
};
template <class Cursor>
struct PageQuery {
  Cursor after = {};
  std::size_t limit = 50;
};

// An organisation, from the side of whoever asks.
struct ListedOrganisation {
  meta::Account account;
  std::optional<meta::MemberRole> role;  // of whoever asks, or of whom is asked about
  bool settings = false;                 // may they be told?
};

struct ListedRobot {
  meta::Account account;
  std::optional<meta::Secret> secret;  // without its text, which nobody has
};

// Who has a role in a repository, and why.
struct AccessRow {
  std::string holder;  // as holder_text(); "owners:acme", "editors:acme", "members:acme"; "admins",
                       // "people" (who signed in), "everybody"
  meta::RepositoryRole role = meta::RepositoryRole::None;
  std::string reason;
  std::optional<meta::Grant> grant;
};

// Looks, each on one snapshot, of which its author is asked first (people/powers.h); errors are
// Author's. Holds the snapshot, and lives no longer. Pages are bounded by their query's limit.
class Roster {
 public:
  Roster(const meta::Snapshot& snapshot, const Author& by) : snapshot_(snapshot), by_(by) {}

  // By name; those that have `part` in it. Looks at kMostLookedAt of them at most, so that a page
  // may be short.
  Result<Page<meta::Account, std::string>> users(const PageQuery<std::string>& query,
                                                 std::string_view part) const;
  struct FoundUser {
    meta::Account account;
    bool whole = false;  // may state and role be told?
  };
  Result<FoundUser> user(std::string_view name) const;
  Result<Page<meta::Membership, std::string>> organisations_of(
      std::string_view user, const PageQuery<std::string>& query) const;

  // All of them for who may list everybody, else one's own.
  Result<Page<ListedOrganisation, std::string>> organisations(
      const PageQuery<std::string>& query) const;
  Result<ListedOrganisation> organisation(std::string_view name) const;
  Result<Page<meta::Member, std::int64_t>> members(std::string_view organisation,
                                                   const PageQuery<std::int64_t>& query) const;
  Result<Page<meta::Team, std::string>> teams(std::string_view organisation,
                                              const PageQuery<std::string>& query) const;
  Result<Page<meta::TeamMember, std::int64_t>> team_members(
      std::string_view organisation, std::string_view team,
      const PageQuery<std::int64_t>& query) const;

  // Of a namespace; "" all.
  Result<Page<ListedRobot, std::string>> robots(std::string_view name_space,
                                                const PageQuery<std::string>& query) const;
  // Those of these kinds.
  Result<Page<meta::Secret, std::int64_t>> secrets(std::string_view user,
                                                   std::span<const meta::SecretKind> kinds,
                                                   const PageQuery<std::int64_t>& query) const;

  // All, those whose pattern begins with a namespace, and those that count in a repository.
  Result<Page<meta::Grant, std::int64_t>> grants(const PageQuery<std::int64_t>& query) const;
  Result<Page<meta::Grant, std::int64_t>> grants_below(std::string_view name_space,
                                                       const PageQuery<std::int64_t>& query) const;
  Result<Page<meta::Grant, std::int64_t>> grants_in(const oci::RepositoryName& repository,
                                                    WallTime now,
                                                    const PageQuery<std::int64_t>& query) const;

  // Who may what there: what is not granted on the first page, then the grants that have not ended.
  // System admins are told of to admins and auditors alone.
  Result<Page<AccessRow, std::int64_t>> access(const oci::RepositoryName& repository, WallTime now,
                                               const PageQuery<std::int64_t>& query) const;

  // What judge() says of somebody, "" and "anonymous" as well, and why. Of oneself to everybody who
  // signed in; of others to who may grant there, and to who may list everybody.
  Result<access::Decision> explain(std::string_view who, access::Action action,
                                   const oci::RepositoryName& repository, WallTime now) const;

  static constexpr std::size_t kMostLookedAt = 20'000;

 private:
  Result<bool> may_list_everybody() const;
  Result<void> may_grant_in(const oci::RepositoryName& repository, WallTime now) const;
  Result<meta::Account> find_organisation(std::string_view name) const;
  Result<meta::Repository> find_repository(const oci::RepositoryName& name) const;
  Result<std::vector<AccessRow>> unwritten(const meta::Repository& repository) const;

  const meta::Snapshot& snapshot_;
  const Author& by_;
};

}  // namespace entrepot::people
