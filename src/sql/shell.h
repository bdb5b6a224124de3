#pragma once
// What the statement shells (CREATE SOURCE ...) are read with: a cursor over the scanner's tokens
// that knows how to say what is wrong, and the door through which the SQL inside a shell reaches
// PostgreSQL's parser.
//
// Threads: one owner. Borrows: the statement's text and tokens. Errors: 42601 with position; an
// unknown word names the nearest known one.

#include <span>
#include <string>
#include <string_view>

#include "base/status.h"
#include "sql/pg_tree.h"
#include "sql/statement.h"

namespace sql {

class Shell {
 public:
  explicit Shell(const StatementSource& source) : source_(source) {}

  bool AtEnd() const { return at_ >= source_.tokens.size(); }
  bool IsWord(std::string_view upper, size_t ahead = 0) const;
  bool Is(std::string_view punctuation, size_t ahead = 0) const;
  bool TakeWord(std::string_view upper);
  bool TakeWords(std::span<const std::string_view> upper);  // all of them or none
  bool Take(std::string_view punctuation);
  void Skip() { ++at_; }

  base::Status ExpectWord(std::string_view upper);
  base::Status Expect(std::string_view punctuation);
  base::Status ExpectEnd() const;
  base::Result<std::string> TakeName();          // a folded or quoted name of at most 63 bytes
  base::Result<std::string> TakeRelationName();  // name or public.name
  base::Result<std::string> TakeString();        // a string literal's value
  base::Result<int64_t> TakeInteger();
  // (key = value, ...), the cursor before the parenthesis. `secrets` takes those whose value is
  // SECRET name; without it they are refused.
  base::Result<Options> TakeOptions(SecretOptions* secrets = nullptr);

  const Token* Peek() const { return AtEnd() ? nullptr : &source_.tokens[at_]; }
  size_t at() const { return at_; }
  void set_at(size_t at) { at_ = at; }
  // Byte where the next token begins; the end of the text when there is none.
  int Byte() const {
    return AtEnd() ? static_cast<int>(source_.text.size()) : source_.tokens[at_].begin;
  }
  // Byte where the last taken token ends.
  int LastByte() const { return at_ == 0 ? 0 : source_.tokens[at_ - 1].end; }

  base::Status SyntaxError() const;               // syntax error at or near "x"
  base::Status Error(base::Status status) const;  // at the next token
  base::Status UnknownWord(const std::string& what, std::span<const std::string_view> known) const;

  // The index after the token that closes the parenthesis at the cursor; an error when nothing
  // does.
  base::Result<size_t> EndOfParentheses() const;

  // The SELECT from the next token to byte `end`, else to the end. Places in it are places in the
  // statement. `gone` are ranges of tokens that are left out.
  base::Result<SelectPtr> ParseSelectPart(
      int end = -1, const std::vector<std::pair<size_t, size_t>>& gone = {}) const;
  // One expression, and nothing else, in bytes [begin, end). `prefix` may hold the beginning of a
  // cast.
  base::Result<ExprPtr> ParseExprPart(int begin, int end,
                                      std::string_view prefix = "SELECT ") const;

  const StatementSource& source() const { return source_; }

 private:
  base::Result<std::string> TakeOptionKey();
  base::Result<std::string> TakeOptionValue();

  const StatementSource source_;
  size_t at_ = 0;
};

// nullopt = the statement is no shell: PostgreSQL's grammar has it whole.
base::Result<std::optional<StatementBody>> ReadShell(const StatementSource& source);

base::Result<StatementBody> ReadCreateSource(Shell* shell);  // after CREATE SOURCE
base::Result<StatementBody> ReadCreateTable(Shell* shell);   // after CREATE TABLE
// One column as in CREATE SOURCE: after ALTER SOURCE ... ADD COLUMN.
base::Result<model::SourceColumn> ReadSourceColumn(Shell* shell);
base::Result<StatementBody> ReadCreateSink(Shell* shell);  // after CREATE SINK
// EMIT ON WINDOW CLOSE at the cursor is taken.
bool TakeEmitOnClose(Shell* shell);
base::Result<StatementBody> ReadCreateView(Shell* shell, bool or_replace);  // after CREATE ... VIEW
base::Result<StatementBody> ReadCreateSecret(Shell* shell);                 // after CREATE SECRET

// `text` as PostgreSQL's grammar takes it, of the same length: Flink's TABLE(TUMBLE(TABLE t,
// DESCRIPTOR(c), ...)) loses its noise words, CREATE ROLE IF NOT EXISTS its condition.
std::string WithoutNoise(const StatementSource& source);

// FOR SYSTEM_TIME AS OF of a SELECT in a view (shell_lookup.cc): where its relation's name begins,
// its tokens, and the column that says the time; without one it is PROCTIME().
struct LookupClause {
  int relation_begin;
  size_t first, last;
  std::vector<std::string> time;
  int time_begin = -1;
};
base::Result<std::vector<LookupClause>> FindLookups(const StatementSource& source);
base::Status MarkLookups(const StatementSource& source, const std::vector<LookupClause>& clauses,
                         Select* select);

// `prefix` and bytes [begin, end) of `text` as one expression, and nothing else. Places are those
// of `text`.
base::Result<ExprPtr> ParseExprAt(std::string_view text, int begin, int end,
                                  std::string_view prefix);

}  // namespace sql
