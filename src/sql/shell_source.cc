// CREATE SOURCE and CREATE TABLE: columns, INCLUDE, WITH, FORMAT ... ENCODE.

#include <array>

#include "sql/interval.h"
#include "sql/position.h"
#include "sql/shell.h"

namespace sql {
namespace {

constexpr std::array<std::string_view, 4> kClauses{"INCLUDE", "WITH", "FORMAT", "ENCODE"};
constexpr std::array<std::string_view, 5> kIncludes{"KEY", "PARTITION", "OFFSET", "TIMESTAMP",
                                                    "HEADER"};
constexpr std::array<std::string_view, 3> kFormats{"PLAIN", "UPSERT", "DEBEZIUM"};
constexpr std::array<std::string_view, 4> kEncodings{"JSON", "AVRO", "PROTOBUF", "CSV"};
constexpr std::array<std::string_view, 6> kColumnClauses{"NOT", "NULL",      "PATH",
                                                         "AS",  "GENERATED", "PRIMARY"};
// Words that go on with a type: double precision, timestamp(3) with time zone, interval day to
// second.
constexpr std::array<std::string_view, 15> kTypeWords{
    "PRECISION", "VARYING", "WITH",   "WITHOUT", "TIME", "ZONE",  "YEAR",     "MONTH",
    "DAY",       "HOUR",    "MINUTE", "SECOND",  "TO",   "ARRAY", "CHARACTER"};

constexpr size_t kMaxColumns = 1600;

class SourceReader {
 public:
  SourceReader(Shell* shell, bool table) : shell_(*shell) { out_.table = table; }

  base::Result<StatementBody> Read() {
    constexpr std::string_view kIfNotExists[] = {"IF", "NOT", "EXISTS"};
    out_.if_not_exists = shell_.TakeWords(kIfNotExists);
    ASSIGN_OR_RETURN(out_.name, shell_.TakeRelationName());
    RETURN_IF_ERROR(ReadColumns());
    while (shell_.IsWord("INCLUDE")) RETURN_IF_ERROR(ReadInclude());
    if (shell_.TakeWord("WITH")) {
      ASSIGN_OR_RETURN(out_.options, shell_.TakeOptions(&out_.secrets));
    }
    if (out_.table && shell_.AtEnd() && out_.options.empty()) out_.format.clear();
    else RETURN_IF_ERROR(ReadFormat());
    RETURN_IF_ERROR(SetEventTime());
    return StatementBody(std::move(out_));
  }

  base::Result<model::SourceColumn> ReadOne() {
    RETURN_IF_ERROR(ReadColumn());
    return std::move(out_.schema.columns.front());
  }

 private:
  base::Status ReadColumns() {
    RETURN_IF_ERROR(shell_.Expect("("));
    do {
      if (shell_.IsWord("WATERMARK") && shell_.IsWord("FOR", 1)) {
        RETURN_IF_ERROR(ReadWatermark());
      } else if (out_.table && shell_.IsWord("PRIMARY") && shell_.IsWord("KEY", 1)) {
        RETURN_IF_ERROR(ReadPrimaryKey());
      } else {
        RETURN_IF_ERROR(ReadColumn());
      }
    } while (shell_.Take(","));
    return shell_.Expect(")");
  }

  // PRIMARY KEY (column, ...)
  base::Status ReadPrimaryKey() {
    RETURN_IF_ERROR(TakePrimaryKey());
    RETURN_IF_ERROR(shell_.Expect("("));
    do {
      ASSIGN_OR_RETURN(std::string column, shell_.TakeName());
      out_.primary_key.push_back(std::move(column));
    } while (shell_.Take(","));
    return shell_.Expect(")");
  }

  base::Status TakePrimaryKey() {
    if (!out_.table)
      return shell_.Error(
          base::Unsupported("a source has no PRIMARY KEY")
              .WithHint("CREATE TABLE has rows with a key; the newest one of a key counts."));
    if (!out_.primary_key.empty())
      return shell_.Error(
          base::Invalid("multiple primary keys for table \"" + out_.name + "\" are not allowed")
              .WithSqlstate("42P16"));
    shell_.Skip();
    return shell_.ExpectWord("KEY");
  }

  base::Status AddColumn(model::SourceColumn column, int place) {
    if (out_.schema.Find(column.name))
      return At(base::Invalid("column \"" + column.name + "\" specified more than once")
                    .WithSqlstate("42701"),
                shell_.source().text, place);
    if (out_.schema.columns.size() == kMaxColumns)
      return shell_.Error(
          base::Invalid("sources can have at most 1600 columns").WithSqlstate("54011"));
    out_.schema.columns.push_back(std::move(column));
    return {};
  }

  base::Status ReadColumn() {
    model::SourceColumn column;
    const int place = shell_.Byte();
    if (shell_.IsWord("PRIMARY") || shell_.IsWord("UNIQUE") || shell_.IsWord("CHECK") ||
        shell_.IsWord("CONSTRAINT"))
      return shell_.Error(
          base::Unsupported(out_.table ? "a table has no constraints but PRIMARY KEY and NOT NULL"
                                       : "a source has no constraints but NOT NULL"));
    ASSIGN_OR_RETURN(column.name, shell_.TakeName());
    RETURN_IF_ERROR(ReadType(&column));
    bool path_given = false;
    while (!shell_.AtEnd() && !shell_.Is(",") && !shell_.Is(")"))
      RETURN_IF_ERROR(ReadColumnClause(&column, &path_given));
    if (column.origin == model::Origin::kGenerated && path_given)
      return shell_.Error(base::Invalid("column \"" + column.name + "\" has both PATH and AS")
                              .WithSqlstate("42601"));
    if (column.origin == model::Origin::kValue && column.path.empty()) column.path = {column.name};
    return AddColumn(std::move(column), place);
  }

  base::Status ReadType(model::SourceColumn* column) {
    const int begin = shell_.Byte();
    if (shell_.AtEnd() || NameOf(*shell_.Peek()).empty()) return shell_.SyntaxError();
    shell_.Skip();
    while (GoesOnWithType())
      if (shell_.Is("(")) {
        ASSIGN_OR_RETURN(const size_t after, shell_.EndOfParentheses());
        shell_.set_at(after);
      } else {
        shell_.Skip();
      }
    ASSIGN_OR_RETURN(ExprPtr cast, shell_.ParseExprPart(begin, shell_.LastByte(), "SELECT NULL::"));
    const auto fail = [&](base::Status status) {
      return At(std::move(status), shell_.source().text, begin);
    };
    if (cast->kind != ExprKind::kCast)
      return fail(base::Invalid("a type was expected").WithSqlstate("42601"));
    if (cast->cast.type.id == model::TypeId::kUnknown)
      return fail(
          base::NotFound("type \"" + cast->cast.name + "\" does not exist").WithSqlstate("42704"));
    if ((cast->cast.name == "varchar" || cast->cast.name == "bpchar") &&
        !cast->cast.modifiers.empty())
      return fail(base::Unsupported("a length limit on a column of a source is not supported")
                      .WithHint("Write text."));
    column->type = cast->cast.type;
    return {};
  }

  bool GoesOnWithType() const {
    if (shell_.Is("(") || shell_.Is("[") || shell_.Is("]")) return true;
    if (!shell_.AtEnd() && shell_.Peek()->kind == Token::Kind::kNumber) return true;  // of int[3]
    for (std::string_view word : kTypeWords)
      if (shell_.IsWord(word)) return true;
    return false;
  }

  base::Status ReadColumnClause(model::SourceColumn* column, bool* path_given) {
    if (shell_.TakeWord("NOT")) {
      column->not_null = true;
      return shell_.ExpectWord("NULL");
    }
    if (shell_.TakeWord("NULL")) return {};
    if (shell_.IsWord("PRIMARY")) {
      RETURN_IF_ERROR(TakePrimaryKey());
      out_.primary_key.push_back(column->name);
      return {};
    }
    if (shell_.TakeWord("PATH")) {
      *path_given = true;
      return ReadPath(column);
    }
    constexpr std::string_view kGenerated[] = {"GENERATED", "ALWAYS", "AS"};
    if (shell_.TakeWord("AS") || shell_.TakeWords(kGenerated)) return ReadGenerated(column);
    return shell_.UnknownWord("column clause", kColumnClauses);
  }

  base::Status ReadGenerated(model::SourceColumn* column) {
    if (!shell_.Is("(")) return shell_.SyntaxError();
    ASSIGN_OR_RETURN(const size_t after, shell_.EndOfParentheses());
    const int begin = shell_.Byte() + 1;
    shell_.set_at(after);
    const int end = shell_.LastByte() - 1;
    if (base::Result<ExprPtr> expr = shell_.ParseExprPart(begin, end); !expr.ok())
      return expr.TakeStatus();
    column->origin = model::Origin::kGenerated;
    column->expression = std::string(shell_.source().text.substr(begin, end - begin));
    if (shell_.IsWord("STORED")) shell_.Skip();
    return {};
  }

  // 'a.b.c' or '$.a.b.c'; a key with dots or spaces stands in double quotes: '$.a."b.c"'.
  base::Status ReadPath(model::SourceColumn* column) {
    const int place = shell_.Byte();
    ASSIGN_OR_RETURN(const std::string path, shell_.TakeString());
    const auto wrong = [&](const char* hint) {
      return At(base::Invalid("PATH \"" + path + "\" cannot be read")
                    .WithSqlstate("42601")
                    .WithHint(hint),
                shell_.source().text, place);
    };
    size_t at = path.starts_with("$.") ? 2 : 0;
    while (true) {
      std::string key;
      if (at < path.size() && path[at] == '"') {
        const size_t close = path.find('"', at + 1);
        if (close == std::string::npos)
          return wrong("A key that begins with a double quote ends with one.");
        key = path.substr(at + 1, close - at - 1);
        at = close + 1;
      } else {
        const size_t stop = std::min(path.find('.', at), path.size());
        key = path.substr(at, stop - at);
        at = stop;
        if (key.find_first_of("[]*?\"") != std::string::npos)
          return wrong(
              "PATH names keys of nested objects, as in 'a.b.c'; arrays are not reached into.");
      }
      if (key.empty()) return wrong("PATH names keys of nested objects, as in 'a.b.c'.");
      column->path.push_back(std::move(key));
      if (at == path.size()) return {};
      if (path[at++] != '.') return wrong("Keys are separated by dots.");
    }
  }

  base::Status ReadWatermark() {
    if (!watermark_.empty())
      return shell_.Error(base::Invalid("WATERMARK is given more than once").WithSqlstate("42601"));
    shell_.Skip();
    shell_.Skip();
    watermark_place_ = shell_.Byte();
    ASSIGN_OR_RETURN(watermark_, shell_.TakeName());
    RETURN_IF_ERROR(shell_.ExpectWord("AS"));
    const int begin = shell_.Byte();
    int depth = 0;
    while (!shell_.AtEnd() && !(depth == 0 && (shell_.Is(",") || shell_.Is(")")))) {
      if (shell_.Is("(")) ++depth;
      if (shell_.Is(")")) --depth;
      shell_.Skip();
    }
    ASSIGN_OR_RETURN(ExprPtr expr, shell_.ParseExprPart(begin, shell_.LastByte()));
    return ReadDelay(*expr, begin);
  }

  bool IsWatermarkColumn(const Expr& expr) const {
    return expr.kind == ExprKind::kColumn && expr.name.size() == 1 && expr.name[0] == watermark_;
  }

  base::Status ReadDelay(const Expr& expr, int place) {
    if (IsWatermarkColumn(expr)) return {};
    const auto wrong = [&](const std::string& message) {
      return At(base::Unsupported(message).WithHint("Write WATERMARK FOR " + watermark_ + " AS " +
                                                    watermark_ + " - INTERVAL '5' SECOND."),
                shell_.source().text, place);
    };
    const bool minus = expr.kind == ExprKind::kOperator && expr.name[0] == "-" &&
                       expr.args.size() == 2 && IsWatermarkColumn(*expr.args[0]);
    if (!minus) return wrong("a watermark must be its column or its column minus an interval");
    const Expr& delay = *expr.args[1];
    if (delay.kind != ExprKind::kCast || delay.cast.type.id != model::TypeId::kInterval ||
        delay.args[0]->kind != ExprKind::kLiteral)
      return wrong("the delay of a watermark must be an INTERVAL constant");
    base::Result<Interval> interval = ParseInterval(delay.args[0]->literal.text);
    if (!interval.ok()) return At(interval.TakeStatus(), shell_.source().text, delay.location);
    if (interval->months != 0)
      return wrong("the delay of a watermark must be in days or smaller units");
    constexpr int64_t kDayUs = 86'400'000'000;
    if (interval->days < 0 || interval->microseconds < 0 || interval->days > 36'500 ||
        interval->microseconds > 36'500 * kDayUs)
      return wrong("the delay of a watermark must be between zero and 100 years");
    out_.schema.watermark_delay_us = interval->days * kDayUs + interval->microseconds;
    return {};
  }

  base::Status SetEventTime() {
    if (watermark_.empty()) return {};
    const std::optional<int> column = out_.schema.Find(watermark_);
    if (!column)
      return At(base::NotFound("column \"" + watermark_ + "\" of the watermark does not exist")
                    .WithSqlstate("42703"),
                shell_.source().text, watermark_place_);
    out_.schema.event_time = *column;
    return {};
  }

  base::Status ReadInclude() {
    shell_.Skip();
    const int place = shell_.Byte();
    model::SourceColumn column;
    if (shell_.TakeWord("KEY")) column = {"key", model::kText, false, model::Origin::kKey};
    else if (shell_.TakeWord("PARTITION"))
      column = {"partition", model::kInt4, false, model::Origin::kPartition};
    else if (shell_.TakeWord("OFFSET"))
      column = {"offset", model::kInt8, false, model::Origin::kOffset};
    else if (shell_.TakeWord("TIMESTAMP"))
      column = {"timestamp", model::kTimestampTz, false, model::Origin::kTimestamp};
    else if (shell_.TakeWord("HEADER")) {
      column = {"", model::kText, false, model::Origin::kHeader};
      ASSIGN_OR_RETURN(std::string header, shell_.TakeString());
      column.name = header;
      column.path = {header};
    } else {
      return shell_.UnknownWord("INCLUDE of", kIncludes);
    }
    if (shell_.TakeWord("AS")) {
      ASSIGN_OR_RETURN(column.name, shell_.TakeName());
    }
    return AddColumn(std::move(column), place);
  }

  base::Status ReadFormat() {
    if (shell_.AtEnd() && MakesItsRows()) {
      out_.encode = "JSON";
      return {};
    }
    if (shell_.AtEnd())
      return shell_.Error(base::Invalid("FORMAT is missing")
                              .WithSqlstate("42601")
                              .WithHint("End the statement with FORMAT PLAIN ENCODE JSON."));
    if (!shell_.TakeWord("FORMAT")) return shell_.UnknownWord("clause", kClauses);
    RETURN_IF_ERROR(TakeOneOf("format", kFormats, &out_.format));
    if (!shell_.AtEnd() && !shell_.IsWord("ENCODE")) return shell_.UnknownWord("clause", kClauses);
    RETURN_IF_ERROR(shell_.ExpectWord("ENCODE"));
    RETURN_IF_ERROR(TakeOneOf("encoding", kEncodings, &out_.encode));
    if (shell_.Is("(")) {
      ASSIGN_OR_RETURN(out_.encode_options, shell_.TakeOptions(&out_.encode_secrets));
    }
    if (!shell_.AtEnd()) {
      for (std::string_view clause : kClauses)
        if (shell_.IsWord(clause))
          return shell_.Error(
              base::Invalid(std::string(clause) + " is given more than once or at the wrong place")
                  .WithSqlstate("42601")
                  .WithHint("The order is columns, INCLUDE, WITH, FORMAT, ENCODE."));
    }
    return shell_.ExpectEnd();
  }

  // Generated rows are no bytes of somebody else's, so they have no format to be told.
  bool MakesItsRows() const {
    const auto connector = out_.options.find("connector");
    return connector != out_.options.end() && connector->second == "datagen";
  }

  base::Status TakeOneOf(const std::string& what, std::span<const std::string_view> known,
                         std::string* out) {
    for (std::string_view word : known)
      if (shell_.TakeWord(word)) {
        *out = word;
        return {};
      }
    return shell_.UnknownWord(what, known);
  }

  Shell& shell_;
  CreateSource out_;
  std::string watermark_;
  int watermark_place_ = -1;
};

}  // namespace

base::Result<model::SourceColumn> ReadSourceColumn(Shell* shell) {
  return SourceReader(shell, false).ReadOne();
}

base::Result<StatementBody> ReadCreateSource(Shell* shell) {
  return SourceReader(shell, false).Read();
}
base::Result<StatementBody> ReadCreateTable(Shell* shell) {
  return SourceReader(shell, true).Read();
}

}  // namespace sql
