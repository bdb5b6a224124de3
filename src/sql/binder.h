#pragma once
// The binder resolves a SELECT against the relations that exist and gives every expression
// PostgreSQL's type. It is the security boundary too: a relation, column, function, operator or
// type that is not known is an error (42P01, 42703, 42883, 42704 with a HINT for near names), never
// passed on.
//
// Threads: any. Errors: kInvalid / kNotFound with SQLSTATE, position, HINT. Positions are
// characters when BindOptions::text is given, else bytes; both from 1.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "model/schema.h"
#include "sql/ast.h"

namespace sql {

// What a relation looks like to the binder.
struct RelationInfo {
  std::string schema = "public";
  std::string name;
  model::Fields fields;
  std::string event_time;  // for TUMBLE: the watermark column; empty = none
  // Columns of a source that its materialized views may read, but no query: their values are not
  // kept.
  std::vector<std::string> not_kept = {};
};

class RelationLookup {
 public:
  virtual ~RelationLookup() = default;
  // `schema` is empty when the name was not qualified. nullptr = does not exist.
  virtual const RelationInfo* Find(std::string_view schema, std::string_view name) const = 0;
  virtual std::vector<std::string_view> Names() const = 0;  // for HINTs
};

struct BindOptions {
  std::string_view text;                     // of the statement, for positions in characters
  std::vector<model::Type> parameter_types;  // as the client declared them; kUnknown = infer
  std::string time_zone = "UTC";
  // Scalars that the session answers: current_user, session_user, current_database, current_schema,
  // pg_backend_pid, and the names of settings (server_version; whatever current_setting() is asked
  // for). Without it they stay calls.
  std::function<std::string(std::string_view)> session_value;
  bool allow_aggregates = true;
};

struct Bound {
  model::Fields output;  // names as PostgreSQL gives them
  std::vector<model::Type>
      parameter_types;  // inferred where unknown; text when nothing says otherwise
  std::vector<const RelationInfo*> relations;  // each once
};

// Binds in place: star items are expanded, ordinals and aliases of GROUP BY / ORDER BY resolved to
// expressions, casts that PostgreSQL would add are added (unknown literals get the type of the
// other side), Expr::type set everywhere.
base::Result<Bound> BindSelect(Select* select, const RelationLookup& relations,
                               const BindOptions& options);

// Binds one expression over the fields of one relation (generated columns). No aggregates, no
// subqueries.
base::Result<model::Type> BindExpression(Expr* expr, const model::Fields& fields);

}  // namespace sql
