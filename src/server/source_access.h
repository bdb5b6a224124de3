#pragma once
// SourceAccess: what a source's connections are made with: whether the operator allows the hosts and
// folders that its definition names, and the values of its secrets. Asked at CREATE, and again
// before anything is opened: settings and secrets may be others by then.
//
// Threads: const and for any. Borrows: the catalog's holder.

#include "base/access_rules.h"
#include "pipeline/source_runner.h"
#include "server/secrets.h"

namespace server {

struct SourceAccess {
  base::AccessRules rules;  // hosts, and folders of files
  base::AccessRules secret_folders;
  const catalog::CatalogHolder* catalog = nullptr;

  base::Status Check(const catalog::Source& source) const;
};

// `reader` is the setting of that name; `store` has the logs of joined rows.
pipeline::ReaderFactory MakeReaders(const std::string& reader, const SourceAccess& access,
                                    store::Store* store);

}  // namespace server
