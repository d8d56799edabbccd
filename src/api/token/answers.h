#pragma once
// api/token/answers.h — what /token answers, in the words of the distribution API, which the
// clients of this one read.

#include <string>
#include <string_view>

#include "base/error.h"
#include "http/message.h"

namespace entrepot::api::token {

// JSON that no cache keeps.
http::Response answer(int status, std::string body);
http::Response problem(int status, std::string_view code, std::string_view message);
http::Response problem(const Error& error);

}  // namespace entrepot::api::token
