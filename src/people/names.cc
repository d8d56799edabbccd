#include "people/names.h"

#include <algorithm>
#include <array>

#include "crypto/password.h"
#include "oci/name.h"

namespace entrepot::people {
namespace {

constexpr std::size_t kLeastPasswordCharacters = 8;

constexpr std::array<std::string_view, 12> kReserved{"admin",     "system", "library",  "root",
                                                     "anonymous", "api",    "auth",     "token",
                                                     "v1",        "v2",     "settings", "login"};

// The head of every list of leaked passwords of eight characters and more.
constexpr std::array<std::string_view, 20> kRefused{
    "password",  "12345678", "123456789", "1234567890", "qwertyuiop", "qwerty123", "11111111",
    "password1", "iloveyou", "sunshine",  "princess",   "football",   "baseball",  "superman",
    "trustno1",  "1q2w3e4r", "abcd1234",  "changeme",   "passw0rd",   "letmein1"};

bool contains(const auto& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// UTF-8: octets that do not go on with a character.
std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<void> check_name(std::string_view name) {
  if (name.size() <= kMaxNameLength && name.find('/') == std::string_view::npos &&
      oci::RepositoryName::is_valid(name)) {
    return {};
  }
  return fail(
      ErrorCode::InvalidArgument,
      "\"{}\" cannot be a name: at most {} lower-case letters, digits and . _ - between them",
      name.substr(0, 2 * kMaxNameLength), kMaxNameLength);
}

Result<void> check_not_reserved(std::string_view name) {
  if (!contains(kReserved, name)) return {};
  return fail(ErrorCode::Denied, "the name {} is reserved", name);
}

Result<RobotName> parse_robot_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" cannot be a robot's name: its namespace stands in front, as in acme/ci",
                text);
  }
  TRY(check_name(text.substr(0, slash)));
  TRY(check_name(text.substr(slash + 1)));
  return RobotName{std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

Result<void> check_password(std::string_view password, std::string_view account) {
  if (characters(password) < kLeastPasswordCharacters) {
    return fail(ErrorCode::InvalidArgument, "a password has at least {} characters",
                kLeastPasswordCharacters);
  }
  if (password.size() > crypto::kMaxPasswordBytes) {
    return fail(ErrorCode::InvalidArgument, "a password has at most {} octets",
                crypto::kMaxPasswordBytes);
  }
  const std::string lower = lower_case(password);
  if (contains(kRefused, lower) || lower == account) {
    return fail(ErrorCode::InvalidArgument, "that password is among the first that are guessed");
  }
  return {};
}

}  // namespace entrepot::people
