#pragma once
// RowDecoder: what every decoder of typed values does around the value itself: INCLUDE columns,
// NULL and NOT NULL, the event time's rules, dead letters. A format reads the value (ReadValue).
//
// Invariants, as in json_decoder.cc: between records every column that is written has rows->rows()
// cells; within one, a column that is one longer has its cell; a record that fails leaves none.
//
// Threads: one owner. Borrows: the schema.

#include <optional>
#include <string>
#include <vector>

#include "decode/cell.h"
#include "decode/decoder.h"
#include "decode/typed_cell.h"

namespace decode {

class RowDecoder : public Decoder {
 public:
  RowDecoder(const model::SourceSchema& schema, const std::vector<bool>& used);
  void Decode(const model::RecordBatch& batch, const model::RecordRun& run,
              model::ColumnBatch* rows, std::vector<model::DeadLetter>* dead) final;

 protected:
  // Before the records of a run.
  virtual void BeginRun(const model::RecordRun&) {}
  enum class Outcome : uint8_t { kRow, kNoRow, kFailed };
  // The record's value, which is there, into cells of value_columns(). kFailed after a Fail;
  // kNoRow: the record is of a kind that makes no row.
  virtual Outcome ReadValue(const model::RecordView& record) = 0;
  // Of a table: the key, which is there, of a record without a value into cells of key_columns().
  virtual Outcome ReadRecordKey(const model::RecordView& record) {
    return ReadTextKey(record.Key());
  }
  // A key that is the one column of the primary key as text.
  Outcome ReadTextKey(std::string_view key);
  // The record at work deletes the row of its key: it needs no more than the columns of the key.
  void SetDeleted() { deleted_ = true; }
  static Outcome RowIf(bool good) { return good ? Outcome::kRow : Outcome::kFailed; }

  const model::SourceSchema& schema() const { return schema_; }
  const std::vector<uint32_t>& value_columns() const { return value_columns_; }
  const std::vector<uint32_t>& key_columns() const { return key_columns_; }
  CellWriter& cells() { return cells_; }
  model::ColumnBatch* rows() { return rows_; }
  const model::ColumnBatch* rows() const { return rows_; }

 private:
  Outcome DecodeRecord(const model::RecordView& record);
  Outcome ReadDeletion(const model::RecordView& record);
  bool WriteRecordField(uint32_t index, const model::RecordView& record);
  bool FinishCells();
  bool CheckEventTime(const model::RecordView& record);
  model::DeadLetter LetterOf(const model::RecordView& record);

  const model::SourceSchema& schema_;
  std::vector<uint32_t> value_columns_, record_columns_, written_;  // indexes into the schema
  bool check_event_time_ = false;
  std::vector<uint32_t> key_columns_;  // of a table: those of the primary key that a key holds
  std::vector<bool> in_key_;           // by schema column: of the primary key
  bool deleted_ = false;               // the record at work
  std::optional<TypedCells> key_cells_;
  CellWriter cells_;
  model::PartitionId partition_;  // of the run at work
  model::ColumnBatch* rows_ = nullptr;
};

// Invalid when a column's type cannot come from the format or the record, `format` is its name.
base::Status CheckColumns(const model::SourceSchema& schema, const DecoderOptions& options,
                          const std::string& format);

}  // namespace decode
