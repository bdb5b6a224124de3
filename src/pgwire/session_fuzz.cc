// A session fed with anything: raw bytes, and whole messages whose bodies are anything. Whatever comes, what goes out are
// well-formed messages, and after the end of a session nothing more.
#include <cstddef>
#include <cstdint>

#include "pgwire/scripted_engine.h"
#include "pgwire/session.h"
#include "pgwire/wire_client.h"

namespace pgwire {
namespace {

class NoHost : public Host {
 public:
  base::Status Admit(const catalog::Role&) override { return {}; }
  void Cancel(int32_t, std::string_view) override {}
  void Terminate(base::Status) override {}
};

constexpr const char* kStatements[] = {"SELECT 1", "SELECT $1", "series 3", "series 5000", "sleep", "broken", "BEGIN", "COMMIT", "ROLLBACK",
                                       "SET a=b", "SHOW TimeZone", "COPY", "DEALLOCATE s", "DEALLOCATE ALL", "crash", "", ";", "BEGIN;broken;COMMIT",
                                       "SELECT 1;series 2;SET x=y", "syntax"};

// Turns fuzz bytes into messages that are mostly right, so that deep states are reached.
class Script {
 public:
  explicit Script(std::string_view bytes) : bytes_(bytes) {}
  bool done() const { return bytes_.empty(); }
  uint8_t Byte() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(bytes_[0]);
    bytes_.remove_prefix(1);
    return byte;
  }
  std::string_view Some() {
    const size_t count = std::min<size_t>(Byte() % 32, bytes_.size());
    const std::string_view some = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return some;
  }
  std::string Name() { return Byte() % 2 ? "s" : ""; }
  std::string Statement() { return kStatements[Byte() % std::size(kStatements)]; }

  std::string Next() {
    switch (Byte() % 12) {
      case 0: return wire::Query(Statement());
      case 1: return wire::Parse(Name(), Statement());
      case 2: return wire::Parse(Name(), Statement(), {Byte() % 2 ? 23 : 1184, Byte()});
      case 3: return wire::Bind({Name(), Name(), {}, {}, {}});
      case 4: return wire::Bind({Name(), Name(), {Byte() % 3}, {std::string(Some())}, {Byte() % 3}});
      case 5: return wire::Describe(Byte() % 2 ? 'S' : 'P', Name());
      case 6: return wire::Execute(Name(), Byte() % 8);
      case 7: return wire::Close(Byte() % 2 ? 'S' : 'P', Name());
      case 8: return wire::Sync();
      case 9: return wire::Message(static_cast<char>(Byte()), Some());
      case 10: return wire::Message("QPBDECFSHX"[Byte() % 10], Some());
      default: return std::string(Some());
    }
  }

 private:
  std::string_view bytes_;
};

void Check(std::string_view sent, bool negotiating) {
  if (negotiating) return;   // single bytes answer SSLRequest and GSSENCRequest
  for (const auto& line : wire::Lines(sent)) CHECK(line != "garbage");
}

void Pump(Session* session, bool negotiating) {
  Lane lane = Lane::kNetwork;
  for (int i = 0; i < 40; ++i) {
    if (session->query_session()) session->query_session()->Cancel();   // "sleep" wakes at once
    const Wants wants = session->Process(lane);
    Check(session->output().view(), negotiating);
    session->output().Clear();
    if (wants == Wants::kTls) session->TlsStarted();
    if (wants == Wants::kInput || wants == Wants::kClose) return;
    lane = wants == Wants::kHeavy ? Lane::kHeavy : Lane::kLight;
  }
}

}  // namespace
}  // namespace pgwire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace pgwire;
  static catalog::CatalogHolder* const catalog = [] {
    auto* holder = new catalog::CatalogHolder;
    AddTestRoles(holder);
    return holder;
  }();
  if (size == 0) return 0;
  ScriptedEngine engine;
  NoHost host;
  SessionOptions options;
  options.sign_in.catalog = catalog;
  options.sign_in.mock_secret = "mock";
  options.sign_in.tls_offered = data[0] & 2;
  const bool signed_in = data[0] & 1;
  options.sign_in.unix_socket = options.sign_in.same_system_user = signed_in;
  options.engine = &engine;
  options.cancel_key = std::string(32, 'k');
  options.max_message_bytes = 1 << 16;
  options.flush_bytes = 1 << 12;
  Session session(options, &host);
  Script script({reinterpret_cast<const char*>(data) + 1, size - 1});
  if (signed_in) {
    session.Feed(wire::Startup("freshet"));
    Pump(&session, false);
    while (!script.done()) {
      session.Feed(script.Next());
      Pump(&session, false);
    }
  } else {
    while (!script.done()) {
      session.Feed(script.Some());
      Pump(&session, true);
    }
  }
  session.End(base::Cancelled("the end").WithSqlstate("57P01"));
  Pump(&session, !signed_in);
  session.Feed("anything");
  CHECK(session.Process(Lane::kLight) == Wants::kClose && session.output().empty());
  session.Release();
  return 0;
}
