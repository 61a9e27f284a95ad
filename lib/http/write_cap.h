/* The capability to write. lib/plan's executor includes this header and nothing else does
 * (`make check-layers` holds that), so no other code path can make the engine send a writing
 * request. */
#ifndef LIB_HTTP_WRITE_CAP_H
#define LIB_HTTP_WRITE_CAP_H

#include <stdint.h>

#define MSX_WRITE_CAP_PROOF UINT64_C(0x6d73786f70732d77)

struct msx_write_cap {
    uint64_t proof; /* MSX_WRITE_CAP_PROOF, so that a zeroed or foreign object is refused */
};

static inline struct msx_write_cap msx_write_cap_make(void)
{
    return (struct msx_write_cap){ .proof = MSX_WRITE_CAP_PROOF };
}

#endif
