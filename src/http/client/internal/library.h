#pragma once
// http/client/internal/library.h — libcurl, loaded when somebody asks for it first.

#include <curl/curl.h>

#include "base/result.h"

namespace entrepot::http::client {

// The functions that we use, each of libcurl's own type.
struct Library {
  decltype(&curl_global_init) global_init;
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_strerror) easy_strerror;
  // These take anything in C, so that a wrong type is found by nobody: see Easy in client.cc.
  CURLcode (*easy_setopt)(CURL*, CURLoption, ...);
  CURLcode (*easy_getinfo)(CURL*, CURLINFO, ...);
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;
};

// It stays loaded. Unsupported where it is missing or lacks one of these. Thread-safe.
Result<const Library*> load_library();

}  // namespace entrepot::http::client
