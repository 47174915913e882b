// Tables into files.
#include <arrow/compute/api.h>
#include <arrow/csv/writer.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/writer.h>
#include <unistd.h>

#include "support.h"

struct CAWriterObject {
  virtual ~CAWriterObject() = default;
  virtual void write(const std::shared_ptr<arrow::Table> &table) = 0;
  virtual void close() = 0;
};

namespace {
arrow::Compression::type kind(CACompression compression) {
  switch (compression) {
    case CA_COMPRESSION_GZIP: return arrow::Compression::GZIP;
    case CA_COMPRESSION_ZSTD: return arrow::Compression::ZSTD;
    default: return arrow::Compression::UNCOMPRESSED;
  }
}

// What CSV can hold: categories as their texts, no lists; whole seconds without a fraction of zeros.
std::shared_ptr<arrow::Table> forCSV(std::shared_ptr<arrow::Table> table) {
  for (int i = 0; i < table->num_columns(); i++) {
    const auto field = table->schema()->field(i);
    const auto id = field->type()->id();
    if (id == arrow::Type::LIST || id == arrow::Type::LARGE_LIST) {
      throw ca::Failure{CA_ERROR_TYPE, "CSV has no lists", field->name(), "", "single values"};
    }
    if (id == arrow::Type::DICTIONARY) {
      auto column = ca::take(arrow::compute::Cast(table->column(i), arrow::large_utf8())).chunked_array();
      table = ca::take(table->SetColumn(i, field->WithType(arrow::large_utf8()), column));
    }
  }
  return table;
}

class CSVWriter : public CAWriterObject {
 public:
  CSVWriter(std::shared_ptr<arrow::io::OutputStream> output, const std::shared_ptr<arrow::Table> &table, const CAWriteOptions &options)
      : output(output) {
    auto write = arrow::csv::WriteOptions::Defaults();
    write.delimiter = options.separator;
    write.include_header = options.header;
    write.null_string = options.missing ? options.missing : "";
    writer = ca::take(arrow::csv::MakeCSVWriter(output.get(), forCSV(ca::take(arrow::Table::MakeEmpty(table->schema())))->schema(), write));
  }
  void write(const std::shared_ptr<arrow::Table> &table) override { ca::check(writer->WriteTable(*forCSV(table))); }
  void close() override {
    ca::check(writer->Close());
    ca::check(output->Close());
  }

 private:
  std::shared_ptr<arrow::io::OutputStream> output;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
};

class ParquetWriter : public CAWriterObject {
 public:
  ParquetWriter(
      std::shared_ptr<arrow::io::OutputStream> output, const std::shared_ptr<arrow::Table> &table, const CAWriteOptions &options)
      : output(output) {
    auto properties = parquet::WriterProperties::Builder().compression(kind(options.compression))->build();
    // Arrow's schema beside Parquet's keeps categories and widths.
    auto own = parquet::ArrowWriterProperties::Builder().store_schema()->build();
    writer = ca::take(parquet::arrow::FileWriter::Open(*table->schema(), arrow::default_memory_pool(), output, properties, own));
  }
  void write(const std::shared_ptr<arrow::Table> &table) override {
    if (table->num_rows() > 0) ca::check(writer->WriteTable(*table, 1 << 20));
  }
  void close() override {
    ca::check(writer->Close());
    ca::check(output->Close());
  }

 private:
  std::shared_ptr<arrow::io::OutputStream> output;
  std::unique_ptr<parquet::arrow::FileWriter> writer;
};

class IPCWriter : public CAWriterObject {
 public:
  IPCWriter(std::shared_ptr<arrow::io::OutputStream> output, const std::shared_ptr<arrow::Table> &table, const CAWriteOptions &options)
      : output(output) {
    auto write = arrow::ipc::IpcWriteOptions::Defaults();
    if (options.compression == CA_COMPRESSION_ZSTD) {
      write.codec = ca::take(arrow::util::Codec::Create(arrow::Compression::ZSTD));
    } else if (options.compression != CA_COMPRESSION_NONE) {
      throw ca::Failure{CA_ERROR_INVALID, "Arrow files are compressed by zstd or not at all", "", "gzip", "zstd"};
    }
    // A file holds one dictionary a column, a stream any number of them in a row: batches may bring their own.
    write.unify_dictionaries = options.format == CA_FORMAT_IPC_FILE;
    writer = options.format == CA_FORMAT_IPC_FILE ? ca::take(arrow::ipc::MakeFileWriter(output.get(), table->schema(), write))
                                                  : ca::take(arrow::ipc::MakeStreamWriter(output.get(), table->schema(), write));
  }
  void write(const std::shared_ptr<arrow::Table> &table) override { ca::check(writer->WriteTable(*table)); }
  void close() override {
    ca::check(writer->Close());
    ca::check(output->Close());
  }

 private:
  std::shared_ptr<arrow::io::OutputStream> output;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
};

class JSONWriter : public CAWriterObject {
 public:
  explicit JSONWriter(std::shared_ptr<arrow::io::OutputStream> output) : output(output) {}
  void write(const std::shared_ptr<arrow::Table> &table) override {
    std::vector<std::shared_ptr<arrow::Array>> columns;
    std::vector<std::string> names;
    for (int i = 0; i < table->num_columns(); i++) {
      columns.push_back(ca::house(table->column(i)));
      std::string name;
      ca::appendJSON(table->schema()->field(i)->name(), &name);
      names.push_back(name);
    }
    std::string text;
    for (int64_t row = 0; row < table->num_rows(); row++) {
      text.push_back('{');
      for (size_t i = 0; i < columns.size(); i++) {
        if (i > 0) text.push_back(',');
        text += names[i];
        text.push_back(':');
        ca::appendJSON(*columns[i], row, &text);
      }
      text += "}\n";
      if (text.size() > (1 << 20)) flush(&text);
    }
    flush(&text);
  }
  void close() override { ca::check(output->Close()); }

 private:
  void flush(std::string *text) {
    ca::check(output->Write(text->data(), static_cast<int64_t>(text->size())));
    text->clear();
  }
  std::shared_ptr<arrow::io::OutputStream> output;
};
}  // namespace

extern "C" {
CAWriter ca_writer_open(int32_t descriptor, CADatum schema, CAWriteOptions options, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    const auto table = ca::asTable(schema->value);
    // Arrow closes what it is given.
    const int copy = dup(descriptor);
    if (copy < 0) throw ca::Failure{CA_ERROR_FILE, "the file cannot be opened a second time"};
    std::shared_ptr<arrow::io::OutputStream> output = ca::take(arrow::io::FileOutputStream::Open(copy));
    std::unique_ptr<CAWriterObject> writer;
    switch (options.format) {
      case CA_FORMAT_CSV: writer = std::make_unique<CSVWriter>(ca::packed(output, options.compression), table, options); break;
      case CA_FORMAT_PARQUET: writer = std::make_unique<ParquetWriter>(output, table, options); break;
      case CA_FORMAT_JSON_LINES: writer = std::make_unique<JSONWriter>(ca::packed(output, options.compression)); break;
      default: writer = std::make_unique<IPCWriter>(output, table, options); break;
    }
    ca::liveHandles.fetch_add(1, std::memory_order_relaxed);
    return writer.release();
  })
}

int32_t ca_writer_write(CAWriter writer, CADatum table, CAError *error) {
  CA_TRY(-1, {
    writer->write(ca::asTable(table->value));
    return 0;
  })
}

int32_t ca_writer_close(CAWriter writer, CAError *error) {
  CA_TRY(-1, {
    writer->close();
    return 0;
  })
}

void ca_writer_release(CAWriter writer) {
  ca::liveHandles.fetch_sub(1, std::memory_order_relaxed);
  delete writer;
}
}
