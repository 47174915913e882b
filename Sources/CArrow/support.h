// Handles, and the one place where C++ exceptions and Arrow's statuses end.
#pragma once

// The C header says which pointers may be null; Arrow's own types need no such word.
#pragma clang diagnostic ignored "-Wnullability-completeness"
// The C data interface is declared by our own header, which is spelled as the specification does.
#include "include/carrow.h"

#include <arrow/api.h>
#include <arrow/datum.h>
#include <arrow/io/interfaces.h>
#include <arrow/record_batch.h>
#include <arrow/util/value_parsing.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

struct CADatumObject {
  arrow::Datum value;
};

namespace ca {

// Handles given to Swift and not yet released.
extern std::atomic<int64_t> liveHandles;

// What is wrong, in the house's words.
struct Failure {
  CAErrorKind kind = CA_ERROR_INVALID;
  std::string message;
  std::string column;
  std::string value;
  std::string expected;
  int64_t line = 0;
};

inline void check(const arrow::Status &status) {
  if (status.ok()) return;
  CAErrorKind kind = CA_ERROR_ENGINE;
  if (status.IsInvalid() || status.IsKeyError() || status.IsIndexError()) kind = CA_ERROR_INVALID;
  if (status.IsIOError()) kind = CA_ERROR_FILE;
  if (status.IsOutOfMemory() || status.IsCapacityError()) kind = CA_ERROR_OUT_OF_MEMORY;
  if (status.IsTypeError() || status.IsNotImplemented()) kind = CA_ERROR_TYPE;
  throw Failure{kind, status.message()};
}
template <typename Value>
Value take(arrow::Result<Value> result) {
  check(result.status());
  return std::move(result).ValueUnsafe();
}

// Turns the exception in flight into an error object. Call inside a catch block only.
void report(CAError _Nonnull *_Nonnull error) noexcept;

inline CADatum own(arrow::Datum value) {
  auto *handle = new CADatumObject{std::move(value)};
  liveHandles.fetch_add(1, std::memory_order_relaxed);
  return handle;
}
inline std::vector<std::string> texts(CATexts list) { return std::vector<std::string>(list.items, list.items + list.count); }

// Types between Arrow's and the house's words.
std::shared_ptr<arrow::DataType> type(const std::string &name);
std::string name(const arrow::DataType &type);
// The type that an array of this type has once it is in the house; a failure for binary data, maps and the like.
std::shared_ptr<arrow::DataType> houseType(const std::shared_ptr<arrow::DataType> &type);
// One contiguous array of a type of the house.
std::shared_ptr<arrow::Array> house(const std::shared_ptr<arrow::ChunkedArray> &column);
std::shared_ptr<arrow::Table> asTable(const arrow::Datum &datum);
std::shared_ptr<arrow::RecordBatch> asBatch(const arrow::Datum &datum);
std::shared_ptr<arrow::ChunkedArray> asColumn(const arrow::Datum &datum);
std::shared_ptr<arrow::Table> flatten(std::shared_ptr<arrow::Table> table);

// Arrow's kernels are registered once.
void ensureCompute();

// The file's bytes, unpacked if it is compressed by gzip, zstd, bzip2 or lz4.
std::shared_ptr<arrow::io::InputStream> open(const std::string &path);
// The same as UTF-8. `encoding` is an iconv name.
std::shared_ptr<arrow::io::InputStream> open(const std::string &path, const std::string &encoding);
std::shared_ptr<arrow::io::OutputStream> packed(std::shared_ptr<arrow::io::OutputStream> output, CACompression compression);

// JSON --------------------------------------------------------------------------------------------------------------------------------------
void appendJSON(std::string_view text, std::string *result);
// One value of an array of a type of the house: numbers that are not finite become null, times ISO 8601.
void appendJSON(const arrow::Array &array, int64_t row, std::string *result);

// What all cells of a column of texts could be, whatever the order in which they come.
class Inference {
 public:
  struct Format {
    char decimal = '.';
    char thousands = 0;
    std::vector<std::string> trueTexts, falseTexts;
    std::vector<std::shared_ptr<arrow::TimestampParser>> timeFormats;
  };
  void see(std::string_view cell, const Format &format);
  // What fits the cells of both.
  void merge(const Inference &other);
  // In the house's words; a column without a value holds numbers.
  std::string type() const;
  bool isNative = true;  // Arrow's own conversion understands all numbers and times

 private:
  bool any = false, integer = true, number = true, boolean = true, time = true, zonedTime = true;
};

// A whole column of texts as another type. `column` is for the message.
std::shared_ptr<arrow::Array> convertTexts(
    const std::shared_ptr<arrow::Array> &texts, const std::string &type, const Inference::Format &format, const std::string &column);

}  // namespace ca

struct CAReaderObject {
  virtual ~CAReaderObject() = default;
  virtual std::shared_ptr<arrow::Schema> schema() = 0;
  // Null at the end.
  virtual std::shared_ptr<arrow::Table> next() = 0;
  virtual std::shared_ptr<arrow::Table> all();
};

#define CA_TRY(fallback, ...) \
  try {                       \
    __VA_ARGS__               \
  } catch (...) {             \
    ca::report(error);        \
    return fallback;          \
  }
