/* Who is signed in, where, and in which role. */
#include "crm/priv.h"

static const struct msx_param no_params[] = { { .name = NULL } };

/* Members that auth knows without the network, under the names that the tool has always had. */
static int add_auth_facts(struct msx_crm *crm, json_t *out)
{
    static const char *const more[] = { "profile", "renewable", "tenant", "storage" };
    MSX_AUTO(msx_json_free_p) json_t *status = NULL;
    int bad = 0;

    if (crm->auth && msx_auth_status(crm->auth, &status, NULL))
        status = NULL;
    bad |= msx_json_set_str(out, "user", msx_json_str(status, "user"));
    bad |= msx_json_set_str(out, "expiresOn", msx_json_str(status, "expiresOn"));
    bad |= msx_json_set_str(out, "crmUrl", msx_odata_org(crm->odata));
    bad |= msx_json_set_str(out, "method", msx_json_str(status, "method"));
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        json_t *v = json_object_get(status, more[i]);

        if (v)
            bad |= json_object_set(out, more[i], v);
    }
    return bad;
}

static enum msx_code auth_status(struct msx_crm *crm, const json_t *params, json_t **result,
                                 struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *out = json_object();
    struct msx_error e = MSX_ERROR_INIT;
    json_t *who = NULL, *me = NULL;
    enum msx_code rc;
    int bad;

    (void)params;
    if (!out)
        return msx_crm_oom(err);
    rc = msx_crm_whoami(crm, &who, &e);
    if (rc && rc != MSX_E_AUTH) { /* not signed in is an answer; no answer is an error */
        if (err)
            *err = e;
        return rc;
    }
    bad = json_object_set_new(out, "authenticated", json_boolean(!rc));
    bad |= msx_json_set_str(out, "userId", msx_json_str(who, "UserId"));
    bad |= msx_json_set_str(out, "businessUnitId", msx_json_str(who, "BusinessUnitId"));
    bad |= msx_json_set_str(out, "organizationId", msx_json_str(who, "OrganizationId"));
    bad |= add_auth_facts(crm, out);
    if (!rc && !msx_json_str(out, "user") && !msx_crm_me(crm, &me, NULL)) /* an opaque token */
        bad |= msx_json_set_str(out, "user", msx_json_str(me, "internalemailaddress"));
    if (rc) {
        bad |= msx_json_set_str(out, "message", e.msg);
        if (e.hint[0])
            bad |= msx_json_set_str(out, "hint", e.hint);
    }
    if (bad)
        return msx_crm_oom(err);
    *result = MSX_STEAL(out);
    return MSX_OK;
}

static enum msx_code whoami(struct msx_crm *crm, const json_t *params, json_t **result,
                            struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *out = json_object();
    json_t *who = NULL, *me = NULL;
    enum msx_code rc;
    int bad = 0;

    (void)params;
    rc = msx_crm_me(crm, &me, err);
    if (!rc)
        rc = msx_crm_whoami(crm, &who, err);
    if (rc)
        return rc;
    if (!out)
        return msx_crm_oom(err);
    bad |= msx_json_set_str(out, "UserId", msx_json_str(who, "UserId"));
    bad |= msx_json_set_str(out, "BusinessUnitId", msx_json_str(who, "BusinessUnitId"));
    bad |= msx_json_set_str(out, "OrganizationId", msx_json_str(who, "OrganizationId"));
    bad |= msx_json_set_str(out, "fullname", msx_json_str(me, "fullname"));
    bad |= msx_json_set_str(out, "internalemailaddress", msx_json_str(me, "internalemailaddress"));
    bad |= msx_json_set_str(out, "title", msx_json_str(me, "title"));
    bad |= json_object_set_new(out, "role", msx_crm_role(crm, me));
    if (bad)
        return msx_crm_oom(err);
    *result = MSX_STEAL(out);
    return MSX_OK;
}

const struct msx_tool msx_tool_crm_auth_status = {
    .name = "crm_auth_status",
    .title = "Sign-in status",
    .doc = "Tell whether there is a valid sign-in to the CRM, as whom, and until when.",
    .effect = MSX_TOOL_READS,
    .params = no_params,
    .result = "{authenticated, userId, businessUnitId, organizationId, user, expiresOn, crmUrl, "
              "method}",
    .fn = auth_status,
};

const struct msx_tool msx_tool_crm_whoami = {
    .name = "crm_whoami",
    .title = "Who am I",
    .doc = "The signed-in CRM user with name, title and the seller role inferred from the title.",
    .effect = MSX_TOOL_READS,
    .params = no_params,
    .result = "{UserId, BusinessUnitId, OrganizationId, fullname, internalemailaddress, title, "
              "role: {name, confidence, candidates[]}}",
    .fn = whoami,
};
