#include "source/file_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

namespace source {
namespace {

int DigitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool IsRegular(DIR* folder, const char* name) {
  struct stat found {};
  return fstatat(dirfd(folder), name, &found, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(found.st_mode);
}

}  // namespace

std::string EscapedFileName(std::string_view name) {
  constexpr const char* kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && byte < 0x7F && c != '%') out.push_back(c);
    else out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return out;
}

std::string FileNameOf(std::string_view escaped) {
  std::string out;
  for (size_t i = 0; i < escaped.size(); ++i) {
    const bool code = escaped[i] == '%' && i + 2 < escaped.size() && DigitOf(escaped[i + 1]) >= 0 &&
                      DigitOf(escaped[i + 2]) >= 0;
    out.push_back(code ? static_cast<char>(DigitOf(escaped[i + 1]) * 16 + DigitOf(escaped[i + 2]))
                       : escaped[i]);
    if (code) i += 2;
  }
  return out;
}

base::Result<std::vector<std::string>> ListFiles(const model::FileFolder& folder) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir(folder.path.c_str()), closedir);
  if (!open)
    return base::Unavailable("folder \"" + folder.path +
                             "\" cannot be read: " + std::strerror(errno));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(open.get())) {
    if (fnmatch(folder.pattern.c_str(), entry->d_name, FNM_PERIOD) == 0 &&
        IsRegular(open.get(), entry->d_name))
      names.push_back(EscapedFileName(entry->d_name));
    errno = 0;
  }
  if (errno != 0)
    return base::Unavailable("folder \"" + folder.path +
                             "\" cannot be read: " + std::strerror(errno));
  if (names.size() > kMaxFiles)
    return base::Unavailable("folder \"" + folder.path + "\" has " + std::to_string(names.size()) +
                             " files that fit; the limit is " + std::to_string(kMaxFiles))
        .WithHint("Move files that are read to another folder, or narrow the pattern.");
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace source
