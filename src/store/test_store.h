#pragma once
// For this room's tests: a temporary directory, a store in it, and answers as text.
//
// Threads: one test. Errors: fail the test.

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "model/result.h"
#include "store/store.h"

namespace store {

class TempDir {
 public:
  TempDir() {
    char name[] = "/tmp/freshet_store_XXXXXX";
    path_ = mkdtemp(name);
  }
  ~TempDir() { std::filesystem::remove_all(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Rows of a query whose columns are all text, joined by '|' within a row; NULL is "-". An error is
// one row "ERROR state: text".
std::vector<std::string> TextRows(Connection* connection, const std::string& sql);
// The first row, or "" when there is none.
std::string Answer(Connection* connection, const std::string& sql);

class TestStore {
 public:
  TestStore() : TestStore(StoreOptions{}) {}
  explicit TestStore(StoreOptions options) : options_(std::move(options)) {
    options_.data_dir = dir_.path();
    Open();
  }
  void Open() {
    connection_.reset();
    store_.reset();
    auto opened = Store::Open(options_);
    ASSERT_TRUE(opened.ok()) << opened.status().ToString();
    store_ = opened.Take();
    connection_ = store_->Connect().Take();
  }
  void Close() {
    connection_.reset();
    store_.reset();
  }
  Store* operator->() { return store_.get(); }
  Connection* connection() { return connection_.get(); }
  std::string Answer(const std::string& sql) {
    return store::Answer(connection_.get(), "SELECT CAST((" + sql + ") AS VARCHAR)");
  }
  const StoreOptions& options() const { return options_; }

 private:
  TempDir dir_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Connection> connection_;
};

inline std::vector<std::string> TextRows(Connection* connection, const std::string& sql) {
  auto error = [](const base::Status& status) {
    return std::vector<std::string>{"ERROR " + std::string(status.sqlstate()) + ": " +
                                    status.message()};
  };
  auto source = connection->Query(sql);
  if (!source.ok()) return error(source.status());
  std::vector<std::string> rows;
  for (;;) {
    auto chunk = (*source)->Next();
    if (!chunk.ok()) return error(chunk.status());
    if (chunk->rows == 0) return rows;
    for (size_t row = 0; row < chunk->rows; ++row) {
      std::string text;
      for (const model::ColumnView& column : chunk->columns) {
        if (&column != chunk->columns.data()) text += '|';
        text += column.IsNull(row) ? "-" : std::string(column.Get<model::StringCell>(row).View());
      }
      rows.push_back(std::move(text));
    }
  }
}

inline std::string Answer(Connection* connection, const std::string& sql) {
  const std::vector<std::string> rows = TextRows(connection, sql);
  return rows.empty() ? "" : rows[0];
}

}  // namespace store
