// Kafka's C client, with what Swift cannot call: functions of variable arguments.
#pragma once
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// Hands one message to the producer, which copies it and takes the headers over if that succeeds.
static inline rd_kafka_resp_err_t crk_produce(
    rd_kafka_t *producer, const char *topic, const void *key, size_t key_length, const void *value, size_t length,
    rd_kafka_headers_t *headers, void *ticket) {
  return rd_kafka_producev(
      producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY(key, key_length),
      RD_KAFKA_V_VALUE((void *)value, length), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(ticket), RD_KAFKA_V_END);
}
