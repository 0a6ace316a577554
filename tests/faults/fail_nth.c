// LD_PRELOAD: the ISO_FAIL_NTH-th call of the kind ISO_FAIL_WHAT that the process makes from main() on fails, and no
// other, as torture.py asks. The kinds: memory (an allocation), call (a system call that can fail), spawn (a process or
// a thread). How many such calls there were is written to the file ISO_FAIL_COUNTED when the process ends by itself.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NONE, MEMORY, CALL, SPAWN };

static enum kind wanted = NONE;
static long nth;
static atomic_long counted;
static char report[4096];
static int (*real_main)(int, char**, char**);

// How many there were so far, and the name of the one that failed.
static void tell(const char* name) {
  if (!report[0]) return;
  char text[64];
  const int size = snprintf(text, sizeof text, "%ld %s\n", atomic_load(&counted), name);
  const long fd = syscall(SYS_openat, AT_FDCWD, report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  syscall(SYS_write, fd, text, size);
  syscall(SYS_close, fd);
}

static int fails(enum kind kind, const char* name) {
  if (kind != wanted || atomic_fetch_add(&counted, 1) + 1 != nth) return 0;
  tell(name);
  return 1;
}

// Of glibc itself: what dlsym gives would be looked up by a call that allocates.
extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

void* malloc(size_t size) {
  if (!fails(MEMORY, "malloc")) return __libc_malloc(size);
  errno = ENOMEM;
  return NULL;
}
void* calloc(size_t count, size_t size) {
  if (!fails(MEMORY, "calloc")) return __libc_calloc(count, size);
  errno = ENOMEM;
  return NULL;
}
void* realloc(void* old, size_t size) {
  if (!fails(MEMORY, "realloc")) return __libc_realloc(old, size);
  errno = ENOMEM;
  return NULL;
}
void* aligned_alloc(size_t alignment, size_t size) {
  if (!fails(MEMORY, "aligned_alloc")) return __libc_memalign(alignment, size);
  errno = ENOMEM;
  return NULL;
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (fails(MEMORY, "posix_memalign")) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out ? 0 : ENOMEM;
}

extern int __libc_start_main(int (*)(int, char**, char**), int, char**, void (*)(void), void (*)(void), void (*)(void), void*);

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
// A call that gives -1 and sets errno when it fails.
#define CALL_THAT_FAILS(kind, why, result, name, parameters, arguments) \
  result name parameters {                                              \
    static __typeof__(&name) real;                                      \
    if (!real) real = REAL(name);                                       \
    if (!fails(kind, #name)) return real arguments;                            \
    errno = why;                                                        \
    return -1;                                                          \
  }
#define OPENS(name)                                \
  int name(const char* path, int flags, ...) {     \
    static int (*real)(const char*, int, ...);     \
    if (!real) real = (int (*)(const char*, int, ...))dlsym(RTLD_NEXT, #name); \
    va_list more;                                  \
    va_start(more, flags);                         \
    const mode_t mode = va_arg(more, mode_t);      \
    va_end(more);                                  \
    if (!fails(CALL, #name)) return real(path, flags, mode); \
    errno = EMFILE;                                \
    return -1;                                     \
  }
OPENS(open)
OPENS(open64)

// To give one back cannot fail.
static int takes_lock(int what, const struct flock* lock) {
  const int locks = what == F_SETLK || what == F_SETLKW || what == F_OFD_SETLK || what == F_OFD_SETLKW;
  return locks && lock->l_type != F_UNLCK;
}

#define CONTROLS(name)                             \
  int name(int fd, int what, ...) {                \
    static int (*real)(int, int, ...);             \
    if (!real) real = (int (*)(int, int, ...))dlsym(RTLD_NEXT, #name); \
    va_list more;                                  \
    va_start(more, what);                          \
    void* argument = va_arg(more, void*);          \
    va_end(more);                                  \
    if (!takes_lock(what, argument) || !fails(CALL, #name)) return real(fd, what, argument); \
    errno = ENOLCK;                                \
    return -1;                                     \
  }
CONTROLS(fcntl)
CONTROLS(fcntl64)

CALL_THAT_FAILS(CALL, EIO, ssize_t, read, (int fd, void* data, size_t size), (fd, data, size))
CALL_THAT_FAILS(CALL, EIO, ssize_t, pread, (int fd, void* data, size_t size, off_t at), (fd, data, size, at))
CALL_THAT_FAILS(CALL, EIO, ssize_t, pread64, (int fd, void* data, size_t size, off64_t at), (fd, data, size, at))
CALL_THAT_FAILS(CALL, ENOSPC, ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
CALL_THAT_FAILS(CALL, ENOSPC, ssize_t, writev, (int fd, const struct iovec* parts, int count), (fd, parts, count))
CALL_THAT_FAILS(CALL, ENOSPC, ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at))
CALL_THAT_FAILS(CALL, ENOSPC, ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), (fd, data, size, at))
CALL_THAT_FAILS(CALL, EIO, int, fsync, (int fd), (fd))
CALL_THAT_FAILS(CALL, EIO, int, fdatasync, (int fd), (fd))
CALL_THAT_FAILS(CALL, EIO, int, ftruncate, (int fd, off_t size), (fd, size))
CALL_THAT_FAILS(CALL, EIO, int, ftruncate64, (int fd, off64_t size), (fd, size))
CALL_THAT_FAILS(CALL, EACCES, int, stat, (const char* path, struct stat* status), (path, status))
CALL_THAT_FAILS(CALL, EIO, int, fstat, (int fd, struct stat* status), (fd, status))
CALL_THAT_FAILS(CALL, EACCES, int, stat64, (const char* path, struct stat64* status), (path, status))
CALL_THAT_FAILS(CALL, EIO, int, fstat64, (int fd, struct stat64* status), (fd, status))
CALL_THAT_FAILS(CALL, EIO, int, rename, (const char* from, const char* to), (from, to))
CALL_THAT_FAILS(CALL, EIO, int, unlink, (const char* path), (path))
CALL_THAT_FAILS(CALL, ENOSPC, int, mkdir, (const char* path, mode_t mode), (path, mode))
CALL_THAT_FAILS(CALL, EMFILE, int, pipe, (int ends[2]), (ends))
CALL_THAT_FAILS(CALL, EMFILE, int, pipe2, (int ends[2], int flags), (ends, flags))
CALL_THAT_FAILS(CALL, EMFILE, int, eventfd, (unsigned first, int flags), (first, flags))
CALL_THAT_FAILS(CALL, EMFILE, int, socket, (int domain, int type, int protocol), (domain, type, protocol))
CALL_THAT_FAILS(CALL, EMFILE, int, socketpair, (int domain, int type, int protocol, int ends[2]), (domain, type, protocol, ends))
CALL_THAT_FAILS(CALL, ECONNREFUSED, int, connect, (int fd, const struct sockaddr* to, socklen_t size), (fd, to, size))
CALL_THAT_FAILS(CALL, ECONNRESET, ssize_t, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags))
CALL_THAT_FAILS(CALL, ECONNRESET, ssize_t, sendmsg, (int fd, const struct msghdr* message, int flags), (fd, message, flags))
CALL_THAT_FAILS(CALL, ECONNRESET, ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags))
CALL_THAT_FAILS(CALL, ENOMEM, int, poll, (struct pollfd* fds, nfds_t count, int wait), (fds, count, wait))
CALL_THAT_FAILS(CALL, EMFILE, int, dup, (int fd), (fd))
CALL_THAT_FAILS(CALL, EBUSY, int, dup2, (int fd, int to), (fd, to))
CALL_THAT_FAILS(SPAWN, EAGAIN, pid_t, fork, (void), ())

#define SPAWNS(name)                                                                                             \
  int name(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions, const posix_spawnattr_t* how, \
           char* const* arguments, char* const* environment) {                                                   \
    return fails(SPAWN, #name) ? EAGAIN : REAL(name)(pid, path, actions, how, arguments, environment);                  \
  }
SPAWNS(posix_spawn)
SPAWNS(posix_spawnp)

int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*run)(void*), void* argument) {
  return fails(SPAWN, "pthread_create") ? EAGAIN : REAL(pthread_create)(thread, how, run, argument);
}

void _exit(int status) {
  if (wanted != NONE) tell("end");
  for (;;) syscall(SYS_exit_group, status);
}

static int counting_main(int argc, char** argv, char** environment) {
  const char* what = getenv("ISO_FAIL_WHAT");
  const char* which = getenv("ISO_FAIL_NTH");
  const char* file = getenv("ISO_FAIL_COUNTED");
  unsetenv("LD_PRELOAD");  // what it starts is left alone
  if (file) snprintf(report, sizeof report, "%s", file);
  if (which) nth = atol(which);
  if (what) wanted = *what == 'm' ? MEMORY : *what == 'c' ? CALL : *what == 's' ? SPAWN : NONE;
  return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char**, char**), int argc, char** argv, void (*init)(void), void (*fini)(void),
                      void (*rtld_fini)(void), void* stack_end) {
  real_main = main;
  return REAL(__libc_start_main)(counting_main, argc, argv, init, fini, rtld_fini, stack_end);
}
