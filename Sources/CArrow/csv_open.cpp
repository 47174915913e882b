// The beginning of a CSV file: its encoding, its separator, its names.
#include <arrow/io/compressed.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <unordered_map>

#include "csv_object.h"

namespace {
// Where no quotes go around a line's end, Arrow finds the ends of rows faster. Quotes that stand within a cell make this err to the safe
// side. A file that is packed or of another encoding is not read twice for that.
void lookForQuotes(CACSVObject &csv) {
  const bool isPacked = dynamic_cast<arrow::io::CompressedInputStream *>(ca::open(csv.path).get()) != nullptr;
  csv.hasNewlines = csv.countsQuotes = csv.dialect.quote != 0;
  if (csv.dialect.quote == 0 || csv.dialect.escape != 0 || isPacked || csv.encoding != "utf-8") return;
  auto input = csv.open();
  bool quoted = false, newlines = false;
  while (true) {
    const auto block = ca::take(input->Read(1 << 20));
    if (block->size() == 0) break;
    const auto *place = block->data(), *end = place + block->size();
    while (true) {
      const auto *next = static_cast<const uint8_t *>(std::memchr(place, csv.dialect.quote, end - place));
      const auto *stop = next == nullptr ? end : next;
      newlines = newlines || (quoted && (std::memchr(place, '\n', stop - place) || std::memchr(place, '\r', stop - place)));
      if (next == nullptr) break;
      quoted = !quoted;
      place = next + 1;
    }
  }
  csv.countsQuotes = false;
  csv.hasNewlines = newlines || quoted;
  csv.quotes = quoted ? 1 : 0;
  csv.checkQuotes();
  csv.quotes = 0;
}

void makeUnique(std::vector<ca::CSVColumn> &columns) {
  std::set<std::string> taken;
  for (const auto &column : columns) taken.insert(column.original);
  std::set<std::string> seen;
  for (size_t i = 0; i < columns.size(); i++) {
    auto &column = columns[i];
    column.name = column.original.empty() ? "column_" + std::to_string(i + 1) : column.original;
    if (!seen.insert(column.name).second || (column.original.empty() && taken.count(column.name) > 0)) {
      const auto base = column.name;
      for (int number = 2;; number++) {
        column.name = base + "_" + std::to_string(number);
        if (taken.count(column.name) == 0 && seen.insert(column.name).second) break;
      }
    }
  }
}
}  // namespace

extern "C" {
CACSV ca_csv_open(const char *path, const CACSVOptions *options, CAError *error) {
  CA_TRY(nullptr, {
    auto csv = std::make_unique<CACSVObject>();
    csv->path = path;
    csv->dialect = {options->separator, options->quote, options->escape};
    csv->format.decimal = options->decimal;
    csv->format.thousands = options->thousands;
    csv->format.trueTexts = ca::texts(options->true_texts);
    csv->format.falseTexts = ca::texts(options->false_texts);
    for (const auto &format : ca::texts(options->time_formats)) {
      csv->format.timeFormats.push_back(arrow::TimestampParser::MakeStrptime(format));
    }
    csv->missing = ca::texts(options->missing);
    csv->quotedCanBeMissing = options->quoted_can_be_missing;
    csv->header = options->header;
    csv->threads = options->threads;
    csv->ragged = options->ragged;
    csv->skipLines = options->skip_lines;
    csv->categoryLimit = options->category_limit;

    const auto bytes = ca::take(ca::open(path)->Read(1 << 16))->ToString();
    csv->encoding = options->encoding ? ca::iconvName(options->encoding) : ca::findEncoding(bytes);
    if (csv->dialect.separator == 0) {
      const std::string name = path;
      const bool isTabbed = name.find(".tsv") != std::string::npos || name.find(".tab") != std::string::npos;
      const auto sample = ca::take(csv->open()->Read(1 << 18))->ToString();
      csv->dialect.separator = isTabbed ? '\t' : ca::findSeparator(sample, csv->dialect, csv->skipLines);
    }
    std::vector<std::string> fields;
    int64_t line;
    auto records = csv->records();
    const bool any = records.next(&fields, &line);
    if (any) {
      size_t length = 0;
      for (const auto &field : fields) length += field.size() + 3;
      // A good many rows to a block, however wide they are.
      csv->blockSize = static_cast<int32_t>(std::min<size_t>(std::max<size_t>(1 << 20, length * 64), 1 << 26));
    }
    auto names = ca::texts(options->names);
    if (!any && names.empty()) throw ca::Failure{CA_ERROR_INVALID, "the file is empty", "", "", "a header and rows"};
    if (records.unclosedQuote > 0) {
      throw ca::Failure{CA_ERROR_INVALID, "the quotes that open here are never closed", "", "", "", records.unclosedQuote};
    }
    if (!names.empty() && any && names.size() != fields.size()) {
      const auto expected = std::to_string(fields.size());
      throw ca::Failure{
          CA_ERROR_INVALID, std::to_string(names.size()) + " names are given for a file of " + expected + " columns", "", "",
          expected + " names"};
    }
    const size_t count = names.empty() ? fields.size() : names.size();
    for (size_t i = 0; i < count; i++) {
      ca::CSVColumn column;
      if (!names.empty()) column.original = names[i];
      else if (csv->header) column.original = fields[i];
      csv->columns.push_back(column);
    }
    if (any && csv->encoding == "utf-8" && csv->header) {
      for (const auto &field : fields) {
        if (!arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t *>(field.data()), static_cast<int64_t>(field.size()))) {
          throw ca::Failure{CA_ERROR_INVALID, "the header's bytes are not UTF-8", "", "", "encoding", line};
        }
      }
    }
    makeUnique(csv->columns);
    std::unordered_map<std::string, size_t> places;
    for (size_t i = 0; i < csv->columns.size(); i++) places[csv->columns[i].name] = i;
    const auto find = [&](const std::string &name) {
      const auto found = places.find(name);
      if (found == places.end()) throw ca::Failure{CA_ERROR_INVALID, "there is no such column", name, "", "column"};
      return found->second;
    };
    for (const auto &name : ca::texts(options->columns)) csv->wanted.push_back(find(name));
    if (options->columns.count == 0) {
      for (size_t i = 0; i < csv->columns.size(); i++) csv->wanted.push_back(i);
    }
    for (int64_t i = 0; i < options->typed_columns.count; i++) {
      auto &column = csv->columns[find(options->typed_columns.items[i])];
      column.forced = column.type = options->types.items[i];
      const auto type = ca::type(column.forced);
      const bool isNumber = arrow::is_integer(type->id()) || arrow::is_floating(type->id());
      if (arrow::is_list(type->id()) || type->id() == arrow::Type::LARGE_LIST) {
        throw ca::Failure{CA_ERROR_TYPE, "CSV has no lists", column.name, "", "another type than " + column.forced};
      }
      column.viaText = csv->format.thousands != 0 && isNumber;
      if (column.viaText) column.type = arrow::is_integer(type->id()) ? "int64" : "float64";
    }
    if (any) lookForQuotes(*csv);
    ca::liveHandles.fetch_add(1, std::memory_order_relaxed);
    return csv.release();
  })
}

void ca_csv_release(CACSV csv) {
  ca::liveHandles.fetch_sub(1, std::memory_order_relaxed);
  delete csv;
}
char ca_csv_separator(CACSV csv) { return csv->dialect.separator; }
const char *ca_csv_encoding(CACSV csv) { return csv->encoding.c_str(); }
int64_t ca_csv_column_count(CACSV csv) { return static_cast<int64_t>(csv->columns.size()); }
const char *ca_csv_name(CACSV csv, int64_t column) { return csv->columns[column].name.c_str(); }
const char *ca_csv_original_name(CACSV csv, int64_t column) { return csv->columns[column].original.c_str(); }
int64_t ca_csv_skipped_rows(CACSV csv) { return csv->skippedRows; }
const char *ca_csv_type(CACSV csv, int64_t column) { return csv->columns[column].type.c_str(); }
void ca_csv_set_type(CACSV csv, int64_t column, const char *type) {
  auto &target = csv->columns[column];
  // A type that every file together needs may be wider than what this file's own cells look like.
  if (target.type != type) target.viaText = csv->format.thousands != 0;
  target.type = type;
}
}
