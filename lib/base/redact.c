/* Secrets out of logs and traces: bearer tokens, JWTs, values of keys that look like secrets. */
#include <string.h>

#include "msxops/text.h"

static bool word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool token_char(char c)
{
    return word_char(c) || c == '.' || c == '~' || c == '+' || c == '/' || c == '=';
}

static bool starts(const char *p, const char *end, const char *word)
{
    size_t n = strlen(word);

    if ((size_t)(end - p) < n)
        return false;
    for (size_t i = 0; i < n; i++) {
        char c = p[i];

        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (c != word[i])
            return false;
    }
    return true;
}

/* Whole names, and endings of longer ones (client_secret, x-refresh-token). */
static bool secret_key(const char *key, size_t n)
{
    static const char *const whole[] = { "code",      "assertion",  "authorization",
                                         "cookie",    "set-cookie", "device_code",
                                         "user_code", "sig",        "pwd" };
    static const char *const part[] = { "password",  "secret",      "token",   "passwd",
                                        "apikey",    "api_key",     "api-key", "credential",
                                        "assertion", "private_key", "verifier" };
    const char *end = key + n;

    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (strlen(whole[i]) == n && starts(key, end, whole[i]))
            return true;
    for (size_t i = 0; i < sizeof part / sizeof *part; i++)
        for (const char *p = key; p + strlen(part[i]) <= end; p++)
            if (starts(p, end, part[i]) && !starts(p, end, "token_type") &&
                !starts(p, end, "token_endpoint") && !starts(p, end, "tokenexpires") &&
                !starts(p, end, "token_expires"))
                return true;
    return false;
}

/* Length of a JWT at p (three base64url parts, the first "eyJ..."), or 0. */
static size_t jwt(const char *p, const char *end)
{
    const char *q = p;
    int dots = 0;

    if (end - p < 20 || memcmp(p, "eyJ", 3) != 0)
        return 0;
    while (q < end && (word_char(*q) || *q == '.'))
        dots += *q++ == '.';
    return dots >= 2 ? (size_t)(q - p) : 0;
}

/* End of the value that follows a secret key: a quoted JSON string, a header line, or a form value.
 * The quote itself stays. */
static const char *value_end(const char *p, const char *end, char quote, bool header)
{
    if (quote) {
        while (p < end && *p != quote)
            p += *p == '\\' && p + 1 < end ? 2 : 1;
        return p < end ? p : end;
    }
    while (p < end && *p != '\r' && *p != '\n' &&
           (header || (*p != '&' && *p != ' ' && *p != ',' && *p != ';' && *p != '}')))
        p++;
    return p;
}

/* At the end of a key: copies the separator, hides the value, returns where to go on; NULL when no
 * value follows. */
static const char *hide_value(struct msx_buf *b, const char *p, const char *end, bool quoted_key)
{
    const char *q = p, *stop;
    bool header = false;
    char quote = 0;

    if (quoted_key && q < end && (*q == '"' || *q == '\''))
        q++;
    while (q < end && *q == ' ')
        q++;
    if (q == end || (*q != ':' && *q != '='))
        return NULL;
    header = *q == ':' && !quoted_key;
    q++;
    while (q < end && (*q == ' ' || *q == '\t'))
        q++;
    if (q < end && (*q == '"' || *q == '\'')) {
        quote = *q++;
    } else if (quoted_key && (q == end || (!word_char(*q) && *q != '.'))) {
        return NULL; /* an object or array: its members are looked at on their own */
    }
    stop = value_end(q, end, quote, header);
    if (stop == q)
        return NULL;
    msx_buf_add(b, p, (size_t)(q - p));
    msx_buf_adds(b, "***");
    return stop;
}

void msx_redact(struct msx_buf *b, const char *s, size_t len)
{
    const char *p = s, *end = s + len;

    while (p < end) {
        const char *word = p, *next;
        size_t n;

        if (!word_char(*p)) {
            msx_buf_addc(b, *p++);
            continue;
        }
        n = jwt(p, end);
        if (n) {
            msx_buf_adds(b, "***");
            p += n;
            continue;
        }
        while (p < end && word_char(*p))
            p++;
        msx_buf_add(b, word, (size_t)(p - word));
        if (p - word == 6 && starts(word, end, "bearer") && p < end && *p == ' ') {
            while (p < end && *p == ' ')
                msx_buf_addc(b, *p++);
            if (p < end && token_char(*p))
                msx_buf_adds(b, "***");
            while (p < end && token_char(*p))
                p++;
        } else if (secret_key(word, (size_t)(p - word))) {
            next = hide_value(b, p, end, word > s && (word[-1] == '"' || word[-1] == '\''));
            if (next)
                p = next;
        }
    }
}
