#pragma once
// api/rest/organisations.h — organisations, their members and teams.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Organisations {
  static Answered list(Context& context, const Call& call);
  static Answered create(Context& context, const Call& call);
  static Answered get(Context& context, const Call& call);
  static Answered change(Context& context, const Call& call);
  static Answered remove(Context& context, const Call& call);

  static Answered members(Context& context, const Call& call);
  static Answered set_member(Context& context, const Call& call);
  static Answered remove_member(Context& context, const Call& call);

  static Answered teams(Context& context, const Call& call);
  static Answered create_team(Context& context, const Call& call);
  static Answered remove_team(Context& context, const Call& call);
  static Answered team_members(Context& context, const Call& call);
  static Answered add_to_team(Context& context, const Call& call);
  static Answered drop_from_team(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
