// Everything that reads bytes of a stranger: frames, startup packets, SCRAM messages, parameters of
// every type.
#include <cstddef>
#include <cstdint>

#include "base/time_zone.h"
#include "pgwire/array.h"
#include "pgwire/codec.h"
#include "pgwire/decode.h"
#include "pgwire/numeric.h"
#include "pgwire/scram.h"
#include "pgwire/startup.h"
#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

void CutFrames(std::string_view input, bool startup) {
  constexpr size_t kMax = 1 << 16;
  FrameBuffer frames;
  size_t bodies = 0;
  while (!input.empty()) {
    const size_t piece =
        std::min<size_t>(input.size(), 1 + static_cast<unsigned char>(input[0]) % 7);
    frames.Append(input.substr(0, piece));
    input.remove_prefix(piece);
    while (true) {
      const auto frame = startup ? frames.NextStartup() : frames.NextMessage(kMax);
      if (!frame.ok()) return;
      if (!*frame) break;
      bodies += (*frame)->body.size();
    }
  }
  CHECK(bodies <= (1 << 24));
}

void Decode(std::string_view input) {
  for (int id = 0; id <= static_cast<int>(model::TypeId::kRecord); ++id) {
    for (bool array : {false, true}) {
      const auto text =
          DecodeBinaryParameter(input, {static_cast<model::TypeId>(id), 0, 0, array}, 1);
      if (text.ok()) CHECK(IsUtf8(*text));
    }
  }
  (void)DecodeTextParameter(input).ok();
  // A numeric that was read is written as a value that reads back the same.
  if (const auto text = ReadNumeric(input)) {
    WriteBuffer out;
    WriteNumeric(*text, &out);
    CHECK(ReadNumeric(out.view()) == text);
  }
}

void Scram(std::string_view input) {
  static const base::ScramVerifier verifier = base::MakeScramVerifier("x", "0123456789abcdef", 1);
  for (bool bound : {false, true}) {
    ScramExchange exchange({verifier, true, bound ? "certificate" : "", "server"});
    const size_t middle = input.find('\n');
    const auto first = exchange.First(bound ? kScramPlus : kScram, input.substr(0, middle));
    if (first.ok() && middle != std::string_view::npos)
      (void)exchange.Final(input.substr(middle + 1)).ok();
  }
  if (const auto parsed = base::ParseScramVerifier(input))
    CHECK(base::ToText(*parsed) == input || !parsed->salt.empty());
}

}  // namespace
}  // namespace pgwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pgwire;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  CutFrames(input, false);
  CutFrames(input, true);
  const auto packet = ParseStartup(input);
  if (packet.ok())
    CHECK(IsUtf8(packet->user) && IsUtf8(packet->database) &&
          (packet->kind != StartupPacket::Kind::kStart || !packet->user.empty()));
  Decode(input);
  Scram(input);
  if (size < 64) (void)base::TimeZone::Find(input).ok();
  return 0;
}
