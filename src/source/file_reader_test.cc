#include "source/file_reader.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "source/file_names.h"
#include "source/partition_names.h"
#include "source/record_end.h"

namespace source {
namespace {

using std::chrono::milliseconds;

class FileReaderTest : public testing::Test {
 protected:
  FileReaderTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("file_reader_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
    spec_.path = folder_.string();
  }
  ~FileReaderTest() override { std::filesystem::remove_all(folder_); }

  void Append(const std::string& file, const std::string& text) {
    std::ofstream(folder_ / file, std::ios::app | std::ios::binary) << text;
  }

  void Open(const std::vector<std::pair<std::string, int64_t>>& files) {
    ReaderOptions options;
    options.connector = "file";
    options.folder = std::make_shared<model::FileFolder>(spec_);
    auto names = std::make_shared<PartitionNames>();
    std::vector<PartitionStart> starts;
    for (const auto& [name, offset] : files) {
      const model::PartitionId id(static_cast<int32_t>(starts.size()));
      names->Add(id, EscapedFileName(name));
      starts.push_back({id, model::Offset(offset)});
    }
    options.names = names;
    reader_ = MakeFileReader(options).Take();
    ASSERT_TRUE(reader_->Assign(starts).ok());
  }

  // "partition@offset:value ..." of everything there is, and the position after each run.
  std::string Drain() {
    std::string out;
    model::RecordBatch batch;
    while (true) {
      status_ = reader_->Poll(milliseconds(0), &batch);
      if (!status_.ok() || batch.runs.empty()) return out;
      for (const auto& run : batch.runs) {
        for (uint32_t i = run.begin; i < run.end; ++i)
          out += std::to_string(run.partition.value) + "@" +
                 std::to_string(batch.records[i].offset) + ":" +
                 std::string(batch.records[i].Value().substr(0, 20)) + " ";
        preamble_ = run.preamble;
        next_ = run.next_offset.value;
      }
    }
  }

  const std::filesystem::path folder_;
  model::FileFolder spec_;
  std::unique_ptr<Reader> reader_;
  base::Status status_;
  std::string preamble_;
  int64_t next_ = -1;
};

TEST_F(FileReaderTest, LinesAreRecordsWhenTheirLineFeedIsThere) {
  Append("a", "one\r\n\ntwo\nthr");
  Open({{"a", 0}});
  EXPECT_EQ(Drain(), "0@0:one 0@6:two ");
  EXPECT_EQ(next_, 10);
  EXPECT_EQ(reader_->States()[0].high_watermark_offset, 13);
  Append("a", "ee\n");
  EXPECT_EQ(Drain(), "0@10:three ");
  EXPECT_EQ(Drain(), "");
}

TEST_F(FileReaderTest, GoesOnAtAnyPositionInSeveralFiles) {
  Append("a", "1\n2\n3\n");
  Append("b x%", "4\n5\n");
  Open({{"a", 2}, {"b x%", 0}});
  EXPECT_EQ(Drain(), "0@2:2 0@4:3 1@0:4 1@2:5 ");
}

TEST_F(FileReaderTest, ALongLineIsReadWholeAndAnEndlessOneIsCut) {
  const std::string line(3'000'000, 'x');
  Append("a", line + "\nshort\n");
  Open({{"a", 0}});
  EXPECT_EQ(Drain(), "0@0:xxxxxxxxxxxxxxxxxxxx 0@3000001:short ");
  const std::string endless(17 << 20, 'y');
  Append("b", endless);
  Open({{"b", 0}});
  EXPECT_EQ(Drain(), "");
  Append("b", "\nafter\n");
  EXPECT_EQ(Drain(), "0@0:yyyyyyyyyyyyyyyyyyyy 0@17825793:after ");
}

TEST_F(FileReaderTest, ACutFileIsAnErrorAndARemovedOneIsDone) {
  Append("a", "1\n2\n");
  Append("b", "3\n");
  Open({{"a", 4}, {"b", 0}});
  EXPECT_EQ(Drain(), "1@0:3 ");
  std::filesystem::resize_file(folder_ / "a", 2);
  Drain();
  EXPECT_EQ(status_.code(), base::Code::kCorrupt);
  std::filesystem::remove(folder_ / "a");
  Drain();
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(reader_->States()[0].high_watermark_offset, 4);
}

TEST_F(FileReaderTest, SymbolicLinksAreNotFollowed) {
  Append("a", "1\n");
  std::filesystem::create_symlink(folder_ / "a", folder_ / "link");
  EXPECT_EQ(ListFiles(spec_).Take(), std::vector<std::string>{"a"});
  Open({{"link", 0}});
  EXPECT_EQ(Drain(), "");
  EXPECT_EQ(status_.code(), base::Code::kUnavailable);
}

TEST_F(FileReaderTest, HeadersGoWithEveryRunOfTheirFile) {
  spec_.framing = model::FileFolder::Framing::kCsv;
  spec_.header = true;
  Append("a", "id,na");
  Open({{"a", 0}});
  EXPECT_EQ(Drain(), "");
  Append("a", "me\r\n1,\"x\ny\"\n");
  EXPECT_EQ(Drain(), "0@9:1,\"x\ny\" ");
  EXPECT_EQ(preamble_, "id,name");
  Append("a", "2,z\n");
  Open({{"a", next_}});
  EXPECT_EQ(Drain(), "0@17:2,z ");
  EXPECT_EQ(preamble_, "id,name");
}

TEST_F(FileReaderTest, ListsWhatFitsThePattern) {
  for (const char* name : {"b.csv", "a.csv", ".hidden.csv", "c.txt", "\xFF.csv"}) Append(name, "");
  std::filesystem::create_directory(folder_ / "d.csv");
  spec_.pattern = "*.csv";
  EXPECT_EQ(ListFiles(spec_).Take(), (std::vector<std::string>{"%FF.csv", "a.csv", "b.csv"}));
  EXPECT_EQ(FileNameOf("%FF.csv"), "\xFF.csv");
  spec_.path += "/none";
  EXPECT_EQ(ListFiles(spec_).status().code(), base::Code::kUnavailable);
}

TEST(RecordEndTest, QuotesCountOnlyWhereAFieldBegins) {
  model::FileFolder folder;
  folder.framing = model::FileFolder::Framing::kCsv;
  RecordEnd end(folder);
  EXPECT_EQ(end.Feed("a,5\" pipe\nb"), 10u);
  EXPECT_EQ(end.Feed("\"a\nb\"\"\nc\",d\n"), 12u);
  EXPECT_EQ(end.Feed("x,\"un"), RecordEnd::kNotHere);
  EXPECT_EQ(end.Feed("til\n"), RecordEnd::kNotHere);
  EXPECT_EQ(end.Feed("here\"\nnext"), 6u);
}

}  // namespace
}  // namespace source
