#include "query/query_metrics.h"

#include <string>

namespace query {

void CountQuery(std::chrono::nanoseconds took, size_t rows) {
  static base::Histogram& seconds = base::Metrics().GetHistogram(
      "freshet_query_seconds", "from the arrival of a SELECT to its last row");
  static base::Counter& total_rows =
      base::Metrics().GetCounter("freshet_query_rows_total", "rows given to clients");
  seconds.Observe(std::chrono::duration<double>(took).count());
  total_rows.Add(rows);
}

void CountError(const base::Status& status) {
  const std::string error_class(status.sqlstate().substr(0, 2));
  base::Metrics()
      .GetCounter("freshet_query_errors_total",
                  "statements that failed, by the class of their SQLSTATE",
                  {{"class", error_class}})
      .Add();
}

}  // namespace query
