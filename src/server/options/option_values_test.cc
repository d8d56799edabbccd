#include "server/options/option_values.h"

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

TEST(OptionValues, DurationsHaveUnits) {
  EXPECT_EQ(parse_duration("250ms").value(), milliseconds(250));
  EXPECT_EQ(parse_duration("8s").value(), seconds(8));
  EXPECT_EQ(parse_duration("1h30m").value(), minutes(90));
  EXPECT_EQ(parse_duration("1m0s").value(), minutes(1));
  EXPECT_EQ(parse_duration("7d").value(), hours(168));
  EXPECT_EQ(parse_duration("0").value(), Duration(0));
  for (const char* bad : {"", "8", "s", "8 s", "-8s", "8x", "1h30", "99999999999999999999s",
                          "18446744073709551615h", "1000000d"}) {
    EXPECT_FAILS(InvalidArgument, parse_duration(bad)) << bad;
  }
}

TEST(OptionValues, AreWrittenAsShortAsTheyAreRead) {
  EXPECT_EQ(to_string(Duration(0)), "0");
  EXPECT_EQ(to_string(Duration(minutes(90))), "1h30m");
  EXPECT_EQ(to_string(Duration(milliseconds(61'005))), "1m1s5ms");
  EXPECT_EQ(to_string(Size{64 << 20}), "64MiB");
  EXPECT_EQ(to_string(Size{3ull << 30}), "3GiB");
  EXPECT_EQ(to_string(Size{1000}), "1000");
  EXPECT_EQ(to_string(Size{0}), "0");
}

TEST(OptionValues, SizesAreBinaryOrDecimal) {
  EXPECT_EQ(parse_size("64MiB").value().bytes, 64u << 20);
  EXPECT_EQ(parse_size("64MB").value().bytes, 64'000'000u);
  EXPECT_EQ(parse_size("16KiB").value().bytes, 16'384u);
  EXPECT_EQ(parse_size("2GiB").value().bytes, 2ull << 30);
  EXPECT_EQ(parse_size("65536").value().bytes, 65'536u);
  for (const char* bad :
       {"", "MiB", "-1", "64 MiB", "64mib", "1.5GiB", "18446744073709551615GiB"}) {
    EXPECT_FAILS(InvalidArgument, parse_size(bad)) << bad;
  }
}

TEST(OptionValues, SwitchesAreForgiving) {
  for (const char* yes : {"true", "True", "t", "T", "yes", "on", "1"}) {
    EXPECT_TRUE(parse_switch(yes).value()) << yes;
  }
  for (const char* no : {"false", "F", "no", "OFF", "0"})
    EXPECT_FALSE(parse_switch(no).value()) << no;
  EXPECT_FAILS(InvalidArgument, parse_switch(""));
  EXPECT_FAILS(InvalidArgument, parse_switch("2"));
}

TEST(OptionValues, CountsAreDigits) {
  EXPECT_EQ(parse_count("100").value(), 100u);
  for (const char* bad : {"", "-1", "+1", "1k", "0x10", "18446744073709551616"}) {
    EXPECT_FAILS(InvalidArgument, parse_count(bad)) << bad;
  }
}

TEST(OptionValues, ListenAddressesOfBothFamilies) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:5000").value(), (ListenAddress{"127.0.0.1", 5000}));
  EXPECT_EQ(parse_listen_address("[::1]:0").value(), (ListenAddress{"::1", 0}));
  EXPECT_EQ(parse_listen_address(":5000").value(), (ListenAddress{"", 5000}));
  EXPECT_EQ(parse_listen_address("localhost:80").value(), (ListenAddress{"127.0.0.1", 80}));
  for (const char* name : {"registry", "my_host-2", "registry.example.org"}) {
    EXPECT_EQ(parse_listen_address(fmt::format("{}:80", name)).value(), (ListenAddress{name, 80}));
  }
  for (const char* bad : {"", "5000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "::1:5000",
                          "[::1]", "[127.0.0.1]:80", "256.0.0.1:80", "[]:80", "a..b:80", ".a:80",
                          "-a:80", "a/b:80", "a b:80", "http://a:80"}) {
    EXPECT_FAILS(InvalidArgument, parse_listen_address(bad)) << bad;
  }
}

TEST(OptionValues, ListenAddressesPrintAsTheyAreWritten) {
  for (const char* text : {"127.0.0.1:5000", "[::1]:0", ":5000"}) {
    EXPECT_EQ(to_string(parse_listen_address(text).value()), text);
  }
}

TEST(OptionValues, OnlyLoopbackIsLoopback) {
  for (const char* near : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "localhost:1"}) {
    EXPECT_TRUE(parse_listen_address(near).value().loopback()) << near;
  }
  for (const char* far : {":1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1", "[fe80::1]:1"}) {
    EXPECT_FALSE(parse_listen_address(far).value().loopback()) << far;
  }
}

// A header line goes into every answer: nothing that ends a line may pass.
TEST(OptionValues, HeaderLinesCannotBreakAnAnswer) {
  EXPECT_EQ(parse_header_line("X-Frame-Options:  DENY ").value(),
            (HeaderLine{"X-Frame-Options", "DENY"}));
  EXPECT_EQ(parse_header_line("A: b: c").value(), (HeaderLine{"A", "b: c"}));
  for (const char* bad : {"", "no colon", ": value", "a b: c", "A: b\r\nC: d", "A\n: b"}) {
    EXPECT_FAILS(InvalidArgument, parse_header_line(bad)) << bad;
  }
}

TEST(OptionValues, HeadersThatTheServerAloneSets) {
  for (const char* name : {"Content-Length", "content-length", "Location", "Docker-Content-Digest",
                           "Transfer-Encoding", "Connection", "ETag", "WWW-Authenticate"}) {
    EXPECT_FAILS(InvalidArgument, parse_header_line(fmt::format("{}: x", name))) << name;
  }
  for (const char* name : {"X-Content-Type-Options", "Access-Control-Allow-Origin", "Server",
                           "Strict-Transport-Security", "Cache-Control", "Vary", "Set-Cookie",
                           "Docker-Distribution-Api-Version", "Warning", "Alt-Svc"}) {
    EXPECT_OK(parse_header_line(fmt::format("{}: x", name))) << name;
  }
}

}  // namespace
}  // namespace entrepot::server
