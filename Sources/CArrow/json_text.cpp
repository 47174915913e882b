#include "json_text.h"

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_dict.h>
#include <arrow/array/builder_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace {
using Kind = ca::JSONValue::Kind;

// A parser of one value that lies in memory as a whole.
class Parser {
 public:
  Parser(std::string_view text, int64_t line) : text(text), line(line) {}

  ca::JSONValue parse() {
    auto value = read(0);
    skip();
    if (place < text.size()) fail("something follows the value");
    return value;
  }

 private:
  std::string_view text;
  size_t place = 0;
  int64_t line;

  [[noreturn]] void fail(const std::string &problem) const {
    const auto before = text.substr(0, std::min(place, text.size()));
    const auto lines = std::count(before.begin(), before.end(), '\n');
    const auto start = place > 20 ? place - 20 : 0;
    throw ca::Failure{CA_ERROR_INVALID, "JSON: " + problem, "", std::string(text.substr(start, 40)), "", line + lines};
  }

  void skip() {
    while (place < text.size() && (text[place] == ' ' || text[place] == '\t' || text[place] == '\n' || text[place] == '\r')) place++;
  }

  char peek() const { return place < text.size() ? text[place] : '\0'; }

  bool word(std::string_view wanted) {
    if (text.substr(place, wanted.size()) != wanted) return false;
    place += wanted.size();
    return true;
  }

  ca::JSONValue read(int depth) {
    if (depth > 200) fail("values are nested more than 200 deep");
    skip();
    const size_t start = place;
    ca::JSONValue value;
    switch (peek()) {
      case '{': {
        value.kind = Kind::object;
        place++;
        for (skip(); peek() != '}'; skip()) {
          if (!value.names.empty() && peek() == ',') {
            place++;
            skip();
          } else if (!value.names.empty()) {
            fail("a comma or a brace is missing");
          }
          auto name = string();
          skip();
          if (peek() != ':') fail("a colon is missing");
          place++;
          value.names.push_back(std::move(name));
          value.items.push_back(read(depth + 1));
        }
        place++;
        break;
      }
      case '[': {
        value.kind = Kind::list;
        place++;
        for (skip(); peek() != ']'; skip()) {
          if (!value.items.empty() && peek() == ',') place++;
          else if (!value.items.empty()) fail("a comma or a bracket is missing");
          value.items.push_back(read(depth + 1));
        }
        place++;
        break;
      }
      case '"':
        value.kind = Kind::text;
        value.text = string();
        break;
      default:
        if (word("null") || word("NaN")) {
          value.kind = Kind::null;
        } else if (word("true")) {
          value.kind = Kind::boolean;
          value.truth = true;
        } else if (word("false")) {
          value.kind = Kind::boolean;
        } else {
          number(&value);
        }
    }
    value.raw = text.substr(start, place - start);
    return value;
  }

  void number(ca::JSONValue *value) {
    const char *from = text.data() + place, *end = text.data() + text.size();
    const auto whole = std::from_chars(from, end, value->whole);
    value->kind = Kind::integer;
    const char *stop = whole.ptr;
    if (whole.ec != std::errc() || (stop < end && (*stop == '.' || *stop == 'e' || *stop == 'E'))) {
      value->kind = Kind::number;
      const auto real = std::from_chars(from, end, value->real);
      if (real.ec != std::errc() && real.ec != std::errc::result_out_of_range) fail("a value is missing");
      if (real.ec == std::errc::result_out_of_range) value->real = std::strtod(std::string(from, real.ptr).c_str(), nullptr);
      stop = real.ptr;
    } else {
      value->real = static_cast<double>(value->whole);
    }
    if (stop == from) fail("a value is missing");
    place += stop - from;
  }

  uint32_t hexadecimal() {
    uint32_t code = 0;
    const auto digits = text.substr(place, 4);
    const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() < 4 || result.ptr != digits.data() + 4) fail("four hexadecimal digits must follow \\u");
    place += 4;
    return code;
  }

  static void encode(uint32_t code, std::string *result) {
    const auto add = [&](uint32_t byte) { result->push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      add(code);
    } else if (code < 0x800) {
      add(0xC0 | code >> 6);
      add(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
      add(0xE0 | code >> 12);
      add(0x80 | (code >> 6 & 0x3F));
      add(0x80 | (code & 0x3F));
    } else {
      add(0xF0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3F));
      add(0x80 | (code >> 6 & 0x3F));
      add(0x80 | (code & 0x3F));
    }
  }

  std::string string() {
    if (peek() != '"') fail("a name in quotes is missing");
    place++;
    std::string result;
    while (true) {
      const auto stop = text.find_first_of("\"\\", place);
      if (stop == std::string_view::npos) fail("a text is not closed");
      result.append(text.substr(place, stop - place));
      place = stop + 1;
      if (text[stop] == '"') break;
      const char escaped = peek();
      place++;
      switch (escaped) {
        case 'n': result.push_back('\n'); break;
        case 't': result.push_back('\t'); break;
        case 'r': result.push_back('\r'); break;
        case 'b': result.push_back('\b'); break;
        case 'f': result.push_back('\f'); break;
        case '"': case '\\': case '/': result.push_back(escaped); break;
        case 'u': {
          uint32_t code = hexadecimal();
          if (code >= 0xD800 && code < 0xDC00 && text.substr(place, 2) == "\\u") {
            place += 2;
            const uint32_t low = hexadecimal();
            code = low >= 0xDC00 && low < 0xE000 ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : 0xFFFD;
          } else if (code >= 0xD800 && code < 0xE000) {
            code = 0xFFFD;
          }
          encode(code, &result);
          break;
        }
        default: fail("no such escape");
      }
    }
    if (!arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t *>(result.data()), static_cast<int64_t>(result.size()))) {
      fail("bytes that are not UTF-8");
    }
    return result;
  }
};

bool isSpace(char byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }
}  // namespace

ca::JSONObjects::JSONObjects(std::shared_ptr<arrow::io::InputStream> stream) : input(std::move(stream)) { arrow::util::InitializeUTF8(); }

bool ca::JSONObjects::fill() {
  if (ended) return false;
  buffer.erase(0, place);
  place = 0;
  auto block = take(input->Read(1 << 20));
  if (block->size() == 0) {
    ended = true;
    return false;
  }
  buffer.append(reinterpret_cast<const char *>(block->data()), block->size());
  return true;
}

bool ca::JSONObjects::next(JSONValue *value) {
  while (true) {
    while (place < buffer.size()) {
      const char byte = buffer[place];
      if (byte == '\n') lines++;
      if (atStart && buffer.compare(place, 3, "\xEF\xBB\xBF") == 0) place += 3;
      else if (atStart && byte == '[') inList = true, place++;
      else if (isSpace(byte) || (inList && (byte == ',' || byte == ']'))) { place++; continue; }
      else break;
      atStart = false;
    }
    atStart = atStart && place == buffer.size();
    if (place < buffer.size()) break;
    if (!fill()) return false;
  }
  if (buffer[place] != '{') {
    throw Failure{
        CA_ERROR_INVALID, "JSON: a row begins otherwise than with a brace", "", buffer.substr(place, 40), "an object, as {\"name\": value}",
        lines};
  }
  // The object's end: where its braces are closed, leaving texts aside.
  size_t at = 0;
  int depth = 0;
  bool quoted = false;
  while (true) {
    for (; place + at < buffer.size(); at++) {
      const char byte = buffer[place + at];
      if (quoted) {
        if (byte == '\\') at++;
        else if (byte == '"') quoted = false;
      } else if (byte == '"') {
        quoted = true;
      } else if (byte == '{') {
        depth++;
      } else if (byte == '}' && --depth == 0) {
        const std::string_view text(buffer.data() + place, at + 1);
        line = lines;
        *value = Parser(text, lines).parse();
        lines += std::count(text.begin(), text.end(), '\n');
        place += at + 1;
        return true;
      } else if (byte == '\n' && !inList && depth == 1 && at > 0 && place + at + 1 < buffer.size() && buffer[place + at + 1] == '{') {
        const auto start = std::string(buffer, place, std::min<size_t>(at, 40));
        throw Failure{CA_ERROR_INVALID, "JSON: the row is not closed", "", start, "a brace", lines};
      }
    }
    if (!fill()) {
      throw Failure{CA_ERROR_INVALID, "JSON: the file ends within a row", "", buffer.substr(place, 40), "a brace", lines};
    }
  }
}

void ca::JSONType::see(const JSONValue &value) {
  switch (value.kind) {
    case Kind::null: break;
    case Kind::boolean: boolean = true; break;
    case Kind::integer: integer = true; break;
    case Kind::number: number = true; break;
    case Kind::text: {
      text = true;
      int64_t moment;
      bool zoned = false;
      if ((time || zonedTime) && value.text.size() >= 10 &&
          arrow::internal::ParseTimestampISO8601(value.text.data(), value.text.size(), arrow::TimeUnit::MICRO, &moment, &zoned)) {
        (zoned ? time : zonedTime) = false;
      } else {
        time = zonedTime = false;
      }
      break;
    }
    case Kind::list:
      list = true;
      if (!element) element = std::make_unique<JSONType>();
      for (const auto &item : value.items) element->see(item);
      break;
    case Kind::object:
      object = true;
      for (size_t i = 0; i < value.names.size(); i++) {
        const auto [found, isNew] = places.try_emplace(value.names[i], members.size());
        if (isNew) members.emplace_back(value.names[i], std::make_unique<JSONType>());
        members[found->second].second->see(value.items[i]);
      }
  }
}

std::string ca::JSONType::type() const {
  const int kinds = boolean + (integer || number) + text + list + object;
  if (kinds == 0) return "float64";
  if (kinds > 1 || object) return "text";
  if (boolean) return "boolean";
  if (list) return "list<" + element->type() + ">";
  if (text) return time ? "timestamp" : zonedTime ? "timestamp[UTC]" : "text";
  return number ? "float64" : "int64";
}

void ca::appendJSON(
    const JSONValue &value, const std::string &type, arrow::ArrayBuilder *builder, const std::string &column, int64_t line) {
  if (value.kind == Kind::null) return check(builder->AppendNull());
  const auto misfit = [&]() -> Failure {
    return {CA_ERROR_INVALID, "a value does not fit", column, std::string(value.raw.substr(0, 80)), type, line};
  };
  using arrow::Type;
  switch (builder->type()->id()) {
    case Type::BOOL:
      if (value.kind != Kind::boolean) throw misfit();
      return check(static_cast<arrow::BooleanBuilder *>(builder)->Append(value.truth));
    case Type::DOUBLE:
      if (value.kind != Kind::number && value.kind != Kind::integer) throw misfit();
      return check(static_cast<arrow::DoubleBuilder *>(builder)->Append(value.real));
    case Type::INT64: {
      if (value.kind == Kind::integer) return check(static_cast<arrow::Int64Builder *>(builder)->Append(value.whole));
      if (value.kind != Kind::number || value.real != std::floor(value.real) || std::abs(value.real) > 9e15) throw misfit();
      return check(static_cast<arrow::Int64Builder *>(builder)->Append(static_cast<int64_t>(value.real)));
    }
    case Type::LARGE_STRING: {
      const std::string_view text = value.kind == Kind::text ? std::string_view(value.text) : value.raw;
      return check(static_cast<arrow::LargeStringBuilder *>(builder)->Append(text));
    }
    case Type::TIMESTAMP: {
      int64_t moment;
      if (value.kind != Kind::text ||
          !arrow::internal::ParseTimestampISO8601(value.text.data(), value.text.size(), arrow::TimeUnit::MICRO, &moment, nullptr)) {
        throw misfit();
      }
      return check(static_cast<arrow::TimestampBuilder *>(builder)->Append(moment));
    }
    case Type::LARGE_LIST: {
      if (value.kind != Kind::list) throw misfit();
      auto *lists = static_cast<arrow::LargeListBuilder *>(builder);
      check(lists->Append());
      const auto element = type.size() > 6 ? type.substr(5, type.size() - 6) : type;
      for (const auto &item : value.items) appendJSON(item, element, lists->value_builder(), column, line);
      return;
    }
    default: throw misfit();
  }
}
