#pragma once
// Aggregate<Traits>: what DuckDB's C API asks of an aggregate, in terms of five functions of Traits
// over its State: Update, Combine, Empty, Write, and State's constructor. Arguments are one or two
// columns; the result is the state's bytes, or NULL when it is empty.
//
// Threads: DuckDB's; a state has one owner at a time. Errors: Traits say a text, which fails the
// statement.

#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "duckdb.h"

namespace store {

// One argument of an aggregate over the rows of a chunk.
struct AggregateColumn {
  void* data = nullptr;
  uint64_t* validity = nullptr;

  bool IsValid(idx_t row) const {
    return !validity || (validity[row / 64] >> (row % 64) & 1);
  }
  template <typename T>
  const T* As() const {
    return static_cast<const T*>(data);
  }
  std::string_view Text(idx_t row) const {
    auto* cells = static_cast<duckdb_string_t*>(data);
    return {duckdb_string_t_data(&cells[row]), duckdb_string_t_length(cells[row])};
  }
};

template <typename Traits>
struct Aggregate {
  using State = typename Traits::State;
  static constexpr size_t kMaxColumns = 2;

  static idx_t Size(duckdb_function_info) { return sizeof(State); }
  static void Init(duckdb_function_info, duckdb_aggregate_state state) { new (state) State; }
  static void Destroy(duckdb_aggregate_state* states, idx_t count) {
    for (idx_t i = 0; i < count; ++i) reinterpret_cast<State*>(states[i])->~State();
  }
  static void Update(duckdb_function_info info, duckdb_data_chunk input,
                     duckdb_aggregate_state* states) {
    AggregateColumn columns[kMaxColumns];
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(input) && i < kMaxColumns; ++i) {
      duckdb_vector vector = duckdb_data_chunk_get_vector(input, i);
      columns[i] = {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
    }
    const char* error = Traits::Update(columns, duckdb_data_chunk_get_size(input),
                                       reinterpret_cast<State**>(states));
    if (error) duckdb_aggregate_function_set_error(info, error);
  }
  static void Combine(duckdb_function_info info, duckdb_aggregate_state* sources,
                      duckdb_aggregate_state* targets, idx_t count) {
    for (idx_t i = 0; i < count; ++i) {
      const char* error = Traits::Combine(*reinterpret_cast<State*>(sources[i]),
                                          reinterpret_cast<State*>(targets[i]));
      if (error) return duckdb_aggregate_function_set_error(info, error);
    }
  }
  static void Finalize(duckdb_function_info info, duckdb_aggregate_state* states,
                       duckdb_vector result, idx_t count, idx_t offset) {
    std::string bytes;
    for (idx_t i = 0; i < count; ++i) {
      const State& state = *reinterpret_cast<State*>(states[i]);
      if (Traits::Empty(state)) {
        duckdb_vector_ensure_validity_writable(result);
        duckdb_validity_set_row_invalid(duckdb_vector_get_validity(result), offset + i);
        continue;
      }
      bytes.clear();
      if (const char* error = Traits::Write(state, &bytes))
        return duckdb_aggregate_function_set_error(info, error);
      duckdb_vector_assign_string_element_len(result, offset + i, bytes.data(), bytes.size());
    }
  }

  static base::Status Register(duckdb_connection connection, const char* name,
                               const std::vector<duckdb_type>& arguments) {
    duckdb_aggregate_function function = duckdb_create_aggregate_function();
    duckdb_aggregate_function_set_name(function, name);
    for (const duckdb_type argument : arguments) {
      duckdb_logical_type type = duckdb_create_logical_type(argument);
      duckdb_aggregate_function_add_parameter(function, type);
      duckdb_destroy_logical_type(&type);
    }
    duckdb_logical_type blob = duckdb_create_logical_type(DUCKDB_TYPE_BLOB);
    duckdb_aggregate_function_set_return_type(function, blob);
    duckdb_destroy_logical_type(&blob);
    duckdb_aggregate_function_set_functions(function, Size, Init, Update, Combine, Finalize);
    duckdb_aggregate_function_set_destructor(function, Destroy);
    duckdb_aggregate_function_set_special_handling(
        function);  // NULLs are skipped here, without a copy of the chunk
    const bool registered =
        duckdb_register_aggregate_function(connection, function) == DuckDBSuccess;
    duckdb_destroy_aggregate_function(&function);
    return registered ? base::Status()
                      : base::Internal(std::string("the engine refuses aggregate ") + name);
  }
};

}  // namespace store
