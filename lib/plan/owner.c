/* Whose plan it is: the organisation and user it is made for, and may be applied as. */
#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"
#include "plan/plan_priv.h"

/* The role that the user works in: as configured, else as the title tells. New, or JSON null. */
static json_t *role_of(struct msx_crm *crm, const char **via)
{
    MSX_AUTO(msx_json_free_p) json_t *who = NULL;
    const char *role = crm->profile ? crm->profile->role : NULL;

    *via = "given";
    if (!role && msx_tool_call(crm, "crm_whoami", NULL, &who, NULL) == MSX_OK) {
        role = msx_json_str(msx_json_obj(who, "role"), "name");
        *via = "title";
    }
    return role ? json_string(role) : json_null();
}

enum msx_code msx_plan_new(struct msx_crm *crm, const char *path, struct msx_plan **out,
                           struct msx_error *err)
{
    MSX_AUTO(msx_plan_free_p) struct msx_plan *p = NULL;
    json_t *me = NULL, *role;
    const char *via;
    enum msx_code rc = msx_crm_me(crm, &me, err);

    if (rc)
        return rc;
    p = msx_calloc(1, sizeof *p);
    if (!p)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    p->path = msx_strdup(path);
    if (path && !p->path)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = plan_doc_new(msx_odata_org(crm->odata), me, NULL, crm->ctx->tool_version,
                      crm->ctx->now_s(crm->ctx->now_user), &p->doc, err);
    if (rc)
        return rc;
    role = role_of(crm, &via);
    if (json_object_set(p->doc, "role", role) < 0 ||
        (json_is_string(role) && msx_json_set_str(p->doc, "role_via", via) < 0))
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    json_decref(role);
    if (rc)
        return rc;
    *out = MSX_STEAL(p);
    return MSX_OK;
}

enum msx_code plan_check_owner(struct msx_crm *crm, const json_t *doc, struct msx_error *err)
{
    const json_t *user = msx_json_obj(doc, "user");
    MSX_AUTO(msx_free_p) char *mine = NULL;
    const char *org = msx_json_str_or(doc, "org", "");
    json_t *me = NULL;
    enum msx_code rc = msx_org_url(msx_odata_org(crm->odata), &mine, err);

    if (rc)
        return rc;
    if (strcmp(mine, org) != 0) {
        (void)msx_fail(err, MSX_E_DENIED,
                       "the plan is for the organisation '%s', but you are signed in to '%s'", org,
                       mine);
        msx_hint(err, "choose the profile of that organisation with --profile");
        return MSX_E_DENIED;
    }
    rc = msx_crm_me(crm, &me, err);
    if (rc)
        return rc;
    if (!msx_guid_eq(msx_json_str(me, "systemuserid"), msx_json_str(user, "id"))) {
        (void)msx_fail(err, MSX_E_DENIED,
                       "the plan was made by '%s', but you are signed in as '%s'",
                       msx_json_str_or(user, "name", msx_json_str_or(user, "id", "")),
                       msx_json_str_or(me, "fullname", ""));
        msx_hint(err, "sign in as that user, or plan the changes again as yourself");
        return MSX_E_DENIED;
    }
    return MSX_OK;
}
