#include "server/run/probe.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <set>

#include "base/source.h"
#include "server/host/local_socket.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kStatusLine = "HTTP/1.1 ";

// Names are shared by all who share the network; processes of another container are not here.
Result<std::string> prefix() {
  struct stat here {};
  if (::stat("/proc/self/ns/pid", &here) != 0) {
    return fail(ErrorCode::Unavailable, "/proc/self/ns/pid: {}", std::strerror(errno));
  }
  return fmt::format("@entrepot/{}/", here.st_ino);
}

Failure no_answer(int error) {
  const bool late = error == EAGAIN || error == EWOULDBLOCK || error == EINPROGRESS;
  return fail(late ? ErrorCode::Timeout : ErrorCode::Unavailable, "the server does not answer: {}",
              late ? "too late" : std::strerror(error));
}

Result<void> connect(int descriptor, const std::string& name, std::chrono::milliseconds patience) {
  TRY_ASSIGN(const LocalAddress to, local_address(name));
  const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (::connect(descriptor, to.any(), to.size) != 0) return no_answer(errno);
  return {};
}

// "HTTP/1.1 200 OK": the first octets of an answer, as many as tell the status.
Result<int> read_status(int descriptor) {
  std::string head;
  while (head.size() < kStatusLine.size() + 3) {
    char octets[64];
    const ssize_t came = ::recv(descriptor, octets, sizeof octets, 0);
    if (came < 0) return no_answer(errno);
    if (came == 0) return no_answer(ECONNRESET);
    head.append(octets, static_cast<std::size_t>(came));
  }
  int status = 0;
  const char* const digits = head.data() + kStatusLine.size();
  if (!head.starts_with(kStatusLine) ||
      std::from_chars(digits, digits + 3, status).ec != std::errc()) {
    return fail(ErrorCode::Unavailable, "what answers is no server of ours");
  }
  return status;
}

}  // namespace

Result<std::string> probe_name(const std::string& data_path) {
  struct stat found {};
  if (::stat(data_path.c_str(), &found) != 0) {
    return fail(ErrorCode::NotFound, "{}: {}", data_path, std::strerror(errno));
  }
  TRY_ASSIGN(const std::string begin, prefix());
  return fmt::format("{}{}-{}", begin, found.st_dev, found.st_ino);
}

// /proc/net/unix has a line for each socket and each connection; the name is its last word.
Result<std::vector<std::string>> running_probes() {
  TRY_ASSIGN(const std::string begin, prefix());
  std::ifstream sockets("/proc/net/unix");
  if (!sockets) return fail(ErrorCode::Unavailable, "/proc/net/unix cannot be read");
  std::set<std::string> names;
  for (std::string line; std::getline(sockets, line);) {
    const std::size_t at = line.find(begin);
    if (at != line.npos) names.insert(line.substr(at));
  }
  return std::vector<std::string>(names.begin(), names.end());
}

Result<int> ask_probe(const std::string& name, std::string_view path,
                      std::chrono::milliseconds patience) {
  const OpenFile socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return no_answer(errno);
  TRY(connect(socket.descriptor(), name, patience));
  const std::string request =
      fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
  const ssize_t sent = ::send(socket.descriptor(), request.data(), request.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(request.size())) return no_answer(sent < 0 ? errno : EAGAIN);
  return read_status(socket.descriptor());
}

}  // namespace entrepot::server
