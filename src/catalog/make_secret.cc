#include "catalog/catalog.h"
#include "catalog/options.h"

namespace catalog {
namespace {

// Other variables of the server are nobody's business.
constexpr std::string_view kEnvironmentPrefix = "FRESHET_SECRET_";

}  // namespace

base::Result<std::shared_ptr<Secret>> MakeSecret(const sql::CreateSecret& statement,
                                                 const std::string& text) {
  auto secret = std::make_shared<Secret>();
  secret->name = statement.name;
  secret->definition = text;
  OptionReader options(statement.options, "secret");
  secret->file = options.Text("file").value_or("");
  secret->environment = options.Text("environment").value_or("");
  RETURN_IF_ERROR(options.Finish());
  if (secret->file.empty() == secret->environment.empty())
    return base::Invalid("a secret is in a file or in an environment variable")
        .WithHint("Write WITH (file = '/path') or WITH (environment = 'FRESHET_SECRET_NAME').");
  if (!secret->file.empty() && !secret->file.starts_with('/'))
    return base::Invalid("the file of a secret needs its whole path");
  if (!secret->environment.empty() && !secret->environment.starts_with(kEnvironmentPrefix))
    return base::Denied("environment variable \"" + secret->environment +
                        "\" is not allowed in definitions")
        .WithHint("Variables that hold secrets begin with FRESHET_SECRET_.");
  return secret;
}

}  // namespace catalog
