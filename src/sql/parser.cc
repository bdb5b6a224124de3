#include "sql/parser.h"

#include <pg_query.h>

#include <algorithm>

#include "sql/position.h"
#include "sql/shell.h"
#include "sql/statement.h"
#include "sql/tokens.h"

namespace sql {
namespace {

// Tokens of one statement with places relative to its first byte.
std::vector<Token> LocalTokens(const std::vector<Token>& tokens, TokenRange range) {
  std::vector<Token> local(tokens.begin() + static_cast<ptrdiff_t>(range.first),
                           tokens.begin() + static_cast<ptrdiff_t>(range.last));
  const int begin = local.front().begin;
  for (Token& token : local) {
    token.begin -= begin;
    token.end -= begin;
  }
  return local;
}

base::Result<StatementBody> ParseOne(const StatementSource& source) {
  ASSIGN_OR_RETURN(std::optional<StatementBody> shell, ReadShell(source));
  if (shell) return std::move(*shell);
  ASSIGN_OR_RETURN(pg::Tree tree, pg::Parse(WithoutNoise(source)));
  if (tree->n_stmts == 0) return StatementBody(EmptyStatement{});
  if (tree->n_stmts > 1)
    return base::Unsupported("a statement that contains statements is not supported");
  ASSIGN_OR_RETURN(StatementBody body, ConvertStatement(tree->stmts[0]->stmt, source));
  if (auto* role = std::get_if<RoleStatement>(&body))
    role->if_not_exists = role->create && source.tokens[2].IsWord("IF");
  return body;
}

// The place of `status` counted from the beginning of the whole text.
base::Status Shifted(base::Status status, std::string_view text, int begin) {
  if (status.position() == 0 || begin == 0) return status;
  const int position = status.position() + CharacterPosition(text, begin) - 1;
  return std::move(status).WithPosition(position);
}

base::Result<SelectPtr> TakeSelect(std::vector<Statement> statements) {
  if (statements.size() == 1)
    if (auto* select = std::get_if<SelectStatement>(&statements[0].body))
      return std::move(select->select);
  return base::Invalid("a SELECT was expected").WithSqlstate("42601");
}

}  // namespace

base::Result<std::vector<Statement>> ParseStatements(std::string_view text,
                                                     const ParseLimits& limits) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Scan(text, limits));
  std::vector<Statement> statements;
  int line = 1, counted = 0;
  for (const TokenRange& range : SplitStatements(tokens)) {
    Statement statement;
    statement.begin = tokens[range.first].begin;
    line +=
        static_cast<int>(std::count(text.begin() + counted, text.begin() + statement.begin, '\n'));
    counted = statement.begin;
    statement.line = line;
    const std::string_view own =
        text.substr(statement.begin, tokens[range.last - 1].end - statement.begin);
    const std::vector<Token> local = LocalTokens(tokens, range);
    base::Result<StatementBody> body = ParseOne({own, local});
    if (!body.ok()) return Shifted(body.TakeStatus(), text, statement.begin);
    statement.body = body.Take();
    statement.text = std::string(own);
    statements.push_back(std::move(statement));
  }
  if (statements.empty()) statements.emplace_back();
  return statements;
}

base::Result<SelectPtr> ParseSelect(std::string_view text) {
  ASSIGN_OR_RETURN(std::vector<Statement> statements, ParseStatements(text));
  return TakeSelect(std::move(statements));
}

base::Result<ExprPtr> ParseExpression(std::string_view text) {
  ASSIGN_OR_RETURN(const std::vector<Token> tokens, Scan(text, {}));
  if (tokens.empty()) return base::Invalid("an expression was expected").WithSqlstate("42601");
  return ParseExprAt(text, 0, static_cast<int>(text.size()), "SELECT ");
}

uint64_t Fingerprint(std::string_view text) {
  if (!Scan(text, {}).ok()) return 0;
  PgQueryFingerprintResult result = pg_query_fingerprint(std::string(text).c_str());
  const uint64_t fingerprint = result.error != nullptr ? 0 : result.fingerprint;
  pg_query_free_fingerprint_result(result);
  return fingerprint;
}

std::string ParserVersion() { return "libpg_query (PostgreSQL " PG_VERSION ")"; }

}  // namespace sql
