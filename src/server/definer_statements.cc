// One function per kind of definition: checks it on the copy of the catalog and notes what must be
// done.

#include <algorithm>
#include <set>

#include "base/log.h"
#include "base/scram.h"
#include "server/definer.h"
#include "server/definitions.h"
#include "sql/printer.h"

namespace server {
namespace {

std::string DropTable(const std::string& table) {
  return "DROP TABLE " + sql::QuoteIdentifier(table);
}

base::Status DoesNotExist(const char* kind, const std::string& name,
                          const std::vector<std::string_view>& known) {
  auto error =
      base::NotFound(std::string(kind) + " \"" + name + "\" does not exist").WithSqlstate("42P01");
  if (const auto near = base::NearestName(name, known))
    return std::move(error).WithHint("Perhaps you meant \"" + *near + "\".");
  return error;
}

template <typename Map>
std::vector<std::string_view> KeysOf(const Map& map) {
  std::vector<std::string_view> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

// Refuses to `what` an object that views read.
base::Status CheckReaders(const std::string& what, const std::string& kind, const std::string& name,
                          const catalog::Catalog& catalog) {
  std::set<std::string> readers;
  for (const auto& view : catalog.ReadersOf(name)) {
    const auto& owner = catalog.ComingView(view)->owner;
    readers.insert(owner.empty() ? view : owner);
  }
  std::string detail;
  for (const auto& view : readers)
    detail += (detail.empty() ? "" : " ") +
              ("materialized view " + view + " depends on " + kind + " " + name + ".");
  if (detail.empty()) return {};
  return base::Invalid("cannot " + what + " " + kind + " " + name +
                       " because other objects depend on it")
      .WithSqlstate("2BP01")
      .WithDetail(detail)
      .WithHint(what == "drop" ? "Use DROP ... CASCADE to drop the dependent objects too."
                               : "Drop them first, and create them again afterwards.");
}

// A view that is suspended lacks rows; no other can be filled from it.
base::Status CheckParentRuns(const catalog::View& view, const catalog::Catalog& catalog) {
  const auto parent = catalog.views.find(view.input);
  if (parent == catalog.views.end() || parent->second->suspended.empty()) return {};
  if (catalog.building.contains(view.input)) return {};  // it will be whole
  return base::Invalid("materialized view \"" + view.input +
                       "\" is suspended, so no view can be filled from it")
      .WithSqlstate("55000")
      .WithDetail(parent->second->suspended)
      .WithHint("ALTER MATERIALIZED VIEW " + view.input + " RESUME first.");
}

store::ParentFill FillOf(const catalog::View& view, const catalog::View& parent) {
  store::ParentFill fill{view.id,
                         parent.id,
                         view.name,
                         view.Table(),
                         view.plan->Delta(sql::QuoteIdentifier(parent.Table())),
                         "",
                         0};
  if (const auto& time = view.plan->time) {
    fill.time_column = view.plan->keys[static_cast<size_t>(time->key)].column;
    fill.bucket_us = time->bucket_us;
    fill.origin_us = time->origin_us;
  }
  return fill;
}

base::Status ExistsDifferently(const std::string& name, const char* kind, const char* hint) {
  return base::AlreadyExists(std::string(kind) + " \"" + name +
                             "\" already exists with another definition")
      .WithSqlstate("42P07")
      .WithHint(hint);
}

}  // namespace

std::string CreateRawTable(const catalog::Source& source) {
  std::string text = "CREATE TABLE " + sql::QuoteIdentifier(source.RawTable()) + " (";
  for (size_t i = 0; i < source.fields.size(); ++i) {
    const bool checked = !source.IsFed() && source.schema.columns[i].not_null;
    text += sql::QuoteIdentifier(source.fields[i].name) + " " +
            sql::DuckDbType(source.fields[i].type) + (checked ? " NOT NULL, " : ", ");
  }
  if (source.is_table) text += "\"__deleted\" BOOLEAN, ";
  return text +
         "\"__partition\" INTEGER, \"__offset\" BIGINT, \"__incarnation\" INTEGER, \"__lane\" "
         "INTEGER, \"__commit\" BIGINT)";
}

std::vector<std::string> CreateTables(const catalog::View& view) {
  std::vector<std::string> out{view.plan->CreateTable(sql::QuoteIdentifier(view.Table()))};
  if (view.emission)
    out.push_back(view.emission->CreateReleased(sql::QuoteIdentifier(view.ReleasedTable())));
  return out;
}

base::Status Definer::One(const sql::CreateSource& statement, const std::string& text,
                          Change* change) {
  change->tags.push_back(statement.table ? "CREATE TABLE" : "CREATE SOURCE");
  auto& sources = change->next->sources;
  if (const auto it = sources.find(statement.name); it != sources.end()) {
    if (statement.if_not_exists) return {};
    if (change->from_file && catalog::Canonical(it->second->definition) == catalog::Canonical(text))
      return {};
    if (change->from_file)
      return ExistsDifferently(statement.name, it->second->is_table ? "table" : "source",
                               "DROP it with CASCADE first, or give the new one another name.");
  }
  ASSIGN_OR_RETURN(auto source, catalog::MakeSource(statement, text, *change->next));
  RETURN_IF_ERROR(env_.access(*source));
  source->id = change->next->TakeId();
  source->SetCreated(base::Clock::System().Wall().time_since_epoch().count());
  for (const auto& warning : source->warnings) change->warnings.push_back(warning);
  for (const auto& warning : source->warnings)
    base::Log(base::Level::kWarning, "server", "source definition",
              {{"source", source->name}, {"warning", warning}});
  if (source->KeepsRaw()) change->create.push_back(CreateRawTable(*source));
  if (source->IsFed()) change->restarted.push_back(source->id);
  change->dirty = true;
  sources[source->name] = std::move(source);
  return {};
}

base::Status Definer::One(const sql::CreateSecret& statement, const std::string& text,
                          Change* change) {
  change->tags.push_back("CREATE SECRET");
  auto& secrets = change->next->secrets;
  if (const auto it = secrets.find(statement.name); it != secrets.end()) {
    const bool same = catalog::Canonical(it->second->definition) == catalog::Canonical(text);
    if (statement.if_not_exists || (change->from_file && same)) return {};
    return base::AlreadyExists("secret \"" + statement.name + "\" already exists");
  }
  ASSIGN_OR_RETURN(auto secret, catalog::MakeSecret(statement, text));
  RETURN_IF_ERROR(env_.secret(*secret));
  secret->id = change->next->TakeId();
  change->dirty = true;
  secrets[secret->name] = std::move(secret);
  return {};
}

base::Status Definer::DropSecret(const std::string& name, const sql::DropStatement& statement,
                                 Change* change) {
  auto& secrets = change->next->secrets;
  if (!secrets.contains(name)) {
    if (statement.if_exists) return {};
    return base::NotFound("secret \"" + name + "\" does not exist").WithSqlstate("42704");
  }
  std::string users;
  for (const auto& [source_name, source] : change->next->sources)
    for (const auto& [option, secret] : source->secrets)
      if (secret == name)
        users += (users.empty() ? "" : " ") +
                 ("source " + source_name + " depends on secret " + name + ".");
  if (!users.empty())
    return base::Invalid("cannot drop secret " + name + " because other objects depend on it")
        .WithSqlstate("2BP01")
        .WithDetail(users)
        .WithHint("Drop what uses it first; CASCADE does not reach sources by their secrets.");
  secrets.erase(name);
  change->dirty = true;
  return {};
}

// A view whose source is at work is filled beside it and takes its name when it is full. A view
// over a view is filled from its parent at the barrier, or waits for it.
void Definer::AddView(std::shared_ptr<catalog::View> view, Change* change) {
  view->id = change->next->TakeId();
  const auto& source = *change->next->sources.at(view->source);
  for (auto& create : CreateTables(*view)) change->create.push_back(std::move(create));
  change->dirty = true;
  if (!env_.catalog->Get()->FindSource(source.id)) {  // it is new, nothing was read yet
    change->next->views[view->name] = std::move(view);
    return;
  }
  change->barrier.insert(source.id);
  if (!view->ancestors.empty() && !change->next->building.contains(view->input))
    return Place(std::move(view), change);
  change->built.push_back(view);
  change->next->building[view->name] = std::move(view);
}

// The view is read from now on; one that had its name goes.
void Definer::Place(std::shared_ptr<const catalog::View> view, Change* change) {
  auto& views = change->next->views;
  if (const auto old = views.find(view->name); old != views.end()) DropTables(*old->second, change);
  if (!view->ancestors.empty()) change->fed.push_back(FillOf(*view, *views.at(view->input)));
  views[view->name] = std::move(view);
}

// A view that reads one that is being replaced is replaced with it.
base::Status Definer::FollowParent(const catalog::View& old, const std::string& parent,
                                   Change* change) {
  RETURN_IF_ERROR(CheckNoSinks(old.name, *change));
  change->next->Reindex();
  auto next = MakeStoredView(old.definition, true, *change->next);
  if (!next.ok())
    return base::Invalid("materialized view \"" + parent +
                         "\" cannot be replaced, because materialized view \"" + old.name +
                         "\" reads it and would fail")
        .WithSqlstate("2BP01")
        .WithDetail(next.status().message())
        .WithHint("Drop \"" + old.name + "\" first, and create it again afterwards.");
  GiveUp(old.name, change);
  AddView(next.Take(), change);
  return {};
}

void Definer::DropTables(const catalog::View& view, Change* change) {
  change->drop.push_back(DropTable(view.Table()));
  if (view.emission) change->drop.push_back(DropTable(view.ReleasedTable()));
}

// A view that is being built under this name is dropped, and those that wait for it.
void Definer::GiveUp(const std::string& view, Change* change) {
  if (!change->next->building.contains(view)) return;
  for (const auto& child : change->next->FedBy(view))
    if (const auto waiting = change->next->building.find(child);
        waiting != change->next->building.end() && !waiting->second->ancestors.empty())
      GiveUpOne(child, change);
  GiveUpOne(view, change);
}

void Definer::GiveUpOne(const std::string& view, Change* change) {
  const auto it = change->next->building.find(view);
  if (std::erase(change->built, it->second) > 0) {  // by this very change
    for (const auto& create : CreateTables(*it->second)) std::erase(change->create, create);
  } else {
    DropTables(*it->second, change);
    change->given_up.push_back(it->second->id);
  }
  if (const auto source = change->next->sources.find(it->second->source);
      source != change->next->sources.end())
    change->barrier.insert(source->second->id);
  change->dirty = true;
  change->next->building.erase(it);
}

base::Status Definer::One(const sql::CreateView& statement, const std::string& text,
                          Change* change) {
  change->tags.push_back("CREATE MATERIALIZED VIEW");
  const auto& views = change->next->views;
  const auto& building = change->next->building;
  const auto same = [&text](const catalog::View& view) {
    return catalog::SameDefinition(view.definition, text);
  };
  if (const auto it = building.find(statement.name); it != building.end()) {
    if (statement.if_not_exists) return {};
    if (same(*it->second) && (change->from_file || statement.or_replace)) return {};
  } else if (const auto known = views.find(statement.name); known != views.end()) {
    if (statement.if_not_exists) return {};
    if (same(*known->second) && (change->from_file || statement.or_replace)) return {};
    if (change->from_file && !statement.or_replace)
      return ExistsDifferently(statement.name, "materialized view",
                               "Write CREATE OR REPLACE MATERIALIZED VIEW to change it.");
  }
  ASSIGN_OR_RETURN(auto view, catalog::MakeView(statement, text, *change->next));
  RETURN_IF_ERROR(CheckParentRuns(*view, *change->next));
  if (!view->plan->looked_up.empty())
    change->warnings.push_back("records that are stored already are joined with " +
                               view->plan->looked_up[0] +
                               " as it is now, later ones as it is when they are processed");
  RETURN_IF_ERROR(CheckNotReplaced(view->over, *change));
  RETURN_IF_ERROR(CheckNoSinks(statement.name, *change));
  RETURN_IF_ERROR(CheckNotRebuilding(view->source, *change));
  std::vector<std::string> fed;  // views that are replaced with it, with their definitions
  if (views.contains(statement.name) || building.contains(statement.name))
    fed = change->next->FedBy(statement.name);
  if (view->input == statement.name || std::count(fed.begin(), fed.end(), view->input) > 0)
    return base::Invalid("materialized view \"" + statement.name + "\" would read itself")
        .WithSqlstate("42P17");
  std::vector<std::shared_ptr<const catalog::View>> children;
  for (const auto& child : fed) children.push_back(change->next->ComingView(child));
  RETURN_IF_ERROR(AddJoins(view.get(), change));
  if (const auto old = change->next->ComingView(statement.name);
      old && change->next->sources.at(old->source)->join)
    return base::Unsupported("a view that joins streams cannot be replaced")
        .WithHint("DROP MATERIALIZED VIEW " + statement.name + ", and create it again.");
  GiveUp(statement.name, change);
  AddView(std::move(view), change);
  for (const auto& child : children) RETURN_IF_ERROR(FollowParent(*child, statement.name, change));
  return {};
}

base::Status Definer::One(const sql::DropStatement& statement, Change* change) {
  using Kind = sql::DropStatement::Kind;
  change->tags.push_back(statement.kind == Kind::kSource   ? "DROP SOURCE"
                         : statement.kind == Kind::kTable  ? "DROP TABLE"
                         : statement.kind == Kind::kView   ? "DROP MATERIALIZED VIEW"
                         : statement.kind == Kind::kSecret ? "DROP SECRET"
                         : statement.kind == Kind::kSink   ? "DROP SINK"
                                                           : "DROP ROLE");
  for (const auto& name : statement.names) {
    if (statement.kind == Kind::kSource || statement.kind == Kind::kTable)
      RETURN_IF_ERROR(DropSource(name, statement, change));
    else if (statement.kind == Kind::kView) RETURN_IF_ERROR(DropView(name, statement, change));
    else if (statement.kind == Kind::kSecret) RETURN_IF_ERROR(DropSecret(name, statement, change));
    else if (statement.kind == Kind::kSink) RETURN_IF_ERROR(DropSink(name, statement, change));
    else {
      if (name == "freshet")
        return base::Invalid("role \"freshet\" cannot be dropped").WithSqlstate("2BP01");
      if (change->next->roles.erase(name) > 0) change->dirty = true;
      else if (!statement.if_exists)
        return base::NotFound("role \"" + name + "\" does not exist").WithSqlstate("42704");
    }
  }
  return {};
}

base::Status Definer::DropSource(const std::string& name, const sql::DropStatement& statement,
                                 Change* change) {
  auto& catalog = *change->next;
  const bool table = statement.kind == sql::DropStatement::Kind::kTable;
  const char* const kind = table ? "table" : "source";
  const auto it = catalog.sources.find(name);
  if (it == catalog.sources.end() || it->second->join) {
    if (statement.if_exists) return {};
    if (catalog.views.contains(name))
      return base::Invalid("\"" + name + "\" is not a " + kind)
          .WithSqlstate("42809")
          .WithHint("Use DROP MATERIALIZED VIEW to remove a materialized view.");
    return DoesNotExist(kind, name, KeysOf(catalog.sources));
  }
  if (it->second->is_table != table)
    return base::Invalid("\"" + name + "\" is not a " + kind)
        .WithSqlstate("42809")
        .WithHint(table ? "Use DROP SOURCE to remove a source."
                        : "Use DROP TABLE to remove a table.");
  if (!statement.cascade) RETURN_IF_ERROR(CheckReaders("drop", kind, name, catalog));
  DropRebuild(name, change);
  for (const auto& view : catalog.ReadersOf(name))
    if (const auto reader = catalog.ComingView(view))
      RETURN_IF_ERROR(DropView(reader->owner.empty() ? view : reader->owner, statement, change));
  if (it->second->KeepsRaw()) change->drop.push_back(DropTable(it->second->RawTable()));
  change->barrier.insert(it->second->id);
  change->dirty = true;
  catalog.sources.erase(it);
  return {};
}

base::Status Definer::DropView(const std::string& name, const sql::DropStatement& statement,
                               Change* change) {
  auto& catalog = *change->next;
  const auto known = catalog.ComingView(name);
  if (!known || !known->owner.empty()) {
    if (statement.if_exists) return {};
    if (catalog.sources.contains(name))
      return base::Invalid("\"" + name + "\" is not a materialized view")
          .WithSqlstate("42809")
          .WithHint("Use DROP SOURCE to remove a source.");
    return DoesNotExist("materialized view", name, KeysOf(catalog.views));
  }
  RETURN_IF_ERROR(DropSinksOf(name, statement, change));
  if (!statement.cascade) RETURN_IF_ERROR(CheckReaders("drop", "materialized view", name, catalog));
  RETURN_IF_ERROR(CheckNotRebuilding(known->source, *change));
  for (const auto& view : catalog.ReadersOf(name))
    if (catalog.ComingView(view)) RETURN_IF_ERROR(DropView(view, statement, change));
  GiveUp(name, change);
  DropJoins(name, change);
  const auto it = catalog.views.find(name);
  if (it == catalog.views.end()) return {};
  DropTables(*it->second, change);
  if (const auto source = catalog.sources.find(it->second->source); source != catalog.sources.end())
    change->barrier.insert(source->second->id);
  change->dirty = true;
  catalog.views.erase(it);
  return {};
}

base::Status Definer::One(const sql::AlterSource& statement, Change* change) {
  change->tags.push_back("ALTER SOURCE");
  const auto it = change->next->sources.find(statement.name);
  if (it == change->next->sources.end() || it->second->join)
    return DoesNotExist("source", statement.name, KeysOf(change->next->sources));
  if (!it->second->IsFed())
    return base::Invalid("table \"" + statement.name + "\" is written by SQL and fed by nothing")
        .WithSqlstate("42809")
        .WithHint("PAUSE, RESUME and RESET are for what a topic feeds.");
  using Action = sql::AlterSource::Action;
  const bool redefines =
      statement.action == Action::kAddColumn || statement.action == Action::kDropNotNull;
  if (it->second->is_table && (statement.rebuild || redefines))
    return base::Unsupported("table \"" + statement.name +
                             "\" cannot be rebuilt or given other columns")
        .WithHint("Drop it and create it again: its topic has the newest row of every key.");
  if (statement.rebuild || redefines)
    RETURN_IF_ERROR(CheckNoJoins(statement.name, statement.rebuild ? "rebuilt" : "redefined",
                                 *change));
  if (statement.rebuild) return StartRebuild(statement, *it->second, change);
  RETURN_IF_ERROR(CheckNotRebuilding(statement.name, *change));
  if (statement.action == Action::kAddColumn) return AddColumn(statement, change);
  if (statement.action == Action::kDropNotNull) return DropNotNull(statement, change);
  auto next = std::make_shared<catalog::Source>(*it->second);
  if (statement.action == sql::AlterSource::Action::kReset) {
    RETURN_IF_ERROR(Reset(statement, next.get(), change));
  } else {
    next->paused = statement.action == sql::AlterSource::Action::kPause;
    if (next->paused == it->second->paused) return {};
    change->barrier.insert(next->id);
  }
  change->dirty = true;
  it->second = std::move(next);
  return {};
}

// Moves positions forward only; what is jumped over is a hole, said in the log and by the positions
// themselves. Going back would count records twice.
base::Status Definer::Reset(const sql::AlterSource& statement, catalog::Source* source,
                            Change* change) {
  if (source->connector == "file" && statement.reset_to != "accept")
    return base::Unsupported("a source of files is not moved")
        .WithHint("RESET ACCEPT goes on after an error; to pass over a file, move it away.");
  ASSIGN_OR_RETURN(auto admin, env_.readers.admin(pipeline::ReaderOptionsOf(*source)));
  ASSIGN_OR_RETURN(auto info, admin->Describe(env_.broker_timeout));
  change->restarted.push_back(source->id);
  if (!source->topic_id.empty() && !info.topic_id.empty() && source->topic_id != info.topic_id) {
    source->topic_id = info.topic_id;
    source->incarnation++;
    base::Log(base::Level::kWarning, "server", "recreated topic accepted",
              {{"source", source->name}, {"topic_id", info.topic_id}});
    return {};
  }
  ASSIGN_OR_RETURN(auto stored, env_.store->ReadPositions(source->id));
  for (const auto partition : info.partitions) {
    if (statement.partition && *statement.partition != partition.value) continue;
    const auto start =
        statement.reset_to == "latest" ? source::StartAt::kLatest : source::StartAt::kEarliest;
    ASSIGN_OR_RETURN(auto target, admin->Resolve(partition, start, 0, env_.broker_timeout));
    if (statement.offset) target = model::Offset(*statement.offset);
    for (auto position : stored) {
      if (position.partition != partition || position.incarnation.value != source->incarnation)
        continue;
      if (target.value == position.next_offset.value) continue;
      if (target.value < position.next_offset.value) {
        if (statement.reset_to == "accept" || statement.reset_to == "earliest")
          continue;  // nothing was lost here
        return base::Unsupported("partition " + std::to_string(partition.value) +
                                 " stands at offset " + std::to_string(position.next_offset.value) +
                                 "; RESET only goes forward")
            .WithHint("To read records again, add REBUILD: the source is then read beside itself.");
      }
      base::Log(base::Level::kWarning, "server", "records jumped over by RESET",
                {{"source", source->name},
                 {"partition", std::to_string(partition.value)},
                 {"from", std::to_string(position.next_offset.value)},
                 {"to", std::to_string(target.value)}});
      position.next_offset = target;
      change->positions.push_back(position);
    }
  }
  return {};
}

// A suspended view is built anew from history; it answers as it stopped until the new one is full.
base::Status Definer::One(const sql::AlterView& statement, Change* change) {
  change->tags.push_back("ALTER MATERIALIZED VIEW");
  const auto& views = change->next->views;
  const auto it = views.find(statement.name);
  if (it == views.end()) return DoesNotExist("materialized view", statement.name, KeysOf(views));
  if (it->second->suspended.empty() || change->next->building.contains(statement.name)) return {};
  if (change->next->sources.at(it->second->source)->join || !it->second->owner.empty())
    return base::Unsupported("a view that joins streams cannot be resumed")
        .WithHint("DROP it and create it again: it is filled from history.");
  RETURN_IF_ERROR(CheckNotRebuilding(it->second->source, *change));
  RETURN_IF_ERROR(CheckParentRuns(*it->second, *change->next));
  if (it->second->emission) RETURN_IF_ERROR(CheckNoSinks(statement.name, *change));
  auto view = std::make_shared<catalog::View>(*it->second);
  view->suspended.clear();
  AddView(std::move(view), change);
  return {};
}

base::Status Definer::One(const sql::RoleStatement& statement, Change* change) {
  change->tags.push_back(statement.create ? "CREATE ROLE" : "ALTER ROLE");
  auto& roles = change->next->roles;
  const auto it = roles.find(statement.name);
  if (statement.create && it != roles.end()) {
    if (statement.if_not_exists) return {};
    return base::AlreadyExists("role \"" + statement.name + "\" already exists");
  }
  if (!statement.create && it == roles.end())
    return base::NotFound("role \"" + statement.name + "\" does not exist");
  auto role = statement.create ? std::make_shared<catalog::Role>()
                               : std::make_shared<catalog::Role>(*it->second);
  if (statement.create) {
    role->id = change->next->TakeId();
    role->name = statement.name;
  }
  if (statement.password)
    role->scram_verifier = statement.password->empty()
                               ? ""
                               : base::ToText(base::MakeScramVerifier(*statement.password));
  if (statement.login) role->login = *statement.login;
  if (statement.superuser) role->administrator = *statement.superuser;
  if (role->name == "freshet" && !(role->login && role->administrator))
    return base::Invalid("role \"freshet\" must stay the administrator");
  change->dirty = true;
  roles[role->name] = std::move(role);
  return {};
}

base::Status Definer::One(const sql::GrantStatement& statement, Change* change) {
  change->tags.push_back(statement.revoke ? "REVOKE" : "GRANT");
  for (const auto& relation : statement.relations)
    if (!change->next->sources.contains(relation) && !change->next->views.contains(relation) &&
        !change->next->building.contains(relation))
      return base::NotFound("relation \"" + relation + "\" does not exist").WithSqlstate("42P01");
  const std::vector<std::string> relations =
      statement.relations.empty() ? std::vector<std::string>{"*"} : statement.relations;
  for (const auto& name : statement.roles) {
    const auto it = change->next->roles.find(name);
    if (it == change->next->roles.end())
      return base::NotFound("role \"" + name + "\" does not exist");
    auto role = std::make_shared<catalog::Role>(*it->second);
    for (const auto& relation : relations) {
      if (!statement.revoke) role->select_on.insert(relation);
      else if (relation == "*") role->select_on.clear();
      else role->select_on.erase(relation);
    }
    it->second = std::move(role);
    change->dirty = true;
  }
  return {};
}

}  // namespace server
