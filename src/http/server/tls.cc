#include "http/server/tls.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <mutex>
#include <optional>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/check.h"
#include "http/server/internal/ticket_keys.h"

namespace entrepot::http::server {
namespace {

constexpr char kTls12Suites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kProtocols[] = "\x08http/1.1";
constexpr unsigned char kSessions[] = "entrepot";

// What tells one version of a file from the next.
struct FileStamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  std::int64_t changed_nanos = 0;

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

std::optional<FileStamp> stamp_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return std::nullopt;
  return FileStamp{status.st_dev, status.st_ino, status.st_size,
                   status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

using Stamps = std::vector<std::optional<FileStamp>>;

std::string openssl_reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* reason = ::ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

Result<void> check_readable(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == EACCES) {
    return fail(ErrorCode::InvalidArgument, "{}: {}; let user {} read it, and come through to it",
                path, std::strerror(EACCES), ::geteuid());
  }
  if (descriptor < 0) {
    return fail(ErrorCode::InvalidArgument, "{}: {}", path, std::strerror(errno));
  }
  ::close(descriptor);
  return {};
}

// A server has nobody to ask for a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  unsigned char* found = nullptr;
  const int result = ::SSL_select_next_proto(&found, chosen_size, kProtocols, sizeof kProtocols - 1,
                                             offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_rules(SSL_CTX* context, bool tls12) {
  SSL_CTX_set_min_proto_version(context, tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
  ::SSL_CTX_set_cipher_list(context, kTls12Suites);
  ::SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_ENABLE_KTLS | SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets resume, without memory
  ::SSL_CTX_set_num_tickets(context, 1);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

// Ends a handshake without a certificate that the authorities in these files vouch for.
Result<void> ask_clients(SSL_CTX* context, const std::vector<std::string>& authorities) {
  if (authorities.empty()) return {};
  // They tell a client that has several certificates which of them to show.
  std::unique_ptr<STACK_OF(X509_NAME), void (*)(STACK_OF(X509_NAME)*)> names(
      sk_X509_NAME_new_null(),
      [](STACK_OF(X509_NAME) * all) { sk_X509_NAME_pop_free(all, ::X509_NAME_free); });
  for (const std::string& path : authorities) {
    TRY(check_readable(path));
    ::ERR_clear_error();
    if (::SSL_CTX_load_verify_file(context, path.c_str()) != 1 ||
        ::SSL_add_file_cert_subjects_to_stack(names.get(), path.c_str()) != 1) {
      return fail(ErrorCode::InvalidArgument, "{}: no PEM certificates of authorities ({})", path,
                  openssl_reason());
    }
  }
  ::SSL_CTX_set_client_CA_list(context, names.release());
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  // Whom we trust of clients is no part of the chain that we show.
  SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
  // Without a name of its own, OpenSSL takes up no session of who showed a certificate.
  CHECK(::SSL_CTX_set_session_id_context(context, kSessions, sizeof kSessions - 1) == 1);
  return {};
}

Result<std::shared_ptr<SSL_CTX>> load(const TlsOptions& options) {
  TRY(check_readable(options.certificate_path));
  TRY(check_readable(options.key_path));
  ::ERR_clear_error();
  const std::shared_ptr<SSL_CTX> context(::SSL_CTX_new(::TLS_server_method()), ::SSL_CTX_free);
  if (!context) return fail(ErrorCode::Internal, "OpenSSL: {}", openssl_reason());
  set_rules(context.get(), options.tls12);
  if (!internal::TicketKeys::install(context.get(), Clock::system())) {
    return fail(ErrorCode::Internal, "OpenSSL: {}", openssl_reason());
  }
  if (::SSL_CTX_use_certificate_chain_file(context.get(), options.certificate_path.c_str()) != 1) {
    return fail(ErrorCode::InvalidArgument, "{}: no PEM certificate ({})", options.certificate_path,
                openssl_reason());
  }
  if (::SSL_CTX_use_PrivateKey_file(context.get(), options.key_path.c_str(), SSL_FILETYPE_PEM) !=
      1) {
    const bool mismatch = ERR_GET_REASON(::ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH;
    return fail(ErrorCode::InvalidArgument, "{}: {} ({})", options.key_path,
                mismatch ? "the key is not that of the certificate"
                         : "no PEM private key without a passphrase",
                openssl_reason());
  }
  if (::SSL_CTX_check_private_key(context.get()) != 1) {
    return fail(ErrorCode::InvalidArgument, "{}: the key is not that of the certificate",
                options.key_path);
  }
  TRY(ask_clients(context.get(), options.client_ca_paths));
  return context;
}

WallTime time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (::ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::time_point_cast<WallTime::duration>(
      std::chrono::system_clock::from_time_t(::timegm(&parts)));
}

std::string text_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(::ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(::ASN1_STRING_length(text))};
}

std::string text_of_address(const ASN1_OCTET_STRING* octets) {
  const int family = ::ASN1_STRING_length(octets) == 4 ? AF_INET : AF_INET6;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (family == AF_INET6 && ::ASN1_STRING_length(octets) != 16) return {};
  ::inet_ntop(family, ::ASN1_STRING_get0_data(octets), text.data(), text.size());
  return text.data();
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> alternatives(
      static_cast<GENERAL_NAMES*>(
          ::X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      ::GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type == GEN_DNS) names.push_back(text_of(name->d.dNSName));
    if (name->type == GEN_IPADD) names.push_back(text_of_address(name->d.iPAddress));
  }
  X509_NAME* const subject = ::X509_get_subject_name(certificate);
  const int place = ::X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (names.empty() && place >= 0) {
    names.push_back(text_of(::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, place))));
  }
  return names;
}

class FileTlsContext final : public TlsContext {
 public:
  explicit FileTlsContext(TlsOptions options) : options_(std::move(options)) {}

  Result<void> reload() override {
    const Stamps stamps = read_stamps();  // first: what changes while we read is stale again
    auto loaded = load(options_);
    const std::lock_guard lock(mutex_);
    stamps_ = stamps;  // of a failed attempt, too: it would fail again
    if (!loaded) return propagate(std::move(loaded));
    current_ = *std::move(loaded);
    return {};
  }

  bool stale() const override {
    const Stamps stamps = read_stamps();
    const std::lock_guard lock(mutex_);
    // Asked every few seconds, so old keys of tickets go also when nobody connects.
    if (current_) internal::TicketKeys::of(current_.get()).turn();
    return stamps != stamps_;
  }

  TlsCertificate certificate() const override {
    const auto context = current();
    const X509* certificate = ::SSL_CTX_get0_certificate(context.get());
    return {time_of(::X509_get0_notBefore(certificate)), time_of(::X509_get0_notAfter(certificate)),
            names_of(certificate)};
  }

  std::shared_ptr<ssl_ctx_st> current() const override {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  Stamps read_stamps() const {
    Stamps stamps = {stamp_of(options_.certificate_path), stamp_of(options_.key_path)};
    for (const std::string& path : options_.client_ca_paths) stamps.push_back(stamp_of(path));
    return stamps;
  }

  const TlsOptions options_;
  mutable std::mutex mutex_;
  std::shared_ptr<SSL_CTX> current_;
  Stamps stamps_;
};

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::open(TlsOptions options) {
  auto context = std::make_shared<FileTlsContext>(std::move(options));
  TRY(context->reload());
  return std::shared_ptr<TlsContext>(std::move(context));
}

}  // namespace entrepot::http::server
