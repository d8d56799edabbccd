#include "api/rest/robots.h"

#include "api/rest/body.h"
#include "api/rest/rows.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using people::ListedRobot;
using RobotPage = people::Page<ListedRobot, std::string>;

Result<people::GrantWish> read_wish(const json::Value& value) {
  static constexpr json::Names<2> kNames = {"pattern", "role"};
  TRY_ASSIGN(const auto fields, closed_fields(value, kNames));
  TRY(fields.require({0, 1}));
  people::GrantWish wish;
  TRY(fields.read(0, wish.pattern));
  std::optional<meta::RepositoryRole> role;
  TRY(read_word(fields, 1, &parse_given_role, kGivenRoles, role));
  wish.role = *role;
  return wish;
}

Result<people::People::NewRobot> new_robot(std::string_view body, WallTime now) {
  static constexpr json::Names<3> kNames = {"name", "grants", "expires_at"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  TRY(require_said(fields, 2, "it never ends"));
  people::People::NewRobot wished{.name = {}, .grants = {}, .expires_at = {}};
  TRY(fields.read(0, wished.name));
  TRY(read_end(fields, 2, now, wished.expires_at));
  const auto grants = fields.find(1);
  if (!grants) return wished;
  TRY(grants->each_element("a list of grants", [&](const json::Value& value) -> Result<void> {
    TRY_ASSIGN(auto wish, read_wish(value));
    wished.grants.push_back(std::move(wish));
    return {};
  }));
  if (wished.grants.size() > kMostElements) return fields.invalid(1, "has more than 100 elements");
  return wished;
}

}  // namespace

Answered Robots::list(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_name(call.request));
  const std::string name_space = call.request.parameter("namespace").value_or("");
  TRY_ASSIGN(const auto page, look_up<RobotPage>(context, call, [&](const people::Roster& roster) {
               return roster.robots(name_space, query);
             }));
  return answer_page(page, write_robot);
}

Answered Robots::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wished, new_robot(call.body, call.services.clock.wall()));
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.create_robot(context, call.author(), wished));
  std::string body;
  json::Writer json(body);
  json.begin_object()
      .member("name", std::string_view(wished.name))
      .member("secret", std::string_view(made.text))
      .member("secret_id", made.secret.id);
  write_time(json, "expires_at", made.secret.expires_at);
  json.end_object().end_line();
  return created(call, wished.name, std::move(body));
}

Answered Robots::remove(Context& context, const Call& call) {
  auto people = people_of(call);
  const std::string name = call.words[0] + '/' + call.words[1];
  TRY(people.remove(context, call.author(), name, meta::AccountKind::Robot));
  return done();
}

}  // namespace entrepot::api::rest
