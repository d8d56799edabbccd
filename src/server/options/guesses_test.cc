#include "server/options/guesses.h"

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

std::string_view guessed(std::string_view word) {
  const Option* option = guessed_option(word);
  return option == nullptr ? "" : option->path;
}

TEST(Guesses, HabitsFromElsewhereAreUnderstood) {
  EXPECT_EQ(guessed("port"), "http.listen");
  EXPECT_EQ(guessed("listen"), "http.listen");
  EXPECT_EQ(guessed("tls-cert"), "http.tls.certificate");
  EXPECT_EQ(guessed("root"), "data");
  EXPECT_EQ(guessed("replicas"), "");
  EXPECT_EQ(guessed(""), "");
}

}  // namespace
}  // namespace entrepot::server
