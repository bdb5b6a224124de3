// INSERT, UPDATE, DELETE.

#include "sql/convert.h"
#include "sql/position.h"
#include "sql/statement.h"

namespace sql {

using pg::Is;
using pg::Node;

namespace {

class DmlReader {
 public:
  explicit DmlReader(std::string_view text) : converter_(text) {}

  base::Result<StatementBody> Insert(const PgQuery__InsertStmt& insert) {
    out_.kind = Dml::Kind::kInsert;
    RETURN_IF_ERROR(Refusals(insert.with_clause != nullptr, insert.n_returning_list > 0));
    if (insert.on_conflict_clause != nullptr)
      return converter_.Refuse("ON CONFLICT", insert.on_conflict_clause->location)
          .WithHint("Leave it out: the newest row of a key wins.");
    ASSIGN_OR_RETURN(out_.table, converter_.ConvertRelation(*insert.relation));
    for (const Node* column : FRESHET_PG_LIST(insert, cols)) {
      if (column->res_target->n_indirection > 0)
        return converter_.Refuse("a part of a column", column->res_target->location);
      out_.columns.emplace_back(column->res_target->name);
    }
    if (!Is(insert.select_stmt, PG_QUERY__NODE__NODE_SELECT_STMT))
      return base::Unsupported("DEFAULT VALUES is not supported")
          .WithHint("Write the values; a column that is not named is NULL.");
    ASSIGN_OR_RETURN(out_.select, converter_.ConvertSelect(*insert.select_stmt->select_stmt));
    return StatementBody(std::move(out_));
  }

  base::Result<StatementBody> Update(const PgQuery__UpdateStmt& update) {
    out_.kind = Dml::Kind::kUpdate;
    RETURN_IF_ERROR(Refusals(update.with_clause != nullptr, update.n_returning_list > 0));
    if (update.n_from_clause > 0)
      return base::Unsupported("UPDATE ... FROM is not supported")
          .WithHint(
              "Use a subquery in SET or WHERE, or INSERT the new rows: the newest of a key wins.");
    ASSIGN_OR_RETURN(out_.table, converter_.ConvertRelation(*update.relation));
    for (const Node* target : FRESHET_PG_LIST(update, target_list)) {
      if (target->res_target->n_indirection > 0 ||
          Is(target->res_target->val, PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF))
        return converter_.Refuse("SET of several columns or of a part of one",
                                 target->res_target->location);
      out_.columns.emplace_back(target->res_target->name);
      ASSIGN_OR_RETURN(auto value, converter_.ConvertExpr(target->res_target->val));
      out_.values.push_back(std::move(value));
    }
    return Where(update.where_clause);
  }

  base::Result<StatementBody> Delete(const PgQuery__DeleteStmt& remove) {
    out_.kind = Dml::Kind::kDelete;
    RETURN_IF_ERROR(Refusals(remove.with_clause != nullptr, remove.n_returning_list > 0));
    if (remove.n_using_clause > 0)
      return base::Unsupported("DELETE ... USING is not supported")
          .WithHint("Use a subquery in WHERE.");
    ASSIGN_OR_RETURN(out_.table, converter_.ConvertRelation(*remove.relation));
    return Where(remove.where_clause);
  }

 private:
  static base::Status Refusals(bool with, bool returning) {
    if (with)
      return base::Unsupported("WITH before INSERT, UPDATE or DELETE is not supported")
          .WithHint("Use a subquery.");
    if (returning)
      return base::Unsupported("RETURNING is not supported")
          .WithHint("SELECT the rows afterwards.");
    return {};
  }

  base::Result<StatementBody> Where(const Node* condition) {
    if (condition != nullptr) {
      if (Is(condition, PG_QUERY__NODE__NODE_CURRENT_OF_EXPR))
        return base::Unsupported("WHERE CURRENT OF is not supported");
      ASSIGN_OR_RETURN(out_.where, converter_.ConvertExpr(condition));
    }
    return StatementBody(std::move(out_));
  }

  Converter converter_;
  Dml out_;
};

}  // namespace

base::Result<std::optional<StatementBody>> ConvertDml(const Node* node,
                                                      const StatementSource& source) {
  using Body = std::optional<StatementBody>;
  const auto some = [](base::Result<StatementBody> body) -> base::Result<Body> {
    if (!body.ok()) return body.TakeStatus();
    return Body(body.Take());
  };
  DmlReader reader(source.text);
  if (Is(node, PG_QUERY__NODE__NODE_INSERT_STMT)) return some(reader.Insert(*node->insert_stmt));
  if (Is(node, PG_QUERY__NODE__NODE_UPDATE_STMT)) return some(reader.Update(*node->update_stmt));
  if (Is(node, PG_QUERY__NODE__NODE_DELETE_STMT)) return some(reader.Delete(*node->delete_stmt));
  return Body();
}

}  // namespace sql
