#include "people/file_users.h"

#include <crypt.h>

#include "meta/testing/faulty_store.h"
#include "people/refresh_tokens.h"
#include "people/testing/world.h"

namespace entrepot::people {
namespace {

using access::Action;
using testing::kCheap;
using testing::World;

std::string line(const std::string& name, const std::string& password) {
  crypt_data data{};
  return name + ':' + ::crypt_r(password.c_str(), "$2y$04$abcdefghijklmnopqrstuu", &data) + '\n';
}

TEST(HtpasswdTest, OnlyNamesWithBcryptCount) {
  const Htpasswd file =
      parse_htpasswd("# who\n\n" + line("alice", "one") + "  " + line("Bob B.", "two") +
                     "nothing\n:$2y$x\nold:$apr1$x$y\nshort:$2y$05$x\r\n" + line("alice", "three") +
                     "alice:{SHA}gone");
  ASSERT_EQ(file.hashes.size(), 1u);
  EXPECT_TRUE(file.hashes.count("Bob B."));
  std::string told;
  for (const auto& complaint : file.complaints) {
    told += std::to_string(complaint.line) + complaint.name + ' ';
  }
  EXPECT_EQ(told, "5 6 7old 8short 10alice ") << "the last line of a name is the one that counts";
}

class FileUsersTest : public ::testing::Test {
 protected:
  FileUsersTest() {
    sign_in = SignIn::open(faulty, world.memory, *world.tokens, world.executor, world.clock,
                           {.cost = kCheap, .file_users = &users})
                  .value();
    EXPECT_OK(users.grant_once(world.context));
  }
  Result<access::Subject> enter(const std::string& name, const std::string& password) {
    const std::string authorization = World::basic(name, password);
    return sign_in->authenticate(world.context,
                                 {.address = "192.0.2.7", .authorization = authorization});
  }
  void take(const std::string& text) { ASSERT_OK(users.take(world.context, text)); }

  World world;
  meta::testing::FaultyStore faulty{world.store};
  FileUsers users{faulty, world.memory, world.clock};
  std::unique_ptr<SignIn> sign_in;
};

TEST_F(FileUsersTest, WhoIsInTheFileMayMaintainEverythingByOneGrant) {
  take(line("alice", "one"));
  const auto alice = enter("alice", "one");
  ASSERT_OK(alice);
  EXPECT_EQ(alice->name(), "htpasswd:alice");
  EXPECT_EQ(alice->kind(), access::SubjectKind::User);
  world.push("alice/app");
  for (const char* repository : {"alice/app", "top", "a/b/c"}) {
    EXPECT_TRUE(world.decide(*alice, Action::Push, repository).allowed()) << repository;
  }
  EXPECT_TRUE(world.decide(*alice, Action::Delete, "alice/app").allowed());
  EXPECT_FALSE(world.decide(*alice, Action::Grant, "alice/app").allowed()) << "no namespace";
  ASSERT_OK(users.grant_once(world.context));
  const auto grants = world.store.view<std::vector<meta::Grant>>(
      world.context, [](const meta::Snapshot& s) { return s.grants().list(0, 10); });
  ASSERT_EQ(grants->size(), 1u);
  ASSERT_OK(world.people.revoke_grant(world.context, world.by, grants->front().id));
  ASSERT_OK(users.grant_once(world.context));
  EXPECT_FALSE(world.decide(*alice, Action::Push, "top").allowed()) << "it was removed for good";
}

TEST_F(FileUsersTest, WrongNamesPasswordsAndCasesAreToldAlike) {
  take(line("alice", "one"));
  for (const auto& [name, password] : std::initializer_list<std::pair<const char*, const char*>>{
           {"alice", "two"}, {"Alice", "one"}, {"bob", "one"}, {"htpasswd", "alice:one"}}) {
    const auto entered = enter(name, password);
    EXPECT_FAILS(Unauthenticated, entered) << name;
    EXPECT_EQ(entered.error().message, "wrong user name or password");
  }
}

TEST_F(FileUsersTest, ANewHashAndAMissingNameEndWhatWasSignedIn) {
  RefreshTokens tokens(world.store, world.executor, world.clock);
  take(line("alice", "one") + line("bob", "one"));
  const auto alice = enter("alice", "one");
  const auto bob = enter("bob", "one");
  const auto of_alice = tokens.give(world.context, meta::AccountId{alice->id()}, 0, "docker");
  const auto of_bob = tokens.give(world.context, meta::AccountId{bob->id()}, 0, "docker");
  take(line("bob", "one") + line("carol", "one"));
  EXPECT_FAILS(Unauthenticated, enter("alice", "one"));
  EXPECT_FAILS(Unauthenticated, tokens.redeem(world.context, *of_alice));
  EXPECT_OK(tokens.redeem(world.context, *of_bob)) << "nothing has changed for bob";
  take(line("alice", "one") + line("bob", "two"));
  EXPECT_FAILS(Unauthenticated, tokens.redeem(world.context, *of_bob));
  EXPECT_FAILS(Unauthenticated, enter("bob", "one"));
  EXPECT_EQ(enter("bob", "two")->id(), bob->id()) << "the same account";
  EXPECT_EQ(enter("alice", "one")->id(), alice->id());
}

// Whoever signs in before anybody has looked who is out.
TEST_F(FileUsersTest, ASignInWithANewHashEndsTheOld) {
  RefreshTokens tokens(world.store, world.executor, world.clock);
  take(line("alice", "one"));
  const auto alice = enter("alice", "one");
  const auto old = tokens.give(world.context, meta::AccountId{alice->id()}, 0, "docker");
  faulty.fail_read(1);
  EXPECT_FAILS(Unavailable, users.take(world.context, line("alice", "two")));
  ASSERT_OK(enter("alice", "two"));
  EXPECT_FAILS(Unauthenticated, tokens.redeem(world.context, *old));
}

TEST_F(FileUsersTest, AnAccountOfOursIsAskedInsteadOfTheFile) {
  world.user("alice");
  take(line("alice", "one"));
  EXPECT_FAILS(Unauthenticated, enter("alice", "one"));
  EXPECT_OK(enter("alice", std::string(testing::kPassword)));
}

TEST_F(FileUsersTest, WhoWasHereBeforeSignsInOnAFullDisk) {
  take(line("alice", "one") + line("bob", "one"));
  ASSERT_OK(enter("alice", "one"));
  world.clock.advance(std::chrono::minutes(2));
  faulty.fail_write(1, ErrorCode::StorageFull);
  EXPECT_OK(enter("alice", "one"));
  EXPECT_FAILS(StorageFull, enter("bob", "one"));
}

TEST_F(FileUsersTest, TheDisabledAreDisabledAndHaveNoPasswordOfOurs) {
  take(line("alice", "one"));
  ASSERT_OK(enter("alice", "one"));
  EXPECT_FAILS(InvalidArgument, world.people.set_password(world.context, world.by, "htpasswd:alice",
                                                          "another password"));
  ASSERT_OK(world.people.set_enabled(world.context, world.by, "htpasswd:alice", false));
  EXPECT_FAILS(Unauthenticated, enter("alice", "one"));
}

TEST_F(FileUsersTest, AFileThatIsAwayLetsNobodyInAndSignsNobodyOut) {
  RefreshTokens tokens(world.store, world.executor, world.clock);
  take(line("alice", "one"));
  const auto alice = enter("alice", "one");
  const auto kept = tokens.give(world.context, meta::AccountId{alice->id()}, 0, "docker");
  users.close();
  world.clock.advance(std::chrono::minutes(2));
  EXPECT_FAILS(Unauthenticated, enter("alice", "one"));
  EXPECT_OK(tokens.redeem(world.context, *kept));
}

}  // namespace
}  // namespace entrepot::people
