#include "sql/statement.h"

#include "sql/convert.h"
#include "sql/position.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

std::string_view TextAfter(const StatementSource& source, std::string_view word) {
  int depth = 0;
  for (const Token& token : source.tokens) {
    if (token.Is("(")) ++depth;
    if (token.Is(")")) --depth;
    if (depth == 0 && token.IsWord(word)) {
      std::string_view rest = source.text.substr(token.end);
      while (!rest.empty() && (rest[0] == ' ' || rest[0] == '\n' || rest[0] == '\t' ||
                               rest[0] == '\r' || rest[0] == '\f'))
        rest.remove_prefix(1);
      return rest;
    }
  }
  return {};
}

std::string ConstantText(const Node* node) {
  if (Is(node, PG_QUERY__NODE__NODE_STRING)) return node->string->sval;
  if (Is(node, PG_QUERY__NODE__NODE_TYPE_CAST)) return ConstantText(node->type_cast->arg);
  if (!Is(node, PG_QUERY__NODE__NODE_A_CONST)) return {};
  const PgQuery__AConst& constant = *node->a_const;
  switch (constant.val_case) {
    case PG_QUERY__A__CONST__VAL_IVAL: return std::to_string(constant.ival->ival);
    case PG_QUERY__A__CONST__VAL_FVAL: return constant.fval->fval;
    case PG_QUERY__A__CONST__VAL_BOOLVAL: return constant.boolval->boolval ? "true" : "false";
    case PG_QUERY__A__CONST__VAL_SVAL: return constant.sval->sval;
    default: return {};
  }
}

namespace {

base::Result<StatementBody> ConvertTopSelect(const PgQuery__SelectStmt& select,
                                             const StatementSource& source) {
  if (select.into_clause != nullptr) return StatementBody(RefusedStatement{"SELECT INTO"});
  if (select.n_locking_clause > 0) return StatementBody(RefusedStatement{"SELECT FOR UPDATE"});
  Converter converter(source.text);
  SelectStatement out;
  ASSIGN_OR_RETURN(out.select, converter.ConvertSelect(select));
  return StatementBody(std::move(out));
}

base::Result<StatementBody> ConvertExplain(const PgQuery__ExplainStmt& explain,
                                           const StatementSource& source) {
  Explain out;
  for (const Node* option : FRESHET_PG_LIST(explain, options)) {
    const std::string_view name = option->def_elem->defname;
    const std::string value =
        option->def_elem->arg == nullptr ? "true" : ConstantText(option->def_elem->arg);
    const bool on = value != "false" && value != "off" && value != "0";
    const auto fail = [&](base::Status status) {
      return At(std::move(status), source.text, option->def_elem->location);
    };
    if (name == "analyze") {
      if (on) out.kind = Explain::Kind::kAnalyze;
    } else if (name == "rewrite") {
      if (on) out.kind = Explain::Kind::kRewrite;
    } else if (name == "format") {
      if (value != "text")
        return fail(base::Unsupported("EXPLAIN format \"" + value + "\" is not supported"));
    } else {
      static constexpr std::string_view kKnown[] = {"analyze", "rewrite", "format"};
      base::Status status =
          base::Invalid("unrecognized EXPLAIN option \"" + std::string(name) + "\"")
              .WithSqlstate("42601");
      if (auto near = base::NearestName(name, kKnown))
        status = std::move(status).WithHint("Perhaps you meant \"" + *near + "\".");
      else status = std::move(status).WithHint("EXPLAIN takes ANALYZE, REWRITE and FORMAT TEXT.");
      return fail(std::move(status));
    }
  }
  if (!Is(explain.query, PG_QUERY__NODE__NODE_SELECT_STMT))
    return base::Unsupported("EXPLAIN is only there for SELECT")
        .WithHint("EXPLAIN MATERIALIZED VIEW name shows how a view is kept.");
  Converter converter(source.text);
  ASSIGN_OR_RETURN(out.select, converter.ConvertSelect(*explain.query->select_stmt));
  return StatementBody(std::move(out));
}

}  // namespace

base::Result<StatementBody> ConvertStatement(const Node* node, const StatementSource& source) {
  if (node == nullptr) return StatementBody(EmptyStatement{});
  if (Is(node, PG_QUERY__NODE__NODE_SELECT_STMT))
    return ConvertTopSelect(*node->select_stmt, source);
  if (Is(node, PG_QUERY__NODE__NODE_EXPLAIN_STMT))
    return ConvertExplain(*node->explain_stmt, source);
  ASSIGN_OR_RETURN(std::optional<StatementBody> session, ConvertSessionStatement(node, source));
  if (session) return std::move(*session);
  ASSIGN_OR_RETURN(std::optional<StatementBody> dml, ConvertDml(node, source));
  if (dml) return std::move(*dml);
  ASSIGN_OR_RETURN(std::optional<StatementBody> role, ConvertRoleStatement(node, source));
  if (role) return std::move(*role);
  return StatementBody(RefusedStatement{CommandOf(node)});
}

bool IsDdl(const Statement& statement) {
  const StatementBody& body = statement.body;
  return std::holds_alternative<CreateSource>(body) || std::holds_alternative<CreateView>(body) ||
         std::holds_alternative<CreateSecret>(body) ||
         std::holds_alternative<DropStatement>(body) || std::holds_alternative<AlterSource>(body) ||
         std::holds_alternative<AlterView>(body) || std::holds_alternative<CreateSink>(body) ||
         std::holds_alternative<ReplayDeadLetters>(body) ||
         std::holds_alternative<RoleStatement>(body) ||
         std::holds_alternative<GrantStatement>(body);
}

}  // namespace sql
