#include "api/token/form.h"

#include <algorithm>
#include <map>

#include "http/router.h"

namespace entrepot::api::token {
namespace {

using Fields = std::multimap<std::string, std::string, std::less<>>;

Result<Fields> read_fields(std::string_view rest) {
  Fields fields;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    auto name = http::percent_decode(pair.substr(0, equals), true);
    auto value = http::percent_decode(pair.substr(std::min(equals + 1, pair.size())), true);
    if (!name || !value) return fail(ErrorCode::InvalidArgument, "the form has a bad escape");
    fields.emplace(*std::move(name), *std::move(value));
  }
  return fields;
}

// "" when it is not there.
Result<std::string> one(const Fields& fields, std::string_view name) {
  if (fields.count(name) > 1) {
    return fail(ErrorCode::InvalidArgument, "the form has {} more than once", name);
  }
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

Result<std::string> required(const Fields& fields, std::string_view name) {
  TRY_ASSIGN(auto value, one(fields, name));
  if (value.empty()) return fail(ErrorCode::InvalidArgument, "the form has no {}", name);
  return value;
}

Result<PasswordGrant> read_password(const Fields& fields) {
  PasswordGrant grant;
  TRY_ASSIGN(grant.username, required(fields, "username"));
  TRY_ASSIGN(grant.password, required(fields, "password"));
  if (grant.username.find(':') != std::string::npos) {
    return fail(ErrorCode::InvalidArgument, "no user name has a colon");
  }
  return grant;
}

}  // namespace

Result<Form> parse_form(std::string_view body) {
  TRY_ASSIGN(const Fields fields, read_fields(body));
  TRY_ASSIGN(const std::string grant, required(fields, "grant_type"));
  Form form;
  if (grant == "password") {
    TRY_ASSIGN(form.password, read_password(fields));
  } else if (grant == "refresh_token") {
    form.refresh.emplace();
    TRY_ASSIGN(form.refresh->refresh_token, required(fields, "refresh_token"));
  } else {
    return fail(ErrorCode::InvalidArgument,
                "grant_type is \"password\" or \"refresh_token\" here, and nothing else");
  }
  TRY_ASSIGN(form.service, one(fields, "service"));
  TRY_ASSIGN(form.client, one(fields, "client_id"));
  TRY_ASSIGN(const std::string access_type, one(fields, "access_type"));
  form.offline = access_type == "offline";
  const auto [first, last] = fields.equal_range("scope");
  std::transform(first, last, std::back_inserter(form.scopes),
                 [](const auto& field) { return field.second; });
  return form;
}

}  // namespace entrepot::api::token
