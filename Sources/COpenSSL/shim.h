#pragma once
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// OpenSSL's macros, which Swift does not import, as functions of the same name.

static inline long martlet_SSL_CTX_set_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_mode(context, mode);
}
static inline int martlet_SSL_CTX_set_min_proto_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}
static inline long martlet_SSL_CTX_set_session_cache_mode(SSL_CTX *context, long mode) {
  return SSL_CTX_set_session_cache_mode(context, mode);
}
static inline int martlet_SSL_CTX_set1_groups_list(SSL_CTX *context, const char *groups) {
  return (int)SSL_CTX_set1_groups_list(context, groups);
}
static inline int martlet_SSL_CTX_set1_sigalgs_list(SSL_CTX *context, const char *algorithms) {
  return (int)SSL_CTX_set1_sigalgs_list(context, algorithms);
}
static inline void martlet_SSL_CTX_set_max_cert_list(SSL_CTX *context, long bytes) {
  SSL_CTX_set_max_cert_list(context, bytes);
}
static inline void martlet_SSL_CTX_set_servername_callback(
    SSL_CTX *context, int (*choose)(SSL *, int *, void *)) {
  SSL_CTX_set_tlsext_servername_callback(context, choose);
}
static inline uint64_t martlet_SSL_CTX_set_default_options(SSL_CTX *context) {
  return SSL_CTX_set_options(
      context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                   SSL_OP_PRIORITIZE_CHACHA | SSL_OP_IGNORE_UNEXPECTED_EOF);
}
static inline int martlet_SSL_set_tlsext_host_name(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}
static inline void martlet_BIO_set_retry_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void martlet_BIO_clear_retry_flags(BIO *bio) { BIO_clear_retry_flags(bio); }
static inline EVP_PKEY *martlet_EVP_P256_gen(void) { return EVP_EC_gen("P-256"); }

static inline unsigned long martlet_name_flags_rfc2253(void) { return XN_FLAG_RFC2253; }
static inline void martlet_GENERAL_NAMES_free(OPENSSL_STACK *names) {
  GENERAL_NAMES_free((GENERAL_NAMES *)names);
}
static inline void martlet_OPENSSL_free(void *memory) { OPENSSL_free(memory); }

/// Sets up the ciphers of a session ticket: AES-256-CBC (32 bytes of key) and HMAC-SHA-256 (32).
static inline int martlet_ticket_ciphers(
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, const unsigned char *cipher_key,
    const unsigned char *mac_key, const unsigned char *iv, int encrypts) {
  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)mac_key, 32),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"sha256", 0),
      OSSL_PARAM_construct_end(),
  };
  return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), 0, cipher_key, iv, encrypts) == 1 &&
         EVP_MAC_CTX_set_params(mac, parameters) == 1;
}
