#pragma once
// The reader for some options: the direct one, or librdkafka's where a property needs it. Which one it is is said once in
// the log and by Reader::kind(). Threads and errors: reader.h.

#include <memory>

#include "base/status.h"
#include "source/reader.h"

namespace source {

base::Result<std::unique_ptr<Reader>> MakeReader(const ReaderOptions& options);

}  // namespace source
