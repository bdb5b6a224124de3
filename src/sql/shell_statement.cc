// Which statements are shells, and the short ones of them.

#include <array>

#include "sql/position.h"
#include "sql/shell.h"

namespace sql {
namespace {

using Body = std::optional<StatementBody>;

bool IsWindowWord(const Token& token) {
  return token.IsWord("TUMBLE") || token.IsWord("HOP") || token.IsWord("SESSION") ||
         token.IsWord("CUMULATE");
}

void Blank(std::string* text, const Token& token) {
  text->replace(token.begin, token.end - token.begin, token.end - token.begin, ' ');
}

// The index of the token that closes the parenthesis at `open`; the size when nothing does.
size_t Closing(std::span<const Token> tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].Is("(")) ++depth;
    if (tokens[i].Is(")") && --depth == 0) return i;
  }
  return tokens.size();
}

// Blanks TABLE and DESCRIPTOR( ) inside the arguments of a window, tokens [first, last).
void BlankArguments(std::span<const Token> tokens, size_t first, size_t last, std::string* text) {
  for (size_t i = first; i < last; ++i) {
    if (tokens[i].IsWord("TABLE") && i + 1 < last && !tokens[i + 1].Is("(")) Blank(text, tokens[i]);
    if (!tokens[i].IsWord("DESCRIPTOR") || i + 1 >= last || !tokens[i + 1].Is("(")) continue;
    const size_t close = Closing(tokens, i + 1);
    if (close >= last) continue;
    for (size_t gone : {i, i + 1, close}) Blank(text, tokens[gone]);
  }
}

base::Result<Body> ReadDrop(Shell* shell, DropStatement::Kind kind) {
  DropStatement out;
  out.kind = kind;
  constexpr std::string_view kIfExists[] = {"IF", "EXISTS"};
  out.if_exists = shell->TakeWords(kIfExists);
  do {
    ASSIGN_OR_RETURN(std::string name, shell->TakeRelationName());
    out.names.push_back(std::move(name));
  } while (shell->Take(","));
  out.cascade = shell->TakeWord("CASCADE");
  if (!out.cascade) shell->TakeWord("RESTRICT");
  RETURN_IF_ERROR(shell->ExpectEnd());
  return Body(std::move(out));
}

base::Status TakeRebuild(Shell* shell, AlterSource* out) {
  out->rebuild = shell->TakeWord("REBUILD");
  return {};
}

base::Status ReadReset(Shell* shell, AlterSource* out) {
  static constexpr std::array<std::string_view, 2> kAfterReset{"TO", "ACCEPT"};
  static constexpr std::array<std::string_view, 3> kTargets{"EARLIEST", "LATEST", "OFFSET"};
  if (shell->TakeWord("ACCEPT")) {
    out->reset_to = "accept";
    return {};
  }
  if (!shell->TakeWord("TO")) return shell->UnknownWord("RESET", kAfterReset);
  if (shell->TakeWord("EARLIEST")) {
    out->reset_to = "earliest";
  } else if (shell->TakeWord("LATEST")) {
    out->reset_to = "latest";
  } else if (shell->TakeWord("OFFSET")) {
    out->reset_to = "offset";
    const base::Status negative =
        shell->Error(base::Invalid("an offset cannot be negative").WithSqlstate("22023"));
    ASSIGN_OR_RETURN(out->offset, shell->TakeInteger());
    if (*out->offset < 0) return negative;
  } else {
    return shell->UnknownWord("RESET TO", kTargets);
  }
  if (!shell->TakeWord("PARTITION")) return TakeRebuild(shell, out);
  const base::Status wrong = shell->Error(
      base::Invalid("a partition is a number from 0 to 2147483647").WithSqlstate("22023"));
  ASSIGN_OR_RETURN(const int64_t partition, shell->TakeInteger());
  if (partition < 0 || partition > INT32_MAX) return wrong;
  out->partition = static_cast<int>(partition);
  return TakeRebuild(shell, out);
}

base::Status ReadAddColumn(Shell* shell, AlterSource* out) {
  out->action = AlterSource::Action::kAddColumn;
  constexpr std::string_view kIfNotExists[] = {"IF", "NOT", "EXISTS"};
  shell->TakeWord("COLUMN");
  out->if_not_exists = shell->TakeWords(kIfNotExists);
  const int begin = shell->Byte();
  ASSIGN_OR_RETURN(out->column, ReadSourceColumn(shell));
  out->column_text = shell->source().text.substr(begin, shell->LastByte() - begin);
  return {};
}

base::Result<Body> ReadAlterSource(Shell* shell) {
  static constexpr std::array<std::string_view, 5> kActions{"PAUSE", "RESUME", "RESET", "ADD",
                                                            "ALTER"};
  AlterSource out;
  ASSIGN_OR_RETURN(out.name, shell->TakeRelationName());
  if (shell->TakeWord("PAUSE")) {
    out.action = AlterSource::Action::kPause;
  } else if (shell->TakeWord("RESUME")) {
    out.action = AlterSource::Action::kResume;
  } else if (shell->TakeWord("RESET")) {
    out.action = AlterSource::Action::kReset;
    RETURN_IF_ERROR(ReadReset(shell, &out));
  } else if (shell->TakeWord("ADD")) {
    RETURN_IF_ERROR(ReadAddColumn(shell, &out));
  } else if (shell->TakeWord("ALTER")) {
    constexpr std::string_view kDropNotNull[] = {"DROP", "NOT", "NULL"};
    out.action = AlterSource::Action::kDropNotNull;
    shell->TakeWord("COLUMN");
    ASSIGN_OR_RETURN(out.column.name, shell->TakeName());
    if (!shell->TakeWords(kDropNotNull)) return shell->SyntaxError();
  } else {
    return shell->UnknownWord("action", kActions);
  }
  RETURN_IF_ERROR(shell->ExpectEnd());
  return Body(std::move(out));
}

base::Result<Body> ReadAlterView(Shell* shell) {
  AlterView out;
  ASSIGN_OR_RETURN(out.name, shell->TakeRelationName());
  if (!shell->IsWord("RESUME")) return Body(RefusedStatement{"ALTER MATERIALIZED VIEW"});
  shell->Skip();
  RETURN_IF_ERROR(shell->ExpectEnd());
  return Body(std::move(out));
}

base::Result<Body> ReadExplainView(Shell* shell) {
  Explain out;
  out.kind = Explain::Kind::kView;
  ASSIGN_OR_RETURN(out.view, shell->TakeRelationName());
  if (shell->TakeWord("FOR")) {
    ASSIGN_OR_RETURN(out.dialect, shell->TakeName());
  }
  RETURN_IF_ERROR(shell->ExpectEnd());
  return Body(std::move(out));
}

// CREATE TABLE name AS SELECT, which PostgreSQL's grammar has whole.
bool IsTableAs(const Shell& shell) {
  size_t at = shell.IsWord("IF", 2) ? 5 : 2;
  if (shell.Is(".", at + 1)) at += 2;
  return !shell.Is("(", at + 1);
}

base::Result<Body> ReadReplay(Shell* shell) {
  ReplayDeadLetters out;
  ASSIGN_OR_RETURN(out.source, shell->TakeRelationName());
  if (shell->AtEnd()) return Body(std::move(out));
  RETURN_IF_ERROR(shell->ExpectWord("WHERE"));
  if (shell->AtEnd()) return shell->SyntaxError();
  ASSIGN_OR_RETURN(out.where, shell->ParseExprPart(shell->Byte(),
                                                   static_cast<int>(shell->source().text.size())));
  return Body(std::move(out));
}

// EXPLAIN CREATE [OR REPLACE] MATERIALIZED VIEW ...: what it would do.
base::Result<Body> ReadExplainCreate(Shell* shell, bool or_replace) {
  Explain out;
  out.kind = Explain::Kind::kReplace;
  const StatementSource& source = shell->source();
  ASSIGN_OR_RETURN(auto create, ReadCreateView(shell, or_replace));
  out.create = std::make_shared<CreateView>(std::move(std::get<CreateView>(create)));
  out.create_text = source.text.substr(source.tokens[1].begin);
  out.view = out.create->name;
  return Body(std::move(out));
}

// What sql.md describes and is not built.
base::Status RefusePlanned(const Shell& shell) {
  for (std::string_view object : {"SINK", "SECRET"})
    if (shell.IsWord("ALTER") && shell.IsWord(object, 1))
      return shell.Error(base::Unsupported("ALTER " + std::string(object) + " is not supported yet")
                             .WithHint("Drop it and create it again."));
  return {};
}

}  // namespace

std::string WithoutNoise(const StatementSource& source) {
  std::string text(source.text);
  const std::span<const Token> tokens = source.tokens;
  for (size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].IsWord("TABLE") || !tokens[i + 1].Is("(") || !IsWindowWord(tokens[i + 2]) ||
        !tokens[i + 3].Is("("))
      continue;
    const size_t close = Closing(tokens, i + 1), inner = Closing(tokens, i + 3);
    if (close >= tokens.size() || inner + 1 != close) continue;
    for (size_t gone : {i, i + 1, close}) Blank(&text, tokens[gone]);
    BlankArguments(tokens, i + 4, inner, &text);
  }
  const bool role = tokens.size() > 5 && tokens[0].IsWord("CREATE") &&
                    (tokens[1].IsWord("ROLE") || tokens[1].IsWord("USER"));
  if (role && tokens[2].IsWord("IF") && tokens[3].IsWord("NOT") && tokens[4].IsWord("EXISTS"))
    for (size_t i = 2; i < 5; ++i) Blank(&text, tokens[i]);
  return text;
}

base::Result<StatementBody> ReadCreateView(Shell* shell, bool or_replace) {
  CreateView out;
  out.or_replace = or_replace;
  constexpr std::string_view kIfNotExists[] = {"IF", "NOT", "EXISTS"};
  out.if_not_exists = shell->TakeWords(kIfNotExists);
  if (out.or_replace && out.if_not_exists)
    return shell->Error(
        base::Invalid("OR REPLACE and IF NOT EXISTS exclude each other").WithSqlstate("42601"));
  ASSIGN_OR_RETURN(out.name, shell->TakeRelationName());
  if (shell->Is("("))
    return shell->Error(base::Unsupported("a column list of a view is not supported")
                            .WithHint("Name the columns with AS in the SELECT."));
  if (shell->TakeWord("WITH")) {
    ASSIGN_OR_RETURN(out.options, shell->TakeOptions());
  }
  static constexpr std::array<std::string_view, 2> kClauses{"WITH", "AS"};
  if (!shell->TakeWord("AS")) return shell->UnknownWord("clause", kClauses);
  ASSIGN_OR_RETURN(const auto lookups, FindLookups(shell->source()));
  std::vector<std::pair<size_t, size_t>> gone;
  for (const LookupClause& clause : lookups) gone.emplace_back(clause.first, clause.last);
  const std::span<const Token> tokens = shell->source().tokens;
  int end = static_cast<int>(shell->source().text.size());
  if (tokens.size() > shell->at() + 4) {
    Shell tail(shell->source());
    tail.set_at(tokens.size() - 4);
    end = tail.Byte();
    out.emit_on_close = TakeEmitOnClose(&tail);
    if (!out.emit_on_close) end = static_cast<int>(shell->source().text.size());
  }
  ASSIGN_OR_RETURN(out.select, shell->ParseSelectPart(end, gone));
  RETURN_IF_ERROR(MarkLookups(shell->source(), lookups, out.select.get()));
  out.select_text = shell->source().text.substr(shell->Byte(), end - shell->Byte());
  return StatementBody(std::move(out));
}

base::Result<StatementBody> ReadCreateSecret(Shell* shell) {
  CreateSecret out;
  constexpr std::string_view kIfNotExists[] = {"IF", "NOT", "EXISTS"};
  out.if_not_exists = shell->TakeWords(kIfNotExists);
  ASSIGN_OR_RETURN(out.name, shell->TakeName());
  static constexpr std::array<std::string_view, 1> kClauses{"WITH"};
  if (!shell->TakeWord("WITH")) return shell->UnknownWord("clause", kClauses);
  ASSIGN_OR_RETURN(out.options, shell->TakeOptions());
  RETURN_IF_ERROR(shell->ExpectEnd());
  return StatementBody(std::move(out));
}

base::Result<Body> ReadShell(const StatementSource& source) {
  constexpr std::string_view kCreateSource[] = {"CREATE", "SOURCE"},
                             kCreateView[] = {"CREATE", "MATERIALIZED", "VIEW"},
                             kReplaceView[] = {"CREATE", "OR", "REPLACE", "MATERIALIZED", "VIEW"},
                             kCreateSecret[] = {"CREATE", "SECRET"},
                             kDropSecret[] = {"DROP", "SECRET"},
                             kCreateTable[] = {"CREATE", "TABLE"},
                             kCreateSink[] = {"CREATE", "SINK"}, kDropSource[] = {"DROP", "SOURCE"},
                             kDropTable[] = {"DROP", "TABLE"}, kDropSink[] = {"DROP", "SINK"},
                             kReplay[] = {"REPLAY", "DEAD", "LETTERS", "OF"},
                             kDropView[] = {"DROP", "MATERIALIZED", "VIEW"},
                             kAlterSource[] = {"ALTER", "SOURCE"},
                             kAlterView[] = {"ALTER", "MATERIALIZED", "VIEW"},
                             kExplainView[] = {"EXPLAIN", "MATERIALIZED", "VIEW"},
                             kExplainCreate[] = {"EXPLAIN", "CREATE", "MATERIALIZED", "VIEW"},
                             kExplainReplace[] = {"EXPLAIN", "CREATE",       "OR",
                                                  "REPLACE", "MATERIALIZED", "VIEW"},
                             kShowViews[] = {"SHOW", "MATERIALIZED", "VIEWS"};
  Shell shell(source);
  const auto some = [](base::Result<StatementBody> body) -> base::Result<Body> {
    if (!body.ok()) return body.TakeStatus();
    return Body(body.Take());
  };
  if (shell.TakeWords(kCreateSource)) return some(ReadCreateSource(&shell));
  if (!IsTableAs(shell) && shell.TakeWords(kCreateTable)) return some(ReadCreateTable(&shell));
  if (shell.TakeWords(kDropTable)) return ReadDrop(&shell, DropStatement::Kind::kTable);
  if (shell.TakeWords(kCreateView)) return some(ReadCreateView(&shell, false));
  if (shell.TakeWords(kReplaceView)) return some(ReadCreateView(&shell, true));
  if (shell.TakeWords(kCreateSecret)) return some(ReadCreateSecret(&shell));
  if (shell.TakeWords(kDropSecret)) return ReadDrop(&shell, DropStatement::Kind::kSecret);
  if (shell.TakeWords(kCreateSink)) return some(ReadCreateSink(&shell));
  if (shell.TakeWords(kDropSink)) return ReadDrop(&shell, DropStatement::Kind::kSink);
  if (shell.TakeWords(kReplay)) return ReadReplay(&shell);
  if (shell.TakeWords(kDropSource)) return ReadDrop(&shell, DropStatement::Kind::kSource);
  if (shell.TakeWords(kDropView)) return ReadDrop(&shell, DropStatement::Kind::kView);
  if (shell.TakeWords(kAlterSource)) return ReadAlterSource(&shell);
  if (shell.TakeWords(kAlterView)) return ReadAlterView(&shell);
  if (shell.TakeWords(kExplainView)) return ReadExplainView(&shell);
  if (shell.TakeWords(kExplainCreate)) return ReadExplainCreate(&shell, false);
  if (shell.TakeWords(kExplainReplace)) return ReadExplainCreate(&shell, true);
  if (shell.TakeWords(kShowViews)) {
    RETURN_IF_ERROR(shell.ExpectEnd());
    return Body(ShowStatement{"materialized views"});
  }
  RETURN_IF_ERROR(RefusePlanned(shell));
  return Body();
}

}  // namespace sql
