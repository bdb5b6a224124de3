#include "base/access_rules.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace base {
namespace {

AccessRules Hosts(const std::string& hosts) { return AccessRules::Parse("", hosts).Take(); }

bool MayConnect(const AccessRules& rules, const char* address) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  EXPECT_EQ(inet_pton(AF_INET, address, &v4.sin_addr), 1);
  return rules.MayConnect(reinterpret_cast<sockaddr*>(&v4));
}

TEST(AccessRulesTest, AStarAllowsEveryHostButLinkLocalOnes) {
  const AccessRules rules = Hosts("*");
  EXPECT_TRUE(rules.CheckHost("kafka.example.com").ok());
  EXPECT_TRUE(rules.CheckHost("10.1.2.3").ok());
  EXPECT_TRUE(rules.CheckHost("::1").ok());
  EXPECT_EQ(rules.CheckHost("169.254.169.254").sqlstate(), "42501");
  EXPECT_EQ(rules.CheckHost("fe80::1").sqlstate(), "42501");
  EXPECT_FALSE(MayConnect(rules, "169.254.169.254"));
  EXPECT_TRUE(MayConnect(rules, "10.0.0.1"));
}

TEST(AccessRulesTest, NamesSuffixesAndNetworks) {
  const AccessRules rules = Hosts("Kafka.local, *.example.com, 10.0.0.0/12, 169.254.1.0/24");
  EXPECT_TRUE(rules.CheckHost("kafka.LOCAL").ok());
  EXPECT_TRUE(rules.CheckHost("a.b.example.com").ok());
  EXPECT_FALSE(rules.CheckHost("example.com").ok());
  EXPECT_FALSE(rules.CheckHost("badexample.com").ok());
  EXPECT_TRUE(rules.CheckHost("10.15.0.1").ok());
  EXPECT_FALSE(rules.CheckHost("10.16.0.1").ok());
  EXPECT_TRUE(rules.CheckHost("169.254.1.9").ok());
  EXPECT_TRUE(MayConnect(rules, "169.254.1.9"));
  EXPECT_FALSE(MayConnect(rules, "169.254.2.9"));
  EXPECT_TRUE(rules.CheckServers("kafka.local:9092, http://x.example.com:81/path").ok());
  EXPECT_FALSE(rules.CheckServers("kafka.local:9092,[::1]:9092").ok());
  EXPECT_FALSE(rules.CheckServers("http://10.16.0.1/path").ok());
  EXPECT_TRUE(rules.CheckServers("http://10.15.0.1/path").ok());
}

TEST(AccessRulesTest, NothingListedAllowsNothing) {
  const AccessRules rules = Hosts("");
  EXPECT_FALSE(rules.CheckHost("localhost").ok());
  EXPECT_FALSE(AccessRules::Parse("", "10.0.0.0/33").ok());
  EXPECT_FALSE(AccessRules::Parse("/no/such/folder", "*").ok());
}

TEST(AccessRulesTest, FoldersAfterSymbolicLinks) {
  const auto root =
      std::filesystem::temp_directory_path() / ("access_rules_" + std::to_string(getpid()));
  std::filesystem::create_directories(root / "allowed" / "in");
  std::filesystem::create_directories(root / "allowed_too");
  std::filesystem::create_directory_symlink(root / "allowed_too", root / "allowed" / "out");
  std::ofstream(root / "allowed" / "file") << "x";
  const AccessRules rules = AccessRules::Parse((root / "allowed").string(), "*").Take();
  EXPECT_TRUE(rules.CheckFolder((root / "allowed").string()).ok());
  EXPECT_TRUE(rules.CheckFolder((root / "allowed" / "in").string()).ok());
  EXPECT_EQ(rules.CheckFolder((root / "allowed" / "out").string()).status().sqlstate(), "42501");
  EXPECT_EQ(rules.CheckFolder((root / "allowed_too").string()).status().sqlstate(), "42501");
  EXPECT_EQ(
      rules.CheckFolder((root / "allowed" / ".." / "allowed_too").string()).status().sqlstate(),
      "42501");
  EXPECT_EQ(rules.CheckFolder((root / "allowed" / "none").string()).status().sqlstate(), "58P01");
  EXPECT_EQ(rules.CheckFolder((root / "allowed" / "file").string()).status().sqlstate(), "42809");
  EXPECT_FALSE(AccessRules().CheckFolder(root.string()).ok());
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace base
