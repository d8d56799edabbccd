#include "server/run/metadata_backups.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "base/log.h"
#include "file/write.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr std::chrono::minutes kSettled{1};
constexpr std::chrono::minutes kRetryAfter{10};

std::int64_t unix_seconds(WallTime time) {
  return duration_cast<seconds>(time.time_since_epoch()).count();
}

// As far as the directory can be read.
std::vector<std::string> files_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator at(directory, error), end; !error && at != end; at.increment(error)) {
    names.push_back(at->path().filename().string());
  }
  return names;
}

}  // namespace

std::string backup_name(WallTime time) {
  std::string text = to_rfc3339(time).substr(0, std::string_view("2026-01-31T12:00:00").size());
  std::erase(text, '-');
  std::erase(text, ':');
  return fmt::format("metadata-{}Z.sqlite", text);
}

std::optional<WallTime> backup_time(std::string_view name) {
  const std::string text(name);
  std::tm parts{};
  const char* end = ::strptime(text.c_str(), "metadata-%Y%m%dT%H%M%SZ.sqlite", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  const auto time = std::chrono::system_clock::from_time_t(::timegm(&parts));
  const auto told = std::chrono::time_point_cast<WallTime::duration>(time);
  if (backup_name(told) != name) return std::nullopt;  // leading zeros, the 31st of June
  return told;
}

MetadataBackups::MetadataBackups(Options options, registry::Stores stores,
                                 metrics::Registry& metrics)
    : options_(std::move(options)),
      stores_(stores),
      running_(
          metrics.gauge("entrepot_backup_running", "1 while the metadata is being backed up.")),
      last_(metrics.gauge("entrepot_backup_last_timestamp_seconds",
                          "When the metadata was backed up last, since 1970; 0: never.")),
      size_(metrics.gauge("entrepot_backup_size_bytes", "Size of the newest backup.")),
      seconds_(metrics.histogram("entrepot_backup_seconds",
                                 "How long backups of the metadata took, those that failed, too.")),
      failed_(metrics.counter("entrepot_backup_failed_total",
                              "Backups of the metadata that failed and are tried again later.")),
      due_(first_due()) {
  const auto kept = names();
  if (kept.empty()) return;
  last_.set(unix_seconds(*backup_time(kept.back())));
  note_size(kept.back());
}

std::vector<std::string> MetadataBackups::names() const {
  std::vector<std::string> names = files_in(options_.directory);
  std::erase_if(names, [](const std::string& name) { return !backup_time(name); });
  std::sort(names.begin(), names.end());
  return names;
}

// An interval after the newest. A server that begins has other things to do first.
SteadyTime MetadataBackups::first_due() const {
  const SteadyTime now = stores_.clock.steady();
  const SteadyTime soon = now + std::min<std::chrono::milliseconds>(options_.interval, kSettled);
  const auto kept = names();
  if (kept.empty()) return soon;
  const auto age = stores_.clock.wall() - *backup_time(kept.back());
  if (age < age.zero()) return soon;
  return std::max(soon, now + options_.interval - age);
}

void MetadataBackups::run_if_due(Context& context) {
  if (stores_.clock.steady() < due_ || !stores_.blobs.require_room(context)) return;
  const WallTime now = stores_.clock.wall();
  const SteadyTime begun = std::chrono::steady_clock::now();
  running_.set(1);
  const auto done = run(context, now);
  running_.set(0);
  const auto took = std::chrono::steady_clock::now() - begun;
  seconds_.observe_micros(
      static_cast<std::uint64_t>(duration_cast<std::chrono::microseconds>(took).count()));
  if (done) {
    due_ = stores_.clock.steady() + options_.interval;
    last_.set(unix_seconds(now));
    return;
  }
  if (done.error().code == ErrorCode::Cancelled) return;
  due_ =
      stores_.clock.steady() + std::min<std::chrono::milliseconds>(options_.interval, kRetryAfter);
  failed_.add();
  log::warning("the metadata was not backed up, trying again later: {}", done.error());
}

Result<void> MetadataBackups::run(Context& context, WallTime now) {
  TRY(file::make_directory(options_.directory));
  const std::string name = backup_name(now);
  meta::Backup* const backups = stores_.meta.backups();
  if (backups == nullptr) return fail(ErrorCode::Unsupported, "this metadata has no backup here");
  TRY(backups->backup(context, fmt::format("{}/{}", options_.directory, name)));
  log::info("backed the metadata up as {}", name);
  note_size(name);
  drop_but(name);
  return {};
}

void MetadataBackups::note_size(const std::string& name) const {
  std::error_code error;
  const auto size = fs::file_size(fs::path(options_.directory) / name, error);
  if (!error) size_.set(static_cast<std::int64_t>(size));
}

// The one that was made just now stays even if the clock tells others to be newer.
void MetadataBackups::drop_but(const std::string& newest) const {
  auto kept = names();
  std::erase(kept, newest);
  std::error_code error;
  for (std::size_t i = 0; i + options_.keep <= kept.size(); ++i) {
    fs::remove(fs::path(options_.directory) / kept[i], error);
  }
  // What a process left behind that was killed at it.
  for (const std::string& name : files_in(options_.directory)) {
    if (name.find(".sqlite.part") == name.npos) continue;
    fs::remove(fs::path(options_.directory) / name, error);
  }
}

}  // namespace entrepot::server
