#pragma once
// A failure point: a named place where a test ends the process as kill -9 would, to prove that what is half done there is
// whole or gone after the next start.
//
// FRESHET_FAILURE_POINTS="store.commit.before=3,definer.switched=1" ends it at the third pass of the first name or the first
// of the second. Without the variable a pass costs a few nanoseconds.
//
// Threads: any. Errors: a variable that cannot be read ends the process too, with a message.

namespace base {

void FailurePoint(const char* name);

}  // namespace base
