#include "base/private_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace base {

std::string RandomPassword() {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789";
  std::string out;
  while (out.size() < 24) {
    unsigned char byte = 0;
    CHECK(getrandom(&byte, 1, 0) == 1);
    if (byte < 252) out.push_back(kLetters[byte % kLetters.size()]);  // 252 = 7 * 36: no letter is likelier
  }
  return out;
}

Status WritePrivateFile(const std::filesystem::path& file, const std::string& content) {
  const std::string temporary = file.string() + ".new";
  auto failed = [&](const char* what) { return Unavailable(std::string(what) + " " + temporary + ": " + std::strerror(errno)); };
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return failed("cannot create");
  const bool written = write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size()) && fsync(fd) == 0;
  Status error;
  if (!written) error = failed("cannot write");
  close(fd);
  if (!error.ok()) return error;
  if (rename(temporary.c_str(), file.c_str()) != 0) return failed("cannot rename");
  return {};
}

}  // namespace base
