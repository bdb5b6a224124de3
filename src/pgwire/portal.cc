#include "pgwire/portal.h"

#include <algorithm>
#include <utility>

#include "pgwire/messages.h"

namespace pgwire {
namespace {

// Tags that carry the number of rows.
bool CountsRows(std::string_view tag) { return tag == "SELECT" || tag == "FETCH"; }

bool SameTypes(const model::Fields& a, const model::Fields& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const model::Field& x, const model::Field& y) { return x.type == y.type; });
}

}  // namespace

Portal::Portal(std::shared_ptr<query::Prepared> prepared, std::vector<query::Parameter> parameters, std::vector<Format> formats)
    : prepared_(std::move(prepared)), parameters_(std::move(parameters)), formats_(std::move(formats)) {}

void Portal::Begin(int64_t max_rows) {
  max_rows_ = max_rows;
  sent_ = 0;
}

base::Result<Portal::Progress> Portal::Run(query::Session* session, const TextStyle& style, size_t until_bytes, WriteBuffer* out) {
  if (std::holds_alternative<sql::EmptyStatement>(prepared_->statement.body)) {
    WriteBare('I', out);
    return Progress::kDone;
  }
  if (state_ == State::kCommandDone)
    return base::Invalid("portal cannot be run any more").WithSqlstate("55000");
  if (state_ == State::kNew) RETURN_IF_ERROR(Start(session, style, out));
  if (state_ != State::kRows) return Complete(out);
  return SendRows(until_bytes, out);
}

base::Status Portal::Start(query::Session* session, const TextStyle& style, WriteBuffer* out) {
  ASSIGN_OR_RETURN(execution_, session->Execute(prepared_, parameters_));
  for (const auto& [severity, text] : execution_.notices) WriteNoticeResponse(severity, text, out);
  if (!execution_.rows) {
    state_ = State::kCommandDone;
    return {};
  }
  if (!SameTypes(execution_.rows->fields(), prepared_->fields))
    return base::Unsupported("cached plan must not change result type");
  encoder_.emplace(prepared_->fields, formats_, style);
  state_ = State::kRows;
  return {};
}

base::Result<Portal::Progress> Portal::SendRows(size_t until_bytes, WriteBuffer* out) {
  while (true) {
    if (next_row_ == chunk_.rows) {
      ASSIGN_OR_RETURN(chunk_, execution_.rows->Next());
      next_row_ = 0;
      if (chunk_.rows == 0) {
        state_ = State::kRowsDone;
        execution_.rows.reset();   // lets go of its snapshot and connection
        return Complete(out);
      }
    }
    size_t rows = chunk_.rows - next_row_;
    if (max_rows_ > 0) rows = std::min(rows, static_cast<size_t>(max_rows_ - sent_));
    ASSIGN_OR_RETURN(const size_t done, encoder_->Encode(chunk_, next_row_, rows, until_bytes, out));
    next_row_ += done;
    sent_ += static_cast<int64_t>(done);
    if (max_rows_ > 0 && sent_ == max_rows_) {   // also when no row is left: PostgreSQL does not look ahead either
      WriteBare('s', out);
      return Progress::kSuspended;
    }
    if (out->size() > until_bytes) return Progress::kFull;
  }
}

Portal::Progress Portal::Complete(WriteBuffer* out) {
  std::string tag = execution_.tag;
  if (CountsRows(tag)) tag += " " + std::to_string(sent_);
  WriteCommandComplete(tag, out);
  return Progress::kDone;
}

base::Result<std::vector<Format>> ResultFormats(const std::vector<int16_t>& codes, size_t columns) {
  if (codes.size() > 1 && codes.size() != columns)
    return base::Invalid("bind message has " + std::to_string(codes.size()) + " result formats but query has " +
                                   std::to_string(columns) + " columns")
        .WithSqlstate("08P01");
  std::vector<Format> formats(columns, Format::kText);
  for (size_t i = 0; i < columns && !codes.empty(); ++i) {
    const int16_t code = codes.size() == 1 ? codes[0] : codes[i];
    if (code != 0 && code != 1)
      return base::Invalid("unsupported format code: " + std::to_string(code)).WithSqlstate("22023");
    formats[i] = static_cast<Format>(code);
  }
  return formats;
}

}  // namespace pgwire
