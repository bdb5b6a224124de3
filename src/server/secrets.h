#pragma once
// Secrets: the value of a secret of the catalog, read when something connects and kept nowhere. A
// file must lie in a folder that the operator allows.
//
// Threads: any. Errors: kDenied, kNotFound, kUnavailable that name the secret, never its value.
// Limits: 64 KiB.

#include <string>

#include "base/access_rules.h"
#include "catalog/catalog.h"

namespace server {

// `folders`: those that secrets may lie in. One line end at the end is no part of the value.
base::Result<std::string> SecretValue(const catalog::Secret& secret,
                                      const base::AccessRules& folders);

// The value of the secret of that name in the catalog.
base::Result<std::string> SecretNamed(const catalog::Catalog& catalog, const std::string& name,
                                      const base::AccessRules& folders);

}  // namespace server
