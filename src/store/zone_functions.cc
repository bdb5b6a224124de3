#include "store/zone_functions.h"

#include <optional>
#include <string>
#include <string_view>

#include "base/time_zone.h"
#include "store/aggregate.h"

namespace store {
namespace {

// The clock of the zone that this thread asked for last.
base::ZoneClock* ClockOf(std::string_view zone) {
  thread_local std::string name;
  thread_local std::optional<base::ZoneClock> clock;
  if (clock && name == zone) return &*clock;
  auto found = base::TimeZone::Find(zone);
  if (!found.ok()) return nullptr;
  name = zone;
  clock.emplace(found.Take());
  return &*clock;
}

template <int64_t (base::ZoneClock::*Convert)(int64_t)>
void Shift(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  AggregateColumn columns[2];
  for (idx_t i = 0; i < 2; ++i) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, i);
    columns[i] = {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
  }
  const auto* times = columns[1].As<int64_t>();
  auto* out = static_cast<int64_t*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (!columns[0].IsValid(i) || !columns[1].IsValid(i)) {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
      continue;
    }
    base::ZoneClock* clock = ClockOf(columns[0].Text(i));
    if (!clock) {
      const std::string error =
          "time zone \"" + std::string(columns[0].Text(i)) + "\" not recognized";
      return duckdb_scalar_function_set_error(info, error.c_str());
    }
    out[i] = (clock->*Convert)(times[i]);
  }
}

base::Status Register(duckdb_connection connection, const char* name,
                      duckdb_scalar_function_t shift) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR),
                      time = duckdb_create_logical_type(DUCKDB_TYPE_TIMESTAMP);
  duckdb_scalar_function_set_name(function, name);
  duckdb_scalar_function_add_parameter(function, text);
  duckdb_scalar_function_add_parameter(function, time);
  duckdb_scalar_function_set_return_type(function, time);
  duckdb_scalar_function_set_function(function, shift);
  const bool registered = duckdb_register_scalar_function(connection, function) == DuckDBSuccess;
  duckdb_destroy_scalar_function(&function);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_logical_type(&time);
  return registered ? base::Status()
                    : base::Internal(std::string("the engine refuses function ") + name);
}

}  // namespace

base::Status RegisterZones(duckdb_connection connection) {
  RETURN_IF_ERROR(
      Register(connection, "freshet_to_civil", Shift<&base::ZoneClock::ToCivil>));
  return Register(connection, "freshet_from_civil", Shift<&base::ZoneClock::FromCivil>);
}

}  // namespace store
