#pragma once
// HttpGet: one GET over HTTP or HTTPS by libcurl, for services that a definition names. No
// redirects, no proxy by environment, certificates are checked.
//
// Threads: any; blocking up to the timeout. Errors: kUnavailable when no answer came (refused,
// timeout, TLS), kDenied when the address may not be connected to, kExhausted for an answer over
// max_bytes. Any answer of the server, 404 and 500 too, is a response.

#include <atomic>
#include <chrono>
#include <functional>
#include <string>

#include <sys/socket.h>

#include "base/status.h"

namespace base {

struct HttpRequest {
  std::string url;
  std::string user, password;  // basic authentication; empty = none
  std::string accept = "application/json";
  std::chrono::milliseconds timeout{5'000};
  size_t max_bytes = size_t{4} << 20;
  std::function<bool(const sockaddr*)> may_connect;  // empty = anywhere
  const std::atomic<bool>* cancelled = nullptr;      // ends it soon when it becomes true
};

struct HttpResponse {
  int status = 0;
  std::string body;
};

Result<HttpResponse> HttpGet(const HttpRequest& request);

// Bytes outside letters, digits and -._~ as %XX.
std::string UrlEscaped(const std::string& text);

}  // namespace base
