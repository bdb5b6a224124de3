#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <csignal>
#include <cstring>

#include "source/stream.h"

namespace source {
namespace {

struct Free {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* connection) const { SSL_free(connection); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
template <typename T>
using Ptr = std::unique_ptr<T, Free>;

std::string LastError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "TLS error " + std::to_string(code) : reason;
}

bool IsAddress(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> address{};
  return inet_pton(AF_INET, host.c_str(), address.data()) == 1 || inet_pton(AF_INET6, host.c_str(), address.data()) == 1;
}

class TlsStream final : public Stream {
 public:
  explicit TlsStream(Ptr<SSL> connection) : connection_(std::move(connection)) {}
  ~TlsStream() override {
    SSL_shutdown(connection_.get());
    ERR_clear_error();
  }

  IoResult Handshake() override { return Outcome(SSL_connect(connection_.get()), 0); }
  IoResult Read(char* to, size_t count) override {
    size_t done = 0;
    const int outcome = SSL_read_ex(connection_.get(), to, count, &done);
    return Outcome(outcome, done);
  }
  IoResult Write(const char* from, size_t count) override {
    size_t done = 0;
    const int outcome = SSL_write_ex(connection_.get(), from, count, &done);
    return Outcome(outcome, done);
  }
  bool HasBuffered() const override { return SSL_has_pending(connection_.get()) == 1; }

 private:
  IoResult Outcome(int outcome, size_t bytes) {
    if (outcome == 1) return {IoOutcome::kDone, bytes, {}};
    switch (SSL_get_error(connection_.get(), outcome)) {
      case SSL_ERROR_WANT_READ: return {IoOutcome::kWantRead, 0, {}};
      case SSL_ERROR_WANT_WRITE: return {IoOutcome::kWantWrite, 0, {}};
      case SSL_ERROR_ZERO_RETURN: return {IoOutcome::kClosed, 0, {}};
      default: break;
    }
    const long verified = SSL_get_verify_result(connection_.get());
    std::string error = LastError();
    if (verified != X509_V_OK) error = std::string("the broker's certificate: ") + X509_verify_cert_error_string(verified);
    return {IoOutcome::kError, 0, std::move(error)};
  }

  Ptr<SSL> connection_;
};

class OpenSslContext final : public TlsContext {
 public:
  explicit OpenSslContext(bool verify_host) : context_(SSL_CTX_new(TLS_client_method())), verify_host_(verify_host) {}
  SSL_CTX* get() const { return context_.get(); }

  std::unique_ptr<Stream> Connect(int socket, const std::string& host) override {
    Ptr<SSL> connection(SSL_new(context_.get()));
    if (!connection || SSL_set_fd(connection.get(), socket) != 1) return nullptr;
    SSL_set_mode(connection.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (IsAddress(host)) {
      if (verify_host_) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection.get()), host.c_str());
    } else {
      SSL_set_tlsext_host_name(connection.get(), host.c_str());
      if (verify_host_) SSL_set1_host(connection.get(), host.c_str());
    }
    return std::make_unique<TlsStream>(std::move(connection));
  }

 private:
  Ptr<SSL_CTX> context_;
  const bool verify_host_;
};

Ptr<BIO> Text(const std::string& pem) { return Ptr<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))); }

int GivePassword(char* to, int size, int, void* password) {
  const auto* text = static_cast<const std::string*>(password);
  if (text->size() > static_cast<size_t>(size)) return 0;
  std::memcpy(to, text->data(), text->size());
  return static_cast<int>(text->size());
}

base::Status Trust(SSL_CTX* context, const std::string& pem) {
  if (pem.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) == 1) return {};
    return base::Invalid("the system's certificates cannot be read: " + LastError());
  }
  const Ptr<BIO> text = Text(pem);
  int count = 0;
  for (; Ptr<X509> certificate{PEM_read_bio_X509(text.get(), nullptr, nullptr, nullptr)}; ++count)
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(context), certificate.get()) != 1)
      return base::Invalid("property \"properties.ssl.ca.pem\" cannot be used: " + LastError());
  ERR_clear_error();  // the end of the text
  if (count > 0) return {};
  return base::Invalid("property \"properties.ssl.ca.pem\" holds no certificate");
}

base::Status ShowCertificate(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.certificate_pem.empty() && settings.key_pem.empty()) return {};
  const Ptr<BIO> certificates = Text(settings.certificate_pem), key_text = Text(settings.key_pem);
  const Ptr<X509> certificate(PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr));
  if (!certificate || SSL_CTX_use_certificate(context, certificate.get()) != 1)
    return base::Invalid("property \"properties.ssl.certificate.pem\" cannot be used: " + LastError());
  while (X509* next = PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr))
    SSL_CTX_add_extra_chain_cert(context, next);
  ERR_clear_error();
  const Ptr<EVP_PKEY> key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, GivePassword, const_cast<std::string*>(&settings.key_password)));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
    return base::Invalid("property \"properties.ssl.key.pem\" cannot be used: " + LastError());
  return {};
}

}  // namespace

base::Result<std::unique_ptr<TlsContext>> MakeTlsContext(const TlsSettings& settings) {
  auto context = std::make_unique<OpenSslContext>(settings.verify_host && settings.verify_certificate);
  if (context->get() == nullptr) return base::Internal("OpenSSL has no memory");
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that may be closed
  SSL_CTX_set_min_proto_version(context->get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context->get(), settings.verify_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (settings.verify_certificate) RETURN_IF_ERROR(Trust(context->get(), settings.ca_pem));
  RETURN_IF_ERROR(ShowCertificate(context->get(), settings));
  return std::unique_ptr<TlsContext>(std::move(context));
}

}  // namespace source
