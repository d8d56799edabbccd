#include "http/server/internal/chunked.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

struct Decoded {
  ChunkedDecoder::Status status = ChunkedDecoder::Status::Incomplete;
  std::string payload;
  std::string rest;
};

// Feeds `input` in pieces of `piece_bytes`.
Decoded decode(std::string input, std::size_t piece_bytes = std::string::npos) {
  ChunkedDecoder decoder;
  Decoded result;
  std::size_t at = 0;
  while (at < input.size() && result.status == ChunkedDecoder::Status::Incomplete) {
    std::string piece = input.substr(at, piece_bytes);
    const auto step = decoder.decode(piece.data(), piece.size());
    result.payload += piece.substr(0, step.payload_bytes);
    result.status = step.status;
    at += step.used_bytes;
  }
  result.rest = input.substr(at);
  EXPECT_EQ(result.status == ChunkedDecoder::Status::Malformed, !decoder.problem().empty());
  return result;
}

TEST(ChunkedDecoder, JoinsChunks) {
  const Decoded result = decode(
      "5\r\nhello\r\n1\r\n,\r\nA\r\n 0123456789"
      "\r\n0\r\n\r\nnext");
  EXPECT_EQ(result.status, ChunkedDecoder::Status::Malformed);  // A is 10, not 11
  const Decoded good = decode("5\r\nhello\r\n1\r\n,\r\n0000b\r\n 0123456789\r\n0\r\n\r\nnext");
  EXPECT_EQ(good.status, ChunkedDecoder::Status::Complete);
  EXPECT_EQ(good.payload, "hello, 0123456789");
  EXPECT_EQ(good.rest, "next");
}

TEST(ChunkedDecoder, CutAnywhereGivesTheSame) {
  const std::string input =
      "5;name=value\r\nhello\r\n10\r\n0123456789abcdef\r\n000\r\nX-Trailer: a\r\nB:\r\n\r\nnext";
  for (std::size_t piece = 1; piece <= input.size(); ++piece) {
    const Decoded result = decode(input, piece);
    EXPECT_EQ(result.status, ChunkedDecoder::Status::Complete) << piece;
    EXPECT_EQ(result.payload, "hello0123456789abcdef") << piece;
    EXPECT_EQ(result.rest, "next") << piece;
  }
}

TEST(ChunkedDecoder, WhatIsAllowed) {
  for (const std::string input :
       {"0\r\n\r\n", "000000000000000\r\n\r\n", "0;a\r\n\r\n", "0;a=\"b;c\"\r\n\r\n",
        "1;\r\nx\r\n0\r\n\r\n", "a\r\n0123456789\r\n0\r\n\r\n", "0\r\nX: a\tb\r\n\r\n",
        "0\r\nX:\r\n\r\n"}) {
    EXPECT_EQ(decode(input).status, ChunkedDecoder::Status::Complete) << input;
  }
}

TEST(ChunkedDecoder, WhatIsRefused) {
  const std::vector<std::string> cases = {
      "\r\n",                          // no size
      " 5\r\nhello\r\n0\r\n\r\n",      // blank before the size
      "5 \r\nhello\r\n0\r\n\r\n",      // and behind it
      "5\t;a\r\nhello\r\n0\r\n\r\n",   //
      "0x5\r\nhello\r\n0\r\n\r\n",     //
      "+5\r\nhello\r\n0\r\n\r\n",      //
      "-5\r\nhello\r\n0\r\n\r\n",      //
      "5_0\r\nhello\r\n0\r\n\r\n",     //
      "g\r\nhello\r\n0\r\n\r\n",       //
      ";a\r\n",                        // an extension of nothing
      "5\nhello\r\n0\r\n\r\n",         // LF alone behind the size
      "5\rhello\r\n0\r\n\r\n",         // CR alone
      "5\r\r\nhello\r\n0\r\n\r\n",     //
      "5;a\nhello\r\n0\r\n\r\n",       // LF alone behind an extension
      "5;a\rb\r\nhello\r\n0\r\n\r\n",  // CR inside one
      "5\r\nhello0\r\n\r\n",           // no line end behind the data
      "5\r\nhello\n0\r\n\r\n",         // LF alone there
      "5\r\nhello\rX0\r\n\r\n",        // CR alone there
      "5\r\nhelloo\r\n0\r\n\r\n",      // longer than said
      "5\r\nhell\r\n0\r\n\r\n",        // shorter than said
      "ffffffffffffffff\r\n",          // sizes that overflow
      "fffffffffffffffff\r\n",         //
      "10000000000000000\r\n",         //
      "0000000000000000\r\n",          // too many zeros
      "0\r\n\n",                       // LF alone at the end
      "0\r\nX: a\n\r\n",               // and in a trailer
      "0\r\n X: a\r\n\r\n",            // folded trailer
      "0\r\nX : a\r\n\r\n",            // blank before the colon
      "0\r\n: a\r\n\r\n",              // no name
      "0\r\nX\r\n\r\n",                // no colon
      "0\r\nX: a\rb\r\n\r\n",          // CR in a value
      std::string("0\r\nX: \0\r\n\r\n", 11),
      std::string("5;\0\r\nhello\r\n0\r\n\r\n", 17),
  };
  for (const std::string& input : cases) {
    EXPECT_EQ(decode(input).status, ChunkedDecoder::Status::Malformed)
        << ::testing::PrintToString(input);
    EXPECT_EQ(decode(input, 1).status, ChunkedDecoder::Status::Malformed)
        << ::testing::PrintToString(input);
  }
}

TEST(ChunkedDecoder, WaitsForItsEnd) {
  for (const std::string input : {"", "5", "5\r", "5\r\nhel", "5\r\nhello", "5\r\nhello\r\n",
                                  "0\r\n", "0\r\n\r", "0\r\nX: a\r\n"}) {
    EXPECT_EQ(decode(input).status, ChunkedDecoder::Status::Incomplete) << input;
  }
}

TEST(ChunkedDecoder, ExtensionsHaveABudgetForTheWholeBody) {
  const std::string one_big = "1;" + std::string(ChunkedDecoder::kExtensionBytes, 'a');
  EXPECT_EQ(decode(one_big + "\r\nx\r\n0\r\n\r\n").status, ChunkedDecoder::Status::Malformed);
  std::string many;
  for (int i = 0; i < 5; ++i) many += "1;" + std::string(4 << 10, 'a') + "\r\nx\r\n";
  EXPECT_EQ(decode(many + "0\r\n\r\n").status, ChunkedDecoder::Status::Malformed);
}

TEST(ChunkedDecoder, TrailersHaveABudget) {
  std::string trailers = "0\r\n";
  for (int i = 0; i < 1000; ++i) trailers += "X-Trailer: value\r\n";
  EXPECT_EQ(decode(trailers + "\r\n").status, ChunkedDecoder::Status::Malformed);
}

TEST(ChunkedDecoder, StaysAtItsEnd) {
  ChunkedDecoder decoder;
  std::string input = "0\r\n\r\n";
  EXPECT_EQ(decoder.decode(input.data(), input.size()).status, ChunkedDecoder::Status::Complete);
  std::string more = "5\r\nhello";
  const auto step = decoder.decode(more.data(), more.size());
  EXPECT_EQ(step.status, ChunkedDecoder::Status::Complete);
  EXPECT_EQ(step.used_bytes, 0U);
  EXPECT_EQ(step.payload_bytes, 0U);
}

}  // namespace
}  // namespace entrepot::http::server::internal
