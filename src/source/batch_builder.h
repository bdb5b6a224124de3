#pragma once
// Builds record batches of format 2 for tests and fuzzers, byte by byte, independently of the code that reads them.
// Threads: values.

#include <endian.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "source/crc32c.h"

namespace source {

struct BuiltRecord {
  int32_t offset_delta = 0;
  int64_t timestamp_delta = 0;
  std::optional<std::string> key, value;
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

class BatchBuilder {
 public:
  int64_t base_offset = 0, base_timestamp = 1000, max_timestamp = 2000, producer_id = -1;
  int32_t leader_epoch = 3, last_offset_delta = -1;  // -1: of the last record
  int16_t attributes = 0;                            // the low three bits are the codec
  int8_t magic = 2;
  std::vector<BuiltRecord> records;
  std::optional<std::string> body;                   // in place of the compressed records
  std::optional<int32_t> record_count;

  std::string Build() const {
    std::string rest;  // from the attributes on
    int32_t last = last_offset_delta;
    if (last < 0) last = records.empty() ? 0 : records.back().offset_delta;
    Put16(attributes, &rest);
    Put32(last, &rest);
    Put64(base_timestamp, &rest);
    Put64(max_timestamp, &rest);
    Put64(producer_id, &rest);
    Put16(0, &rest);
    Put32(0, &rest);
    Put32(record_count.value_or(static_cast<int32_t>(records.size())), &rest);
    rest += body ? *body : Compress(attributes & 7, Records());
    std::string out;
    Put64(base_offset, &out);
    Put32(static_cast<int32_t>(rest.size() + 9), &out);
    Put32(leader_epoch, &out);
    out.push_back(magic);
    Put32(static_cast<int32_t>(Crc32cByTable(rest)), &out);
    return out + rest;
  }
  std::string Records() const {
    std::string out;
    for (const auto& record : records) {
      const std::string one = Record(record);
      PutVarint(static_cast<int64_t>(one.size()), &out);
      out += one;
    }
    return out;
  }

  static std::string Compress(int codec, const std::string& text) {
    switch (codec) {
      case 1: return Gzip(text);
      case 2: return SnappyLiterals(text);
      case 3: {
        std::string out(LZ4F_compressFrameBound(text.size(), nullptr), '\0');
        out.resize(LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), nullptr));
        return out;
      }
      case 4: {
        std::string out(ZSTD_compressBound(text.size()), '\0');
        out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 1));
        return out;
      }
      default: return text;
    }
  }
  static std::string Gzip(const std::string& text) {
    z_stream stream{};
    deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, text.size()) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
  }
  // Snappy without any compression: the length, then literals of at most 60 bytes.
  static std::string SnappyLiterals(const std::string& text) {
    std::string out;
    size_t length = text.size();
    for (; length >= 0x80; length >>= 7) out.push_back(static_cast<char>(length | 0x80));
    out.push_back(static_cast<char>(length));
    for (size_t at = 0; at < text.size(); at += 60) {
      const std::string piece = text.substr(at, 60);
      out.push_back(static_cast<char>((piece.size() - 1) << 2));
      out += piece;
    }
    return out;
  }

  static void PutVarint(int64_t value, std::string* out) {
    auto bits = static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63);
    for (; bits >= 0x80; bits >>= 7) out->push_back(static_cast<char>(bits | 0x80));
    out->push_back(static_cast<char>(bits));
  }

 private:
  static void Put16(int16_t value, std::string* out) {
    const uint16_t big = htobe16(static_cast<uint16_t>(value));
    out->append(reinterpret_cast<const char*>(&big), sizeof big);
  }
  static void Put32(int32_t value, std::string* out) {
    const uint32_t big = htobe32(static_cast<uint32_t>(value));
    out->append(reinterpret_cast<const char*>(&big), sizeof big);
  }
  static void Put64(int64_t value, std::string* out) {
    const uint64_t big = htobe64(static_cast<uint64_t>(value));
    out->append(reinterpret_cast<const char*>(&big), sizeof big);
  }
  static void PutBytes(const std::optional<std::string>& bytes, std::string* out) {
    PutVarint(bytes ? static_cast<int64_t>(bytes->size()) : -1, out);
    if (bytes) *out += *bytes;
  }
  static std::string Record(const BuiltRecord& record) {
    std::string out(1, '\0');
    PutVarint(record.timestamp_delta, &out);
    PutVarint(record.offset_delta, &out);
    PutBytes(record.key, &out);
    PutBytes(record.value, &out);
    PutVarint(static_cast<int64_t>(record.headers.size()), &out);
    for (const auto& [name, value] : record.headers) {
      PutVarint(static_cast<int64_t>(name.size()), &out);
      out += name;
      PutBytes(value, &out);
    }
    return out;
  }
};

}  // namespace source
