/* libjq, and nothing of it anywhere else. libjq 1.6 cannot be interrupted, aborts when it runs out
 * of memory and reads environment and files on request, so each program runs in a forked child: the
 * input is there by the fork, results come back through a pipe as one line of JSON each. */
#include "msxops/jq.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jq.h>
#include <jv.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "msxops/mem.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define CLANG_SANITIZER 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(CLANG_SANITIZER)
#define UNDER_SANITIZER 1 /* its own reservations leave no sensible limit of address space */
#else
#define UNDER_SANITIZER 0
#endif

#if UNDER_SANITIZER
/* libjq 1.6 does not free all that a compile makes; elsewhere the child's end does it */
const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:jv_mem_alloc\n";
}
#endif

#define SHOWN_MAX 120 /* bytes of a program in a message */

extern char **environ;

/* Names a program must not reach; whatever the user writes stands inside their scope. */
static const char before_program[] =
    "def env: {}; def halt: error(\"halt is not available\"); "
    "def halt_error: error(\"halt_error is not available\"); def halt_error($c): halt_error; "
    "def modulemeta: error(\"modules are not available\"); def get_search_list: []; "
    "def input_filename: null; def stderr: .; def debug: .; "
    "{} as $ENV | (\n";
static const char after_program[] = "\n)";

/* First byte of each line from the child. */
enum reply { REPLY_VALUE = 'v', REPLY_ERROR = 'e', REPLY_NOT_COMPILED = 'c' };

/* ---- in the child ---- */

static jv to_jv(const json_t *j)
{
    const char *key;
    json_t *value;
    size_t i;
    jv v;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        v = jv_object();
        json_object_foreach((json_t *)(uintptr_t)j, key, value)
            v = jv_object_set(v, jv_string(key), to_jv(value));
        return v;
    case JSON_ARRAY:
        v = jv_array_sized((int)json_array_size(j));
        json_array_foreach(j, i, value)
            v = jv_array_append(v, to_jv(value));
        return v;
    case JSON_STRING:
        return jv_string_sized(json_string_value(j), (int)json_string_length(j));
    case JSON_INTEGER:
        return jv_number((double)json_integer_value(j));
    case JSON_REAL:
        return jv_number(json_real_value(j));
    case JSON_TRUE:
        return jv_true();
    case JSON_FALSE:
        return jv_false();
    case JSON_NULL:
        break;
    }
    return jv_null();
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t w = write(fd, p, n);

        if (w < 0 && errno == EINTR)
            continue;
        if (w < 0)
            _exit(1); /* nobody listens any more */
        p += w;
        n -= (size_t)w;
    }
}

static void reply(int fd, enum reply kind, jv v)
{
    jv text = jv_dump_string(v, 0);
    char k = (char)kind;

    send_all(fd, &k, 1);
    send_all(fd, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
    send_all(fd, "\n", 1);
    jv_free(text);
}

/* The first complaint of the compiler is the telling one. */
static void keep_message(void *user, jv msg)
{
    jv *first = user;

    if (jv_get_kind(*first) == JV_KIND_INVALID && jv_get_kind(msg) == JV_KIND_STRING)
        *first = jv_copy(msg);
    jv_free(msg);
}

static void confine(int fd, const struct msx_jq_limits *limits)
{
    static char *no_environment[] = { NULL };
    struct rlimit r = { 0, 0 };
    unsigned long pages = 0;
    FILE *f;

    environ = no_environment;
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        if (i != fd)
            (void)close(i);
    (void)signal(SIGINT, SIG_IGN); /* the parent decides, and ends us */
    (void)signal(SIGPIPE, SIG_DFL);
    f = UNDER_SANITIZER ? NULL : fopen("/proc/self/statm", "re");
    if (f) {
        char line[128];

        if (fgets(line, sizeof line, f))
            pages = strtoul(line, NULL, 10);
        (void)fclose(f);
    }
    if (!UNDER_SANITIZER) {
        r.rlim_max = (rlim_t)limits->memory_bytes +
                     (pages ? (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) : (rlim_t)4 << 30);
        r.rlim_cur = r.rlim_max;
        (void)setrlimit(RLIMIT_AS, &r);
    }
    r.rlim_cur = r.rlim_max = (rlim_t)(limits->time_ms / 1000 + 2);
    (void)setrlimit(RLIMIT_CPU, &r);
    r.rlim_cur = r.rlim_max = 0;
    (void)setrlimit(RLIMIT_CORE, &r);
    (void)setrlimit(RLIMIT_NOFILE, &r);
}

/* Text of a message from jq: "jq: error: " and where-lines are for its own command line. */
static jv plain_message(jv msg)
{
    const char *s, *p, *end;
    jv out;

    if (jv_get_kind(msg) != JV_KIND_STRING)
        return jv_dump_string(msg, 0);
    s = jv_string_value(msg);
    p = strncmp(s, "jq: error: ", 11) == 0 ? s + 11 : s;
    end = strstr(p, "\njq: ");
    out = jv_string_sized(p, (int)(end ? (size_t)(end - p) : strlen(p)));
    jv_free(msg);
    return out;
}

/* Run the program, its replies to fd: 0, or 2 when there is no memory. */
static int evaluate(int fd, const char *program, const json_t *input, const json_t *vars,
                    bool only_compile)
{
    jv message = jv_invalid(), v;
    jq_state *jq = jq_init();

    if (!jq)
        return 2;
    jq_set_error_cb(jq, keep_message, &message);
    jq_set_input_cb(jq, NULL, NULL); /* jq_init() leaves these two as the heap had them */
    jq_set_debug_cb(jq, NULL, NULL);
    if (!jq_compile_args(jq, program, vars ? to_jv(vars) : jv_object())) {
        if (!jv_is_valid(message))
            message = jv_string("the program does not compile");
        reply(fd, REPLY_NOT_COMPILED, plain_message(message));
    } else if (!only_compile) {
        jq_start(jq, input ? to_jv(input) : jv_null(), 0);
        for (v = jq_next(jq); jv_is_valid(v); v = jq_next(jq))
            reply(fd, REPLY_VALUE, v);
        if (jv_invalid_has_msg(jv_copy(v)))
            reply(fd, REPLY_ERROR, plain_message(jv_invalid_get_msg(v)));
        else
            jv_free(v);
        jv_free(message);
    } else {
        jv_free(message);
    }
    jq_teardown(&jq);
    return 0;
}

/* ---- in the parent ---- */

static int64_t now_ms(void)
{
    struct timespec ts = { 0, 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static enum msx_code receive(int fd, const struct msx_jq_limits *limits, struct msx_buf *b,
                             struct msx_error *err)
{
    int64_t deadline = now_ms() + limits->time_ms;
    char chunk[65536];

    for (;;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = deadline - now_ms();
        ssize_t n;

        if (limits->cancelled && *limits->cancelled)
            return msx_fail(err, MSX_E_CANCELLED, "cancelled");
        if (left <= 0)
            return msx_fail(err, MSX_E_LIMIT, "jq program took longer than %ld ms",
                            limits->time_ms);
        if (poll(&p, 1, left < 100 ? (int)left : 100) <= 0)
            continue;
        n = read(fd, chunk, sizeof chunk);
        if (n < 0 && errno != EINTR)
            return msx_fail_errno(err, errno, "cannot read the result of jq");
        if (n == 0)
            return msx_buf_finish(b, "the result of jq", err);
        if (n > 0)
            msx_buf_add(b, chunk, (size_t)n);
        if (b->failed)
            return msx_buf_finish(b, "the result of jq", err);
    }
}

/* The C library makes its allocator safe to use after a fork with threads about; that of a
 * sanitizer is not, and the child would wait for a lock for ever. There, and only there, a program
 * with threads runs jq in its own process. */
static bool may_fork(void)
{
    DIR *d = UNDER_SANITIZER ? opendir("/proc/self/task") : NULL;
    size_t n = 0;

    if (!d)
        return true;
    while (readdir(d))
        n++;
    (void)closedir(d);
    return n <= 3; /* ".", ".." and the only thread */
}

static enum msx_code run_here(const char *program, const json_t *input, const json_t *vars,
                              bool only_compile, struct msx_buf *b, struct msx_error *err)
{
    FILE *f = tmpfile();
    char chunk[65536];
    size_t n;
    int status;

    if (!f)
        return msx_fail_errno(err, errno, "cannot make a temporary file");
    status = evaluate(fileno(f), program, input, vars, only_compile);
    rewind(f);
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
        msx_buf_add(b, chunk, n);
    (void)fclose(f);
    if (status)
        return msx_fail(err, MSX_E_LIMIT, "jq program ran out of memory");
    return msx_buf_finish(b, "the result of jq", err);
}

/* The n-th line of a program, NULL when it has fewer. */
static const char *line_of(const char *program, long n, size_t *len)
{
    while (program && --n > 0) {
        program = strchr(program, '\n');
        program = program ? program + 1 : NULL;
    }
    *len = program ? strcspn(program, "\n") : 0;
    if (*len > SHOWN_MAX)
        for (*len = SHOWN_MAX; *len && ((unsigned char)program[*len] & 0xC0) == 0x80;)
            --*len;
    return program;
}

/* What the compiler's grammar calls what it did not expect. */
static const char *token_word(const char *token)
{
    static const char *const words[][2] = {
        { "INVALID_CHARACTER", "character" },
        { "IDENT", "word" },
        { "FIELD", "field" },
        { "LITERAL", "number" },
        { "QQSTRING_START", "string" },
        { "FORMAT", "format" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strncmp(token, words[i][0], strlen(words[i][0])) == 0)
            return words[i][1];
    return NULL;
}

/* A message of the compiler in one line that shows the place in the program. jq counts lines from
 * before_program, and where the program stops short stumbles over after_program. */
static enum msx_code complaint(const char *said, const char *program, struct msx_error *err)
{
    static const char syntax[] = "syntax error, unexpected ", place[] = " at <top-level>, line ";
    const char *at = strstr(said, place), *token = NULL, *word = NULL, *line = NULL, *next;
    size_t n = at ? (size_t)(at - said) : 0, len = 0;
    long lines = 1, number;

    if (!at)
        return msx_fail(err, MSX_E_USAGE, "jq: %s", said);
    for (next = strchr(program, '\n'); next; next = strchr(next + 1, '\n'))
        lines++;
    number = strtol(at + sizeof place - 1, NULL, 10) - 1;
    if (strncmp(said, syntax, sizeof syntax - 1) == 0) {
        token = said + sizeof syntax - 1;
        word = token_word(token);
        n = (size_t)(token - said) + strcspn(token, ", ");
    }
    if (number > lines || (token && strncmp(token, "$end", 4) == 0)) {
        line = line_of(program, lines, &len);
        return msx_fail(err, MSX_E_USAGE, "jq: the program stops short after '%.*s'", (int)len,
                        line ? line : "");
    }
    line = line_of(program, number, &len);
    if (word)
        n = sizeof syntax - 1;
    return msx_fail(err, MSX_E_USAGE, "jq: %.*s%s in line %ld: '%.*s'", (int)n, said,
                    word ? word : "", number, (int)len, line ? line : "");
}

/* Results and message of the child's lines. */
static enum msx_code decode(const struct msx_buf *b, const char *program, json_t *out,
                            struct msx_error *err)
{
    const char *p = b->data, *end = b->data + b->len;
    enum msx_code rc;

    while (p < end) {
        const char *eol = memchr(p, '\n', (size_t)(end - p));
        json_t *v = NULL;

        if (!eol)
            break; /* the child died inside a line; its status tells why */
        rc = msx_json_parse(p + 1, (size_t)(eol - p - 1), "result of jq", &v, err);
        if (rc)
            return rc;
        if (*p != REPLY_VALUE) {
            const char *said = json_is_string(v) ? json_string_value(v) : "error";

            rc = *p == REPLY_NOT_COMPILED ? complaint(said, program, err)
                                          : msx_fail(err, MSX_E_USAGE, "jq: %s", said);
            json_decref(v);
            return rc;
        }
        if (json_array_append_new(out, v) != 0)
            return msx_fail(err, MSX_E_NOMEM, "out of memory");
        p = eol + 1;
    }
    return MSX_OK;
}

static enum msx_code ended(pid_t pid, struct msx_error *err)
{
    int status = 0;

    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return MSX_OK; /* somebody else collected it; the lines were whole */
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return msx_fail(err, MSX_E_LIMIT, "jq program took too long");
    if (WIFSIGNALED(status))
        return msx_fail(err, MSX_E_LIMIT, "jq program ran out of memory or failed (signal %d)",
                        WTERMSIG(status));
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        return msx_fail(err, MSX_E_LIMIT, "jq program ran out of memory");
    return MSX_OK;
}

static enum msx_code run(const char *program, const json_t *input, const json_t *vars,
                         bool only_compile, const struct msx_jq_limits *given, json_t *out,
                         struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *text = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(0);
    struct msx_jq_limits limits = given ? *given : (struct msx_jq_limits){ 0 };
    enum msx_code rc, end;
    int fd[2];
    pid_t pid;

    limits.time_ms = limits.time_ms ? limits.time_ms : 10000;
    limits.memory_bytes = limits.memory_bytes ? limits.memory_bytes : (size_t)1 << 30;
    b.max = limits.output_bytes ? limits.output_bytes : MSX_JSON_MAX_BYTES;
    text = msx_asprintf("%s%s%s", before_program, program, after_program);
    if (!text)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!may_fork()) {
        rc = run_here(text, input, vars, only_compile, &b, err);
        return rc ? rc : decode(&b, program, out, err);
    }
    if (pipe(fd) != 0)
        return msx_fail_errno(err, errno, "cannot make a pipe");
    (void)fcntl(fd[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(fd[1], F_SETFD, FD_CLOEXEC);
    pid = fork();
    if (pid == 0) {
        (void)close(fd[0]);
        confine(fd[1], &limits);
        _exit(evaluate(fd[1], text, input, vars, only_compile));
    }
    (void)close(fd[1]);
    if (pid < 0) {
        int e = errno;

        (void)close(fd[0]);
        return msx_fail_errno(err, e, "cannot start jq");
    }
    rc = receive(fd[0], &limits, &b, err);
    if (rc)
        (void)kill(pid, SIGKILL);
    (void)close(fd[0]);
    end = ended(pid, rc ? NULL : err);
    if (rc)
        return rc;
    rc = decode(&b, program, out, end ? NULL : err);
    return end ? end : rc;
}

enum msx_code msx_jq_run(const char *program, const json_t *input, const json_t *vars,
                         const struct msx_jq_limits *limits, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *results = json_array();
    enum msx_code rc;

    if (!results)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = run(program, input, vars, false, limits, results, err);
    if (rc)
        return rc;
    *out = MSX_STEAL(results);
    return MSX_OK;
}

enum msx_code msx_jq_check(const char *program, const json_t *vars, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *results = json_array();

    if (!results)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return run(program, NULL, vars, true, NULL, results, err);
}
