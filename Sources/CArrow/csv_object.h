// A CSV file that is open: how it is laid out, and how Arrow is to read it.
#pragma once

#include <arrow/csv/api.h>
#include <arrow/io/transform.h>

#include <algorithm>

#include "csv_layout.h"

namespace ca {
constexpr int32_t largestBlock = 1 << 30;

struct CSVColumn {
  std::string name, original;
  std::string forced;    // the type that was asked for
  std::string type;      // forced or found
  bool viaText = false;  // Arrow reads it as text, and it is converted afterwards
};
}  // namespace ca

struct CACSVObject {
  std::string path, encoding;
  ca::Dialect dialect;
  ca::Inference::Format format;
  std::vector<ca::CSVColumn> columns;
  std::vector<size_t> wanted;
  std::vector<std::string> missing;
  bool quotedCanBeMissing = true, header = true, threads = true;
  bool hasNewlines = false;   // within cells
  bool countsQuotes = false;  // while reading
  CARagged ragged = CA_RAGGED_ERROR;
  int64_t skipLines = 0, categoryLimit = 0;
  int32_t blockSize = 1 << 20;
  std::atomic<int64_t> skippedRows{0};
  std::atomic<int64_t> quotes{0};  // of the pass under way

  std::shared_ptr<arrow::io::InputStream> open() const { return ca::open(path, encoding); }
  // The same, counting quotes on the way: an odd number tells that one is never closed.
  std::shared_ptr<arrow::io::InputStream> counted() {
    if (!countsQuotes || dialect.escape != 0) return open();
    quotes = 0;
    return std::make_shared<arrow::io::TransformInputStream>(open(), [this](const std::shared_ptr<arrow::Buffer> &block) {
      quotes += std::count(block->data(), block->data() + block->size(), static_cast<uint8_t>(dialect.quote));
      return arrow::Result<std::shared_ptr<arrow::Buffer>>(block);
    });
  }

  // Quotes that are never closed swallow the rest of the file without an error.
  void checkQuotes() const {
    if (quotes % 2 == 0) return;
    auto all = records();
    std::vector<std::string> fields;
    int64_t line;
    while (all.next(&fields, &line)) {
    }
    if (all.unclosedQuote == 0) return;
    throw ca::Failure{CA_ERROR_INVALID, "the quotes that open here are never closed", "", "", "", all.unclosedQuote};
  }

  ca::Records records() const { return ca::Records(open(), dialect, skipLines); }

  arrow::csv::ReadOptions readOptions() const {
    auto options = arrow::csv::ReadOptions::Defaults();
    options.use_threads = threads;
    options.block_size = blockSize;
    options.skip_rows = static_cast<int32_t>(skipLines);
    options.skip_rows_after_names = header ? 1 : 0;
    for (const auto &column : columns) options.column_names.push_back(column.name);
    return options;
  }

  arrow::csv::ParseOptions parseOptions() {
    auto options = arrow::csv::ParseOptions::Defaults();
    options.delimiter = dialect.separator;
    options.quoting = dialect.quote != 0;
    options.quote_char = dialect.quote;
    options.double_quote = dialect.escape == 0;
    options.escaping = dialect.escape != 0;
    options.escape_char = dialect.escape;
    options.newlines_in_values = hasNewlines || dialect.escape != 0;
    options.pad_short_rows = ragged == CA_RAGGED_FILL;
    if (ragged == CA_RAGGED_SKIP) {
      options.invalid_row_handler = [this](const arrow::csv::InvalidRow &) {
        skippedRows.fetch_add(1, std::memory_order_relaxed);
        return arrow::csv::InvalidRowResult::Skip;
      };
    }
    return options;
  }

  arrow::csv::ConvertOptions convertOptions() const {
    auto options = arrow::csv::ConvertOptions::Defaults();
    options.null_values = missing;
    options.true_values = format.trueTexts;
    options.false_values = format.falseTexts;
    options.strings_can_be_null = true;
    options.quoted_strings_can_be_null = quotedCanBeMissing;
    options.decimal_point = format.decimal;
    options.timestamp_parsers = format.timeFormats;
    options.timestamp_parsers.push_back(arrow::TimestampParser::MakeISO8601());
    for (const auto place : wanted) options.include_columns.push_back(columns[place].name);
    return options;
  }

  // Reads with larger blocks until the longest row fits.
  template <typename Body>
  auto withBlocks(Body body) {
    while (true) {
      try {
        return body();
      } catch (const ca::Failure &failure) {
        const bool isTooLong = failure.message.find("straddling") != std::string::npos;
        if (!isTooLong || blockSize >= ca::largestBlock) throw explain(failure);
        blockSize = blockSize > ca::largestBlock / 8 ? ca::largestBlock : blockSize * 8;
        skippedRows = 0;
      }
    }
  }

  ca::Failure explain(const ca::Failure &failure) const;
  ca::Failure badEncoding() const;
  std::shared_ptr<arrow::Table> readOnce(const std::vector<size_t> &places, bool asText);
};
