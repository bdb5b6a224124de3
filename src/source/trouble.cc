#include "source/trouble.h"

#include <array>
#include <ctime>

namespace source {
namespace {

std::string UtcText(base::WallTime time) {
  const std::time_t value = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
  std::tm parts{};
  gmtime_r(&value, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace

base::Status StatusOf(const Trouble& trouble) {
  const bool named = !trouble.broker.empty();
  const std::string who = named ? "Kafka broker " + trouble.broker : "no Kafka broker can be reached";
  const std::string since = " since " + UtcText(trouble.since) + ": " + trouble.text;
  switch (trouble.kind) {
    case TroubleKind::kSignIn:
      return base::Denied(who + " refuses the sign-in" + since)
          .WithSqlstate("28000")
          .WithHint("Check properties.security.protocol, sasl.mechanisms, sasl.username and sasl.password.");
    case TroubleKind::kTls:
      return base::Unavailable(who + " cannot be reached over TLS" + since)
          .WithHint("Check properties.security.protocol, ssl.ca.pem and the broker's certificate.");
    case TroubleKind::kUnreachable: break;
  }
  return base::Unavailable(who + (named ? " cannot be reached" : "") + since)
      .WithHint("Check that the broker runs and that properties.bootstrap.server is right; it is tried again by itself.");
}

base::Status AsWaiting(const base::Status& status) {
  if (status.code() != base::Code::kDenied) return status;
  return base::Unavailable(status.message()).WithHint(status.hint());
}

base::Status StatusOf(const MissingOffset& missing) {
  const std::string there = missing.low >= 0 && missing.high >= 0 ? "the broker has offsets " + std::to_string(missing.low) +
                                                                        " to " + std::to_string(missing.high)
                                                                  : "what the broker has cannot be asked now";
  auto status = base::Corrupt("topic \"" + missing.topic + "\" partition " + std::to_string(missing.partition) +
                              " has no offset " + std::to_string(missing.offset) + ": " + there)
                    .WithHint(missing.low > missing.offset
                                  ? "Records were deleted before they were read. ALTER SOURCE ... RESET accepts the gap."
                                  : "The partition was cut or made anew. ALTER SOURCE ... RESET accepts what it has now.");
  return missing.detail.empty() ? status : std::move(status).WithDetail(missing.detail);
}

base::Status TopicIsMissing(const std::string& topic) {
  return base::NotFound("topic \"" + topic + "\" does not exist on the brokers")
      .WithHint("Create the topic, or mend the option topic; names are case-sensitive.");
}

base::Status TopicIsDenied(const std::string& topic, const std::string& text) {
  return base::Denied("topic \"" + topic + "\" may not be read: " + text)
      .WithHint("Grant this client's principal READ and DESCRIBE on the topic.");
}

}  // namespace source
