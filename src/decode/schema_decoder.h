#pragma once
// SchemaDecoder: what Avro and Protobuf share: which writer schema a record has, its plan, made
// once per schema, and waiting for a schema that is not here.
//
// With a registry a value begins with the byte 0 and the schema's id in four bytes; without one the
// schema stands in the definition and the value is the datum alone.
//
// Threads: one owner. Borrows: the registry, which outlives it. Limits: up to twice
// kMaxPlans plans are kept.

#include <map>
#include <memory>
#include <optional>

#include "decode/row_decoder.h"
#include "decode/schema_registry.h"

namespace decode {

class SchemaDecoder : public RowDecoder {
 public:
  // What a writer schema means for our columns.
  struct Plan {
    virtual ~Plan() = default;
  };

  // `inline_schema` is used where there is no registry.
  SchemaDecoder(const model::SourceSchema& schema, const std::vector<bool>& used,
                SchemaRegistry* registry);

  base::Status Prepare(const model::RecordBatch& batch, const model::RecordRun& run,
                       uint32_t* ready) final;

 protected:
  // The plan for a schema; an error makes its records dead letters.
  virtual base::Result<std::unique_ptr<Plan>> MakePlan(const RegisteredSchema& schema) = 0;
  // The datum, by the plan, into cells.
  virtual bool ReadDatum(const Plan& plan, std::string_view datum) = 0;
  Outcome ReadValue(const model::RecordView& record) final {
    reading_key_ = false;
    return RowIf(ReadFramed(record.Value()));
  }
  // With a registry the key is written in a schema of its own; else it is text.
  Outcome ReadRecordKey(const model::RecordView& record) final;
  bool reading_key() const { return reading_key_; }

  // Without a registry: the plan of every record.
  base::Status SetOnlyPlan(const RegisteredSchema& schema);

 private:
  static constexpr size_t kMaxPlans = 1'000;
  static constexpr size_t kPrefixBytes = 5;
  struct Known {
    std::unique_ptr<Plan> plan;
    std::string trouble;          // why there is none
    base::MonotonicTime until{};  // trouble that may pass
  };
  static std::optional<int32_t> IdOf(std::string_view value);
  std::string_view FramedPart(const model::RecordView& record) const;
  base::Status Learn(int32_t id);
  bool ReadFramed(std::string_view value);

  SchemaRegistry* const registry_;
  std::map<int32_t, Known> known_;
  int32_t last_id_ = 0;
  const Known* last_ = nullptr;  // of last_id_
  std::unique_ptr<Plan> only_;
  bool reading_key_ = false;
};

}  // namespace decode
