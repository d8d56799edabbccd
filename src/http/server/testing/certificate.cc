#include "http/server/testing/certificate.h"

#include <cstdint>
#include <cstdio>
#include <memory>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/check.h"

namespace entrepot::http::server::testing {
namespace {

constexpr long kDaySeconds = 86'400;

using Key = std::unique_ptr<EVP_PKEY, decltype(&::EVP_PKEY_free)>;
using Certificate = std::unique_ptr<X509, decltype(&::X509_free)>;

Certificate make_certificate(EVP_PKEY* key, const std::string& common_name, int valid_days) {
  static int serial = 0;
  Certificate certificate(::X509_new(), ::X509_free);
  ::X509_set_version(certificate.get(), X509_VERSION_3);
  ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), ++serial);
  ::X509_gmtime_adj(::X509_getm_notBefore(certificate.get()), -400 * kDaySeconds);
  ::X509_gmtime_adj(::X509_getm_notAfter(certificate.get()), valid_days * kDaySeconds);
  ::X509_set_pubkey(certificate.get(), key);
  X509_NAME* name = ::X509_get_subject_name(certificate.get());
  ::X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
  ::X509_set_issuer_name(certificate.get(), name);
  X509_EXTENSION* names =
      ::X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
  ::X509_add_ext(certificate.get(), names, -1);
  ::X509_EXTENSION_free(names);
  CHECK(::X509_sign(certificate.get(), key, ::EVP_sha256()) > 0);
  return certificate;
}

template <class Write>
void write_file(const std::string& path, const Write& write) {
  std::FILE* file = std::fopen(path.c_str(), "w");
  CHECK(file != nullptr);
  CHECK(write(file) == 1);
  CHECK(std::fclose(file) == 0);
}

}  // namespace

TlsOptions write_certificate(const std::string& folder, const std::string& common_name,
                             int valid_days) {
  const Key key(::EVP_EC_gen("P-256"), ::EVP_PKEY_free);
  CHECK(key != nullptr);
  const Certificate certificate = make_certificate(key.get(), common_name, valid_days);
  TlsOptions options;
  options.certificate_path = folder + "/cert.pem";
  options.key_path = folder + "/key.pem";
  write_file(options.certificate_path,
             [&](std::FILE* file) { return ::PEM_write_X509(file, certificate.get()); });
  write_file(options.key_path, [&](std::FILE* file) {
    return ::PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return options;
}

}  // namespace entrepot::http::server::testing
