#include "remote/internal/redirect.h"

#include "base/testing/assert_ok.h"

namespace entrepot::remote {
namespace {

Origin origin(std::string_view text) {
  const auto address = parse_address(text);
  EXPECT_OK(address) << text;
  return address ? address->origin : Origin{};
}

std::string from(std::string_view text, std::string_view location) {
  const auto address = parse_address(text);
  EXPECT_OK(address);
  const auto to = redirected(*address, location);
  return to ? to->text() : fmt::format("{}", to.error());
}

TEST(RemoteAddress, IsTakenApart) {
  const auto address = parse_address("HTTPS://Registry.Example.com:5000/v2/?a=b#c");
  ASSERT_OK(address);
  EXPECT_EQ(address->origin, (Origin{.tls = true, .host = "registry.example.com", .port = 5000}));
  EXPECT_EQ(address->target, "/v2/?a=b");
  EXPECT_EQ(address->text(), "https://registry.example.com:5000/v2/?a=b");
  EXPECT_EQ(parse_address("http://h?q")->text(), "http://h/?q");
  EXPECT_EQ(parse_address("https://h:443")->text(), "https://h/");
  EXPECT_EQ(parse_address("http://[::1]:80/x")->text(), "http://[::1]/x");
}

TEST(RemoteAddress, AnyOtherIsRefusedAndNotRepeated) {
  for (const char* text :
       {"", "h", "/v2/", "ftp://h/", "http:/h", "http://", "http:///x", "http://u:secret@h/",
        "http://h:0/", "http://h:65536/", "http://h:1x/", "http://h /", "http://h/\xc3\xa9",
        "http://h\\secret/", "http://[::1", "http://[]/", "http://h%41/", "file:///secret"}) {
    const auto address = parse_address(text);
    ASSERT_FAILS(InvalidArgument, address) << text;
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
}

TEST(RemoteRedirect, LeadsToAnAddressOrBesideItself) {
  const char* const start = "https://r.io/v2/a/blobs/x?y=1";
  EXPECT_EQ(from(start, "https://cdn.io/z?sig=1"), "https://cdn.io/z?sig=1");
  EXPECT_EQ(from(start, "//cdn.io/z"), "https://cdn.io/z");
  EXPECT_EQ(from(start, "/z:1"), "https://r.io/z:1");
  EXPECT_EQ(from(start, "z"), "https://r.io/v2/a/blobs/z");
  EXPECT_EQ(from(start, "?q"), "https://r.io/v2/a/blobs/x?q");
  EXPECT_EQ(from("http://r.io/", "https://r.io/"), "https://r.io/");
}

TEST(RemoteRedirect, NeverDownToHttpNorElsewhere) {
  for (const char* location : {"http://r.io/secret", "HTTP://cdn.io/secret", "ftp://r.io/secret",
                               "javascript:secret", "https://u@r.io/secret", "https:///secret"}) {
    const auto to = redirected(*parse_address("https://r.io/v2/"), location);
    ASSERT_FAILS(Unavailable, to) << location;
    EXPECT_EQ(to.error().message.find("secret"), std::string::npos) << to.error().message;
  }
}

TEST(RemoteTrust, CredentialsStayInTheDomain) {
  const auto told = [](std::string_view server, std::string_view realm) {
    return may_be_told(origin(server), origin(realm), {});
  };
  EXPECT_TRUE(told("https://registry-1.docker.io", "https://auth.docker.io/token"));
  EXPECT_TRUE(told("https://ghcr.io", "https://ghcr.io/token"));
  EXPECT_TRUE(told("https://registry.gitlab.com", "https://gitlab.com/jwt/auth"));
  EXPECT_TRUE(told("http://10.0.0.5:5000", "http://10.0.0.5:5001/token"));
  EXPECT_TRUE(told("http://localhost:5000", "https://localhost:5001/token"));
  EXPECT_TRUE(told("https://r.example.co.uk", "https://auth.example.co.uk"));

  EXPECT_FALSE(told("https://ghcr.io", "http://ghcr.io/token")) << "down to http";
  EXPECT_FALSE(told("https://docker.io", "https://docker.io.example.com"));
  EXPECT_FALSE(told("https://a.docker.io", "https://evildocker.io"));
  EXPECT_FALSE(told("https://a.co.uk", "https://b.co.uk"));
  EXPECT_FALSE(told("https://a.com.cn", "https://b.com.cn"));
  EXPECT_FALSE(told("https://a.azurecr.io", "https://b.azurecr.io"));
  EXPECT_FALSE(told("https://1.dkr.ecr.eu.amazonaws.com", "https://2.dkr.ecr.eu.amazonaws.com"));
  EXPECT_FALSE(told("http://10.0.0.5", "http://10.1.0.5"));
  EXPECT_FALSE(told("http://10.0.0.5", "http://11.0.0.5"));
  EXPECT_FALSE(told("http://[::1]", "http://[::2]"));
  EXPECT_FALSE(told("http://registry", "http://auth"));
  EXPECT_FALSE(told("https://a.io", "https://localhost"));
  EXPECT_FALSE(told("https://x..io", "https://y..io"));
  EXPECT_FALSE(told("https://x.io.", "https://y.io."));
}

TEST(RemoteTrust, ListedHostsAreTold) {
  const std::vector<std::string> listed = {"Auth.example.net", "auth"};
  const Origin server = origin("https://r.io");
  EXPECT_TRUE(may_be_told(server, origin("https://auth.example.net:8443/t"), listed));
  EXPECT_TRUE(may_be_told(server, origin("https://auth/t"), listed));
  EXPECT_FALSE(may_be_told(server, origin("http://auth.example.net/t"), listed));
  EXPECT_FALSE(may_be_told(server, origin("https://x.auth.example.net/t"), listed));
}

}  // namespace
}  // namespace entrepot::remote
