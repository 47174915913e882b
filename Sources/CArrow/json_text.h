// JSON as text: values one after another out of a stream, and their types.
#pragma once

#include <map>

#include "support.h"

namespace ca {

// A value that has been found in a text, not yet taken apart.
struct JSONValue {
  enum class Kind { null, boolean, integer, number, text, list, object };
  Kind kind = Kind::null;
  bool truth = false;
  int64_t whole = 0;
  double real = 0;
  std::string text;
  std::vector<JSONValue> items;    // of a list, or the members of an object
  std::vector<std::string> names;  // of the members
  std::string_view raw;
};

// One object after another, or those of one list; `line` of a failure counts from 1.
class JSONObjects {
 public:
  explicit JSONObjects(std::shared_ptr<arrow::io::InputStream> input);
  // False at the end. `value.raw` lives until the next call.
  bool next(JSONValue *value);
  int64_t line = 1;  // of the object that came last

 private:
  bool fill();
  std::shared_ptr<arrow::io::InputStream> input;
  std::string buffer;
  size_t place = 0;
  int64_t lines = 1;  // at `place`
  bool inList = false, atStart = true, ended = false;
};

// What the values seen so far have in common.
struct JSONType {
  bool boolean = false, integer = false, number = false, text = false, list = false, object = false;
  bool time = true, zonedTime = true;  // all texts are points in time
  std::unique_ptr<JSONType> element;
  std::vector<std::pair<std::string, std::unique_ptr<JSONType>>> members;
  std::map<std::string, size_t> places;

  void see(const JSONValue &value);
  bool isOnlyObjects() const { return object && !boolean && !integer && !number && !text && !list; }
  // In the house's words. Objects within lists, and values of kinds that have nothing in common, become text.
  std::string type() const;
};

void appendJSON(const JSONValue &value, const std::string &type, arrow::ArrayBuilder *builder, const std::string &column, int64_t line);

}  // namespace ca
