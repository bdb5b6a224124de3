#include "source/sasl.h"

#include <charconv>
#include <chrono>

#include "base/clock.h"
#include "base/digest.h"
#include "source/scram.h"

namespace source {
namespace {

class Plain final : public SaslMechanism {
 public:
  explicit Plain(const SaslSettings& settings) : settings_(settings) {}
  std::string First() override {
    done_ = true;
    return std::string(1, '\0') + settings_.username + std::string(1, '\0') + settings_.password;
  }
  base::Result<std::string> Next(std::string_view) override { return std::string(); }
  bool done() const override { return done_; }

 private:
  const SaslSettings settings_;
  bool done_ = false;
};

std::string Base64Url(std::string_view bytes) {
  std::string text = base::Base64Encode(bytes);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  text.resize(text.find('=') == std::string::npos ? text.size() : text.find('='));
  return text;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// The value of `name` in "a=b c=d"; `otherwise` when it is not there.
std::string Setting(std::string_view config, std::string_view name, std::string_view otherwise) {
  while (!config.empty()) {
    const size_t space = std::min(config.find(' '), config.size());
    const std::string_view pair = config.substr(0, space);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return std::string(pair.substr(name.size() + 1));
    config.remove_prefix(std::min(space + 1, config.size()));
  }
  return std::string(otherwise);
}

// A token that nobody signed: {"alg":"none"}, the claims, no signature.
base::Result<std::string> UnsecuredToken(const SaslSettings& settings) {
  const std::string principal = Setting(settings.token_config, "principal", "");
  if (principal.empty())
    return base::Invalid("property \"properties.sasl.oauthbearer.config\" names no principal").WithHint("Write principal=NAME in it.");
  const std::string life = Setting(settings.token_config, "lifeSeconds", "3600");
  int64_t life_seconds = 0;
  if (std::from_chars(life.data(), life.data() + life.size(), life_seconds).ptr != life.data() + life.size() || life_seconds <= 0)
    return base::Invalid("lifeSeconds in property \"properties.sasl.oauthbearer.config\" is no positive number");
  const auto now = std::chrono::floor<std::chrono::seconds>(base::Clock::System().Wall()).time_since_epoch().count();
  std::string claims = "{" + Quoted(Setting(settings.token_config, "principalClaimName", "sub")) + ":" + Quoted(principal) +
                       ",\"iat\":" + std::to_string(now) + ",\"exp\":" + std::to_string(now + life_seconds);
  if (const std::string scope = Setting(settings.token_config, "scope", ""); !scope.empty())
    claims += "," + Quoted(Setting(settings.token_config, "scopeClaimName", "scope")) + ":" + Quoted(scope);
  return Base64Url(R"({"alg":"none"})") + "." + Base64Url(claims + "}") + ".";
}

class OauthBearer final : public SaslMechanism {
 public:
  explicit OauthBearer(std::string token) : token_(std::move(token)) {}
  std::string First() override {
    done_ = true;
    return "n,,\x01" "auth=Bearer " + token_ + "\x01\x01";
  }
  // A refusal comes as JSON text and wants a single byte before it becomes an error.
  base::Result<std::string> Next(std::string_view challenge) override {
    if (challenge.empty()) return std::string();
    done_ = false;
    return std::string("\x01");
  }
  bool done() const override { return done_; }

 private:
  const std::string token_;
  bool done_ = false;
};

}  // namespace

base::Result<std::unique_ptr<SaslMechanism>> MakeSaslMechanism(const SaslSettings& settings) {
  if (settings.mechanism == "OAUTHBEARER") {
    if (!settings.allow_unsecured_token)
      return base::Unsupported("OAUTHBEARER is offered with unsecured tokens only")
          .WithHint("Set properties.enable.sasl.oauthbearer.unsecure.jwt = 'true' on a test cluster.");
    ASSIGN_OR_RETURN(std::string token, UnsecuredToken(settings));
    return std::unique_ptr<SaslMechanism>(std::make_unique<OauthBearer>(std::move(token)));
  }
  if (settings.username.empty())
    return base::Invalid("properties.sasl.username is required for " + settings.mechanism);
  if (settings.mechanism == "PLAIN") return std::unique_ptr<SaslMechanism>(std::make_unique<Plain>(settings));
  if (settings.mechanism == "SCRAM-SHA-256") return MakeScram(ScramHash::kSha256, settings.username, settings.password);
  if (settings.mechanism == "SCRAM-SHA-512") return MakeScram(ScramHash::kSha512, settings.username, settings.password);
  return base::Unsupported("sign-in by " + settings.mechanism + " is not offered");
}

}  // namespace source
