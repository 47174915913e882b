// The C ABI over Arrow C++: columns in and out without copying, files, and computing.
//
// Ownership: a handle that a call returns is the caller's and goes back through its release function; a handle that is passed in is
// borrowed. Texts that are returned as `const char *` live as long as their handle. Every call that can fail takes `CAError *error` last: it
// stays untouched on success and receives an error object on failure, to be read and then freed by `ca_error_free`. No C++ exception ever
// leaves a call.
#ifndef CARROW_H
#define CARROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma clang assume_nonnull begin

#if defined(__GNUC__)
#define CA_API __attribute__((visibility("default")))
#else
#define CA_API
#endif

// Arrow's C data interface, as its specification spells it ---------------------------------------------------------------------------------
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE
struct ArrowSchema {
  const char *_Nullable format;
  const char *_Nullable name;
  const char *_Nullable metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema *_Nullable *_Nullable children;
  struct ArrowSchema *_Nullable dictionary;
  void (*_Nullable release)(struct ArrowSchema *_Nullable);
  void *_Nullable private_data;
};
struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void *_Nullable *_Nullable buffers;
  struct ArrowArray *_Nullable *_Nullable children;
  struct ArrowArray *_Nullable dictionary;
  void (*_Nullable release)(struct ArrowArray *_Nullable);
  void *_Nullable private_data;
};
#endif

typedef struct CAErrorObject *CAError;
typedef struct CADatumObject *CADatum;    // an array, a scalar or a table
typedef struct CACSVObject *CACSV;        // a CSV file whose layout is known
typedef struct CAReaderObject *CAReader;  // yields a table at a time
typedef struct CAWriterObject *CAWriter;  // takes a table at a time

typedef struct { const char *_Nonnull const *_Nullable items; int64_t count; } CATexts;
typedef struct { const CADatum _Nonnull *_Nullable items; int64_t count; } CADatums;

// Errors ---------------------------------------------------------------------------------------------------------------------------------
typedef enum : int32_t { CA_ERROR_INVALID = 0, CA_ERROR_FILE = 1, CA_ERROR_OUT_OF_MEMORY = 2, CA_ERROR_TYPE = 3, CA_ERROR_ENGINE = 4 } CAErrorKind;
CA_API CAErrorKind ca_error_kind(CAError error);
CA_API const char *ca_error_message(CAError error);
// What of a file does not fit, where that is known: the column's name, the value, what was expected, the line from 1 (0: not known).
CA_API const char *_Nullable ca_error_column(CAError error);
CA_API const char *_Nullable ca_error_value(CAError error);
CA_API const char *_Nullable ca_error_expected(CAError error);
CA_API int64_t ca_error_line(CAError error);
CA_API void ca_error_free(CAError error);

// Data -----------------------------------------------------------------------------------------------------------------------------------
// Handles given out and not yet released.
CA_API int64_t ca_live_handles(void);
CA_API void ca_datum_release(CADatum datum);
CA_API CADatum _Nullable ca_datum_retain(CADatum datum, CAError _Nullable *_Nonnull error);
// Takes over both structures.
CA_API CADatum _Nullable ca_import(struct ArrowArray *array, struct ArrowSchema *schema, CAError _Nullable *_Nonnull error);
// One contiguous array of a type that the house knows: fixed-width numbers, booleans (b), texts (u, U), categories (dictionary of int32 and
// texts), timestamps in microseconds (tsu:), lists (+l, +L) of these. Everything else is converted, or an error.
CA_API int32_t ca_export(
    CADatum datum, struct ArrowArray *array, struct ArrowSchema *schema, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_table(CADatums columns, CATexts names, CAError _Nullable *_Nonnull error);
// Columns of columns become columns under the names `outer.inner`.
CA_API CADatum _Nullable ca_table_flatten(CADatum table, CAError _Nullable *_Nonnull error);
CA_API int64_t ca_table_column_count(CADatum table);
CA_API int64_t ca_length(CADatum datum);
CA_API const char *ca_table_column_name(CADatum table, int64_t column);
CA_API CADatum _Nullable ca_table_column(CADatum table, int64_t column, CAError _Nullable *_Nonnull error);

// Computing ------------------------------------------------------------------------------------------------------------------------------
CA_API CADatum _Nullable ca_scalar_missing(CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_scalar_int(int64_t value, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_scalar_double(double value, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_scalar_bool(bool value, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_scalar_text(const char *bytes, int64_t count, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_scalar_timestamp(int64_t microseconds, const char *_Nullable zone, CAError _Nullable *_Nonnull error);
// Arrays of one type under each other.
CA_API CADatum _Nullable ca_concatenate(CADatums parts, CAError _Nullable *_Nonnull error);
// A scalar as a column of `count` rows; an array stays.
CA_API CADatum _Nullable ca_broadcast(CADatum datum, int64_t count, CAError _Nullable *_Nonnull error);
// The type in the house's words (`int64`, `text`, `timestamp[UTC]`).
CA_API char *_Nullable ca_type(CADatum datum, CAError _Nullable *_Nonnull error);  // malloc'ed

typedef enum : int32_t {
  CA_OPTIONS_NONE = 0,
  CA_OPTIONS_CAST = 1,         // text: the type in the house's words
  CA_OPTIONS_MATCH = 2,        // text: the pattern; flag: ignore case
  CA_OPTIONS_SET = 3,          // datum: the values
  CA_OPTIONS_STRPTIME = 4,     // text: the format
  CA_OPTIONS_STRFTIME = 5,     // text: the format
  CA_OPTIONS_ROUND = 6,        // first: digits
  CA_OPTIONS_REPLACE = 7,      // text: the pattern, other: its replacement
  CA_OPTIONS_SLICE = 8,        // first, second: from and to, in characters
  CA_OPTIONS_WEEK = 9,         // weeks begin on Monday, which is 1
  CA_OPTIONS_CONCATENATE = 10  // a missing part makes the whole missing
} CAOptionsKind;
typedef struct {
  CAOptionsKind kind;
  const char *_Nullable text;
  const char *_Nullable other;
  int64_t first;
  int64_t second;
  bool flag;
  CADatum _Nullable datum;
} CAOptions;
// A function of Arrow's registry by its name.
CA_API CADatum _Nullable ca_call(
    const char *function, CADatums arguments, CAOptions options, CAError _Nullable *_Nonnull error);
// Places (uint64) that sort the table: stable, missing last.
CA_API CADatum _Nullable ca_sort(
    CADatum table, CATexts columns, const bool *_Nullable descending, CAError _Nullable *_Nonnull error);
// The number of the group (uint32) of each row, in the order in which the groups come first.
CA_API CADatum _Nullable ca_groups(CADatum keys, int64_t *count, CAError _Nullable *_Nonnull error);
typedef enum : int32_t {
  CA_JOIN_INNER = 0, CA_JOIN_LEFT = 1, CA_JOIN_RIGHT = 2, CA_JOIN_FULL = 3, CA_JOIN_SEMI = 4, CA_JOIN_ANTI = 5
} CAJoin;
// Places (int64, missing where the side has no row) in both tables. Rows whose key is missing meet nobody. In the order of the left rows,
// then of the right ones; a right join in that of the right rows.
CA_API int32_t ca_join(
    CADatum left, CADatum right, CAJoin join, CADatum _Nullable *_Nonnull left_rows, CADatum _Nullable *_Nonnull right_rows,
    CAError _Nullable *_Nonnull error);
typedef struct {
  const char *function;  // Arrow's: hash_sum …, or `quantile` of `parameter`
  double parameter;      // degrees of freedom or the quantile
  int64_t column;        // of `values`
} CAAggregate;
// One row a group, one column an aggregate.
CA_API CADatum _Nullable ca_aggregate(
    CADatum groups, int64_t group_count, CADatum values, const CAAggregate *aggregates, int64_t count,
    CAError _Nullable *_Nonnull error);

// CSV ------------------------------------------------------------------------------------------------------------------------------------
typedef enum : int32_t { CA_RAGGED_ERROR = 0, CA_RAGGED_SKIP = 1, CA_RAGGED_FILL = 2 } CARagged;
typedef struct {
  const char *_Nullable encoding;  // an iconv name; null to find out
  char separator;                  // 0 to find out
  char quote;                      // 0 for none
  char escape;                     // 0 for none: quotes within quotes are doubled
  char decimal;
  char thousands;  // 0 for none
  bool header;
  bool quoted_can_be_missing;
  CARagged ragged;
  int64_t skip_lines;
  int64_t category_limit;  // texts of at most so many distinct values become categories; 0 for none
  CATexts names;           // given ones, in place of the header's
  CATexts missing;
  CATexts true_texts;
  CATexts false_texts;
  CATexts time_formats;  // strptime's; ISO 8601 is always known
  CATexts columns;       // wanted ones; none for all
  CATexts typed_columns;
  CATexts types;  // of the typed columns
  bool threads;
} CACSVOptions;
// Looks at the beginning of the file.
CA_API CACSV _Nullable ca_csv_open(const char *path, const CACSVOptions *options, CAError _Nullable *_Nonnull error);
CA_API void ca_csv_release(CACSV csv);
CA_API char ca_csv_separator(CACSV csv);
CA_API const char *ca_csv_encoding(CACSV csv);
CA_API int64_t ca_csv_column_count(CACSV csv);
CA_API const char *ca_csv_name(CACSV csv, int64_t column);
CA_API const char *ca_csv_original_name(CACSV csv, int64_t column);
CA_API int64_t ca_csv_skipped_rows(CACSV csv);
CA_API CADatum _Nullable ca_csv_read(CACSV csv, CAError _Nullable *_Nonnull error);
// Finds every column's type by reading up to `rows` rows (all if negative), in constant memory.
CA_API int32_t ca_csv_infer(CACSV csv, int64_t rows, CAError _Nullable *_Nonnull error);
// The type in the house's words: a forced one, or what `ca_csv_infer` found.
CA_API const char *ca_csv_type(CACSV csv, int64_t column);
CA_API void ca_csv_set_type(CACSV csv, int64_t column, const char *type);
// After `ca_csv_infer`, or with all types set.
CA_API CAReader _Nullable ca_csv_stream(CACSV csv, CAError _Nullable *_Nonnull error);

// Other formats --------------------------------------------------------------------------------------------------------------------------
CA_API CADatum _Nullable ca_parquet_read(const char *path, CATexts columns, bool threads, CAError _Nullable *_Nonnull error);
CA_API CAReader _Nullable ca_parquet_stream(
    const char *path, CATexts columns, int64_t batch_rows, CAError _Nullable *_Nonnull error);
// Arrow's file format and its stream format, told apart by the first bytes.
CA_API CAReader _Nullable ca_ipc_stream(const char *path, CATexts columns, CAError _Nullable *_Nonnull error);
// Objects, one after another or in one list. Types are found in a first pass over the file: no type that has been given fails a later value
// but those in `types`.
CA_API CAReader _Nullable ca_json_stream(
    const char *path, CATexts columns, CATexts typed_columns, CATexts types, int64_t batch_rows, CAError _Nullable *_Nonnull error);
// The columns' names and types, before any row: a table without rows.
CA_API CADatum _Nullable ca_reader_schema(CAReader reader, CAError _Nullable *_Nonnull error);
// Null without an error at the end.
CA_API CADatum _Nullable ca_reader_next(CAReader reader, CAError _Nullable *_Nonnull error);
CA_API CADatum _Nullable ca_reader_all(CAReader reader, CAError _Nullable *_Nonnull error);
CA_API void ca_reader_release(CAReader reader);

// Writing --------------------------------------------------------------------------------------------------------------------------------
typedef enum : int32_t {
  CA_FORMAT_CSV = 0, CA_FORMAT_PARQUET = 1, CA_FORMAT_IPC_FILE = 2, CA_FORMAT_IPC_STREAM = 3, CA_FORMAT_JSON_LINES = 4
} CAFormat;
typedef enum : int32_t { CA_COMPRESSION_NONE = 0, CA_COMPRESSION_GZIP = 1, CA_COMPRESSION_ZSTD = 2 } CACompression;
typedef struct {
  CAFormat format;
  CACompression compression;  // of the whole file; within a Parquet or Arrow file, of its blocks
  char separator;
  bool header;
  const char *_Nullable missing;  // how CSV spells it
} CAWriteOptions;
// `schema`: a table, with rows or without. Writes to a descriptor, which stays the caller's.
CA_API CAWriter _Nullable ca_writer_open(
    int32_t descriptor, CADatum schema, CAWriteOptions options, CAError _Nullable *_Nonnull error);
CA_API int32_t ca_writer_write(CAWriter writer, CADatum table, CAError _Nullable *_Nonnull error);
CA_API int32_t ca_writer_close(CAWriter writer, CAError _Nullable *_Nonnull error);
CA_API void ca_writer_release(CAWriter writer);

#pragma clang assume_nonnull end
#ifdef __cplusplus
}
#endif
#endif
