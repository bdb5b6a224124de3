#include "query/planner.h"

#include <charconv>

#include "sql/binder.h"
#include "sql/walk.h"

namespace query {
namespace {

// Calls whose value differs between two equal statements that run at the same time.
bool HasRandom(sql::Select* select) {
  bool found = false;
  sql::VisitExprs(select, [&](sql::Expr& expr) {
    if (expr.kind != sql::ExprKind::kFunction) return;
    const std::string& name = expr.name.back();
    found = found || name == "random" || name == "gen_random_uuid" || name == "setseed";
  });
  return found;
}

constexpr size_t kMaxPlanBytes = 64 << 10;

std::string KeyOf(const std::string& text, const std::vector<model::Type>& declared,
                  const PlanContext& context) {
  std::string key = text;
  key += '\0' + context.database + '\0' + context.time_zone;
  for (const auto& schema : context.search_path) key += '\0' + schema;
  for (const auto& type : declared) key += '\1' + model::NameOf(type);
  return key;
}

base::Result<std::string> IntegerLiteral(const std::string& text, model::Type type) {
  std::string_view digits = text;
  while (!digits.empty() && digits.front() == ' ') digits.remove_prefix(1);
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  if (digits.starts_with("+")) digits.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
    return base::DataError("invalid input syntax for type " + model::NameOf(type) + ": \"" + text +
                           "\"")
        .WithSqlstate("22P02");
  const int64_t most = type.id == model::TypeId::kInt2   ? INT16_MAX
                       : type.id == model::TypeId::kInt4 ? INT32_MAX
                                                         : INT64_MAX;
  if (error != std::errc() || value > most || value < -most - 1)
    return base::DataError("value \"" + text + "\" is out of range for type " + model::NameOf(type))
        .WithSqlstate("22003");
  return "CAST(" + std::to_string(value) + " AS " + sql::DuckDbType(type) + ")";
}

base::Result<std::string> NarrowedText(const NarrowedView& narrowed, const Relations& relations,
                                       const sql::PrintOptions& options) {
  std::string panes;
  for (const PaneBound& bound : narrowed.bounds) {
    ASSIGN_OR_RETURN(const std::string value, sql::PrintDuckDb(*bound.value, options));
    panes +=
        (panes.empty() ? "" : " AND ") + narrowed.view->plan->PaneCondition(bound.bound, value);
  }
  return relations.ViewText(*narrowed.view, panes);
}

}  // namespace

base::Result<std::string> ParameterLiteral(const Parameter& parameter, model::Type type,
                                           const std::string& time_zone) {
  if (type.id == model::TypeId::kUnknown) type = model::kText;
  if (!parameter) return "CAST(NULL AS " + sql::DuckDbType(type) + ")";
  if (type.IsText()) return "CAST(" + sql::QuoteLiteral(*parameter) + " AS VARCHAR)";
  if (type.IsInteger()) return IntegerLiteral(*parameter, type);
  auto text = std::make_unique<sql::Expr>();
  text->kind = sql::ExprKind::kLiteral;
  text->literal.kind = sql::Literal::Kind::kString;
  text->literal.text = *parameter;
  sql::Expr cast;
  cast.kind = sql::ExprKind::kCast;
  cast.cast.type = type;
  cast.cast.name = model::NameOf(type);
  cast.args.push_back(std::move(text));
  ASSIGN_OR_RETURN(cast.type, sql::BindExpression(&cast, {}));
  sql::PrintOptions options;
  options.time_zone = time_zone;
  return sql::PrintDuckDb(cast, options);
}

base::Result<std::shared_ptr<const SelectPlan>> Planner::Plan(
    const sql::Select& select, const std::string& text, const std::vector<model::Type>& declared,
    const PlanContext& context) {
  const auto catalog = catalog_->Get();
  const std::string key = KeyOf(text, declared, context);
  auto plan = Kept(key, catalog->version);
  if (!plan) {
    bool keep = key.size() <= kMaxPlanBytes;
    ASSIGN_OR_RETURN(plan, Make(select, text, declared, context, &keep));
    if (keep) Keep(key, plan);
  }
  RETURN_IF_ERROR(CheckPrivileges(*plan, *catalog, context.role));
  return plan;
}

base::Result<std::shared_ptr<SelectPlan>> Planner::Make(const sql::Select& select,
                                                        const std::string& text,
                                                        const std::vector<model::Type>& declared,
                                                        const PlanContext& context,
                                                        bool* keep) const {
  auto plan = std::make_shared<SelectPlan>();
  plan->catalog = catalog_->Get();
  plan->catalog_version = plan->catalog->version;
  plan->time_zone = context.time_zone;
  plan->relations = std::make_shared<Relations>(
      RelationsOptions{plan->catalog, system_->Get(), context.search_path, context.database});
  plan->select = select.Clone();
  sql::BindOptions options;
  options.text = text;
  options.parameter_types = declared;
  options.time_zone = context.time_zone;
  options.session_value = [&](std::string_view name) {
    *keep = false;  // the plan has a value of this session in it
    return context.session_value(name);
  };
  ASSIGN_OR_RETURN(auto bound, sql::BindSelect(plan->select.get(), *plan->relations, options));
  plan->fields = std::move(bound.output);
  plan->parameter_types = std::move(bound.parameter_types);
  for (const auto* relation : bound.relations) plan->reads.push_back(*relation);
  plan->narrowed = NarrowPanes(plan->select.get(), *plan->relations);
  bool live = false;
  for (const auto& relation : plan->reads) live = live || relation.schema == "freshet";
  plan->shareable = *keep && !live && !HasRandom(plan->select.get());
  if (!live && plan->parameter_types.empty()) {
    ASSIGN_OR_RETURN(plan->text, Print(*plan, {}));
    if (plan->text.size() > kMaxPlanBytes) *keep = false;
  }
  return plan;
}

base::Status Planner::CheckPrivileges(const SelectPlan& plan, const catalog::Catalog& catalog,
                                      const std::string& role) {
  for (const auto& relation : plan.reads) {
    const std::string name =
        relation.schema == "public" ? relation.name : relation.schema + "." + relation.name;
    if (catalog.MaySelect(role, name)) continue;
    return base::Denied("permission denied for " +
                        std::string(Relations::KindOf(catalog, relation)) + " " + relation.name)
        .WithHint("An administrator may GRANT SELECT ON " + name + " TO " + role + ".");
  }
  return {};
}

base::Result<std::string> Planner::Print(const SelectPlan& plan,
                                         const std::vector<std::string>& parameters) {
  if (!plan.text.empty()) return plan.text;
  sql::PrintOptions options;
  options.time_zone = plan.time_zone;
  options.relation = [&](const std::vector<std::string>& name) {
    const auto narrowed = plan.narrowed.find(name.back());
    if (narrowed != plan.narrowed.end()) return NarrowedText(narrowed->second, *plan.relations, options);
    bool live = false;
    return plan.relations->Text(name, &live);
  };
  options.parameter = [&](int number) {
    const auto index = static_cast<size_t>(number - 1);
    return index < parameters.size() ? parameters[index] : std::string("NULL");
  };
  return sql::PrintDuckDb(*plan.select, options);
}

std::shared_ptr<const SelectPlan> Planner::Kept(const std::string& key, int64_t version) {
  std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  if (found->second->plan->catalog_version != version) {
    const auto old = found->second;
    by_key_.erase(found);
    recent_.erase(old);
    return nullptr;
  }
  recent_.splice(recent_.begin(), recent_, found->second);
  return recent_.front().plan;
}

void Planner::Keep(const std::string& key, std::shared_ptr<const SelectPlan> plan) {
  std::lock_guard lock(mutex_);
  if (by_key_.contains(key)) return;
  recent_.push_front({key, std::move(plan)});
  by_key_[recent_.front().key] = recent_.begin();
  if (recent_.size() <= max_plans_) return;
  by_key_.erase(recent_.back().key);
  recent_.pop_back();
}

}  // namespace query
