#pragma once
// SignInDelays: after wrong passwords from an address the answer takes longer each time, so that guessing is slow.
//
// Threads: one owner (the network thread). Limits: kMaxAddresses are remembered, the oldest is forgotten first; a delay is
// at most kLongestDelay and an address is forgotten kForgetAfter after its last wrong password.

#include <chrono>
#include <map>
#include <string>

#include "base/clock.h"

namespace pgwire {

class SignInDelays {
 public:
  static constexpr size_t kMaxAddresses = 1'000;
  static constexpr std::chrono::milliseconds kFirstDelay{100}, kLongestDelay{3'000};
  static constexpr std::chrono::minutes kForgetAfter{10};

  // Counts a wrong password and says how long its answer is held back.
  std::chrono::milliseconds Failed(const std::string& address, base::MonotonicTime now);
  void Succeeded(const std::string& address) { addresses_.erase(address); }

 private:
  struct Entry {
    int failures = 0;
    base::MonotonicTime last;
  };
  std::map<std::string, Entry> addresses_;
};

}  // namespace pgwire
