/* The table of ways to sign in. A new one is a row here and a file of its own. */
#include <string.h>

#include "auth_priv.h"

static const struct msx_auth_method methods[] = {
    { "env", false, NULL, "put an access token into MSXOPS_TOKEN" },
    { "az", true, msx_auth_az, "run `az login`" },
    { "sandbox", false, msx_auth_sandbox, "run `msxops sandbox start`" },
};

#define N_METHODS (sizeof methods / sizeof *methods)

const struct msx_auth_method *msx_auth_method_at(size_t i)
{
    return i < N_METHODS ? &methods[i] : NULL;
}

const struct msx_auth_method *msx_auth_method_find(const char *name)
{
    for (size_t i = 0; i < N_METHODS; i++) {
        if (name && !strcmp(name, methods[i].name))
            return &methods[i];
    }
    return NULL;
}

bool msx_auth_method_known(const char *name)
{
    return msx_auth_method_find(name) != NULL;
}

void msx_auth_methods(struct msx_buf *b)
{
    for (size_t i = 0; i < N_METHODS; i++)
        msx_buf_addf(b, "%s%s", i ? ", " : "", methods[i].name);
}
