#pragma once
// Planner: a SELECT's tree -> what runs: bound to the names of one catalog snapshot, checked
// against the role, printed for DuckDB. Plans are kept by text and catalog version; they do not
// depend on the role.
//
// Threads: any. Owns: kept plans. Errors: the binder's, 42501, the printer's, 22P02 and 22003 for
// parameters. Limits: EngineOptions::max_plans plans, each of at most kMaxPlanBytes of text.

#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/pane_bounds.h"
#include "query/relations.h"
#include "sql/printer.h"

namespace query {

// What planning depends on besides the text.
struct PlanContext {
  std::string role, database, time_zone;
  std::vector<std::string> search_path;
  std::function<std::string(std::string_view)> session_value;
};

struct SelectPlan {
  model::Fields fields;
  std::vector<model::Type> parameter_types;
  int64_t catalog_version = 0;
  catalog::CatalogPtr catalog;
  std::shared_ptr<const Relations> relations;
  std::vector<sql::RelationInfo> reads;          // each relation once
  sql::SelectPtr select;                         // bound
  std::map<std::string, NarrowedView> narrowed;  // names in `select` that NarrowPanes gave
  std::string time_zone;
  bool shareable = false;  // equal text at the same time has an equal answer
  std::string text;        // DuckDB's; empty when it is printed anew for each execution
};

class Planner {
 public:
  Planner(catalog::CatalogHolder* catalog, const SystemRelations* system, size_t max_plans)
      : catalog_(catalog), system_(system), max_plans_(max_plans) {}

  // `text` is the statement as written: the key, and what positions count in. `declared` are the
  // client's parameter types.
  base::Result<std::shared_ptr<const SelectPlan>> Plan(const sql::Select& select,
                                                       const std::string& text,
                                                       const std::vector<model::Type>& declared,
                                                       const PlanContext& context);
  // May the role still read what the plan reads?
  static base::Status CheckPrivileges(const SelectPlan& plan, const catalog::Catalog& catalog,
                                      const std::string& role);
  // DuckDB's text with `parameters`, DuckDB literals, in place.
  static base::Result<std::string> Print(const SelectPlan& plan,
                                         const std::vector<std::string>& parameters);
  int64_t catalog_version() const { return catalog_->Get()->version; }
  catalog::CatalogPtr catalog() const { return catalog_->Get(); }

 private:
  base::Result<std::shared_ptr<SelectPlan>> Make(const sql::Select& select, const std::string& text,
                                                 const std::vector<model::Type>& declared,
                                                 const PlanContext& context, bool* keep) const;
  std::shared_ptr<const SelectPlan> Kept(const std::string& key, int64_t version);
  void Keep(const std::string& key, std::shared_ptr<const SelectPlan> plan);

  catalog::CatalogHolder* catalog_;
  const SystemRelations* system_;
  const size_t max_plans_;
  std::mutex mutex_;
  struct Entry {
    std::string key;
    std::shared_ptr<const SelectPlan> plan;
  };
  std::list<Entry> recent_;  // newest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_key_;
};

// A parameter's text as a DuckDB literal of `type`.
base::Result<std::string> ParameterLiteral(const Parameter& parameter, model::Type type,
                                           const std::string& time_zone);

}  // namespace query
