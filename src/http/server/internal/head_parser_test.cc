#include "http/server/internal/head_parser.h"

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

struct Read {
  int refused = 0;  // 0: accepted
  std::string message;
  bool incomplete = false;
  std::size_t consumed_bytes = 0;
  std::string text;
  Head head;
};

Read read(std::string_view input, const Limits& limits = {}) {
  Read result;
  HeadScanner scanner(limits);
  switch (scanner.scan(input)) {
    case HeadScanner::Status::Incomplete:
      result.incomplete = true;
      return result;
    case HeadScanner::Status::Refused:
      result.refused = scanner.refusal().status;
      result.message = scanner.refusal().message;
      return result;
    case HeadScanner::Status::Complete:
      break;
  }
  result.consumed_bytes = scanner.consumed_bytes();
  result.text = scanner.head(input);
  if (const auto refusal = parse_head(result.text, result.head)) {
    result.refused = refusal->status;
    result.message = refusal->message;
  }
  return result;
}

std::string with_header(std::string_view lines) {
  return "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(lines) + "\r\n";
}

std::string with_target(std::string_view target) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

struct Case {
  std::string_view name;
  std::string input;
  int refused;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Read result = read(c.input);
    EXPECT_FALSE(result.incomplete) << c.name;
    EXPECT_EQ(result.refused, c.refused) << c.name << ": " << result.message;
    EXPECT_EQ(result.message.empty(), c.refused == 0) << c.name;
  }
}

TEST(HeadParser, RequestLines) {
  check({
      {"plain", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"1.0 needs no Host", "GET / HTTP/1.0\r\n\r\n", 0},
      {"one empty line in front", "\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"two empty lines in front", "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"lower-case method is another one", "get / HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"method is no token", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"method with a high octet", "GE\xd4 / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"method of 33", std::string(33, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"method of 300 (overflows 8 bits)", std::string(300, 'A') + " / HTTP/1.1\r\nHost: h\r\n\r\n",
       501},
      {"no method", " / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"CONNECT", "CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"no version", "GET / \r\nHost: h\r\n\r\n", 400},
      {"only a method", "GET\r\nHost: h\r\n\r\n", 400},
      {"version 2", "GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"version 1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"version 1.10", "GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400},
      {"version 1.", "GET / HTTP/1.\r\nHost: h\r\n\r\n", 400},
      {"version 01.1", "GET / HTTP/01.1\r\nHost: h\r\n\r\n", 400},
      {"version -1.1", "GET / HTTP/-1.1\r\nHost: h\r\n\r\n", 400},
      {"version 257.1 (overflows 8 bits)", "GET / HTTP/257.1\r\nHost: h\r\n\r\n", 400},
      {"lower-case version", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"another protocol", "GET / HTTPS/1.1\r\nHost: h\r\n\r\n", 400},
      {"blank behind the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"two blanks before the target", "GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"two blanks behind the target", "GET /  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"tab instead of blank", "GET\t/\tHTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"LF alone", "GET / HTTP/1.1\nHost: h\r\n\r\n", 400},
      {"CR alone", "GET / HTTP/1.1\rHost: h\r\n\r\n", 400},
      {"NUL", std::string("GET /\0 HTTP/1.1\r\nHost: h\r\n\r\n", 28), 400},
      {"NUL first", std::string("\0GET / HTTP/1.1\r\nHost: h\r\n\r\n", 28), 400},
      {"a TLS client", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
  });
}

TEST(HeadParser, Targets) {
  check({
      {"query", with_target("/a?b=c&d"), 0},
      {"escapes", with_target("/%2e%2e/%00"), 0},
      {"two slashes", with_target("//a"), 0},
      {"absolute", "GET http://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute with a port", "GET HTTP://H:5000/a HTTP/1.1\r\nHost: h:5000\r\n\r\n", 0},
      {"absolute without a path", "GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, another host", "GET http://other/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, TLS elsewhere", "GET https://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, mixed case", "GET HtTpS://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, IPv6", "GET http://[::1]:5000/a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, 1.0 without Host", "GET http://h/a HTTP/1.0\r\n\r\n", 0},
      {"absolute, no Host", "GET http://h/a HTTP/1.1\r\n\r\n", 400},
      {"absolute, Host twice", "GET http://h/a HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n", 400},
      {"absolute, Host is none", "GET http://h/a HTTP/1.1\r\nHost: h/b\r\n\r\n", 400},
      {"absolute, user information", "GET http://u@h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute, no host", "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute, password, too", "GET http://u:p@h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute, host is none", "GET http://a,b/a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute, query at once", "GET http://h?a HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"absolute, nothing", "GET http:// HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"only a scheme", "GET http HTTP/1.1\r\nHost: tp\r\n\r\n", 400},
      {"only a scheme and a colon", "GET https: HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"another scheme", "GET ftp://h/a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"host and port", with_target("h:443"), 400},
      {"relative", with_target("a/b"), 400},
      {"only a query", with_target("?a"), 400},
      {"fragment", with_target("/a#b"), 400},
      {"blank inside", with_target("/a b"), 400},
      {"raw UTF-8", with_target("/\xc3\xa4"), 400},
      {"control character", with_target("/\x01"), 400},
      {"DEL", with_target("/\x7f"), 400},
      {"tab", with_target("/\t"), 400},
      {"asterisk for OPTIONS", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 0},
      {"asterisk for GET", with_target("*"), 400},
  });
}

TEST(HeadParser, HeaderLines) {
  check({
      {"value with octets above ASCII", with_header("X: \xc3\xa4\r\n"), 0},
      {"tab inside a value", with_header("X: a\tb\r\n"), 0},
      {"empty value", with_header("X:\r\n"), 0},
      {"colon in a value", with_header("X: a:b\r\n"), 0},
      {"no colon", with_header("X\r\n"), 400},
      {"empty name", with_header(": x\r\n"), 400},
      {"blank before the colon", with_header("X : a\r\n"), 400},
      {"tab before the colon", with_header("X\t: a\r\n"), 400},
      {"blank in a name", with_header("X Y: a\r\n"), 400},
      {"name is no token", with_header("X(: a\r\n"), 400},
      {"NUL in a name", with_header(std::string_view("X\0: a\r\n", 7)), 400},
      {"high octet in a name", with_header("X\xe4: a\r\n"), 400},
      {"folded", with_header("X: a\r\n b\r\n"), 400},
      {"folded with a tab", with_header("X: a\r\n\tb\r\n"), 400},
      {"first line begins with a blank", "GET / HTTP/1.1\r\n X: a\r\nHost: h\r\n\r\n", 400},
      {"NUL in a value", with_header(std::string_view("X: a\0b\r\n", 8)), 400},
      {"CR in a value", with_header("X: a\rb\r\n"), 400},
      {"CR CR LF", with_header("X: a\r\r\n"), 400},
      {"LF alone", with_header("X: a\nY: b\r\n"), 400},
      {"LF alone at the end", "GET / HTTP/1.1\r\nHost: h\r\n\n", 400},
      {"vertical tab", with_header("X: \x0b\r\n"), 400},
      {"form feed", with_header("X: \x0c\r\n"), 400},
      {"escape", with_header("X: \x1b[31m\r\n"), 400},
      {"DEL", with_header("X: \x7f\r\n"), 400},
  });
}

TEST(HeadParser, Hosts) {
  check({
      {"missing", "GET / HTTP/1.1\r\n\r\n", 400},
      {"twice", with_header("Host: h\r\n"), 400},
      {"twice, other case", with_header("hOST: i\r\n"), 400},
      {"twice in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", 400},
      {"empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 0},
      {"IPv6", "GET / HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n", 0},
      {"list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400},
      {"path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"user information", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
  });
}

TEST(HeadParser, BodyLengths) {
  check({
      {"digits", with_header("Content-Length: 12\r\n"), 0},
      {"zero", with_header("Content-Length: 0\r\n"), 0},
      {"leading zeros", with_header("Content-Length: 0012\r\n"), 0},
      {"2^63-1", with_header("Content-Length: 9223372036854775807\r\n"), 0},
      {"2^63", with_header("Content-Length: 9223372036854775808\r\n"), 400},
      {"2^64+5", with_header("Content-Length: 18446744073709551621\r\n"), 400},
      {"400 digits", with_header("Content-Length: " + std::string(400, '9') + "\r\n"), 400},
      {"empty", with_header("Content-Length:\r\n"), 400},
      {"plus", with_header("Content-Length: +5\r\n"), 400},
      {"minus", with_header("Content-Length: -5\r\n"), 400},
      {"hexadecimal", with_header("Content-Length: 0x5\r\n"), 400},
      {"underscore", with_header("Content-Length: 1_0\r\n"), 400},
      {"fraction", with_header("Content-Length: 5.0\r\n"), 400},
      {"exponent", with_header("Content-Length: 5e1\r\n"), 400},
      {"blank inside", with_header("Content-Length: 5 5\r\n"), 400},
      {"list of equal ones", with_header("Content-Length: 5, 5\r\n"), 400},
      {"twice, equal", with_header("Content-Length: 5\r\nContent-Length: 5\r\n"), 400},
      {"twice, different", with_header("Content-Length: 5\r\nContent-Length: 6\r\n"), 400},
      {"quoted", with_header("Content-Length: \"5\"\r\n"), 400},
      {"chunked", with_header("Transfer-Encoding: chunked\r\n"), 0},
      {"chunked, other case", with_header("transfer-encoding: CHUNKED\r\n"), 0},
      {"both", with_header("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"both, the other order", with_header("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
       400},
      {"both, no length", with_header("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), 400},
      {"xchunked", with_header("Transfer-Encoding: xchunked\r\n"), 400},
      {"chunkedx", with_header("Transfer-Encoding: chunkedx\r\n"), 400},
      {"quoted chunked", with_header("Transfer-Encoding: \"chunked\"\r\n"), 400},
      {"chunked with a parameter", with_header("Transfer-Encoding: chunked;a=b\r\n"), 400},
      {"identity", with_header("Transfer-Encoding: identity\r\n"), 400},
      {"chunked, identity", with_header("Transfer-Encoding: chunked, identity\r\n"), 400},
      {"gzip, chunked", with_header("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"chunked, chunked", with_header("Transfer-Encoding: chunked, chunked\r\n"), 501},
      {"empty coding", with_header("Transfer-Encoding:\r\n"), 400},
      {"vertical tab before chunked",
       with_header("Transfer-Encoding: \x0b"
                   "chunked\r\n"),
       400},
      {"chunked twice", with_header("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       400},
      {"blank before the colon", with_header("Transfer-Encoding : chunked\r\n"), 400},
      {"1.0 and chunked", "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
  });
}

TEST(HeadParser, HeadersThatMayBeSentOnce) {
  for (const std::string name : {"Range", "Authorization", "Content-Type", "Content-Range",
                                 "If-Range", "Expect", "Origin"}) {
    const std::string line = name + ": 100-continue\r\n";
    EXPECT_EQ(read(with_header(line)).refused, 0) << name;
    EXPECT_EQ(read(with_header(line + line)).refused, 400) << name;
  }
  EXPECT_EQ(read(with_header("Accept: a\r\nAccept: b\r\n")).refused, 0);
}

TEST(HeadParser, Expectations) {
  EXPECT_EQ(read(with_header("Expect: 200-maybe\r\n")).refused, 417);
  EXPECT_EQ(read(with_header("Expect: \r\n")).refused, 417);
  EXPECT_TRUE(
      read(with_header("Expect: 100-Continue\r\nContent-Length: 1\r\n")).head.expects_continue);
  EXPECT_FALSE(read(with_header("Expect: 100-continue\r\n")).head.expects_continue);
  EXPECT_FALSE(read("PUT / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
                   .head.expects_continue);
}

TEST(HeadParser, WhoKeepsTheConnection) {
  EXPECT_TRUE(read(with_header("")).head.keep_alive);
  EXPECT_FALSE(read(with_header("Connection: close\r\n")).head.keep_alive);
  EXPECT_FALSE(read(with_header("Connection: foo, CLOSE\r\n")).head.keep_alive);
  EXPECT_FALSE(
      read(with_header("Connection: keep-alive\r\nConnection: close\r\n")).head.keep_alive);
  EXPECT_TRUE(read(with_header("Connection: closed\r\n")).head.keep_alive);
  EXPECT_FALSE(read("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(read("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keep_alive);
}

TEST(HeadParser, AnAbsoluteTargetIsReadLikeItsPath) {
  const Read result = read("GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(result.head.target, "/a?b");
  EXPECT_EQ(result.head.path, "/a");
  EXPECT_EQ(result.head.query, "b");
  EXPECT_EQ(read("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n").head.target, "/");
  const Read no_path = read("GET https://h?b=/c HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(no_path.head.path, "/");
  EXPECT_EQ(no_path.head.query, "b=/c");
}

// Whoever asks for the host, to judge it or to build a URL, gets the one that was asked for.
TEST(HeadParser, TheHostOfAnAbsoluteTargetTakesThePlaceOfHost) {
  const auto hosts = [](const std::string& input) {
    std::vector<std::string> values;
    const Read result = read(input);
    for (const Header& header : result.head.headers) {
      if (equals_ignoring_case(header.name, "Host")) values.emplace_back(header.value);
    }
    return values;
  };
  using Hosts = std::vector<std::string>;
  EXPECT_EQ(hosts("GET http://other:5000/ HTTP/1.1\r\nX: y\r\nhOST: h\r\n\r\n"),
            Hosts{"other:5000"});
  EXPECT_EQ(hosts("GET http://other?a HTTP/1.0\r\n\r\n"), Hosts{"other"});
  EXPECT_EQ(hosts("GET /http://other/ HTTP/1.1\r\nHost: h\r\n\r\n"), Hosts{"h"});
}

TEST(HeadParser, LeavesWhatIsBehindTheHead) {
  const std::string head = with_header("Content-Length: 4\r\n");
  const Read result = read(head + "bodyGET / HTTP/1.1\r\n");
  EXPECT_EQ(result.consumed_bytes, head.size());
  EXPECT_EQ(result.head.content_length_bytes, 4U);
}

TEST(HeadParser, Limits) {
  Limits limits;
  limits.request_line_bytes = 100;
  limits.head_bytes = 400;
  limits.header_count = 10;
  const auto refused = [&](const std::string& input) { return read(input, limits).refused; };
  const auto line_of = [](std::size_t size) {
    return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n";
  };
  EXPECT_EQ(refused(line_of(100)), 0);
  EXPECT_EQ(refused(line_of(101)), 414);
  EXPECT_EQ(refused("GET /" + std::string(95, 'a')), 0);     // it may still end
  EXPECT_EQ(refused("GET /" + std::string(200, 'a')), 414);  // no need to wait for its end
  EXPECT_EQ(refused(with_header("X: " + std::string(355, 'a') + "\r\n")), 0);
  EXPECT_EQ(refused(with_header("X: " + std::string(380, 'a') + "\r\n")), 431);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nX: " + std::string(1000, 'a')), 431);
  std::string lines;
  for (int i = 0; i < 9; ++i) lines += "A: b\r\n";
  EXPECT_EQ(refused(with_header(lines)), 0);
  EXPECT_EQ(refused(with_header(lines + "A: b\r\n")), 431);
}

// However the bytes are cut, the outcome is the same, and no byte is looked at twice.
TEST(HeadParser, BytesMayDrip) {
  const std::string input = "\r\nGET /drip HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\nrest";
  const Limits limits;
  HeadScanner scanner(limits);
  std::size_t size = 0;
  HeadScanner::Status status = HeadScanner::Status::Incomplete;
  while (status == HeadScanner::Status::Incomplete && size < input.size()) {
    status = scanner.scan(std::string_view(input).substr(0, ++size));
  }
  EXPECT_EQ(status, HeadScanner::Status::Complete);
  EXPECT_EQ(input.substr(size), "rest");
  EXPECT_EQ(scanner.consumed_bytes(), size);
  Head head;
  EXPECT_FALSE(parse_head(scanner.head(input), head));
  EXPECT_EQ(head.path, "/drip");
}

// A scanner that began anew for each byte would take minutes.
TEST(HeadParser, DrippingALongHeadIsCheap) {
  const Limits limits;
  std::string input = "GET / HTTP/1.1\r\nX: ";
  HeadScanner scanner(limits);
  while (input.size() < (64 << 10)) {
    input += 'a';
    ASSERT_EQ(scanner.scan(input), HeadScanner::Status::Incomplete);
  }
}

TEST(HeadParser, AReusedHeadForgetsTheLastRequest) {
  Head head;
  const std::string first =
      "PUT /a?b HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\n";
  const std::string second = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  ASSERT_FALSE(parse_head(first, head));
  ASSERT_FALSE(parse_head(second, head));
  EXPECT_EQ(head.headers.size(), 1U);
  EXPECT_FALSE(head.has_body());
  EXPECT_TRUE(head.http11);
  EXPECT_EQ(head.query, "");
  EXPECT_EQ(head.method, Method::Get);
}

}  // namespace
}  // namespace entrepot::http::server::internal
