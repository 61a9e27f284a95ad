/* Multipart bodies of $batch: cutting them into parts, and reading the requests inside. */
#ifndef SANDBOX_MULTIPART_H
#define SANDBOX_MULTIPART_H

#include "sb.h"

struct sb_part {
    struct sb_headers headers;
    const char *body; /* borrowed from the text that was cut */
    size_t len;
};
struct sb_parts {
    struct sb_part *item;
    size_t n;
    bool closed; /* the closing boundary was there */
};

/* The boundary parameter of a multipart/... content type: new, or NULL. */
char *sb_boundary(const char *content_type);
/* Lines may end with CRLF or LF; text before the first boundary is skipped. False when there is no
 * boundary at all. */
bool sb_multipart_parse(const char *text, size_t len, const char *boundary, struct sb_parts *out);
void sb_parts_release(struct sb_parts *p);

/* A request as it stands in an application/http part. path and query are new; release with
 * sb_inner_release(). False when the request line is malformed. */
struct sb_inner {
    char *method;
    char *path;
    char *query;
    struct sb_headers headers;
    const char *body;
    size_t body_len;
};
bool sb_inner_parse(const char *text, size_t len, const char *api_path, struct sb_inner *out);
void sb_inner_release(struct sb_inner *r);
const char *sb_status_text(int status);

#endif
