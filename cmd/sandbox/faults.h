/* Faults on demand, and what the server has seen: for tests that need a bad day. */
#ifndef SANDBOX_FAULTS_H
#define SANDBOX_FAULTS_H

#include <jansson.h>

#include "sb.h"
#include "service.h"

enum sb_fault {
    SB_FAULT_NONE,
    SB_FAULT_STATUS,       /* answered without being executed */
    SB_FAULT_CLOSE_BEFORE, /* connection closed, nothing executed */
    SB_FAULT_CLOSE_AFTER,  /* executed, connection closed without an answer */
    SB_FAULT_TRUNCATE,     /* executed, the body breaks off */
    SB_FAULT_SLOW,         /* executed, the body trickles */
    SB_FAULT_MALFORMED,    /* executed, the JSON is broken */
    SB_FAULT_FOREIGN_LINK, /* executed, the next link leads to another host */
    SB_FAULT_HOLD,         /* executed, the answer waits for a release */
    SB_FAULT_HOLD_BEFORE,  /* waits for a release, then executed */
};

/* What happens to one request. */
struct sb_fault_plan {
    enum sb_fault fault;
    long latency_ms;
    int status;
    long retry_after_s; /* -1: no header */
    bool html;
    char code[16];
    char message[300];
    size_t bytes;     /* truncate: how many go out */
    long chunk_bytes; /* slow */
    long chunk_ms;
    char url[200]; /* foreign link: what replaces the base */
};

struct sb_faults;

struct sb_faults *sb_faults_new(long latency_ms);
void sb_faults_free(struct sb_faults *f);

/* {"rules": [...]} or an array; appended to the rules in force. On a mistake nothing is added and
 * the message says which rule is wrong. */
bool sb_faults_add(struct sb_faults *f, const json_t *rules, char *message, size_t size);
json_t *sb_faults_list(struct sb_faults *f); /* new */
void sb_faults_clear(struct sb_faults *f);   /* releases what is held, too */
void sb_faults_set_latency(struct sb_faults *f, long ms);

/* Count the request and decide what happens to it. */
void sb_faults_enter(struct sb_faults *f, const struct sb_request *q, struct sb_fault_plan *out);
/* The request is over; keeps its line for the list of recent ones. */
void sb_faults_leave(struct sb_faults *f, const struct sb_request *q, int status,
                     const char *request_id, long ms);
/* Sleep, but not beyond the end of the server. */
void sb_faults_sleep(struct sb_faults *f, long ms);
/* Wait for a release, the clearing of the faults or the end of the server. */
void sb_faults_hold(struct sb_faults *f);
void sb_faults_release(struct sb_faults *f);
/* The server ends: nobody waits any longer. */
void sb_faults_stop(struct sb_faults *f);

/* Log committed writes. */
void sb_faults_effects(struct sb_faults *f, const struct sb_effects *effects,
                       const char *request_id);
json_t *sb_faults_state(struct sb_faults *f); /* new */
void sb_faults_reset_state(struct sb_faults *f);

/* Change a finished answer as the plan says (malformed, foreign link). */
void sb_fault_spoil(const struct sb_fault_plan *plan, const char *base, struct sb_response *r);
/* The answer of SB_FAULT_STATUS. */
void sb_fault_answer(const struct sb_fault_plan *plan, struct sb_response *r);

#endif
