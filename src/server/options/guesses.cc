#include "server/options/guesses.h"

#include <algorithm>
#include <iterator>

namespace entrepot::server {
namespace {

struct Guess {
  std::string_view word, path;
};

constexpr Guess kGuesses[] = {
    {"p", "http.listen"},
    {"l", "http.listen"},
    {"port", "http.listen"},
    {"addr", "http.listen"},
    {"address", "http.listen"},
    {"bind", "http.listen"},
    {"host", "http.listen"},
    {"http-port", "http.listen"},
    {"http-addr", "http.listen"},
    {"listen-address", "http.listen"},
    {"dir", "data"},
    {"data-dir", "data"},
    {"datadir", "data"},
    {"root", "data"},
    {"rootdirectory", "data"},
    {"storage", "data"},
    {"volume", "data"},
    {"cert", "http.tls.certificate"},
    {"tls-cert", "http.tls.certificate"},
    {"tls-certificate", "http.tls.certificate"},
    {"certificate", "http.tls.certificate"},
    {"key", "http.tls.key"},
    {"tls-key", "http.tls.key"},
    {"client-ca", "http.tls.client_ca"},
    {"tls-client-ca", "http.tls.client_ca"},
    {"clientcas", "http.tls.client_ca"},
    {"secret", "http.secret"},
    {"debug", "log.level"},
    {"verbose", "log.level"},
    {"loglevel", "log.level"},
    {"metrics-addr", "debug.listen"},
    {"readonly", "storage.read_only"},
    {"read-only", "storage.read_only"},
    {"uid", "user"},
};

}  // namespace

const Option* guessed_option(std::string_view word) {
  for (const Option& option : option_table()) {
    if (!option.flag.empty() && option.flag == word) return &option;
  }
  const auto* found = std::find_if(std::begin(kGuesses), std::end(kGuesses),
                                   [&](const Guess& guess) { return guess.word == word; });
  return found == std::end(kGuesses) ? nullptr : find_option(found->path);
}

}  // namespace entrepot::server
