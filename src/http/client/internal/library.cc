#include "http/client/internal/library.h"

#include <dlfcn.h>

namespace entrepot::http::client {
namespace {

constexpr char kName[] = "libcurl.so.4";

template <class Function>
bool find(void* loaded, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(loaded, name));
  return function != nullptr;
}

Result<Library> load() {
  void* loaded = ::dlopen(kName, RTLD_NOW | RTLD_LOCAL);
  if (loaded == nullptr) {
    return fail(ErrorCode::Unsupported,
                "asking other servers needs {}, which is not here: apt install libcurl4", kName);
  }
  Library library{};
  const bool whole = find(loaded, "curl_global_init", library.global_init) &&
                     find(loaded, "curl_easy_init", library.easy_init) &&
                     find(loaded, "curl_easy_cleanup", library.easy_cleanup) &&
                     find(loaded, "curl_easy_reset", library.easy_reset) &&
                     find(loaded, "curl_easy_perform", library.easy_perform) &&
                     find(loaded, "curl_easy_strerror", library.easy_strerror) &&
                     find(loaded, "curl_easy_setopt", library.easy_setopt) &&
                     find(loaded, "curl_easy_getinfo", library.easy_getinfo) &&
                     find(loaded, "curl_slist_append", library.slist_append) &&
                     find(loaded, "curl_slist_free_all", library.slist_free_all);
  if (!whole || library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    return fail(ErrorCode::Unsupported, "{} is here, but cannot be used", kName);
  }
  return library;
}

}  // namespace

Result<const Library*> load_library() {
  static const Result<Library> library = load();
  if (!library) return Failure(library.error());
  return &*library;
}

}  // namespace entrepot::http::client
