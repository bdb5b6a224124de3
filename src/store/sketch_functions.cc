#include "store/sketch_functions.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "store/aggregate.h"
#include "store/ddsketch.h"
#include "store/hyperloglog.h"
#include "store/moments.h"
#include "store/sketch_memory.h"
#include "store/value_functions.h"
#include "store/zone_functions.h"

namespace store {
namespace {

using base::Status;

constexpr const char* kNoMemory =
    "out of memory: the sketches of this statement need more than the store gives them";

std::string_view TextAt(duckdb_string_t* cells, idx_t row) {
  return {duckdb_string_t_data(&cells[row]), duckdb_string_t_length(cells[row])};
}

bool IsValid(uint64_t* validity, idx_t row) {
  return !validity || (validity[row / 64] >> (row % 64) & 1);
}

struct DdSketchBase {
  using State = DdSketch;
  static bool Empty(const State& state) { return state.empty(); }
  static const char* Combine(const State& source, State* target) {
    return target->Merge(source) ? nullptr : kNoMemory;
  }
  static const char* Write(const State& state, std::string* out) {
    state.AppendTo(out);
    return nullptr;
  }
};

struct DdSketchOfValues : DdSketchBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    constexpr idx_t kBlock = 2048;
    const auto* values = columns[0].As<double>();
    uint64_t* validity = columns[0].validity;
    int32_t codes[kBlock];
    for (idx_t from = 0; from < count; from += kBlock) {
      const idx_t size = std::min(kBlock, count - from);
      const bool finite = DdSketch::Codes(values + from, size, codes);
      if (validity || !finite) {
        if (const char* error = Checked(values, validity, from, size, codes, states)) return error;
        continue;
      }
      for (idx_t i = 0; i < size; ++i)
        if (!states[from + i]->AddCode(codes[i])) return kNoMemory;
    }
    return nullptr;
  }
  // The slower way: some cells are NULL or no finite numbers.
  static const char* Checked(const double* values, uint64_t* validity, idx_t from, idx_t size,
                             const int32_t* codes, State** states) {
    for (idx_t i = 0; i < size; ++i) {
      if (!IsValid(validity, from + i)) continue;
      if (!(std::abs(values[from + i]) <= std::numeric_limits<double>::max()))
        return "percentile value is infinite or not a number";
      if (!states[from + i]->AddCode(codes[i])) return kNoMemory;
    }
    return nullptr;
  }
};

struct DdSketchOfSketches : DdSketchBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      const DdSketch::Parsed parsed = states[i]->MergeBytes(columns[0].Text(i));
      if (parsed == DdSketch::Parsed::kDamaged) return "damaged percentile sketch";
      if (parsed == DdSketch::Parsed::kNoMemory) return kNoMemory;
    }
    return nullptr;
  }
};

const char* TextOf(HyperLogLog::Outcome outcome) {
  switch (outcome) {
    case HyperLogLog::Outcome::kOk: return nullptr;
    case HyperLogLog::Outcome::kDamaged: return "damaged distinct-count sketch";
    case HyperLogLog::Outcome::kNoMemory: return kNoMemory;
  }
  return nullptr;
}

struct HllBase {
  using State = HyperLogLog;
  static bool Empty(const State& state) { return state.empty(); }
  static const char* Combine(const State& source, State* target) {
    return TextOf(target->Merge(source));
  }
  static const char* Write(const State& state, std::string* out) {
    return TextOf(state.AppendTo(out));
  }
};

struct HllOfValues : HllBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      if (const char* error = TextOf(states[i]->Add(columns[0].Text(i)))) return error;
    }
    return nullptr;
  }
};

struct HllOfSketches : HllBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      if (const char* error = TextOf(states[i]->MergeBytes(columns[0].Text(i)))) return error;
    }
    return nullptr;
  }
};

struct MomentsBase {
  using State = Moments;
  static bool Empty(const State& state) { return state.n == 0; }
  static const char* Combine(const State& source, State* target) {
    target->Merge(source);
    return nullptr;
  }
  static const char* Write(const State& state, std::string* out) {
    out->resize(Moments::kBytes);
    state.Write(out->data());
    return nullptr;
  }
};

struct MomentsOfValues : MomentsBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    const auto* values = columns[0].As<double>();
    for (idx_t i = 0; i < count; ++i)
      if (columns[0].IsValid(i)) states[i]->Add(values[i]);
    return nullptr;
  }
};

struct MomentsOfMoments : MomentsBase {
  static const char* Update(const AggregateColumn* columns, idx_t count, State** states) {
    for (idx_t i = 0; i < count; ++i) {
      if (!columns[0].IsValid(i)) continue;
      Moments moments;
      if (!moments.Read(columns[0].Text(i))) return "damaged moments";
      states[i]->Merge(moments);
    }
    return nullptr;
  }
};

// A scalar function of a state's bytes (and perhaps a number): `Read` gives the value, nothing for
// NULL, or an error.
struct Answer {
  std::optional<double> number;
  std::optional<int64_t> integer;
  const char* error = nullptr;
};

template <Answer (*Read)(std::string_view, double)>
void Scalar(duckdb_function_info info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector states = duckdb_data_chunk_get_vector(input, 0);
  auto* cells = static_cast<duckdb_string_t*>(duckdb_vector_get_data(states));
  uint64_t* validity = duckdb_vector_get_validity(states);
  const double* numbers = nullptr;
  uint64_t* number_validity = nullptr;
  if (duckdb_data_chunk_get_column_count(input) > 1) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(input, 1);
    numbers = static_cast<const double*>(duckdb_vector_get_data(vector));
    number_validity = duckdb_vector_get_validity(vector);
  }
  void* out = duckdb_vector_get_data(output);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    Answer answer;
    if (IsValid(validity, i) && IsValid(number_validity, i))
      answer = Read(TextAt(cells, i), numbers ? numbers[i] : 0);
    if (answer.error) return duckdb_scalar_function_set_error(info, answer.error);
    if (answer.number) static_cast<double*>(out)[i] = *answer.number;
    else if (answer.integer) static_cast<int64_t*>(out)[i] = *answer.integer;
    else {
      duckdb_vector_ensure_validity_writable(output);
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
    }
  }
}

Answer Quantile(std::string_view bytes, double q) {
  if (!(q >= 0 && q <= 1)) return {.error = "percentile value is not between 0 and 1"};
  DdSketch sketch;
  switch (sketch.MergeBytes(bytes)) {
    case DdSketch::Parsed::kDamaged: return {.error = "damaged percentile sketch"};
    case DdSketch::Parsed::kNoMemory: return {.error = kNoMemory};
    case DdSketch::Parsed::kOk: break;
  }
  if (sketch.empty()) return {};
  return {.number = sketch.Quantile(q)};
}

Answer Distinct(std::string_view bytes, double) {
  int64_t estimate = 0;
  if (const char* error = TextOf(HyperLogLog::Estimate(bytes, &estimate))) return {.error = error};
  return {.integer = estimate};
}

template <std::optional<double> (Moments::*Get)() const>
Answer OfMoments(std::string_view bytes, double) {
  Moments moments;
  if (!moments.Read(bytes)) return {.error = "damaged moments"};
  return {.number = (moments.*Get)()};
}

struct ScalarFunction {
  const char* name;
  duckdb_scalar_function_t function;
  duckdb_type result;
  bool takes_number;
};

constexpr ScalarFunction kScalars[] = {
    {"freshet_quantile", Scalar<Quantile>, DUCKDB_TYPE_DOUBLE, true},
    {"freshet_hll_estimate", Scalar<Distinct>, DUCKDB_TYPE_BIGINT, false},
    {"freshet_moments_mean", Scalar<OfMoments<&Moments::Mean>>, DUCKDB_TYPE_DOUBLE, false},
    {"freshet_var_samp", Scalar<OfMoments<&Moments::VarSamp>>, DUCKDB_TYPE_DOUBLE, false},
    {"freshet_var_pop", Scalar<OfMoments<&Moments::VarPop>>, DUCKDB_TYPE_DOUBLE, false},
    {"freshet_stddev_samp", Scalar<OfMoments<&Moments::StddevSamp>>, DUCKDB_TYPE_DOUBLE, false},
    {"freshet_stddev_pop", Scalar<OfMoments<&Moments::StddevPop>>, DUCKDB_TYPE_DOUBLE, false},
};

Status RegisterScalar(duckdb_connection connection, const ScalarFunction& scalar) {
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
  duckdb_destroy_logical_type(&blob);
  duckdb_destroy_logical_type(&number);
  duckdb_destroy_logical_type(&result);
  return registered ? Status()
                    : base::Internal(std::string("the engine refuses function ") + scalar.name);
}

}  // namespace

Status RegisterSketches(duckdb_connection connection) {
  RETURN_IF_ERROR(
      Aggregate<DdSketchOfValues>::Register(connection, "freshet_ddsketch", {DUCKDB_TYPE_DOUBLE}));
  RETURN_IF_ERROR(Aggregate<DdSketchOfSketches>::Register(connection, "freshet_ddsketch_merge",
                                                          {DUCKDB_TYPE_BLOB}));
  RETURN_IF_ERROR(
      Aggregate<HllOfValues>::Register(connection, "freshet_hll", {DUCKDB_TYPE_VARCHAR}));
  RETURN_IF_ERROR(
      Aggregate<HllOfSketches>::Register(connection, "freshet_hll_merge", {DUCKDB_TYPE_BLOB}));
  RETURN_IF_ERROR(
      Aggregate<MomentsOfValues>::Register(connection, "freshet_moments", {DUCKDB_TYPE_DOUBLE}));
  RETURN_IF_ERROR(Aggregate<MomentsOfMoments>::Register(connection, "freshet_moments_merge",
                                                        {DUCKDB_TYPE_BLOB}));
  for (const ScalarFunction& scalar : kScalars) RETURN_IF_ERROR(RegisterScalar(connection, scalar));
  RETURN_IF_ERROR(RegisterValueStates(connection));
  return RegisterZones(connection);
}

}  // namespace store
