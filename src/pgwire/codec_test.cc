#include "pgwire/codec.h"

#include <gtest/gtest.h>

#include <string>

namespace pgwire {
namespace {

using std::string_literals::operator""s;

constexpr size_t kMax = 1 << 20;

TEST(FrameBuffer, CutsMessagesWhereverTheBytesAreSplit) {
  const std::string stream = "Q\0\0\0\x0dSELECT 1\0S\0\0\0\x04"s;
  for (size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameBuffer frames;
    std::string seen;
    for (std::string_view part : {std::string_view(stream).substr(0, cut), std::string_view(stream).substr(cut)}) {
      frames.Append(part);
      for (auto frame = frames.NextMessage(kMax); frame.ok() && *frame; frame = frames.NextMessage(kMax)) {
        seen += (*frame)->type;
        seen += (*frame)->body;
      }
    }
    EXPECT_EQ(seen, "QSELECT 1\0S"s) << cut;
    EXPECT_EQ(frames.unread(), 0u);
  }
}

TEST(FrameBuffer, RefusesLengthsThatCannotBe) {
  for (const std::string& bytes : {"Q\0\0\0\x03"s, "Q\0\0\0\0"s, "Q\xff\xff\xff\xff"s, "Q\x80\0\0\0"s, "Q\x7f\xff\xff\xff"s, "Q\0\x10\0\x01"s}) {
    FrameBuffer frames;
    frames.Append(bytes);
    const auto frame = frames.NextMessage(kMax);
    ASSERT_FALSE(frame.ok());
    EXPECT_EQ(frame.status().sqlstate(), "08P01");
  }
}

TEST(FrameBuffer, StartupPacketsHaveTheirOwnBound) {
  for (const std::string& bytes : {"\0\0\0\x07"s, "\0\0\0\0"s, "\0\x01\0\x01"s, "\xff\xff\xff\xff"s, "GET "s}) {
    FrameBuffer frames;
    frames.Append(bytes);
    EXPECT_FALSE(frames.NextStartup().ok());
  }
  FrameBuffer frames;
  frames.Append("\0\0\0\x08\x04\xd2\x16\x2f"s);
  const auto frame = frames.NextStartup();
  ASSERT_TRUE(frame.ok() && *frame);
  EXPECT_EQ((*frame)->body.size(), 4u);
}

TEST(FrameBuffer, WaitsForTheWholeMessage) {
  FrameBuffer frames;
  frames.Append("Q\0\0\0\x08"s);
  for (char c : "abc"s) {
    const auto frame = frames.NextMessage(kMax);
    ASSERT_TRUE(frame.ok());
    EXPECT_FALSE(*frame);
    frames.Append({&c, 1});
  }
  EXPECT_FALSE(*frames.NextMessage(kMax));
  frames.Append("d");
  EXPECT_EQ((**frames.NextMessage(kMax)).body, "abcd");
}

TEST(MessageReader, FailsForGoodAtTheFirstReadPastTheEnd) {
  const std::string bytes = "\0\x02xy"s;
  MessageReader reader(bytes);
  EXPECT_EQ(reader.Int16(), 2);
  EXPECT_EQ(reader.Int32(), 0);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Bytes(1), "");
  EXPECT_EQ(reader.Text(), "");
  EXPECT_FALSE(reader.Finished());
}

TEST(MessageReader, TextNeedsItsZeroByte) {
  const std::string with_zero = "ab\0c"s;
  MessageReader good(with_zero), bad("ab");
  EXPECT_EQ(good.Text(), "ab");
  EXPECT_EQ(good.Rest(), "c");
  EXPECT_TRUE(good.Finished());
  EXPECT_EQ(bad.Text(), "");
  EXPECT_FALSE(bad.ok());
}

TEST(MessageReader, NumbersAreBigEndian) {
  const std::string bytes = "\x01\x02\xff\xfe\x01\x02\x03\x04\x80\0\0\0\0\0\0\x01"s;
  MessageReader reader(bytes);
  EXPECT_EQ(reader.Uint16(), 0x0102);
  EXPECT_EQ(reader.Int16(), -2);
  EXPECT_EQ(reader.Int32(), 0x01020304);
  EXPECT_EQ(reader.Int64(), INT64_MIN + 1);
  EXPECT_TRUE(reader.Finished());
}

TEST(WriteBuffer, FillsInLengths) {
  WriteBuffer out;
  const size_t mark = out.BeginMessage('C');
  out.Text("OK");
  out.EndMessage(mark);
  EXPECT_EQ(out.view(), "C\0\0\0\x07OK\0"s);
}

TEST(WriteBuffer, KeepsWhatWasWrittenWhenItGrows) {
  WriteBuffer out;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = std::to_string(i);
    out.Bytes(piece);
    expected += piece;
  }
  out.Bytes(std::string(100'000, 'x'));
  EXPECT_EQ(out.view(), expected + std::string(100'000, 'x'));
}

TEST(Utf8, TakesEveryLengthAndRefusesWhatIsNotCanonical) {
  for (const std::string& good : {""s, "plain ascii, longer than eight"s, "\x7f"s, "\xc2\x80"s, "\xdf\xbf"s, "\xe0\xa0\x80"s, "\xed\x9f\xbf"s,
                                  "\xee\x80\x80"s, "\xef\xbf\xbf"s, "\xf0\x90\x80\x80"s, "\xf4\x8f\xbf\xbf"s, "12345678é12345678"s})
    EXPECT_TRUE(IsUtf8(good)) << good;
  for (const std::string& bad : {"\x80"s, "\xbf"s, "\xc0\x80"s, "\xc1\xbf"s, "\xc2"s, "\xc2\x41"s, "\xe0\x9f\xbf"s, "\xe0\xa0"s,
                                 "\xed\xa0\x80"s, "\xed\xbf\xbf"s, "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s,
                                 "12345678\xf0\x90\x80"s, "1234567\xe2\x82"s})
    EXPECT_FALSE(IsUtf8(bad)) << bad;
}

}  // namespace
}  // namespace pgwire
