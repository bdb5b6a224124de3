#include "base/http_client.h"

#include <unistd.h>

#include <memory>

#include <curl/curl.h>

namespace base {
namespace {

struct Call {
  const HttpRequest& request;
  HttpResponse response;
  bool denied = false;
  bool too_large = false;
};

size_t TakeBody(char* data, size_t size, size_t count, void* user) {
  auto* call = static_cast<Call*>(user);
  const size_t bytes = size * count;
  call->too_large = call->response.body.size() + bytes > call->request.max_bytes;
  if (call->too_large) return 0;
  call->response.body.append(data, bytes);
  return bytes;
}

curl_socket_t OpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto* call = static_cast<Call*>(user);
  if (call->request.may_connect && !call->request.may_connect(&address->addr)) {
    call->denied = true;
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

int Progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  const auto* cancelled = static_cast<Call*>(user)->request.cancelled;
  return cancelled != nullptr && cancelled->load() ? 1 : 0;
}

void SetOptions(CURL* curl, Call* call) {
  const HttpRequest& request = call->request;
  curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeBody);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, call);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, call);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, Progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, call);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "freshet");
  if (request.user.empty() && request.password.empty()) return;
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, request.user.c_str());
  curl_easy_setopt(curl, CURLOPT_PASSWORD, request.password.c_str());
}

bool MakeReady() {
  static const bool kReady = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  return kReady;
}

}  // namespace

Result<HttpResponse> HttpGet(const HttpRequest& request) {
  if (!MakeReady()) return Internal("libcurl does not start");
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return Exhausted("no memory for an HTTP request");
  Call call{request, {}, false, false};
  SetOptions(curl.get(), &call);
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      curl_slist_append(nullptr, ("Accept: " + request.accept).c_str()), curl_slist_free_all);
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  const CURLcode code = curl_easy_perform(curl.get());
  if (call.denied)
    return Denied(request.url + " leads to an address that is not allowed")
        .WithHint("The operator allows addresses with the setting allowed_hosts.");
  if (call.too_large)
    return Exhausted("the answer of " + request.url + " has over " +
                     std::to_string(request.max_bytes) + " bytes");
  if (code == CURLE_ABORTED_BY_CALLBACK) return Cancelled("the request was given up");
  if (code != CURLE_OK)
    return Unavailable(request.url + " does not answer: " + curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  call.response.status = static_cast<int>(status);
  return std::move(call.response);
}

std::string UrlEscaped(const std::string& text) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) out.push_back(c);
    else out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return out;
}

}  // namespace base
