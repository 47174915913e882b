// A small door to librabbitmq, whose own interface is made of unions and macros that Swift cannot use.
//
// A connection belongs to one thread. Functions return 1 for "there is something", 0 for "nothing in time" or "done", and -1 for an error,
// whose text is written to `error` and after which the connection can only be closed.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CRConnection CRConnection;

typedef struct {
  const char *host;
  int port;
  const char *virtual_host;
  const char *user;
  const char *password;
  bool tls;
  /// PEM files, or NULL.
  const char *authority, *certificate, *key;
  int timeout_seconds;
} CROptions;

/// Bytes that belong to somebody else.
typedef struct {
  const void *bytes;
  size_t count;
} CRBytes;

typedef struct {
  uint64_t tag;
  bool redelivered;
  CRBytes body, message_id, correlation_id;
} CRMessage;

/// A header to be sent: a text.
typedef struct {
  CRBytes name, value;
} CRHeader;

typedef enum { CR_NOTHING, CR_BYTES, CR_BOOLEAN, CR_WHOLE, CR_NUMBER, CR_TIME, CR_LIST, CR_TABLE } CRKind;

/// A value of a header that came.
typedef struct {
  CRKind kind;
  CRBytes bytes;
  /// A whole number, 0 or 1 for booleans, seconds since 1970 for times.
  int64_t whole;
  double number;
  /// Of a list or table; ask `cr_item` for what it holds.
  const void *items;
  size_t count;
} CRValue;

/// A value with its name; one in a list has none.
typedef struct {
  CRBytes name;
  CRValue value;
} CRField;

typedef enum { CR_ACK, CR_NACK, CR_RETURN } CRVerdict;

typedef struct {
  CRVerdict verdict;
  /// Of an acknowledgement: the message's number since the connection was made, and whether all before it are meant, too.
  uint64_t tag;
  bool multiple;
  /// Of a returned message.
  char message_id[128];
} CRConfirmation;

/// - Returns: NULL where it failed; `refused` says whether the broker answered and said no.
CRConnection *cr_connect(const CROptions *options, bool *refused, char *error, size_t size);
/// Says goodbye where `politely`, and frees.
void cr_close(CRConnection *connection, bool politely);

/// Begins to take messages of a queue that must exist, at most `prefetch` of them unacknowledged.
int cr_consume(CRConnection *connection, const char *queue, uint16_t prefetch, bool *refused, char *error, size_t size);
/// Waits for a message, which stays until the next call of `cr_next` or `cr_close`.
int cr_next(CRConnection *connection, int milliseconds, CRMessage *message, char *error, size_t size);
/// The headers of the message that `cr_next` gave, as a table.
CRValue cr_headers(const CRConnection *connection);
/// What a list or a table holds at a place below its count.
CRField cr_item(const CRValue *holder, size_t place);
int cr_acknowledge(CRConnection *connection, uint64_t tag, char *error, size_t size);
/// How many messages wait in a queue; makes none.
int cr_count(CRConnection *connection, const char *queue, uint32_t *count, char *error, size_t size);

/// Asks for confirmations of what is sent to a queue that must exist.
int cr_confirm(CRConnection *connection, const char *queue, bool *refused, char *error, size_t size);
/// Sends a persistent message.
int cr_publish(
    CRConnection *connection, const char *queue, CRBytes body, const char *message_id, CRBytes correlation_id, const CRHeader *headers,
    size_t header_count, char *error, size_t size);
/// Waits for what the broker says about messages that were sent.
int cr_confirmation(CRConnection *connection, int milliseconds, CRConfirmation *confirmation, char *error, size_t size);

#ifdef __cplusplus
}
#endif
