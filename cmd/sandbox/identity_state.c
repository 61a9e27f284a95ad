/* What the identity provider keeps in the state folder: identity.json and clients.json. */
#include "identity_priv.h"

#include "msxops/b64.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/text.h"

#include <openssl/rand.h>
#include <string.h>

/* A fixed tenant makes documents and recorded sessions comparable. */
#define TENANT          "5a4db0c5-0000-4000-8000-7e4a47000001"
#define STATE_MAX_BYTES ((size_t)1 << 20)

static char *file_path(const struct sb_identity *id, const char *name)
{
    char *path = msx_path_join(id->state_dir, name);

    if (!path)
        sb_die("out of memory");
    return path;
}

static enum msx_code save_json(const char *path, const json_t *j, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf text = MSX_BUF_INIT(STATE_MAX_BYTES);
    char *pretty = json_dumps(j, JSON_INDENT(2) | JSON_SORT_KEYS);
    enum msx_code rc;

    if (!pretty)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    msx_buf_adds(&text, pretty);
    msx_buf_addc(&text, '\n');
    msx_wipe(pretty, strlen(pretty));
    msx_free(pretty);
    rc = msx_buf_finish(&text, path, err);
    if (!rc)
        rc = msx_file_replace(path, text.data, text.len, 0600, err);
    msx_wipe(text.data, text.len);
    return rc;
}

/* ---- identity.json ---- */

enum msx_code sb_state_save(struct sb_identity *id, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *j = json_object();
    MSX_AUTO(msx_buf_release) struct msx_buf secret = MSX_BUF_INIT(64);
    MSX_AUTO(msx_free_p) char *path = file_path(id, "identity.json");

    msx_b64url_add(&secret, id->secret, sizeof id->secret);
    sb_set_str(j, "tenant", id->tenant);
    sb_set_str(j, "secret", secret.data);
    sb_set(j, "epoch", json_integer(id->epoch));
    sb_set(j, "refresh_epoch", json_integer(id->refresh_epoch));
    sb_set(j, "revoked", json_incref(id->revoked));
    msx_wipe(secret.data, secret.len);
    return save_json(path, j, err);
}

static enum msx_code make_state(struct sb_identity *id, struct msx_error *err)
{
    if (RAND_bytes(id->secret, sizeof id->secret) != 1)
        return msx_fail(err, MSX_E_IO, "the system gives no random numbers");
    id->tenant = sb_dup(TENANT);
    id->revoked = json_array();
    return sb_state_save(id, err);
}

enum msx_code sb_state_load(struct sb_identity *id, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(msx_buf_release) struct msx_buf secret = MSX_BUF_INIT(64);
    MSX_AUTO(msx_free_p) char *path = file_path(id, "identity.json");
    struct msx_error why = MSX_ERROR_INIT;
    const char *text;
    char tenant[37];
    enum msx_code rc = msx_json_load(path, STATE_MAX_BYTES, &j, &why);

    if (rc == MSX_E_NOTFOUND)
        return make_state(id, err);
    if (rc) {
        if (err)
            *err = why;
        return rc;
    }
    text = msx_json_str_or(j, "secret", "");
    if (!msx_b64url_decode(&secret, text, strlen(text)) || secret.len != sizeof id->secret ||
        !msx_guid_parse(msx_json_str_or(j, "tenant", ""), tenant) ||
        !msx_json_int(j, "epoch", &id->epoch) ||
        !msx_json_int(j, "refresh_epoch", &id->refresh_epoch) || !msx_json_arr(j, "revoked"))
        return msx_fail(err, MSX_E_INVALID, "'%s' is not what the sandbox wrote", path);
    memcpy(id->secret, secret.data, sizeof id->secret);
    msx_wipe(secret.data, secret.len);
    id->tenant = sb_dup(tenant);
    id->revoked = json_incref(msx_json_arr(j, "revoked"));
    return MSX_OK;
}

/* ---- clients.json: {"clients": [{client_id, secret | secret_sha256, certificate, user, public}]}
 * where user names the sample user that the application acts as, public allows device codes ---- */

/* Public clients that need no registration: the sandbox's own, and those that public tools use. */
static const char *const known_public[] = {
    "5a4db0c5-0000-4000-8000-c11e47000001", /* msxops at its sandbox */
    "51f81489-12ee-4a9e-aaae-a2591f45987d", /* Microsoft's Dataverse samples */
    "2ad88395-b77d-4561-9441-d0e40824f9bc", /* the ServiceClient's test tool */
    "0c412cc3-0dd6-449b-987f-05b053db9457", /* the Dataverse command line */
    "04b07795-8ddb-461a-bbee-02f9e1bf7b46", /* Azure CLI */
};

static enum msx_code check_row(const json_t *row, struct msx_error *err)
{
    static const char *const texts[] = { "secret", "secret_sha256", "certificate", "user" };
    const char *client_id = msx_json_str(row, "client_id");
    const char *pem = msx_json_str(row, "certificate");
    const json_t *is_public = json_object_get(row, "public");
    struct sb_cert *cert = NULL;
    char guid[37];
    enum msx_code rc;

    if (!client_id || !msx_guid_parse(client_id, guid))
        return msx_fail(err, MSX_E_INVALID, "a client wants a GUID as client_id");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const json_t *v = json_object_get(row, texts[i]);

        if (v && !json_is_string(v))
            return msx_fail(err, MSX_E_INVALID, "client %s: %s wants text", guid, texts[i]);
    }
    if (is_public && !json_is_boolean(is_public))
        return msx_fail(err, MSX_E_INVALID, "client %s: public wants true or false", guid);
    if (!pem)
        return MSX_OK;
    rc = sb_cert_parse(pem, &cert, err);
    sb_cert_free(cert);
    return msx_wrap(err, rc, "client %s", guid);
}

/* A secret is kept as its digest. */
static enum msx_code take_row(struct sb_identity *id, const json_t *row, struct msx_error *err)
{
    enum msx_code rc = check_row(row, err);
    const char *secret = msx_json_str(row, "secret");
    char guid[37], hex[65];
    json_t *copy;

    if (rc)
        return rc;
    copy = json_deep_copy(row);
    if (!copy || !msx_guid_parse(msx_json_str(row, "client_id"), guid))
        sb_die("out of memory");
    if (secret) {
        msx_sha256_hex(secret, strlen(secret), hex);
        sb_set_str(copy, "secret_sha256", hex);
        (void)json_object_del(copy, "secret");
    }
    sb_set(id->clients, guid, copy);
    return MSX_OK;
}

enum msx_code sb_clients_load(struct sb_identity *id, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *j = NULL;
    MSX_AUTO(msx_free_p) char *path = file_path(id, "clients.json");
    struct msx_error why = MSX_ERROR_INIT;
    enum msx_code rc;
    const json_t *row;
    size_t i;

    id->clients = json_object();
    for (i = 0; i < sizeof known_public / sizeof *known_public; i++) {
        json_t *c = json_object();

        sb_set(c, "public", json_true());
        sb_set(id->clients, known_public[i], c);
    }
    rc = msx_json_load(path, STATE_MAX_BYTES, &j, &why);
    if (rc == MSX_E_NOTFOUND)
        return MSX_OK;
    if (!rc && !msx_json_arr(j, "clients"))
        rc = msx_fail(&why, MSX_E_INVALID, "'%s' wants a list named clients", path);
    if (rc) {
        if (err)
            *err = why;
        return rc;
    }
    json_array_foreach(msx_json_arr(j, "clients"), i, row) {
        rc = take_row(id, row, err);
        if (rc)
            return msx_wrap(err, rc, "'%s'", path);
    }
    return MSX_OK;
}

enum msx_code sb_clients_add(struct sb_identity *id, const json_t *row, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *j = json_object();
    MSX_AUTO(msx_free_p) char *path = file_path(id, "clients.json");
    json_t *list = json_array(), *c;
    const char *name;
    enum msx_code rc = take_row(id, row, err);

    sb_set(j, "clients", list);
    if (rc)
        return rc;
    json_object_foreach(id->clients, name, c) {
        if (msx_json_str(c, "client_id"))
            sb_append(list, json_incref(c));
    }
    return save_json(path, j, err);
}

const json_t *sb_client(const struct sb_identity *id, const char *client_id)
{
    char guid[37];

    return msx_guid_parse(client_id, guid) ? json_object_get(id->clients, guid) : NULL;
}
