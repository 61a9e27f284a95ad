/* The role of a user record, as flows see it, for whoami and the like. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/skill.h"
#include "msxops/text.h"
#include "skill/flow.h"

static const char *mapped(const json_t *users, const char *key)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)users, name, value) {
        if (msx_ieq(name, key) || msx_guid_eq(name, key))
            return json_string_value(value);
    }
    return NULL;
}

enum msx_code msx_skill_role(const struct msx_ctx *ctx, const json_t *me, json_t **out,
                             struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *roles = NULL;
    const char *role;
    enum msx_code rc = msx_shared_roles(ctx, &roles, err);

    if (rc)
        return rc;
    role = mapped(msx_json_obj(roles, "users"), msx_json_str(me, "systemuserid"));
    if (!role)
        role = mapped(msx_json_obj(roles, "users"), msx_json_str(me, "internalemailaddress"));
    *out = role ? json_pack("{s:s, s:s, s:[]}", "name", role, "confidence", "mapped", "candidates")
                : msx_role_of_title(roles, msx_json_str(me, "title"));
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}
