#include "crabbit.h"

#include <amqp.h>
#include <amqp_framing.h>
#include <amqp_ssl_socket.h>
#include <amqp_tcp_socket.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

enum { channel = 1, frame_bytes = 131072, heartbeat_seconds = 30 };

struct CRConnection {
  amqp_connection_state_t state;
  amqp_envelope_t envelope;
  bool has_envelope;
};

static struct timeval interval(int milliseconds) {
  struct timeval value = {milliseconds / 1000, (milliseconds % 1000) * 1000};
  return value;
}

static int library_error(int status, char *error, size_t size) {
  snprintf(error, size, "%s", amqp_error_string2(status));
  return -1;
}

static int broker_error(uint16_t code, amqp_bytes_t text, char *error, size_t size) {
  snprintf(error, size, "%u %.*s", code, (int)text.len, (const char *)text.bytes);
  return -1;
}

/// A broker that is being stopped or short of something, or whose queue's node or virtual host is away, comes back.
static bool passes(uint16_t code, amqp_bytes_t text) {
  if (code == AMQP_CONNECTION_FORCED || code == AMQP_RESOURCE_ERROR || code == AMQP_INTERNAL_ERROR) return true;
  if (code != AMQP_NOT_FOUND && code != AMQP_NOT_ALLOWED) return false;
  static const char word[] = " down";
  const size_t length = sizeof word - 1;
  for (size_t place = 0; place + length <= text.len; place++) {
    if (memcmp((const char *)text.bytes + place, word, length) == 0) return true;
  }
  return false;
}

/// - Returns: 0 for success, -1 for an error with its text; `refused` says whether the broker itself said no.
static int check(amqp_rpc_reply_t reply, bool *refused, char *error, size_t size) {
  if (reply.reply_type == AMQP_RESPONSE_NORMAL) return 0;
  if (refused) *refused = reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION) return library_error(reply.library_error, error, size);
  uint16_t code;
  amqp_bytes_t text;
  if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CHANNEL_CLOSE_METHOD) {
    const amqp_channel_close_t *said = reply.reply.decoded;
    code = said->reply_code, text = said->reply_text;
  } else if (reply.reply_type == AMQP_RESPONSE_SERVER_EXCEPTION && reply.reply.id == AMQP_CONNECTION_CLOSE_METHOD) {
    const amqp_connection_close_t *said = reply.reply.decoded;
    code = said->reply_code, text = said->reply_text;
  } else {
    snprintf(error, size, "the broker's answer is not understood");
    return -1;
  }
  if (refused && passes(code, text)) *refused = false;
  return broker_error(code, text, error, size);
}

CRConnection *cr_connect(const CROptions *options, bool *refused, char *error, size_t size) {
  *refused = false;
  CRConnection *connection = calloc(1, sizeof *connection);
  if (!connection) {
    snprintf(error, size, "no memory");
    return NULL;
  }
  connection->state = amqp_new_connection();
  amqp_socket_t *socket =
      !connection->state ? NULL : options->tls ? amqp_ssl_socket_new(connection->state) : amqp_tcp_socket_new(connection->state);
  int status = socket ? AMQP_STATUS_OK : AMQP_STATUS_NO_MEMORY;
  if (socket && options->tls) {
    amqp_ssl_socket_set_verify_peer(socket, 1);
    amqp_ssl_socket_set_verify_hostname(socket, 1);
    status = amqp_ssl_socket_set_cacert(socket, options->authority ? options->authority : "/etc/ssl/certs/ca-certificates.crt");
    if (status == AMQP_STATUS_OK && options->certificate) status = amqp_ssl_socket_set_key(socket, options->certificate, options->key);
  }
  struct timeval timeout = {options->timeout_seconds, 0};
  if (status == AMQP_STATUS_OK) status = amqp_socket_open_noblock(socket, options->host, options->port, &timeout);
  if (status == AMQP_STATUS_OK) status = amqp_set_handshake_timeout(connection->state, &timeout);
  if (status == AMQP_STATUS_OK) status = amqp_set_rpc_timeout(connection->state, &timeout);
  int result = status == AMQP_STATUS_OK ? 0 : library_error(status, error, size);
  if (result == 0) {
    result = check(
        amqp_login(
            connection->state, options->virtual_host, 0, frame_bytes, heartbeat_seconds, AMQP_SASL_METHOD_PLAIN, options->user,
            options->password),
        refused, error, size);
  }
  if (result == 0) {
    amqp_channel_open(connection->state, channel);
    result = check(amqp_get_rpc_reply(connection->state), refused, error, size);
  }
  if (result == 0) return connection;
  cr_close(connection, false);
  return NULL;
}

static void forget(CRConnection *connection) {
  if (connection->has_envelope) amqp_destroy_envelope(&connection->envelope);
  connection->has_envelope = false;
}

void cr_close(CRConnection *connection, bool politely) {
  forget(connection);
  if (connection->state) {
    if (politely) {
      amqp_channel_close(connection->state, channel, AMQP_REPLY_SUCCESS);
      amqp_connection_close(connection->state, AMQP_REPLY_SUCCESS);
    }
    amqp_destroy_connection(connection->state);
  }
  free(connection);
}

static int declared(CRConnection *connection, const char *queue, uint32_t *count, bool *refused, char *error, size_t size) {
  const amqp_queue_declare_ok_t *found =
      amqp_queue_declare(connection->state, channel, amqp_cstring_bytes(queue), 1, 0, 0, 0, amqp_empty_table);
  int result = check(amqp_get_rpc_reply(connection->state), refused, error, size);
  if (result == 0 && count) *count = found ? found->message_count : 0;
  return result;
}

int cr_consume(CRConnection *connection, const char *queue, uint16_t prefetch, bool *refused, char *error, size_t size) {
  if (declared(connection, queue, NULL, refused, error, size)) return -1;
  amqp_basic_qos(connection->state, channel, 0, prefetch, 0);
  if (check(amqp_get_rpc_reply(connection->state), refused, error, size)) return -1;
  amqp_basic_consume(connection->state, channel, amqp_cstring_bytes(queue), amqp_empty_bytes, 0, 0, 0, amqp_empty_table);
  return check(amqp_get_rpc_reply(connection->state), refused, error, size);
}

static CRBytes bytes(amqp_bytes_t value) {
  CRBytes result = {value.bytes, value.len};
  return result;
}

int cr_next(CRConnection *connection, int milliseconds, CRMessage *message, char *error, size_t size) {
  forget(connection);
  amqp_maybe_release_buffers(connection->state);
  struct timeval timeout = interval(milliseconds);
  amqp_rpc_reply_t reply = amqp_consume_message(connection->state, &connection->envelope, &timeout, 0);
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_TIMEOUT) return 0;
  if (reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION && reply.library_error == AMQP_STATUS_UNEXPECTED_STATE) {
    snprintf(error, size, "the broker ended the delivery");
    return -1;
  }
  if (check(reply, NULL, error, size)) return -1;
  connection->has_envelope = true;
  const amqp_envelope_t *envelope = &connection->envelope;
  const amqp_basic_properties_t *properties = &envelope->message.properties;
  memset(message, 0, sizeof *message);
  message->tag = envelope->delivery_tag;
  message->redelivered = envelope->redelivered;
  message->body = bytes(envelope->message.body);
  if (properties->_flags & AMQP_BASIC_MESSAGE_ID_FLAG) message->message_id = bytes(properties->message_id);
  if (properties->_flags & AMQP_BASIC_CORRELATION_ID_FLAG) message->correlation_id = bytes(properties->correlation_id);
  return 1;
}

static CRValue whole(CRKind kind, int64_t number) {
  CRValue result = {.kind = kind, .whole = number};
  return result;
}

static CRValue number(double number) {
  CRValue result = {.kind = CR_NUMBER, .number = number};
  return result;
}

/// Whole numbers that Swift's do not reach are numbers.
static CRValue natural(CRKind kind, uint64_t value) { return value <= INT64_MAX ? whole(kind, (int64_t)value) : number((double)value); }

static CRValue holder(CRKind kind, const void *items, int count) {
  CRValue result = {.kind = kind, .items = items, .count = count > 0 ? (size_t)count : 0};
  return result;
}

static CRValue value(const amqp_field_value_t *raw) {
  switch (raw->kind) {
  case AMQP_FIELD_KIND_UTF8:
  case AMQP_FIELD_KIND_BYTES: {
    CRValue result = {.kind = CR_BYTES, .bytes = bytes(raw->value.bytes)};
    return result;
  }
  case AMQP_FIELD_KIND_BOOLEAN: return whole(CR_BOOLEAN, raw->value.boolean != 0);
  case AMQP_FIELD_KIND_I8: return whole(CR_WHOLE, raw->value.i8);
  case AMQP_FIELD_KIND_U8: return whole(CR_WHOLE, raw->value.u8);
  case AMQP_FIELD_KIND_I16: return whole(CR_WHOLE, raw->value.i16);
  case AMQP_FIELD_KIND_U16: return whole(CR_WHOLE, raw->value.u16);
  case AMQP_FIELD_KIND_I32: return whole(CR_WHOLE, raw->value.i32);
  case AMQP_FIELD_KIND_U32: return whole(CR_WHOLE, raw->value.u32);
  case AMQP_FIELD_KIND_I64: return whole(CR_WHOLE, raw->value.i64);
  case AMQP_FIELD_KIND_U64: return natural(CR_WHOLE, raw->value.u64);
  case AMQP_FIELD_KIND_TIMESTAMP: return natural(CR_TIME, raw->value.u64);
  case AMQP_FIELD_KIND_F32: return number(raw->value.f32);
  case AMQP_FIELD_KIND_F64: return number(raw->value.f64);
  case AMQP_FIELD_KIND_DECIMAL: return number((double)raw->value.decimal.value / pow(10, raw->value.decimal.decimals));
  case AMQP_FIELD_KIND_ARRAY: return holder(CR_LIST, raw->value.array.entries, raw->value.array.num_entries);
  case AMQP_FIELD_KIND_TABLE: return holder(CR_TABLE, raw->value.table.entries, raw->value.table.num_entries);
  default: return holder(CR_NOTHING, NULL, 0);
  }
}

CRValue cr_headers(const CRConnection *connection) {
  const amqp_basic_properties_t *all = &connection->envelope.message.properties;
  if (!connection->has_envelope || !(all->_flags & AMQP_BASIC_HEADERS_FLAG)) return holder(CR_TABLE, NULL, 0);
  return holder(CR_TABLE, all->headers.entries, all->headers.num_entries);
}

CRField cr_item(const CRValue *holder, size_t place) {
  CRField field = {.name = {NULL, 0}};
  if (place >= holder->count) return field;
  if (holder->kind == CR_LIST) {
    field.value = value((const amqp_field_value_t *)holder->items + place);
  } else {
    const amqp_table_entry_t *entry = (const amqp_table_entry_t *)holder->items + place;
    field.name = bytes(entry->key);
    field.value = value(&entry->value);
  }
  return field;
}

int cr_acknowledge(CRConnection *connection, uint64_t tag, char *error, size_t size) {
  int status = amqp_basic_ack(connection->state, channel, tag, 0);
  return status == AMQP_STATUS_OK ? 0 : library_error(status, error, size);
}

int cr_count(CRConnection *connection, const char *queue, uint32_t *count, char *error, size_t size) {
  return declared(connection, queue, count, NULL, error, size);
}

int cr_confirm(CRConnection *connection, const char *queue, bool *refused, char *error, size_t size) {
  if (declared(connection, queue, NULL, refused, error, size)) return -1;
  amqp_confirm_select(connection->state, channel);
  return check(amqp_get_rpc_reply(connection->state), refused, error, size);
}

static amqp_bytes_t borrowed(CRBytes value) {
  amqp_bytes_t result = {value.count, (void *)value.bytes};
  return result;
}

int cr_publish(
    CRConnection *connection, const char *queue, CRBytes body, const char *message_id, CRBytes correlation_id, const CRHeader *headers,
    size_t header_count, char *error, size_t size) {
  amqp_table_entry_t *entries = calloc(header_count + 1, sizeof *entries);
  if (!entries) return library_error(AMQP_STATUS_NO_MEMORY, error, size);
  for (size_t place = 0; place < header_count; place++) {
    entries[place].key = borrowed(headers[place].name);
    entries[place].value.kind = AMQP_FIELD_KIND_UTF8;
    entries[place].value.value.bytes = borrowed(headers[place].value);
  }
  amqp_basic_properties_t properties;
  memset(&properties, 0, sizeof properties);
  properties._flags = AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG;
  properties.content_type = amqp_cstring_bytes("application/json");
  properties.delivery_mode = AMQP_DELIVERY_PERSISTENT;
  properties.headers.num_entries = (int)header_count;
  properties.headers.entries = entries;
  if (message_id && *message_id) {
    properties._flags |= AMQP_BASIC_MESSAGE_ID_FLAG;
    properties.message_id = amqp_cstring_bytes(message_id);
  }
  if (correlation_id.bytes) {
    properties._flags |= AMQP_BASIC_CORRELATION_ID_FLAG;
    properties.correlation_id = borrowed(correlation_id);
  }
  int status = amqp_basic_publish(
      connection->state, channel, amqp_empty_bytes, amqp_cstring_bytes(queue), 1, 0, &properties, borrowed(body));
  free(entries);
  return status == AMQP_STATUS_OK ? 0 : library_error(status, error, size);
}

static int confirmed(CRVerdict verdict, uint64_t tag, bool multiple, CRConfirmation *confirmation) {
  confirmation->verdict = verdict;
  confirmation->tag = tag;
  confirmation->multiple = multiple;
  return 1;
}

int cr_confirmation(CRConnection *connection, int milliseconds, CRConfirmation *confirmation, char *error, size_t size) {
  amqp_frame_t frame;
  amqp_maybe_release_buffers(connection->state);
  struct timeval timeout = interval(milliseconds);
  int status = amqp_simple_wait_frame_noblock(connection->state, &frame, &timeout);
  if (status == AMQP_STATUS_TIMEOUT) return 0;
  if (status != AMQP_STATUS_OK) return library_error(status, error, size);
  memset(confirmation, 0, sizeof *confirmation);
  if (frame.frame_type != AMQP_FRAME_METHOD) return 0;
  switch (frame.payload.method.id) {
  case AMQP_BASIC_ACK_METHOD: {
    const amqp_basic_ack_t *said = frame.payload.method.decoded;
    return confirmed(CR_ACK, said->delivery_tag, said->multiple, confirmation);
  }
  case AMQP_BASIC_NACK_METHOD: {
    const amqp_basic_nack_t *said = frame.payload.method.decoded;
    return confirmed(CR_NACK, said->delivery_tag, said->multiple, confirmation);
  }
  case AMQP_BASIC_RETURN_METHOD: {
    amqp_message_t message;
    if (check(amqp_read_message(connection->state, frame.channel, &message, 0), NULL, error, size)) return -1;
    confirmation->verdict = CR_RETURN;
    if (message.properties._flags & AMQP_BASIC_MESSAGE_ID_FLAG) {
      size_t count = message.properties.message_id.len;
      if (count >= sizeof confirmation->message_id) count = sizeof confirmation->message_id - 1;
      memcpy(confirmation->message_id, message.properties.message_id.bytes, count);
    }
    amqp_destroy_message(&message);
    return 1;
  }
  case AMQP_CHANNEL_CLOSE_METHOD: {
    const amqp_channel_close_t *said = frame.payload.method.decoded;
    return broker_error(said->reply_code, said->reply_text, error, size);
  }
  case AMQP_CONNECTION_CLOSE_METHOD: {
    const amqp_connection_close_t *said = frame.payload.method.decoded;
    return broker_error(said->reply_code, said->reply_text, error, size);
  }
  default: return 0;
  }
}
