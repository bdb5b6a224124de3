#include "server/endpoints.h"

namespace server {

HttpAnswer AnswerReady(const catalog::Catalog& catalog, const pipeline::Pipeline& pipeline, const store::Store& store) {
  HttpAnswer answer;
  if (!store.HasRoom()) {
    answer.status = 503;
    answer.body += "disk: too little free space; sources are paused until there is room\n";
  }
  for (const auto& progress : pipeline.Progress()) {
    answer.body += "source " + catalog.SourceName(progress.source) + ": " + pipeline::NameOf(progress.state);
    if (!progress.error.ok()) answer.body += ": " + progress.error.ToString();
    answer.body += "\n";
  }
  for (const auto& [name, view] : catalog.views)
    if (!view->suspended.empty()) answer.body += "view " + name + ": suspended: " + view->suspended + "\n";
  if (answer.status == 200) answer.body = "ready\n" + answer.body;
  return answer;
}

}  // namespace server
