#pragma once

#include <amqp.h>
#include <amqp_tcp_socket.h>
#include <cstdio>
#include <cstdlib>

// The least that rabbitmq-c needs to work on a queue: one connection, one channel. Any failure ends the
// program.
inline void must(bool ok, const char* what) {
  if (ok) return;
  std::fprintf(stderr, "bare: %s failed\n", what);
  std::exit(1);
}

inline amqp_connection_state_t open_channel(int port) {
  amqp_connection_state_t connection = amqp_new_connection();
  amqp_socket_t* socket = amqp_tcp_socket_new(connection);
  must(amqp_socket_open(socket, "127.0.0.1", port) == AMQP_STATUS_OK, "connecting");
  const auto login = amqp_login(connection, "/", 0, 131072, 60, AMQP_SASL_METHOD_PLAIN, "guest", "guest");
  must(login.reply_type == AMQP_RESPONSE_NORMAL, "logging in");
  must(amqp_channel_open(connection, 1) != nullptr, "opening a channel");
  return connection;
}

inline void close_all(amqp_connection_state_t connection) {
  amqp_connection_close(connection, AMQP_REPLY_SUCCESS);
  amqp_destroy_connection(connection);
}
