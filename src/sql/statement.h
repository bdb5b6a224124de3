#pragma once
// One statement of PostgreSQL's grammar -> StatementBody, for the parser door. Threads: any;
// values.

#include <span>
#include <string_view>

#include "base/status.h"
#include "sql/pg_tree.h"
#include "sql/statements.h"
#include "sql/tokens.h"

namespace sql {

// What the converters of a statement read.
struct StatementSource {
  std::string_view text;          // of the statement
  std::span<const Token> tokens;  // of the same text
};

base::Result<StatementBody> ConvertStatement(const pg::Node* node, const StatementSource& source);

// SET, SHOW, transactions, cursors, prepared statements. nullopt = none of them.
base::Result<std::optional<StatementBody>> ConvertSessionStatement(const pg::Node* node,
                                                                   const StatementSource& source);
// Roles and grants.
base::Result<std::optional<StatementBody>> ConvertDml(const pg::Node* node,
                                                      const StatementSource& source);
base::Result<std::optional<StatementBody>> ConvertRoleStatement(const pg::Node* node,
                                                                const StatementSource& source);

// The text that follows the first token `word` outside parentheses; empty when there is none.
std::string_view TextAfter(const StatementSource& source, std::string_view word);

// The text of a constant: digits, the string itself, "true".
std::string ConstantText(const pg::Node* node);

// PostgreSQL's command tag of a statement that Freshet does not run: "INSERT", "CREATE TABLE".
std::string CommandOf(const pg::Node* node);

}  // namespace sql
