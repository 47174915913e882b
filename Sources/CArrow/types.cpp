// The house's words for types.
#include "support.h"

std::shared_ptr<arrow::DataType> ca::type(const std::string &name) {
  static const std::vector<std::pair<std::string, std::shared_ptr<arrow::DataType>>> plain = {
      {"int8", arrow::int8()}, {"int16", arrow::int16()}, {"int32", arrow::int32()}, {"int64", arrow::int64()},
      {"uint8", arrow::uint8()}, {"uint16", arrow::uint16()}, {"uint32", arrow::uint32()}, {"uint64", arrow::uint64()},
      {"float32", arrow::float32()}, {"float64", arrow::float64()}, {"boolean", arrow::boolean()}, {"text", arrow::large_utf8()},
      {"categorical", arrow::dictionary(arrow::int32(), arrow::large_utf8())}, {"timestamp", arrow::timestamp(arrow::TimeUnit::MICRO)},
  };
  for (const auto &[word, type] : plain) {
    if (word == name) return type;
  }
  const auto inner = [&](const std::string &start, char end) {
    return name.size() > start.size() && name.compare(0, start.size(), start) == 0 && name.back() == end
               ? name.substr(start.size(), name.size() - start.size() - 1)
               : std::string();
  };
  if (auto zone = inner("timestamp[", ']'); !zone.empty()) return arrow::timestamp(arrow::TimeUnit::MICRO, zone);
  if (auto element = inner("list<", '>'); !element.empty()) return arrow::large_list(type(element));
  throw Failure{CA_ERROR_TYPE, "there is no type '" + name + "'"};
}

std::string ca::name(const arrow::DataType &type) {
  using arrow::Type;
  switch (type.id()) {
    case Type::FLOAT: return "float32";
    case Type::DOUBLE: return "float64";
    case Type::BOOL: return "boolean";
    case Type::STRING: case Type::LARGE_STRING: return "text";
    case Type::DICTIONARY: return "categorical";
    case Type::TIMESTAMP: {
      const auto &zone = static_cast<const arrow::TimestampType &>(type).timezone();
      return zone.empty() ? "timestamp" : "timestamp[" + zone + "]";
    }
    case Type::LIST: case Type::LARGE_LIST: return "list<" + name(*type.field(0)->type()) + ">";
    default: return type.name();
  }
}
