#include "decode/schema_decoder.h"

namespace decode {
namespace {

using model::Reason;

constexpr size_t kMaxBytes = size_t{16} << 20;

}  // namespace

SchemaDecoder::SchemaDecoder(const model::SourceSchema& schema, const std::vector<bool>& used,
                             SchemaRegistry* registry)
    : RowDecoder(schema, used), registry_(registry) {}

base::Status SchemaDecoder::SetOnlyPlan(const RegisteredSchema& schema) {
  ASSIGN_OR_RETURN(only_, MakePlan(schema));
  return {};
}

std::optional<int32_t> SchemaDecoder::IdOf(std::string_view value) {
  if (value.size() < kPrefixBytes || value[0] != 0) return std::nullopt;
  uint32_t id = 0;
  for (size_t i = 1; i < kPrefixBytes; ++i) id = id << 8 | static_cast<unsigned char>(value[i]);
  return static_cast<int32_t>(id);
}

// What of a record says which schema it is written in.
std::string_view SchemaDecoder::FramedPart(const model::RecordView& record) const {
  return record.value == nullptr && !key_columns().empty() ? record.Key() : record.Value();
}

base::Status SchemaDecoder::Prepare(const model::RecordBatch& batch, const model::RecordRun& run,
                                    uint32_t* ready) {
  *ready = run.end;
  if (registry_ == nullptr) return {};
  if (known_.size() >= kMaxPlans) {
    known_.clear();
    last_ = nullptr;
  }
  for (uint32_t i = run.begin; i < run.end; ++i) {
    const auto id = IdOf(FramedPart(batch.records[i]));
    if (!id || (last_ != nullptr && *id == last_id_)) continue;
    base::Status status = Learn(*id);
    if (status.ok() && known_.size() < 2 * kMaxPlans) continue;
    *ready = status.ok() ? i + 1 : i;  // more schemas than are kept: the rest of the run later
    return status;
  }
  return {};
}

// Sets last_; not OK = the schema is not here and may come.
base::Status SchemaDecoder::Learn(int32_t id) {
  const auto now = base::Clock::System().Monotonic();
  const auto found = known_.find(id);
  if (found != known_.end() &&
      (found->second.until == base::MonotonicTime{} || now < found->second.until)) {
    last_id_ = id;
    last_ = &found->second;
    return {};
  }
  auto schema = registry_->Find(id);
  if (!schema.ok() && schema.status().code() != base::Code::kNotFound) return schema.TakeStatus();
  Known& known = known_[id];
  known = {};
  if (!schema.ok()) {
    known.trouble = schema.status().message();
    known.until = now + SchemaRegistry::kAbsentFor;
  } else if (auto plan = MakePlan(**schema); plan.ok()) {
    known.plan = plan.Take();
  } else {
    known.trouble = "schema " + std::to_string(id) + ": " + plan.status().message();
  }
  last_id_ = id;
  last_ = &known;
  return {};
}

RowDecoder::Outcome SchemaDecoder::ReadRecordKey(const model::RecordView& record) {
  if (registry_ == nullptr || !IdOf(record.Key())) return ReadTextKey(record.Key());
  reading_key_ = true;
  return RowIf(ReadFramed(record.Key()));
}

bool SchemaDecoder::ReadFramed(std::string_view value) {
  if (value.size() > kMaxBytes)
    return cells().Fail(Reason::kTooLarge,
                        "the value has over " + std::to_string(kMaxBytes) + " bytes");
  if (only_) return ReadDatum(*only_, value);
  const auto id = IdOf(value);
  if (!id)
    return cells().Fail(Reason::kNoSchemaId, "the value does not begin with 0 and a schema's id");
  if (last_ == nullptr || *id != last_id_)
    if (!Learn(*id).ok()) return cells().Fail(Reason::kUnknownSchema, "the schema is not here");
  if (!last_->plan) return cells().Fail(Reason::kUnknownSchema, last_->trouble);
  return ReadDatum(*last_->plan, value.substr(kPrefixBytes));
}

}  // namespace decode
