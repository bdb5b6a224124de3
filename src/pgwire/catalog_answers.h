#pragma once
// CatalogAnswers: results of catalog SELECTs kept by their DuckDB text until the registry changes. Clients ask the same few
// statements at every connection; the second time costs no query.
//
// Threads: any. Limits: kMaxAnswers, kMaxAnswerBytes each, kMaxBytes together; the least recently used goes first.

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "query/cells.h"

namespace pgwire {

// A result in memory.
struct CatalogAnswer {
  model::Fields fields;
  std::vector<query::ChunkCopy> chunks;
  size_t bytes = 0;
};
using CatalogAnswerPtr = std::shared_ptr<const CatalogAnswer>;

// Reads one from its start.
class AnswerRows : public model::RowSource {
 public:
  AnswerRows(CatalogAnswerPtr answer, model::Fields fields) : answer_(std::move(answer)), fields_(std::move(fields)) {}
  const model::Fields& fields() const override { return fields_; }
  base::Result<model::ChunkView> Next() override {
    return next_ < answer_->chunks.size() ? answer_->chunks[next_++].view() : model::ChunkView{};
  }

 private:
  const CatalogAnswerPtr answer_;
  const model::Fields fields_;
  size_t next_ = 0;
};

class CatalogAnswers {
 public:
  static constexpr size_t kMaxAnswers = 500, kMaxAnswerBytes = 256 << 10, kMaxBytes = 8 << 20;

  CatalogAnswerPtr Find(const std::string& text, int64_t generation);
  void Keep(const std::string& text, int64_t generation, CatalogAnswerPtr answer);

 private:
  struct Entry {
    std::string text;
    CatalogAnswerPtr answer;
  };
  void Forget(std::list<Entry>::iterator entry);

  std::mutex mutex_;
  int64_t generation_ = 0;    // of the rows in the tables; answers of an older one are gone
  size_t bytes_ = 0;
  std::list<Entry> recent_;   // newest first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> by_text_;
};

}  // namespace pgwire
