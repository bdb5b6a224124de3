#pragma once
// Deliberate bugs, such as engines of this kind have had: test/randomised/bugs.py shows that the random suite finds each.
//
// They are in a build with -DFRESHET_BUGS=ON alone; the variable FRESHET_BUG, a number from 1, chooses one. In any other
// build HasBug is the constant false, and nothing of them is left.
//
// Threads: any.

#ifdef FRESHET_BUGS
#include <cstdlib>
#endif

namespace base {

enum class Bug {
  kAverageOfAverages = 1,     // avg merges the averages of its partials
  kDistinctCountsAdded,       // count(DISTINCT) adds up what each partial counted
  kFirstMinimumStays,         // min keeps the partial that came first
  kNullKeyIsEmpty,            // a NULL group key of text is an empty text
  kLastByArrival,             // first and last go by offset and not by event time
  kWindowEndInclusive,        // a row at the edge of two windows is counted in the earlier one
  kSessionGapInclusive,       // a row exactly the gap after the last one does not begin a session
  kDaysOf24Hours,             // a civil day ends 24 hours after it begins
  kPositionAhead,             // a partition goes on one record after its position
  kRecordTwiceAfterRestart,   // a partition goes on one record before its position
};

#ifdef FRESHET_BUGS
inline bool HasBug(Bug bug) {
  static const char* const chosen = std::getenv("FRESHET_BUG");  // NOLINT(concurrency-mt-unsafe)
  return chosen != nullptr && std::atoi(chosen) == static_cast<int>(bug);
}
#else
constexpr bool HasBug(Bug) { return false; }
#endif

}  // namespace base
