#include "crypto/password.h"

#include <set>

#include "base/bytes.h"
#include "base/testing/assert_ok.h"

namespace entrepot::crypto {
namespace {

using namespace std::string_literals;

constexpr PasswordCost kCheap{8, 1, 1};

std::string hash_of(std::string_view password, const PasswordCost& cost = kCheap) {
  auto hash = hash_password(password, cost);
  EXPECT_OK(hash);
  return hash.value_or("");
}

bool is(std::string_view password, std::string_view hash) {
  const auto same = verify_password(password, hash);
  EXPECT_OK(same) << hash;
  return same.value_or(false);
}

// --- Argon2id ------------------------------------------------------------------------------------

TEST(Password, DefaultIsWrittenAsPhcString) {
  const std::string hash = hash_of("secret", {});
  EXPECT_TRUE(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << hash;
  EXPECT_EQ(hash.size(), 31u + 22 + 1 + 43) << hash;
  EXPECT_TRUE(is("secret", hash));
  EXPECT_FALSE(is("Secret", hash));
}

TEST(Password, EachHashHasASaltOfItsOwn) {
  std::set<std::string> seen;
  for (int i = 0; i < 20; ++i) seen.insert(hash_of("secret"));
  EXPECT_EQ(seen.size(), 20u);
}

// The first two are of the reference implementation's own tests; OpenSSL 3.2 computes the same.
TEST(Password, ReadsWhatOthersMade) {
  const std::string one =
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  const std::string two_lanes =
      "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
  const std::string usual =
      "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$PL01amPyeUuxG7H0vIr5X+qHkZvWnHmGBGXFYvh8z2E";
  const std::string large =
      "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
  for (const std::string& hash : {one, two_lanes, usual, large}) {
    EXPECT_TRUE(is("password", hash)) << hash;
    EXPECT_FALSE(is("passwore", hash)) << hash;
  }
}

// Every octet counts, wherever it stands and whatever it is.
TEST(Password, IsTakenWhole) {
  const Bytes longest(kMaxPasswordBytes, 'x');
  for (const Bytes& password :
       {""s, "\0"s, "a\0b"s, "a\0"s, "\xff\x80"s, Bytes(73, 'x'), longest}) {
    const std::string hash = hash_of(password);
    EXPECT_TRUE(is(password, hash));
    for (std::size_t i = 0; i < password.size(); ++i) {
      Bytes other = password;
      other[i] = static_cast<char>(other[i] ^ 1);
      ASSERT_FALSE(is(other, hash)) << i;
    }
    if (!password.empty()) {
      EXPECT_FALSE(is(password.substr(1), hash));
      EXPECT_FALSE(is(password.substr(0, password.size() - 1), hash));
    }
    if (password.size() < kMaxPasswordBytes) {
      EXPECT_FALSE(is(password + '\0', hash));
    }
  }
}

TEST(Password, TooLongIsRefusedWhateverTheHash) {
  const Bytes too_long(kMaxPasswordBytes + 1, 'x');
  EXPECT_FAILS(InvalidArgument, hash_password(too_long, kCheap));
  EXPECT_FAILS(InvalidArgument, verify_password(too_long, hash_of("x")));
  EXPECT_FAILS(InvalidArgument, verify_password(too_long, "no hash"));
}

TEST(Password, CostsAreWithinLimits) {
  for (const PasswordCost& cost :
       {PasswordCost{7, 1, 1}, PasswordCost{15, 1, 2}, PasswordCost{8, 0, 1}, PasswordCost{8, 1, 0},
        PasswordCost{kMaxPasswordCost.memory_kib + 1, 1, 1},
        PasswordCost{8, kMaxPasswordCost.passes + 1, 1},
        PasswordCost{1024, 1, kMaxPasswordCost.lanes + 1}}) {
    EXPECT_FAILS(InvalidArgument, hash_password("x", cost));
    EXPECT_FAILS(InvalidArgument, decoy_hash(cost));
  }
  EXPECT_TRUE(is("x", hash_of("x", {8 * 16, kMaxPasswordCost.passes, kMaxPasswordCost.lanes})));
}

// A line of somebody's file decides neither about our memory nor about our time.
TEST(Password, CraftedCostsAreRefused) {
  const std::string rest = "$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  for (const char* const cost : {"m=4194304,t=2,p=1", "m=262145,t=1,p=1", "m=256,t=17,p=1",
                                 "m=256,t=4294967295,p=1", "m=256,t=2,p=17"}) {
    EXPECT_FAILS(Unsupported, verify_password("x", "$argon2id$v=19$"s + cost + rest)) << cost;
  }
  for (const char* const cost :
       {"m=4294967552,t=2,p=1", "m=-1,t=2,p=1", "m=0256,t=2,p=1", "m=256,t=2", "t=2,m=256,p=1",
        "m=256,t=0,p=1", "m=256,t=2,p=0", "m=15,t=2,p=2", "m=256,t=2,p=1,x=1", "m= 256,t=2,p=1",
        "m=,t=2,p=1", "m=256,t=2,p=1 ", "m=0x100,t=2,p=1", "m=256,t=2,p=1,data=eA"}) {
    EXPECT_FAILS(Corrupt, verify_password("x", "$argon2id$v=19$"s + cost + rest)) << cost;
  }
}

TEST(Password, DamagedHashIsNoWrongPassword) {
  const std::string hash = hash_of("x");
  for (std::size_t i = 0; i + 22 < hash.size(); ++i) {
    EXPECT_FALSE(verify_password("x", std::string_view(hash).substr(0, i)).has_value()) << i;
  }
  for (const char* const text :
       {"", "x", "$argon2id$", "secret", "rqXexS6ZhobKA",  // the last is of the oldest crypt
        "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgL",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ=$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR_uIPnA4rEsF5h7TKyQwu9U1bMCHGi_4",
        "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/5"}) {
    EXPECT_FAILS(Corrupt, verify_password("x", text)) << text;
  }
  const std::string too_long(87, 'A');
  EXPECT_FAILS(Corrupt, verify_password("x", "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$" + too_long));
}

TEST(Password, OtherHashesAreUnsupported) {
  for (const char* const text :
       {"$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$argon2id$v=16$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
        "$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00", "{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=",
        "$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "$6$rounds=5000$x$y"}) {
    EXPECT_FAILS(Unsupported, verify_password("x", text)) << text;
  }
}

// --- bcrypt --------------------------------------------------------------------------------------

// Those of crypt_blowfish's own tests (wrapper.c), under each of the three names.
TEST(Password, ReadsBcrypt) {
  const std::pair<std::string, std::string> cases[] = {
      {"U*U", "$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
      {"U*U*", "$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
      {"", "$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"},
      {"\xa3", "$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
  };
  for (const auto& [password, rest] : cases) {
    for (const char* const name : {"$2y", "$2a", "$2b"}) {
      EXPECT_TRUE(is(password, name + rest)) << name << rest;
      EXPECT_FALSE(is(password + "x", name + rest)) << name << rest;
    }
  }
}

// Under $2a$ libcrypt by itself has another answer for this password than Go's library, which made
// the $2a$ of adopted files.
TEST(Password, EightBitCharactersAreTheSameUnderEachNameOfBcrypt) {
  const std::string rest = "$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e";
  for (const char* const name : {"$2y", "$2a", "$2b"}) {
    EXPECT_TRUE(is("\xff\xff\xa3", name + rest)) << name;
  }
}

// 72 octets are bcrypt's most, and a NUL ends what it reads: what it would cut is a wrong password.
TEST(Password, BcryptComparesNothingInPart) {
  const std::string of_72 =
      "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui";  // of wrapper.c, too
  const std::string password =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  ASSERT_EQ(password.size(), 72u);
  EXPECT_TRUE(is(password, of_72));
  EXPECT_FALSE(is(password + "chars after 72 are ignored", of_72));
  EXPECT_FALSE(is(password.substr(0, 71), of_72));

  const std::string of_empty = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy";
  EXPECT_TRUE(is("", of_empty));
  EXPECT_FALSE(is("\0"s, of_empty));
  EXPECT_FALSE(is("\0x"s, of_empty));
}

TEST(Password, DamagedBcryptIsCorrupt) {
  const std::string good = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
  for (std::size_t size = 4; size < good.size(); ++size) {
    EXPECT_FAILS(Corrupt, verify_password("U*U", std::string_view(good).substr(0, size))) << size;
  }
  EXPECT_FAILS(Corrupt, verify_password("U*U", good + "A"));
  for (const auto& [at, c] :
       {std::pair(4, 'x'), {5, ' '}, {6, '.'}, {5, '3'}, {20, '$'}, {59, ':'}}) {
    std::string damaged = good;
    damaged[static_cast<std::size_t>(at)] = c;
    EXPECT_FAILS(Corrupt, verify_password("U*U", damaged)) << damaged;
  }
  std::string costly = good;
  costly.replace(4, 2, "18");
  EXPECT_FAILS(Unsupported, verify_password("U*U", costly));
}

// --- Beside verifying ----------------------------------------------------------------------------

TEST(Password, WantsARehashForAllButOurOwnAtThisCost) {
  const std::string hash = hash_of("x");
  EXPECT_FALSE(wants_rehash(hash, kCheap));
  EXPECT_TRUE(wants_rehash(hash));
  EXPECT_TRUE(wants_rehash(hash, {8, 2, 1}));
  EXPECT_TRUE(wants_rehash(hash, {16, 1, 1}));
  EXPECT_TRUE(wants_rehash(hash_of("x", {16, 1, 2}), {16, 1, 1}));
  EXPECT_TRUE(wants_rehash("$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"));
  EXPECT_TRUE(wants_rehash("no hash"));
  // A salt of 8 octets.
  EXPECT_TRUE(wants_rehash(
      "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
      {256, 2, 1}));
}

TEST(Password, DecoyIsOfNoPasswordAndLooksLikeAHash) {
  const auto decoy = decoy_hash(kCheap);
  ASSERT_OK(decoy);
  EXPECT_FALSE(wants_rehash(*decoy, kCheap));
  EXPECT_FALSE(is("", *decoy));
  EXPECT_FALSE(is("x", *decoy));
  EXPECT_FALSE(wants_rehash(decoy_hash().value_or("")));
  EXPECT_NE(decoy_hash(kCheap).value_or(""), *decoy);
}

TEST(Password, DecoyHasSchemeAndCostOfAnother) {
  const auto argon2 = decoy_like(hash_of("x", {16, 2, 2}));
  ASSERT_OK(argon2);
  EXPECT_FALSE(wants_rehash(*argon2, {16, 2, 2}));
  const auto bcrypt = decoy_like("$2a$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW");
  ASSERT_OK(bcrypt);
  EXPECT_TRUE(bcrypt->starts_with("$2y$04$")) << *bcrypt;
  EXPECT_FALSE(is("U*U", *bcrypt));
  EXPECT_FAILS(Corrupt, decoy_like("no hash"));
  EXPECT_FAILS(Unsupported, decoy_like("$apr1$lZL6V/ci$eIMz/iKDkbtys/uU7LEK00"));
}

}  // namespace
}  // namespace entrepot::crypto
