#include "server/run/certificate_watch.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace entrepot::server {
namespace {

using std::chrono::hours;
constexpr hours kDay{24};

// One whose certificate is what the test says.
class StatedTls final : public http::server::TlsContext {
 public:
  Result<void> reload() override { return {}; }
  bool stale() const override { return false; }
  http::server::TlsCertificate certificate() const override { return stated; }
  std::shared_ptr<ssl_ctx_st> current() const override { return nullptr; }

  http::server::TlsCertificate stated;
};

class CertificateWatchTest : public ::testing::Test {
 protected:
  CertificateWatchTest() { tls_->stated = {clock_.wall() - kDay, clock_.wall() + 20 * kDay, {}}; }

  // How many lines a look writes.
  std::ptrdiff_t lines() {
    ::testing::internal::CaptureStderr();
    watch_.look();
    const std::string written = ::testing::internal::GetCapturedStderr();
    return std::count(written.begin(), written.end(), '\n');
  }

  testing::FakeClock clock_;
  metrics::Registry metrics_;
  const std::shared_ptr<StatedTls> tls_ = std::make_shared<StatedTls>();
  CertificateWatch watch_{tls_, clock_, metrics_};
};

TEST_F(CertificateWatchTest, WarnsDailyFromTwoWeeksBefore) {
  EXPECT_EQ(lines(), 0);
  clock_.advance(5 * kDay);
  EXPECT_EQ(lines(), 0);
  clock_.advance(kDay);
  EXPECT_EQ(lines(), 1);
  EXPECT_EQ(lines(), 0);
  clock_.advance(hours(23));
  EXPECT_EQ(lines(), 0);
  clock_.advance(hours(1));
  EXPECT_EQ(lines(), 1);
  clock_.advance(30 * kDay);
  EXPECT_EQ(lines(), 1) << "it has ended";
}

TEST_F(CertificateWatchTest, AnotherCertificateIsLookedAtAtOnce) {
  clock_.advance(10 * kDay);
  EXPECT_EQ(lines(), 1);
  tls_->stated.ends = clock_.wall() + 90 * kDay;
  EXPECT_EQ(lines(), 0);
  tls_->stated.ends = clock_.wall() + kDay;
  EXPECT_EQ(lines(), 1);
}

TEST_F(CertificateWatchTest, GaugeTellsTheEnd) {
  auto& gauge = metrics_.gauge("entrepot_tls_certificate_expires_timestamp_seconds", "");
  watch_.look();
  EXPECT_EQ(gauge.value(), to_unix_micros(tls_->stated.ends) / 1'000'000);
  CertificateWatch(nullptr, clock_, metrics_).look();
}

TEST(CertificateTrouble, SaysWhatToDo) {
  const WallTime now = from_unix_micros(1'767'225'600'000'000);  // 2026-01-01
  const auto trouble = [&](hours begin, hours end) {
    return certificate_trouble({now + begin, now + end, {}}, now);
  };
  EXPECT_EQ(trouble(-kDay, 15 * kDay), "");
  EXPECT_EQ(trouble(-kDay, 3 * kDay), "the certificate ends on 2026-01-04, in 3 days; renew it");
  EXPECT_EQ(trouble(-2 * kDay, -kDay),
            "the certificate ended on 2025-12-31, so clients refuse it; replace it");
  EXPECT_NE(trouble(kDay, 90 * kDay).find("is good from 2026-01-02 on"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::server
