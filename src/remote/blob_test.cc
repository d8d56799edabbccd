// Blobs of a registry: where they come from, and what happens when they break off.

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "remote/registry.h"
#include "remote/testing/fake_registry.h"

namespace entrepot::remote {
namespace {

using std::chrono::milliseconds;
using testing::answer_text;
using testing::Asked;
using testing::FakeRegistry;
using testing::Said;
using Host = FakeRegistry::Host;
using Rules = FakeRegistry::Rules;

class Recorder final : public BlobTaker {
 public:
  Result<void> begin(std::uint64_t size) override {
    ++begun;
    size_bytes = size;
    return {};
  }
  Result<void> take(ByteView piece) override {
    bytes.append(piece);
    if (bytes.size() > fails_past) return fail(ErrorCode::StorageFull, "no room for it");
    return {};
  }

  int begun = 0;
  std::uint64_t size_bytes = 0;
  std::string bytes;
  std::size_t fails_past = SIZE_MAX;
};

class RemoteBlob : public ::testing::Test {
 protected:
  RemoteBlob() {
    for (std::size_t i = 0; i < 200'000; ++i) blob += static_cast<char>(i * i >> 3);
    digest = fake.put_blob(blob);
    options.pause = milliseconds(1);
  }

  Result<void> take() {
    if (!made) {
      auto opened = Registry::make(server(), options, clock);
      EXPECT_OK(opened);
      made = *std::move(opened);
    }
    taker.bytes.clear();
    taker.begun = 0;
    return made->blob(context, "library/nginx", digest, taker);
  }
  Server server() const { return {.url = fake.url(), .credentials = credentials}; }

  // The first answers of a host that bring the blob are cut: each goes on where it should, and
  // brings so many bytes of what was asked for.
  void cut(Host host, std::vector<std::size_t> after) {
    auto left = std::make_shared<std::vector<std::size_t>>(after.rbegin(), after.rend());
    auto mutex = std::make_shared<Mutex>();
    fake.answer(host, [this, left, mutex](const Asked& asked) -> std::optional<Said> {
      const MutexLock lock(*mutex);
      if (left->empty() || asked.head.find("sha256:") == std::string::npos) return std::nullopt;
      if (!asked.header("Authorization") && asked.target().starts_with("/v2/")) return std::nullopt;
      const std::string range = asked.header("Range").value_or("bytes=0-");
      const std::size_t from = std::stoull(range.substr(6));
      const std::size_t bytes = left->back();
      left->pop_back();
      const std::string head =
          from == 0 ? fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", blob.size())
                    : fmt::format(
                          "HTTP/1.1 206 Part\r\nContent-Length: {}\r\n"
                          "Content-Range: bytes {}-{}/{}\r\n\r\n",
                          blob.size() - from, from, blob.size() - 1, blob.size());
      return Said{head + blob.substr(from, bytes), Said::Then::Close};
    });
  }
  // All that the registry says of the blob, in this order; then what is right.
  void say(std::vector<Said> words) {
    fake.rule([](Rules& rules) { rules.demand = Rules::Demand::Nothing; });
    auto left = std::make_shared<std::vector<Said>>(words.rbegin(), words.rend());
    auto mutex = std::make_shared<Mutex>();
    fake.answer(Host::Registry, [left, mutex](const Asked&) -> std::optional<Said> {
      const MutexLock lock(*mutex);
      if (left->empty()) return std::nullopt;
      Said said = left->back();
      left->pop_back();
      return said;
    });
  }
  Said first_part(std::size_t bytes, std::string_view lines = "") const {
    return {fmt::format("HTTP/1.1 200 OK\r\n{}Content-Length: {}\r\n\r\n{}", lines, blob.size(),
                        blob.substr(0, bytes)),
            Said::Then::Close};
  }

  std::string blob;
  oci::Digest digest = oci::Digest::of("");
  FakeRegistry fake;
  entrepot::testing::FakeClock clock;
  Context context{"test"};
  Credentials credentials;
  Options options;
  std::unique_ptr<Registry> made;
  Recorder taker;
};

TEST_F(RemoteBlob, ComesAsItIs) {
  ASSERT_OK(take());
  EXPECT_EQ(taker.begun, 1);
  EXPECT_EQ(taker.size_bytes, blob.size());
  EXPECT_EQ(taker.bytes, blob);
  const auto size = made->blob_size(context, "library/nginx", digest);
  ASSERT_OK(size);
  EXPECT_EQ(*size, blob.size());
}

TEST_F(RemoteBlob, AnEmptyOne) {
  digest = fake.put_blob("");
  ASSERT_OK(take());
  EXPECT_EQ(taker.begun, 1);
  EXPECT_EQ(taker.size_bytes, 0);
}

TEST_F(RemoteBlob, NothingOfOursGoesAlongARedirect) {
  fake.rule([](Rules& rules) {
    rules.redirect_blobs = true;
    rules.password = "secret";
  });
  credentials = {.username = "me", .password = "secret"};
  ASSERT_OK(take());
  EXPECT_EQ(taker.bytes, blob);
  EXPECT_OK(made->blob_size(context, "library/nginx", digest));
  ASSERT_EQ(fake.count(Host::Storage), 2);
  for (const Asked& asked : fake.asked(Host::Storage)) {
    EXPECT_FALSE(asked.header("Authorization")) << asked.head;
    EXPECT_EQ(asked.header("Accept-Encoding"), "identity");
  }
}

TEST_F(RemoteBlob, NotEvenBackToTheRegistry) {
  fake.rule([](Rules& rules) { rules.redirect_blobs = true; });
  const std::string back = fake.url() + "/v2/library/nginx/manifests/1";
  fake.answer(Host::Storage, [back](const Asked&) {
    return Said{answer_text(302, "Location: " + back + "\r\n", "")};
  });
  EXPECT_FAILS(Unavailable, take());
  EXPECT_FALSE(fake.asked(Host::Registry).back().header("Authorization"));
}

TEST_F(RemoteBlob, WhereARedirectLeadsIsInNoError) {
  fake.rule([](Rules& rules) { rules.redirect_blobs = true; });
  for (const int status : {400, 401, 403, 404, 429, 500}) {
    fake.answer(Host::Storage,
                [status](const Asked&) { return Said{answer_text(status, "", "")}; });
    const auto taken = take();
    ASSERT_FAILS(Unavailable, taken) << status;
    EXPECT_EQ(taken.error().message.find("secret"), std::string::npos) << taken.error().message;
    EXPECT_EQ(made->rests_until(), std::nullopt);
  }
  fake.answer(Host::Storage, [](const Asked&) { return Said{"nonsense", Said::Then::Close}; });
  const auto taken = take();
  ASSERT_FAILS(Unavailable, taken);
  EXPECT_EQ(taken.error().message.find("secret"), std::string::npos) << taken.error().message;
  EXPECT_NE(taken.error().message.find(fake.storage_url()), std::string::npos)
      << "but the host is: " << taken.error().message;
}

TEST_F(RemoteBlob, ADeadNodeIsLeftForAnother) {
  fake.rule([](Rules& rules) { rules.redirect_blobs = true; });
  cut(Host::Storage, {0, 0, 0});
  ASSERT_OK(take());
  EXPECT_EQ(taker.bytes, blob);
}

TEST_F(RemoteBlob, ATokenOfWhereARedirectLeads) {
  fake.rule([](Rules& rules) {
    rules.redirect_blobs = true;
    rules.password = "";
  });
  const std::string realm = fake.realm_url();
  fake.answer(Host::Storage, [realm, this](const Asked& asked) -> std::optional<Said> {
    const std::string shown = asked.header("Authorization").value_or("");
    if (shown.starts_with("Bearer t")) return Said{answer_text(200, "", blob)};
    return Said{answer_text(401,
                            fmt::format("WWW-Authenticate: Bearer realm=\"{}\",service="
                                        "\"fake registry\",scope=\"repository:other:pull\"\r\n",
                                        realm),
                            "")};
  });
  credentials = {.username = "me", .password = "secret"};
  ASSERT_OK(take());
  EXPECT_EQ(taker.bytes, blob);
  const Asked last = fake.asked(Host::Realm).back();
  EXPECT_NE(last.target().find("repository%3Aother%3Apull"), std::string::npos) << last.target();
  EXPECT_FALSE(last.header("Authorization")) << "for nobody in particular";
}

TEST_F(RemoteBlob, RedirectsHaveAnEnd) {
  fake.rule([](Rules& rules) { rules.demand = Rules::Demand::Nothing; });
  const std::string self = fake.url() + "/v2/library/nginx/blobs/" + digest.to_string();
  fake.answer(Host::Registry, [self](const Asked&) {
    return Said{answer_text(307, "Location: " + self + "\r\n", "")};
  });
  EXPECT_FAILS(Unavailable, take());
  EXPECT_EQ(fake.count(Host::Registry), 6);
}

TEST_F(RemoteBlob, GoesOnWhereItBrokeOff) {
  for (const Host host : {Host::Registry, Host::Storage}) {
    fake.rule([&](Rules& rules) { rules.redirect_blobs = host == Host::Storage; });
    cut(host, {70'000, 50'000, 0, 1, 0, 0, 0, 0, 3});
    ASSERT_OK(take());
    EXPECT_EQ(taker.begun, 1);
    EXPECT_TRUE(taker.bytes == blob);
    EXPECT_EQ(fake.asked(host).back().header("Range"), "bytes=120004-");
  }
}

TEST_F(RemoteBlob, FiveTimesInVainAreTooMany) {
  cut(Host::Registry, {70'000, 0, 0, 0, 0, 0});
  const auto taken = take();
  ASSERT_FAILS(Unavailable, taken);
  EXPECT_EQ(taker.bytes.size(), 70'000);
  EXPECT_EQ(fake.count(Host::Registry), 1 + 6);
  cut(Host::Registry, {0, 0, 0, 0, 0});
  EXPECT_FAILS(Unavailable, take());
}

TEST_F(RemoteBlob, OneThatIsNotBegunIsNotAskedForAgain) {
  say({{answer_text(500, "", "")}});
  EXPECT_FAILS(Unavailable, take());
  EXPECT_EQ(fake.count(Host::Registry), 1);
  digest = oci::Digest::of("nothing");
  EXPECT_FAILS(NotFound, take());
  EXPECT_EQ(fake.count(Host::Registry), 2);
}

TEST_F(RemoteBlob, AServerWithoutRangesSendsItAgain) {
  say({first_part(70'000), {answer_text(200, "", blob)}});
  ASSERT_OK(take());
  EXPECT_TRUE(taker.bytes == blob);
}

TEST_F(RemoteBlob, AsksForTheRestOfTheSameThing) {
  say({first_part(70'000, "ETag: \"one\"\r\n")});
  ASSERT_OK(take());  // the rest has another tag: all of it comes again
  EXPECT_TRUE(taker.bytes == blob);
  EXPECT_EQ(fake.asked(Host::Registry).back().header("If-Range"), "\"one\"");
  say({first_part(70'000, "ETag: W/\"one\"\r\n")});
  ASSERT_OK(take());
  EXPECT_FALSE(fake.asked(Host::Registry).back().header("If-Range"));
}

TEST_F(RemoteBlob, APartThatIsNotTheRestIsNotTaken) {
  const auto part = [&](std::string_view range, std::size_t from, std::string_view lines = "") {
    return Said{answer_text(206, fmt::format("Content-Range: bytes {}\r\n{}", range, lines),
                            blob.substr(from))};
  };
  say({first_part(100, "ETag: \"one\"\r\n"), part("0-199999/200000", 0),
       part("100-150000/200000", 100), part("100-199999/200001", 100),
       part("100-199999/200000", 100, "ETag: \"two\"\r\n")});
  ASSERT_OK(take());
  EXPECT_TRUE(taker.bytes == blob);
  say({first_part(100),
       {answer_text(206, "", blob)},
       {answer_text(416, "", "")},
       {answer_text(200, "", blob + "x")},
       {answer_text(503, "", "")}});
  ASSERT_OK(take());
  EXPECT_TRUE(taker.bytes == blob);
}

TEST_F(RemoteBlob, ALengthMustBeTold) {
  say({{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"}});
  EXPECT_FAILS(Unavailable, take());
  EXPECT_EQ(taker.begun, 0);
  say({{answer_text(200, "Content-Encoding: gzip\r\n", "hello")}});
  EXPECT_FAILS(Unavailable, take());
  EXPECT_EQ(taker.begun, 0);
}

TEST_F(RemoteBlob, SilenceIsABreak) {
  options.silence = milliseconds(100);
  Said silent = first_part(70'000);
  silent.then = Said::Then::Silence;
  say({silent});
  ASSERT_OK(take());
  EXPECT_TRUE(taker.bytes == blob);
}

TEST_F(RemoteBlob, ItsTakersErrorEndsIt) {
  taker.fails_past = 50'000;
  EXPECT_FAILS(StorageFull, take());
  EXPECT_LT(taker.bytes.size(), 100'000);
  EXPECT_EQ(fake.count(Host::Registry), 2) << "the one without a token, and one more";
}

TEST_F(RemoteBlob, WhatIsSaidMeanwhileCounts) {
  say({first_part(70'000), {answer_text(429, "Retry-After: 9\r\n", "")}});
  EXPECT_FAILS(RateLimited, take());
  say({first_part(70'000), {answer_text(404, "", "")}});
  EXPECT_FAILS(NotFound, take());
}

TEST_F(RemoteBlob, ATokenThatEndsMeanwhileIsFetchedAnew) {
  cut(Host::Registry, {70'000});
  ASSERT_OK(take());
  const auto before = fake.count(Host::Realm);
  fake.forget_tokens();
  clock.advance(std::chrono::seconds(10));
  ASSERT_OK(take());
  EXPECT_EQ(fake.count(Host::Realm), before + 1);
}

}  // namespace
}  // namespace entrepot::remote
