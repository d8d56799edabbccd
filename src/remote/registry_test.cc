#include "remote/registry.h"

#include <atomic>
#include <thread>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "oci/manifest.h"
#include "remote/testing/fake_registry.h"

namespace entrepot::remote {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::answer_text;
using testing::Asked;
using testing::FakeRegistry;
using testing::Said;
using Host = FakeRegistry::Host;
using Rules = FakeRegistry::Rules;

class RemoteRegistry : public ::testing::Test {
 protected:
  RemoteRegistry() {
    fake.put_manifest("library/nginx", "1", manifest_bytes);
    server.url = fake.url();
    options.pause = milliseconds(1);
  }

  // Made at the first question.
  Registry& registry() {
    if (!made) {
      auto opened = Registry::make(server, options, clock);
      EXPECT_OK(opened);
      made = *std::move(opened);
    }
    return *made;
  }
  Result<Manifest> manifest(std::string_view reference = "1") {
    return registry().manifest(context, "library/nginx", reference);
  }
  std::size_t tokens() const { return fake.count(Host::Realm); }
  // The registry says only this.
  void say(Said said) {
    fake.answer(Host::Registry, [said](const Asked&) { return said; });
  }
  void without_tokens() {
    fake.rule([](Rules& rules) { rules.demand = Rules::Demand::Nothing; });
  }

  const std::string manifest_bytes = "{\"schemaVersion\":2,\"manifests\":[]}";
  FakeRegistry fake;
  entrepot::testing::FakeClock clock;
  Context context{"test"};
  Server server;
  Options options;
  std::unique_ptr<Registry> made;
};

TEST_F(RemoteRegistry, GivesAManifestAsItIs) {
  const auto got = manifest();
  ASSERT_OK(got);
  EXPECT_EQ(got->bytes, manifest_bytes);
  EXPECT_EQ(got->media_type, oci::media_type::kOciIndex);
  EXPECT_EQ(got->digest, oci::Digest::of(manifest_bytes));
  const auto head = registry().head_manifest(context, "library/nginx", "1");
  ASSERT_OK(head);
  EXPECT_EQ(head->digest, got->digest);
  EXPECT_EQ(head->media_type, oci::media_type::kOciIndex);

  const Asked asked = fake.asked(Host::Registry).back();
  EXPECT_EQ(asked.header("Accept-Encoding"), "identity");
  const std::string types = asked.header("Accept").value_or("");
  for (const auto type : {oci::media_type::kOciManifest, oci::media_type::kOciIndex,
                          oci::media_type::kDockerManifest, oci::media_type::kDockerList}) {
    EXPECT_NE(types.find(type), std::string::npos) << types;
  }
}

TEST_F(RemoteRegistry, ByAnotherAlgorithmOfDigest) {
  const auto digest = oci::Digest::of(manifest_bytes, oci::HashAlgorithm::Sha512);
  fake.put_manifest("library/nginx", digest.to_string(), manifest_bytes);
  const auto got = manifest(digest.to_string());
  ASSERT_OK(got);
  EXPECT_EQ(got->digest, digest);
}

TEST_F(RemoteRegistry, OneTokenForManyCalls) {
  for (int i = 0; i < 5; ++i) EXPECT_OK(manifest());
  EXPECT_EQ(tokens(), 1);
  EXPECT_EQ(fake.count(Host::Registry), 6) << "one was refused";
  EXPECT_FALSE(fake.asked(Host::Realm)[0].header("Authorization"));
  fake.put_manifest("library/redis", "1", manifest_bytes);
  EXPECT_OK(registry().manifest(context, "library/redis", "1"));
  EXPECT_EQ(tokens(), 2) << "one for each repository";
}

TEST_F(RemoteRegistry, OneTokenForManyThreads) {
  fake.answer(Host::Realm, [](const Asked&) {
    std::this_thread::sleep_for(milliseconds(100));  // so that all of them come meanwhile
    return std::nullopt;
  });
  registry();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Context mine{"test"};
      if (registry().manifest(mine, "library/nginx", "1")) ++good;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 8);
  EXPECT_EQ(tokens(), 1);
}

TEST_F(RemoteRegistry, RenewsATokenBeforeItEnds) {
  EXPECT_OK(manifest());
  clock.advance(seconds(47));
  EXPECT_OK(manifest());
  EXPECT_EQ(tokens(), 1);
  clock.advance(seconds(1));
  EXPECT_OK(manifest());
  EXPECT_EQ(tokens(), 2);
  EXPECT_EQ(fake.count(Host::Registry), 4) << "it asked with the new one at once";
}

TEST_F(RemoteRegistry, ATokenThatEndedEarlyIsFetchedAnew) {
  for (const int status : {401, 400}) {  // 400: ECR's public registry
    fake.rule([&](Rules& rules) { rules.refused_with = status; });
    EXPECT_OK(manifest());
    clock.advance(seconds(5));
    fake.forget_tokens();
    const std::size_t before = tokens();
    EXPECT_OK(manifest());
    EXPECT_EQ(tokens(), before + 1);
  }
}

TEST_F(RemoteRegistry, AFreshTokenThatIsRefusedIsDenied) {
  fake.answer(Host::Registry, [](const Asked&) {
    return Said{answer_text(401, "WWW-Authenticate: Bearer realm=\"http://localhost:1/\"\r\n", "")};
  });
  EXPECT_FAILS(Unavailable, manifest()) << "nobody is there";
  EXPECT_FAILS(Unavailable, manifest());
  const std::string realm = fake.realm_url();
  fake.answer(Host::Registry, [realm](const Asked&) {
    return Said{answer_text(401,
                            fmt::format("WWW-Authenticate: Bearer realm=\"{}\","
                                        "service=\"fake registry\"\r\n",
                                        realm),
                            "")};
  });
  EXPECT_FAILS(Denied, manifest());
  const std::size_t before = fake.count(Host::Registry);
  EXPECT_FAILS(Denied, manifest());
  EXPECT_EQ(fake.count(Host::Registry), before + 2) << "the kept one, a fresh one, no more";
}

TEST_F(RemoteRegistry, TellsTheTokenServiceTheCredentials) {
  fake.rule([](Rules& rules) { rules.password = "right"; });
  EXPECT_FAILS(Denied, manifest());
  made.reset();
  server.credentials = {.username = "me", .password = "wrong"};
  const auto wrong = manifest();
  ASSERT_FAILS(Denied, wrong);
  EXPECT_EQ(wrong.error().message.find("wrong"), std::string::npos);
  EXPECT_FAILS(Denied, registry().ping(context));
  made.reset();
  server.credentials.password = "right";
  EXPECT_OK(manifest());
  EXPECT_OK(registry().ping(context));
  for (const Asked& asked : fake.asked(Host::Registry)) {
    EXPECT_FALSE(asked.header("Authorization").value_or("").starts_with("Basic")) << asked.head;
  }
}

TEST_F(RemoteRegistry, ATokenServiceOfAnotherDomainIsNotTold) {
  server.credentials = {.username = "me", .password = "secret"};
  // The same machine by another name.
  std::string realm = fake.realm_url();
  realm.replace(realm.find("localhost"), 9, "127.0.0.1");
  fake.answer(Host::Registry, [realm](const Asked& asked) -> std::optional<Said> {
    if (asked.header("Authorization")) return std::nullopt;
    return Said{answer_text(401,
                            fmt::format("WWW-Authenticate: Bearer realm=\"{}\","
                                        "service=\"fake registry\"\r\n",
                                        realm),
                            "")};
  });
  const auto refused = manifest();
  ASSERT_FAILS(Denied, refused);
  EXPECT_NE(refused.error().message.find("127.0.0.1"), std::string::npos);
  EXPECT_EQ(tokens(), 0);
  made.reset();
  server.realm_hosts = {"127.0.0.1"};
  EXPECT_OK(manifest());
  made.reset();
  server.realm_hosts.clear();
  server.credentials = {};
  EXPECT_OK(manifest()) << "without credentials there is nothing to tell";
}

TEST_F(RemoteRegistry, ShowsTheCredentialsItselfWhereThatIsWanted) {
  fake.rule([](Rules& rules) {
    rules.demand = Rules::Demand::Basic;
    rules.password = "right";
  });
  EXPECT_FAILS(Denied, manifest());
  made.reset();
  server.credentials = {.username = "me", .password = "right"};
  EXPECT_OK(manifest());
  const std::size_t before = fake.count(Host::Registry);
  EXPECT_OK(manifest());
  EXPECT_EQ(fake.count(Host::Registry), before + 1) << "it shows them at once";
}

TEST_F(RemoteRegistry, AsksV2WhereA401SaysNothing) {
  fake.rule([](Rules& rules) { rules.silent_401 = true; });
  EXPECT_OK(manifest());
}

TEST_F(RemoteRegistry, TokensInEachForm) {
  fake.rule([](Rules& rules) {
    rules.token_field = "access_token";
    rules.token_life = "";
  });
  EXPECT_OK(manifest());
  clock.advance(seconds(47));
  EXPECT_OK(manifest());
  EXPECT_EQ(tokens(), 1);
}

TEST_F(RemoteRegistry, OnlyTheRegistryItselfSaysNotFound) {
  EXPECT_FAILS(NotFound, manifest("2"));
  const auto digest = oci::Digest::of("nothing");
  EXPECT_FAILS(NotFound, registry().blob_size(context, "library/nginx", digest));
  EXPECT_FAILS(NotFound, registry().tags(context, "library/nginx", "", 10));
  for (const int status : {404, 500, 400, 302}) {
    made.reset();
    fake.answer(Host::Realm, [status](const Asked&) { return Said{answer_text(status, "", "")}; });
    EXPECT_FAILS(Unavailable, manifest("2")) << status;
  }
  made.reset();
  fake.answer(Host::Realm, [](const Asked&) { return Said{answer_text(200, "", "<html>")}; });
  EXPECT_FAILS(Unavailable, manifest("2"));
  without_tokens();
  made.reset();
  EXPECT_FAILS(NotFound, manifest("2"));
  say({answer_text(404, "", "")});
  EXPECT_FAILS(Unavailable, registry().ping(context));
}

TEST_F(RemoteRegistry, StatusesAndWhatTheyMean) {
  without_tokens();
  for (const int status : {400, 405, 416, 500, 502, 503, 204, 206, 304, 302}) {
    say({answer_text(status, "", "")});
    EXPECT_FAILS(Unavailable, manifest()) << status;
  }
  say({answer_text(403, "", "")});
  EXPECT_FAILS(Denied, manifest());
  say({answer_text(500, "", std::string(1'000'000, 'x'))});
  EXPECT_FAILS(Unavailable, manifest());
}

TEST_F(RemoteRegistry, ARegistryWithoutHeadIsAskedForTheWhole) {
  fake.rule([](Rules& rules) { rules.head = false; });
  const auto head = registry().head_manifest(context, "library/nginx", "1");
  ASSERT_OK(head);
  EXPECT_EQ(head->digest, oci::Digest::of(manifest_bytes));
}

TEST_F(RemoteRegistry, WhatIsNoManifest) {
  without_tokens();
  say({answer_text(200, "Content-Type: text/html; charset=utf-8\r\n", "{}")});
  EXPECT_FAILS(Unavailable, manifest());
  EXPECT_FAILS(Unavailable, registry().ping(context));
  say({answer_text(200, "", "<!DOCTYPE html>")});
  EXPECT_FAILS(Unavailable, manifest());
  say({answer_text(200, "Content-Encoding: gzip\r\n", manifest_bytes)});
  EXPECT_FAILS(Unavailable, manifest());
  say({answer_text(200, "Content-Encoding: identity\r\n", manifest_bytes)});
  EXPECT_OK(manifest());
  const std::string digest = oci::Digest::of("another").to_string();
  say({answer_text(200, "Docker-Content-Digest: " + digest + "\r\n", manifest_bytes)});
  EXPECT_FAILS(Unavailable, manifest());
  EXPECT_FAILS(Corrupt, manifest(digest));
  say({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", Said::Then::Close});
  EXPECT_FAILS(Unavailable, manifest());
}

TEST_F(RemoteRegistry, AManifestHasALimit) {
  const std::string start = "{\"x\":\"";
  const std::string most = start + std::string(oci::kMaxManifestBytes - start.size(), 'x');
  fake.put_manifest("library/nginx", "largest", most);
  EXPECT_OK(manifest("largest"));
  fake.put_manifest("library/nginx", "larger", most + "x");
  EXPECT_FAILS(TooLarge, manifest("larger"));
  without_tokens();
  made.reset();
  fake.answer(Host::Registry, [&](const Asked&) {  // which tells no length
    return Said{fmt::format("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}xx", most),
                Said::Then::Close};
  });
  EXPECT_FAILS(TooLarge, manifest());
}

TEST_F(RemoteRegistry, WaitsNoLongerThanItMay) {
  without_tokens();
  options.head = milliseconds(100);
  options.silence = milliseconds(100);
  say({"HTTP/1.1 200 OK\r\n", Said::Then::Silence});
  EXPECT_FAILS(Timeout, manifest());
  say({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", Said::Then::Silence});
  EXPECT_FAILS(Timeout, manifest());
  context.cancel();
  EXPECT_FAILS(Cancelled, manifest());
}

TEST_F(RemoteRegistry, TellsOfItsLimits) {
  EXPECT_EQ(registry().pulls_left(), std::nullopt);
  fake.rule([](Rules& rules) { rules.lines = "RateLimit-Remaining: 20;w=21600\r\n"; });
  EXPECT_OK(manifest());
  EXPECT_EQ(registry().pulls_left(), 20);
  EXPECT_EQ(registry().rests_until(), std::nullopt);
  fake.rule([](Rules& rules) { rules.lines = ""; });
  EXPECT_OK(registry().head_manifest(context, "library/nginx", "1"));
  EXPECT_EQ(registry().pulls_left(), std::nullopt);

  say({answer_text(429, "Retry-After: 120\r\n", "")});
  EXPECT_FAILS(RateLimited, manifest());
  EXPECT_EQ(registry().rests_until(), clock.steady() + seconds(120));
  clock.advance(seconds(120));
  EXPECT_EQ(registry().rests_until(), std::nullopt);
}

TEST_F(RemoteRegistry, ItsTokenServiceMayWantToRestToo) {
  fake.answer(Host::Realm,
              [](const Asked&) { return Said{answer_text(429, "Retry-After: 7\r\n", "")}; });
  EXPECT_FAILS(RateLimited, manifest());
  EXPECT_EQ(registry().rests_until(), clock.steady() + seconds(7));
}

TEST_F(RemoteRegistry, TagsPageByPage) {
  fake.put_tags("library/nginx", {"1", "2", "3", "4", "5"});
  std::vector<std::string> all;
  NamePage page{.names = {""}, .more = true};
  while (page.more) {
    auto next = registry().tags(context, "library/nginx", page.names.back(), 2);
    ASSERT_OK(next);
    page = *std::move(next);
    ASSERT_LE(page.names.size(), 2);
    all.insert(all.end(), page.names.begin(), page.names.end());
  }
  EXPECT_EQ(all, (std::vector<std::string>{"1", "2", "3", "4", "5"}));
}

TEST_F(RemoteRegistry, TagsOfARegistryThatKnowsNoPages) {
  without_tokens();
  say({answer_text(200, "", R"({"name":"x","tags":["c","a","b"]})")});
  const auto first = registry().tags(context, "library/nginx", "", 2);
  ASSERT_OK(first);
  EXPECT_EQ(first->names, (std::vector<std::string>{"c", "a"}));
  EXPECT_TRUE(first->more);
  const auto second = registry().tags(context, "library/nginx", "a", 2);
  ASSERT_OK(second);
  EXPECT_EQ(second->names, std::vector<std::string>{"b"});
  EXPECT_FALSE(second->more);
}

TEST_F(RemoteRegistry, TagsWhoseNextPageHasAnAddressOfItsOwn) {
  without_tokens();
  fake.answer(Host::Registry, [](const Asked& asked) {
    if (asked.target().find("next_page=abc") != std::string::npos) {
      return Said{answer_text(200, "", R"({"tags":["b"]})")};
    }
    return Said{answer_text(200,
                            "Link: </v2/library/nginx/tags/list?n=1&next_page=abc>; "
                            "rel=\"next\"\r\n",
                            R"({"tags":["a"]})")};
  });
  const auto first = registry().tags(context, "library/nginx", "", 1);
  ASSERT_OK(first);
  EXPECT_TRUE(first->more);
  const auto second = registry().tags(context, "library/nginx", "a", 1);
  ASSERT_OK(second);
  EXPECT_EQ(second->names, std::vector<std::string>{"b"});
  EXPECT_FALSE(second->more);
}

TEST_F(RemoteRegistry, PingWithoutCredentials) {
  EXPECT_OK(registry().ping(context));
  EXPECT_EQ(tokens(), 0);
  without_tokens();
  EXPECT_OK(registry().ping(context));
  made.reset();
  say({answer_text(401, "", "")});
  EXPECT_FAILS(Denied, registry().ping(context)) << "it demands nothing that anybody knows";
}

TEST_F(RemoteRegistry, SaysWhatIsNoAddressAndNoName) {
  for (const char* url : {"", "registry.example.com", "ftp://x", "https://x/", "https://x/y",
                          "https://x?y", "https://me:secret@x"}) {
    const auto opened = Registry::make({.url = url}, {}, clock);
    ASSERT_FAILS(InvalidArgument, opened) << url;
    EXPECT_EQ(opened.error().message.find("secret"), std::string::npos);
  }
  EXPECT_FAILS(InvalidArgument, registry().manifest(context, "a/../b", "1"));
  EXPECT_FAILS(InvalidArgument, registry().manifest(context, "", "1"));
  EXPECT_FAILS(InvalidArgument, manifest("a/b"));
  EXPECT_FAILS(InvalidArgument, manifest("1?x"));
  EXPECT_EQ(fake.count(Host::Registry), 0);
}

TEST_F(RemoteRegistry, MoreCallersThanConnectionsWait) {
  options.most_connections = 2;
  registry();
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Context mine{"test"};
      for (int j = 0; j < 4; ++j) good += registry().manifest(mine, "library/nginx", "1") ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 32);
}

TEST_F(RemoteRegistry, ConnectionsThatStayInUseAreUnavailable) {
  without_tokens();
  options.most_connections = 1;
  options.head = milliseconds(200);
  say({"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", Said::Then::Silence});
  registry();
  Context first{"test"};
  std::thread asks([&] { EXPECT_FAILS(Cancelled, registry().manifest(first, "x", "1")); });
  while (fake.count(Host::Registry) == 0) std::this_thread::sleep_for(milliseconds(1));
  EXPECT_FAILS(Unavailable, manifest());
  first.cancel();
  asks.join();
}

}  // namespace
}  // namespace entrepot::remote
