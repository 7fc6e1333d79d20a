// Kills the process that preloads it with SIGKILL, before, within or after the n-th call of a kind.
// tests/support/kill_at.py compiles it and sets the variables that it reads.
//
// Where a thread is at work shows in what it does: a stage's thread first opens run/<stage>.lock; an
// unfinished file shows by its first bytes whether it is data or belongs to the ledger; and a message of
// the replication stream has its letters.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { files_max = 4096 };
enum kind { unknown, data, entries };

static char wanted_stage[64];   // Of the thread; empty: any.
static char wanted_place[256];  // A part of the place.
static char note_file[PATH_MAX];
static atomic_long points_left;
static _Atomic enum kind kinds[files_max];  // What was written first to each open file.
static _Thread_local char stage[64] = "worker";

static void read_setting(char *to, size_t size, const char *name) {
    const char *value = getenv(name);
    snprintf(to, size, "%s", value == NULL ? "" : value);
}

__attribute__((constructor)) static void begin(void) {
    char points[32];
    read_setting(wanted_stage, sizeof wanted_stage, "KILL_AT_STAGE");
    read_setting(wanted_place, sizeof wanted_place, "KILL_AT_PLACE");
    read_setting(note_file, sizeof note_file, "KILL_AT_NOTE");
    read_setting(points, sizeof points, "KILL_AT_POINT");
    atomic_store(&points_left, atol(points));
    unsetenv("LD_PRELOAD");  // Children are not meant.
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void die(const char *point, const char *place) {
    const int note = REAL(open)(note_file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dprintf(note, "%s %s %s\n", stage, point, place);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static bool is_last(const char *place) {
    const bool meant = strstr(place, wanted_place) != NULL &&
                       (wanted_stage[0] == '\0' || strcmp(stage, wanted_stage) == 0);
    return meant && atomic_fetch_sub(&points_left, 1) == 1;
}

static void pass(const char *point, const char *place) {
    if (is_last(place)) die(point, place);
}

static const char *place_of(int file, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    const ssize_t size = readlink(link, path, PATH_MAX - 1);
    path[size < 0 ? 0 : size] = '\0';
    const enum kind kind = file >= 0 && file < files_max ? kinds[file] : unknown;
    if (strstr(path, "/.tmp/writer-") == NULL || kind == unknown) return path;
    return strcpy(path, kind == data ? "unfinished data" : "unfinished entries");
}

static void note_kind(int file, const void *bytes, size_t size) {
    if (file < 0 || file >= files_max || kinds[file] != unknown || size == 0) return;
    const bool is_data = size >= 4 && (memcmp(bytes, "PAR1", 4) == 0 || memcmp(bytes, "weir", 4) == 0);
    const bool is_entries = size > 11 && memcmp(bytes, "weir ledger", 11) == 0;
    kinds[file] = is_data && !is_entries ? data : entries;
}

static void note_stage(const char *path) {
    const char *name = strrchr(path, '/');
    const char *end = strstr(path, ".lock");
    if (strstr(path, "/run/") != NULL && end != NULL && end > name) {
        snprintf(stage, sizeof stage, "%.*s", (int)(end - name - 1), name + 1);
    }
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    const int file = REAL(open)(path, flags, mode);
    if (file >= 0 && file < files_max) kinds[file] = unknown;
    note_stage(path);
    if ((flags & (O_CREAT | O_WRONLY | O_RDWR | O_DIRECTORY)) != 0) pass("after-open", path);
    return file;
}

// The last write may be torn: half of it is there.
#define WRAP_WRITE(name, parameters, arguments, half)          \
    ssize_t name parameters {                                  \
        char path[PATH_MAX];                                   \
        note_kind(file, bytes, size);                          \
        const char *place = place_of(file, path);              \
        if (is_last(place)) {                                  \
            (void)!REAL(name) half;                            \
            die("within-" #name, place);                       \
        }                                                      \
        const ssize_t written = REAL(name) arguments;          \
        pass("after-" #name, place);                           \
        return written;                                        \
    }
WRAP_WRITE(write, (int file, const void *bytes, size_t size), (file, bytes, size), (file, bytes, size / 2))
WRAP_WRITE(pwrite, (int file, const void *bytes, size_t size, off_t at), (file, bytes, size, at),
           (file, bytes, size / 2, at))

#define WRAP_FILE(name, parameters, arguments)                 \
    int name parameters {                                      \
        char path[PATH_MAX];                                   \
        const char *place = place_of(file, path);              \
        pass("before-" #name, place);                          \
        const int done = REAL(name) arguments;                 \
        pass("after-" #name, place);                           \
        return done;                                           \
    }
WRAP_FILE(fsync, (int file), (file))
WRAP_FILE(ftruncate, (int file, off_t size), (file, size))

#define WRAP_NAME(name, parameters, arguments, place)          \
    int name parameters {                                      \
        pass("before-" #name, place);                          \
        const int done = REAL(name) arguments;                 \
        pass("after-" #name, place);                           \
        return done;                                           \
    }
WRAP_NAME(rename, (const char *from, const char *to), (from, to), to)
WRAP_NAME(renameat2, (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),
          (from_folder, from, to_folder, to, flags), to)
WRAP_NAME(link, (const char *from, const char *to), (from, to), to)
WRAP_NAME(unlink, (const char *path), (path), path)

// A message of the replication stream is CopyData ('d', four bytes of size) with XLogData ('w') in it.
ssize_t recv(int file, void *bytes, size_t size, int flags) {
    const ssize_t received = REAL(recv)(file, bytes, size, flags);
    const char *message = bytes;
    if (received > 5 && message[0] == 'd' && message[5] == 'w') pass("after-recv", "replication stream");
    return received;
}
