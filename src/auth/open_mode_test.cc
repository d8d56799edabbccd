#include "auth/open_mode.h"

#include "base/testing/assert_ok.h"

namespace entrepot::auth {
namespace {

// What memory says and what a look says must not differ.
Result<access::Subject> admit(const OpenMode& mode, const Caller& caller) {
  Context context("test");
  const auto looked = mode.authenticate(context, caller);
  auto known = mode.recall(caller);
  if (auto* error = std::get_if<Error>(&known)) {
    EXPECT_EQ(looked.error().message, error->message);
    return Failure(std::move(*error));
  }
  EXPECT_OK(looked);
  return std::get<access::Subject>(std::move(known));
}

// A plain request by a program on this machine.
Caller local() {
  return {.loopback_peer = true,
          .tls = false,
          .forwarded = false,
          .host = "localhost:5000",
          .origin = std::nullopt};
}

Caller with_host(std::string_view host) {
  Caller caller = local();
  caller.host = host;
  return caller;
}

Caller with_origin(std::string_view host, std::string_view origin, bool tls = false) {
  Caller caller = with_host(host);
  caller.origin = origin;
  caller.tls = tls;
  return caller;
}

OpenMode with_reach(Reach reach, std::vector<std::string> names = {}) {
  const bool complete = !names.empty();
  return OpenMode({.reach = reach,
                   .own_names = std::move(names),
                   .names_are_complete = complete,
                   .origins = {}});
}
OpenMode closed() { return with_reach(Reach::ThisMachine, {"Registry.Example.com"}); }
OpenMode open() { return with_reach(Reach::Everybody); }

Caller remote(Caller caller) {
  caller.loopback_peer = false;
  return caller;
}
Caller forwarded(Caller caller) {
  caller.forwarded = true;
  return caller;
}

TEST(OpenMode, LetsThisMachineInAsAnonymous) {
  const auto subject = admit(closed(), local());
  ASSERT_OK(subject);
  EXPECT_EQ(subject->kind(), access::SubjectKind::Anonymous);
  EXPECT_EQ(subject->name(), "");
}

TEST(OpenMode, HostsOfThisMachine) {
  for (const std::string_view host : {"localhost",
                                      "localhost:5000",
                                      "LOCALHOST:1",
                                      "127.0.0.1",
                                      "127.0.0.1:5000",
                                      "10.1.2.3:80",
                                      "203.0.113.9",
                                      "[::1]",
                                      "[::1]:5000",
                                      "[2001:db8::1]:65535",
                                      "[::ffff:127.0.0.1]",
                                      "myhost",
                                      "my-host_2:5000",
                                      "registry",
                                      "box.local",
                                      "a.b.LOCAL:5000",
                                      "x.localhost",
                                      "host.docker.internal:5000",
                                      "nas.lan",
                                      "ci.test",
                                      "nas.home.arpa",
                                      "registry.example.com",
                                      "REGISTRY.example.COM:443"}) {
    EXPECT_OK(admit(closed(), with_host(host))) << host;
  }
}

TEST(OpenMode, HostsOfOthers) {
  for (const std::string_view host : {"",
                                      ":5000",
                                      "example.com",
                                      "example.com:5000",
                                      "evil.registry.example.com",
                                      "registry.example.com.evil.net",
                                      "local.example.com",
                                      "xlocal.com",
                                      "evil.com.",
                                      "localhost.",
                                      ".local",
                                      "a..local",
                                      "home.arpa",
                                      "a.arpa",
                                      "127.0.0.1.evil.com",
                                      "1.2.3",
                                      "1.2.3.4.5",
                                      "256.1.1.1",
                                      "127.0.0.01x.net",
                                      "0x7f.0.0.1",
                                      "::1",
                                      "[::1",
                                      "::1]",
                                      "[]",
                                      "[localhost]",
                                      "[127.0.0.1]",
                                      "[::1%25lo]",
                                      "[::1]5000",
                                      "[::1]:",
                                      "localhost:",
                                      "localhost:65536",
                                      "localhost:+80",
                                      "localhost:123456",
                                      "localhost:5000:1",
                                      "user@localhost",
                                      "localhost/x",
                                      "local host",
                                      "h\xc3\xb6st",
                                      "a,b",
                                      "localhost\t"}) {
    EXPECT_FAILS(Denied, admit(closed(), with_host(host))) << host;
  }
  EXPECT_FAILS(Denied, admit(closed(), with_host(std::string_view("127.0.0.1\0.evil", 15))));
  Caller without_host = local();
  without_host.host = std::nullopt;
  EXPECT_FAILS(Denied, admit(closed(), without_host));
}

TEST(OpenMode, OriginsOfItsOwnPage) {
  for (const auto& [host, origin, tls] :
       {std::tuple{"localhost:5000", "http://localhost:5000", false},
        std::tuple{"LocalHost:5000", "HTTP://localHOST:5000", false},
        std::tuple{"localhost", "http://localhost", false},
        std::tuple{"localhost:80", "http://localhost", false},
        std::tuple{"localhost", "http://localhost:80", false},
        std::tuple{"localhost", "https://localhost", true},
        std::tuple{"localhost", "https://localhost:443", true},
        std::tuple{"[::1]:5000", "http://[::1]:5000", false}}) {
    EXPECT_OK(admit(closed(), with_origin(host, origin, tls))) << origin;
    EXPECT_OK(admit(open(), with_origin(host, origin, tls))) << origin;
  }
}

// Also on a server that is open on purpose: its users' browsers are not to be used against it.
TEST(OpenMode, OriginsOfOtherPages) {
  for (const auto& [host, origin, tls] :
       {std::tuple{"localhost:5000", "null", false}, std::tuple{"localhost:5000", "", false},
        std::tuple{"localhost:5000", "http://localhost", false},
        std::tuple{"localhost:5000", "http://localhost:8080", false},
        std::tuple{"localhost:5000", "https://localhost:5000", false},
        std::tuple{"localhost:5000", "http://localhost:5000", true},
        std::tuple{"localhost:5000", "http://127.0.0.1:5000", false},
        std::tuple{"localhost:5000", "http://evil.example", false},
        std::tuple{"localhost:5000", "http://localhost:5000.evil.example", false},
        std::tuple{"localhost:5000", "http://localhost:5000/", false},
        std::tuple{"localhost:5000", "http://x@localhost:5000", false},
        std::tuple{"localhost:5000", "http://localhost:5000 http://localhost:5000", false},
        std::tuple{"localhost:5000", "http://", false},
        std::tuple{"localhost:5000", "file://", false},
        std::tuple{"localhost:5000", "chrome-extension://localhost:5000", false},
        std::tuple{"localhost:5000", "localhost:5000", false},
        std::tuple{"localhost", "https://localhost:80", true}}) {
    EXPECT_FAILS(Denied, admit(closed(), with_origin(host, origin, tls))) << origin;
    EXPECT_FAILS(Denied, admit(open(), with_origin(host, origin, tls))) << origin;
  }
}

TEST(OpenMode, OtherMachinesAndProxiesOnlyWhenOpenToEverybody) {
  Caller nameless = local();
  nameless.host = std::nullopt;
  for (const Caller& caller : {remote(local()), forwarded(local()), nameless,
                               with_host("registry.example.org"), with_host("a b")}) {
    EXPECT_FAILS(Denied, admit(closed(), caller));
    EXPECT_OK(admit(open(), caller));
  }
}

// A container cannot see how its port is published, so --open alone has to take every name; who
// says which names there are is protected from those of rebound pages.
TEST(OpenMode, NamesHoldForEverybody) {
  const OpenMode named = with_reach(Reach::Everybody, {"registry.example.org"});
  for (const Caller& from : {local(), remote(local()), forwarded(local())}) {
    Caller caller = from;
    for (const char* host : {"registry.example.org:5000", "10.0.0.1:5000", "registry:5000"}) {
      caller.host = host;
      EXPECT_OK(admit(named, caller)) << host;
    }
    for (const char* host : {"evil.example.com:5000", "registry.example.org.evil.com", ""}) {
      caller.host = host;
      EXPECT_FAILS(Denied, admit(named, caller)) << host;
    }
    caller.host = std::nullopt;
    EXPECT_FAILS(Denied, admit(named, caller));
  }
}

// A browser that was told that evil.example.com is this machine sends it as Host and as Origin.
TEST(OpenMode, AnOriginThatIsItsHostNeedsAnOwnName) {
  const Caller rebound = with_origin("evil.example.com:5000", "http://evil.example.com:5000");
  const Caller own = with_origin("registry.example.org", "https://registry.example.org", true);
  for (const Reach reach : {Reach::ThisMachine, Reach::Everybody}) {
    EXPECT_FAILS(Denied, admit(with_reach(reach), rebound));
    EXPECT_FAILS(Denied, admit(with_reach(reach), own));
    EXPECT_OK(admit(with_reach(reach, {"registry.example.org"}), own));
  }
  EXPECT_FAILS(Denied, admit(open(), remote(rebound)));
}

// Behind a proxy that ends TLS the page's origin is https, ours is not.
TEST(OpenMode, ForwardedOriginMayBeHttps) {
  const OpenMode named = with_reach(Reach::Everybody, {"registry.example.org"});
  Caller caller = with_origin("registry.example.org", "https://registry.example.org");
  EXPECT_FAILS(Denied, admit(named, caller));
  EXPECT_OK(admit(named, forwarded(caller)));
  EXPECT_FAILS(Denied, admit(closed(), forwarded(caller)));
  caller.origin = "https://evil.example";
  EXPECT_FAILS(Denied, admit(named, forwarded(caller)));
}

TEST(OpenMode, NamedOriginsMayAsk) {
  const OpenMode mode({.reach = Reach::ThisMachine,
                       .own_names = {},
                       .names_are_complete = false,
                       .origins = {"http://ui.example.com", "https://a.example:443/",
                                   "http://UI:8080", "app://local"}});
  for (const char* origin : {"http://ui.example.com", "HTTP://UI.example.com:80",
                             "https://a.example", "http://ui:8080", "app://local"}) {
    EXPECT_OK(admit(mode, with_origin("localhost:5000", origin))) << origin;
    EXPECT_FAILS(Denied, admit(mode, with_origin("evil.example:5000", origin))) << origin;
  }
  for (const char* origin : {"https://ui.example.com", "http://ui.example.com:8080", "http://ui",
                             "http://a.example", "null", "", "http://ui.example.com.evil.example",
                             "http://xui.example.com", "http://ui.example.com/"}) {
    EXPECT_FAILS(Denied, admit(mode, with_origin("localhost:5000", origin))) << origin;
  }
  const OpenMode every({.reach = Reach::ThisMachine, .own_names = {}, .origins = {"*"}});
  EXPECT_OK(admit(every, with_origin("localhost", "null")));
  EXPECT_FAILS(Denied, admit(every, with_origin("evil.example", "http://evil.example")));
}

TEST(OpenMode, WhatAnOriginLooksLike) {
  for (const char* text : {"*", "null", "http://ui", "https://ui.example.com:8443/",
                           "http://[::1]:80", "http://10.0.0.1", "app://x"}) {
    EXPECT_TRUE(is_origin(text)) << text;
  }
  for (const char* text : {"", "ui", "ui:8080", "http://", "://x", "http://a/path", "http://*.a.b",
                           "http://a b", "http://u@a", "http://a,http://b"}) {
    EXPECT_FALSE(is_origin(text)) << text;
  }
  EXPECT_EQ(host_of_url("https://Registry.example:8443/path"), "Registry.example");
  EXPECT_EQ(host_of_url("https://[::1]/"), "[::1]");
  EXPECT_EQ(host_of_url(""), "");
}

TEST(OpenMode, RefusalSaysWhatToDo) {
  for (const Caller& caller : {remote(local()), forwarded(local()), with_host("example.com")}) {
    const auto subject = admit(closed(), caller);
    ASSERT_FAILS(Denied, subject);
    EXPECT_NE(subject.error().message.find("--open"), std::string::npos);
  }
}

}  // namespace
}  // namespace entrepot::auth
