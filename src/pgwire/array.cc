#include "pgwire/array.h"

#include "pgwire/type_oids.h"

namespace pgwire {
namespace {

using model::CellKind;
using model::ColumnView;
using model::ListCell;

constexpr size_t kMaxDimensions = 6;   // PostgreSQL's
constexpr size_t kLengthBytes = 4;

void Fail(CellContext* context, base::Status status) {
  if (context->error.ok()) context->error = std::move(status);
}

base::Status Ragged() {
  return base::DataError("multidimensional arrays must have array expressions with matching dimensions").WithSqlstate("2202E");
}

bool NeedsQuotes(std::string_view text) {
  if (text.empty()) return true;
  if (text.size() == 4 && (text[0] | 32) == 'n' && (text[1] | 32) == 'u' && (text[2] | 32) == 'l' && (text[3] | 32) == 'l') return true;
  return text.find_first_of("\"\\{}, \t\n\r\v\f") != std::string_view::npos;
}

// One list of a nested value on its way to text or binary.
struct ArrayWriter {
  const model::Field& field;
  model::Type element;
  Format format;
  CellContext* context;
  WriteBuffer scratch;
  std::string text;
  std::vector<int32_t> dimensions;
  bool has_null = false;

  CellWriter WriterFor(const ColumnView& elements) const {
    return format == Format::kText ? TextWriter(element, elements) : BinaryWriter(element, elements);
  }

  std::string_view Element(const ColumnView& elements, CellWriter writer, size_t row) {
    scratch.Clear();
    writer(elements, row, context, &scratch);
    return scratch.view();
  }

  void Text(const ColumnView& column, size_t row) {
    const auto list = column.Get<ListCell>(row);
    const ColumnView& elements = column.child[0];
    const bool nested = elements.kind == CellKind::kList;
    const CellWriter writer = nested || elements.kind == CellKind::kNull ? nullptr : WriterFor(elements);
    text += '{';
    for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
      if (i > list.offset) text += ',';
      if (elements.IsNull(i)) AppendArrayElement(std::nullopt, &text);
      else if (nested) Text(elements, i);
      else if (writer) AppendArrayElement(Element(elements, writer, i).substr(kLengthBytes), &text);
      else return Fail(context, base::Internal("column \"" + field.name + "\" cannot be sent as " + NameOf(field.type)));
    }
    text += '}';
  }

  // Notes the length of each level; all lists of a level must agree.
  void Measure(const ColumnView& column, size_t row, size_t level) {
    const auto list = column.Get<ListCell>(row);
    const ColumnView& elements = column.child[0];
    if (level >= kMaxDimensions) return Fail(context, Ragged());
    if (dimensions.size() <= level) dimensions.push_back(static_cast<int32_t>(list.length));
    if (dimensions[level] != static_cast<int32_t>(list.length)) return Fail(context, Ragged());
    for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
      if (elements.kind != CellKind::kList) has_null |= elements.IsNull(i);
      else if (elements.IsNull(i)) return Fail(context, Ragged());
      else Measure(elements, i, level + 1);
    }
  }

  void Binary(const ColumnView& column, size_t row, WriteBuffer* out) {
    const auto list = column.Get<ListCell>(row);
    const ColumnView& elements = column.child[0];
    const bool nested = elements.kind == CellKind::kList;
    const CellWriter writer = nested || elements.kind == CellKind::kNull ? nullptr : WriterFor(elements);
    for (uint64_t i = list.offset; i < list.offset + list.length; ++i) {
      if (elements.IsNull(i)) out->Int32(-1);
      else if (nested) Binary(elements, i, out);
      else if (writer) writer(elements, i, context, out);
      else return Fail(context, base::Internal("column \"" + field.name + "\" cannot be sent as " + NameOf(field.type)));
    }
  }

  void BinaryValue(const ColumnView& column, size_t row, WriteBuffer* out) {
    Measure(column, row, 0);
    const bool empty = dimensions[0] == 0;
    out->Int32(empty ? 0 : static_cast<int32_t>(dimensions.size()));
    out->Int32(has_null ? 1 : 0);
    out->Int32(static_cast<int32_t>(OidOf(element).oid));
    if (empty) return;
    for (int32_t length : dimensions) {
      out->Int32(length);
      out->Int32(1);   // lower bound
    }
    Binary(column, row, out);
  }
};

}  // namespace

void WriteArray(const model::Field& field, Format format, const ColumnView& column, size_t row, CellContext* context,
                WriteBuffer* out) {
  if (column.kind != CellKind::kList || column.child.size() != 1)
    return Fail(context, base::Internal("column \"" + field.name + "\" is not a list"));
  model::Type element = field.type;
  element.array = false;
  ArrayWriter writer{field, element, format, context, {}, {}, {}, false};
  if (format == Format::kText) {
    writer.Text(column, row);
    out->Int32(static_cast<int32_t>(writer.text.size()));
    out->Bytes(writer.text);
    return;
  }
  const size_t mark = out->size();
  out->Int32(0);
  writer.BinaryValue(column, row, out);
  out->PatchInt32(mark, static_cast<int32_t>(out->size() - mark - kLengthBytes));
}

void AppendArrayElement(std::optional<std::string_view> element, std::string* out) {
  if (!element) {
    *out += "NULL";
    return;
  }
  if (!NeedsQuotes(*element)) {
    *out += *element;
    return;
  }
  *out += '"';
  for (char c : *element) {
    if (c == '"' || c == '\\') *out += '\\';
    *out += c;
  }
  *out += '"';
}

}  // namespace pgwire
