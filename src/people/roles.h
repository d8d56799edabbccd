#pragma once
// people/roles.h — what the roles allow, and how they are called.

#include <optional>
#include <string_view>

#include "access/action.h"
#include "meta/accounts.h"
#include "meta/members.h"
#include "meta/secrets.h"

namespace entrepot::people {

// What a role in a repository allows. Create, which makes the repository itself, is in Write and
// above; whether it counts depends on where the role comes from (people/rights.h).
access::Actions actions_of(meta::RepositoryRole role);

// The least role that allows it; None for what no role in a repository allows.
meta::RepositoryRole role_needed(access::Action action);

// "read", "write", "maintain", "admin"; also "none" for what an organisation gives its members.
std::string_view name_of(meta::RepositoryRole role);
std::optional<meta::RepositoryRole> parse_repository_role(std::string_view text);

std::string_view name_of(meta::MemberRole role);  // "member", "editor", "owner"
std::optional<meta::MemberRole> parse_member_role(std::string_view text);

std::string_view name_of(meta::Visibility visibility);  // "public", "internal", "private", "unset"
std::optional<meta::Visibility> parse_visibility(std::string_view text);  // never Unset

std::string_view name_of(meta::SystemRole role);  // "none", "auditor", "admin"
std::optional<meta::SystemRole> parse_system_role(std::string_view text);

std::string_view name_of(meta::AccountKind kind);    // "user", "organisation", "robot"
std::string_view name_of(meta::AccountState state);  // "active", "disabled", "deleted"
std::string_view name_of(meta::SecretKind kind);     // "password", "access token", …

}  // namespace entrepot::people
