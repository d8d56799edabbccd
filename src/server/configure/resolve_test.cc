#include "server/configure/resolve.h"

#include <unistd.h>

#include <array>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

std::string own_name() {
  std::array<char, 256> name{};
  EXPECT_EQ(::gethostname(name.data(), name.size() - 1), 0);
  return name.data();
}

TEST(ResolveNames, ANameBecomesItsAddresses) {
  Options options = initial_options();
  options.http_listen = {{"127.0.0.1", 1}, {own_name(), 5000}, {"::1", 2}, {"", 3}};
  ASSERT_OK(resolve_names(options));
  ASSERT_GE(options.http_listen.size(), 4u);
  EXPECT_EQ(options.http_listen.front(), (ListenAddress{"127.0.0.1", 1}));
  EXPECT_EQ(options.http_listen.back(), (ListenAddress{"", 3}));
  EXPECT_EQ(options.http_listen[1].port, 5000);
  EXPECT_EQ(options.http_listen[1].host.find_first_not_of("0123456789abcdef.:"), std::string::npos);
}

TEST(ResolveNames, ANameOfNothingIsRefused) {
  Options options = initial_options();
  options.http_listen = {{"no-such-name.invalid", 5000}};
  const auto refused = resolve_names(options);
  EXPECT_FAILS(Unavailable, refused);
  EXPECT_NE(refused.error().message.find("http.listen: no-such-name.invalid:5000"),
            std::string::npos);
}

}  // namespace
}  // namespace entrepot::server
