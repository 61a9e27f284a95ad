/* What a refused or failed request means, from status, error code and whatever the body is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "odata/odata.h"

#define TEXT_MAX 400

struct known {
    uint32_t crm_code;
    enum msx_code code;
    const char *hint;
};

/* Where the service's own code says more than the HTTP status. */
static const struct known known[] = {
    { 0x80040217, MSX_E_NOTFOUND, NULL },
    { 0x80060891, MSX_E_NOTFOUND, NULL },
    { 0x8006088a, MSX_E_REJECTED,
      "the entity set, function or action is not known here: see `msxops schema TABLE`" },
    { 0x80060888, MSX_E_REJECTED, "see `msxops schema TABLE` for the names of columns" },
    { 0x80041103, MSX_E_REJECTED, "see `msxops schema TABLE` for the names of columns" },
    { 0x80041102, MSX_E_REJECTED, "see `msxops schema TABLE` for the names of tables" },
    { 0x80040220, MSX_E_DENIED, "your security role lacks this privilege: ask its owner" },
    { 0x80040231, MSX_E_DENIED, "your security role lacks this privilege: ask its owner" },
    { 0x80040299, MSX_E_DENIED, "your security role lacks this privilege: ask its owner" },
    { 0x80048405, MSX_E_DENIED, NULL },
    { 0x80048306, MSX_E_DENIED,
      "you hold the privilege, but this record is not shared with you: ask its owner" },
    { 0x80040225, MSX_E_DENIED, "your user is disabled in this organisation" },
    { 0x8005f101, MSX_E_AUTH, "run `msxops auth login`" },
    { 0x80060882, MSX_E_CONFLICT, NULL },
    { 0x8004e023, MSX_E_REJECTED, "more than 50,000 rows: narrow the filter" },
    { 0x80044150, MSX_E_SERVER, "this passes: try again" },
    { 0x80044151, MSX_E_SERVER, "this passes: try again" },
    { 0x80072321, MSX_E_THROTTLED, "wait some minutes, or lower --concurrency" },
    { 0x80072322, MSX_E_THROTTLED, "wait some minutes, or lower --concurrency" },
    { 0x80072326, MSX_E_THROTTLED, "wait some minutes, or lower --concurrency" },
    { 0x80072327, MSX_E_THROTTLED, "wait some minutes, or lower --concurrency" },
};

static const struct known *find_known(uint32_t crm_code)
{
    for (size_t i = 0; crm_code && i < sizeof(known) / sizeof(*known); i++)
        if (known[i].crm_code == crm_code)
            return &known[i];
    return NULL;
}

/* "0x80040217" in any case, the same without 0x, or the decimal of the .NET libraries. */
static uint32_t parse_code(const json_t *code)
{
    const char *s;
    char *end;

    if (json_is_integer(code))
        return (uint32_t)(uint64_t)json_integer_value(code);
    s = json_string_value(code);
    if (!s || !*s)
        return 0;
    if (s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
        unsigned long long v = strtoull(s + 2, &end, 16);

        return *end || strlen(s) > 10 ? 0 : (uint32_t)v;
    }
    if (strlen(s) == 8 && strspn(s, "0123456789abcdefABCDEF") == 8)
        return (uint32_t)strtoull(s, NULL, 16);
    if (*s == '-' || (*s >= '0' && *s <= '9')) {
        long long v = strtoll(s, &end, 10);

        return *end || v < INT32_MIN || v > (long long)UINT32_MAX ? 0 : (uint32_t)v;
    }
    return 0;
}

static enum msx_code by_status(int status)
{
    if (status == 401)
        return MSX_E_AUTH;
    if (status == 403)
        return MSX_E_DENIED;
    if (status == 404)
        return MSX_E_NOTFOUND;
    if (status == 429)
        return MSX_E_THROTTLED;
    if (status == 501)
        return MSX_E_REJECTED;
    if (status >= 400 && status < 500 && status != 408)
        return MSX_E_REJECTED;
    return MSX_E_SERVER;
}

/* What to say when the service gave no text of its own. */
static void say_bare(int status, bool html, struct msx_error *err)
{
    enum msx_code code = by_status(status);
    const char *what = html ? "with a web page instead of data" : "without a reason";

    switch (status) {
    case 401:
        (void)msx_fail(err, code, "not signed in: the service answers 401");
        msx_hint(err, "run `msxops auth login`");
        break;
    case 403:
        (void)msx_fail(err, code, "the service refuses access (403) %s", what);
        msx_hint(err, "off the corporate network it answers like this: connect the VPN and try "
                      "again");
        break;
    case 404:
        (void)msx_fail(err, MSX_E_REJECTED, "there is no such address at the service (404)");
        msx_hint(err, "check the organisation's URL: `msxops config list`");
        break;
    case 429:
        (void)msx_fail(err, code, "the service limits requests (429)");
        msx_hint(err, "wait some minutes, or lower --concurrency");
        break;
    default:
        if (code == MSX_E_SERVER)
            (void)msx_fail(err, code, "the service fails (%d) %s", status, what);
        else
            (void)msx_fail(err, code, "the service refuses the request (%d) %s", status, what);
        break;
    }
}

static bool is_html(const char *body, size_t len)
{
    while (len && (*body == ' ' || *body == '\r' || *body == '\n' || *body == '\t')) {
        body++;
        len--;
    }
    return len && *body == '<';
}

/* 404 has two meanings; without a code its text tells them apart. */
static enum msx_code without_code(int status, const char *text)
{
    if (status == 404 &&
        (strstr(text, "Resource not found for the segment") || strstr(text, "No HTTP resource")))
        return MSX_E_REJECTED;
    return by_status(status);
}

static enum msx_code decide(int status, uint32_t crm_code, const char *text, struct msx_error *err)
{
    const struct known *k = find_known(crm_code);
    enum msx_code code = k ? k->code : without_code(status, text);

    if (crm_code)
        (void)msx_fail(err, code, "%.*s (%d, 0x%08x)", TEXT_MAX, text, status, (unsigned)crm_code);
    else
        (void)msx_fail(err, code, "%.*s (%d)", TEXT_MAX, text, status);
    if (k && k->hint)
        msx_hint(err, "%s", k->hint);
    return code;
}

enum msx_code msx_odata_error(int status, const char *body, size_t len, const char *request_id,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    struct msx_error own = MSX_ERROR_INIT;
    const json_t *e;
    const char *text = NULL;
    uint32_t crm_code = 0;
    enum msx_code code;

    if (body && len && !msx_json_parse(body, len, "error", &doc, NULL) && json_is_object(doc)) {
        e = json_object_get(doc, "error");
        if (json_is_object(e)) {
            crm_code = parse_code(json_object_get(e, "code"));
            text = msx_json_str(e, "message");
        }
        if (!text)
            text = msx_json_str(doc, "Message");
        if (!text)
            text = msx_json_str(doc, "error_description");
    }
    if (text && *text) {
        /* cut by bytes here, at a whole character */
        size_t n = strlen(text) < TEXT_MAX ? strlen(text) : TEXT_MAX;
        char *copy = NULL;

        while (n && n < strlen(text) && ((unsigned char)text[n] & 0xc0) == 0x80)
            n--;
        copy = msx_strndup(text, n);
        code = decide(status, crm_code, copy ? copy : "", &own);
        msx_free(copy);
    } else if (crm_code) {
        code = decide(status, crm_code, "the service refuses the request", &own);
    } else {
        say_bare(status, body && is_html(body, len), &own);
        code = own.code;
    }
    own.http_status = status;
    own.crm_code = crm_code;
    if (request_id)
        (void)snprintf(own.request_id, sizeof(own.request_id), "%s", request_id);
    if (err)
        *err = own;
    return code;
}
