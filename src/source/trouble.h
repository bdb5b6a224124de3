#pragma once
// How broken connections to brokers are said: the same words whichever reader meets them. Threads: values.

#include <string>

#include "base/clock.h"
#include "base/status.h"

namespace source {

enum class TroubleKind { kUnreachable, kTls, kSignIn };

struct Trouble {
  TroubleKind kind = TroubleKind::kUnreachable;
  std::string broker;  // host:port; empty: none in particular
  std::string text;
  base::WallTime since;
};

// Unavailable, or Denied for a refused sign-in; names the broker and since when.
base::Status StatusOf(const Trouble& trouble);

// What a Poll says: everything that passes by itself is Unavailable there.
base::Status AsWaiting(const base::Status& status);

// An offset that the broker does not have. `low` and `high` are -1 when they could not be asked.
struct MissingOffset {
  std::string topic;
  int32_t partition;
  int64_t offset, low, high;
  std::string detail;
};
base::Status StatusOf(const MissingOffset& missing);

base::Status TopicIsMissing(const std::string& topic);
base::Status TopicIsDenied(const std::string& topic, const std::string& text);

}  // namespace source
