#include "http/client/client.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/client/internal/exchange.h"
#include "http/client/internal/library.h"
#include "http/message.h"

namespace entrepot::http::client {
namespace {

using std::chrono::milliseconds;

constexpr long kLongAnswerBufferBytes = 64l << 10;

// Takes the whole of an answer into memory.
class WholeAnswer final : public Taker {
 public:
  WholeAnswer(const Options& options, std::string_view url) : options_(options), url_(url) {}

  Result<void> head(const Response& head) override {
    answer = head;
    return {};
  }
  Result<void> body(ByteView piece) override {
    if (answer.body.size() + piece.size() > options_.most_body_bytes) {
      return fail(ErrorCode::TooLarge, "{}: the answer is too large", url_);
    }
    answer.body.append(piece);
    return {};
  }

  Response answer;

 private:
  const Options& options_;
  const std::string_view url_;
};

// What libcurl calls. What takes less than all of a piece ends the exchange, and so does a look
// that is not 0.
std::size_t take_line(char* bytes, std::size_t size, std::size_t count, void* of) noexcept {
  try {
    return static_cast<Exchange*>(of)->take_line({bytes, size * count}) ? size * count : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* of) noexcept {
  if (size * count == 0) return 0;
  try {
    return static_cast<Exchange*>(of)->take_body({bytes, size * count}) ? size * count : 0;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

int look_up(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  try {
    return static_cast<Exchange*>(of)->goes_on() ? 0 : 1;
  } catch (const std::bad_alloc&) {
    return 1;
  }
}

// setopt takes anything; these three take what libcurl wants.
class Easy {
 public:
  Easy(const Library& library, CURL* handle) : library_(library), handle_(handle) {}

  void set(CURLoption option, long number) const { library_.easy_setopt(handle_, option, number); }
  void set(CURLoption option, const char* text) const {
    library_.easy_setopt(handle_, option, text);
  }
  template <class T>
  void set_pointer(CURLoption option, T pointer) const {
    library_.easy_setopt(handle_, option, pointer);
  }

 private:
  const Library& library_;
  CURL* handle_;
};

// The lines of a request's head.
class Lines {
 public:
  explicit Lines(const Library& library) : library_(library) {}
  ~Lines() { library_.slist_free_all(lines_); }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool add(const std::string& line) {  // false without memory
    curl_slist* const longer = library_.slist_append(lines_, line.c_str());
    if (longer != nullptr) lines_ = longer;
    return longer != nullptr;
  }
  curl_slist* get() const { return lines_; }

 private:
  const Library& library_;
  curl_slist* lines_ = nullptr;
};

}  // namespace

struct Client::Parts {
  Options options;
  const Library& library;
  CURL* handle;
  std::array<char, CURL_ERROR_SIZE> why{};

  ~Parts() { library.easy_cleanup(handle); }

  Result<void> run(Context& context, const Request& request, Exchange::Bound bound, Taker& taker);
  void prepare(const Request& request, curl_slist* lines);
  void bound_time(const Context& context, Exchange::Bound bound);
  void listen(Exchange& exchange);
  Error error_of(CURLcode code, const Request& request) const;
};

Client::Client(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::make(Options options) {
  TRY_ASSIGN(const Library* library, load_library());
  CURL* handle = library->easy_init();
  if (handle == nullptr) return fail(ErrorCode::Unavailable, "no memory to ask other servers");
  return std::unique_ptr<Client>(
      new Client(std::unique_ptr<Parts>(new Parts{std::move(options), *library, handle})));
}

void Client::Parts::prepare(const Request& request, curl_slist* lines) {
  library.easy_reset(handle);  // connections stay
  const Easy easy(library, handle);
  easy.set(CURLOPT_URL, request.url.c_str());
  easy.set(CURLOPT_PROTOCOLS_STR, "http,https");
  easy.set(CURLOPT_PATH_AS_IS, 1L);  // "/users/.." names no other thing
  easy.set(CURLOPT_FOLLOWLOCATION, 0L);
  easy.set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);  // what a proxy says is not the answer
  easy.set(CURLOPT_MAXCONNECTS, 2L);               // a server, and where it redirects to
  easy.set(CURLOPT_NOSIGNAL, 1L);
  easy.set(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) easy.set(CURLOPT_CAINFO, options.ca_file.c_str());

  easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") easy.set(CURLOPT_NOBODY, 1L);
  if (!request.body.empty()) {
    easy.set(CURLOPT_POST, 1L);
    easy.set_pointer(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    easy.set_pointer(CURLOPT_POSTFIELDS, request.body.data());
  }
  easy.set_pointer(CURLOPT_HTTPHEADER, lines);
  easy.set_pointer(CURLOPT_ERRORBUFFER, why.data());
}

// libcurl bounds the whole of it, exactly; what begins anew with each byte is looked up.
void Client::Parts::bound_time(const Context& context, Exchange::Bound bound) {
  const Easy easy(library, handle);
  easy.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect.count()));
  std::optional<milliseconds> left;
  if (bound == Exchange::Bound::Whole) left = options.answer;
  if (const auto deadline = context.deadline()) {
    const auto until =
        std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
    left = std::max(std::min(until, left.value_or(until)), milliseconds(1));
  }
  if (left) easy.set(CURLOPT_TIMEOUT_MS, static_cast<long>(left->count()));
}

void Client::Parts::listen(Exchange& exchange) {
  const Easy easy(library, handle);
  void* const of = &exchange;
  easy.set_pointer(CURLOPT_HEADERFUNCTION, &take_line);
  easy.set_pointer(CURLOPT_HEADERDATA, of);
  easy.set_pointer(CURLOPT_WRITEFUNCTION, &take_body);
  easy.set_pointer(CURLOPT_WRITEDATA, of);
  easy.set_pointer(CURLOPT_XFERINFOFUNCTION, &look_up);
  easy.set_pointer(CURLOPT_XFERINFODATA, of);
  easy.set(CURLOPT_NOPROGRESS, 0L);
}

Error Client::Parts::error_of(CURLcode code, const Request& request) const {
  const std::string said =
      why.front() != '\0' ? std::string(why.data()) : std::string(library.easy_strerror(code));
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {
          ErrorCode::InvalidArgument,
          fmt::format("\"{}\" is no address such as https://registry.example.com", request.url)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::Timeout, fmt::format("{}: no answer in time ({})", request.url, said)};
    case CURLE_PARTIAL_FILE:
      return {ErrorCode::Corrupt, fmt::format("{}: the answer broke off ({})", request.url, said)};
    case CURLE_SSL_CONNECT_ERROR:
      return {ErrorCode::Unavailable,
              fmt::format("{}: {} (is there TLS at all? http:// is without)", request.url, said)};
    case CURLE_PEER_FAILED_VERIFICATION:
      return {
          ErrorCode::Unavailable,
          fmt::format("{}: this machine does not trust its certificate: {}", request.url, said)};
    default:
      return {ErrorCode::Unavailable, fmt::format("{}: {}", request.url, said)};
  }
}

Result<void> Client::Parts::run(Context& context, const Request& request, Exchange::Bound bound,
                                Taker& taker) {
  TRY(context.alive());
  Lines lines(library);
  // Clients of HTTP/1.1 wait for a "100 Continue" that no API needs.
  bool whole = lines.add("Expect:");
  for (const auto& [name, value] : request.headers) {
    if (value.find_first_of("\r\n") != std::string::npos) {
      return fail(ErrorCode::InvalidArgument, "the header {} has more than one line", name);
    }
    whole = whole && lines.add(fmt::format("{}: {}", name, value));
  }
  if (!whole) return fail(ErrorCode::Unavailable, "no memory to ask {}", request.url);

  Exchange exchange(context, options, request.url, bound, taker);
  why.front() = '\0';
  prepare(request, lines.get());
  if (bound == Exchange::Bound::Head) {
    Easy(library, handle).set(CURLOPT_BUFFERSIZE, kLongAnswerBufferBytes);
  }
  bound_time(context, bound);
  listen(exchange);
  const CURLcode code = library.easy_perform(handle);
  if (exchange.failure()) return Failure(*exchange.failure());
  if (code != CURLE_OK) return Failure(error_of(code, request));
  return {};
}

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return equals_ignoring_case(header.first, name);
  });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

Result<Response> Client::send(Context& context, const Request& request) {
  WholeAnswer whole(parts_->options, request.url);
  auto sent = parts_->run(context, request, Exchange::Bound::Whole, whole);
  if (!sent) {
    // Nobody has kept what came of it: trying again is all that helps.
    if (sent.error().code == ErrorCode::Corrupt) sent.error().code = ErrorCode::Unavailable;
    return propagate(std::move(sent));
  }
  return std::move(whole.answer);
}

Result<void> Client::send(Context& context, const Request& request, Taker& taker) {
  return parts_->run(context, request, Exchange::Bound::Head, taker);
}

}  // namespace entrepot::http::client
