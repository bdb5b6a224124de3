#pragma once
// The connector 'file': the files of a folder, followed as they grow. A file is a partition, a
// position is a byte in it, a record is a line (or a row of CSV) whose line feed is there.
//
// Files only grow: one that is shorter than what was read of it is an error; one that went away is
// done; another file under the same name is taken for the same one. Symbolic links and folders in
// the folder are passed over.
//
// Threads: reader.h. Errors: kCorrupt for a file that was cut; kUnavailable for one that cannot be
// read now. Limits: 1,000 files a source; a record over 16 MiB is handed out cut after that, for
// the decoder to refuse.

#include <memory>

#include "base/status.h"
#include "source/reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeFileReader(const ReaderOptions& options);
base::Result<std::unique_ptr<TopicAdmin>> MakeFileAdmin(const ReaderOptions& options);

}  // namespace source
