#pragma once
// api/rest/problem.h — how "no" looks: problem details (RFC 9457).

#include <string_view>

#include "access/policy.h"
#include "base/error.h"
#include "http/message.h"

namespace entrepot::api::rest {

// {"type":"about:blank","title":…,"status":…,"code":…,"detail":…}. `code` is for programs and never
// changes; `detail` is for people, in English.
http::Response problem(int status, std::string_view code, std::string_view detail);

// For what a use case says. What only the operator can do something about is told without its
// reasons, which are in the log.
http::Response to_problem(const Error& error);

// For who may not. What somebody may not read is not there: 404, the same to the byte as for what
// really is not. A write is refused with 401 for nobody in particular, else with 403 and the
// policy's words, which are of the name alone.
http::Response refuse(const access::Decision& decision, bool is_read);

// "there is no such …, or it is not yours to see", for what is not there.
http::Response not_found();

}  // namespace entrepot::api::rest
