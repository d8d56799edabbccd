#include "server/run/backup_folder.h"

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "file/write.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

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

Result<MadeBackup> BackupFolder::make(Context& context, meta::Store& meta, WallTime now) const {
  meta::Backup* const backups = meta.backups();
  if (backups == nullptr) return fail(ErrorCode::Unsupported, "this metadata has no backup here");
  TRY(file::make_directory(directory_));
  MadeBackup made{backup_name(now), {}};
  TRY_ASSIGN(made.contents, backups->backup(context, path_of(made.name)));
  drop_but(made.name);
  return made;
}

std::vector<std::string> BackupFolder::names() const {
  std::vector<std::string> names = files_in(directory_);
  std::erase_if(names, [](const std::string& name) { return !backup_time(name); });
  std::sort(names.begin(), names.end());
  return names;
}

std::uint64_t BackupFolder::size_of(const std::string& name) const {
  std::error_code error;
  const auto size = fs::file_size(path_of(name), error);
  return error ? 0 : size;
}

std::string BackupFolder::path_of(const std::string& name) const {
  return fmt::format("{}/{}", directory_, name);
}

// The one that was made just now stays even if the clock tells others to be newer.
void BackupFolder::drop_but(const std::string& newest) const {
  auto kept = names();
  std::erase(kept, newest);
  std::error_code error;
  for (std::size_t i = 0; i + keep_ <= kept.size(); ++i) fs::remove(path_of(kept[i]), error);
  // What a process left behind that was killed at it.
  for (const std::string& name : files_in(directory_)) {
    if (name.find(".sqlite.part") != name.npos) fs::remove(path_of(name), error);
  }
}

}  // namespace entrepot::server
