#pragma once
// server/host/takeover.h — what root left in a data directory becomes its user's.

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "base/result.h"

namespace entrepot::server {

struct Account {
  uid_t uid = 0;
  gid_t gid = 0;
};

struct TakeoverReport {
  std::uint64_t taken = 0;
  // What was left as it is, and the first of each kind.
  std::uint64_t of_others = 0;  // neither root's nor the account's; nothing below was looked at
  std::uint64_t linked = 0;     // has another name elsewhere (a hard link)
  std::uint64_t failed = 0;     // deeper than 256 levels, vanished, or the system refused
  std::string first_of_others, first_linked, first_failed;
  // Symbolic links are never followed; this one of root's leads to a directory.
  std::string first_link;
};

// Gives the regular files and directories of root's in the open directory `top`, and `top` itself
// last, to the account; so a walk that broke off is done again when it is called again. `path` is
// what `top` is called. Looks into directories of root's and the account's alone, through
// descriptors, so that nothing that is swapped in meanwhile is followed. Holds a few descriptors
// and the names of one path's directories, however deep the tree is.
//
// Conflict when a directory was moved away meanwhile; Unavailable when `top` cannot be read.
Result<TakeoverReport> take_over(int top, const std::string& path, const Account& account);

}  // namespace entrepot::server
