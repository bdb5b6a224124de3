// The choice follows PostgreSQL's rules for functions: exact types first; then the candidates with
// the most exact matches; then those that take preferred types where a cast is needed; then unknown
// literals take the category (text first) that all candidates agree on; at last unknown arguments
// are taken to be of the type that all known ones have.

#include "sql/signature.h"

#include <algorithm>
#include <map>
#include <string>

#include "base/check.h"
#include "sql/coercion.h"
#include "sql/type_names.h"

namespace sql {
namespace {

using model::Type;
using model::TypeId;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

Type ReadType(std::string_view text) {
  const bool array = text.ends_with("[]");
  if (array) text.remove_suffix(2);
  const std::optional<Type> type = TypeByName(text);
  CHECK(type.has_value());
  return {type->id, 0, 0, array};
}

ArgumentType ReadArgument(std::string_view text) {
  if (text == "any") return {ArgumentType::Kind::kAny, {}};
  if (text == "anynonarray") return {ArgumentType::Kind::kAnyNonArray, {}};
  if (text == "anyelement") return {ArgumentType::Kind::kAnyElement, {}};
  if (text == "anyarray") return {ArgumentType::Kind::kAnyArray, {}};
  return {ArgumentType::Kind::kExact, ReadType(text)};
}

void ReadArguments(std::string_view text, Signature* out, bool ordered) {
  while (!Trim(text).empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view one = Trim(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (one.ends_with("...")) {
      one.remove_suffix(3);
      out->variadic = true;
    }
    out->arguments.push_back(ReadArgument(one));
    out->ordered += ordered;
  }
}

void ReadResult(std::string_view text, Signature* out) {
  constexpr std::string_view kSame = "same as argument ", kElement = "element of argument ",
                             kArray = "array of argument ";
  for (const auto& [prefix, rule] : {std::pair{kSame, Signature::Result::kSame},
                                     std::pair{kElement, Signature::Result::kElement},
                                     std::pair{kArray, Signature::Result::kArray}}) {
    if (!text.starts_with(prefix)) continue;
    out->result = rule;
    out->result_argument = static_cast<size_t>(text[prefix.size()] - '1');
    return;
  }
  out->result_type = ReadType(text);
}

Signature ReadSignature(const FunctionInfo& info) {
  Signature out;
  out.info = &info;
  std::string_view text = info.arguments;
  constexpr std::string_view kOrderBy = "ORDER BY ";
  const size_t order = text.find(kOrderBy);
  ReadArguments(text.substr(0, std::min(order, text.size())), &out, false);
  if (order != std::string_view::npos)
    ReadArguments(text.substr(order + kOrderBy.size()), &out, true);
  ReadResult(info.result, &out);
  return out;
}

struct Index {
  std::vector<Signature> all;
  std::map<std::string_view, std::vector<const Signature*>> functions, operators;
  std::vector<std::string_view> names;

  Index() {
    all.reserve(FunctionTable().size());
    for (const FunctionInfo& info : FunctionTable()) all.push_back(ReadSignature(info));
    for (const Signature& signature : all)
      (signature.info->kind == FunctionKind::kOperator ? operators
                                                       : functions)[signature.info->name]
          .push_back(&signature);
    for (const auto& [name, list] : functions) names.push_back(name);
  }
};

const Index& TheIndex() {
  static const Index index;
  return index;
}

bool IsUnknown(Type type) { return type.id == TypeId::kUnknown && !type.array; }

// One overload applied to the given arguments.
struct Candidate {
  const Signature* signature;
  std::vector<Type> wanted;  // kUnknown where the argument stays as it is
  size_t exact = 0, preferred = 0;
};

const ArgumentType& ArgumentAt(const Signature& signature, size_t i) {
  return signature.arguments[std::min(i, signature.arguments.size() - 1)];
}

// The element type behind anyelement and anyarray; unknown when the arguments do not agree or say
// nothing.
Type ElementType(const Signature& signature, std::span<const Type> arguments) {
  std::vector<Type> elements;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentType::Kind kind = ArgumentAt(signature, i).kind;
    if (kind == ArgumentType::Kind::kAnyElement && !IsUnknown(arguments[i]))
      elements.push_back(arguments[i]);
    if (kind == ArgumentType::Kind::kAnyArray && !IsUnknown(arguments[i])) {
      if (!arguments[i].array) return {};
      Type element = arguments[i];
      element.array = false;
      elements.push_back(element);
    }
  }
  if (elements.empty()) return {};
  int culprit = -1;
  const Type common = CommonType(elements, &culprit);
  return culprit < 0 ? common : Type{};
}

bool Apply(const Signature& signature, std::span<const Type> arguments, Candidate* out) {
  out->signature = &signature;
  out->wanted.resize(arguments.size());
  Type element;
  bool element_known = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    const ArgumentType& formal = ArgumentAt(signature, i);
    if (formal.kind == ArgumentType::Kind::kAny) continue;
    if (formal.kind == ArgumentType::Kind::kAnyNonArray) {
      if (arguments[i].array) return false;
      continue;
    }
    Type wanted = formal.type;
    if (formal.kind != ArgumentType::Kind::kExact) {
      if (!element_known) element = ElementType(signature, arguments);
      element_known = true;
      if (IsUnknown(element)) return false;
      wanted = element;
      wanted.array = formal.kind == ArgumentType::Kind::kAnyArray || element.array;
      if (formal.kind == ArgumentType::Kind::kAnyArray && !IsUnknown(arguments[i]) &&
          !arguments[i].array)
        return false;
    }
    if (!ImplicitlyBecomes(arguments[i], wanted)) return false;
    out->wanted[i] = wanted;
    out->exact += formal.kind == ArgumentType::Kind::kExact && SameType(arguments[i], wanted);
    out->preferred += !SameType(arguments[i], wanted) && IsPreferred(wanted);
  }
  return true;
}

template <typename Score>
void KeepBest(std::vector<Candidate>* candidates, Score score) {
  size_t best = 0;
  for (const Candidate& candidate : *candidates) best = std::max(best, score(candidate));
  std::erase_if(*candidates, [&](const Candidate& candidate) { return score(candidate) < best; });
}

// For each unknown argument: the category all candidates agree on, text if any takes it.
void KeepByCategory(std::vector<Candidate>* candidates, std::span<const Type> arguments) {
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (!IsUnknown(arguments[i])) continue;
    Category category = CategoryOf(candidates->front().wanted[i]);
    bool agree = true, text = false;
    for (const Candidate& candidate : *candidates) {
      agree = agree && CategoryOf(candidate.wanted[i]) == category;
      text = text || CategoryOf(candidate.wanted[i]) == Category::kText;
    }
    if (text) category = Category::kText;
    else if (!agree) continue;
    std::vector<Candidate> kept;
    bool preferred = false;
    for (const Candidate& candidate : *candidates)
      if (CategoryOf(candidate.wanted[i]) == category)
        preferred = preferred || IsPreferred(candidate.wanted[i]);
    for (const Candidate& candidate : *candidates)
      if (CategoryOf(candidate.wanted[i]) == category &&
          (!preferred || IsPreferred(candidate.wanted[i])))
        kept.push_back(candidate);
    if (!kept.empty()) *candidates = std::move(kept);
  }
}

// All known arguments have one type: the unknown ones are taken to have it too.
void KeepBySameType(std::vector<Candidate>* candidates, std::span<const Type> arguments) {
  Type known;
  for (Type type : arguments) {
    if (IsUnknown(type)) continue;
    if (!IsUnknown(known) && !SameType(known, type)) return;
    known = type;
  }
  if (IsUnknown(known)) return;
  const std::vector<Type> all(arguments.size(), known);
  std::vector<Candidate> kept;
  for (const Candidate& candidate : *candidates) {
    Candidate again;
    if (Apply(*candidate.signature, all, &again)) kept.push_back(candidate);
  }
  if (kept.size() == 1) *candidates = std::move(kept);
}

Resolved Finish(const Candidate& candidate) {
  Resolved out;
  out.signature = candidate.signature;
  out.arguments = candidate.wanted;
  out.result = candidate.signature->result_type;
  return out;
}

void SetResult(Resolved* out, std::span<const Type> arguments) {
  const Signature& signature = *out->signature;
  if (signature.result == Signature::Result::kExact) return;
  const size_t i = signature.result_argument;
  Type type = i < out->arguments.size() && !IsUnknown(out->arguments[i]) ? out->arguments[i]
              : i < arguments.size()                                     ? arguments[i]
                                                                         : Type{};
  if (i < arguments.size() && SameType(type, arguments[i]))
    type = arguments[i];  // with its precision
  if (IsUnknown(type)) type = model::kText;
  if (signature.result == Signature::Result::kElement) type.array = false;
  if (signature.result == Signature::Result::kArray) type.array = true;
  out->result = type;
}

}  // namespace

std::span<const Signature* const> SignaturesOf(std::string_view name, bool operators) {
  const auto& index = operators ? TheIndex().operators : TheIndex().functions;
  const auto found = index.find(name);
  if (found == index.end()) return {};
  return found->second;
}

std::optional<Resolved> Resolve(std::string_view name, bool operators,
                                std::span<const Type> arguments, size_t ordered, bool* ambiguous) {
  *ambiguous = false;
  std::vector<Candidate> candidates;
  for (const Signature* signature : SignaturesOf(name, operators)) {
    const size_t formal = signature->arguments.size();
    const bool fits = signature->variadic ? arguments.size() >= formal : arguments.size() == formal;
    Candidate candidate;
    if (!fits || signature->ordered != ordered || !Apply(*signature, arguments, &candidate))
      continue;
    if (candidate.exact == arguments.size() && !signature->variadic) {
      candidates.assign(1, candidate);
      break;
    }
    candidates.push_back(std::move(candidate));
  }
  if (candidates.empty()) return std::nullopt;
  if (operators && arguments.size() == 2 && candidates.size() > 1) {
    // An operator with one unknown side first tries both sides of the known type.
    const Type known = IsUnknown(arguments[0]) ? arguments[1] : arguments[0];
    if (!IsUnknown(known) && (IsUnknown(arguments[0]) || IsUnknown(arguments[1])))
      for (const Candidate& candidate : candidates)
        if (SameType(candidate.wanted[0], known) && SameType(candidate.wanted[1], known)) {
          candidates.assign(1, Candidate(candidate));
          break;
        }
  }
  if (candidates.size() > 1) KeepBest(&candidates, [](const Candidate& c) { return c.exact; });
  if (candidates.size() > 1)
    KeepBest(&candidates, [](const Candidate& c) { return c.exact + c.preferred; });
  if (candidates.size() > 1) KeepByCategory(&candidates, arguments);
  if (candidates.size() > 1) KeepBySameType(&candidates, arguments);
  if (candidates.size() > 1) {
    *ambiguous = true;
    return std::nullopt;
  }
  Resolved out = Finish(candidates[0]);
  SetResult(&out, arguments);
  return out;
}

std::span<const std::string_view> FunctionNames() { return TheIndex().names; }

}  // namespace sql
