#include "cli/servers.h"

#include <sys/stat.h>

#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::cli {
namespace {

TEST(ServerUrl, IsWhatPeopleType) {
  const std::pair<const char*, const char*> cases[] = {
      {"localhost:5000", "http://localhost:5000"},
      {"127.0.0.1:5000", "http://127.0.0.1:5000"},
      {"[::1]:5000", "http://[::1]:5000"},
      {"registry.example.com", "https://registry.example.com"},
      {"registry.example.com:8443/", "https://registry.example.com:8443"},
      {"http://registry.example.com", "http://registry.example.com"},
      {"https://example.com/registry/", "https://example.com/registry"},
  };
  for (const auto& [typed, url] : cases) {
    const auto made = server_url(typed);
    ASSERT_OK(made) << typed;
    EXPECT_EQ(*made, url);
  }
}

TEST(ServerUrl, IsNothingElse) {
  for (const char* typed : {"", "/", "ftp://example.com", "https://", "https:///x",
                            "https://user:pw@example.com", "https://example.com/?a", "a b"}) {
    EXPECT_FAILS(InvalidArgument, server_url(typed)) << typed;
  }
}

TEST(ServerUrl, WithoutTlsIsProtectedOnThisMachineAlone) {
  for (const char* url : {"https://registry.example.com", "http://localhost:5000",
                          "http://127.0.0.1:5000", "http://[::1]:5000"}) {
    EXPECT_TRUE(is_protected(url)) << url;
  }
  for (const char* url :
       {"http://registry.example.com", "http://192.0.2.7:5000", "http://localhost.example.com"}) {
    EXPECT_FALSE(is_protected(url)) << url;
  }
}

class ServersTest : public ::testing::Test {
 protected:
  Servers loaded() {
    auto servers = Servers::load(path);
    EXPECT_OK(servers);
    return *std::move(servers);
  }
  entrepot::testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/.config/entrepot/servers.json";
  const Server one{"https://one.example", "alice", "Cookie", "a=1"};
  const Server two{"http://localhost:5000", "acme/ci", "Authorization", "Basic \"x\""};
};

TEST_F(ServersTest, AreKeptForTheirOwnerAlone) {
  Servers servers = loaded();
  EXPECT_EQ(servers.current(), nullptr);
  servers.add(one);
  servers.add(two);
  ASSERT_OK(servers.save());

  const Servers again = loaded();
  ASSERT_NE(again.current(), nullptr);
  EXPECT_EQ(again.current()->url, two.url);
  EXPECT_EQ(again.current()->header_value, two.header_value);
  ASSERT_NE(again.find(one.url), nullptr);
  EXPECT_EQ(again.find(one.url)->user, "alice");
  EXPECT_EQ(again.find("https://three.example"), nullptr);
  struct stat seen {};
  ASSERT_EQ(::stat(path.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777U, 0600U);
  ASSERT_EQ(::stat((directory.path() + "/.config/entrepot").c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 07777U, 0700U);
}

TEST_F(ServersTest, ASecondSignInTakesThePlaceOfTheFirst) {
  Servers servers = loaded();
  servers.add(one);
  servers.add(two);
  servers.add({one.url, "bob", "Cookie", "b=2"});
  EXPECT_EQ(servers.current()->user, "bob");
  servers.remove(one.url);
  EXPECT_EQ(servers.current()->url, two.url);
  EXPECT_EQ(servers.find(one.url), nullptr);
}

TEST_F(ServersTest, AFileThatIsNotOursIsNotWrittenOver) {
  ASSERT_OK(loaded().save());
  for (const char* text : {"{}", "[{\"url\":\"https://one.example\"}]", "[", "[1]"}) {
    std::ofstream(path) << text;
    EXPECT_FAILS(Corrupt, Servers::load(path)) << text;
  }
}

}  // namespace
}  // namespace entrepot::cli
