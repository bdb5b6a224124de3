#include "server/endpoints.h"

namespace server {

HttpAnswer AnswerHealth(store::Store* store) {
  auto connection = store->Connect();
  base::Status status = connection.ok() ? base::Status() : connection.status();
  if (status.ok()) {
    auto rows = (*connection)->Query("SELECT 1");
    if (!rows.ok()) status = rows.status();
    else if (auto chunk = (*rows)->Next(); !chunk.ok()) status = chunk.status();
  }
  if (status.ok()) return {200, "text/plain; charset=utf-8", "ok\n"};
  return {503, "text/plain; charset=utf-8", status.ToString() + "\n"};
}

}  // namespace server
