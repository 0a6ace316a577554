#pragma once

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/library.h"

// The functions of OpenSSL that we call, loaded with the first amqps:// broker: it takes longer to load than
// all else of a start. In this namespace each hides the one of the same name, so one that is not listed does
// not link.
namespace iso::amqp {

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"libssl.so.3", #name};
ISO_LATE(SSL_CTX_check_private_key)
ISO_LATE(SSL_CTX_ctrl)
ISO_LATE(SSL_CTX_free)
ISO_LATE(SSL_CTX_load_verify_locations)
ISO_LATE(SSL_CTX_new)
ISO_LATE(SSL_CTX_set_default_passwd_cb)
ISO_LATE(SSL_CTX_set_default_verify_paths)
ISO_LATE(SSL_CTX_set_verify)
ISO_LATE(SSL_CTX_use_PrivateKey_file)
ISO_LATE(SSL_CTX_use_certificate_chain_file)
ISO_LATE(SSL_ctrl)
ISO_LATE(SSL_do_handshake)
ISO_LATE(SSL_free)
ISO_LATE(SSL_get0_param)
ISO_LATE(SSL_get_error)
ISO_LATE(SSL_get_verify_result)
ISO_LATE(SSL_new)
ISO_LATE(SSL_read)
ISO_LATE(SSL_set1_host)
ISO_LATE(SSL_set_bio)
ISO_LATE(SSL_set_connect_state)
ISO_LATE(SSL_shutdown)
ISO_LATE(SSL_write)
ISO_LATE(TLS_client_method)
#undef ISO_LATE
#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"libcrypto.so.3", #name};
ISO_LATE(BIO_ctrl_pending)
ISO_LATE(BIO_free)
ISO_LATE(BIO_new)
ISO_LATE(BIO_read)
ISO_LATE(BIO_s_mem)
ISO_LATE(BIO_write)
ISO_LATE(ERR_clear_error)
ISO_LATE(ERR_peek_error)
ISO_LATE(ERR_reason_error_string)
ISO_LATE(X509_VERIFY_PARAM_set1_ip_asc)
ISO_LATE(X509_verify_cert_error_string)
#undef ISO_LATE

}  // namespace iso::amqp
