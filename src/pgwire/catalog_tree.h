#pragma once
// Small trees for CatalogRewrite: literals, calls, and the values of literals. Threads: values.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sql/ast.h"

namespace pgwire {

sql::ExprPtr TextLiteral(std::string_view text);
sql::ExprPtr NullLiteral();
sql::ExprPtr BoolLiteral(bool value);
sql::ExprPtr OidLiteral(uint32_t value);
sql::ExprPtr Call(const char* name, sql::ExprPtr a, sql::ExprPtr b = nullptr);
sql::ExprPtr ArrayExpr(std::vector<sql::ExprPtr> elements);

// The text of a string literal, through casts to text; nullptr when it is none.
const std::string* TextOf(const sql::Expr& expr);

// '{a,"b c",NULL}', one level; nullopt when it is malformed.
std::optional<std::vector<std::optional<std::string>>> ParseArray(std::string_view text);

}  // namespace pgwire
