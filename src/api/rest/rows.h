#pragma once
// api/rest/rows.h — how accounts, rights and repositories look as items of lists: in answers, and
// in what commands of a data directory print.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "json/writer.h"
#include "meta/store.h"
#include "people/roster.h"

namespace entrepot::api::rest {

// `whole`: state, role and time are told to few (people::Roster::user).
void write_user(json::Writer& json, const meta::Account& account, bool whole);
void write_organisation(json::Writer& json, const people::ListedOrganisation& row);
void write_member(json::Writer& json, const meta::Member& row);
void write_robot(json::Writer& json, const people::ListedRobot& robot);
void write_grant(json::Writer& json, const meta::Grant& grant);

void write_explanation(json::Writer& json, const access::Decision& decision);

// What somebody signs in with, besides the password.
inline constexpr std::array kListedSecrets{meta::SecretKind::AccessToken, meta::SecretKind::Session,
                                           meta::SecretKind::RefreshToken,
                                           meta::SecretKind::Invitation};
// Members: what it is bound to; null, null: to nothing. Corrupt.
Result<void> write_bound(json::Writer& json, const meta::Secret& secret);
// `current`: the fingerprint of the one that came with this request. Corrupt.
Result<void> write_secret(json::Writer& json, const meta::Secret& secret, ByteView current);

// Of what has a name and no more to tell: teams, and who is in them.
void write_name(json::Writer& json, const auto& row) {
  json.begin_object().member("name", std::string_view(row.name)).end_object();
}

struct RepositoryRow {
  meta::Repository repository;
  std::string description = {};
  std::size_t tags = 0;  // of more than 1,000 as many
  std::optional<WallTime> updated_at = {};
  meta::PullCount pulls = {};
};
// Nothing where there is no such repository.
Result<std::optional<RepositoryRow>> find_row(const meta::Snapshot& snapshot,
                                              const oci::RepositoryName& name);
// `may`: what whoever asks may do to it, by the names of access::Action.
void write_repository(json::Writer& json, const RepositoryRow& row,
                      const std::vector<std::string_view>& may);

// `html`: as a page shows it.
void write_readme(json::Writer& json, const meta::Readme& readme, std::string_view html);

// As answers tell it: in open mode everybody sees everything, whatever it will be.
std::string_view visibility_of(meta::Visibility visibility);

}  // namespace entrepot::api::rest
