// CSV by Arrow's reader: later cells of another type, and where an error lies, are settled here.
#include <arrow/compute/api.h>
#include <arrow/csv/api.h>
#include <arrow/util/parallel.h>
#include <arrow/util/thread_pool.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <regex>

#include "csv_object.h"

namespace {
// Where a cell or a row that Arrow complains of lies in the file.
std::string trimmedCopy(const std::string &text) {
  const auto from = text.find_first_not_of(" \t"), to = text.find_last_not_of(" \t");
  return from == std::string::npos ? std::string() : text.substr(from, to - from + 1);
}
}  // namespace

ca::Failure CACSVObject::badEncoding() const {
  ca::Failure result{CA_ERROR_INVALID, "bytes that are not UTF-8"};
  auto all = records();
  std::vector<std::string> fields;
  int64_t line;
  while (all.next(&fields, &line)) {
    for (size_t i = 0; i < fields.size(); i++) {
      if (arrow::util::ValidateUTF8(reinterpret_cast<const uint8_t *>(fields[i].data()), static_cast<int64_t>(fields[i].size()))) continue;
      result.line = line;
      if (i < columns.size()) result.column = columns[i].name;
      result.expected = "encoding";
      return result;
    }
  }
  return result;
}

ca::Failure CACSVObject::explain(const ca::Failure &failure) const {
  if (!failure.expected.empty() && failure.column.empty()) return failure;
  if (failure.message.find("UTF8") != std::string::npos) return badEncoding();
  ca::Failure result = failure;
  std::smatch match;
  static const std::regex conversion("In CSV column #(\\d+): (?:Row #\\d+: )?CSV conversion error to ([^:]*): invalid value '([\\s\\S]*)'");
  const bool isRagged = failure.message.find("CSV parse error: ") == 0 || failure.message.find("Expected ") != std::string::npos;
  if (std::regex_search(failure.message, match, conversion)) {
    const auto place = static_cast<size_t>(std::stoll(match[1]));
    if (place < columns.size()) {
      result.column = columns[place].name;
      result.expected = columns[place].type.empty() ? match[2].str() : columns[place].type;
    }
    result.value = match[3];
    result.message = "a value does not fit";
  }
  auto all = records();
  std::vector<std::string> fields;
  int64_t line;
  bool first = header;
  while (all.next(&fields, &line)) {
    if (std::exchange(first, false)) continue;
    if (!result.column.empty()) {
      for (size_t i = 0; i < fields.size() && i < columns.size(); i++) {
        if (columns[i].name == result.column && trimmedCopy(fields[i]) == trimmedCopy(result.value)) {
          result.line = line;
          return result;
        }
      }
    } else if (isRagged && fields.size() != columns.size()) {
      result.line = line;
      if (all.unclosedQuote > 0) {
        result.line = all.unclosedQuote;
        result.message = "the quotes that open here are never closed";
        return result;
      }
      result.message = "the row has " + std::to_string(fields.size()) + " fields";
      result.expected = std::to_string(columns.size()) + " as in the header";
      return result;
    }
  }
  return result;
}

std::shared_ptr<arrow::Table> CACSVObject::readOnce(const std::vector<size_t> &places, bool asText) {
  auto convert = convertOptions();
  convert.include_columns.clear();
  for (const auto place : places) convert.include_columns.push_back(columns[place].name);
  if (categoryLimit > 0) {
    convert.auto_dict_encode = true;
    convert.auto_dict_max_cardinality = static_cast<int32_t>(std::min<int64_t>(categoryLimit, 1 << 30));
  }
  for (const auto place : places) {
    auto &column = columns[place];
    if (asText || column.viaText) {
      convert.column_types[column.name] = arrow::utf8();
    } else if (column.forced == "categorical") {
      convert.column_types[column.name] = arrow::dictionary(arrow::int32(), arrow::utf8());
    } else if (column.forced == "text") {
      convert.column_types[column.name] = arrow::utf8();
    } else if (!column.forced.empty()) {
      convert.column_types[column.name] = ca::type(column.forced);
    }
  }
  auto reader = ca::take(arrow::csv::TableReader::Make(arrow::io::default_io_context(), counted(), readOptions(), parseOptions(), convert));
  auto table = ca::take(reader->Read());
  checkQuotes();
  return table;
}

namespace {
std::shared_ptr<arrow::Array> largeTexts(const std::shared_ptr<arrow::ChunkedArray> &column) {
  auto array = ca::house(column);
  return array->type_id() == arrow::Type::LARGE_STRING ? array : ca::take(arrow::compute::Cast(*array, arrow::large_utf8()));
}

// A whole column that Arrow has read as text.
std::shared_ptr<arrow::Array> converted(const CACSVObject &csv, const ca::CSVColumn &column, const std::shared_ptr<arrow::ChunkedArray> &texts) {
  auto array = largeTexts(texts);
  try {
    return ca::convertTexts(array, column.type, csv.format, column.name);
  } catch (const ca::Failure &failure) {
    throw csv.explain(failure);
  }
}

class CSVStream : public CAReaderObject {
 public:
  CSVStream(CACSVObject &csv) : csv(csv) {
    for (const auto place : csv.wanted) {
      const auto &column = csv.columns[place];
      fields.push_back(arrow::field(column.name, column.type == "categorical" ? arrow::large_utf8() : ca::type(column.type)));
    }
    // An empty body: nothing to stream.
    start();
  }

  std::shared_ptr<arrow::Schema> schema() override { return arrow::schema(fields); }

  std::shared_ptr<arrow::Table> next() override {
    if (!reader) return nullptr;
    std::shared_ptr<arrow::RecordBatch> batch;
    do {
      try {
        ca::check(reader->ReadNext(&batch));
      } catch (const ca::Failure &failure) {
        throw csv.explain(failure);
      }
    } while (batch && batch->num_rows() == 0);
    if (!batch) return nullptr;
    arrow::ArrayVector arrays;
    for (size_t i = 0; i < csv.wanted.size(); i++) {
      const auto &column = csv.columns[csv.wanted[i]];
      auto array = batch->column(static_cast<int>(i));
      arrays.push_back(column.viaText ? converted(csv, column, std::make_shared<arrow::ChunkedArray>(array)) : array);
    }
    return arrow::Table::Make(arrow::schema(fields), arrays, batch->num_rows());
  }

 private:
  void start() {
    auto convert = csv.convertOptions();
    for (const auto place : csv.wanted) {
      const auto &column = csv.columns[place];
      const bool isText = column.viaText || column.type == "text" || column.type == "categorical";
      convert.column_types[column.name] = isText ? arrow::large_utf8() : ca::type(column.type);
    }
    csv.withBlocks([&] {
      reader = ca::take(
          arrow::csv::StreamingReader::Make(arrow::io::default_io_context(), csv.open(), csv.readOptions(), csv.parseOptions(), convert));
      return 0;
    });
  }

  CACSVObject &csv;
  arrow::FieldVector fields;
  std::shared_ptr<arrow::csv::StreamingReader> reader;
};

}  // namespace

extern "C" {
CADatum ca_csv_read(CACSV csv, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    csv->skippedRows = 0;
    auto table = csv->withBlocks([&] { return csv->readOnce(csv->wanted, false); });
    // A time of day stays the text that it was.
    std::vector<size_t> again;
    for (size_t i = 0; i < csv->wanted.size(); i++) {
      const auto id = table->column(static_cast<int>(i))->type()->id();
      const auto &column = csv->columns[csv->wanted[i]];
      if (column.forced.empty() && (id == arrow::Type::TIME32 || id == arrow::Type::TIME64)) again.push_back(csv->wanted[i]);
      if (id == arrow::Type::BINARY) throw csv->badEncoding();
    }
    const auto skipped = csv->skippedRows.load();
    std::shared_ptr<arrow::Table> asText;
    if (!again.empty()) asText = csv->withBlocks([&] { return csv->readOnce(again, true); });
    csv->skippedRows = skipped;
    for (size_t i = 0, other = 0; i < csv->wanted.size(); i++) {
      auto &column = csv->columns[csv->wanted[i]];
      const auto place = static_cast<int>(i);
      auto current = table->column(place);
      const bool reread = other < again.size() && again[other] == csv->wanted[i];
      if (reread) current = asText->column(static_cast<int>(other++));
      auto result = current;
      if (column.viaText) {
        result = std::make_shared<arrow::ChunkedArray>(converted(*csv, column, current));
        if (column.type != column.forced) result = ca::take(arrow::compute::Cast(result, ca::type(column.forced))).chunked_array();
      } else if (column.forced.empty() && csv->format.thousands != 0 && current->type()->id() == arrow::Type::STRING) {
        auto texts = largeTexts(current);
        ca::Inference inference;
        const auto &values = static_cast<const arrow::LargeStringArray &>(*texts);
        for (int64_t row = 0; row < values.length() && inference.type() != "text"; row++) {
          if (!values.IsNull(row)) inference.see(values.GetView(row), csv->format);
        }
        if (values.null_count() < values.length() && inference.type() != "text") {
          result = std::make_shared<arrow::ChunkedArray>(ca::convertTexts(texts, inference.type(), csv->format, column.name));
        }
      }
      if (result != table->column(place)) {
        table = ca::take(table->SetColumn(place, arrow::field(column.name, result->type()), result));
      }
    }
    return ca::own(table);
  })
}

int32_t ca_csv_infer(CACSV csv, int64_t rows, CAError *error) {
  CA_TRY(-1, {
    std::vector<size_t> open;
    for (const auto place : csv->wanted) {
      if (csv->columns[place].forced.empty()) open.push_back(place);
    }
    if (open.empty()) return 0;
    csv->withBlocks([&] {
      auto convert = csv->convertOptions();
      convert.include_columns.clear();
      for (const auto place : open) {
        convert.include_columns.push_back(csv->columns[place].name);
        convert.column_types[csv->columns[place].name] = arrow::large_utf8();
      }
      std::vector<ca::Inference> inferences(open.size());
      auto reader = ca::take(
          arrow::csv::StreamingReader::Make(
              arrow::io::default_io_context(), csv->counted(), csv->readOptions(), csv->parseOptions(), convert));
      std::shared_ptr<arrow::RecordBatch> batch;
      int64_t seen = 0;
      while (rows < 0 || seen < rows) {
        ca::check(reader->ReadNext(&batch));
        if (!batch) {
          csv->checkQuotes();
          break;
        }
        const int64_t count = rows < 0 ? batch->num_rows() : std::min(batch->num_rows(), rows - seen);
        ca::check(arrow::internal::OptionalParallelFor(csv->threads, static_cast<int>(open.size()), [&](int i) {
          const auto &values = static_cast<const arrow::LargeStringArray &>(*batch->column(i));
          for (int64_t row = 0; row < count; row++) {
            if (!values.IsNull(row)) inferences[i].see(values.GetView(row), csv->format);
          }
          return arrow::Status::OK();
        }));
        seen += count;
      }
      for (size_t i = 0; i < open.size(); i++) {
        csv->columns[open[i]].type = inferences[i].type();
        csv->columns[open[i]].viaText = !inferences[i].isNative && inferences[i].type() != "text";
      }
      return 0;
    });
    csv->skippedRows = 0;
    return 0;
  })
}

CAReader ca_csv_stream(CACSV csv, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    csv->skippedRows = 0;
    CAReader reader = new CSVStream(*csv);
    ca::liveHandles.fetch_add(1, std::memory_order_relaxed);
    return reader;
  })
}
}
