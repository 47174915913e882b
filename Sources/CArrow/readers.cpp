// Parquet and Arrow's own formats.
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/schema.h>
#include <parquet/exception.h>

#include <cstring>

#include "support.h"

namespace {
[[noreturn]] void noColumn(const std::string &name) {
  throw ca::Failure{CA_ERROR_INVALID, "there is no such column", name, "", "column"};
}

std::unique_ptr<parquet::arrow::FileReader> openParquet(const std::string &path, bool threads, int64_t batchRows) {
  auto file = ca::take(arrow::io::ReadableFile::Open(path));
  parquet::ArrowReaderProperties properties;
  properties.set_use_threads(threads);
  // Reading ahead of the whole file would hold all of it in memory.
  properties.set_pre_buffer(false);
  if (batchRows > 0) properties.set_batch_size(batchRows);
  parquet::ReaderProperties bytes;
  if (batchRows > 0) bytes.enable_buffered_stream();
  parquet::arrow::FileReaderBuilder builder;
  ca::check(builder.Open(file, bytes));
  builder.properties(properties);
  return ca::take(builder.Build());
}

// The leaves of the wanted columns, and the columns in the wanted order.
std::vector<int> leaves(const parquet::arrow::FileReader &reader, const std::vector<std::string> &names) {
  std::vector<int> result;
  const std::function<void(const parquet::arrow::SchemaField &)> add = [&](const parquet::arrow::SchemaField &field) {
    if (field.children.empty() && field.column_index >= 0) result.push_back(field.column_index);
    for (const auto &child : field.children) add(child);
  };
  for (const auto &field : reader.manifest().schema_fields) {
    const auto &own = field.field->name();
    const bool wanted = names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string &name) {
      return name == own || (name.size() > own.size() && name.compare(0, own.size(), own) == 0 && name[own.size()] == '.');
    });
    if (wanted) add(field);
  }
  return result;
}

std::shared_ptr<arrow::Table> choose(std::shared_ptr<arrow::Table> table, const std::vector<std::string> &names) {
  table = ca::flatten(table);
  if (names.empty()) return table;
  std::vector<int> places;
  for (const auto &name : names) {
    const auto found = table->schema()->GetAllFieldIndices(name);
    if (found.empty()) noColumn(name);
    places.push_back(found[0]);
  }
  return ca::take(table->SelectColumns(places));
}

class BatchStream : public CAReaderObject {
 public:
  BatchStream(std::shared_ptr<arrow::RecordBatchReader> reader, std::vector<std::string> names) : reader(reader), names(names) {
    empty = choose(ca::take(arrow::Table::MakeEmpty(reader->schema())), names);
  }
  std::unique_ptr<parquet::arrow::FileReader> file;

  std::shared_ptr<arrow::Schema> schema() override { return empty->schema(); }
  std::shared_ptr<arrow::Table> next() override {
    std::shared_ptr<arrow::RecordBatch> batch;
    do {
      ca::check(reader->ReadNext(&batch));
    } while (batch && batch->num_rows() == 0);
    if (!batch) return nullptr;
    return choose(ca::take(arrow::Table::FromRecordBatches({batch})), names);
  }

 private:
  std::shared_ptr<arrow::RecordBatchReader> reader;
  std::vector<std::string> names;
  std::shared_ptr<arrow::Table> empty;
};

// A file of record batches as a stream of them.
class IPCFile : public arrow::RecordBatchReader {
 public:
  explicit IPCFile(std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader) : reader(reader) {}
  std::shared_ptr<arrow::Schema> schema() const override { return reader->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch> *batch) override {
    *batch = nullptr;
    if (place == reader->num_record_batches()) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(*batch, reader->ReadRecordBatch(place++));
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::ipc::RecordBatchFileReader> reader;
  int place = 0;
};

CAReader give(std::unique_ptr<CAReaderObject> reader) {
  ca::liveHandles.fetch_add(1, std::memory_order_relaxed);
  return reader.release();
}
}  // namespace

extern "C" {
CADatum ca_parquet_read(const char *path, CATexts columns, bool threads, CAError *error) {
  CA_TRY(nullptr, {
    const auto names = ca::texts(columns);
    auto reader = openParquet(path, threads, 0);
    return ca::own(choose(ca::take(reader->ReadTable(leaves(*reader, names))), names));
  })
}

CAReader ca_parquet_stream(const char *path, CATexts columns, int64_t batch_rows, CAError *error) {
  CA_TRY(nullptr, {
    const auto names = ca::texts(columns);
    auto file = openParquet(path, false, batch_rows);
    std::vector<int> groups(file->num_row_groups());
    for (size_t i = 0; i < groups.size(); i++) groups[i] = static_cast<int>(i);
    auto reader = ca::take(file->GetRecordBatchReader(groups, leaves(*file, names)));
    auto stream = std::make_unique<BatchStream>(std::shared_ptr<arrow::RecordBatchReader>(std::move(reader)), names);
    stream->file = std::move(file);
    return give(std::move(stream));
  })
}

CAReader ca_ipc_stream(const char *path, CATexts columns, CAError *error) {
  CA_TRY(nullptr, {
    auto file = ca::take(arrow::io::ReadableFile::Open(path));
    char start[6] = {0};
    ca::take(file->ReadAt(0, 6, start));
    std::shared_ptr<arrow::RecordBatchReader> reader;
    if (std::memcmp(start, "ARROW1", 6) == 0) {
      reader = std::make_shared<IPCFile>(ca::take(arrow::ipc::RecordBatchFileReader::Open(file)));
    } else {
      reader = ca::take(arrow::ipc::RecordBatchStreamReader::Open(ca::open(path)));
    }
    return give(std::make_unique<BatchStream>(reader, ca::texts(columns)));
  })
}

CADatum ca_reader_schema(CAReader reader, CAError *error) {
  CA_TRY(nullptr, return ca::own(ca::take(arrow::Table::MakeEmpty(reader->schema())));)
}

CADatum ca_reader_next(CAReader reader, CAError *error) {
  CA_TRY(nullptr, {
    auto table = reader->next();
    return table ? ca::own(table) : nullptr;
  })
}

CADatum ca_reader_all(CAReader reader, CAError *error) { CA_TRY(nullptr, return ca::own(reader->all());) }

void ca_reader_release(CAReader reader) {
  ca::liveHandles.fetch_sub(1, std::memory_order_relaxed);
  delete reader;
}
}
