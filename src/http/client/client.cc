#include "http/client/client.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/client/internal/library.h"
#include "http/message.h"

namespace entrepot::http::client {
namespace {

using std::chrono::milliseconds;

// What an exchange has taken so far, and why it should stop.
struct Taking {
  Context& context;
  const Options& options;
  Response response = {};
  std::size_t header_bytes = 0;
  bool too_large = false;
};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = std::min(text.find_first_not_of(kBlanks), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// A line of the head. Each answer begins with its status, so that one of a proxy, or a "100
// Continue", is forgotten for the one behind it. What takes less than all of it ends the exchange.
std::size_t take_line(char* bytes, std::size_t size, std::size_t count, void* of) noexcept {
  auto& taking = *static_cast<Taking*>(of);
  const std::string_view line(bytes, size * count);
  try {
    taking.header_bytes += line.size();
    if (taking.header_bytes > taking.options.most_header_bytes) {
      taking.too_large = true;
      return 0;
    }
    if (line.starts_with("HTTP/")) {
      taking.response.headers.clear();
    } else if (const std::size_t colon = line.find(':'); colon != std::string_view::npos) {
      taking.response.headers.emplace_back(trimmed(line.substr(0, colon)),
                                           trimmed(line.substr(colon + 1)));
    }
    return line.size();
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* of) noexcept {
  auto& taking = *static_cast<Taking*>(of);
  const std::size_t length = size * count;
  if (taking.response.body.size() + length > taking.options.most_body_bytes) {
    taking.too_large = true;
    return 0;
  }
  try {
    taking.response.body.append(bytes, length);
    return length;
  } catch (const std::bad_alloc&) {
    return 0;
  }
}

// Asked about once a second at least; not 0 ends the exchange.
int look_up(void* of, curl_off_t, curl_off_t, curl_off_t, curl_off_t) noexcept {
  return static_cast<Taking*>(of)->context.cancelled() ? 1 : 0;
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

std::optional<std::string_view> Response::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
    return equals_ignoring_case(header.first, name);
  });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

struct Client::Parts {
  Options options;
  const Library& library;
  CURL* handle;
  std::array<char, CURL_ERROR_SIZE> why{};

  ~Parts() { library.easy_cleanup(handle); }

  void prepare(const Request& request, curl_slist* lines, Taking& taking);
  Error error_of(CURLcode code, const Request& request, const Taking& taking) const;
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

void Client::Parts::prepare(const Request& request, curl_slist* lines, Taking& taking) {
  library.easy_reset(handle);  // connections stay
  const Easy easy(library, handle);
  easy.set(CURLOPT_URL, request.url.c_str());
  easy.set(CURLOPT_PROTOCOLS_STR, "http,https");
  easy.set(CURLOPT_PATH_AS_IS, 1L);  // "/users/.." names no other thing
  easy.set(CURLOPT_FOLLOWLOCATION, 0L);
  easy.set(CURLOPT_NOSIGNAL, 1L);
  easy.set(CURLOPT_USERAGENT, options.user_agent.c_str());
  if (!options.ca_file.empty()) easy.set(CURLOPT_CAINFO, options.ca_file.c_str());
  easy.set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect.count()));
  milliseconds left = options.answer;
  if (const auto deadline = taking.context.deadline()) {
    const auto until =
        std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
    left = std::max(std::min(until, left), milliseconds(1));
  }
  easy.set(CURLOPT_TIMEOUT_MS, static_cast<long>(left.count()));

  easy.set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (request.method == "HEAD") easy.set(CURLOPT_NOBODY, 1L);
  if (!request.body.empty()) {
    easy.set(CURLOPT_POST, 1L);
    easy.set_pointer(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    easy.set_pointer(CURLOPT_POSTFIELDS, request.body.data());
  }
  easy.set_pointer(CURLOPT_HTTPHEADER, lines);
  easy.set_pointer(CURLOPT_ERRORBUFFER, why.data());
  easy.set_pointer(CURLOPT_HEADERFUNCTION, &take_line);
  easy.set_pointer(CURLOPT_HEADERDATA, static_cast<void*>(&taking));
  easy.set_pointer(CURLOPT_WRITEFUNCTION, &take_body);
  easy.set_pointer(CURLOPT_WRITEDATA, static_cast<void*>(&taking));
  easy.set_pointer(CURLOPT_XFERINFOFUNCTION, &look_up);
  easy.set_pointer(CURLOPT_XFERINFODATA, static_cast<void*>(&taking));
  easy.set(CURLOPT_NOPROGRESS, 0L);
}

Error Client::Parts::error_of(CURLcode code, const Request& request, const Taking& taking) const {
  const std::string said =
      why.front() != '\0' ? std::string(why.data()) : std::string(library.easy_strerror(code));
  if (taking.too_large) {
    return {ErrorCode::TooLarge, fmt::format("{}: the answer is too large", request.url)};
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return {
          ErrorCode::InvalidArgument,
          fmt::format("\"{}\" is no address such as https://registry.example.com", request.url)};
    case CURLE_ABORTED_BY_CALLBACK:
      return {ErrorCode::Cancelled, fmt::format("{}: not waited for any longer", request.url)};
    case CURLE_OPERATION_TIMEDOUT:
      return {ErrorCode::Timeout, fmt::format("{}: no answer in time ({})", request.url, said)};
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

Result<Response> Client::send(Context& context, const Request& request) {
  TRY(context.alive());
  const Library& library = parts_->library;
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
  Taking taking{context, parts_->options};
  parts_->why.front() = '\0';
  parts_->prepare(request, lines.get(), taking);
  const CURLcode code = library.easy_perform(parts_->handle);
  if (code != CURLE_OK) return Failure(parts_->error_of(code, request, taking));
  long status = 0;
  library.easy_getinfo(parts_->handle, CURLINFO_RESPONSE_CODE, &status);
  taking.response.status = static_cast<int>(status);
  return std::move(taking.response);
}

}  // namespace entrepot::http::client
