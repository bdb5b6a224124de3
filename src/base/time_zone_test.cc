// ZoneClock against the offsets of TimeZone, at every kind of change and at random.

#include "base/time_zone.h"

#include <gtest/gtest.h>

#include <random>

namespace base {
namespace {

constexpr int64_t kSecond = 1'000'000, kHour = 3600 * kSecond;

ZoneClock ClockOf(const char* zone) {
  auto found = TimeZone::Find(zone);
  EXPECT_TRUE(found.ok()) << zone;
  return ZoneClock(found.Take());
}

TEST(ZoneClockTest, GoesOverTheChangesOfTheClock) {
  ZoneClock clock = ClockOf("America/New_York");
  constexpr int64_t kSpring = 1'710'054'000 * kSecond;   // 2024-03-10 07:00 UTC: 02:00 becomes 03:00
  constexpr int64_t kAutumn = 1'730'613'600 * kSecond;   // 2024-11-03 06:00 UTC: 02:00 becomes 01:00
  EXPECT_EQ(clock.ToCivil(kSpring - 1), kSpring - 1 - 5 * kHour);
  EXPECT_EQ(clock.ToCivil(kSpring), kSpring - 4 * kHour);
  EXPECT_EQ(clock.FromCivil(kSpring - 5 * kHour - 1), kSpring - 1);
  EXPECT_EQ(clock.FromCivil(kSpring - 5 * kHour + kHour / 2), kSpring + kHour / 2);   // 02:30 is 03:30
  EXPECT_EQ(clock.FromCivil(kSpring - 4 * kHour), kSpring);
  EXPECT_EQ(clock.ToCivil(kAutumn - 1), kAutumn - 1 - 4 * kHour);
  EXPECT_EQ(clock.FromCivil(kAutumn - 5 * kHour - 1), kAutumn - kHour - 1);   // 00:59:59.999999
  EXPECT_EQ(clock.FromCivil(kAutumn - 5 * kHour), kAutumn);                   // the second 01:00
  EXPECT_EQ(clock.FromCivil(kAutumn - 4 * kHour), kAutumn + kHour);
}

TEST(ZoneClockTest, ComesBackFromEveryTimeThatIsNotTwice) {
  std::mt19937_64 random(7);
  for (const char* name : {"UTC", "Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia",
                           "Africa/Casablanca", "<+03>-03"}) {
    ZoneClock clock = ClockOf(name), fresh = ClockOf(name);
    for (int i = 0; i < 20'000; ++i) {
      const int64_t time = static_cast<int64_t>(random() % (200 * 366 * 24 * 3600ULL)) * kSecond - 70 * 366 * 24 * kHour;
      const int64_t civil = clock.ToCivil(time), back = clock.FromCivil(civil);
      EXPECT_EQ(fresh.ToCivil(back), civil) << name << " " << time;
      EXPECT_LE(std::abs(back - time), 24 * kHour) << name << " " << time;
      if (i % 16 == 0) fresh = ClockOf(name);
    }
  }
}

TEST(ZoneClockTest, TakesTheEndsOfTime) {
  ZoneClock clock = ClockOf("Europe/Paris");
  for (const int64_t end : {INT64_MAX, -INT64_MAX}) {
    EXPECT_EQ(clock.ToCivil(end), end);
    EXPECT_EQ(clock.FromCivil(end), end);
  }
  for (const int64_t far : {INT64_MAX - 1, 1 - INT64_MAX, int64_t{0}, -70'000'000 * kHour}) {
    (void)clock.ToCivil(far);
    (void)clock.FromCivil(far);
  }
}

}  // namespace
}  // namespace base
