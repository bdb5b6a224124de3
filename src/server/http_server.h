#pragma once
// HttpServer: the administration port: GET of a few fixed paths. What a path answers is a function in its own file
// (endpoint_*.cc).
//
// Threads: one (`http`), on which the endpoints run; they must not block for long. Start/Stop: Stop is idempotent.
// Errors: kUnavailable for a busy port (names it). Limits: 64 connections, 8 KiB of headers, no body, 10 s per request.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"

namespace server {

struct HttpAnswer {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};
using HttpEndpoint = std::function<HttpAnswer()>;

class HttpServer {
 public:
  virtual ~HttpServer() = default;
  static base::Result<std::unique_ptr<HttpServer>> Start(const std::string& listen, std::map<std::string, HttpEndpoint> endpoints);
  virtual void Stop() = 0;
  virtual int port() const = 0;
};

}  // namespace server
