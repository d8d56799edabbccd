#include "crypto/jwt.h"

#include <vector>

#include <openssl/err.h>

#include "base/testing/assert_ok.h"
#include "crypto/hash.h"
#include "crypto/testing/known_keys.h"

namespace entrepot::crypto {
namespace {

using namespace std::string_view_literals;
using testing::known_key;

constexpr std::string_view kClaims = R"({"sub":"alice","exp":1300819380})";

// A token with this header, signed by `key` whatever the header says.
std::string token(const SigningKey& key, ByteView header, ByteView claims = kClaims) {
  const std::string text = to_base64url(header) + "." + to_base64url(claims);
  return text + "." + to_base64url(key.sign(text).value());
}

class JwtOf : public ::testing::TestWithParam<SigningAlgorithm> {
 protected:
  Result<VerifiedJwt> verify(std::string_view text) const {
    return verify_jwt(text, std::span(&key_.public_key(), 1));
  }
  // The header of a good token, with `more` behind its members.
  std::string header(std::string_view more = "") const {
    return fmt::format(R"({{"alg":"{}","kid":"{}"{}}})", name_of(GetParam()),
                       key_.public_key().id(), more);
  }

  SigningKey key_ = known_key(GetParam());
};

INSTANTIATE_TEST_SUITE_P(Both, JwtOf,
                         ::testing::Values(SigningAlgorithm::Es256, SigningAlgorithm::EdDsa),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// --- What is signed is verified ------------------------------------------------------------------

TEST_P(JwtOf, WhatIsSignedIsVerified) {
  for (const Bytes& claims : {Bytes(kClaims), Bytes("{}"), Bytes(10'000, ' ')}) {
    const auto text = sign_jwt(key_, claims);
    ASSERT_OK(text);
    const auto verified = verify(*text);
    ASSERT_OK(verified);
    EXPECT_EQ(verified->claims, claims);
    EXPECT_EQ(verified->key_id, key_.public_key().id());
  }
}

TEST_P(JwtOf, HeaderSaysAlgorithmKeyAndType) {
  const std::string text = sign_jwt(key_, kClaims).value();
  EXPECT_EQ(from_base64url(text.substr(0, text.find('.'))).value(), header(R"(,"typ":"JWT")"));
}

TEST(Jwt, ReadsThoseOfTheRfcs) {
  const std::pair<SigningAlgorithm, std::array<std::string, 2>> cases[] = {
      {SigningAlgorithm::Es256,  // RFC 7515 A.3
       {"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
        "LmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISl"
        "SApmWQxfKTUJqPP3-Kg6NU1Q",
        "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"}},
      {SigningAlgorithm::EdDsa,  // RFC 8037 A.4
       {"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PG"
        "cvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        "Example of Ed25519 signing"}},
  };
  for (const auto& [algorithm, text_and_claims] : cases) {
    const SigningKey key = known_key(algorithm);
    const auto verified = verify_jwt(text_and_claims[0], std::span(&key.public_key(), 1));
    ASSERT_OK(verified);
    EXPECT_EQ(verified->claims, text_and_claims[1]);
  }
}

// --- Keys ----------------------------------------------------------------------------------------

TEST_P(JwtOf, KeyIsTheOneThatTheHeaderNames) {
  const SigningKey other = SigningKey::generate(GetParam()).value();
  const SigningKey third = SigningKey::generate(SigningAlgorithm::EdDsa).value();
  const std::vector<PublicKey> keys = {other.public_key(), key_.public_key(), third.public_key()};
  for (const SigningKey* key : std::initializer_list<const SigningKey*>{&key_, &other, &third}) {
    const auto verified = verify_jwt(sign_jwt(*key, kClaims).value(), keys);
    ASSERT_OK(verified);
    EXPECT_EQ(verified->key_id, key->public_key().id());
  }
  // Signed by one, names another of the same algorithm.
  EXPECT_FAILS(Unauthenticated, verify_jwt(token(other, header()), keys));
}

TEST_P(JwtOf, UnknownKeysSignNothing) {
  const SigningKey other = SigningKey::generate(GetParam()).value();
  EXPECT_FAILS(Unauthenticated, verify(sign_jwt(other, kClaims).value()));
  EXPECT_FAILS(Unauthenticated, verify(token(other, header())));
  EXPECT_FAILS(Unauthenticated, verify_jwt(sign_jwt(key_, kClaims).value(), {}));
}

TEST_P(JwtOf, HeaderWithoutKeyWillDoForOneKeyOnly) {
  const std::string text = token(key_, fmt::format(R"({{"alg":"{}"}})", name_of(GetParam())));
  EXPECT_OK(verify(text));
  const SigningKey other = SigningKey::generate(GetParam()).value();
  const std::vector<PublicKey> both = {key_.public_key(), other.public_key()};
  EXPECT_FAILS(Unauthenticated, verify_jwt(text, both));
  EXPECT_FAILS(Unauthenticated, verify_jwt(text, {}));
}

// A header cannot bring its own key, nor tell from where to fetch one.
TEST_P(JwtOf, KeysInTheHeaderAreIgnored) {
  const SigningKey other = SigningKey::generate(GetParam()).value();
  const std::string more =
      fmt::format(R"(,"jwk":{},"jku":"https://example.com/keys","x5u":"https://example.com/c")",
                  other.public_key().jwk());
  EXPECT_OK(verify(token(key_, header(more))));
  EXPECT_FAILS(Unauthenticated, verify(token(other, header(more))));
}

// --- The algorithm is the key's ------------------------------------------------------------------

TEST_P(JwtOf, NothingIsVerifiedByNone) {
  const std::string& kid = key_.public_key().id();
  for (const char* const name : {"none", "None", "NONE", "nOnE", ""}) {
    for (const std::string& text : {fmt::format(R"({{"alg":"{}"}})", name),
                                    fmt::format(R"({{"alg":"{}","kid":"{}"}})", name, kid)}) {
      EXPECT_FAILS(Unauthenticated, verify(to_base64url(text) + "." + to_base64url(kClaims) + "."));
      EXPECT_FAILS(Unauthenticated, verify(token(key_, text)));
    }
  }
}

// What is public is no secret to authenticate with.
TEST_P(JwtOf, PublicKeyIsNoSecretOfHs256) {
  const std::string text =
      to_base64url(fmt::format(R"({{"alg":"HS256","kid":"{}"}})", key_.public_key().id())) + "." +
      to_base64url(kClaims);
  for (const std::string& secret : {key_.public_key().jwk(), key_.public_key().id(), Bytes()}) {
    EXPECT_FAILS(Unauthenticated, verify(text + "." + to_base64url(hmac_sha256(secret, text))));
  }
}

TEST_P(JwtOf, OtherAlgorithmThanTheKeysIsRefused) {
  for (const std::string_view name : {"ES256", "EdDSA", "ES384", "ES256K", "RS256", "PS256",
                                      "Ed25519", "es256", "eddsa", "ES256 "}) {
    const std::string head =
        fmt::format(R"({{"alg":"{}","kid":"{}"}})", name, key_.public_key().id());
    if (name == name_of(GetParam())) {
      EXPECT_OK(verify(token(key_, head)));
    } else {
      EXPECT_FAILS(Unauthenticated, verify(token(key_, head))) << name;
    }
  }
}

// --- Headers -------------------------------------------------------------------------------------

TEST_P(JwtOf, OtherMembersOfAHeaderAreIgnored) {
  for (const char* const more : {"", R"(,"typ":"JWT")", R"(,"cty":"x")",
                                 R"(,"x5t":"y","n":{"alg":"none"})", R"(,"b64":false)"}) {
    EXPECT_OK(verify(token(key_, header(more)))) << more;
  }
}

TEST_P(JwtOf, HeadersThatTwoReadersReadDifferentlyAreRefused) {
  for (const char* const more :
       {R"(,"alg":"none")", R"(,"Alg":"none")", R"(,"ALG":"ES256")", R"(,"\u0061lg":"none")",
        R"(,"kid":"other")", R"(,"KID":"other")", R"(,"n":1,"n":2)", R"(,"n":1,"\u006e":2)",
        R"(,"typ":"JWT","typ":"JWT")"}) {
    EXPECT_FAILS(Unauthenticated, verify(token(key_, header(more)))) << more;
  }
}

TEST_P(JwtOf, ExtensionsAndOtherTypesAreRefused) {
  for (const char* const more :
       {R"(,"crit":["exp"],"exp":1)", R"(,"crit":[])", R"(,"crit":null)", R"(,"crit":"b64")",
        R"(,"b64":false,"crit":["b64"])", R"(,"typ":"dpop+jwt")", R"(,"typ":"")", R"(,"typ":1)",
        R"(,"typ":["JWT"])"}) {
    EXPECT_FAILS(Unauthenticated, verify(token(key_, header(more)))) << more;
  }
}

TEST_P(JwtOf, WhatIsNoHeaderIsRefused) {
  const std::string_view texts[] = {"",
                                    "x",
                                    "{}",
                                    "[]",
                                    "null",
                                    R"("ES256")",
                                    R"({"alg":null})",
                                    R"({"alg":["ES256"]})",
                                    R"({"alg":1})",
                                    R"({"kid":"x"})",
                                    "{\"alg\":\"ES256\"",
                                    "{\"alg\":\"ES256\"}}",
                                    R"({"alg":"ES256","kid":1})",
                                    R"({"alg":"EdDSA","kid":{}})",
                                    R"({"alg":"ES256\u0000"})",
                                    "{\"alg\":\"ES256\"}\0"sv,
                                    "{\"alg\":\"EdDSA\"}\0"sv,
                                    "\xef\xbb\xbf{\"alg\":\"none\"}",
                                    "{\"alg\":\"\xff\"}"};
  for (const std::string_view text : texts) {
    EXPECT_FAILS(Unauthenticated, verify(token(key_, text))) << text;
  }
  EXPECT_FAILS(Unauthenticated, verify(token(key_, std::string(5000, '[')))) << "deep";
}

// --- Texts ---------------------------------------------------------------------------------------

TEST_P(JwtOf, EveryOtherTextIsRefused) {
  const std::string text = sign_jwt(key_, "{}").value();
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_FAILS(Unauthenticated, verify(text.substr(0, i))) << i;
    EXPECT_FAILS(Unauthenticated, verify(text.substr(i + 1))) << i;
    for (const char c : std::string_view("ABCDEFGHabcdefgh019-_.=+/ \n\0", 28)) {
      std::string other = text;
      other[i] = c;
      if (other != text) {
        EXPECT_FAILS(Unauthenticated, verify(other)) << i << " " << c;
      }
      other = text;
      other.insert(i, 1, c);
      EXPECT_FAILS(Unauthenticated, verify(other)) << i << " " << c;
    }
  }
}

// The last characters of a part have bits that no octet takes: one text only sets them to zero.
TEST_P(JwtOf, EachPartHasOneText) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const std::string text = sign_jwt(key_, "{  }").value();  // 4 and 64 octets: 4 bits are left over
  for (const std::size_t last : {text.rfind('.') - 1, text.size() - 1}) {
    for (std::size_t more = 1; more < 16; ++more) {
      std::string other = text;
      other[last] = kAlphabet[kAlphabet.find(text[last]) + more];
      EXPECT_FAILS(Unauthenticated, verify(other)) << other;
    }
  }
  for (const char* const behind : {"=", "==", ".", "..", "\n", "A", ".e30"}) {
    EXPECT_FAILS(Unauthenticated, verify(text + behind)) << behind;
  }
}

TEST_P(JwtOf, CountOfPartsIsThree) {
  const std::string text = sign_jwt(key_, "{}").value();
  const std::string without = text.substr(0, text.rfind('.'));
  for (const std::string& other :
       {std::string(), std::string("."), std::string(".."), std::string("..."), without,
        without + ".", "." + text, text + ".", without + "..",
        text + "." + text.substr(text.rfind('.') + 1)}) {
    EXPECT_FAILS(Unauthenticated, verify(other)) << other;
  }
}

// OpenSSL's own form of a signature is not JOSE's.
TEST(Jwt, SignatureInAsn1IsRefused) {
  const SigningKey key = known_key(SigningAlgorithm::Es256);
  const std::string text = sign_jwt(key, "{}").value();
  const std::size_t dot = text.rfind('.');
  const Bytes signature = from_base64url(text.substr(dot + 1)).value();
  Bytes der("\x30\x46");
  for (const ByteView half : {ByteView(signature).substr(0, 32), ByteView(signature).substr(32)}) {
    der.append("\x02\x21").append(1, '\0').append(half);
  }
  EXPECT_FAILS(Unauthenticated, verify_jwt(text.substr(0, dot + 1) + to_base64url(der),
                                           std::span(&key.public_key(), 1)));
}

TEST_P(JwtOf, LengthHasALimit) {
  const std::size_t rest = sign_jwt(key_, "").value().size();
  const std::size_t most = (kMaxJwtBytes - rest) * 3 / 4;
  const auto longest = sign_jwt(key_, Bytes(most, ' '));
  ASSERT_OK(longest);
  EXPECT_OK(verify(*longest));
  EXPECT_FAILS(TooLarge, sign_jwt(key_, Bytes(most + 2, ' ')));
  EXPECT_FAILS(Unauthenticated, verify(token(key_, header(), Bytes(kMaxJwtBytes, ' '))));
}

TEST_P(JwtOf, LeavesNoErrorsBehind) {
  std::string text = sign_jwt(key_, "{}").value();
  text[text.size() - 10] = text[text.size() - 10] == 'A' ? 'B' : 'A';
  EXPECT_FAILS(Unauthenticated, verify(text));
  EXPECT_EQ(::ERR_peek_error(), 0u);
}

}  // namespace
}  // namespace entrepot::crypto
