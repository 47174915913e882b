#include "csv_layout.h"

#include <arrow/io/memory.h>

#include <algorithm>
#include <map>

ca::Records::Records(std::shared_ptr<arrow::io::InputStream> stream, Dialect dialect, int64_t skipLines)
    : input(std::move(stream)), dialect(dialect) {
  // The byte-order mark is no part of the first name.
  if (peek() == 0xEF && block->size() >= 3 && block->data()[1] == 0xBB && block->data()[2] == 0xBF) place = 3;
  for (int64_t i = 0; i < skipLines; i++) {
    int character;
    while ((character = get()) >= 0 && character != '\n') {
    }
    line++;
  }
}

int ca::Records::peek() {
  if (!block || place == block->size()) {
    block = take(input->Read(1 << 16));
    place = 0;
    if (block->size() == 0) return -1;
  }
  return block->data()[place];
}

int ca::Records::get() {
  const int character = peek();
  if (character >= 0) place++;
  return character;
}

bool ca::Records::next(std::vector<std::string> *fields, int64_t *start) {
  while (peek() == '\n' || peek() == '\r') {
    const int character = get();
    if (character == '\r' && peek() == '\n') get();
    line++;
  }
  if (peek() < 0) return false;
  fields->assign(1, std::string());
  *start = line;
  bool atStart = true, quoted = false;
  int64_t opened = 0;
  while (true) {
    const int character = get();
    if (character < 0) {
      if (quoted) unclosedQuote = opened;
      return true;
    }
    const char byte = static_cast<char>(character);
    if (dialect.escape != 0 && byte == dialect.escape) {
      if (const int escaped = get(); escaped >= 0) fields->back().push_back(static_cast<char>(escaped));
    } else if (quoted) {
      if (byte == dialect.quote) {
        if (dialect.escape == 0 && peek() == static_cast<unsigned char>(dialect.quote)) {
          fields->back().push_back(static_cast<char>(get()));
        } else {
          quoted = false;
        }
      } else {
        if (byte == '\n') line++;
        fields->back().push_back(byte);
      }
    } else if (atStart && dialect.quote != 0 && byte == dialect.quote) {
      quoted = true;
      opened = line;
      atStart = false;
    } else if (byte == dialect.separator) {
      fields->emplace_back();
      atStart = true;
    } else if (byte == '\n' || byte == '\r') {
      if (byte == '\r' && peek() == '\n') get();
      line++;
      return true;
    } else {
      fields->back().push_back(byte);
      atStart = false;
    }
  }
}

char ca::findSeparator(const std::string &sample, Dialect dialect, int64_t skipLines) {
  char best = ',';
  double bestShare = 0;
  // A comma comes last: it also stands within numbers and sentences.
  for (const char separator : {'\t', ';', '|', ','}) {
    dialect.separator = separator;
    Records records(std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(sample)), dialect, skipLines);
    std::map<size_t, int> counts;
    std::vector<std::string> fields;
    int64_t line;
    int total = 0;
    // The sample's last record may be cut off.
    std::vector<size_t> sizes;
    while (total < 200 && records.next(&fields, &line)) {
      sizes.push_back(fields.size());
      total++;
    }
    if (total < 200 && sizes.size() > 2 && !sample.empty() && sample.back() != '\n') sizes.pop_back();
    if (sizes.empty() || sizes[0] < 2) continue;
    const auto alike = std::count(sizes.begin(), sizes.end(), sizes[0]);
    const double share = static_cast<double>(alike) / static_cast<double>(sizes.size());
    if (share > bestShare + (best == ',' ? 0 : 0.02)) {
      best = separator;
      bestShare = share;
    }
  }
  return best;
}

std::string ca::findEncoding(const std::string &sample) {
  const auto byte = [&](size_t place) { return place < sample.size() ? static_cast<unsigned char>(sample[place]) : 0x20; };
  if (byte(0) == 0xFF && byte(1) == 0xFE) return "UTF-16LE";
  if (byte(0) == 0xFE && byte(1) == 0xFF) return "UTF-16BE";
  // Without a mark, the empty halves of Latin letters tell.
  int even = 0, odd = 0;
  const size_t length = std::min<size_t>(sample.size(), 4096);
  for (size_t place = 0; place < length; place++) {
    if (sample[place] == 0) (place % 2 == 0 ? even : odd)++;
  }
  const int many = static_cast<int>(length / 5);
  if (length >= 4 && odd > many && even < many / 4 + 1) return "UTF-16LE";
  if (length >= 4 && even > many && odd < many / 4 + 1) return "UTF-16BE";
  return "utf-8";
}

std::string ca::iconvName(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name == "utf8" || name == "utf-8" || name == "utf-8-sig" || name == "ascii" || name == "us-ascii") return "utf-8";
  if (name == "latin-1" || name == "latin1") return "ISO-8859-1";
  if (name == "gbk" || name == "gb2312") return "GB18030";
  if (name == "utf16") return "UTF-16";
  return name;
}
