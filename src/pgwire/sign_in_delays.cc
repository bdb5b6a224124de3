#include "pgwire/sign_in_delays.h"

#include <algorithm>

namespace pgwire {

std::chrono::milliseconds SignInDelays::Failed(const std::string& address, base::MonotonicTime now) {
  constexpr int kMostDoublings = 10;
  if (addresses_.size() >= kMaxAddresses && !addresses_.contains(address)) {
    addresses_.erase(std::min_element(addresses_.begin(), addresses_.end(),
                                      [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
  Entry& entry = addresses_[address];
  if (now - entry.last > kForgetAfter) entry.failures = 0;
  entry.last = now;
  const int doublings = std::min(entry.failures++, kMostDoublings);
  return std::min(kFirstDelay * (1 << doublings), kLongestDelay);
}

}  // namespace pgwire
