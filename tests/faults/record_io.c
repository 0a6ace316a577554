// LD_PRELOAD: writes what a process does to the files below ISO_TRACE_DIR, in order, to the file ISO_TRACE, for
// power_loss.py to replay. What it writes to stdout and to sockets is kept too: these are its promises.
// One event: kind, u32 length of the path, u64 offset, u64 length of the data, the path, the data.
//   C created  W written  T truncated to offset  S synced  U unlinked  R renamed (data: the new path)
//   A written to stdout  N sent on a socket
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static int trace = -1;
static const char* folder;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void start(void) {
  const char* path = getenv("ISO_TRACE");
  char* real = getenv("ISO_TRACE_DIR");
  if (!path || !real) return;
  folder = realpath(real, NULL);
  trace = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  unsetenv("LD_PRELOAD");  // children keep no trace
}

static void record(char kind, const char* path, uint64_t offset, const struct iovec* data, int count, size_t size) {
  unsigned char head[21];
  const uint32_t length = (uint32_t)strlen(path);
  const uint64_t size64 = size;
  head[0] = (unsigned char)kind;
  memcpy(head + 1, &length, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &size64, 8);
  pthread_mutex_lock(&lock);
  int failed = syscall(SYS_write, trace, head, sizeof head) != (long)sizeof head ||
               syscall(SYS_write, trace, path, length) != (long)length;
  for (int i = 0; i < count && size != 0; ++i) {
    const size_t part = data[i].iov_len < size ? data[i].iov_len : size;
    failed |= syscall(SYS_write, trace, data[i].iov_base, part) != (long)part;
    size -= part;
  }
  pthread_mutex_unlock(&lock);
  if (failed) abort();  // half a trace proves nothing
}

static void record_bytes(char kind, const char* path, uint64_t offset, const void* data, size_t size) {
  struct iovec one = {(void*)data, size};
  record(kind, path, offset, &one, 1, size);
}

static int is_below(const char* path) {
  const size_t length = strlen(folder);
  return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

// The path behind a descriptor; 0 if it is not one that is traced.
static int path_of(int fd, char* path) {
  char link[64];
  if (trace < 0) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return is_below(path);
}

static int absolute(const char* path, char* out) {
  if (trace < 0) return 0;
  if (path[0] == '/') {
    snprintf(out, PATH_MAX, "%s", path);
  } else {
    char here[PATH_MAX];
    if (!getcwd(here, sizeof here)) return 0;
    if (snprintf(out, PATH_MAX, "%s/%s", here, path) >= PATH_MAX) return 0;
  }
  return is_below(out);
}

static int is_socket(int fd) {
  struct stat status;
  return trace >= 0 && fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

static int open_at(int at, const char* path, int flags, mode_t mode) {
  char full[PATH_MAX];
  const int traced = (flags & O_CREAT) != 0 && absolute(path, full);
  struct stat before;
  const int is_new = traced && stat(path, &before) != 0;
  const int fd = (int)syscall(SYS_openat, at, path, flags, mode);
  if (fd >= 0 && traced && is_new) record_bytes('C', full, 0, "", 0);
  if (fd >= 0 && traced && !is_new && (flags & O_TRUNC) != 0) record_bytes('T', full, 0, "", 0);
  return fd;
}

#define OPEN(name)                                \
  int name(const char* path, int flags, ...) {    \
    mode_t mode = 0;                              \
    if (flags & O_CREAT) {                        \
      va_list more;                               \
      va_start(more, flags);                      \
      mode = va_arg(more, mode_t);                \
      va_end(more);                               \
    }                                             \
    return open_at(AT_FDCWD, path, flags, mode);  \
  }
OPEN(open)
OPEN(open64)

ssize_t write(int fd, const void* data, size_t size) {
  char path[PATH_MAX];
  const int traced = path_of(fd, path);
  const off_t at = traced ? lseek(fd, 0, SEEK_CUR) : 0;
  const ssize_t wrote = syscall(SYS_write, fd, data, size);
  const int why = errno;
  if (wrote > 0 && traced) record_bytes('W', path, (uint64_t)at, data, (size_t)wrote);
  if (wrote > 0 && !traced && trace >= 0 && fd == STDOUT_FILENO) record_bytes('A', "", 0, data, (size_t)wrote);
  if (wrote > 0 && !traced && fd > STDERR_FILENO && is_socket(fd)) record_bytes('N', "", 0, data, (size_t)wrote);
  errno = why;
  return wrote;
}

#define PWRITE(name)                                                                \
  ssize_t name(int fd, const void* data, size_t size, off64_t at) {                 \
    char path[PATH_MAX];                                                            \
    const ssize_t wrote = syscall(SYS_pwrite64, fd, data, size, at);                \
    const int why = errno;                                                          \
    if (wrote > 0 && path_of(fd, path)) record_bytes('W', path, (uint64_t)at, data, (size_t)wrote); \
    errno = why;                                                                    \
    return wrote;                                                                   \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define FTRUNCATE(name)                                                             \
  int name(int fd, off64_t size) {                                                  \
    char path[PATH_MAX];                                                            \
    const int status = (int)syscall(SYS_ftruncate, fd, size);                       \
    if (status == 0 && path_of(fd, path)) record_bytes('T', path, (uint64_t)size, "", 0); \
    return status;                                                                  \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

static int synced(int fd, long number) {
  char path[PATH_MAX];
  const int status = (int)syscall(number, fd);
  if (status == 0 && path_of(fd, path)) record_bytes('S', path, 0, "", 0);
  return status;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

int unlink(const char* path) {
  char full[PATH_MAX];
  const int status = (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
  if (status == 0 && absolute(path, full)) record_bytes('U', full, 0, "", 0);
  return status;
}

int rename(const char* from, const char* to) {
  char old[PATH_MAX], new[PATH_MAX];
  const int status = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (status == 0 && absolute(from, old) && absolute(to, new)) record_bytes('R', old, 0, new, strlen(new));
  return status;
}

ssize_t send(int fd, const void* data, size_t size, int flags) {
  const ssize_t sent = syscall(SYS_sendto, fd, data, size, flags, NULL, 0);
  const int why = errno;
  if (sent > 0 && trace >= 0) record_bytes('N', "", 0, data, (size_t)sent);
  errno = why;
  return sent;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  char path[PATH_MAX];
  if (path_of(fd, path)) abort();  // nothing here writes a file so; if it does, teach this file
  const ssize_t wrote = syscall(SYS_writev, fd, parts, count);
  const int why = errno;
  if (wrote > 0 && trace >= 0) {
    if (fd == STDOUT_FILENO) record('A', "", 0, parts, count, (size_t)wrote);
    if (is_socket(fd)) record('N', "", 0, parts, count, (size_t)wrote);
  }
  errno = why;
  return wrote;
}

ssize_t sendmsg(int fd, const struct msghdr* message, int flags) {
  const ssize_t sent = syscall(SYS_sendmsg, fd, message, flags);
  const int why = errno;
  if (sent > 0 && trace >= 0) record('N', "", 0, message->msg_iov, (int)message->msg_iovlen, (size_t)sent);
  errno = why;
  return sent;
}
