// Forms: whatever comes, there is one proof in it or an error.

#include <string_view>

#include "api/token/form.h"
#include "base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace entrepot::api::token;
  const auto form = parse_form({reinterpret_cast<const char*>(data), size});
  if (!form) return 0;
  CHECK(form->password.has_value() != form->refresh.has_value());
  if (form->password) CHECK(form->password->username.find(':') == std::string::npos);
  return 0;
}
