/* The sample data of `sandbox reset`: a believable territory around a given day. */
#ifndef SANDBOX_SAMPLE_H
#define SANDBOX_SAMPLE_H

#include "store.h"

enum sb_size {
    SB_SIZE_SMALL,
    SB_SIZE_MEDIUM,
    SB_SIZE_LARGE,
};

/* Fill the store, which is empty and inside sb_store_load_begin()/..._end() of the caller: calls
 * sb_store_insert() for each record and sb_store_set_whoami(). The same arguments give the same
 * records. today is "YYYY-MM-DD". */
enum msx_code sb_sample_load(struct sb_store *store, const char *today, enum sb_size size,
                             struct msx_error *err) MSX_MUST_CHECK;

#endif
