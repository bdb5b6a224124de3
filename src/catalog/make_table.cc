#include <algorithm>

#include "catalog/catalog.h"
#include "catalog/connector.h"

namespace catalog {
namespace {

base::Status CheckColumn(const model::SourceColumn& column, const std::string& table) {
  if (column.name.starts_with("__"))
    return base::Invalid("column name \"" + column.name + "\" is reserved")
        .WithSqlstate("42939")
        .WithHint("Names that begin with two underscores belong to Freshet.");
  if (column.origin != model::Origin::kValue)
    return base::Unsupported("column \"" + column.name + "\" of table \"" + table +
                             "\" cannot be generated or included: its rows come by INSERT")
        .WithHint("Compute it in the INSERT, or in the queries that read the table.");
  if (column.type.array)
    return base::Unsupported("column \"" + column.name + "\" cannot be an array in a table");
  if (column.type.id == model::TypeId::kNumeric && column.type.precision == 0)
    return base::Invalid("column \"" + column.name +
                         "\": numeric needs a precision and a scale in a table")
        .WithHint("Write numeric(38,9), or as many digits as the data has.");
  return {};
}

}  // namespace

base::Status ReadPrimaryKey(const sql::CreateSource& statement, Source* table) {
  if (statement.primary_key.empty())
    return base::Unsupported("table \"" + statement.name + "\" has no PRIMARY KEY")
        .WithHint(
            "A table holds the newest row of each key: declare one, as in id BIGINT PRIMARY KEY. "
            "Rows without a "
            "key come from a source.");
  for (const auto& name : statement.primary_key) {
    const auto column = table->schema.Find(name);
    if (!column)
      return base::NotFound("column \"" + name + "\" named in key does not exist")
          .WithSqlstate("42703");
    if (std::find(table->primary_key.begin(), table->primary_key.end(), *column) !=
        table->primary_key.end())
      return base::Invalid("column \"" + name + "\" appears twice in primary key constraint")
          .WithSqlstate("42701");
    table->primary_key.push_back(*column);
    table->schema.columns[static_cast<size_t>(*column)].not_null = true;
  }
  return {};
}

base::Status CheckFedTable(const sql::CreateSource& statement) {
  for (const char* option : {"retention", "retention.columns", "on_tombstone"})
    if (statement.options.contains(option))
      return base::Unsupported("option \"" + std::string(option) + "\" does not apply to a table")
          .WithHint("A table keeps the newest row of each key until a record deletes it.");
  for (const auto& column : statement.schema.columns)
    if (column.origin == model::Origin::kGenerated)
      return base::Unsupported("column \"" + column.name + "\" of a table cannot be generated")
          .WithHint("Compute it in the queries and views that read the table.");
  return {};
}

// The raw rows are versions, also of deletions; maintenance drops those that newer ones replace.
base::Status MakeVersions(const sql::CreateSource& statement, Source* source) {
  RETURN_IF_ERROR(ReadPrimaryKey(statement, source));
  auto& columns = source->schema.columns;
  for (const int index : source->primary_key) {
    const auto& column = columns[static_cast<size_t>(index)];
    if (column.origin != model::Origin::kValue && column.origin != model::Origin::kKey)
      return base::Unsupported("column \"" + column.name + "\" cannot be part of the primary key")
          .WithHint("The key is made of fields of the record, or is INCLUDE KEY.");
    if (column.type.IsFloat() || column.type.id == model::TypeId::kJson ||
        column.type.id == model::TypeId::kJsonb)
      return base::Unsupported("column \"" + column.name + "\" of type " +
                               model::NameOf(column.type) + " cannot be part of the primary key");
  }
  source->is_table = true;
  source->retention_us.reset();
  source->schema.primary_key = source->primary_key;
  source->schema.tombstone_is_dead_letter = true;
  columns.push_back({"__deleted", model::kBool, false, model::Origin::kDeleted, {}, ""});
  source->kept.push_back(true);
  return {};
}

base::Result<std::shared_ptr<Source>> MakeTable(const sql::CreateSource& statement,
                                                const std::string& text, const Catalog& catalog) {
  RETURN_IF_ERROR(catalog.CheckNameIsFree(statement.name));
  auto table = std::make_shared<Source>();
  table->name = statement.name;
  table->definition = text;
  table->schema = statement.schema;
  table->is_table = true;
  if (table->schema.event_time >= 0)
    return base::Unsupported("a table that is written by SQL has no watermark")
        .WithHint("Leave WATERMARK out: such a table joins with its current rows.");
  for (const auto& column : table->schema.columns)
    RETURN_IF_ERROR(CheckColumn(column, table->name));
  RETURN_IF_ERROR(ReadPrimaryKey(statement, table.get()));
  for (const auto& column : table->schema.columns)
    table->fields.push_back({column.name, column.type});
  return table;
}

}  // namespace catalog
