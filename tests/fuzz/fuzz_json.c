/* The reader and the writer of lib/base beside jansson: what the reader takes is what jansson
 * reads, what the writer writes is what jansson writes. */
#include <stdlib.h>
#include <string.h>

#include "base/json_priv.h"
#include "msxops/buf.h"
#include "msxops/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";
    struct msx_buf b = MSX_BUF_INIT(size * 8 + 4096);
    bool oom = false;
    json_t *ours = msx_json_read_plain(text, size, &oom);
    json_t *theirs =
        json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    char *want = theirs ? json_dumps(theirs, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

    if (oom || (ours && (!theirs || !json_equal(ours, theirs))))
        abort();
    if (want) {
        msx_json_dump(&b, theirs);
        if (b.failed || b.len != strlen(want) || memcmp(b.data, want, b.len) != 0)
            abort();
    }
    free(want);
    json_decref(ours);
    json_decref(theirs);
    msx_buf_release(&b);
    return 0;
}
