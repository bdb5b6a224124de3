#pragma once
// The small typed tree of what Freshet's SQL can say. The parser door (parser.h) makes it once from
// PostgreSQL's parse tree; the binder resolves names and types in it; policies, matching and
// rewriting change it; printers turn it into text.
//
// Nodes are plain values owned by unique_ptr; Clone() copies deeply. Threads: values, one owner.
// Limits: see ParseLimits in parser.h; walkers may recurse, because nesting is capped before a tree
// exists.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/types.h"

namespace sql {

struct Expr;
struct Select;
using ExprPtr = std::unique_ptr<Expr>;
using SelectPtr = std::unique_ptr<Select>;

enum class ExprKind : uint8_t {
  kLiteral,    // literal
  kParameter,  // $n: parameter
  kColumn,     // name = {column} | {relation, column} | {schema, relation, column}
  kStar,       // * or relation.* (name = {relation})
  kFunction,   // name = {[schema,] function}, args, distinct, star, filter, order_by, within_group,
               // over
  kOperator,   // name = {operator}; one argument: prefix; two: infix. NOT too; AND and OR have two
               // or more arguments; LIKE, ILIKE, SIMILAR TO have negated and may have a third
               // argument, the escape
  kCast,       // args[0] :: type
  kCase,       // [operand], whens (args: w1, t1, w2, t2 ..., [else]); has_operand, has_else
  kCoalesce,   // args; also NULLIF, GREATEST, LEAST by name[0]
  kIsNull,     // args[0] IS [NOT] NULL (negated)
  kIsBool,     // args[0] IS [NOT] name[0] (TRUE, FALSE, UNKNOWN); negated
  kIsDistinct,   // args[0] IS [NOT] DISTINCT FROM args[1]; negated = IS NOT DISTINCT
  kBetween,      // args[0] [NOT] BETWEEN args[1] AND args[2]; negated, symmetric in star
  kIn,           // args[0] [NOT] IN (args[1..]) or (subquery)
  kAnyAll,       // args[0] op ANY|ALL (args[1] array or subquery): name = {op, "ANY"|"ALL"}
  kExists,       // EXISTS (subquery)
  kSubquery,     // scalar (subquery)
  kArray,        // ARRAY[args] or ARRAY(subquery)
  kRow,          // (args) as a row
  kSubscript,    // args[0][args[1]] or, with three args, a slice
  kField,        // (args[0]).name[0]
  kAtTimeZone,   // args[0] AT TIME ZONE args[1]
  kExtract,      // EXTRACT(name[0] FROM args[0])
  kCollate,      // args[0] COLLATE name (dropped by printers where it is the default)
  kDefault,      // CURRENT_DATE and other SQL value functions: name[0]
  kGroupingSet,  // in GROUP BY: name[0] = ROLLUP, CUBE, SETS or EMPTY; args
};

struct Literal {
  enum class Kind : uint8_t { kNull, kBool, kInteger, kDecimal, kString } kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;  // fits int8; larger integers are kDecimal
  std::string text;     // kDecimal: its digits as written; kString: the value
};

struct TypeName {
  model::Type type;  // as resolved; kUnknown when the name is not one of ours
  std::string name;  // as written, without pg_catalog.
  std::vector<int> modifiers;
};

struct SortKey {
  ExprPtr expr;
  bool descending = false;
  enum class Nulls : uint8_t { kDefault, kFirst, kLast } nulls = Nulls::kDefault;
};

struct WindowFrame {
  int options = 0;  // PostgreSQL's FRAMEOPTION_* bits
  ExprPtr start, end;
};

struct WindowSpec {
  std::string name;  // OVER name, or the base window
  std::vector<ExprPtr> partition_by;
  std::vector<SortKey> order_by;
  WindowFrame frame;
};

struct Expr {
  ExprKind kind = ExprKind::kLiteral;
  int location = -1;  // 0-based byte in the statement's text; -1 = made by us
  std::vector<std::string> name;
  std::vector<ExprPtr> args;
  Literal literal;
  int parameter = 0;
  bool negated = false, distinct = false, star = false, within_group = false, variadic = false;
  bool has_operand = false, has_else = false;
  ExprPtr filter;
  std::vector<SortKey> order_by;
  std::unique_ptr<WindowSpec> over;
  SelectPtr subquery;
  TypeName cast;

  model::Type type;  // set by the binder; kUnknown everywhere in a tree that is not bound
  int outer = 0;     // kColumn, set by the binder: how many SELECTs outwards its relation stands

  ExprPtr Clone() const;
};

struct SelectItem {
  ExprPtr expr;
  std::string alias;  // as written; empty = PostgreSQL's default name (see OutputName)
};

struct TableRef {
  enum class Kind : uint8_t {
    kRelation,
    kSubquery,
    kFunction,
    kJoin,
    kWindow
  } kind = Kind::kRelation;
  enum class Join : uint8_t { kInner, kLeft, kRight, kFull, kCross } join = Join::kInner;
  int location = -1;
  std::vector<std::string> name;  // kRelation: {[catalog,] [schema,] relation}
  std::string alias;
  std::vector<std::string> column_aliases;
  bool lateral = false, with_ordinality = false, natural = false;
  bool as_of_processing = false;          // kRelation: FOR SYSTEM_TIME AS OF PROCTIME()
  ExprPtr as_of;                          // kRelation, joined: FOR SYSTEM_TIME AS OF column
  SelectPtr subquery;                     // kSubquery
  ExprPtr function;                       // kFunction
  std::unique_ptr<TableRef> left, right;  // kJoin
  ExprPtr on;
  std::vector<std::string> using_columns;

  // kWindow: TUMBLE(relation, column, size [, offset]) and its relatives; adds window_start and
  // window_end to the relation's columns. `name` is the relation.
  enum class Window : uint8_t { kTumble, kHop, kSession, kCumulate } window = Window::kTumble;
  std::string time_column;
  std::vector<ExprPtr> window_args;  // the arguments after the column, in the order written

  std::unique_ptr<TableRef> Clone() const;
};

struct CommonTable {
  int location = -1;
  std::string name;
  std::optional<bool> materialized;  // AS [NOT] MATERIALIZED
  std::vector<std::string> columns;
  SelectPtr select;
};

struct Select {
  enum class SetOp : uint8_t { kNone, kUnion, kIntersect, kExcept } set_op = SetOp::kNone;
  bool set_all = false;
  SelectPtr left, right;  // of a set operation; then items..having are empty
  bool recursive = false;
  std::vector<CommonTable> with;
  bool distinct = false;
  std::vector<ExprPtr> distinct_on;
  std::vector<SelectItem> items;
  std::vector<std::unique_ptr<TableRef>> from;
  ExprPtr where;
  std::vector<ExprPtr> group_by;
  bool group_by_all = false;
  ExprPtr having;
  std::vector<std::pair<std::string, WindowSpec>> windows;
  std::vector<SortKey> order_by;
  ExprPtr limit, offset;
  std::vector<std::vector<ExprPtr>> values;  // VALUES lists; then items are empty

  SelectPtr Clone() const;
};

// The name PostgreSQL gives an item without an alias: a column's own name, a function's name,
// "case", "?column?" ...
std::string OutputName(const SelectItem& item);

// Two expressions that mean the same text (locations ignored).
bool SameExpr(const Expr& a, const Expr& b);

}  // namespace sql
