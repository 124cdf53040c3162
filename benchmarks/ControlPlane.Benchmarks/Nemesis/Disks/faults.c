/* Faults between a process and its disk and clock, without touching the program: this library is put before the C library with LD_PRELOAD,
 * and does what one page of shared memory says. The driver writes the page; every call reads it.
 *
 * Page: five 64-bit integers: sync delay in microseconds, error number of syncs, error number of writes that need room, offset of the wall clock in
 * nanoseconds, number of syncs seen (written here). 0 means no fault. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct page {
    volatile int64_t sync_delay_us, sync_errno, write_errno, clock_offset_ns, sync_count;
};

static struct page none;
static struct page *page = &none;

__attribute__((constructor)) static void start(void) {
    const char *path = getenv("NEMESIS_PAGE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return;
    void *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) page = map;
}

/* Programs that look functions up in libc.so.6 by name would miss this library; the global scope has it first. */
void *dlopen(const char *name, int flags) {
    static void *(*next)(const char *, int);
    if (!next) next = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    return next(name && strstr(name, "libc.so.6") ? NULL : name, flags);
}

/* Waits in small steps, so that a fault that is taken back ends at once. */
static int sync_fault(void) {
    struct timespec step = {0, 1000000};
    __atomic_add_fetch(&page->sync_count, 1, __ATOMIC_RELAXED);
    for (int64_t waited_us = 0; waited_us < page->sync_delay_us; waited_us += 1000) nanosleep(&step, NULL);
    if (!page->sync_errno) return 0;
    errno = (int)page->sync_errno;
    return -1;
}

int fdatasync(int fd) { return sync_fault() ? -1 : (int)syscall(SYS_fdatasync, fd); }
int fsync(int fd) { return sync_fault() ? -1 : (int)syscall(SYS_fsync, fd); }
int msync(void *at, size_t size, int flags) { return sync_fault() ? -1 : (int)syscall(SYS_msync, at, size, flags); }

/* A full disk refuses new blocks, not the ones a file has: what ends within the file goes on. Only regular files are on that disk; sockets, pipes and
 * terminals go on too. end < 0 asks for the end of the file. */
static int room_fault(int fd, off64_t end) {
    struct stat stat;
    if (!page->write_errno || fstat(fd, &stat) != 0 || !S_ISREG(stat.st_mode) || (end >= 0 && end <= stat.st_size)) return 0;
    errno = (int)page->write_errno;
    return -1;
}

static off64_t size_of(const struct iovec *parts, int count) {
    off64_t size = 0;
    for (int part = 0; part < count; part++) size += (off64_t)parts[part].iov_len;
    return size;
}

ssize_t write(int fd, const void *bytes, size_t size) { return room_fault(fd, -1) ? -1 : syscall(SYS_write, fd, bytes, size); }
ssize_t writev(int fd, const struct iovec *parts, int count) { return room_fault(fd, -1) ? -1 : syscall(SYS_writev, fd, parts, count); }
ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at) { return room_fault(fd, at + (off64_t)size) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at); }
ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) { return room_fault(fd, at + (off64_t)size) ? -1 : syscall(SYS_pwrite64, fd, bytes, size, at); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return room_fault(fd, at + size_of(parts, count)) ? -1 : syscall(SYS_pwritev, fd, parts, count, at, 0); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { return room_fault(fd, at + size_of(parts, count)) ? -1 : syscall(SYS_pwritev, fd, parts, count, at, 0); }
int ftruncate(int fd, off_t size) { return room_fault(fd, size) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }
int ftruncate64(int fd, off64_t size) { return room_fault(fd, size) ? -1 : (int)syscall(SYS_ftruncate, fd, size); }
int fallocate(int fd, int mode, off_t at, off_t size) { return room_fault(fd, at + size) ? -1 : (int)syscall(SYS_fallocate, fd, mode, at, size); }
int posix_fallocate(int fd, off_t at, off_t size) {
    if (room_fault(fd, at + size)) return errno;
    return syscall(SYS_fallocate, fd, 0, at, size) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, at, size); }

/* The wall clock jumps; the steady clocks that measure durations do not, as on a machine whose time is set. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*next)(clockid_t, struct timespec *);
    if (!next) next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = next(clock, time);
    int64_t offset = page->clock_offset_ns;
    if (result != 0 || clock != CLOCK_REALTIME || !offset) return result;
    int64_t nanoseconds = time->tv_nsec + offset % 1000000000;
    time->tv_sec += offset / 1000000000 + (nanoseconds >= 1000000000) - (nanoseconds < 0);
    time->tv_nsec = (nanoseconds + 1000000000) % 1000000000;
    return 0;
}
