#include "pgwire/catalog_answers.h"

namespace pgwire {

CatalogAnswerPtr CatalogAnswers::Find(const std::string& text, int64_t generation) {
  std::lock_guard lock(mutex_);
  if (generation != generation_) return nullptr;
  const auto found = by_text_.find(text);
  if (found == by_text_.end()) return nullptr;
  recent_.splice(recent_.begin(), recent_, found->second);
  return recent_.front().answer;
}

void CatalogAnswers::Keep(const std::string& text, int64_t generation, CatalogAnswerPtr answer) {
  if (answer->bytes + text.size() > kMaxAnswerBytes) return;
  std::lock_guard lock(mutex_);
  if (generation < generation_) return;   // made from rows that are no longer there
  if (generation > generation_) {
    by_text_.clear();
    recent_.clear();
    bytes_ = 0;
    generation_ = generation;
  }
  if (by_text_.contains(text)) return;
  bytes_ += answer->bytes + text.size();
  recent_.push_front({text, std::move(answer)});
  by_text_[recent_.front().text] = recent_.begin();
  while (recent_.size() > kMaxAnswers || bytes_ > kMaxBytes) Forget(std::prev(recent_.end()));
}

void CatalogAnswers::Forget(std::list<Entry>::iterator entry) {
  bytes_ -= entry->answer->bytes + entry->text.size();
  by_text_.erase(entry->text);
  recent_.erase(entry);
}

}  // namespace pgwire
