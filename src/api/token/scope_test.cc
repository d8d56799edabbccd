#include "api/token/scope.h"

#include <gtest/gtest.h>

namespace entrepot::api::token {
namespace {

using access::Action;
using access::Actions;

TEST(Scope, NamesARepositoryAndWhatIsToBeDone) {
  const auto scope = parse_scope("repository:acme/app:pull,push");
  ASSERT_TRUE(scope);
  EXPECT_EQ(scope->repository, "acme/app");
  EXPECT_TRUE(scope->actions.has(Action::Pull));
  EXPECT_TRUE(scope->actions.has(Action::Push));
  EXPECT_FALSE(scope->actions.has(Action::Delete));
  EXPECT_TRUE(parse_scope("repository:acme/app:*")->actions.has(Action::Delete));
  EXPECT_TRUE(parse_scope("repository(plugin):acme/app:pull"));
  EXPECT_EQ(parse_scope("registry:catalog:*")->repository, "");
  EXPECT_EQ(parse_scope("repository:acme/app:fly,pull")->actions,
            parse_scope("repository:acme/app:pull")->actions);
}

TEST(Scope, WhatNoTokenIsGivenForIsLeftOut) {
  for (const char* text :
       {"", ":", "::", "repository", "repository:acme/app", "repository:ACME:pull",
        "registry:other:*", "user:alice:pull", "repository::pull"}) {
    EXPECT_FALSE(parse_scope(text)) << text;
  }
}

TEST(Scope, SeveralMayStandInOneValue) {
  const auto scopes =
      parse_scopes({"repository:a/b:pull repository:c/d:push", "nonsense", "registry:catalog:*"});
  ASSERT_EQ(scopes.size(), 3u);
  EXPECT_EQ(scopes[1].repository, "c/d");
  const std::vector<std::string> many(200, "repository:a/b:pull");
  EXPECT_EQ(parse_scopes(many).size(), kMostScopes);
}

}  // namespace
}  // namespace entrepot::api::token
