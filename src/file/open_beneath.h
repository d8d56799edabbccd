#pragma once
// file/open_beneath.h — opening what others may have put into a directory of ours.

#include <string>

namespace entrepot::file {

enum class Wanted {
  File,    // a regular one, to be read
  Folder,  // to be listed
  Look,    // a regular file, for fstat alone: costs no open
};

// Opens `path`, relative to the open directory `root`, whose owner is trusted and who else filled
// it is not. A descriptor, or a negative errno: what the kernel says, ELOOP for a symbolic link
// that is not followed, EISDIR and ENXIO for what is neither the file nor the folder that was
// wanted.
//
// Never waits for the other end of a FIFO, and follows no symbolic link but one: to a directory
// (`blobs`, on another disk), once in a path, if the link belongs to root or to our own user, and
// if it does not lead to a directory that the path has passed. So nothing is reached that somebody
// else chose. Thread-safe; blocks on the disk alone.
int open_beneath(int root, const std::string& path, Wanted wanted);

}  // namespace entrepot::file
