// Rows of CSV as RFC 4180 has them, one a record: fields between delimiters, quoted where they hold
// a delimiter, a quote (written twice) or a line end. Fields go to columns by their order, or by
// the header of their file.

#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "base/check.h"
#include "decode/row_decoder.h"
#include "decode/typed_cell.h"

namespace decode {
namespace {

using model::Reason;

constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kMaxFields = 16'384;
constexpr int kNoColumn = -1;

// Cuts one row into fields.
class CsvRow {
 public:
  explicit CsvRow(const model::CsvOptions& options) : options_(options) {}

  struct Field {
    std::string_view text;
    bool quoted = false;
  };
  enum class Cut : uint8_t { kField, kLast, kMalformed };

  void Start(std::string_view row) {
    if (row.ends_with('\n')) row.remove_suffix(1);
    if (row.ends_with('\r')) row.remove_suffix(1);
    at_ = begin_ = row.data();
    end_ = at_ + row.size();
  }

  Cut Next(Field* field) {
    if (at_ < end_ && *at_ == options_.quote) return NextQuoted(field);
    const char* begin = at_;
    while (at_ < end_ && *at_ != options_.delimiter) {
      if (*at_ == '\n') return Malformed("the record holds more than one row");
      ++at_;
    }
    *field = {{begin, static_cast<size_t>(at_ - begin)}, false};
    return AfterField();
  }

  std::string Explain() const {
    return "malformed CSV at byte " + std::to_string(at_ - begin_) + ": " + trouble_;
  }

 private:
  Cut Malformed(const char* trouble) {
    trouble_ = trouble;
    return Cut::kMalformed;
  }

  Cut AfterField() {
    if (at_ == end_) return Cut::kLast;
    if (*at_ != options_.delimiter) return Malformed("a quoted field goes on after its quote");
    ++at_;
    return Cut::kField;
  }

  Cut NextQuoted(Field* field) {
    const char* begin = ++at_;
    unquoted_.clear();
    bool doubled = false;
    while (true) {
      const auto* quote = static_cast<const char*>(
          std::memchr(at_, options_.quote, static_cast<size_t>(end_ - at_)));
      if (quote == nullptr) return Malformed("a quoted field does not end");
      if (quote + 1 == end_ || quote[1] != options_.quote) {
        const std::string_view rest(begin, static_cast<size_t>(quote - begin));
        if (doubled) unquoted_ += rest;
        *field = {doubled ? std::string_view(unquoted_) : rest, true};
        at_ = quote + 1;
        return AfterField();
      }
      unquoted_.append(begin, quote + 1);  // one of the two quotes
      doubled = true;
      begin = at_ = quote + 2;
    }
  }

  const model::CsvOptions& options_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  const char* trouble_ = "";
  std::string unquoted_;
};

class CsvDecoder final : public RowDecoder {
 public:
  CsvDecoder(const model::SourceSchema& schema, const model::CsvOptions& options,
             const std::vector<bool>& used);

 protected:
  void BeginRun(const model::RecordRun& run) override;
  Outcome ReadValue(const model::RecordView& record) override {
    return RowIf(ReadRow(record.Value()));
  }

 private:
  bool ReadRow(std::string_view value);
  void ReadHeader(std::string_view header);
  bool WriteField(int column, const CsvRow::Field& field);

  const model::CsvOptions options_;
  CsvRow row_;
  TypedCells typed_;
  std::vector<int> targets_;  // by field; kNoColumn = nobody wants it
  std::string header_;        // that targets_ are made from
  std::string header_trouble_;
};

CsvDecoder::CsvDecoder(const model::SourceSchema& schema, const model::CsvOptions& options,
                       const std::vector<bool>& used)
    : RowDecoder(schema, used), options_(options), row_(options_), typed_(schema, &cells()) {
  if (options_.header) return;
  for (size_t i = 0; i < schema.columns.size(); ++i) {
    if (schema.columns[i].origin != model::Origin::kValue) continue;
    const auto index = static_cast<uint32_t>(i);
    const auto& wanted = value_columns();
    const bool is_wanted = std::find(wanted.begin(), wanted.end(), index) != wanted.end();
    targets_.push_back(is_wanted ? static_cast<int>(i) : kNoColumn);
  }
}

void CsvDecoder::BeginRun(const model::RecordRun& run) {
  if (options_.header && (targets_.empty() || run.preamble != header_)) ReadHeader(run.preamble);
}

void CsvDecoder::ReadHeader(std::string_view header) {
  header_ = header;
  targets_.clear();
  header_trouble_.clear();
  if (header.starts_with("\xEF\xBB\xBF")) header.remove_prefix(3);  // a byte order mark
  std::unordered_map<std::string, int> columns;
  for (const uint32_t index : value_columns())
    columns[schema().columns[index].path[0]] = static_cast<int>(index);
  row_.Start(header);
  CsvRow::Field field;
  CsvRow::Cut cut = CsvRow::Cut::kField;
  std::unordered_map<std::string, bool> seen;
  while (cut == CsvRow::Cut::kField && targets_.size() < kMaxFields) {
    cut = row_.Next(&field);
    if (cut == CsvRow::Cut::kMalformed) {
      header_trouble_ = "the file's header: " + row_.Explain();
      return;
    }
    const std::string name(field.text);
    const auto known = columns.find(name);
    targets_.push_back(known == columns.end() ? kNoColumn : known->second);
    if (known != columns.end() && !seen.emplace(name, true).second)
      header_trouble_ = "the file's header names a field twice";
  }
}

bool CsvDecoder::WriteField(int column, const CsvRow::Field& field) {
  if (column == kNoColumn) return true;
  if (!field.quoted && field.text == options_.null_text) return true;  // NULL
  return typed_.Parse(static_cast<uint32_t>(column), field.text, rows());
}

bool CsvDecoder::ReadRow(std::string_view value) {
  if (value.size() > kMaxBytes)
    return cells().Fail(Reason::kTooLarge,
                        "the value has over " + std::to_string(kMaxBytes) + " bytes");
  if (!header_trouble_.empty()) return cells().Fail(Reason::kMalformedCsv, header_trouble_);
  if (value.starts_with("\xEF\xBB\xBF")) value.remove_prefix(3);
  row_.Start(value);
  CsvRow::Field field;
  size_t fields = 0;
  for (CsvRow::Cut cut = CsvRow::Cut::kField; cut == CsvRow::Cut::kField; ++fields) {
    cut = row_.Next(&field);
    if (cut == CsvRow::Cut::kMalformed) return cells().Fail(Reason::kMalformedCsv, row_.Explain());
    if (fields < targets_.size() && !WriteField(targets_[fields], field)) return false;
  }
  if (fields == targets_.size()) return true;
  return cells().Fail(Reason::kMalformedCsv, "the row has " + std::to_string(fields) +
                                                 " fields, not " + std::to_string(targets_.size()));
}

}  // namespace

base::Result<std::unique_ptr<Decoder>> MakeCsvDecoder(const model::SourceSchema& schema,
                                                      const model::CsvOptions& csv,
                                                      DecoderOptions options) {
  RETURN_IF_ERROR(CheckColumns(schema, options, "CSV"));
  return std::unique_ptr<Decoder>(std::make_unique<CsvDecoder>(schema, csv, options.used));
}

}  // namespace decode
