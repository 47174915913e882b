// Arrow's functions, sorting, groups, joins and aggregates.
#include <arrow/acero/exec_plan.h>
#include <arrow/acero/options.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api.h>
#include <arrow/compute/row/grouper.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "support.h"

namespace {
namespace cp = arrow::compute;

std::unique_ptr<cp::FunctionOptions> functionOptions(const CAOptions &options) {
  const std::string text = options.text ? options.text : "";
  switch (options.kind) {
    case CA_OPTIONS_CAST: {
      auto cast = std::make_unique<cp::CastOptions>(true);
      cast->to_type = ca::type(text);
      cast->allow_time_truncate = true;
      return cast;
    }
    case CA_OPTIONS_MATCH: return std::make_unique<cp::MatchSubstringOptions>(text, options.flag);
    case CA_OPTIONS_SET:
      return std::make_unique<cp::SetLookupOptions>(ca::house(ca::asColumn(options.datum->value)), cp::SetLookupOptions::SKIP);
    case CA_OPTIONS_STRPTIME: return std::make_unique<cp::StrptimeOptions>(text, arrow::TimeUnit::MICRO, true);
    case CA_OPTIONS_STRFTIME: return std::make_unique<cp::StrftimeOptions>(text);
    case CA_OPTIONS_ROUND: return std::make_unique<cp::RoundOptions>(options.first, cp::RoundMode::HALF_TO_EVEN);
    case CA_OPTIONS_REPLACE: return std::make_unique<cp::ReplaceSubstringOptions>(text, options.other ? options.other : "");
    case CA_OPTIONS_SLICE: return std::make_unique<cp::SliceOptions>(options.first, options.second);
    case CA_OPTIONS_WEEK: return std::make_unique<cp::DayOfWeekOptions>(false, 1);
    case CA_OPTIONS_CONCATENATE: return std::make_unique<cp::JoinOptions>(cp::JoinOptions::EMIT_NULL);
    default: return nullptr;
  }
}

// Group numbers in the order of first appearance, whatever the number of threads.
std::shared_ptr<arrow::UInt32Array> groups(const arrow::RecordBatch &keys, int64_t *count) {
  std::vector<arrow::TypeHolder> types;
  std::vector<arrow::Datum> columns;
  for (const auto &column : keys.columns()) {
    types.emplace_back(column->type());
    columns.emplace_back(column);
  }
  auto grouper = ca::take(cp::Grouper::Make(types));
  const cp::ExecBatch batch(columns, keys.num_rows());
  auto ids = ca::take(grouper->Consume(cp::ExecSpan(batch)));
  *count = grouper->num_groups();
  auto raw = std::static_pointer_cast<arrow::UInt32Array>(ids.make_array());
  // The grouper may number groups as its hash table likes.
  std::vector<uint32_t> rank(*count, std::numeric_limits<uint32_t>::max());
  uint32_t next = 0;
  auto ordered = ca::take(arrow::AllocateBuffer(raw->length() * 4));
  auto *target = reinterpret_cast<uint32_t *>(ordered->mutable_data());
  for (int64_t row = 0; row < raw->length(); row++) {
    auto &place = rank[raw->Value(row)];
    if (place == std::numeric_limits<uint32_t>::max()) place = next++;
    target[row] = place;
  }
  return std::make_shared<arrow::UInt32Array>(raw->length(), std::shared_ptr<arrow::Buffer>(std::move(ordered)));
}

bool anyMissing(const arrow::RecordBatch &keys, int64_t row) {
  for (const auto &column : keys.columns()) {
    if (column->IsNull(row)) return true;
  }
  return false;
}

struct Pairs {
  arrow::Int64Builder left, right;
  void add(int64_t a, int64_t b) {
    ca::check(a < 0 ? left.AppendNull() : left.Append(a));
    ca::check(b < 0 ? right.AppendNull() : right.Append(b));
  }
};

// Keys of both sides in the same types and under the same names: texts of one width of offsets, categories as their texts.
std::shared_ptr<arrow::RecordBatch> keys(const arrow::RecordBatch &batch) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch.num_columns(); i++) {
    auto column = batch.column(i);
    if (column->type_id() == arrow::Type::DICTIONARY || column->type_id() == arrow::Type::STRING) {
      column = ca::take(cp::Cast(*column, arrow::large_utf8()));
    }
    columns.push_back(column);
    fields.push_back(arrow::field("k" + std::to_string(i), column->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), batch.num_rows(), columns);
}

// For every row of one side, the rows of the other that have the same key.
class Meeting {
 public:
  Meeting(const arrow::RecordBatch &left, const arrow::RecordBatch &right) {
    auto both = ca::take(ca::take(arrow::Table::FromRecordBatches({keys(left), keys(right)}))->CombineChunksToBatch());
    int64_t count = 0;
    auto ids = groups(*both, &count);
    for (int64_t row = 0; row < both->num_rows(); row++) {
      const int64_t id = anyMissing(*both, row) ? -1 : static_cast<int64_t>(ids->Value(row));
      (row < left.num_rows() ? leftIds : rightIds).push_back(id);
    }
    index(leftIds, count, &leftStarts, &leftRows);
    index(rightIds, count, &rightStarts, &rightRows);
  }

  std::vector<int64_t> leftIds, rightIds, leftStarts, leftRows, rightStarts, rightRows;

 private:
  static void index(const std::vector<int64_t> &ids, int64_t count, std::vector<int64_t> *starts, std::vector<int64_t> *rows) {
    starts->assign(count + 1, 0);
    for (const auto id : ids) {
      if (id >= 0) (*starts)[id + 1]++;
    }
    for (int64_t i = 0; i < count; i++) (*starts)[i + 1] += (*starts)[i];
    rows->resize(starts->back());
    auto place = *starts;
    for (size_t row = 0; row < ids.size(); row++) {
      if (ids[row] >= 0) (*rows)[place[ids[row]]++] = static_cast<int64_t>(row);
    }
  }
};

// The quantile of each group's present values, linear between neighbours; missing where a group has none.
std::shared_ptr<arrow::Array> quantiles(
    const arrow::UInt32Array &ids, int64_t count, const std::shared_ptr<arrow::Array> &column, double quantile) {
  auto numbers = ca::take(cp::Cast(*column, arrow::float64()));
  const auto &values = static_cast<const arrow::DoubleArray &>(*numbers);
  std::vector<std::vector<double>> members(count);
  for (int64_t row = 0; row < values.length(); row++) {
    if (!values.IsNull(row) && !std::isnan(values.Value(row))) members[ids.Value(row)].push_back(values.Value(row));
  }
  arrow::DoubleBuilder builder;
  ca::check(builder.Reserve(count));
  for (auto &group : members) {
    if (group.empty()) {
      builder.UnsafeAppendNull();
      continue;
    }
    const double place = quantile * static_cast<double>(group.size() - 1);
    const auto lower = static_cast<size_t>(place);
    std::nth_element(group.begin(), group.begin() + lower, group.end());
    double value = group[lower];
    if (const double rest = place - static_cast<double>(lower); rest > 0) {
      value += rest * (*std::min_element(group.begin() + lower + 1, group.end()) - value);
    }
    builder.UnsafeAppend(value);
  }
  return ca::take(builder.Finish());
}
}  // namespace

extern "C" {
CADatum ca_scalar_missing(CAError *error) { CA_TRY(nullptr, return ca::own(arrow::Datum(arrow::MakeNullScalar(arrow::null())));) }
CADatum ca_scalar_int(int64_t value, CAError *error) { CA_TRY(nullptr, return ca::own(arrow::Datum(value));) }
CADatum ca_scalar_double(double value, CAError *error) { CA_TRY(nullptr, return ca::own(arrow::Datum(value));) }
CADatum ca_scalar_bool(bool value, CAError *error) { CA_TRY(nullptr, return ca::own(arrow::Datum(value));) }
CADatum ca_scalar_text(const char *bytes, int64_t count, CAError *error) {
  CA_TRY(nullptr, return ca::own(arrow::Datum(std::make_shared<arrow::LargeStringScalar>(std::string(bytes, count))));)
}
CADatum ca_scalar_timestamp(int64_t microseconds, const char *zone, CAError *error) {
  CA_TRY(nullptr, {
    const auto type = arrow::timestamp(arrow::TimeUnit::MICRO, zone ? zone : "");
    return ca::own(arrow::Datum(std::make_shared<arrow::TimestampScalar>(microseconds, type)));
  })
}

CADatum ca_broadcast(CADatum datum, int64_t count, CAError *error) {
  CA_TRY(nullptr, {
    if (datum->value.kind() != arrow::Datum::SCALAR) return ca::own(datum->value);
    return ca::own(ca::take(arrow::MakeArrayFromScalar(*datum->value.scalar(), count)));
  })
}

CADatum ca_call(const char *function, CADatums arguments, CAOptions options, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    std::vector<arrow::Datum> values;
    for (int64_t i = 0; i < arguments.count; i++) values.push_back(arguments.items[i]->value);
    auto chosen = functionOptions(options);
    return ca::own(ca::take(cp::CallFunction(function, values, chosen.get())));
  })
}

CADatum ca_sort(CADatum table, CATexts columns, const bool *descending, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    std::vector<cp::SortKey> keys;
    for (int64_t i = 0; i < columns.count; i++) {
      keys.emplace_back(
          arrow::FieldRef(std::string(columns.items[i])), descending[i] ? cp::SortOrder::Descending : cp::SortOrder::Ascending,
          cp::NullPlacement::AtEnd);
    }
    const cp::SortOptions options(keys);
    return ca::own(ca::take(cp::SortIndices(ca::asBatch(table->value), options)));
  })
}

CADatum ca_groups(CADatum keys, int64_t *count, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    return ca::own(groups(*ca::asBatch(keys->value), count));
  })
}

int32_t ca_join(CADatum left, CADatum right, CAJoin join, CADatum *left_rows, CADatum *right_rows, CAError *error) {
  CA_TRY(-1, {
    ca::ensureCompute();
    const Meeting meeting(*ca::asBatch(left->value), *ca::asBatch(right->value));
    Pairs pairs;
    const auto each = [](const std::vector<int64_t> &starts, const std::vector<int64_t> &rows, int64_t id, auto body) {
      if (id < 0) return;
      for (int64_t place = starts[id]; place < starts[id + 1]; place++) body(rows[place]);
    };
    if (join == CA_JOIN_RIGHT) {
      for (size_t row = 0; row < meeting.rightIds.size(); row++) {
        bool met = false;
        each(meeting.leftStarts, meeting.leftRows, meeting.rightIds[row], [&](int64_t other) {
          pairs.add(other, static_cast<int64_t>(row));
          met = true;
        });
        if (!met) pairs.add(-1, static_cast<int64_t>(row));
      }
    } else {
      std::vector<bool> reached(meeting.rightIds.size(), false);
      for (size_t row = 0; row < meeting.leftIds.size(); row++) {
        bool met = false;
        each(meeting.rightStarts, meeting.rightRows, meeting.leftIds[row], [&](int64_t other) {
          met = true;
          reached[other] = true;
          if (join == CA_JOIN_INNER || join == CA_JOIN_LEFT || join == CA_JOIN_FULL) pairs.add(static_cast<int64_t>(row), other);
        });
        const bool alone = join == CA_JOIN_LEFT || join == CA_JOIN_FULL || join == CA_JOIN_ANTI;
        if ((!met && alone) || (met && join == CA_JOIN_SEMI)) pairs.add(static_cast<int64_t>(row), -1);
      }
      if (join == CA_JOIN_FULL) {
        for (size_t row = 0; row < reached.size(); row++) {
          if (!reached[row]) pairs.add(-1, static_cast<int64_t>(row));
        }
      }
    }
    *left_rows = ca::own(ca::take(pairs.left.Finish()));
    *right_rows = ca::own(ca::take(pairs.right.Finish()));
    return 0;
  })
}

CADatum ca_aggregate(
    CADatum group_ids, int64_t group_count, CADatum values, const CAAggregate *aggregates, int64_t count, CAError *error) {
  CA_TRY(nullptr, {
    ca::ensureCompute();
    const auto ids = std::static_pointer_cast<arrow::UInt32Array>(group_ids->value.make_array());
    auto batch = ca::asBatch(values->value);
    const int keyPlace = batch->num_columns();
    auto table = ca::take(arrow::Table::FromRecordBatches({ca::take(batch->AddColumn(keyPlace, "group", ids))}));
    std::vector<cp::Aggregate> plan;
    for (int64_t i = 0; i < count; i++) {
      const std::string function = aggregates[i].function;
      if (function == "quantile") continue;
      std::shared_ptr<cp::FunctionOptions> options;
      if (function == "hash_stddev" || function == "hash_variance") {
        options = std::make_shared<cp::VarianceOptions>(static_cast<int>(aggregates[i].parameter), true, 2);
      } else if (function == "hash_count") {
        options = std::make_shared<cp::CountOptions>(cp::CountOptions::ONLY_VALID);
      } else if (function == "hash_count_distinct") {
        options = std::make_shared<cp::CountOptions>(cp::CountOptions::ONLY_VALID);
      } else if (function == "hash_sum" || function == "hash_mean" || function == "hash_min" || function == "hash_max" ||
                 function == "hash_first" || function == "hash_last") {
        // A group without a value has none: its sum is 0, as everywhere; its mean is missing.
        options = std::make_shared<cp::ScalarAggregateOptions>(true, function == "hash_sum" ? 0 : 1);
      }
      plan.push_back({function, options, {arrow::FieldRef(static_cast<int>(aggregates[i].column))}, "a" + std::to_string(i)});
    }
    std::vector<std::shared_ptr<arrow::ChunkedArray>> results(count);
    if (!plan.empty()) {
      namespace acero = arrow::acero;
      auto declaration = acero::Declaration::Sequence(
          {{"table_source", acero::TableSourceNodeOptions(table, std::max<int64_t>(table->num_rows(), 1))},
           {"aggregate", acero::AggregateNodeOptions(plan, {arrow::FieldRef(keyPlace)})}});
      // One thread: the order of sums, and so their last digits, must not depend on chance.
      auto grouped = ca::take(acero::DeclarationToTable(declaration, false));
      auto order = ca::take(cp::SortIndices(*grouped->GetColumnByName("group")));
      for (int64_t i = 0; i < count; i++) {
        if (auto column = grouped->GetColumnByName("a" + std::to_string(i))) {
          results[i] = ca::take(cp::Take(column, order)).chunked_array();
        }
      }
    }
    arrow::FieldVector fields;
    for (int64_t i = 0; i < count; i++) {
      if (!results[i]) {
        results[i] = std::make_shared<arrow::ChunkedArray>(
            quantiles(*ids, group_count, batch->column(static_cast<int>(aggregates[i].column)), aggregates[i].parameter));
      }
      fields.push_back(arrow::field("a" + std::to_string(i), results[i]->type()));
    }
    return ca::own(arrow::Table::Make(arrow::schema(fields), results, group_count));
  })
}
}
