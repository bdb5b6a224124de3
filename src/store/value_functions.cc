#include "store/value_functions.h"

#include <cmath>
#include <string>

#include "base/json_text.h"
#include "store/aggregate.h"
#include "store/pair_moments.h"
#include "store/value_counts.h"

namespace store {
namespace {

using base::Status;

struct PairBase {
  using State = PairMoments;
  static bool Empty(const State& state) { return state.n == 0; }
  static const char* Combine(const State& source, State* target) {
    target->Merge(source);
    return nullptr;
  }
  static const char* Write(const State& state, std::string* out) {
    out->resize(PairMoments::kBytes);
    state.Write(out->data());
    return nullptr;
  }
};

struct PairsOfValues : PairBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    const auto *y = columns[0].As<double>(), *x = columns[1].As<double>();
    for (idx_t i = 0; i < count; ++i)
      if (columns[0].IsValid(i) && columns[1].IsValid(i)) states[i]->Add(x[i], y[i]);
    return nullptr;
  }
};

struct PairsOfPairs : PairBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      PairMoments pairs;
      if (!pairs.Read(columns[0].Text(i))) return "damaged moments of pairs";
      states[i]->Merge(pairs);
    }
    return nullptr;
  }
};

const char* TextOf(ValueCounts::Outcome outcome) {
  switch (outcome) {
    case ValueCounts::Outcome::kOk: return nullptr;
    case ValueCounts::Outcome::kDamaged: return "damaged counts of values";
    case ValueCounts::Outcome::kTooMany:
      return "too many values: a group has more than 10000 different values, or 4 MiB of them";
    case ValueCounts::Outcome::kNoMemory:
      return "out of memory: the counts of this statement need more than the store gives them";
  }
  return nullptr;
}

struct ExactCounts : ValueCounts {
  ExactCounts() : ValueCounts(true) {}
};
struct FrequentCounts : ValueCounts {
  FrequentCounts() : ValueCounts(false) {}
};

template <typename Counts>
struct CountsBase {
  using State = Counts;
  static bool Empty(const State& state) { return state.empty(); }
  static const char* Combine(const State& source, State* target) {
    return TextOf(target->Merge(source));
  }
  static const char* Write(const State& state, std::string* out) {
    state.AppendTo(out);
    return nullptr;
  }
};

template <typename Counts>
struct CountsOfValues : CountsBase<Counts> {
  static const char* Update(const AggregateColumn* columns, idx_t count, Counts** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      if (const char* error = TextOf(states[i]->Add(columns[0].Text(i)))) return error;
    }
    return nullptr;
  }
};

template <typename Counts>
struct CountsOfCounts : CountsBase<Counts> {
  static const char* Update(const AggregateColumn* columns, idx_t count, Counts** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      if (const char* error = TextOf(states[i]->MergeBytes(columns[0].Text(i)))) return error;
    }
    return nullptr;
  }
};

AggregateColumn ColumnOf(duckdb_data_chunk input, idx_t column) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(input, column);
  return {duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
}

void SetNull(duckdb_vector output, idx_t row) {
  duckdb_vector_ensure_validity_writable(output);
  duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), row);
}

template <PairMoments::Number (PairMoments::*Get)() const>
void OfPairs(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const AggregateColumn states = ColumnOf(input, 0);
  auto* out = static_cast<double*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    PairMoments pairs;
    PairMoments::Number number;
    if (states.IsValid(i)) {
      if (!pairs.Read(states.Text(i)))
        return duckdb_scalar_function_set_error(info, "damaged moments of pairs");
      number = (pairs.*Get)();
    }
    if (number) out[i] = *number;
    else SetNull(output, i);
  }
}

// {"value": count, ...}
void CountsJson(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const AggregateColumn states = ColumnOf(input, 0);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (!states.IsValid(i)) {
      SetNull(output, i);
      continue;
    }
    ExactCounts counts;
    if (const char* error = TextOf(counts.MergeBytes(states.Text(i))))
      return duckdb_scalar_function_set_error(info, error);
    std::string json = "{";
    for (const auto& [text, count] : counts.InOrder()) {
      if (json.size() > 1) json += ", ";
      base::AppendJsonText(text, &json);
      json += ": " + std::to_string(count);
    }
    json += "}";
    duckdb_vector_assign_string_element_len(output, i, json.data(), json.size());
  }
}

// [{"count": ..., "value": ...}, ...], the most frequent first; counts are those that a value may
// have at most.
void FrequentJson(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  const AggregateColumn states = ColumnOf(input, 0), most = ColumnOf(input, 1);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (!states.IsValid(i) || !most.IsValid(i)) {
      SetNull(output, i);
      continue;
    }
    FrequentCounts counts;
    if (const char* error = TextOf(counts.MergeBytes(states.Text(i))))
      return duckdb_scalar_function_set_error(info, error);
    std::string json = "[";
    const double wanted = most.As<double>()[i];
    if (!(wanted >= 0 && wanted <= 1e6))
      return duckdb_scalar_function_set_error(info, "the number of values is out of range");
    for (const auto& [text, count] : counts.MostFrequent(static_cast<size_t>(wanted))) {
      json += json.size() > 1 ? ", {\"count\": " : "{\"count\": ";
      json += std::to_string(count + counts.taken_off()) + ", \"value\": ";
      base::AppendJsonText(text, &json);
      json += "}";
    }
    json += "]";
    duckdb_vector_assign_string_element_len(output, i, json.data(), json.size());
  }
}

struct ScalarOfState {
  const char* name;
  duckdb_scalar_function_t function;
  duckdb_type result;
  bool takes_number = false;
};

constexpr ScalarOfState kScalars[] = {
    {"freshet_corr", OfPairs<&PairMoments::Corr>, DUCKDB_TYPE_DOUBLE},
    {"freshet_covar_pop", OfPairs<&PairMoments::CovarPop>, DUCKDB_TYPE_DOUBLE},
    {"freshet_covar_samp", OfPairs<&PairMoments::CovarSamp>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_avgx", OfPairs<&PairMoments::AvgX>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_avgy", OfPairs<&PairMoments::AvgY>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_count", OfPairs<&PairMoments::Count>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_intercept", OfPairs<&PairMoments::Intercept>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_r2", OfPairs<&PairMoments::R2>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_slope", OfPairs<&PairMoments::Slope>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_sxx", OfPairs<&PairMoments::Sxx>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_sxy", OfPairs<&PairMoments::Sxy>, DUCKDB_TYPE_DOUBLE},
    {"freshet_regr_syy", OfPairs<&PairMoments::Syy>, DUCKDB_TYPE_DOUBLE},
    {"freshet_counts_json", CountsJson, DUCKDB_TYPE_VARCHAR},
    {"freshet_frequent_json", FrequentJson, DUCKDB_TYPE_VARCHAR, true},
};

Status RegisterScalar(duckdb_connection connection, const ScalarOfState& scalar) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type blob = duckdb_create_logical_type(DUCKDB_TYPE_BLOB),
                      number = duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE),
                      result = duckdb_create_logical_type(scalar.result);
  duckdb_scalar_function_set_name(function, scalar.name);
  duckdb_scalar_function_add_parameter(function, blob);
  if (scalar.takes_number) duckdb_scalar_function_add_parameter(function, number);
  duckdb_scalar_function_set_return_type(function, result);
  duckdb_scalar_function_set_function(function, scalar.function);
  const bool registered = duckdb_register_scalar_function(connection, function) == DuckDBSuccess;
  duckdb_destroy_scalar_function(&function);
  for (duckdb_logical_type* type : {&blob, &number, &result}) duckdb_destroy_logical_type(type);
  return registered ? Status()
                    : base::Internal(std::string("the engine refuses function ") + scalar.name);
}

}  // namespace

Status RegisterValueStates(duckdb_connection connection) {
  constexpr duckdb_type kNumber = DUCKDB_TYPE_DOUBLE, kText = DUCKDB_TYPE_VARCHAR,
                        kState = DUCKDB_TYPE_BLOB;
  RETURN_IF_ERROR(
      Aggregate<PairsOfValues>::Register(connection, "freshet_pairs", {kNumber, kNumber}));
  RETURN_IF_ERROR(Aggregate<PairsOfPairs>::Register(connection, "freshet_pairs_merge", {kState}));
  RETURN_IF_ERROR(
      Aggregate<CountsOfValues<ExactCounts>>::Register(connection, "freshet_counts", {kText}));
  RETURN_IF_ERROR(Aggregate<CountsOfCounts<ExactCounts>>::Register(
      connection, "freshet_counts_merge", {kState}));
  RETURN_IF_ERROR(
      Aggregate<CountsOfValues<FrequentCounts>>::Register(connection, "freshet_frequent", {kText}));
  RETURN_IF_ERROR(Aggregate<CountsOfCounts<FrequentCounts>>::Register(
      connection, "freshet_frequent_merge", {kState}));
  for (const ScalarOfState& scalar : kScalars) RETURN_IF_ERROR(RegisterScalar(connection, scalar));
  return {};
}

}  // namespace store
