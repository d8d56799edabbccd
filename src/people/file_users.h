#pragma once
// people/file_users.h — who is in an adopted htpasswd file, and the accounts that they have for it.

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "meta/store.h"
#include "people/htpasswd.h"
#include "people/memory.h"

namespace entrepot::people {

// The file is the truth: who is in it signs in by it, and who is in it no more, or with another
// hash, is signed out. With the first sign-in somebody gets an account, "htpasswd:" and the name
// there, so that grants, journal and tokens can name them; it is no namespace, has no password of
// ours, and can be disabled or deleted like any. What all of them may do is one grant ("htpasswd",
// maintain on **), which is made once, and which an admin may remove. None is a system admin.
//
// A name that an account of ours has is never looked for here (SignIn).
//
// Thread-safe. The store is read and written by take(), clear() and enter(), which block.
class FileUsers {
 public:
  FileUsers(meta::Store& store, Memory& memory, const Clock& clock)
      : store_(store), memory_(memory), clock_(clock) {}

  // The file says this now. Counts for the next request. Lines that count for nobody are logged,
  // each once. After an error it may be taken again.
  Result<void> take(Context& context, std::string_view text);
  // There is no such file any more, for it is not configured.
  Result<void> clear(Context& context);
  // It cannot be read just now: nobody signs in by it, and nobody is signed out.
  void close();
  // Makes the grant, unless it was made before.
  Result<void> grant_once(Context& context);

  bool has(std::string_view name) const { return hash_of(name).has_value(); }
  std::optional<std::string> hash_of(std::string_view name) const;
  // What to verify for a name that is not there, so that it costs as much; nothing of an empty
  // file.
  std::optional<std::string> decoy() const;

  // The account of who proved the password of `hash`. Writes with the first sign-in, and with the
  // first after a new password; so on a full disk StorageFull for those alone. Unauthenticated when
  // the file has changed meanwhile.
  Result<meta::Account> enter(Context& context, std::string_view name, std::string_view hash);

 private:
  void complain(const Htpasswd& file);
  Result<void> sign_out_changed(Context& context);

  meta::Store& store_;
  Memory& memory_;
  const Clock& clock_;
  mutable Mutex mutex_;
  std::shared_ptr<const Htpasswd> file_ ENTREPOT_GUARDED_BY(mutex_) =
      std::make_shared<const Htpasswd>();
  std::set<std::string> told_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::people
