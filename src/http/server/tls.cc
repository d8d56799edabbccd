#include "http/server/tls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <optional>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/log.h"
#include "base/mutex.h"
#include "http/server/internal/ticket_keys.h"

namespace entrepot::http::server {
namespace {

constexpr char kTls12Suites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr unsigned char kProtocols[] = "\x08http/1.1";

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

using Stamps = std::array<std::optional<FileStamp>, 2>;

std::string openssl_reason() {
  const unsigned long code = ::ERR_peek_last_error();
  const char* reason = ::ERR_reason_error_string(code);
  return reason != nullptr ? reason : "unknown reason";
}

Result<void> check_readable(const std::string& path) {
  // The operator's file: mounted secrets are links, and a pipe would be waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
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

void warn_if_expired(SSL_CTX* context, const std::string& path) {
  const X509* certificate = ::SSL_CTX_get0_certificate(context);
  if (::X509_cmp_current_time(::X509_get0_notAfter(certificate)) < 0) {
    log::warning("the certificate in {} has expired", path);
  }
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
  warn_if_expired(context.get(), options.certificate_path);
  return context;
}

class FileTlsContext final : public TlsContext {
 public:
  explicit FileTlsContext(TlsOptions options) : options_(std::move(options)) {}

  Result<void> reload() override {
    const Stamps stamps = read_stamps();  // first: what changes while we read is stale again
    auto loaded = load(options_);
    const MutexLock lock(mutex_);
    stamps_ = stamps;  // of a failed attempt, too: it would fail again
    if (!loaded) return propagate(std::move(loaded));
    current_ = *std::move(loaded);
    return {};
  }

  bool stale() const override {
    const Stamps stamps = read_stamps();
    const MutexLock lock(mutex_);
    // Asked every few seconds, so old keys of tickets go also when nobody connects.
    if (current_) internal::TicketKeys::of(current_.get()).turn();
    return stamps != stamps_;
  }

  std::shared_ptr<ssl_ctx_st> current() const override {
    const MutexLock lock(mutex_);
    return current_;
  }

 private:
  Stamps read_stamps() const {
    return {stamp_of(options_.certificate_path), stamp_of(options_.key_path)};
  }

  const TlsOptions options_;
  mutable Mutex mutex_;
  std::shared_ptr<SSL_CTX> current_ ENTREPOT_GUARDED_BY(mutex_);
  Stamps stamps_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::open(TlsOptions options) {
  auto context = std::make_shared<FileTlsContext>(std::move(options));
  TRY(context->reload());
  return std::shared_ptr<TlsContext>(std::move(context));
}

}  // namespace entrepot::http::server
