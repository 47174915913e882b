// JSON Lines as a stream of tables, and rows as JSON.
#include <arrow/array/builder_base.h>
#include <arrow/compute/api.h>

#include <charconv>
#include <cmath>
#include <ctime>
#include <unordered_map>

#include "json_text.h"

namespace {
struct Leaf {
  std::vector<std::string> path;  // through objects within objects
  std::string name;               // joined by dots
  std::string type;               // as it is built
  std::string wanted;             // as it is handed out
};

void collect(const ca::JSONType &type, std::vector<std::string> path, std::vector<Leaf> *leaves) {
  for (const auto &[name, member] : type.members) {
    auto own = path;
    own.push_back(name);
    if (member->isOnlyObjects() && !member->members.empty()) {
      collect(*member, own, leaves);
    } else {
      std::string joined;
      for (const auto &part : own) joined += (joined.empty() ? "" : ".") + part;
      leaves->push_back({own, joined, member->type(), member->type()});
    }
  }
}

const ca::JSONValue *find(const ca::JSONValue &object, const std::vector<std::string> &path) {
  const ca::JSONValue *value = &object;
  for (const auto &name : path) {
    const ca::JSONValue *member = nullptr;
    // Where a name comes twice, the last one counts, as in most readers.
    for (size_t i = 0; i < value->names.size(); i++) {
      if (value->names[i] == name) member = &value->items[i];
    }
    if (member == nullptr) return nullptr;
    value = member;
  }
  return value;
}

std::shared_ptr<arrow::DataType> built(const std::string &type) {
  if (type == "int64" || type == "float64" || type == "boolean" || type == "text" || type.rfind("timestamp", 0) == 0) return ca::type(type);
  if (type.rfind("list<", 0) == 0) return arrow::large_list(built(type.substr(5, type.size() - 6)));
  const auto exact = ca::type(type);
  if (arrow::is_integer(exact->id())) return arrow::int64();
  if (arrow::is_floating(exact->id())) return arrow::float64();
  return arrow::large_utf8();
}

class JSONStream : public CAReaderObject {
 public:
  JSONStream(
      const std::string &path, const std::vector<std::string> &columns, const std::vector<std::string> &typed,
      const std::vector<std::string> &types, int64_t batchRows)
      : batchRows(batchRows) {
    ca::JSONType type;
    ca::JSONValue value;
    ca::JSONObjects first(ca::open(path));
    while (first.next(&value)) type.see(value);
    collect(type, {}, &leaves);
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < leaves.size(); i++) {
      if (!places.try_emplace(leaves[i].name, i).second) {
        const auto &name = leaves[i].name;
        throw ca::Failure{CA_ERROR_INVALID, "two columns are called '" + name + "': a name with a dot, and a name within an object"};
      }
    }
    for (size_t i = 0; i < typed.size(); i++) {
      const auto found = places.find(typed[i]);
      if (found == places.end()) throw ca::Failure{CA_ERROR_INVALID, "there is no such column", typed[i], "", "column"};
      leaves[found->second].wanted = types[i];
      leaves[found->second].type = types[i];
    }
    if (!columns.empty()) {
      std::vector<Leaf> chosen;
      for (const auto &name : columns) {
        const auto found = places.find(name);
        if (found == places.end()) throw ca::Failure{CA_ERROR_INVALID, "there is no such column", name, "", "column"};
        chosen.push_back(leaves[found->second]);
      }
      leaves = chosen;
    }
    for (const auto &leaf : leaves) fields.push_back(arrow::field(leaf.name, ca::type(leaf.wanted)));
    objects = std::make_unique<ca::JSONObjects>(ca::open(path));
  }

  std::shared_ptr<arrow::Schema> schema() override { return arrow::schema(fields); }

  std::shared_ptr<arrow::Table> next() override {
    std::vector<std::unique_ptr<arrow::ArrayBuilder>> builders;
    for (const auto &leaf : leaves) builders.push_back(ca::take(arrow::MakeBuilder(built(leaf.type))));
    int64_t rows = 0;
    ca::JSONValue value;
    while (rows < batchRows && objects->next(&value)) {
      for (size_t i = 0; i < leaves.size(); i++) {
        const auto *member = find(value, leaves[i].path);
        if (member == nullptr) ca::check(builders[i]->AppendNull());
        else ca::appendJSON(*member, leaves[i].type, builders[i].get(), leaves[i].name, objects->line);
      }
      rows++;
    }
    if (rows == 0) return nullptr;
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < leaves.size(); i++) {
      auto array = ca::take(builders[i]->Finish());
      const auto &wanted = fields[i]->type();
      if (!array->type()->Equals(*wanted)) {
        array = wanted->id() == arrow::Type::DICTIONARY ? ca::take(arrow::compute::DictionaryEncode(array)).make_array()
                                                        : ca::take(arrow::compute::Cast(*array, wanted));
      }
      arrays.push_back(array);
    }
    return arrow::Table::Make(schema(), arrays, rows);
  }

 private:
  int64_t batchRows;
  std::vector<Leaf> leaves;
  arrow::FieldVector fields;
  std::unique_ptr<ca::JSONObjects> objects;
};

template <typename Number>
void appendNumber(Number value, std::string *result) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  result->append(digits, end - digits);
}

template <typename Array>
bool appendNumberOf(const arrow::Array &array, int64_t row, std::string *result) {
  const auto value = static_cast<const Array &>(array).Value(row);
  if constexpr (std::is_floating_point_v<decltype(value)>) {
    if (!std::isfinite(value)) {
      result->append("null");
      return true;
    }
    const auto start = result->size();
    appendNumber(value, result);
    // A number that happens to be whole stays a number with a fraction.
    if (result->find_first_of(".e", start) == std::string::npos) result->append(".0");
  } else {
    appendNumber(value, result);
  }
  return true;
}

void appendTime(int64_t microseconds, bool zoned, std::string *result) {
  int64_t seconds = microseconds / 1000000, rest = microseconds % 1000000;
  if (rest < 0) {
    rest += 1000000;
    seconds--;
  }
  const time_t moment = seconds;
  struct tm parts;
  gmtime_r(&moment, &parts);
  char text[64];
  auto length = std::snprintf(
      text, sizeof text, "\"%04d-%02d-%02dT%02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
      parts.tm_min, parts.tm_sec);
  result->append(text, length);
  if (rest != 0) {
    length = std::snprintf(text, sizeof text, ".%06d", static_cast<int>(rest));
    result->append(text, length);
  }
  result->append(zoned ? "Z\"" : "\"");
}
}  // namespace

void ca::appendJSON(std::string_view text, std::string *result) {
  result->push_back('"');
  for (const char byte : text) {
    switch (byte) {
      case '"': result->append("\\\""); break;
      case '\\': result->append("\\\\"); break;
      case '\n': result->append("\\n"); break;
      case '\r': result->append("\\r"); break;
      case '\t': result->append("\\t"); break;
      default:
        if (static_cast<unsigned char>(byte) < 0x20) {
          char escaped[8];
          std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
          result->append(escaped);
        } else {
          result->push_back(byte);
        }
    }
  }
  result->push_back('"');
}

void ca::appendJSON(const arrow::Array &array, int64_t row, std::string *result) {
  using arrow::Type;
  if (array.IsNull(row)) {
    result->append("null");
    return;
  }
  const auto list = [&](const auto &lists) {
    result->push_back('[');
    for (int64_t i = 0; i < lists.value_length(row); i++) {
      if (i > 0) result->push_back(',');
      appendJSON(*lists.values(), lists.value_offset(row) + i, result);
    }
    result->push_back(']');
  };
  switch (array.type_id()) {
    case Type::BOOL: result->append(static_cast<const arrow::BooleanArray &>(array).Value(row) ? "true" : "false"); return;
    case Type::INT8: appendNumberOf<arrow::Int8Array>(array, row, result); return;
    case Type::INT16: appendNumberOf<arrow::Int16Array>(array, row, result); return;
    case Type::INT32: appendNumberOf<arrow::Int32Array>(array, row, result); return;
    case Type::INT64: appendNumberOf<arrow::Int64Array>(array, row, result); return;
    case Type::UINT8: appendNumberOf<arrow::UInt8Array>(array, row, result); return;
    case Type::UINT16: appendNumberOf<arrow::UInt16Array>(array, row, result); return;
    case Type::UINT32: appendNumberOf<arrow::UInt32Array>(array, row, result); return;
    case Type::UINT64: appendNumberOf<arrow::UInt64Array>(array, row, result); return;
    case Type::FLOAT: appendNumberOf<arrow::FloatArray>(array, row, result); return;
    case Type::DOUBLE: appendNumberOf<arrow::DoubleArray>(array, row, result); return;
    case Type::STRING: appendJSON(static_cast<const arrow::StringArray &>(array).GetView(row), result); return;
    case Type::LARGE_STRING: appendJSON(static_cast<const arrow::LargeStringArray &>(array).GetView(row), result); return;
    case Type::TIMESTAMP: {
      const auto &type = static_cast<const arrow::TimestampType &>(*array.type());
      appendTime(static_cast<const arrow::TimestampArray &>(array).Value(row), !type.timezone().empty(), result);
      return;
    }
    case Type::DICTIONARY: {
      const auto &encoded = static_cast<const arrow::DictionaryArray &>(array);
      appendJSON(*encoded.dictionary(), encoded.GetValueIndex(row), result);
      return;
    }
    case Type::LIST: list(static_cast<const arrow::ListArray &>(array)); return;
    case Type::LARGE_LIST: list(static_cast<const arrow::LargeListArray &>(array)); return;
    default: throw Failure{CA_ERROR_TYPE, "values of Arrow's type " + array.type()->ToString() + " cannot be written as JSON"};
  }
}

extern "C" CAReader ca_json_stream(
    const char *path, CATexts columns, CATexts typed_columns, CATexts types, int64_t batch_rows, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    CAReader reader = new JSONStream(path, ca::texts(columns), ca::texts(typed_columns), ca::texts(types), batch_rows);
    ca::liveHandles.fetch_add(1, std::memory_order_relaxed);
    return reader;
  })
}
