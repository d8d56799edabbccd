#include "ui/page.h"

#include <algorithm>
#include <cstdint>

#include "ui/accept.h"

namespace entrepot::ui {
namespace {

constexpr std::string_view kAssets = "/-/assets/";
constexpr std::string_view kHtml = "text/html; charset=utf-8";

// The first parts of paths that programs ask for, now or one day.
constexpr std::string_view kKept[] = {"v1",    "v2",      "api",    "badges",
                                      "token", "healthz", "readyz", "metrics"};

constexpr std::string_view kWithoutPage = R"(<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>entrepot</title></head>
<body>
<h1>entrepot</h1>
<p>This is a container registry. It was built without its web page, and serves docker, podman and other clients all the same.</p>
<p>With Node 20.19 or newer and npm, <code>./dev build</code> makes a server that has the page.</p>
<div lang="zh-CN">
<p>这是一个容器镜像仓库服务。构建它时没有包含网页，但 docker、podman 等客户端仍可照常使用。</p>
<p>安装 Node 20.19 或更新版本以及 npm 之后，用 <code>./dev build</code> 即可构建带网页的服务。</p>
</div>
</body>
</html>
)";

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
}

std::string as_attribute(std::string text) {
  replace_all(text, "&", "&amp;");
  replace_all(text, "\"", "&quot;");
  replace_all(text, "<", "&lt;");
  return text;
}

SharedBytes make_shell(const Assets& assets, const Page::Options& options) {
  const auto shell = assets.find("shell.html");
  if (shell == assets.end()) return std::make_shared<const std::string>(kWithoutPage);
  std::string text = *shell->second.in(Encoding::Identity);
  replace_all(text, "{prefix}", as_attribute(options.prefix));
  replace_all(text, "{host}", as_attribute(options.host));
  return std::make_shared<const std::string>(std::move(text));
}

// FNV-1a: tells versions of one text apart, and proves nothing.
std::string etag_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string etag = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) etag += kDigits[hash >> shift & 15];
  return etag + '"';
}

bool reads(const http::Request& request) {
  return request.method() == http::Method::Get || request.method() == http::Method::Head;
}

// Also for probes, and for who asks with curl what this is.
http::Response about(const http::Request& request) {
  const bool root = request.path() == "/";
  auto response = http::Response::text(!root            ? 404
                                       : reads(request) ? 200
                                                        : 405,
                                       "text/plain; charset=utf-8",
                                       "This is a container registry; its API is below /v2/.\n");
  if (root && !reads(request)) response.with("Allow", "GET, HEAD");
  if (root) response.with("Vary", "Accept");
  response.route = "/";
  return response;
}

bool is_kept(std::string_view path) {
  const std::string_view first = path.substr(0, path.find('/', 1)).substr(1);
  return std::find(std::begin(kKept), std::end(kKept), first) != std::end(kKept);
}

http::Response unchanged(std::string_view etag) {
  http::Response response;
  response.status = 304;
  response.with("ETag", std::string(etag));
  return response;
}

}  // namespace

Page::Page(Assets assets, const Options& options)
    : prefix_(options.prefix),
      assets_(std::move(assets)),
      shell_(make_shell(assets_, options)),
      shell_etag_(etag_of(*shell_)) {}

std::optional<http::Response> Page::answer_from_memory(const http::Request& request) {
  return answer(request);
}

Executor* Page::executor_of(const http::Request& /*request*/) { return nullptr; }

http::Reply Page::handle(Context& /*context*/, const http::Request& request) {
  return answer(request);
}

http::Response Page::answer(const http::Request& request) const {
  std::string_view path = request.path();
  if (!path.starts_with(prefix_)) return about(request);
  path.remove_prefix(prefix_.size());
  if (path.empty()) path = "/";  // the prefix itself
  if (path.front() != '/') return about(request);
  if (!reads(request)) return about(request);
  if (path.starts_with(kAssets)) return answer_asset(request, path.substr(kAssets.size()));
  if (is_kept(path) || !takes(request, "Accept", "text/html")) return about(request);
  return answer_shell(request);
}

http::Response Page::answer_shell(const http::Request& request) const {
  http::Response response = has_already(request, shell_etag_)
                                ? unchanged(shell_etag_)
                                : http::Response::text(200, kHtml, "");
  if (response.status == 200) {
    response.body = Source(shell_);
    response.with("ETag", shell_etag_);
  }
  response.with("Cache-Control", "no-cache").with("Vary", "Accept");
  response.route = "/<page>";
  return response;
}

http::Response Page::answer_asset(const http::Request& request, std::string_view name) const {
  const auto found = name == "shell.html" ? assets_.end() : assets_.find(name);
  if (found == assets_.end()) {
    auto response = http::Response::text(404, "text/plain; charset=utf-8",
                                         "The page has no such part, or has another by now.\n");
    response.with("Cache-Control", "no-store");
    response.route = "/-/assets/<asset>";
    return response;
  }
  const Asset& asset = found->second;
  Encoding encoding = Encoding::Identity;
  std::string_view word;
  if (asset.in(Encoding::Brotli) != nullptr && takes(request, "Accept-Encoding", "br")) {
    encoding = Encoding::Brotli;
    word = "br";
  } else if (asset.in(Encoding::Gzip) != nullptr && takes(request, "Accept-Encoding", "gzip")) {
    encoding = Encoding::Gzip;
    word = "gzip";
  }
  std::string etag = '"' + std::string(name);
  if (!word.empty()) etag.append(".").append(word);
  etag += '"';

  http::Response response = has_already(request, etag)
                                ? unchanged(etag)
                                : http::Response::text(200, asset.content_type, "");
  if (response.status == 200) {
    response.body = Source(asset.in(encoding));
    response.with("ETag", etag);
    if (!word.empty()) response.with("Content-Encoding", std::string(word));
  }
  response.with("Cache-Control", "public, max-age=31536000, immutable")
      .with("Vary", "Accept-Encoding");
  response.route = "/-/assets/<asset>";
  return response;
}

void Page::dress(const http::Request* /*request*/, http::Response& response) {
  response
      .with("Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
            "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'")
      .with("X-Content-Type-Options", "nosniff")
      .with("X-Frame-Options", "DENY")
      .with("Referrer-Policy", "same-origin")
      .with("Cross-Origin-Opener-Policy", "same-origin")
      .with("Cross-Origin-Embedder-Policy", "require-corp")
      .with("Cross-Origin-Resource-Policy", "same-origin")
      .with("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

http::Response Page::refuse(const http::Refusal& refusal) {
  return http::Response::text(refusal.status, "text/plain; charset=utf-8", refusal.message + '\n');
}

}  // namespace entrepot::ui
