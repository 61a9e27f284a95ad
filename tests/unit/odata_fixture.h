/* What the tests of lib/odata share: a connection to a server that they play themselves. */
#ifndef TESTS_UNIT_ODATA_FIXTURE_H
#define TESTS_UNIT_ODATA_FIXTURE_H

#include "fake_server.h"
#include "msxops/odata.h"

/* New; ctx must outlive it. */
static inline struct msx_odata *odata_on(const struct fake *server, struct msx_ctx *ctx)
{
    struct msx_odata *o = NULL;

    assert_int_equal(msx_odata_open(ctx, server->url, NULL, &o, NULL), MSX_OK);
    fake_quick(msx_odata_http(o));
    return o;
}

#endif
