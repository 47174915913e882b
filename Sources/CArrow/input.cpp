// Files as streams of bytes: unpacked, and in UTF-8 where they are text.
#include <arrow/io/compressed.h>
#include <arrow/io/file.h>
#include <arrow/io/transform.h>
#include <arrow/util/compression.h>
#include <iconv.h>

#include <cerrno>
#include <cstring>

#include "support.h"

namespace {
arrow::util::Codec *codec(arrow::Compression::type kind) {
  // Streams borrow their codec, so each lives as long as the process.
  static const auto gzip = ca::take(arrow::util::Codec::Create(arrow::Compression::GZIP));
  static const auto zstd = ca::take(arrow::util::Codec::Create(arrow::Compression::ZSTD));
  static const auto bzip2 = ca::take(arrow::util::Codec::Create(arrow::Compression::BZ2));
  static const auto lz4 = ca::take(arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME));
  switch (kind) {
    case arrow::Compression::GZIP: return gzip.get();
    case arrow::Compression::ZSTD: return zstd.get();
    case arrow::Compression::BZ2: return bzip2.get();
    default: return lz4.get();
  }
}

arrow::util::Codec *codec(std::string_view start) {
  const auto begins = [&](std::string_view magic) { return start.substr(0, magic.size()) == magic; };
  if (begins("\x1f\x8b")) return codec(arrow::Compression::GZIP);
  if (begins("\x28\xb5\x2f\xfd")) return codec(arrow::Compression::ZSTD);
  if (begins("BZh")) return codec(arrow::Compression::BZ2);
  if (begins("\x04\x22\x4d\x18")) return codec(arrow::Compression::LZ4_FRAME);
  return nullptr;
}

// Turns blocks of one encoding into blocks of UTF-8; a character may lie across two of them.
class Transcoder {
 public:
  explicit Transcoder(const std::string &encoding) : encoding(encoding), descriptor(iconv_open("UTF-8", encoding.c_str())) {
    if (descriptor == reinterpret_cast<iconv_t>(-1)) {
      throw ca::Failure{
          CA_ERROR_INVALID, "there is no such encoding", "", encoding, "utf-8, utf-16, latin1, windows-1252, gb18030 …"};
    }
  }
  ~Transcoder() { iconv_close(descriptor); }

  arrow::Result<std::shared_ptr<arrow::Buffer>> operator()(const std::shared_ptr<arrow::Buffer> &block) {
    if (block->size() == 0 && !rest.empty()) return arrow::Status::Invalid("the file ends within a character of ", encoding);
    std::string input = rest + std::string(reinterpret_cast<const char *>(block->data()), block->size());
    std::string output(input.size() * 3 + 16, '\0');
    char *from = input.data(), *to = output.data();
    size_t left = input.size(), space = output.size();
    while (left > 0) {
      if (iconv(descriptor, &from, &left, &to, &space) != static_cast<size_t>(-1)) break;
      if (errno == EINVAL) break;  // The block ends within a character.
      if (errno == E2BIG) {
        const size_t done = to - output.data();
        output.resize(output.size() * 2);
        to = output.data() + done;
        space = output.size() - done;
        continue;
      }
      return arrow::Status::Invalid("byte ", consumed + (from - input.data()), " is no character of ", encoding);
    }
    consumed += from - input.data();
    rest.assign(from, left);
    output.resize(to - output.data());
    return arrow::Buffer::FromString(std::move(output));
  }

 private:
  std::string encoding;
  iconv_t descriptor;
  std::string rest;
  int64_t consumed = 0;
};
}  // namespace

std::shared_ptr<arrow::io::InputStream> ca::open(const std::string &path) {
  auto file = take(arrow::io::ReadableFile::Open(path));
  char start[4] = {0, 0, 0, 0};
  const auto count = take(file->Read(4, start));
  check(file->Seek(0));
  auto *packed = codec(std::string_view(start, count));
  if (packed == nullptr) return file;
  return take(arrow::io::CompressedInputStream::Make(packed, file));
}

std::shared_ptr<arrow::io::InputStream> ca::open(const std::string &path, const std::string &encoding) {
  auto input = open(path);
  if (encoding == "utf-8") return input;
  auto transcoder = std::make_shared<Transcoder>(encoding);
  return std::make_shared<arrow::io::TransformInputStream>(
      input, [transcoder](const std::shared_ptr<arrow::Buffer> &block) { return (*transcoder)(block); });
}

std::shared_ptr<arrow::io::OutputStream> ca::packed(std::shared_ptr<arrow::io::OutputStream> output, CACompression compression) {
  if (compression == CA_COMPRESSION_NONE) return output;
  auto *kind = codec(compression == CA_COMPRESSION_GZIP ? arrow::Compression::GZIP : arrow::Compression::ZSTD);
  return take(arrow::io::CompressedOutputStream::Make(kind, output));
}
