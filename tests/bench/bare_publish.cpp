// bare_publish PORT QUEUE COUNT WINDOW BYTES: publishes persistent, mandatory messages with confirms, WINDOW
// on their way, by rabbitmq-c's own calls and nothing else.
#include <cstring>
#include <string>

#include "bare.h"

int main(int argc, char** argv) {
  must(argc == 6, "reading PORT QUEUE COUNT WINDOW BYTES");
  const long count = std::atol(argv[3]), window = std::atol(argv[4]);
  const std::string body(static_cast<std::size_t>(std::atol(argv[5])), 'x');
  amqp_connection_state_t connection = open_channel(std::atoi(argv[1]));
  amqp_confirm_select(connection, 1);

  amqp_basic_properties_t properties{};
  properties._flags =
      AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG | AMQP_BASIC_CORRELATION_ID_FLAG;
  properties.delivery_mode = 2;
  properties.message_id = properties.correlation_id = amqp_cstring_bytes("0193555bd6ae760643871139599abf55");
  const amqp_bytes_t bytes{body.size(), const_cast<char*>(body.data())};

  long sent = 0, settled = 0;
  while (settled < count) {
    for (; sent < count && sent - settled < window; ++sent)
      must(amqp_basic_publish(connection, 1, amqp_empty_bytes, amqp_cstring_bytes(argv[2]), 1, 0, &properties,
                              bytes) == AMQP_STATUS_OK,
           "publishing");
    amqp_frame_t frame;
    amqp_maybe_release_buffers(connection);
    must(amqp_simple_wait_frame(connection, &frame) == AMQP_STATUS_OK, "waiting for a confirm");
    must(frame.frame_type == AMQP_FRAME_METHOD && frame.payload.method.id == AMQP_BASIC_ACK_METHOD,
         "being confirmed");
    const auto& ack = *static_cast<amqp_basic_ack_t*>(frame.payload.method.decoded);
    settled = ack.multiple ? static_cast<long>(ack.delivery_tag) : settled + 1;
  }
  close_all(connection);
}
