// Files that are written are written as a whole, or the old one stays.
#include <keratin/io/atomic.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "files.hpp"

using namespace keratin;

namespace {

io::Bytes bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("a file is written in pieces, or by a function, over an old one or none") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a");
  io::write_atomically(path, {bytes_of("one, "), bytes_of(""), bytes_of("two")});
  CHECK(contents(path) == "one, two");
  io::write_atomically(path, [&](io::AtomicFile& file) {
    for (int i = 0; i < 3; ++i) file.write(bytes_of("abc"));
    CHECK(contents(path) == "one, two");
  });
  CHECK(contents(path) == "abcabcabc");
  CHECK(folder.files() == 1);
  const auto read = io::read_file(path);
  CHECK(std::string(reinterpret_cast<const char*>(read.data()), read.size()) == "abcabcabc");
}

TEST_CASE("a name without a folder is one in the working folder") {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  io::write_atomically("here", {bytes_of("x")});
  std::filesystem::current_path(before);
  CHECK(contents(folder.file("here")) == "x");
}

TEST_CASE("the old file's permissions are kept, and a link stays one") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old"), link = folder.file("link");
  std::filesystem::permissions(path, std::filesystem::perms(0640));
  std::filesystem::create_symlink("a", link);
  io::write_atomically(link, {bytes_of("new")});
  CHECK(contents(path) == "new");
  CHECK(std::filesystem::is_symlink(link));
  CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0640));
}

TEST_CASE("what cannot be written is refused by name, and what stands there stays") {
  const TemporaryFolder folder;
  const std::string nowhere = folder.file("none/a");
  CHECK(message_of([&] { io::write_atomically(nowhere, {bytes_of("x")}); }) ==
        nowhere + ": cannot be written: No such file or directory");
  CHECK(message_of([&] { io::write_atomically(folder.path, {bytes_of("x")}); }) ==
        folder.path + ": is no regular file, and stays as it is");
  CHECK(message_of([&] { io::write_atomically("/dev/null", {bytes_of("x")}); }) ==
        "/dev/null: is no regular file, and stays as it is");
  CHECK(message_of([&] { io::read_file(nowhere); }) ==
        nowhere + ": cannot be opened: No such file or directory");
  CHECK(message_of([&] { io::read_file(folder.path); }) == folder.path + ": is no regular file");
  CHECK(message_of([&] { io::read_file("/dev/zero"); }) == "/dev/zero: is no regular file");
  CHECK(folder.files() == 0);
}

TEST_CASE("a function that throws leaves the old file, and no other") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  CHECK_THROWS_AS(io::write_atomically(path,
                                       [&](io::AtomicFile& file) {
                                         file.write(bytes_of("new"));
                                         throw std::runtime_error("enough");
                                       }),
                  std::runtime_error);
  CHECK(contents(path) == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("where room ends in the middle the old file is there byte for byte") {
  const TemporaryFolder folder;
  const std::string old(5000, 'o'), path = folder.write("a", old);
  rlimit before;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{10000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string piece(4000, 'n');
  const std::string why =
      message_of([&] { io::write_atomically(path, {bytes_of(piece), bytes_of(piece), bytes_of(piece)}); });
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(why == path + ": cannot be written: File too large");
  CHECK(contents(path) == old);
  CHECK(folder.files() == 1);
}

TEST_CASE("a process that is killed leaves the old file, and the next one writes") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a", "old");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    io::AtomicFile file(path);
    file.write(bytes_of("half"));
    raise(SIGKILL);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status));
  CHECK(contents(path) == "old");
  io::write_atomically(path, {bytes_of("new")});
  CHECK(contents(path) == "new");
}
