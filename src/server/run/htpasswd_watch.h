#pragma once
// server/run/htpasswd_watch.h — notices that the password file has changed.

#include <cstdint>
#include <optional>
#include <string>

#include "people/file_users.h"

namespace entrepot::server {

// The file's text. TooLarge past 16 MiB; NotFound, Denied, Unavailable.
Result<Bytes> read_htpasswd(const std::string& path);

// Hands the file to the users of it, at the start and whenever it is another one: by inode, size
// and times, once it was left alone from one look to the next, so that nothing half-written is
// read. A file that cannot be read lets nobody in, with one line in the log, until it can. One
// thread at a time.
class HtpasswdWatch {
 public:
  // `users` outlives this.
  HtpasswdWatch(std::string path, people::FileUsers& users)
      : path_(std::move(path)), users_(users) {}

  // Reads it now: at the start a file that cannot be read is an error.
  Result<void> open(Context& context);
  // To be called every second.
  void look(Context& context);

 private:
  struct Stamp {
    std::uint64_t device, inode, size_bytes;
    std::int64_t modified, changed;  // in nanoseconds
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Result<Stamp> stamp() const;
  Result<void> take(Context& context, const Stamp& now);

  const std::string path_;
  people::FileUsers& users_;
  std::optional<Stamp> seen_;
  std::optional<Stamp> taken_;
  bool is_away_ = false;
};

}  // namespace entrepot::server
