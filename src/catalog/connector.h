#pragma once
// The parts of CREATE SOURCE that depend on its connector and format: options by allow list -> the
// values that the source and decode rooms take.
//
// Threads: any. Errors: user errors with a HINT of what to write.

#include "base/status.h"
#include "catalog/catalog.h"
#include "catalog/options.h"

namespace catalog {

base::Result<std::string> ReadConnector(OptionReader* options);
// FORMAT ... ENCODE ... (options); the connector is known.
base::Status ReadFormat(const sql::CreateSource& statement, Source* source);
base::Status ReadFolder(OptionReader* options, Source* source);         // connector 'file'
base::Status ReadGeneratedRows(OptionReader* options, Source* source);  // connector 'datagen'
// A table that a topic feeds (make_table.cc): what it cannot have, and what makes a source one.
base::Status CheckFedTable(const sql::CreateSource& statement);
base::Status MakeVersions(const sql::CreateSource& statement, Source* source);

}  // namespace catalog
