#pragma once
// Statements as values. ParseStatements (parser.h) makes them. Threads: values.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "model/schema.h"
#include "sql/ast.h"

namespace sql {

using Options =
    std::map<std::string, std::string>;  // WITH (...): lower-case key -> text of the value

struct SelectStatement {
  SelectPtr select;
};

// Options whose value is `SECRET name`: lower-case key -> the secret's name.
using SecretOptions = std::map<std::string, std::string>;

struct CreateSource {  // CREATE SOURCE; CREATE TABLE is a source whose rows have a key
  std::string name;
  bool if_not_exists = false;
  bool table = false;
  std::vector<std::string> primary_key;  // of a table, as written
  model::SourceSchema
      schema;       // types, paths, NOT NULL, generated columns, watermark, INCLUDE columns
  Options options;  // WITH; validated by the catalog
  std::string format = "PLAIN";  // upper case
  std::string encode;            // JSON ...
  Options encode_options;        // ENCODE JSON (...)
  SecretOptions secrets, encode_secrets;  // of the same lists
};

// INSERT, UPDATE, DELETE.
struct Dml {
  enum class Kind { kInsert, kUpdate, kDelete } kind = Kind::kInsert;
  std::unique_ptr<TableRef> table;   // a relation, with its alias
  std::vector<std::string> columns;  // kInsert: as named, empty = all; kUpdate: that are set
  std::vector<ExprPtr> values;       // kUpdate: what the columns are set to
  SelectPtr select;                  // kInsert: the rows
  ExprPtr where;                     // kUpdate, kDelete; null = every row
};

struct CreateView {  // CREATE [OR REPLACE] MATERIALIZED VIEW [IF NOT EXISTS]
  std::string name;
  bool or_replace = false, if_not_exists = false;
  Options options;
  SelectPtr select;
  std::string select_text;     // as written
  bool emit_on_close = false;  // ... EMIT ON WINDOW CLOSE
};

struct CreateSink {  // CREATE SINK name FROM view | AS SELECT ... [EMIT ON WINDOW CLOSE] WITH ...
  std::string name;
  bool if_not_exists = false;
  std::string from;  // either this
  SelectPtr select;  // or this
  bool emit_on_close = false;
  Options options;
  std::string format, encode;  // upper case
  Options encode_options;
};

// REPLAY DEAD LETTERS OF source [WHERE condition over freshet.dead_letters]
struct ReplayDeadLetters {
  std::string source;
  ExprPtr where;
};

struct CreateSecret {  // CREATE SECRET [IF NOT EXISTS] name WITH (file = ... | environment = ...)
  std::string name;
  bool if_not_exists = false;
  Options options;
};

struct DropStatement {
  enum class Kind { kSource, kTable, kView, kRole, kSecret, kSink } kind = Kind::kSource;
  std::vector<std::string> names;
  bool if_exists = false, cascade = false;
};

struct AlterSource {
  enum class Action { kPause, kResume, kReset, kAddColumn, kDropNotNull } action = Action::kPause;
  std::string name;
  std::string column_text;     // kAddColumn: as written
  model::SourceColumn column;  // kDropNotNull: its name alone
  bool if_not_exists = false;  // of the column
  bool rebuild = false;        // RESET ... REBUILD
  // kReset: RESET TO EARLIEST | LATEST | OFFSET n, each with [PARTITION p], or RESET ACCEPT (take
  // what the error named).
  std::string reset_to;  // "earliest", "latest", "offset", "accept"
  std::optional<int> partition;
  std::optional<int64_t> offset;
};

struct AlterView {
  enum class Action { kResume } action = Action::kResume;
  std::string name;
};

struct RoleStatement {  // CREATE ROLE | USER, ALTER ROLE | USER
  bool create = true;
  bool if_not_exists = false;
  std::string name;
  std::optional<std::string> password;
  std::optional<bool> login, superuser;
};

struct GrantStatement {  // GRANT SELECT ON x | ALL TABLES IN SCHEMA public TO r; REVOKE
  bool revoke = false;
  std::vector<std::string> relations;  // empty = all tables
  std::vector<std::string> roles;
};

struct Explain {
  enum class Kind { kQuery, kAnalyze, kRewrite, kView, kReplace } kind = Kind::kQuery;
  std::string view;  // kView: EXPLAIN MATERIALIZED VIEW view [FOR dialect]
  std::string dialect;
  SelectPtr select;
  std::shared_ptr<CreateView> create;  // kReplace: EXPLAIN CREATE [OR REPLACE] MATERIALIZED VIEW
  std::string create_text;
};

struct SetStatement {
  // The setting's own name, in lower case: SET TIME ZONE is timezone, SET NAMES client_encoding,
  // SET TRANSACTION ISOLATION LEVEL transaction_isolation, SET SESSION CHARACTERISTICS AS
  // TRANSACTION READ ONLY default_transaction_read_only.
  std::string name;
  std::string value;  // lists are joined by ", "
  bool local = false, to_default = false;
  std::vector<std::pair<std::string, std::string>>
      also;  // further settings that one SET TRANSACTION names
};
struct ShowStatement {  // SHOW name | ALL | SOURCES | VIEWS | MATERIALIZED VIEWS | TABLES ...
  std::string name;
};
struct ResetStatement {
  std::string name;  // "all" for RESET ALL
};
struct TransactionStatement {
  enum class Kind {
    kBegin,
    kCommit,
    kRollback,
    kSavepoint,
    kRelease,
    kRollbackTo
  } kind = Kind::kBegin;
  std::string savepoint;
  bool read_write = false;  // an explicit READ WRITE was asked for
};
struct DeclareCursor {
  std::string name;
  bool hold = false, scroll = false;
  SelectPtr select;
  std::string select_text;
};
struct FetchCursor {  // FETCH, MOVE
  std::string name;
  bool move = false;
  bool all = false, backward = false;
  int64_t count = 1;
};
struct CloseCursor {
  std::string name;  // empty = ALL
};
struct PrepareStatement {
  std::string name;
  std::vector<TypeName> types;
  std::string text;  // of the statement inside
};
struct ExecuteStatement {
  std::string name;
  std::vector<ExprPtr> args;
};
struct DeallocateStatement {
  std::string name;  // empty = ALL
};
struct DiscardStatement {};
struct ListenStatement {};  // LISTEN, UNLISTEN, NOTIFY: accepted, nothing is ever notified
struct EmptyStatement {};

// A statement that PostgreSQL knows and Freshet refuses: INSERT, CREATE TABLE ... `command` is its
// tag.
struct RefusedStatement {
  std::string command;
};

using StatementBody =
    std::variant<EmptyStatement, SelectStatement, Dml, CreateSource, CreateView, CreateSecret,
                 CreateSink, DropStatement, AlterSource, AlterView, ReplayDeadLetters,
                 RoleStatement, GrantStatement, Explain, SetStatement,
                 ShowStatement, ResetStatement, TransactionStatement, DeclareCursor, FetchCursor,
                 CloseCursor, PrepareStatement, ExecuteStatement, DeallocateStatement,
                 DiscardStatement, ListenStatement, RefusedStatement>;

struct Statement {
  StatementBody body;
  std::string text;  // of this statement alone, without the semicolon
  int begin = 0;     // byte of the first character in the whole text
  int line = 1;      // of `begin` in the whole text, 1-based
};

// True for what changes definitions: CREATE, DROP, ALTER, GRANT, REVOKE.
bool IsDdl(const Statement& statement);

}  // namespace sql
