#include "api/token/form.h"

#include "base/testing/assert_ok.h"

namespace entrepot::api::token {
namespace {

TEST(FormTest, APasswordComesWithItsName) {
  const auto form = parse_form(
      "grant_type=password&service=entrepot&client_id=docker&access_type=offline&username=alice"
      "&password=a%26b+c%3d&scope=repository%3Aacme%2Fapp%3Apull+registry%3Acatalog%3A*&scope=x");
  ASSERT_OK(form);
  ASSERT_TRUE(form->password.has_value());
  EXPECT_FALSE(form->refresh.has_value());
  EXPECT_EQ(form->password->username, "alice");
  EXPECT_EQ(form->password->password, "a&b c=");
  EXPECT_EQ(form->service, "entrepot");
  EXPECT_EQ(form->client, "docker");
  EXPECT_TRUE(form->offline);
  EXPECT_EQ(form->scopes,
            (std::vector<std::string>{"repository:acme/app:pull registry:catalog:*", "x"}));
}

TEST(FormTest, ARefreshTokenComesAlone) {
  const auto form = parse_form("refresh_token=ent_ref_x&grant_type=refresh_token&&later=1");
  ASSERT_OK(form);
  EXPECT_FALSE(form->password.has_value());
  EXPECT_EQ(form->refresh->refresh_token, "ent_ref_x");
  EXPECT_FALSE(form->offline);
}

TEST(FormTest, WhatIsWrongIsSaid) {
  const auto said = [](std::string_view body) {
    const auto form = parse_form(body);
    return form ? "" : form.error().message;
  };
  EXPECT_EQ(said(""), "the form has no grant_type");
  EXPECT_EQ(said("grant_type=password&username=alice"), "the form has no password");
  EXPECT_EQ(said("grant_type=password&password=x"), "the form has no username");
  EXPECT_EQ(said("grant_type=password&username=a:b&password=x"), "no user name has a colon");
  EXPECT_EQ(said("grant_type=refresh_token"), "the form has no refresh_token");
  EXPECT_NE(said("grant_type=authorization_code").find("nothing else"), std::string::npos);
  EXPECT_EQ(said("grant_type=password&grant_type=password"),
            "the form has grant_type more than once");
  EXPECT_EQ(said("grant_type=password&username=%zz&password=x"), "the form has a bad escape");
  EXPECT_EQ(said("grant_type=password&username=a%00&password=x"), "the form has a bad escape");
}

}  // namespace
}  // namespace entrepot::api::token
