// The types of cells that are written as text.
#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/util/value_parsing.h>
#include <arrow/visit_data_inline.h>

#include <algorithm>
#include <charconv>

#include "support.h"

namespace {
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool isOneOf(std::string_view text, const std::vector<std::string> &list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

bool isInteger(std::string_view text, int64_t *value) {
  return arrow::internal::ParseValue<arrow::Int64Type>(text.data(), text.size(), value);
}

bool isNumber(std::string_view text, char decimal, double *value) {
  return arrow::internal::StringToFloat(text.data(), text.size(), decimal, value);
}

// `1,234,567.8` without its separators; false where they do not part the number in threes.
bool withoutThousands(std::string_view text, char thousands, char decimal, std::string *result) {
  result->clear();
  size_t place = 0;
  if (place < text.size() && (text[place] == '-' || text[place] == '+')) result->push_back(text[place++]);
  size_t digits = 0;
  bool parted = false;
  for (; place < text.size() && text[place] != decimal; place++) {
    if (text[place] == thousands) {
      if (digits == 0 || digits > 3 || (parted && digits != 3)) return false;
      parted = true;
      digits = 0;
    } else if (text[place] >= '0' && text[place] <= '9') {
      result->push_back(text[place]);
      digits++;
    } else {
      // An exponent, or no number: that is for the parser to say.
      if (parted) return false;
      break;
    }
  }
  if (parted && digits != 3) return false;
  result->append(text.substr(place));
  return true;
}

// Days, seconds or finer, as ISO 8601 or a format of the user's. `isNative`: Arrow reads it as microseconds itself.
bool isTime(std::string_view text, const ca::Inference::Format &format, bool *zoned, bool *isNative, int64_t *microseconds) {
  bool offset = false;
  if (arrow::internal::ParseTimestampISO8601(text.data(), text.size(), arrow::TimeUnit::MICRO, microseconds, &offset)) {
    *zoned = offset;
    return true;
  }
  int64_t fine = 0;
  if (arrow::internal::ParseTimestampISO8601(text.data(), text.size(), arrow::TimeUnit::NANO, &fine, &offset)) {
    *zoned = offset;
    *isNative = false;
    *microseconds = fine >= 0 ? fine / 1000 : -((-fine + 999) / 1000);
    return true;
  }
  for (const auto &parser : format.timeFormats) {
    if ((*parser)(text.data(), text.size(), arrow::TimeUnit::MICRO, microseconds, &offset)) {
      *zoned = offset;
      return true;
    }
  }
  return false;
}
}  // namespace

void ca::Inference::see(std::string_view cell, const Format &format) {
  any = true;
  if (!integer && !number && !boolean && !time && !zonedTime) return;
  const auto text = trimmed(cell);
  int64_t whole;
  double real;
  if (number || integer) {
    if (integer && isInteger(text, &whole)) {
      // A whole number is a number, too.
    } else if (isNumber(text, format.decimal, &real)) {
      integer = false;
    } else if (std::string plain; format.thousands != 0 && withoutThousands(text, format.thousands, format.decimal, &plain)) {
      isNative = false;
      if (!isInteger(plain, &whole)) {
        integer = false;
        if (!isNumber(plain, format.decimal, &real)) number = false;
      }
    } else {
      integer = number = false;
    }
  }
  if (boolean && !isOneOf(text, format.trueTexts) && !isOneOf(text, format.falseTexts)) boolean = false;
  if (time || zonedTime) {
    bool zoned = false;
    if (isTime(text, format, &zoned, &isNative, &whole)) {
      (zoned ? time : zonedTime) = false;
    } else {
      time = zonedTime = false;
    }
  }
}

void ca::Inference::merge(const Inference &other) {
  any |= other.any;
  integer &= other.integer;
  number &= other.number;
  boolean &= other.boolean;
  time &= other.time;
  zonedTime &= other.zonedTime;
  isNative &= other.isNative;
}

std::string ca::Inference::type() const {
  if (!any) return "float64";
  if (integer) return "int64";
  if (boolean) return "boolean";
  if (number) return "float64";
  if (time) return "timestamp";
  if (zonedTime) return "timestamp[UTC]";
  return "text";
}

namespace {
template <typename Builder, typename Parse>
std::shared_ptr<arrow::Array> build(
    Builder &&builder, const std::shared_ptr<arrow::Array> &texts, const std::string &type, const std::string &column, Parse parse) {
  ca::check(builder.Reserve(texts->length()));
  const auto &values = static_cast<const arrow::LargeStringArray &>(*texts);
  for (int64_t row = 0; row < values.length(); row++) {
    if (values.IsNull(row)) {
      builder.UnsafeAppendNull();
      continue;
    }
    typename std::decay_t<Builder>::value_type value{};
    if (!parse(trimmed(values.GetView(row)), &value)) {
      throw ca::Failure{CA_ERROR_INVALID, "a value does not fit", column, std::string(values.GetView(row)), type};
    }
    builder.UnsafeAppend(value);
  }
  return ca::take(builder.Finish());
}
}  // namespace

std::shared_ptr<arrow::Array> ca::convertTexts(
    const std::shared_ptr<arrow::Array> &texts, const std::string &type, const Inference::Format &format, const std::string &column) {
  std::string plain;
  const auto bare = [&](std::string_view text) -> std::string_view {
    if (format.thousands == 0 || !withoutThousands(text, format.thousands, format.decimal, &plain)) return text;
    return plain;
  };
  if (type == "int64") {
    return build(arrow::Int64Builder(), texts, type, column,
                 [&](std::string_view text, int64_t *value) { return isInteger(bare(text), value); });
  }
  if (type == "float64") {
    return build(arrow::DoubleBuilder(), texts, type, column,
                 [&](std::string_view text, double *value) { return isNumber(bare(text), format.decimal, value); });
  }
  if (type == "boolean") {
    return build(arrow::BooleanBuilder(), texts, type, column, [&](std::string_view text, bool *value) {
      *value = isOneOf(text, format.trueTexts);
      return *value || isOneOf(text, format.falseTexts);
    });
  }
  const auto wanted = ca::type(type);
  if (wanted->id() == arrow::Type::TIMESTAMP) {
    return build(arrow::TimestampBuilder(wanted, arrow::default_memory_pool()), texts, type, column,
                 [&](std::string_view text, int64_t *value) {
                   bool zoned = false, isNative = true;
                   return isTime(text, format, &zoned, &isNative, value);
                 });
  }
  return texts;
}
