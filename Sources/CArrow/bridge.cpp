// Arrays in and out through the C data interface, and the few types that the house knows.
#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/c/bridge.h>
#include <arrow/compute/api.h>
#include <arrow/extension_type.h>

#include <cstdlib>
#include <cstring>
#include <limits>

#include "support.h"

namespace {
using arrow::Type;

bool isText(Type::type id) { return id == Type::STRING || id == Type::LARGE_STRING || id == Type::STRING_VIEW; }
bool isListLike(Type::type id) {
  return id == Type::LIST || id == Type::LARGE_LIST || id == Type::FIXED_SIZE_LIST || id == Type::LIST_VIEW || id == Type::LARGE_LIST_VIEW;
}
std::shared_ptr<arrow::DataType> categories() { return arrow::dictionary(arrow::int32(), arrow::large_utf8()); }
}  // namespace

std::shared_ptr<arrow::DataType> ca::houseType(const std::shared_ptr<arrow::DataType> &type) {
  switch (type->id()) {
    case Type::INT8: case Type::INT16: case Type::INT32: case Type::INT64: case Type::UINT8: case Type::UINT16: case Type::UINT32:
    case Type::UINT64: case Type::FLOAT: case Type::DOUBLE: case Type::BOOL: case Type::STRING: case Type::LARGE_STRING:
      return type;
    case Type::HALF_FLOAT: return arrow::float32();
    case Type::DECIMAL32: case Type::DECIMAL64: case Type::DECIMAL128: case Type::DECIMAL256:
    // Nothing is known of a column without a value; numbers are what most uses of it expect.
    case Type::NA:
      return arrow::float64();
    case Type::STRING_VIEW: case Type::TIME32: case Type::TIME64: return arrow::large_utf8();
    case Type::DATE32: case Type::DATE64: return arrow::timestamp(arrow::TimeUnit::MICRO);
    case Type::TIMESTAMP:
      return arrow::timestamp(arrow::TimeUnit::MICRO, static_cast<const arrow::TimestampType &>(*type).timezone());
    case Type::DURATION: return arrow::int64();
    case Type::DICTIONARY: {
      auto value = static_cast<const arrow::DictionaryType &>(*type).value_type();
      return isText(value->id()) ? categories() : houseType(value);
    }
    case Type::RUN_END_ENCODED: return houseType(static_cast<const arrow::RunEndEncodedType &>(*type).value_type());
    case Type::EXTENSION: return houseType(static_cast<const arrow::ExtensionType &>(*type).storage_type());
    case Type::LIST: case Type::FIXED_SIZE_LIST: case Type::LIST_VIEW:
      return arrow::list(houseType(type->field(0)->type()));
    case Type::LARGE_LIST: case Type::LARGE_LIST_VIEW:
      return arrow::large_list(houseType(type->field(0)->type()));
    default:
      throw Failure{CA_ERROR_TYPE, "values of Arrow's type " + type->ToString() + " have no place in a table"};
  }
}

namespace {
std::shared_ptr<arrow::Array> cast(const std::shared_ptr<arrow::Array> &array, const std::shared_ptr<arrow::DataType> &type) {
  arrow::compute::CastOptions options;
  options.to_type = type;
  // Nanoseconds lose what is smaller than a microsecond.
  options.allow_time_truncate = true;
  options.allow_decimal_truncate = true;
  return ca::take(arrow::compute::Cast(*array, type, options));
}

// An array of the type that `houseType` names.
std::shared_ptr<arrow::Array> convert(std::shared_ptr<arrow::Array> array) {
  const auto id = array->type_id();
  if (id == Type::EXTENSION) return convert(static_cast<const arrow::ExtensionArray &>(*array).storage());
  if (id == Type::RUN_END_ENCODED) {
    return convert(ca::take(arrow::compute::CallFunction("run_end_decode", {array})).make_array());
  }
  const auto wanted = ca::houseType(array->type());
  if (id == Type::DICTIONARY) {
    const auto &encoded = static_cast<const arrow::DictionaryArray &>(*array);
    const auto &type = static_cast<const arrow::DictionaryType &>(*array->type());
    if (wanted->id() == Type::DICTIONARY && encoded.dictionary()->null_count() == 0) {
      auto indices = encoded.indices()->type_id() == Type::INT32 ? encoded.indices() : cast(encoded.indices(), arrow::int32());
      auto values = isText(type.value_type()->id()) && type.value_type()->id() != Type::STRING_VIEW
                        ? encoded.dictionary()
                        : cast(encoded.dictionary(), arrow::large_utf8());
      return ca::take(arrow::DictionaryArray::FromArrays(arrow::dictionary(arrow::int32(), values->type()), indices, values));
    }
    auto decoded = cast(array, type.value_type());
    if (wanted->id() != Type::DICTIONARY) return convert(decoded);
    return convert(ca::take(arrow::compute::DictionaryEncode(decoded)).make_array());
  }
  if (isListLike(id)) {
    if (id == Type::FIXED_SIZE_LIST || id == Type::LIST_VIEW || id == Type::LARGE_LIST_VIEW) {
      auto element = array->type()->field(0)->type();
      array = cast(array, id == Type::LARGE_LIST_VIEW ? arrow::large_list(element) : arrow::list(element));
    }
    auto data = array->data()->Copy();
    auto elements = convert(arrow::MakeArray(data->child_data[0]));
    data->child_data[0] = elements->data();
    data->type = array->type_id() == Type::LIST ? arrow::list(elements->type()) : arrow::large_list(elements->type());
    return arrow::MakeArray(data);
  }
  if (id == Type::NA) return ca::take(arrow::MakeArrayOfNull(wanted, array->length()));
  if (wanted->Equals(*array->type())) return array;
  if (id == Type::TIME32 || id == Type::TIME64) {
    // A clock that only ever shows whole seconds is written without their fractions.
    auto seconds = arrow::compute::Cast(*array, arrow::time32(arrow::TimeUnit::SECOND));
    return cast(seconds.ok() ? *seconds : array, wanted);
  }
  if (id == Type::DURATION) {
    return cast(cast(array, arrow::duration(arrow::TimeUnit::MICRO)), arrow::int64());
  }
  return cast(array, wanted);
}

int64_t textBytes(const arrow::Array &array) {
  switch (array.type_id()) {
    case Type::STRING: return static_cast<const arrow::StringArray &>(array).total_values_length();
    case Type::LARGE_STRING: return static_cast<const arrow::LargeStringArray &>(array).total_values_length();
    default: return 0;
  }
}
}  // namespace

std::shared_ptr<arrow::Array> ca::house(const std::shared_ptr<arrow::ChunkedArray> &column) {
  ensureCompute();
  auto source = column;
  if (source->type()->id() == Type::DICTIONARY && source->num_chunks() > 1) {
    auto chunks = arrow::ArrayVector();
    for (const auto &chunk : source->chunks()) {
      chunks.push_back(convert(chunk));
      // Texts of one width of offsets, so that the lists can be made one.
      if (chunks.back()->type_id() == Type::DICTIONARY) chunks.back() = cast(chunks.back(), categories());
    }
    source = take(arrow::ChunkedArray::Make(chunks));
    if (source->type()->id() == Type::DICTIONARY) source = take(arrow::DictionaryUnifier::UnifyChunkedArray(source));
  }
  if (source->num_chunks() == 0) return take(arrow::MakeEmptyArray(houseType(source->type())));
  if (source->num_chunks() == 1) return convert(source->chunk(0));
  arrow::ArrayVector chunks;
  int64_t bytes = 0;
  for (const auto &chunk : source->chunks()) {
    if (chunk->length() == 0) continue;
    chunks.push_back(convert(chunk));
    bytes += textBytes(*chunks.back());
  }
  if (chunks.empty()) return convert(source->chunk(0));
  if (bytes > std::numeric_limits<int32_t>::max() && chunks[0]->type_id() == Type::STRING) {
    for (auto &chunk : chunks) chunk = cast(chunk, arrow::large_utf8());
  }
  if (chunks[0]->type_id() == Type::LIST) {
    // Offsets of 32 bits may not reach over all chunks together.
    int64_t elements = 0;
    for (const auto &chunk : chunks) elements += static_cast<const arrow::ListArray &>(*chunk).values()->length();
    if (elements > std::numeric_limits<int32_t>::max()) {
      for (auto &chunk : chunks) chunk = cast(chunk, arrow::large_list(chunk->type()->field(0)->type()));
    }
  }
  return chunks.size() == 1 ? chunks[0] : take(arrow::Concatenate(chunks));
}

std::shared_ptr<arrow::Table> ca::asTable(const arrow::Datum &datum) {
  if (datum.kind() == arrow::Datum::TABLE) return datum.table();
  if (datum.kind() == arrow::Datum::RECORD_BATCH) return take(arrow::Table::FromRecordBatches({datum.record_batch()}));
  throw Failure{CA_ERROR_TYPE, "a table is needed, not " + datum.ToString()};
}

std::shared_ptr<arrow::RecordBatch> ca::asBatch(const arrow::Datum &datum) {
  if (datum.kind() == arrow::Datum::RECORD_BATCH) return datum.record_batch();
  return take(asTable(datum)->CombineChunksToBatch());
}

std::shared_ptr<arrow::ChunkedArray> ca::asColumn(const arrow::Datum &datum) {
  if (datum.kind() == arrow::Datum::ARRAY) return std::make_shared<arrow::ChunkedArray>(datum.make_array());
  if (datum.kind() == arrow::Datum::CHUNKED_ARRAY) return datum.chunked_array();
  if (datum.kind() == arrow::Datum::SCALAR) {
    return std::make_shared<arrow::ChunkedArray>(take(arrow::MakeArrayFromScalar(*datum.scalar(), 1)));
  }
  throw Failure{CA_ERROR_TYPE, "a column is needed, not " + datum.ToString()};
}

std::shared_ptr<arrow::Table> ca::flatten(std::shared_ptr<arrow::Table> table) {
  auto isNested = [&] {
    for (const auto &field : table->schema()->fields()) {
      if (field->type()->id() == Type::STRUCT) return true;
    }
    return false;
  };
  while (isNested()) table = take(table->Flatten());
  return table;
}

void ca::ensureCompute() {
  static const arrow::Status status = arrow::compute::Initialize();
  check(status);
}

std::shared_ptr<arrow::Table> CAReaderObject::all() {
  std::vector<std::shared_ptr<arrow::Table>> tables;
  while (auto table = next()) tables.push_back(table);
  if (tables.empty()) return ca::take(arrow::Table::MakeEmpty(schema()));
  return ca::take(arrow::ConcatenateTables(tables));
}

extern "C" {
int64_t ca_live_handles(void) { return ca::liveHandles.load(std::memory_order_relaxed); }

void ca_datum_release(CADatum datum) {
  ca::liveHandles.fetch_sub(1, std::memory_order_relaxed);
  delete datum;
}

CADatum ca_datum_retain(CADatum datum, CAError *error) { CA_TRY(nullptr, return ca::own(datum->value);) }

CADatum ca_import(struct ArrowArray *array, struct ArrowSchema *schema, CAError *error) {
  CA_TRY(nullptr, return ca::own(ca::take(arrow::ImportArray(array, schema)));)
}

int32_t ca_export(CADatum datum, struct ArrowArray *array, struct ArrowSchema *schema, CAError *error) {
  CA_TRY(-1, {
    ca::check(arrow::ExportArray(*ca::house(ca::asColumn(datum->value)), array, schema));
    return 0;
  })
}

CADatum ca_table(CADatums columns, CATexts names, CAError *error) {
  CA_TRY(nullptr, {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (int64_t i = 0; i < columns.count; i++) {
      arrays.push_back(ca::house(ca::asColumn(columns.items[i]->value)));
      fields.push_back(arrow::field(names.items[i], arrays.back()->type()));
    }
    const int64_t rows = arrays.empty() ? 0 : arrays[0]->length();
    return ca::own(arrow::RecordBatch::Make(arrow::schema(fields), rows, arrays));
  })
}

CADatum ca_table_flatten(CADatum table, CAError *error) { CA_TRY(nullptr, return ca::own(ca::flatten(ca::asTable(table->value)));) }

int64_t ca_table_column_count(CADatum table) { return table->value.schema() ? table->value.schema()->num_fields() : 0; }

int64_t ca_length(CADatum datum) { return datum->value.length(); }

const char *ca_table_column_name(CADatum table, int64_t column) {
  return table->value.schema()->field(static_cast<int>(column))->name().c_str();
}

CADatum ca_table_column(CADatum table, int64_t column, CAError *error) {
  CA_TRY(nullptr, {
    const auto place = static_cast<int>(column);
    if (table->value.kind() == arrow::Datum::RECORD_BATCH) return ca::own(table->value.record_batch()->column(place));
    return ca::own(ca::asTable(table->value)->column(place));
  })
}

CADatum ca_concatenate(CADatums parts, CAError *error) {
  CA_TRY(nullptr, {
    arrow::ArrayVector arrays;
    bool wide = false, wideList = false;
    for (int64_t i = 0; i < parts.count; i++) {
      arrays.push_back(ca::house(ca::asColumn(parts.items[i]->value)));
      wide |= arrays.back()->type_id() == Type::LARGE_STRING;
      wideList |= arrays.back()->type_id() == Type::LARGE_LIST;
    }
    for (auto &array : arrays) {
      if (wide && array->type_id() == Type::STRING) array = cast(array, arrow::large_utf8());
      if (wideList && array->type_id() == Type::LIST) array = cast(array, arrow::large_list(array->type()->field(0)->type()));
      if (array->type_id() == Type::DICTIONARY) array = cast(array, categories());
    }
    if (wideList) {
      for (auto &array : arrays) {
        // The elements' own width, too.
        if (!array->type()->Equals(*arrays[0]->type())) array = cast(array, arrays[0]->type());
      }
    }
    return ca::own(ca::house(ca::take(arrow::ChunkedArray::Make(arrays))));
  })
}

char *ca_type(CADatum datum, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    const auto type = datum->value.type();
    char *text = strdup(ca::name(*ca::houseType(type)).c_str());
    if (text == nullptr) throw std::bad_alloc();
    return text;
  })
}
}
