#pragma once
// What a record carries beside its value, for INCLUDE columns. Threads: any.

#include <optional>
#include <string_view>

#include "model/record_batch.h"

namespace decode {

// The value of the last header of that name. nullopt: none, or its value is null.
std::optional<std::string_view> HeaderValue(const model::RecordView& record, std::string_view name);

// The record's Kafka timestamp in microseconds; none when it has none or one that is no time of
// this calendar.
std::optional<int64_t> KafkaTime(const model::RecordView& record);

}  // namespace decode
