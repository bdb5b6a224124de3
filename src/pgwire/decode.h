#pragma once
// Parameters of Bind as the text that query::Parameter carries: text ones are checked, binary ones are read by their type.
//
// Threads: any. Errors: 22021 for bytes that are not UTF-8, 22P03 for a binary value of the wrong length or form,
// 0A000 for a type without a binary form here. `number` in messages is the parameter's, from 1.

#include <string>
#include <string_view>

#include "base/status.h"
#include "model/types.h"

namespace pgwire {

base::Result<std::string> DecodeTextParameter(std::string_view bytes);
base::Result<std::string> DecodeBinaryParameter(std::string_view bytes, model::Type type, int number);

}  // namespace pgwire
