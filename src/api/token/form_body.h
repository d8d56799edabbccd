#pragma once
// api/token/form_body.h — takes a posted form, proves what it carries, and answers with tokens.

#include <optional>
#include <string>

#include "api/token/form.h"
#include "api/token/issuer.h"
#include "http/handler.h"

namespace entrepot::api::token {

// A password is proved in the errand, where the authenticator wants that; all else, also the commit
// of a refresh token, at the end.
class FormBody final : public http::BodySink {
 public:
  FormBody(const http::Request& request, const Issuer::Parts& parts, const Issuer& issuer)
      : request_(request), parts_(parts), issuer_(issuer) {}

  Result<void> write(Context& context, ByteView piece) override;
  std::optional<http::Errand> errand() override;
  http::Response finish(Context& context) override;
  http::Response failed(Context& context, const Error& error) override;

 private:
  Result<void> read();
  Result<access::Subject> find_subject(Context& context);
  Result<http::Response> respond(Context& context);

  const http::Request& request_;
  const Issuer::Parts& parts_;
  const Issuer& issuer_;
  Bytes body_;
  Result<void> was_read_;
  Form form_;
  std::string authorization_;  // the form's name and password
  Admission admission_;        // with those
};

// InvalidArgument for another service than ours; clients may leave it out.
Result<void> check_service(std::string_view service);

}  // namespace entrepot::api::token
