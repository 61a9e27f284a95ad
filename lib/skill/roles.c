/* Who a user is: role by --role, users.yaml, or the title (catalog 1.6, user facts). The table of
 * titles is data: skills/shared/roles.yaml. */
#include "skill/facts.h"

#include <string.h>

#include "msxops/mem.h"
#include "msxops/text.h"

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (unsigned char)c >= 0x80;
}

/* Next word of *s: its start, its length in *n; 0 at the end. */
static const char *next_word(const char **s, size_t *n)
{
    const char *p = *s;

    while (*p && !is_word_byte(*p))
        p++;
    *n = 0;
    while (is_word_byte(p[*n]))
        (*n)++;
    *s = p + *n;
    return p;
}

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

static bool same_word(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lower(a[i]) != lower(b[i]))
            return false;
    return true;
}

/* Do the words of phrase stand in title, one after the other? */
static bool has_phrase(const char *title, const char *phrase)
{
    size_t n;

    for (const char *from = title; next_word(&from, &n), n > 0;) {
        const char *t = from - n, *p = phrase;

        for (size_t words = 0;; words++) {
            size_t pn, tn;
            const char *pw = next_word(&p, &pn);

            if (pn == 0 && words > 0)
                return true;

            const char *tw = next_word(&t, &tn);

            if (tn != pn || !same_word(tw, pw, pn))
                break;
        }
    }
    return false;
}

static const char *first_phrase(const char *title, const json_t *phrases)
{
    for (size_t i = 0; i < json_array_size(phrases); i++) {
        const char *phrase = json_string_value(json_array_get(phrases, i));

        if (phrase && has_phrase(title, phrase))
            return phrase;
    }
    return NULL;
}

/* The phrase by which a row of the table takes the title, or NULL. */
static const char *row_matches(const json_t *row, const char *title)
{
    const char *phrase = first_phrase(title, msx_json_arr(row, "phrases"));

    return phrase && !first_phrase(title, msx_json_arr(row, "unless")) ? phrase : NULL;
}

/* Number of rows that take the title; *role is the first one's. */
static size_t match_title(const json_t *roles, const char *title, const char **role)
{
    const json_t *rows = msx_json_arr(roles, "roles");
    size_t n = 0;

    for (size_t i = 0; title && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = msx_json_str(row, "role");

        if (name && row_matches(row, title) && n++ == 0)
            *role = name;
    }
    return n;
}

json_t *msx_role_of_title(const json_t *roles, const char *title)
{
    const json_t *rows = msx_json_arr(roles, "roles");
    json_t *candidates = json_array();
    const char *only = "unknown";
    size_t n = 0;

    for (size_t i = 0; title && candidates && i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = msx_json_str(row, "role");
        const char *phrase = name ? row_matches(row, title) : NULL;

        if (!phrase)
            continue;
        only = n++ == 0 ? name : "unknown";
        if (json_array_append_new(candidates,
                                  json_pack("{s:s,s:s}", "role", name, "phrase", phrase))) {
            json_decref(candidates);
            return NULL;
        }
    }
    return json_pack("{s:s,s:s,s:o}", "name", only, "confidence",
                     n == 1  ? "high"
                     : n > 1 ? "low"
                             : "none",
                     "candidates", candidates);
}

/* Role that users.yaml gives this id or e-mail address, or NULL. */
static const char *listed_role(const struct msx_world *w, const char *id, const char *mail)
{
    const json_t *users = msx_json_obj(w->roles, "users");
    const char *key;
    const json_t *value;
    char guid[MSX_GUID_LEN + 1];

    if (!users || json_object_size(users) == 0)
        return NULL;
    for (void *it = json_object_iter((json_t *)(uintptr_t)users); it;
         it = json_object_iter_next((json_t *)(uintptr_t)users, it)) {
        key = json_object_iter_key(it);
        value = json_object_iter_value(it);
        if (json_is_string(value) &&
            ((id && (!strcmp(key, id) || (msx_guid_parse(key, guid) && msx_guid_eq(guid, id)))) ||
             (mail && msx_ieq(key, mail))))
            return json_string_value(value);
    }
    return NULL;
}

static bool is_me(const struct msx_world *w, const char *id)
{
    return w->me_id && id && (!strcmp(w->me_id, id) || msx_guid_eq(w->me_id, id));
}

/* Role without looking at the title; NULL when only the title can tell. */
static const char *given_role(const struct msx_world *w, const char *id, const char *mail)
{
    if (w->forced_role && is_me(w, id))
        return w->forced_role;
    return listed_role(w, id, mail);
}

const char *msx_user_role(struct msx_rec *u)
{
    return msx_fact_str(u, U_ROLE);
}

void msx_u_role(struct msx_rec *u, struct msx_value *out)
{
    const char *role = given_role(u->w, u->id, msx_rec_str(u, "internalemailaddress"));

    if (!role && match_title(u->w->roles, msx_rec_str(u, "title"), &role) != 1)
        role = "unknown";
    msx_v_str(out, role);
}

void msx_u_candidates(struct msx_rec *u, struct msx_value *out)
{
    const char *names[16];
    const json_t *rows = msx_json_arr(u->w->roles, "roles");
    const char *title = msx_rec_str(u, "title");
    size_t n = 0;

    for (size_t i = 0; title && i < json_array_size(rows) && n < 16; i++) {
        const json_t *row = json_array_get(rows, i);
        const char *name = msx_json_str(row, "role");

        if (name && row_matches(row, title))
            names[n++] = name;
    }
    msx_v_strings(u->w, out, names, n);
}

bool msx_user_disabled(const struct msx_rec *u)
{
    return msx_json_bool_or(u->raw, "isdisabled", false);
}

void msx_u_disabled(struct msx_rec *u, struct msx_value *out)
{
    msx_v_bool(out, msx_user_disabled(u));
}

void msx_role_of_field(struct msx_rec *r, const char *field, struct msx_value *out)
{
    const char *id = msx_rec_str(r, field);
    struct msx_rec *u = msx_world_lookup(r->w, MSX_K_USER, id);
    const char *role = NULL;

    if (r->unread && !json_object_get(r->raw, field)) {
        out->type = MSX_V_UNKNOWN;
        return;
    }
    if (u)
        role = msx_user_role(u);
    else if (id && id[0])
        role = given_role(r->w, id, NULL);
    if (r->w->users_failed && id && id[0] &&
        (!role || (u && !strcmp(role, "unknown") && !json_object_get(u->raw, "title"))))
        out->type = MSX_V_UNKNOWN;
    else
        msx_v_str(out, role ? role : "unknown");
}

bool msx_role_known(const struct msx_value *role)
{
    return role->type == MSX_V_STR && strcmp(role->u.str, "unknown") != 0;
}

bool msx_rec_owner_missing(const struct msx_rec *r)
{
    return msx_rec_blank(r, "_ownerid_value") || (r->owner && msx_user_disabled(r->owner));
}

void msx_user_role_gaps(struct msx_rec *u)
{
    const struct msx_value *names = msx_fact(u, U_CANDIDATES);
    const char *title = msx_rec_str(u, "title");

    if (strcmp(msx_user_role(u), "unknown") != 0 || names->type != MSX_V_LIST)
        return;
    if (names->u.list.n < 2) {
        msx_world_gap_note(u->w, "role_unknown", title ? title : "", u->id,
                           "rules that need this person's role do not fire");
        return;
    }

    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(4096);

    for (size_t i = 0; i < names->u.list.n; i++) {
        msx_buf_adds(&b, i ? ", " : "");
        msx_buf_adds(&b, names->u.list.items[i].u.str);
    }
    if (b.failed)
        u->w->failed = MSX_E_NOMEM;
    else
        msx_world_gap_note(u->w, "role_ambiguous", b.data, u->id,
                           "rules that need this person's role do not fire");
}

void msx_a_opportunities(struct msx_rec *a, struct msx_value *out)
{
    const char **ids = msx_world_alloc(a->w, (a->nchildren + 1) * sizeof(char *));

    for (size_t i = 0; ids && i < a->nchildren; i++)
        ids[i] = a->children[i]->id;
    if (ids)
        msx_v_strings(a->w, out, ids, a->nchildren);
}
