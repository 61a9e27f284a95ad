/* The usual way to open an organisation: with the profile's sign-in. In a file of its own, so that
 * what brings its own token source does not need lib/auth. */
#include "msxops/odata.h"

enum msx_code msx_odata_new(const struct msx_ctx *ctx, const char *org_url, struct msx_auth *auth,
                            struct msx_odata **out, struct msx_error *err)
{
    return msx_odata_open(ctx, org_url, auth ? msx_auth_source(auth) : NULL, out, err);
}
