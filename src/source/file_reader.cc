// Invariants:
// 1. A partition's next byte is where a record begins.
// 2. Only whole records are handed out; a record is whole when its line feed is in the file.
// 3. Bytes of one Poll live until the next.

#include "source/file_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "source/file_names.h"
#include "source/partition_names.h"
#include "source/record_end.h"
#include "source/waker.h"

namespace source {
namespace {

using std::chrono::milliseconds;

constexpr size_t kChunkBytes = size_t{256} << 10;
constexpr size_t kMaxRecordBytes = size_t{16} << 20;  // what the decoders take
constexpr milliseconds kLook{50};                     // between looks at files that do not grow
constexpr milliseconds kLookForFiles{1'000};

class OpenFile {
 public:
  OpenFile(const std::string& folder, const std::string& name) {
    const std::string path = folder + "/" + name;
    descriptor_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat found {};
    if (descriptor_ < 0 || fstat(descriptor_, &found) != 0) error_ = errno;
    else if (!S_ISREG(found.st_mode)) error_ = EINVAL;
    else size_ = found.st_size;
  }
  ~OpenFile() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  int error() const { return error_; }
  int64_t size() const { return size_; }

  // Bytes read into `out`; fewer than asked only at the end of the file; -1 = errno.
  ssize_t Read(int64_t from, char* out, size_t bytes) const {
    size_t done = 0;
    while (done < bytes) {
      const ssize_t got =
          pread(descriptor_, out + done, bytes - done, from + static_cast<int64_t>(done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return -1;
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return static_cast<ssize_t>(done);
  }

 private:
  int descriptor_ = -1;
  int error_ = 0;
  int64_t size_ = 0;
};

class FileReader final : public Reader {
 public:
  explicit FileReader(const ReaderOptions& options) : options_(options), folder_(*options.folder) {}

  base::Status Assign(const std::vector<PartitionStart>& starts) override;
  base::Status Poll(milliseconds timeout, model::RecordBatch* out) override;
  void Pause(const std::vector<model::PartitionId>& ids) override { SetPaused(ids, true); }
  void Resume(const std::vector<model::PartitionId>& ids) override { SetPaused(ids, false); }
  std::vector<PartitionState> States() const override {
    std::vector<PartitionState> states;
    for (const auto& file : files_) states.push_back({file.id, 0, file.size});
    return states;
  }
  void Wake() override { waker_.Wake(); }
  std::string_view kind() const override { return "file"; }

 private:
  struct File {
    model::PartitionId id;
    std::string name;
    int64_t next = 0;    // byte of the next record
    int64_t size = -1;   // as last seen; -1 = not yet
    int64_t tried = -1;  // size at which there was no whole record at `next`; -1 = not tried
    bool paused = false;
    std::string header;  // of CSV, once it was read
  };

  void SetPaused(const std::vector<model::PartitionId>& ids, bool paused) {
    for (auto& file : files_)
      if (std::find(ids.begin(), ids.end(), file.id) != ids.end()) file.paused = paused;
  }
  base::Status Fill(model::RecordBatch* out);
  base::Status FillFrom(File* file, model::RecordBatch* out);
  base::Status ReadRecords(const OpenFile& open, File* file, model::RecordBatch* out);
  base::Status ReadHeader(const OpenFile& open, File* file);
  void TakeRecords(std::string_view bytes, File* file, model::RecordBatch* out);
  base::Status TakeLongRecord(const OpenFile& open, std::string_view begin, File* file,
                              model::RecordBatch* out);
  void AddRecord(std::string_view text, int64_t offset, model::RecordBatch* out);
  base::Result<std::string_view> Bytes(const OpenFile& open, const File& file, int64_t from,
                                       size_t bytes);
  base::Status CannotRead(const File& file, int error) const {
    return base::Unavailable("file \"" + folder_.path + "/" + file.name +
                             "\" cannot be read: " + std::strerror(error));
  }

  const ReaderOptions options_;
  const model::FileFolder& folder_;  // of options_
  std::vector<File> files_;
  size_t first_ = 0;  // file that is read from first, so that none waits for ever
  std::vector<std::unique_ptr<char[]>> chunks_;
  size_t chunk_bytes_ = 0;  // in chunks_
  Waker waker_;
};

base::Status FileReader::Assign(const std::vector<PartitionStart>& starts) {
  std::vector<File> files;
  for (const auto& start : starts) {
    File next;
    next.id = start.partition;
    next.next = start.offset.value;
    const auto name = options_.names->Find(start.partition);
    if (!name) return base::Internal("a file's partition has no name");
    next.name = FileNameOf(*name);
    for (auto& known : files_)  // what was read of it and not yet committed stays read
      if (known.id == start.partition) next = known;
    files.push_back(std::move(next));
  }
  files_ = std::move(files);
  return {};
}

base::Status FileReader::Poll(milliseconds timeout, model::RecordBatch* out) {
  out->Clear();
  RETURN_IF_ERROR(Fill(out));
  while (out->runs.empty() && timeout.count() > 0) {
    const milliseconds wait = std::min(timeout, kLook);
    if (waker_.Wait(wait)) return {};
    timeout -= wait;
    RETURN_IF_ERROR(Fill(out));
  }
  return {};
}

base::Status FileReader::Fill(model::RecordBatch* out) {
  chunks_.clear();
  chunk_bytes_ = 0;
  base::Status trouble;  // of one file; the others go on
  for (size_t i = 0; i < files_.size(); ++i) {
    if (out->records.size() >= options_.max_poll_records ||
        chunk_bytes_ + kChunkBytes > options_.max_bytes / 2)
      break;
    File& file = files_[(first_ + i) % files_.size()];
    if (file.paused) continue;
    if (base::Status status = FillFrom(&file, out); !status.ok()) trouble = std::move(status);
  }
  if (!files_.empty()) first_ = (first_ + 1) % files_.size();
  return out->runs.empty() ? trouble : base::Status();
}

base::Status FileReader::FillFrom(File* file, model::RecordBatch* out) {
  const OpenFile open(folder_.path, file->name);
  if (open.error() == ENOENT) {
    file->size = file->next;  // it is done
    return {};
  }
  if (open.error() != 0) return CannotRead(*file, open.error());
  file->size = open.size();
  if (file->size < file->next)
    return base::Corrupt("file \"" + folder_.path + "/" + file->name + "\" was cut: it has " +
                         std::to_string(file->size) + " bytes, " + std::to_string(file->next) +
                         " were read")
        .WithHint(
            "Files of a source only grow. Put what is new under another name, remove this "
            "file and go on with ALTER SOURCE ... RESET ACCEPT.");
  if (file->size == file->next || file->size == file->tried) return {};
  return ReadRecords(open, file, out);
}

base::Result<std::string_view> FileReader::Bytes(const OpenFile& open, const File& file,
                                                 int64_t from, size_t bytes) {
  auto chunk = std::make_unique_for_overwrite<char[]>(bytes + model::kPadding);
  const ssize_t got = open.Read(from, chunk.get(), bytes);
  if (got < 0) return CannotRead(file, errno);
  std::memset(chunk.get() + got, 0, model::kPadding);
  const std::string_view view(chunk.get(), static_cast<size_t>(got));
  chunks_.push_back(std::move(chunk));
  chunk_bytes_ += bytes;
  return view;
}

base::Status FileReader::ReadRecords(const OpenFile& open, File* file, model::RecordBatch* out) {
  if (folder_.header && file->header.empty()) RETURN_IF_ERROR(ReadHeader(open, file));
  if (folder_.header && file->header.empty()) {
    file->tried = file->size;
    return {};
  }
  const auto begin = static_cast<uint32_t>(out->records.size());
  const int64_t from = file->next;
  const bool skipped_header = folder_.header && from == 0;
  if (skipped_header) file->next = static_cast<int64_t>(file->header.size());
  // A record that does not fit a chunk gets a larger one.
  for (size_t bytes = kChunkBytes;; bytes *= 8) {
    ASSIGN_OR_RETURN(auto text,
                     Bytes(open, *file, file->next, std::min(bytes, kMaxRecordBytes + 1)));
    const int64_t before = file->next;
    TakeRecords(text, file, out);
    if (file->next != before || text.size() < std::min(bytes, kMaxRecordBytes + 1)) break;
    if (bytes <= kMaxRecordBytes) continue;
    RETURN_IF_ERROR(TakeLongRecord(open, text, file, out));
    break;
  }
  if (file->next == from) {
    file->tried = file->size;
    return {};
  }
  const auto end = static_cast<uint32_t>(out->records.size());
  out->runs.push_back({file->id, begin, end, model::Offset(file->next), {}});
  if (folder_.header) out->runs.back().preamble = WithoutLineEnd(file->header);
  return {};
}

base::Status FileReader::ReadHeader(const OpenFile& open, File* file) {
  ASSIGN_OR_RETURN(auto text, Bytes(open, *file, 0, kChunkBytes));
  RecordEnd end(folder_);
  const size_t size = end.Feed(text);
  if (size != RecordEnd::kNotHere) {
    file->header = text.substr(0, size);
    return {};
  }
  if (text.size() < kChunkBytes) return {};  // not whole yet
  return base::Corrupt("file \"" + folder_.path + "/" + file->name +
                       "\" has no header in its first " + std::to_string(kChunkBytes) + " bytes");
}

void FileReader::AddRecord(std::string_view text, int64_t offset, model::RecordBatch* out) {
  model::RecordView record;
  record.offset = offset;
  record.value = text.data();
  record.value_bytes = static_cast<uint32_t>(text.size());
  out->records.push_back(record);
  out->bytes += text.size();
}

// The whole records of `bytes`, which begin at the file's next record; empty lines are none.
void FileReader::TakeRecords(std::string_view bytes, File* file, model::RecordBatch* out) {
  RecordEnd end(folder_);
  size_t at = 0;
  while (out->records.size() < options_.max_poll_records) {
    const size_t size = end.Feed(bytes.substr(at));
    if (size == RecordEnd::kNotHere) break;
    const std::string_view text = WithoutLineEnd(bytes.substr(at, size));
    if (!text.empty()) AddRecord(text, file->next, out);
    at += size;
    file->next += static_cast<int64_t>(size);
  }
}

// A record of which `begin` is more than may be: its end is looked for, what lies between is not
// kept.
base::Status FileReader::TakeLongRecord(const OpenFile& open, std::string_view begin, File* file,
                                        model::RecordBatch* out) {
  RecordEnd end(folder_);
  if (end.Feed(begin) != RecordEnd::kNotHere) return base::Internal("a long record is short");
  const auto piece = std::make_unique_for_overwrite<char[]>(kChunkBytes);
  for (int64_t at = file->next + static_cast<int64_t>(begin.size());;) {
    const ssize_t got = open.Read(at, piece.get(), kChunkBytes);
    if (got < 0) return CannotRead(*file, errno);
    if (got == 0) return {};  // not whole yet
    const size_t size = end.Feed({piece.get(), static_cast<size_t>(got)});
    if (size == RecordEnd::kNotHere) {
      at += got;
      continue;
    }
    AddRecord(begin, file->next, out);
    file->next = at + static_cast<int64_t>(size);
    return {};
  }
}

class FileAdmin final : public TopicAdmin {
 public:
  explicit FileAdmin(const ReaderOptions& options) : folder_(*options.folder) {}

  base::Result<TopicInfo> Describe(milliseconds) override {
    TopicInfo info;
    ASSIGN_OR_RETURN(info.names, ListFiles(folder_));
    return info;
  }
  base::Result<model::Offset> Resolve(model::PartitionId, StartAt at, int64_t,
                                      milliseconds) override {
    if (at != StartAt::kEarliest) return base::Unsupported("files are read from their beginning");
    return model::Offset(0);
  }
  std::optional<milliseconds> DescribeAgainAfter() const override { return kLookForFiles; }
  void Cancel() override {}  // nothing here waits for long

 private:
  const model::FileFolder folder_;
};

}  // namespace

base::Result<std::unique_ptr<Reader>> MakeFileReader(const ReaderOptions& options) {
  return std::unique_ptr<Reader>(std::make_unique<FileReader>(options));
}

base::Result<std::unique_ptr<TopicAdmin>> MakeFileAdmin(const ReaderOptions& options) {
  return std::unique_ptr<TopicAdmin>(std::make_unique<FileAdmin>(options));
}

}  // namespace source
