// SET, SHOW, RESET, transactions, cursors, prepared statements, LISTEN.

#include <climits>

#include "sql/convert.h"
#include "sql/position.h"
#include "sql/statement.h"

namespace sql {

using pg::Is;
using pg::Node;
using pg::StringOf;

namespace {

using Body = std::optional<StatementBody>;

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

std::string OnOff(const Node* node) { return ConstantText(node) == "0" ? "off" : "on"; }

// SET TRANSACTION ... and SET SESSION CHARACTERISTICS AS TRANSACTION ...
base::Result<Body> ConvertTransactionModes(const PgQuery__VariableSetStmt& set) {
  SetStatement out;
  const std::string name = Lower(set.name);
  if (name == "transaction snapshot")
    return base::Unsupported("SET TRANSACTION SNAPSHOT is not supported");
  const std::string prefix = name == "session characteristics" ? "default_" : "";
  for (const Node* mode : FRESHET_PG_LIST(set, args)) {
    if (!Is(mode, PG_QUERY__NODE__NODE_DEF_ELEM)) continue;
    const std::string_view what = mode->def_elem->defname;
    const std::string value = what == "transaction_isolation" ? ConstantText(mode->def_elem->arg)
                                                              : OnOff(mode->def_elem->arg);
    if (out.name.empty()) {
      out.name = prefix + std::string(what);
      out.value = value;
    } else {
      out.also.emplace_back(prefix + std::string(what), value);
    }
  }
  out.local = prefix.empty();
  return Body(std::move(out));
}

base::Result<Body> ConvertSet(const PgQuery__VariableSetStmt& set) {
  switch (set.kind) {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET: return Body(ResetStatement{Lower(set.name)});
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL: return Body(ResetStatement{"all"});
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI: return ConvertTransactionModes(set);
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT:
      return base::Unsupported("SET ... FROM CURRENT is not supported");
    default: break;
  }
  SetStatement out;
  out.name = Lower(set.name);
  out.local = set.is_local;
  out.to_default = set.kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT;
  for (const Node* arg : FRESHET_PG_LIST(set, args))
    out.value += (out.value.empty() ? "" : ", ") + ConstantText(arg);
  return Body(std::move(out));
}

base::Result<Body> ConvertTransaction(const PgQuery__TransactionStmt& transaction,
                                      const StatementSource& source) {
  TransactionStatement out;
  using Kind = TransactionStatement::Kind;
  if (transaction.chain) return base::Unsupported("AND CHAIN is not supported");
  switch (transaction.kind) {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN:
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START: out.kind = Kind::kBegin; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT: out.kind = Kind::kCommit; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK: out.kind = Kind::kRollback; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT: out.kind = Kind::kSavepoint; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE: out.kind = Kind::kRelease; break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO:
      out.kind = Kind::kRollbackTo;
      break;
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE:
      return Body(RefusedStatement{"PREPARE TRANSACTION"});
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED:
      return Body(RefusedStatement{"COMMIT PREPARED"});
    default: return Body(RefusedStatement{"ROLLBACK PREPARED"});
  }
  out.savepoint = transaction.savepoint_name;
  for (const Node* option : FRESHET_PG_LIST(transaction, options))
    if (Is(option, PG_QUERY__NODE__NODE_DEF_ELEM) &&
        std::string_view(option->def_elem->defname) == "transaction_read_only")
      out.read_write = OnOff(option->def_elem->arg) == "off";
  (void)source;
  return Body(std::move(out));
}

base::Result<Body> ConvertDeclare(const PgQuery__DeclareCursorStmt& declare,
                                  const StatementSource& source) {
  constexpr int kBinary = 0x1, kScroll = 0x2, kHold = 0x20;
  if (declare.options & kBinary)
    return base::Unsupported("a BINARY cursor is not supported")
        .WithHint("Ask for binary results in the extended protocol.");
  if (!Is(declare.query, PG_QUERY__NODE__NODE_SELECT_STMT))
    return base::Unsupported("a cursor for something else than a SELECT is not supported");
  DeclareCursor out;
  out.name = declare.portalname;
  out.hold = declare.options & kHold;
  out.scroll = declare.options & kScroll;
  Converter converter(source.text);
  ASSIGN_OR_RETURN(out.select, converter.ConvertSelect(*declare.query->select_stmt));
  out.select_text = TextAfter(source, "FOR");
  return Body(std::move(out));
}

base::Result<Body> ConvertFetch(const PgQuery__FetchStmt& fetch) {
  FetchCursor out;
  out.name = fetch.portalname;
  out.move = fetch.ismove;
  out.count = fetch.how_many;
  if (fetch.direction == PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE ||
      fetch.direction == PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE)
    return base::Unsupported("FETCH ABSOLUTE and FETCH RELATIVE are not supported")
        .WithHint("Use FETCH FORWARD n.");
  out.backward = fetch.direction == PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD;
  if (out.count == LONG_MIN || out.count == LONG_MAX) {
    out.all = true;
    out.count = 0;
  } else if (out.count < 0) {
    out.backward = !out.backward;
    out.count = -out.count;
  }
  return Body(std::move(out));
}

base::Result<Body> ConvertPrepare(const PgQuery__PrepareStmt& prepare,
                                  const StatementSource& source) {
  PrepareStatement out;
  out.name = prepare.name;
  Converter converter(source.text);
  for (const Node* type : FRESHET_PG_LIST(prepare, argtypes)) {
    if (!Is(type, PG_QUERY__NODE__NODE_TYPE_NAME))
      return base::Internal("PREPARE with a type that is none");
    ASSIGN_OR_RETURN(TypeName name, converter.ConvertType(*type->type_name));
    out.types.push_back(std::move(name));
  }
  out.text = TextAfter(source, "AS");
  return Body(std::move(out));
}

base::Result<Body> ConvertExecute(const PgQuery__ExecuteStmt& execute,
                                  const StatementSource& source) {
  ExecuteStatement out;
  out.name = execute.name;
  Converter converter(source.text);
  ASSIGN_OR_RETURN(out.args, converter.ConvertList(FRESHET_PG_LIST(execute, params)));
  return Body(std::move(out));
}

}  // namespace

base::Result<Body> ConvertSessionStatement(const Node* node, const StatementSource& source) {
  switch (node->node_case) {
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT: return ConvertSet(*node->variable_set_stmt);
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
      return Body(ShowStatement{Lower(node->variable_show_stmt->name)});
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT:
      return ConvertTransaction(*node->transaction_stmt, source);
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      return ConvertDeclare(*node->declare_cursor_stmt, source);
    case PG_QUERY__NODE__NODE_FETCH_STMT: return ConvertFetch(*node->fetch_stmt);
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
      return Body(CloseCursor{node->close_portal_stmt->portalname});
    case PG_QUERY__NODE__NODE_PREPARE_STMT: return ConvertPrepare(*node->prepare_stmt, source);
    case PG_QUERY__NODE__NODE_EXECUTE_STMT: return ConvertExecute(*node->execute_stmt, source);
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
      return Body(DeallocateStatement{node->deallocate_stmt->name});
    case PG_QUERY__NODE__NODE_DISCARD_STMT: return Body(DiscardStatement{});
    case PG_QUERY__NODE__NODE_LISTEN_STMT:
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
    case PG_QUERY__NODE__NODE_NOTIFY_STMT: return Body(ListenStatement{});
    default: return Body();
  }
}

}  // namespace sql
