/* The profile's local state: when the tool first saw the present status of each milestone and stage
 * of each opportunity (catalog 1.6). A file that is missing or broken only means that nothing is
 * known. */
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "skill/run.h"

#define STATE_MAX ((size_t)64 << 20)

/* state_dir/state-PROFILE.json; the profile's name may hold anything. */
static char *state_path(const struct msx_crm *crm)
{
    const char *name = crm->profile && crm->profile->name ? crm->profile->name : "default";
    const char *url = crm->profile && crm->profile->url ? crm->profile->url : "";
    MSX_AUTO(msx_free_p) char *key = msx_asprintf("%s %s", name, url);
    char hex[65];

    if (!key || !crm->ctx->state_dir)
        return NULL;
    msx_sha256_hex(key, strlen(key), hex);
    return msx_asprintf("%s/snapshots/%.16s.json", crm->ctx->state_dir, hex);
}

enum msx_code msx_state_load(const struct msx_crm *crm, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = state_path(crm);
    json_t *state = NULL;
    enum msx_code rc = path ? msx_json_load(path, STATE_MAX, &state, NULL) : MSX_E_NOTFOUND;

    if (rc == MSX_E_NOMEM)
        return msx_fail(err, rc, "out of memory");
    if (!rc && !json_is_object(state)) {
        json_decref(state);
        state = NULL;
    }
    *out = state ? state : json_object();
    return *out ? MSX_OK : msx_fail(err, MSX_E_NOMEM, "out of memory");
}

static const char *text_fact(const struct msx_rec *rec, const char *name, struct msx_value *v)
{
    return msx_fact_named(rec, name, v) && v->type == MSX_V_STR ? v->u.str : NULL;
}

/* The new entry; `date` stays when the value is still the same. */
static json_t *milestone_entry(const struct msx_rec *m, const json_t *old, const char *today)
{
    struct msx_value v;
    const char *status = text_fact(m, "status", &v);
    bool committed = msx_fact_true(m, "committed"), same;

    same = status && msx_json_str(old, "status") &&
           strcmp(status, msx_json_str(old, "status")) == 0 &&
           json_is_boolean(json_object_get(old, "committed")) &&
           json_is_true(json_object_get(old, "committed")) == committed;
    return json_pack("{s:s?, s:b, s:s}", "status", status, "committed", committed, "changed",
                     same ? msx_json_str_or(old, "changed", today) : today);
}

static json_t *opportunity_entry(const struct msx_rec *o, const json_t *old, const char *today)
{
    struct msx_value v;
    json_int_t stage, was;

    if (!msx_fact_named(o, "stage", &v) || v.type != MSX_V_NUM)
        return NULL;
    stage = (json_int_t)v.u.num;
    return json_pack("{s:I, s:s}", "stage", stage, "since",
                     msx_json_int(old, "stage", &was) && was == stage
                         ? msx_json_str_or(old, "since", today)
                         : today);
}

static int update(json_t *state, const char *name, const struct msx_run *r, enum msx_kind kind)
{
    json_t *map = msx_json_obj(state, name);
    const struct msx_rec *const *all;
    char today[11];
    size_t n;

    msx_day_format(r->ctx->today, today);
    if (!map) {
        map = json_object();
        if (!map || json_object_set_new(state, name, map) != 0)
            return -1;
    }
    all = msx_world_all(r->world, kind, &n);
    for (size_t i = 0; i < n; i++) {
        const json_t *old = json_object_get(map, msx_rec_id(all[i]));
        json_t *entry = kind == MSX_K_MILESTONE ? milestone_entry(all[i], old, today)
                                                : opportunity_entry(all[i], old, today);

        if (entry && json_object_set_new(map, msx_rec_id(all[i]), entry) != 0)
            return -1;
    }
    return 0;
}

enum msx_code msx_state_save(const struct msx_run *r, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *path = state_path(r->crm);
    MSX_AUTO(msx_free_p) char *dir = NULL;
    MSX_AUTO(msx_free_p) char *lock = NULL;
    MSX_AUTO(msx_free_p) char *text = NULL;
    MSX_AUTO(msx_json_free_p) json_t *state = NULL;
    enum msx_code rc;
    int fd = -1;

    if (!path)
        return MSX_OK;
    dir = msx_asprintf("%s/snapshots", r->ctx->state_dir);
    lock = msx_asprintf("%s.lock", path);
    if (!dir || !lock)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_mkdirs(dir, 0700, err);
    if (!rc)
        rc = msx_lock_acquire(lock, 2000, &fd, err);
    if (rc)
        return rc;
    rc = msx_state_load(r->crm, &state, err); /* another run may have written since we read it */
    if (!rc && (update(state, "milestones", r, MSX_K_MILESTONE) != 0 ||
                update(state, "opportunities", r, MSX_K_OPP) != 0 ||
                !(text = msx_json_canonical_str(state))))
        rc = msx_fail(err, MSX_E_NOMEM, "out of memory");
    if (!rc)
        rc = msx_file_replace(path, text, strlen(text), 0600, err);
    msx_lock_release(fd);
    return rc;
}
