#pragma once
// remote/internal/token_service.h — fetches tokens.

#include <string>

#include "base/context.h"
#include "base/result.h"
#include "http/client/client.h"
#include "remote/internal/pace.h"
#include "remote/internal/tokens.h"

namespace entrepot::remote {

// Asks the token service for this token; `authorization` ("Basic …") is sent where the token is
// wanted with credentials. A redirect is not followed. Denied when it takes them not (401, 403),
// RateLimited (429, which `pace` hears of), Unavailable for any other trouble: it is never
// NotFound. Timeout, Cancelled.
Result<Fetched> fetch_token(Context& context, http::client::Client& client, const Wanted& wanted,
                            const std::string& authorization, Pace& pace);

}  // namespace entrepot::remote
