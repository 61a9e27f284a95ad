/* Knobs of the engine that only tests turn: waiting times and the seed of the jitter. */
#ifndef LIB_HTTP_TUNING_H
#define LIB_HTTP_TUNING_H

#include <stdint.h>

#include "msxops/http.h"

struct msx_http_tuning {
    long backoff_base_ms; /* ceiling of the first random wait; doubles with each repeat */
    long backoff_cap_ms;  /* no random wait is longer */
    long max_wait_ms;     /* all waiting of one request; a longer Retry-After is MSX_E_THROTTLED */
    long write_grace_ms;  /* how long a write that was sent may still end after a cancellation */
    long second_ms;       /* length of a second of Retry-After; 1000 */
    uint64_t seed;        /* of the jitter; 0 = from the clock */
};

void msx_http_tuning_default(struct msx_http_tuning *t);
/* Before the first request. */
void msx_http_tune(struct msx_http *h, const struct msx_http_tuning *t);

#endif
