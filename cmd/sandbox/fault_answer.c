/* Answers that a fault makes up or spoils. */
#include <stdio.h>
#include <string.h>

#include "faults.h"
#include "msxops/mem.h"
#include "multipart.h"

static const char *default_code(int status)
{
    switch (status) {
    case 401:
        return "0x8005F101";
    case 403:
        return "0x80040220";
    case 429:
        return "0x80072322";
    case 500:
        return "0x80040216";
    default:
        return "";
    }
}

static const char *default_message(int status)
{
    switch (status) {
    case 401:
        return "The access token has expired.";
    case 403:
        return "Principal user is missing the privilege prvWritemsp_engagementmilestone.";
    case 429:
        return "Number of requests exceeded the limit of 6000 over time window of 300 seconds.";
    default:
        return "An unexpected error occurred.";
    }
}

void sb_fault_answer(const struct sb_fault_plan *plan, struct sb_response *r)
{
    struct sb_error e;
    char page[600];

    if (plan->html) {
        (void)snprintf(
            page, sizeof page,
            "<html><head><title>%d %s</title></head><body><h1>%s</h1><p>%s</p></body></html>",
            plan->status, sb_status_text(plan->status), sb_status_text(plan->status),
            *plan->message ? plan->message
                           : "The request was blocked by the rules of the network.");
        sb_response_text(r, plan->status, "text/html; charset=utf-8", page);
    } else {
        (void)sb_fail(&e, plan->status, *plan->code ? plan->code : default_code(plan->status), "%s",
                      *plan->message ? plan->message : default_message(plan->status));
        sb_answer_error(&e, "", r);
    }
    if (plan->retry_after_s >= 0)
        sb_response_header(r, "Retry-After", "%ld", plan->retry_after_s);
}

static void foreign_link(const struct sb_fault_plan *plan, const char *base, struct sb_response *r)
{
    static const char key[] = "\"@odata.nextLink\":\"";
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(SB_MAX_BODY);
    const char *at = strstr(r->body.data, key);
    size_t n = strlen(base);

    if (at && strncmp(at + sizeof key - 1, base, n) == 0) {
        at += sizeof key - 1;
        msx_buf_add(&b, r->body.data, (size_t)(at - r->body.data));
        msx_buf_adds(&b, plan->url);
        msx_buf_adds(&b, at + n);
    } else if (r->body.len > 2 && r->body.data[r->body.len - 1] == '}') {
        msx_buf_add(&b, r->body.data, r->body.len - 1);
        msx_buf_addf(&b, ",%s%s/api/data/v9.2/tasks?$skiptoken=x\"}", key, plan->url);
    } else {
        return;
    }
    msx_buf_clear(&r->body);
    msx_buf_add(&r->body, b.data, b.len);
}

void sb_fault_spoil(const struct sb_fault_plan *plan, const char *base, struct sb_response *r)
{
    if (plan->fault == SB_FAULT_MALFORMED && r->body.len) {
        msx_buf_truncate(&r->body, r->body.len - 1);
        msx_buf_adds(&r->body, ",,");
    } else if (plan->fault == SB_FAULT_FOREIGN_LINK) {
        foreign_link(plan, base, r);
    }
}
