#include "cli/servers.h"

#include <algorithm>
#include <cstdlib>

#include "file/read.h"
#include "file/write.h"
#include "json/reader.h"
#include "json/writer.h"

namespace entrepot::cli {
namespace {

constexpr char kFile[] = "servers.json";
constexpr std::size_t kMostBytes = 1u << 20;

// What is on this machine speaks HTTP, usually; who is elsewhere has to say so.
bool is_here(std::string_view address) {
  const std::string_view host = address.substr(0, address.find_first_of(":/"));
  return host == "localhost" || host.starts_with("127.") || address.starts_with("[::1]");
}

enum Field { Url, User, HeaderName, HeaderValue };
constexpr json::Names<4> kFields = {"url", "user", "header", "value"};

Result<Server> read_server(const json::Value& value) {
  Server server;
  TRY_ASSIGN(const auto fields, value.fields(kFields));
  TRY(fields.require({Url, User, HeaderName, HeaderValue}));
  TRY(fields.read(Url, server.url));
  TRY(fields.read(User, server.user));
  TRY(fields.read(HeaderName, server.header_name));
  TRY(fields.read(HeaderValue, server.header_value));
  return server;
}

}  // namespace

Result<std::string> server_url(std::string_view typed) {
  std::string url(typed);
  if (url.find("://") == std::string::npos) url = (is_here(url) ? "http://" : "https://") + url;
  const std::size_t host = url.find("://") + 3;
  while (url.size() > host && url.ends_with('/')) url.pop_back();
  const bool is_http = url.starts_with("http://") || url.starts_with("https://");
  if (!is_http || host >= url.size() || url[host] == '/' ||
      url.find_first_of("@?# \t\r\n") != std::string::npos) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is no address of a server, such as registry.example.com or "
                "http://localhost:5000",
                typed);
  }
  return url;
}

bool is_protected(std::string_view url) {
  constexpr std::string_view kPlain = "http://";
  return !url.starts_with(kPlain) || is_here(url.substr(kPlain.size()));
}

std::optional<std::string> Servers::usual_path() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config != nullptr && *config == '/') {
    return std::string(config) + "/entrepot/" + kFile;
  }
  const char* home = std::getenv("HOME");
  if (home == nullptr || *home != '/') return std::nullopt;
  return std::string(home) + "/.config/entrepot/" + kFile;
}

Result<Servers> Servers::load(std::string path) {
  Servers servers(std::move(path));
  TRY_ASSIGN(const auto bytes, if_there(file::read_small(servers.path_, kMostBytes)));
  if (!bytes) return servers;
  const auto read = [&]() -> Result<void> {
    TRY_ASSIGN(const auto document, json::Document::parse(*bytes, "sign-ins"));
    return document.root().each_element("a list", [&](const json::Value& value) -> Result<void> {
      TRY_ASSIGN(Server server, read_server(value));
      servers.servers_.push_back(std::move(server));
      return {};
    });
  };
  if (auto done = read(); !done)
    return fail(ErrorCode::Corrupt, "{}: {}", servers.path_, done.error().message);
  return servers;
}

const Server* Servers::current() const { return servers_.empty() ? nullptr : &servers_.back(); }

const Server* Servers::find(std::string_view url) const {
  const auto found = std::find_if(servers_.begin(), servers_.end(),
                                  [&](const Server& server) { return server.url == url; });
  return found == servers_.end() ? nullptr : &*found;
}

void Servers::add(Server server) {
  remove(server.url);
  servers_.push_back(std::move(server));
}

void Servers::remove(std::string_view url) {
  std::erase_if(servers_, [&](const Server& server) { return server.url == url; });
}

Result<void> Servers::save() const {
  std::string text;
  json::Writer writer(text);
  writer.begin_array();
  for (const Server& server : servers_) {
    writer.begin_object()
        .member("url", server.url)
        .member("user", server.user)
        .member("header", server.header_name)
        .member("value", server.header_value)
        .end_object();
  }
  writer.end_array().end_line();
  // The two folders above the file; further up is the user's own affair.
  const std::string folder = path_.substr(0, path_.rfind('/'));
  TRY(file::make_directory(folder.substr(0, folder.rfind('/'))));
  TRY(file::make_directory(folder));
  return file::replace(path_, text);
}

}  // namespace entrepot::cli
