#include "api/rest/system.h"

#include "api/rest/embedded.h"
#include "api/rest/problem.h"
#include "json/writer.h"

namespace entrepot::api::rest {

http::Response System::get(Context& context, const Call& call) {
  const auto any = call.services.memory.find_any(context);
  if (!any) return to_problem(any.error());
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("version", call.services.version)
      .member("state", std::string_view(*any ? "closed" : "open"))
      .end_object()
      .end_line();
  return answer(200, std::move(body));
}

http::Response System::document(Context& /*context*/, const Call& /*call*/) {
  return http::Response::text(200, "application/yaml",
                              std::string(embedded_files().front().contents));
}

}  // namespace entrepot::api::rest
