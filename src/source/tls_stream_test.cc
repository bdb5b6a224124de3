// TLS against a server made here, with a certificate made here.

#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <thread>

#include "source/stream.h"

namespace source {
namespace {

struct Identity {
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key{nullptr, EVP_PKEY_free};
  std::unique_ptr<X509, decltype(&X509_free)> certificate{nullptr, X509_free};
  std::string certificate_pem, key_pem;
};

std::string PemOf(const std::function<int(BIO*)>& write) {
  BIO* bio = BIO_new(BIO_s_mem());
  EXPECT_EQ(write(bio), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string pem(data, static_cast<size_t>(size));
  BIO_free(bio);
  return pem;
}

// Signed by itself, for 127.0.0.1 and broker.test.
Identity MakeIdentity() {
  Identity out;
  out.key.reset(EVP_EC_gen("P-256"));
  out.certificate.reset(X509_new());
  X509_set_version(out.certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(out.certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(out.certificate.get()), -60);
  X509_gmtime_adj(X509_getm_notAfter(out.certificate.get()), 3600);
  X509_set_pubkey(out.certificate.get(), out.key.get());
  X509_NAME* name = X509_get_subject_name(out.certificate.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
  X509_set_issuer_name(out.certificate.get(), name);
  X509_EXTENSION* names =
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "IP:127.0.0.1,DNS:broker.test");
  X509_add_ext(out.certificate.get(), names, -1);
  X509_EXTENSION_free(names);
  EXPECT_GT(X509_sign(out.certificate.get(), out.key.get(), EVP_sha256()), 0);
  out.certificate_pem =
      PemOf([&](BIO* bio) { return PEM_write_bio_X509(bio, out.certificate.get()); });
  out.key_pem = PemOf([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, out.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  return out;
}

const Identity& TheIdentity() {
  static const Identity identity = MakeIdentity();
  return identity;
}

// Echoes what it gets until the other side ends.
void Serve(int socket) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(context, TheIdentity().certificate.get());
  SSL_CTX_use_PrivateKey(context, TheIdentity().key.get());
  SSL* connection = SSL_new(context);
  SSL_set_fd(connection, socket);
  std::array<char, 4096> buffer{};
  if (SSL_accept(connection) == 1)
    for (int count; (count = SSL_read(connection, buffer.data(), buffer.size())) > 0;)
      SSL_write(connection, buffer.data(), count);
  SSL_free(connection);
  SSL_CTX_free(context);
  ::close(socket);
}

struct Outcome {
  bool handshake = false;
  std::string error, echoed;
};

// Connects as to `host` and sends `text`.
Outcome Talk(const TlsSettings& settings, const std::string& host,
             const std::string& text = "hello") {
  std::array<int, 2> sockets{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, sockets.data()), 0);
  std::thread server(Serve, sockets[0]);
  auto context = MakeTlsContext(settings);
  EXPECT_TRUE(context.ok()) << context.status().ToString();
  Outcome outcome;
  {
    auto stream = (*context)->Connect(sockets[1], host);
    const IoResult handshake = stream->Handshake();
    outcome.handshake = handshake.outcome == IoOutcome::kDone;
    outcome.error = handshake.error;
    if (outcome.handshake) {
      for (size_t at = 0; at < text.size();)
        at += stream->Write(text.data() + at, text.size() - at).bytes;
      std::string piece(1000, '\0');
      while (outcome.echoed.size() < text.size()) {
        const IoResult read = stream->Read(piece.data(), piece.size());
        if (read.outcome != IoOutcome::kDone) break;
        outcome.echoed += piece.substr(0, read.bytes);
      }
    }
  }
  ::close(sockets[1]);
  server.join();
  return outcome;
}

TEST(TlsStream, ATrustedBrokerOfTheRightNameIsSpokenTo) {
  TlsSettings settings;
  settings.ca_pem = TheIdentity().certificate_pem;
  for (const char* host : {"127.0.0.1", "broker.test"}) {
    const Outcome outcome = Talk(settings, host);
    EXPECT_TRUE(outcome.handshake) << host << ": " << outcome.error;
    EXPECT_EQ(outcome.echoed, "hello");
  }
}

TEST(TlsStream, AnotherNameOrAnUnknownIssuerIsRefusedUnlessToldNotToLook) {
  TlsSettings settings;
  settings.ca_pem = TheIdentity().certificate_pem;
  for (const char* host : {"other.test", "127.0.0.2"}) {
    const Outcome outcome = Talk(settings, host);
    EXPECT_FALSE(outcome.handshake) << host;
    EXPECT_NE(outcome.error.find("mismatch"), std::string::npos) << outcome.error;
  }
  settings.verify_host = false;
  EXPECT_TRUE(Talk(settings, "other.test").handshake);
  settings = {};
  const Outcome unknown = Talk(settings, "127.0.0.1");
  EXPECT_FALSE(unknown.handshake);
  EXPECT_NE(unknown.error.find("certificate"), std::string::npos) << unknown.error;
  settings.verify_certificate = false;
  EXPECT_TRUE(Talk(settings, "anything").handshake);
}

TEST(TlsStream, TextsThatAreNoCertificateOrKeyAreInvalid) {
  TlsSettings settings;
  settings.ca_pem = "-----BEGIN nonsense";
  EXPECT_EQ(MakeTlsContext(settings).status().code(), base::Code::kInvalid);
  settings = {};
  settings.certificate_pem = TheIdentity().certificate_pem;
  EXPECT_EQ(MakeTlsContext(settings).status().code(), base::Code::kInvalid)
      << "a certificate without a key";
  settings.key_pem = TheIdentity().key_pem;
  EXPECT_TRUE(MakeTlsContext(settings).ok());
  settings.key_pem = MakeIdentity().key_pem;
  EXPECT_EQ(MakeTlsContext(settings).status().code(), base::Code::kInvalid) << "another's key";
}

TEST(TlsStream, AnEncryptedKeyNeedsItsPassword) {
  TlsSettings settings;
  settings.certificate_pem = TheIdentity().certificate_pem;
  std::string password = "pass phrase";
  settings.key_pem = PemOf([&](BIO* bio) {
    return PEM_write_bio_PKCS8PrivateKey(bio, TheIdentity().key.get(), EVP_aes_128_cbc(),
                                         password.data(), static_cast<int>(password.size()),
                                         nullptr, nullptr);
  });
  EXPECT_FALSE(MakeTlsContext(settings).ok());
  settings.key_password = "wrong";
  EXPECT_FALSE(MakeTlsContext(settings).ok());
  settings.key_password = password;
  EXPECT_TRUE(MakeTlsContext(settings).ok());
}

}  // namespace
}  // namespace source
