// How a CSV file is laid out: found from its beginning, or given.
#pragma once

#include <functional>

#include "support.h"

namespace ca {

// What parts records and fields from each other.
struct Dialect {
  char separator = ',';
  char quote = '"';
  char escape = 0;
};

// One record after another, as the user would count its lines. Slower than Arrow's parser: for beginnings and for finding what is wrong.
class Records {
 public:
  Records(std::shared_ptr<arrow::io::InputStream> input, Dialect dialect, int64_t skipLines);
  // False at the end. `line` is where the record begins, from 1. Blank lines are no records.
  bool next(std::vector<std::string> *fields, int64_t *line);
  // The file ended within quotes that this line opened; 0 if it did not.
  int64_t unclosedQuote = 0;

 private:
  int get();
  int peek();
  std::shared_ptr<arrow::io::InputStream> input;
  Dialect dialect;
  std::shared_ptr<arrow::Buffer> block;
  int64_t place = 0;
  int64_t line = 1;
};

// The separator that parts the records into the same number of fields.
char findSeparator(const std::string &sample, Dialect dialect, int64_t skipLines);
// The encoding that the first bytes tell: utf-8 unless they are those of utf-16.
std::string findEncoding(const std::string &sample);
// The name that iconv knows an encoding by.
std::string iconvName(std::string name);

}  // namespace ca
