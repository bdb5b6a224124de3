#include "sql/shell.h"

#include <algorithm>
#include <charconv>

#include "sql/convert.h"
#include "sql/position.h"
#include "sql/walk.h"

namespace sql {

bool Shell::IsWord(std::string_view upper, size_t ahead) const {
  return at_ + ahead < source_.tokens.size() && source_.tokens[at_ + ahead].IsWord(upper);
}

bool Shell::Is(std::string_view punctuation, size_t ahead) const {
  return at_ + ahead < source_.tokens.size() && source_.tokens[at_ + ahead].Is(punctuation);
}

bool Shell::TakeWord(std::string_view upper) {
  if (!IsWord(upper)) return false;
  ++at_;
  return true;
}

bool Shell::TakeWords(std::span<const std::string_view> upper) {
  for (size_t i = 0; i < upper.size(); ++i)
    if (!IsWord(upper[i], i)) return false;
  at_ += upper.size();
  return true;
}

bool Shell::Take(std::string_view punctuation) {
  if (!Is(punctuation)) return false;
  ++at_;
  return true;
}

base::Status Shell::Error(base::Status status) const {
  return At(std::move(status), source_.text, Byte());
}

base::Status Shell::SyntaxError() const {
  if (AtEnd()) return Error(base::Invalid("syntax error at end of input").WithSqlstate("42601"));
  return Error(base::Invalid("syntax error at or near \"" + std::string(Peek()->text) + "\"")
                   .WithSqlstate("42601"));
}

base::Status Shell::UnknownWord(const std::string& what,
                                std::span<const std::string_view> known) const {
  if (AtEnd()) return SyntaxError();
  std::string list;
  for (std::string_view word : known) list += (list.empty() ? "" : ", ") + std::string(word);
  std::string word(Peek()->text);
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  base::Status status = base::Invalid("unknown " + what + " \"" + std::string(Peek()->text) + "\"")
                            .WithSqlstate("42601");
  if (auto near = base::NearestName(word, known))
    return Error(std::move(status).WithHint("Perhaps you meant " + *near + "."));
  return Error(std::move(status).WithHint("Known here: " + list + "."));
}

base::Status Shell::ExpectWord(std::string_view upper) {
  return TakeWord(upper) ? base::Status() : SyntaxError();
}
base::Status Shell::Expect(std::string_view punctuation) {
  return Take(punctuation) ? base::Status() : SyntaxError();
}
base::Status Shell::ExpectEnd() const { return AtEnd() ? base::Status() : SyntaxError(); }

base::Result<std::string> Shell::TakeName() {
  if (AtEnd()) return SyntaxError();
  std::string name = NameOf(*Peek());
  if (name.empty()) return SyntaxError();
  if (name.size() > 63)
    return Error(
        base::Invalid("identifier \"" + name + "\" is longer than 63 bytes").WithSqlstate("42622"));
  ++at_;
  return name;
}

base::Result<std::string> Shell::TakeRelationName() {
  ASSIGN_OR_RETURN(std::string name, TakeName());
  if (!Is(".")) return name;
  if (name != "public") {
    --at_;
    return Error(base::NotFound("schema \"" + name + "\" does not exist")
                     .WithSqlstate("3F000")
                     .WithHint("Objects are made in schema public."));
  }
  ++at_;
  return TakeName();
}

base::Result<std::string> Shell::TakeString() {
  if (AtEnd() || Peek()->kind != Token::Kind::kString) return SyntaxError();
  const Token& token = *Peek();
  std::string out;
  if (token.text.size() >= 2 && token.text.front() == '\'' &&
      token.text.find('\n') == std::string_view::npos) {
    for (size_t i = 1; i + 1 < token.text.size(); ++i) {
      out += token.text[i];
      if (token.text[i] == '\'') ++i;  // a doubled quote
    }
  } else {  // E'', U&'', $$ $$, continued over lines: PostgreSQL knows
    ASSIGN_OR_RETURN(ExprPtr expr, ParseExprPart(token.begin, token.end));
    if (expr->kind != ExprKind::kLiteral || expr->literal.kind != Literal::Kind::kString)
      return SyntaxError();
    out = expr->literal.text;
  }
  ++at_;
  return out;
}

base::Result<int64_t> Shell::TakeInteger() {
  const bool negative = Take("-");
  if (AtEnd() || Peek()->kind != Token::Kind::kNumber) return SyntaxError();
  int64_t value = 0;
  const std::string_view text = Peek()->text;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || stop != text.data() + text.size()) return SyntaxError();
  ++at_;
  return negative ? -value : value;
}

// Words joined by dots, or a string as Flink writes keys. Always lower case.
base::Result<std::string> Shell::TakeOptionKey() {
  if (!AtEnd() && Peek()->kind == Token::Kind::kString) {
    ASSIGN_OR_RETURN(std::string key, TakeString());
    if (key.empty()) return SyntaxError();
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return key;
  }
  ASSIGN_OR_RETURN(std::string key, TakeName());
  while (Take(".")) {
    ASSIGN_OR_RETURN(std::string part, TakeName());
    key += "." + part;
  }
  return key;
}

base::Result<std::string> Shell::TakeOptionValue() {
  if (AtEnd()) return SyntaxError();
  const Token& token = *Peek();
  if (token.kind == Token::Kind::kString) return TakeString();
  if (token.kind == Token::Kind::kWord) return TakeName();
  const bool negative = Take("-");
  if (AtEnd() || Peek()->kind != Token::Kind::kNumber) return SyntaxError();
  std::string number = (negative ? "-" : "") + std::string(Peek()->text);
  ++at_;
  return number;
}

base::Result<Options> Shell::TakeOptions(SecretOptions* secrets) {
  Options options;
  RETURN_IF_ERROR(Expect("("));
  if (Take(")")) return options;
  do {
    const int place = Byte();
    ASSIGN_OR_RETURN(std::string key, TakeOptionKey());
    RETURN_IF_ERROR(Expect("="));
    bool again = options.contains(key) || (secrets != nullptr && secrets->contains(key));
    if (IsWord("SECRET") && !Is(",", 1) && !Is(")", 1)) {
      if (secrets == nullptr)
        return Error(base::Unsupported("a secret is only there for options of sources"));
      Skip();
      ASSIGN_OR_RETURN((*secrets)[key], TakeName());
    } else {
      ASSIGN_OR_RETURN(options[key], TakeOptionValue());
    }
    if (again)
      return At(
          base::Invalid("option \"" + key + "\" is given more than once").WithSqlstate("42601"),
          source_.text, place);
  } while (Take(","));
  RETURN_IF_ERROR(Expect(")"));
  return options;
}

base::Result<size_t> Shell::EndOfParentheses() const {
  int depth = 0;
  for (size_t i = at_; i < source_.tokens.size(); ++i) {
    if (source_.tokens[i].Is("(")) ++depth;
    if (source_.tokens[i].Is(")") && --depth == 0) return i + 1;
  }
  return At(base::Invalid("syntax error at end of input").WithSqlstate("42601"), source_.text,
            static_cast<int>(source_.text.size()));
}

namespace {

base::Status NoExpression() {
  return base::Invalid("an expression was expected").WithSqlstate("42601");
}

bool HasOnlyTargets(const PgQuery__SelectStmt& select) {
  return select.n_from_clause == 0 && select.where_clause == nullptr &&
         select.n_group_clause == 0 && select.having_clause == nullptr &&
         select.n_sort_clause == 0 && select.n_distinct_clause == 0 &&
         select.op <= PG_QUERY__SET_OPERATION__SETOP_NONE && select.limit_count == nullptr &&
         select.limit_offset == nullptr && select.into_clause == nullptr &&
         select.n_locking_clause == 0 && select.n_window_clause == 0;
}

base::Result<ExprPtr> OnlyExpression(const PgQuery__ParseResult& tree, std::string_view text) {
  if (tree.n_stmts != 1 || !pg::Is(tree.stmts[0]->stmt, PG_QUERY__NODE__NODE_SELECT_STMT))
    return NoExpression();
  const PgQuery__SelectStmt& select = *tree.stmts[0]->stmt->select_stmt;
  if (select.n_target_list != 1 || !HasOnlyTargets(select)) return NoExpression();
  const pg::Node* target = select.target_list[0];
  if (!pg::Is(target, PG_QUERY__NODE__NODE_RES_TARGET) || target->res_target->name[0] != '\0')
    return NoExpression();
  return Converter(text).ConvertExpr(target->res_target->val);
}

}  // namespace

base::Result<ExprPtr> ParseExprAt(std::string_view text, int begin, int end,
                                  std::string_view prefix) {
  const std::string part = std::string(prefix) + std::string(text.substr(begin, end - begin));
  const auto shifted = [&](base::Status status) {
    const int position =
        status.position() - static_cast<int>(prefix.size()) + CharacterPosition(text, begin) - 1;
    return std::move(status).WithPosition(status.position() == 0 || position < 0 ? 0 : position);
  };
  base::Result<pg::Tree> tree = pg::Parse(part);
  if (!tree.ok()) return shifted(tree.TakeStatus());
  base::Result<ExprPtr> expr = OnlyExpression(**tree, part);
  if (!expr.ok()) return shifted(expr.TakeStatus());
  const int shift = begin - static_cast<int>(prefix.size());
  VisitExprs(expr->get(), [&](Expr& node) {
    node.location = node.location < 0 ? -1 : std::max(node.location + shift, -1);
  });
  return expr;
}

base::Result<ExprPtr> Shell::ParseExprPart(int begin, int end, std::string_view prefix) const {
  return ParseExprAt(source_.text, begin, end, prefix);
}

base::Result<SelectPtr> Shell::ParseSelectPart(
    int end, const std::vector<std::pair<size_t, size_t>>& gone) const {
  if (AtEnd()) return SyntaxError();
  std::string text = WithoutNoise(source_);
  for (const auto& [first, last] : gone) {
    const auto from = static_cast<size_t>(source_.tokens[first].begin);
    const size_t bytes = static_cast<size_t>(source_.tokens[last - 1].end) - from;
    text.replace(from, bytes, bytes, ' ');
  }
  if (end >= 0) text.resize(static_cast<size_t>(end));
  const int begin = Byte();
  text.replace(0, begin, begin, ' ');
  base::Result<pg::Tree> tree = pg::Parse(text);
  if (!tree.ok()) {
    // The parser counts blanks where the statement may have characters of several bytes.
    base::Status status = tree.TakeStatus();
    const int position = status.position() - begin + CharacterPosition(source_.text, begin) - 1;
    return std::move(status).WithPosition(std::max(position, 0));
  }
  if ((*tree)->n_stmts != 1 || !pg::Is((*tree)->stmts[0]->stmt, PG_QUERY__NODE__NODE_SELECT_STMT))
    return SyntaxError();
  return Converter(source_.text).ConvertSelect(*(*tree)->stmts[0]->stmt->select_stmt);
}

}  // namespace sql
