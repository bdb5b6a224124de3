// PREPARE, EXECUTE, DEALLOCATE: statements that are named in SQL. Those of the protocol belong to
// pgwire.

#include "query/session.h"
#include "sql/parser.h"

namespace query {

base::Result<Execution> SessionImpl::RunPrepare(const sql::PrepareStatement& statement) {
  if (named_.contains(statement.name))
    return base::AlreadyExists("prepared statement \"" + statement.name + "\" already exists")
        .WithSqlstate("42P05");
  if (named_.size() >= kMaxPrepared)
    return base::Exhausted("too many prepared statements")
        .WithSqlstate("54000")
        .WithHint("DEALLOCATE those no longer needed.");
  NamedStatement named{statement.text, {}};
  for (const auto& type : statement.types) {
    if (type.type.id == model::TypeId::kUnknown && type.name != "unknown")
      return base::NotFound("type \"" + type.name + "\" does not exist").WithSqlstate("42704");
    named.types.push_back(type.type);
  }
  auto checked = PrepareNamed(named);
  if (!checked.ok()) return checked.TakeStatus().WithPosition(0);  // it counts from the inner text
  named_[statement.name] = std::move(named);
  return Execution{nullptr, "PREPARE", {}};
}

base::Result<std::shared_ptr<PreparedPlan>> SessionImpl::PrepareNamed(const NamedStatement& named) {
  ASSIGN_OR_RETURN(auto statements, sql::ParseStatements(named.text));
  if (statements.size() != 1 || !std::holds_alternative<sql::SelectStatement>(statements[0].body))
    return base::Unsupported("only SELECT can be prepared");
  ASSIGN_OR_RETURN(auto prepared, PrepareInScope(std::move(statements[0]), named.types));
  return std::static_pointer_cast<PreparedPlan>(prepared);
}

base::Status SessionImpl::PrepareExecute(const sql::ExecuteStatement& statement,
                                         PreparedPlan* out) {
  const auto found = named_.find(statement.name);
  if (found == named_.end())
    return base::NotFound("prepared statement \"" + statement.name + "\" does not exist")
        .WithSqlstate("26000");
  ASSIGN_OR_RETURN(out->inner, PrepareNamed(found->second));
  if (statement.args.size() != out->inner->parameter_types.size())
    return base::Invalid("wrong number of parameters for prepared statement \"" + statement.name +
                         "\"")
        .WithSqlstate("42601")
        .WithDetail("Expected " + std::to_string(out->inner->parameter_types.size()) +
                    " parameters but got " + std::to_string(statement.args.size()) + ".");
  out->fields = out->inner->fields;
  out->returns_rows = true;
  out->light = out->inner->light;
  return {};
}

// The arguments are constant expressions; each is cast to its parameter's type.
base::Result<std::vector<std::string>> SessionImpl::ArgumentLiterals(
    const sql::ExecuteStatement& statement, const std::vector<model::Type>& types) {
  std::vector<std::string> literals;
  for (size_t i = 0; i < statement.args.size(); ++i) {
    sql::Expr cast;
    cast.kind = sql::ExprKind::kCast;
    cast.location = statement.args[i]->location;
    cast.cast.type = types[i].id == model::TypeId::kUnknown ? model::kText : types[i];
    cast.cast.name = model::NameOf(cast.cast.type);
    cast.args.push_back(statement.args[i]->Clone());
    ASSIGN_OR_RETURN(cast.type, sql::BindExpression(&cast, {}));
    sql::PrintOptions options;
    options.time_zone = Setting("TimeZone");
    ASSIGN_OR_RETURN(auto text, sql::PrintDuckDb(cast, options));
    literals.push_back(std::move(text));
  }
  return literals;
}

base::Result<Execution> SessionImpl::RunExecute(const sql::ExecuteStatement& statement,
                                                PreparedPlan* prepared) {
  PreparedPlan* inner = prepared->inner.get();
  const auto& select = *std::get<sql::SelectStatement>(inner->statement.body).select;
  if (inner->sets) return RunSetConfig(select);
  if (inner->system) {
    if (!statement.args.empty())
      return base::Unsupported("EXECUTE with parameters over the system catalog is not supported")
          .WithHint("Write the values into the query.");
    ASSIGN_OR_RETURN(auto rows, RunSystem(select, {}));
    return Execution{std::move(rows), "SELECT", {}};
  }
  RETURN_IF_ERROR(Refresh(select, inner->statement.text, inner));
  ASSIGN_OR_RETURN(const auto literals, ArgumentLiterals(statement, inner->plan->parameter_types));
  ASSIGN_OR_RETURN(auto rows, RunPlan(*inner->plan, literals));
  return Execution{std::move(rows), "SELECT", {}};
}

base::Result<Execution> SessionImpl::RunDeallocate(const sql::DeallocateStatement& statement) {
  if (statement.name.empty()) {
    named_.clear();
    return Execution{nullptr, "DEALLOCATE ALL", {}};
  }
  if (named_.erase(statement.name) == 0)
    return base::NotFound("prepared statement \"" + statement.name + "\" does not exist")
        .WithSqlstate("26000");
  return Execution{nullptr, "DEALLOCATE", {}};
}

}  // namespace query
