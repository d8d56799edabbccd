#include "server/run/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <sstream>

#include <fmt/ranges.h>

#include "base/log.h"
#include "crypto/hash.h"
#include "file/error.h"
#include "file/write.h"
#include "server/host/file_modes.h"

namespace entrepot::server {
namespace {

constexpr const char* kRepositories = "/docker/registry/v2/repositories";
constexpr const char* kBlobs = "/docker/registry/v2/blobs/sha256";
constexpr const char* kOurDirectories[] = {"/docker",
                                           "/docker/registry",
                                           "/docker/registry/v2",
                                           "/docker/registry/v2/blobs",
                                           "/docker/registry/v2/blobs/sha256",
                                           "/entrepot",
                                           "/entrepot/uploads",
                                           "/entrepot/quarantine",
                                           "/entrepot/backups"};
constexpr std::string_view kIdKey = "store.id";
constexpr mode_t kOwnerOnlyFile = 0600;
constexpr mode_t kOwnerOnlyDirectory = 0700;

std::string lock_path(const std::string& data) { return data + "/entrepot/lock"; }

Result<void> make_directory(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  if (!parent.empty()) {
    std::error_code error;
    std::filesystem::create_directories(parent, error);
    if (error) return file::refused(error.value(), "making {}", parent.string());
  }
  if (::mkdir(path.c_str(), kOwnerOnlyDirectory) == 0) return {};
  struct stat found {};
  if (errno == EEXIST && ::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return {};
    return file::refused(ENOTDIR, "using {}", path);
  }
  return file::refused(errno, "making {}", path);
}

// Root follows no link of somebody else's. (Who is not root could not reach more by one.)
Result<void> refuse_link_of_others(const std::string& path) {
  struct stat found {};
  if (::geteuid() != 0 || ::lstat(path.c_str(), &found) != 0 || !S_ISLNK(found.st_mode) ||
      found.st_uid == 0) {
    return {};
  }
  return fail(ErrorCode::Denied,
              "{} is a symbolic link of user {}, which root does not follow; start with --user",
              path, found.st_uid);
}

// A plain file with one name. Whoever owns the directory could else have put something in its place
// that we, perhaps as root, would write over, or that would never answer.
Result<std::unique_ptr<OpenFile>> open_own_file(const std::string& path, int flags) {
  const int descriptor =
      ::open(path.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, kOwnerOnlyFile);
  if (descriptor < 0) return file::refused(errno, "opening {}", path);
  auto file = std::make_unique<OpenFile>(descriptor);
  struct stat found {};
  if (::fstat(descriptor, &found) != 0) {
    return file::refused(errno, "looking at {}", path);
  }
  if (S_ISREG(found.st_mode) && found.st_nlink <= 1) return file;
  return fail(ErrorCode::Denied, "{}: is no plain file, or has further names; remove it", path);
}

// At most 4 KiB.
Result<std::string> read_begin(const std::string& path) {
  TRY_ASSIGN(const auto file, open_own_file(path, O_RDONLY));
  std::array<char, 4096> buffer{};
  const ssize_t size = ::read(file->descriptor(), buffer.data(), buffer.size());
  if (size < 0) return file::refused(errno, "reading {}", path);
  return std::string(buffer.data(), static_cast<std::size_t>(size));
}

// The first one, without the newline at the end. Empty when the file is.
Result<std::string> read_line(const std::string& path) {
  TRY_ASSIGN(const std::string text, read_begin(path));
  return text.substr(0, text.find('\n'));
}

Failure lost_metadata(const std::string& data_path, std::string_view what) {
  return fail(
      ErrorCode::Conflict,
      "{}: {}. Put the metadata of this store back (a backup of {}), or, to begin anew with "
      "the blobs alone, remove {}",
      data_path, what, DataDirectory::metadata_path_of(data_path),
      DataDirectory::id_path_of(data_path));
}

// Root must not open a database that whoever owns the directory has put there as a link to another
// file, or as a further name of one.
Result<void> check_own_metadata(const std::string& path) {
  if (::geteuid() != 0) return {};
  for (const char* part : {"", "-wal", "-shm"}) {
    const std::string name = path + part;
    struct stat found {};
    if (::lstat(name.c_str(), &found) != 0) continue;
    const bool link_of_root = S_ISLNK(found.st_mode) && found.st_uid == 0;
    if (link_of_root || (S_ISREG(found.st_mode) && found.st_nlink <= 1)) continue;
    return fail(ErrorCode::Denied,
                "{}: is no plain file, or has further names, which root does not open; start with "
                "--user, or remove it",
                name);
  }
  return {};
}

// What the metadata says; empty when it says nothing.
Result<std::string> id_in_metadata(Context& context, meta::Store& store) {
  TRY_ASSIGN(auto id, if_there(store.view<std::string>(context, [](const meta::Snapshot& snapshot) {
               return snapshot.settings().get(kIdKey);
             })));
  return std::move(id).value_or("");
}

// What the file says; empty when there is none.
Result<std::string> id_in_file(const std::string& data_path) {
  TRY_ASSIGN(auto id, if_there(read_line(DataDirectory::id_path_of(data_path))));
  return std::move(id).value_or("");
}

}  // namespace

Result<std::unique_ptr<DataDirectory>> DataDirectory::open(const std::string& path) {
  TRY(make_directory(path));
  for (const char* inner : kOurDirectories) TRY(refuse_link_of_others(path + inner));
  TRY(make_directory(path + "/entrepot"));
  const std::string lock = lock_path(path);
  TRY_ASSIGN(auto file, open_own_file(lock, O_RDWR | O_CREAT));
  const int descriptor = file->descriptor();
  std::unique_ptr<DataDirectory> directory(new DataDirectory(path, std::move(file)));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file::refused(errno, "locking {}", lock);
    const std::string owner = read_line(lock).value_or("");
    return fail(ErrorCode::Conflict,
                "{} is in use by another entrepot{}; two may not share a data directory", path,
                owner.empty() ? "" : fmt::format(" (process {})", owner));
  }
  tighten_modes(path + "/entrepot");
  // Only for the message above, so nothing depends on it.
  const std::string process = fmt::format("{}\n", ::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    [[maybe_unused]] const auto size = ::write(descriptor, process.data(), process.size());
  }
  return directory;
}

bool is_served(const std::string& data_path) {
  const auto file = open_own_file(lock_path(data_path), O_RDONLY);
  return file && ::flock((*file)->descriptor(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

void DataDirectory::note_addresses(const std::vector<std::string>& addresses) const {
  const std::string text = fmt::format("{}\n{}\n", ::getpid(), fmt::join(addresses, "\n"));
  [[maybe_unused]] const auto size = ::pwrite(lock_->descriptor(), text.data(), text.size(), 0);
}

std::optional<DirectoryHolder> holder_of(const std::string& data_path) {
  if (!is_served(data_path)) return std::nullopt;
  DirectoryHolder holder;
  std::istringstream lines(read_begin(lock_path(data_path)).value_or(""));
  std::getline(lines, holder.process);
  for (std::string line; std::getline(lines, line);) holder.addresses.push_back(line);
  return holder;
}

std::vector<std::string> places_of_server(const std::string& data_path) {
  std::vector<std::string> places = {data_path};
  for (const char* inner : kOurDirectories) places.push_back(data_path + inner);
  return places;
}

bool has_distribution_layout(const std::string& data_path) {
  std::error_code error;
  return std::filesystem::is_directory(data_path + kRepositories, error) ||
         std::filesystem::is_directory(data_path + kRepositories + ".adopted", error);
}

Result<void> check_adopted(const std::string& data_path) {
  std::error_code error;
  if (!std::filesystem::is_directory(data_path + kRepositories, error)) return {};
  return fail(ErrorCode::Conflict,
              "{} holds a registry of distribution's that was not taken over yet; run `entrepot "
              "import` (or `entrepot serve`) first",
              data_path);
}

Result<void> check_metadata_present(const std::string& data_path) {
  const std::string metadata = DataDirectory::metadata_path_of(data_path);
  TRY(check_own_metadata(metadata));
  TRY_ASSIGN(const std::string id, id_in_file(data_path));
  std::error_code error;
  if (id.empty() || std::filesystem::exists(metadata, error)) return {};
  return lost_metadata(data_path, fmt::format("store {} has lost its metadata", id));
}

namespace {

// Layers that nobody can ask for any more, or that a push makes known again.
void tell_of_blobs_without_names(const std::string& data_path) {
  std::error_code error;
  const std::filesystem::directory_iterator first(data_path + kBlobs, error);
  if (error || first == std::filesystem::directory_iterator()) return;
  if (std::filesystem::exists(data_path + kRepositories, error)) return;  // is taken over later
  log::warning(
      "{} holds blobs, and nothing that names them: the store begins anew. If {}/entrepot was "
      "lost, "
      "stop the server and put a backup of it back",
      data_path, data_path);
}

}  // namespace

Result<std::string> agree_on_id(Context& context, const DataDirectory& directory,
                                meta::Store& store) {
  TRY_ASSIGN(const std::string in_file, id_in_file(directory.path()));
  TRY_ASSIGN(std::string id, id_in_metadata(context, store));
  if (!in_file.empty() && in_file != id) {
    return lost_metadata(directory.path(),
                         id.empty() ? fmt::format("store {} has lost its metadata", in_file)
                                    : fmt::format("this is store {}, and the metadata is of "
                                                  "store {}",
                                                  in_file, id));
  }
  if (id.empty()) {
    tell_of_blobs_without_names(directory.path());
    // The metadata first: a crash in between leaves an id that has its metadata.
    id = crypto::to_hex(crypto::random_bytes(16));
    TRY(store.write(context, [&](meta::Transaction& tx) { return tx.settings().set(kIdKey, id); }));
  }
  if (in_file.empty()) TRY(file::replace(directory.id_path(), id + "\n"));
  return id;
}

}  // namespace entrepot::server
