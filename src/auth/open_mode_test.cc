#include "auth/open_mode.h"

#include <cstdlib>
#include <new>

#include "base/testing/assert_ok.h"

// Sanitizers have an operator new of their own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef SANITIZED
namespace {
thread_local std::size_t g_allocations = 0;
}  // namespace

// Counts what the tests below allocate. Not inlined, or g++ takes free() for a mistake.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  void* memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace entrepot::auth {
namespace {

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

OpenMode closed() { return OpenMode({.anywhere = false, .own_names = {"Registry.Example.com"}}); }
OpenMode open() { return OpenMode({.anywhere = true, .own_names = {}}); }

TEST(OpenMode, LetsThisMachineInAsAnonymous) {
  const auto subject = closed().admit(local());
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
    EXPECT_OK(closed().admit(with_host(host))) << host;
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
    EXPECT_FAILS(Denied, closed().admit(with_host(host))) << host;
  }
  EXPECT_FAILS(Denied, closed().admit(with_host(std::string_view("127.0.0.1\0.evil", 15))));
  Caller without_host = local();
  without_host.host = std::nullopt;
  EXPECT_FAILS(Denied, closed().admit(without_host));
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
    EXPECT_OK(closed().admit(with_origin(host, origin, tls))) << origin;
    EXPECT_OK(open().admit(with_origin(host, origin, tls))) << origin;
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
    EXPECT_FAILS(Denied, closed().admit(with_origin(host, origin, tls))) << origin;
    EXPECT_FAILS(Denied, open().admit(with_origin(host, origin, tls))) << origin;
  }
}

TEST(OpenMode, OtherMachinesAndProxiesOnlyWhenOpenAnywhere) {
  Caller remote = local();
  remote.loopback_peer = false;
  Caller forwarded = local();
  forwarded.forwarded = true;
  Caller nameless = local();
  nameless.host = std::nullopt;
  for (const Caller& caller :
       {remote, forwarded, nameless, with_host("registry.example.org"), with_host("a b")}) {
    EXPECT_FAILS(Denied, closed().admit(caller));
    EXPECT_OK(open().admit(caller));
  }
}

// Behind a proxy that ends TLS the page's origin is https, ours is not.
TEST(OpenMode, ForwardedOriginMayBeHttps) {
  Caller caller = with_origin("registry.example.org", "https://registry.example.org");
  EXPECT_FAILS(Denied, open().admit(caller));
  caller.forwarded = true;
  EXPECT_OK(open().admit(caller));
  EXPECT_FAILS(Denied, closed().admit(caller));
  caller.origin = "https://evil.example";
  EXPECT_FAILS(Denied, open().admit(caller));
}

TEST(OpenMode, RefusalSaysWhatToDo) {
  Caller remote = local();
  remote.loopback_peer = false;
  Caller forwarded = local();
  forwarded.forwarded = true;
  for (const Caller& caller : {remote, forwarded, with_host("example.com")}) {
    const auto subject = closed().admit(caller);
    ASSERT_FAILS(Denied, subject);
    EXPECT_NE(subject.error().message.find("--open"), std::string::npos);
  }
}

#ifndef SANITIZED
// Event loops ask for every request.
TEST(OpenMode, LettingInAllocatesNothing) {
  const OpenMode mode = closed();
  const Caller callers[] = {local(), with_host("registry.example.com"), with_host("[::1]:5000"),
                            with_host("a.very.long.name.of.a.machine.in.some.network.home.arpa"),
                            with_origin("localhost:5000", "http://localhost:5000")};
  for (const Caller& caller : callers) {
    const std::size_t before = g_allocations;
    const auto subject = mode.admit(caller);
    const std::size_t after = g_allocations;
    ASSERT_OK(subject);
    EXPECT_EQ(after - before, 0u);
  }
}
#endif

}  // namespace
}  // namespace entrepot::auth
