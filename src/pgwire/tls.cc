#include "pgwire/tls.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstring>
#include <string_view>

namespace pgwire {
namespace {

constexpr std::string_view kProtocol = "postgresql";
constexpr unsigned char kOffered[] = "\x0apostgresql";   // a length byte, then the name

base::Status Failed(const std::filesystem::path& file, const char* what) {
  char reason[256] = "unknown error";
  if (const unsigned long code = ERR_get_error()) ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return base::Invalid(std::string(what) + " \"" + file.string() + "\" cannot be used").WithDetail(reason);
}

// A client that offers protocols must offer ours.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_length, const unsigned char* in, unsigned in_length, void*) {
  unsigned char* chosen = nullptr;
  const int result = SSL_select_next_proto(&chosen, out_length, kOffered, sizeof kOffered - 1, in, in_length);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// RFC 5929: the certificate hashed with its signature's hash, SHA-256 standing in for MD5 and SHA-1.
std::string EndpointHash(X509* certificate) {
  int digest_nid = NID_undef;
  if (OBJ_find_sigid_algs(X509_get_signature_nid(certificate), &digest_nid, nullptr) != 1 || digest_nid == NID_undef) return {};
  if (digest_nid == NID_md5 || digest_nid == NID_sha1) digest_nid = NID_sha256;
  const EVP_MD* digest = EVP_get_digestbynid(digest_nid);
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (!digest || X509_digest(certificate, digest, hash, &length) != 1) return {};
  return {reinterpret_cast<const char*>(hash), length};
}

}  // namespace

base::Result<std::unique_ptr<TlsContext>> MakeTlsContext(const std::filesystem::path& certificate, const std::filesystem::path& key) {
  ERR_clear_error();
  auto tls = std::make_unique<TlsContext>();
  SSL_CTX* context = tls->context.native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_alpn_select_cb(context, ChooseProtocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) return Failed(certificate, "certificate");
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1) return Failed(key, "key");
  if (SSL_CTX_check_private_key(context) != 1) return Failed(key, "key");
  tls->endpoint_hash = EndpointHash(SSL_CTX_get0_certificate(context));
  return tls;
}

bool AgreedOnPostgres(const SSL* ssl) {
  const unsigned char* protocol = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(ssl, &protocol, &length);
  return std::string_view(reinterpret_cast<const char*>(protocol), length) == kProtocol;
}

}  // namespace pgwire
