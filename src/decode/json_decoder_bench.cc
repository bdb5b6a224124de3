// How many records a second one core turns into columns: orders of 218 bytes, five of twelve fields used; beside it all
// twelve, and simdjson's on-demand front end reading the same five fields, which checks nothing of what it skips.

#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>

#include "base/check.h"
#include "base/clock.h"
#include "decode/decoder.h"

namespace decode {
namespace {

// A batch of records as a reader hands it over.
struct Orders {
  std::string bytes;
  model::RecordBatch batch;
  std::vector<std::pair<size_t, size_t>> places;

  explicit Orders(size_t count) {
    static const char* kRegions[] = {"us-east", "us-west", "eu-west", "eu-north", "ap-south", "ap-east", "sa-east", "af-south"};
    static const char* kStates[] = {"created", "paid", "shipped", "delivered", "cancelled", "returned"};
    for (size_t i = 0; i < count; ++i) {
      const uint64_t random = (i + 1) * 0x9E3779B97F4A7C15ull;
      char text[400];
      const int length = std::snprintf(
          text, sizeof text,
          "{\"order_id\":%zu,\"customer_id\":%u,\"region\":\"%s\",\"status\":\"%s\",\"amount\":%u.%02u,\"ts\":%lld,"
          "\"currency\":\"EUR\",\"channel\":\"mobile\",\"items\":%d,\"session\":\"%016llx\",\"coupon\":null,\"note\":\"seeded\"}",
          i, static_cast<unsigned>(random % 100000), kRegions[random >> 20 & 7], kStates[(random >> 24) % 6],
          static_cast<unsigned>(random >> 40) % 1000, static_cast<unsigned>(random >> 33) % 100,
          1767225600000ll + static_cast<long long>(i) / 20, 1 + static_cast<int>(random >> 34 & 7),
          static_cast<unsigned long long>(random));
      places.emplace_back(bytes.size(), length);
      bytes.append(text, static_cast<size_t>(length));
      bytes.append(9, '\0');  // what stands between two values in a batch: lengths, offsets, a key
    }
    bytes.append(model::kPadding, '\0');
    for (size_t i = 0; i < count; ++i) {
      model::RecordView record;
      record.offset = static_cast<int64_t>(i);
      record.timestamp_ms = 1767225600000;
      record.value = bytes.data() + places[i].first;
      record.value_bytes = static_cast<uint32_t>(places[i].second);
      batch.records.push_back(record);
    }
    batch.runs.push_back({model::PartitionId(0), 0, static_cast<uint32_t>(count), model::Offset(static_cast<int64_t>(count))});
  }
};

model::SourceSchema Schema(bool all) {
  model::SourceSchema schema;
  auto add = [&](const char* name, model::Type type) { schema.columns.push_back({name, type}); };
  add("order_id", model::kInt8);
  add("customer_id", model::kInt8);
  add("region", model::kText);
  add("amount", {model::TypeId::kNumeric, 12, 2});
  add("ts", model::kTimestampTz);
  schema.event_time = 4;
  if (!all) return schema;
  for (const char* name : {"status", "currency", "channel", "session", "coupon", "note"}) add(name, model::kText);
  add("items", model::kInt4);
  return schema;
}

// Runs `once` for about a second, five times, and prints the best.
template <typename Once>
void Time(const char* name, size_t records, Once once) {
  const auto now = [] { return base::Clock::System().Monotonic(); };
  double best = 0;
  for (int run = 0; run < 5; ++run) {
    const auto start = now();
    size_t count = 0;
    double seconds = 0;
    for (; seconds < 0.5; seconds = std::chrono::duration<double>(now() - start).count()) {
      once();
      count += records;
    }
    best = std::max(best, static_cast<double>(count) / seconds);
  }
  std::printf("%-24s %6.2f M records/s, %4.0f ns a record\n", name, best / 1e6, 1e9 / best);
}

void TimeDecoder(const char* name, const Orders& orders, bool all) {
  const auto schema = Schema(all);
  auto decoder = MakeJsonDecoder(schema, {}).Take();
  std::vector<model::Type> types;
  for (const auto& column : schema.columns) types.push_back(column.type);
  model::ColumnBatch rows(types);
  std::vector<model::DeadLetter> dead;
  Time(name, orders.batch.records.size(), [&] {
    rows.Clear();
    decoder->Decode(orders.batch, orders.batch.runs[0], &rows, &dead);
    CHECK(dead.empty());
  });
}

void TimeOnDemand(const Orders& orders) {
  simdjson::ondemand::parser parser;
  int64_t sum = 0;
  Time("on demand, five fields", orders.batch.records.size(), [&] {
    for (const auto& record : orders.batch.records) {
      auto document = parser.iterate(record.value, record.value_bytes, record.value_bytes + simdjson::SIMDJSON_PADDING);
      auto object = document.get_object();
      sum += int64_t(object["order_id"]);
      sum += int64_t(object["customer_id"]);
      sum += static_cast<int64_t>(std::string_view(object["region"]).size());
      sum += static_cast<int64_t>(double(object["amount"]));
      sum += int64_t(object["ts"]);
    }
  });
  if (sum == 1) std::puts("");  // so that it is computed
}

}  // namespace
}  // namespace decode

int main() {
  const decode::Orders orders(20'000);
  decode::TimeDecoder("five columns", orders, false);
  decode::TimeDecoder("twelve columns", orders, true);
  decode::TimeOnDemand(orders);
  return 0;
}
