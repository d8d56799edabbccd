#pragma once
// bench/load/client.h — one connection that runs transactions, without ever blocking.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "crypto/hash.h"
#include "load/plan.h"

namespace entrepot::bench {

struct Target {
  std::string host;  // IPv4 literal
  std::uint16_t port = 0;
  SSL_CTX* tls = nullptr;
  std::string_view fill;  // the fill file
  bool reads = false;     // copies every byte out of the kernel, as a client that keeps them
};

// What a connection has done. Bytes are of bodies.
struct Tally {
  std::uint64_t requests = 0, errors = 0, received_bytes = 0, sent_bytes = 0;
  std::string first_error;
};

// A keep-alive connection. advance() moves as far as the socket lets it; wants() tells for what to
// wait.
class Client {
 public:
  explicit Client(const Target& target);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int descriptor() const { return descriptor_; }
  // How many sockets there have been: a new one may have the number of the old one.
  unsigned sockets() const { return sockets_; }
  unsigned wants() const;  // EPOLLIN or EPOLLOUT

  void begin(const Transaction& transaction);
  bool busy() const { return transaction_ != nullptr; }
  // True when the transaction has ended (well or not; failures are in the tally).
  bool advance(Tally& tally);

 private:
  enum class Phase { Connecting, Sending, Head, Body };
  enum class Progress { Done, Blocked, Failed };

  void connect();
  void close();
  void begin_step();
  Progress shake();
  Progress send_all(Tally& tally);
  Progress receive_head();
  Progress receive_body(Tally& tally);
  Progress receive_piece(Tally& tally);
  Progress receive_chunk_size();
  bool step_ended(Tally& tally);
  long write_some(const char* data, std::size_t size);
  long read_some(char* data, std::size_t size, bool discard);
  bool parse_head();
  bool fail(Tally& tally, std::string why);

  const Target& target_;
  int descriptor_ = -1;
  unsigned sockets_ = 0;
  SSL* ssl_ = nullptr;
  bool tls_wants_write_ = false;

  const Transaction* transaction_ = nullptr;
  std::size_t step_ = 0;
  Phase phase_ = Phase::Connecting;
  std::string out_;  // head, and a body that stands in the plan or is stamped
  std::size_t out_done_ = 0;
  std::uint64_t fill_from_ = 0, fill_to_ = 0;  // what of the fill file is still to be sent
  std::string in_;
  std::uint64_t body_left_ = 0;  // of the body, or of the current chunk
  bool chunked_ = false;
  int status_ = 0;
  bool close_after_ = false;
  std::string location_;
  std::optional<crypto::Hasher> hasher_;
};

}  // namespace entrepot::bench
