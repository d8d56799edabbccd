// floor — the least a server can do for the bytes' sake: parse, send, hash, write, sync. It is no
// registry; it shows what this machine allows.
//
//   floor PORT DIRECTORY
//
// GET /FILE   DIRECTORY/FILE: small ones whole from memory, larger ones by sendfile, with Range
// PUT /…      the body is hashed (SHA-256), written to a new file, synced, renamed, the directory
//             synced; 201
//
// Two threads, each with its own epoll and SO_REUSEPORT socket. Prints "ready".

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include <fmt/format.h>

#include "crypto/hash.h"

namespace {

using entrepot::crypto::HashAlgorithm;
using entrepot::crypto::Hasher;

constexpr std::size_t kReceive = 1 << 20;
constexpr std::size_t kTurn = 4 << 20;
constexpr off_t kInMemory = 64 << 10;

std::string g_directory;
std::atomic<unsigned> g_files = 0;

struct File {
  int descriptor = -1;
  off_t size = 0;
  std::string answer;  // head and body of a small one
};

struct Connection {
  int socket = -1;
  std::string in;
  std::string out;
  int file = -1;
  off_t offset = 0, end = 0;
  // a body being received
  std::uint64_t left = 0;
  int target = -1;
  std::string target_path;
  Hasher hasher{HashAlgorithm::Sha256};
};

// One thread: its files, its connections.
class Loop {
 public:
  explicit Loop(std::uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1024) != 0) {
      std::perror("floor");
      std::exit(1);
    }
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLLIN, nullptr, EPOLL_CTL_ADD);
  }

  void run() {
    epoll_event events[256];
    for (;;) {
      const int count = ::epoll_wait(poll_, events, 256, -1);
      for (int i = 0; i < count; ++i) {
        auto* connection = static_cast<Connection*>(events[i].data.ptr);
        if (connection == nullptr) {
          accept_all();
        } else if (!drive(*connection)) {
          ::close(connection->socket);
          delete connection;
        }
      }
    }
  }

 private:
  void watch(int descriptor, unsigned events, Connection* connection, int how) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    ::epoll_ctl(poll_, how, descriptor, &event);
  }

  void accept_all() {
    int socket;
    while ((socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
      const int on = 1;
      ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      auto connection = std::make_unique<Connection>();
      connection->socket = socket;
      watch(socket, EPOLLIN | EPOLLOUT | EPOLLET, connection.get(), EPOLL_CTL_ADD);
      connection.release();
    }
  }

  // False when the connection has ended.
  bool drive(Connection& c) {
    for (;;) {
      if (!c.out.empty() || c.file >= 0) {
        const int sent = send(c);
        if (sent <= 0) return sent == 0;
        continue;
      }
      const std::size_t wanted = c.left > 0 ? std::min<std::uint64_t>(c.left, kReceive) : 16 << 10;
      const ssize_t got = ::recv(c.socket, buffer_.get(), wanted, 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN;
      take(c, {buffer_.get(), static_cast<std::size_t>(got)});
    }
  }

  void take(Connection& c, std::string_view bytes) {
    if (c.left > 0) {
      body(c, bytes);
      return;
    }
    c.in += bytes;
    const auto end = c.in.find("\r\n\r\n");
    if (end == c.in.npos) return;
    const std::string head = c.in.substr(0, end + 2);
    std::string rest = c.in.substr(end + 4);
    c.in.clear();
    const std::string_view line(head.data(), head.find("\r\n"));
    const auto first = line.find(' ');
    const std::string_view method = line.substr(0, first);
    const std::string_view path = line.substr(first + 1, line.rfind(' ') - first - 1);
    if (method == "GET" || method == "HEAD") {
      answer(c, std::string(path.substr(1)), head, method == "HEAD");
      return;
    }
    const auto at = head.find("Content-Length: ");
    if (at != head.npos) std::from_chars(head.data() + at + 16, head.data() + head.size(), c.left);
    begin_body(c);
    if (!rest.empty() || c.left == 0) body(c, rest);
  }

  void answer(Connection& c, const std::string& name, const std::string& head, bool head_only) {
    const File& file = open(name);
    if (file.descriptor < 0 && file.answer.empty()) {
      c.out = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
      return;
    }
    if (!file.answer.empty() && !head_only) {
      c.out = file.answer;
      return;
    }
    off_t from = 0, to = file.size;
    int status = 200;
    if (const auto at = head.find("Range: bytes="); at != head.npos) {
      std::sscanf(head.c_str() + at, "Range: bytes=%ld-%ld", &from, &to);
      to = std::min(to + 1, file.size);
      status = 206;
    }
    c.out = fmt::format("HTTP/1.1 {} OK\r\nContent-Length: {}\r\n\r\n", status, to - from);
    if (head_only) return;
    c.file = file.descriptor;
    c.offset = from;
    c.end = to;
  }

  const File& open(const std::string& name) {
    File& file = files_[name];
    if (file.descriptor >= 0 || !file.answer.empty()) return file;
    file.descriptor = ::open((g_directory + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
    if (file.descriptor < 0) return file;
    struct stat facts {};
    ::fstat(file.descriptor, &facts);
    file.size = facts.st_size;
    if (file.size <= kInMemory) {
      std::string body(static_cast<std::size_t>(file.size), '\0');
      const ssize_t got = ::pread(file.descriptor, body.data(), body.size(), 0);
      body.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
      file.answer =
          fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.size()) + body;
      ::close(file.descriptor);
      file.descriptor = -1;
    }
    return file;
  }

  void begin_body(Connection& c) {
    c.target_path = fmt::format("{}/new-{}", g_directory, g_files++);
    c.target =
        ::open((c.target_path + ".tmp").c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    c.hasher = Hasher(HashAlgorithm::Sha256);
  }

  void body(Connection& c, std::string_view bytes) {
    c.hasher.update(bytes);
    if (::write(c.target, bytes.data(), bytes.size()) < 0) std::perror("floor: write");
    c.left -= bytes.size();
    if (c.left > 0) return;
    static_cast<void>(c.hasher.value());
    ::fdatasync(c.target);
    ::close(c.target);
    c.target = -1;
    ::rename((c.target_path + ".tmp").c_str(), c.target_path.c_str());
    const int directory = ::open(g_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::fsync(directory);
    ::close(directory);
    c.out = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
  }

  // 1: all sent, 0: the socket is full, -1: gone.
  static int send(Connection& c) {
    while (!c.out.empty()) {
      const ssize_t sent =
          ::send(c.socket, c.out.data(), c.out.size(), MSG_NOSIGNAL | (c.file >= 0 ? MSG_MORE : 0));
      if (sent < 0) return errno == EAGAIN ? 0 : -1;
      c.out.erase(0, static_cast<std::size_t>(sent));
    }
    while (c.file >= 0 && c.offset < c.end) {
      const auto piece = std::min<std::size_t>(kTurn, static_cast<std::size_t>(c.end - c.offset));
      const ssize_t sent = ::sendfile(c.socket, c.file, &c.offset, piece);
      if (sent < 0) return errno == EAGAIN ? 0 : -1;
    }
    c.file = -1;
    return 1;
  }

  int listener_ = -1, poll_ = -1;
  std::unordered_map<std::string, File> files_;
  std::unique_ptr<char[]> buffer_ = std::make_unique<char[]>(kReceive);
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("floor PORT DIRECTORY\n", stderr);
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  g_directory = argv[2];
  const auto port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  Loop first(port), second(port);
  std::puts("ready");
  std::fflush(stdout);
  std::thread other([&] { second.run(); });
  first.run();
}
