#pragma once
// ShownText: a statement as it may be shown to others than who wrote it: what stands for a password
// or a private key is '***'. For definitions in system relations, running statements, errors, logs.
//
// Threads: any. Errors: none; a text that cannot be scanned and speaks of a password is not shown.

#include <string>
#include <string_view>

namespace sql {

// Options whose value is a secret: *.password, ssl.key.pem.
bool IsSecretOption(std::string_view lower_case_key);

std::string ShownText(std::string_view text);

}  // namespace sql
