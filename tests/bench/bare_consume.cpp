// bare_consume PORT QUEUE COUNT PREFETCH: consumes, writes each body and a line break to stdout, and
// acknowledges with `multiple` every 100 messages.
#include <string>

#include "bare.h"

int main(int argc, char** argv) {
  must(argc == 5, "reading PORT QUEUE COUNT PREFETCH");
  const long count = std::atol(argv[3]);
  amqp_connection_state_t connection = open_channel(std::atoi(argv[1]));
  amqp_basic_qos(connection, 1, 0, static_cast<std::uint16_t>(std::atoi(argv[4])), 0);
  amqp_basic_consume(connection, 1, amqp_cstring_bytes(argv[2]), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  must(amqp_get_rpc_reply(connection).reply_type == AMQP_RESPONSE_NORMAL, "consuming");

  for (long got = 0; got < count;) {
    amqp_envelope_t envelope;
    amqp_maybe_release_buffers(connection);
    must(amqp_consume_message(connection, &envelope, nullptr, 0).reply_type == AMQP_RESPONSE_NORMAL,
         "receiving");
    std::fwrite(envelope.message.body.bytes, 1, envelope.message.body.len, stdout);
    std::fputc('\n', stdout);
    if (++got % 100 == 0 || got == count) amqp_basic_ack(connection, 1, envelope.delivery_tag, 1);
    amqp_destroy_envelope(&envelope);
  }
  close_all(connection);
}
