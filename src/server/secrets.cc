#include "server/secrets.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace server {
namespace {

constexpr size_t kMaxBytes = size_t{64} << 10;

base::Result<std::string> ReadSecretFile(const std::string& path, const base::AccessRules& folders) {
  ASSIGN_OR_RETURN(const auto file, folders.CheckFile(path));
  std::ifstream in(file, std::ios::binary);
  if (!in) return base::Unavailable("file \"" + path + "\" cannot be read");
  std::string value(kMaxBytes + 1, '\0');
  in.read(value.data(), static_cast<std::streamsize>(value.size()));
  value.resize(static_cast<size_t>(in.gcount()));
  if (value.size() > kMaxBytes) return base::Invalid("file \"" + path + "\" has over 65536 bytes");
  return value;
}

}  // namespace

base::Result<std::string> SecretValue(const catalog::Secret& secret,
                                      const base::AccessRules& folders) {
  std::string value;
  if (!secret.file.empty()) {
    auto read = ReadSecretFile(secret.file, folders);
    if (!read.ok()) return read.TakeStatus().WithContext("secret \"" + secret.name + "\"");
    value = read.Take();
  } else {
    const char* found = std::getenv(secret.environment.c_str());
    if (found == nullptr)
      return base::NotFound("secret \"" + secret.name + "\": environment variable \"" +
                            secret.environment + "\" is not set")
          .WithSqlstate("58P01");
    value = found;
  }
  if (value.ends_with('\n')) value.pop_back();
  if (value.ends_with('\r')) value.pop_back();
  return value;
}

base::Result<std::string> SecretNamed(const catalog::Catalog& catalog, const std::string& name,
                                      const base::AccessRules& folders) {
  const auto found = catalog.secrets.find(name);
  if (found == catalog.secrets.end())
    return base::NotFound("secret \"" + name + "\" does not exist").WithSqlstate("42704");
  return SecretValue(*found->second, folders);
}

}  // namespace server
