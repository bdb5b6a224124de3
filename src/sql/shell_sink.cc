// CREATE SINK: FROM view, or AS SELECT ... [EMIT ON WINDOW CLOSE]; WITH, FORMAT ... ENCODE.

#include <array>

#include "sql/shell.h"

namespace sql {
namespace {

constexpr std::array<std::string_view, 2> kInputs{"FROM", "AS"};
constexpr std::array<std::string_view, 2> kFormats{"PLAIN", "UPSERT"};
constexpr std::array<std::string_view, 1> kEncodings{"JSON"};

// The token after a sink's SELECT: EMIT, WITH (, or FORMAT x ENCODE, outside parentheses.
size_t EndOfSelect(std::span<const Token> tokens, size_t at) {
  int depth = 0;
  const auto word = [&](size_t i, std::string_view upper) {
    return i < tokens.size() && tokens[i].IsWord(upper);
  };
  for (; at < tokens.size(); ++at) {
    if (tokens[at].Is("(")) ++depth;
    if (tokens[at].Is(")")) --depth;
    if (depth > 0) continue;
    if (word(at, "EMIT") && word(at + 1, "ON") && word(at + 2, "WINDOW")) break;
    if (word(at, "WITH") && at + 1 < tokens.size() && tokens[at + 1].Is("(")) break;
    if (word(at, "FORMAT") && word(at + 2, "ENCODE")) break;
  }
  return at;
}

base::Status TakeOneOf(Shell* shell, const std::string& what,
                       std::span<const std::string_view> known, std::string* out) {
  for (std::string_view word : known)
    if (shell->TakeWord(word)) {
      *out = word;
      return {};
    }
  return shell->UnknownWord(what, known);
}

}  // namespace

bool TakeEmitOnClose(Shell* shell) {
  static constexpr std::string_view kWords[] = {"EMIT", "ON", "WINDOW", "CLOSE"};
  return shell->TakeWords(kWords);
}

base::Result<StatementBody> ReadCreateSink(Shell* shell) {
  static constexpr std::string_view kIfNotExists[] = {"IF", "NOT", "EXISTS"};
  static constexpr std::array<std::string_view, 3> kClauses{"EMIT", "WITH", "FORMAT"};
  CreateSink out;
  out.if_not_exists = shell->TakeWords(kIfNotExists);
  ASSIGN_OR_RETURN(out.name, shell->TakeRelationName());
  if (shell->TakeWord("FROM")) {
    ASSIGN_OR_RETURN(out.from, shell->TakeRelationName());
  } else if (shell->TakeWord("AS")) {
    const size_t after = EndOfSelect(shell->source().tokens, shell->at());
    Shell end(shell->source());
    end.set_at(after);
    ASSIGN_OR_RETURN(out.select, shell->ParseSelectPart(end.Byte()));
    shell->set_at(after);
  } else {
    return shell->UnknownWord("clause", kInputs);
  }
  out.emit_on_close = TakeEmitOnClose(shell);
  if (shell->TakeWord("WITH")) {
    ASSIGN_OR_RETURN(out.options, shell->TakeOptions());
  }
  if (!shell->TakeWord("FORMAT")) return shell->UnknownWord("clause", kClauses);
  RETURN_IF_ERROR(TakeOneOf(shell, "format of a sink", kFormats, &out.format));
  RETURN_IF_ERROR(shell->ExpectWord("ENCODE"));
  RETURN_IF_ERROR(TakeOneOf(shell, "encoding of a sink", kEncodings, &out.encode));
  if (shell->Is("(")) {
    ASSIGN_OR_RETURN(out.encode_options, shell->TakeOptions());
  }
  RETURN_IF_ERROR(shell->ExpectEnd());
  return StatementBody(std::move(out));
}

}  // namespace sql
