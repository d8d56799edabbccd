#pragma once
// server/host/file_modes.h — files of the server's that others may read are made the owner's alone.

#include <string>

namespace entrepot::server {

// Takes from `directory`, from what is in it and from its `backups` the rights of everybody but the
// owner: names, the signing key and, one day, hashes of passwords are in there. The rights of the
// group stay in a directory that hands its group down (set-group-ID) and lets it write: Kubernetes
// makes a volume so for `fsGroup`, and may have given us nothing but the group to come in by.
// What belongs to another user, or has further names (hard links), is left, with one warning that
// says what to type. Follows no symbolic link. Nothing here fails.
void tighten_modes(const std::string& directory);

}  // namespace entrepot::server
