#include "pgwire/catalog_tree.h"

namespace pgwire {

using sql::ExprKind;
using sql::ExprPtr;
using sql::Literal;

namespace {

ExprPtr Make(Literal::Kind kind) {
  auto expr = std::make_unique<sql::Expr>();
  expr->kind = ExprKind::kLiteral;
  expr->literal.kind = kind;
  return expr;
}

// One element up to ',' or '}' at depth one; false at the end of the text.
bool TakeElement(std::string_view* rest, std::optional<std::string>* element) {
  std::string text;
  bool quoted = false, was_quoted = false;
  size_t i = 0;
  for (; i < rest->size(); ++i) {
    const char c = (*rest)[i];
    if (c == '\\' && i + 1 < rest->size()) text += (*rest)[++i];
    else if (c == '"') quoted = !quoted, was_quoted = true;
    else if (!quoted && (c == ',' || c == '}')) break;
    else if (!quoted && c == '{') return false;
    else text += c;
  }
  if (i == rest->size()) return false;
  rest->remove_prefix(i);
  const bool null = !was_quoted && (text == "NULL" || text == "null");
  *element = null ? std::nullopt : std::optional(text);
  return true;
}

}  // namespace

ExprPtr TextLiteral(std::string_view text) {
  ExprPtr expr = Make(Literal::Kind::kString);
  expr->literal.text = std::string(text);
  return expr;
}

ExprPtr NullLiteral() { return Make(Literal::Kind::kNull); }

ExprPtr BoolLiteral(bool value) {
  ExprPtr expr = Make(Literal::Kind::kBool);
  expr->literal.boolean = value;
  return expr;
}

ExprPtr OidLiteral(uint32_t value) {
  ExprPtr number = Make(Literal::Kind::kInteger);
  number->literal.integer = value;
  auto cast = std::make_unique<sql::Expr>();
  cast->kind = ExprKind::kCast;
  cast->cast = {{model::TypeId::kOid}, "oid", {}};
  cast->args.push_back(std::move(number));
  return cast;
}

ExprPtr Call(const char* name, ExprPtr a, ExprPtr b) {
  auto call = std::make_unique<sql::Expr>();
  call->kind = ExprKind::kFunction;
  call->name = {name};
  call->args.push_back(std::move(a));
  if (b) call->args.push_back(std::move(b));
  return call;
}

ExprPtr ArrayExpr(std::vector<ExprPtr> elements) {
  auto array = std::make_unique<sql::Expr>();
  array->kind = ExprKind::kArray;
  array->args = std::move(elements);
  return array;
}

const std::string* TextOf(const sql::Expr& expr) {
  if (expr.kind == ExprKind::kLiteral) return expr.literal.kind == Literal::Kind::kString ? &expr.literal.text : nullptr;
  if (expr.kind == ExprKind::kCast && expr.cast.type.IsText() && !expr.cast.type.array) return TextOf(*expr.args[0]);
  return nullptr;
}

std::optional<std::vector<std::optional<std::string>>> ParseArray(std::string_view text) {
  std::vector<std::optional<std::string>> elements;
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  if (text == "{}") return elements;
  text.remove_prefix(1);
  while (true) {
    std::optional<std::string> element;
    if (!TakeElement(&text, &element)) return std::nullopt;
    elements.push_back(std::move(element));
    const char end = text.front();
    text.remove_prefix(1);
    if (end == '}') return text.empty() ? std::optional(std::move(elements)) : std::nullopt;
  }
}

}  // namespace pgwire
