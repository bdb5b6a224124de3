#include "server/http_server.h"

#include <pthread.h>

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

namespace server {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;

constexpr int kMaxConnections = 64;
constexpr auto kRequestTimeout = std::chrono::seconds(10);
constexpr size_t kMaxHeaderBytes = 8192;

using Request = http::request_parser<http::empty_body>;
using Response = http::response<http::string_body>;

class BeastServer : public HttpServer {
 public:
  BeastServer(std::map<std::string, HttpEndpoint> endpoints) : acceptor_(io_), endpoints_(std::move(endpoints)) {}
  ~BeastServer() override { Stop(); }

  base::Status Listen(const std::string& listen) {
    const size_t colon = listen.rfind(':');
    if (colon == std::string::npos) return base::Invalid("http address \"" + listen + "\" needs host:port");
    try {
      std::string host = listen.substr(0, colon);
      if (host.size() > 1 && host.front() == '[') host = host.substr(1, host.size() - 2);
      tcp::resolver resolver(io_);
      const tcp::endpoint endpoint = *resolver.resolve(host, listen.substr(colon + 1)).begin();
      acceptor_.open(endpoint.protocol());
      acceptor_.set_option(tcp::acceptor::reuse_address(true));
      acceptor_.bind(endpoint);
      acceptor_.listen();
    } catch (const boost::system::system_error& error) {
      return base::Unavailable("cannot listen on http address " + listen + ": " + error.code().message())
          .WithHint("Is another server running there? Choose another address with --http.");
    }
    port_ = acceptor_.local_endpoint().port();
    asio::co_spawn(io_, Accept(), asio::detached);
    thread_ = std::thread([this] {
      pthread_setname_np(pthread_self(), "http");
      io_.run();
    });
    return {};
  }

  void Stop() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }
  int port() const override { return port_; }

 private:
  asio::awaitable<void> Accept() {
    while (true) {
      boost::system::error_code error;
      tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error || connections_ >= kMaxConnections) continue;
      ++connections_;
      asio::co_spawn(io_, Serve(beast::tcp_stream(std::move(socket))), [this](std::exception_ptr) { --connections_; });
    }
  }

  asio::awaitable<void> Serve(beast::tcp_stream stream) {
    beast::flat_buffer buffer(kMaxHeaderBytes);
    while (true) {
      boost::system::error_code error;
      Request request;
      request.header_limit(kMaxHeaderBytes);
      request.body_limit(0);
      stream.expires_after(kRequestTimeout);
      co_await http::async_read(stream, buffer, request, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
      const bool keep_alive = request.get().keep_alive();
      Response response = Answer(request.get().method(), std::string(request.get().target()), request.get().version());
      response.keep_alive(keep_alive);
      stream.expires_after(kRequestTimeout);
      co_await http::async_write(stream, response, asio::redirect_error(asio::use_awaitable, error));
      if (error || !keep_alive) co_return;
    }
  }

  Response Answer(http::verb method, const std::string& target, unsigned version) const {
    const std::string path = target.substr(0, target.find('?'));
    HttpAnswer answer;
    const auto it = endpoints_.find(path);
    if (method != http::verb::get && method != http::verb::head) {
      answer = {405, answer.content_type, "only GET is served here\n"};
    } else if (it == endpoints_.end()) {
      answer.status = path == "/" ? 200 : 404;
      for (const auto& [known, endpoint] : endpoints_) answer.body += known + "\n";
    } else {
      answer = it->second();
    }
    Response response(static_cast<http::status>(answer.status), version);
    response.set(http::field::server, "freshet");
    response.set(http::field::content_type, answer.content_type);
    response.set("X-Content-Type-Options", "nosniff");
    response.content_length(answer.body.size());
    if (method != http::verb::head) response.body() = std::move(answer.body);
    return response;
  }

  asio::io_context io_{1};
  tcp::acceptor acceptor_;
  const std::map<std::string, HttpEndpoint> endpoints_;
  int connections_ = 0;
  int port_ = 0;
  std::thread thread_;
};

}  // namespace

base::Result<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& listen,
                                                            std::map<std::string, HttpEndpoint> endpoints) {
  auto server = std::make_unique<BeastServer>(std::move(endpoints));
  RETURN_IF_ERROR(server->Listen(listen));
  return std::unique_ptr<HttpServer>(std::move(server));
}

}  // namespace server
