#pragma once

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>

#include "base/library.h"

// The functions of librabbitmq that we call, loaded with the first broker: it brings OpenSSL, which takes
// longer to load than all else of a start that ends at a store, a file or an HTTP server. In this namespace
// each hides the one of the same name, so one that is not listed does not link.
namespace iso::amqp {

#define ISO_LATE(name) inline constinit const LateFunction<decltype(&::name)> name{"librabbitmq.so.4", #name};
ISO_LATE(amqp_basic_cancel)
ISO_LATE(amqp_basic_consume)
ISO_LATE(amqp_basic_qos)
ISO_LATE(amqp_channel_open)
ISO_LATE(amqp_connection_close)
ISO_LATE(amqp_cstring_bytes)
ISO_LATE(amqp_data_in_buffer)
ISO_LATE(amqp_decode_method)
ISO_LATE(amqp_decode_properties)
ISO_LATE(amqp_destroy_connection)
ISO_LATE(amqp_encode_method)
ISO_LATE(amqp_encode_properties)
ISO_LATE(amqp_error_string2)
ISO_LATE(amqp_exchange_declare)
ISO_LATE(amqp_frames_enqueued)
ISO_LATE(amqp_get_channel_max)
ISO_LATE(amqp_get_frame_max)
ISO_LATE(amqp_get_heartbeat)
ISO_LATE(amqp_get_rpc_reply)
ISO_LATE(amqp_get_server_properties)
ISO_LATE(amqp_get_sockfd)
ISO_LATE(amqp_login_with_properties)
ISO_LATE(amqp_maybe_release_buffers)
ISO_LATE(amqp_new_connection)
ISO_LATE(amqp_pool_alloc)
ISO_LATE(amqp_queue_bind)
ISO_LATE(amqp_queue_declare)
ISO_LATE(amqp_send_frame)
ISO_LATE(amqp_send_method)
ISO_LATE(amqp_set_handshake_timeout)
ISO_LATE(amqp_set_rpc_timeout)
ISO_LATE(amqp_simple_wait_frame_noblock)
ISO_LATE(amqp_socket_open_noblock)
ISO_LATE(amqp_ssl_socket_new)
ISO_LATE(amqp_ssl_socket_set_cacert)
ISO_LATE(amqp_ssl_socket_set_key)
ISO_LATE(amqp_ssl_socket_set_verify_hostname)
ISO_LATE(amqp_ssl_socket_set_verify_peer)
ISO_LATE(amqp_tcp_socket_new)
ISO_LATE(amqp_tune_connection)
ISO_LATE(empty_amqp_pool)
ISO_LATE(init_amqp_pool)
ISO_LATE(recycle_amqp_pool)
#undef ISO_LATE

}  // namespace iso::amqp
