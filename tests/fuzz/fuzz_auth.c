/* Fuzz target: what strangers may say to the sign-in layer. The first byte chooses the reader: an
 * organisation URL, a 401 challenge, what az prints, a token's claims, or a configuration file in
 * which one key is changed, which must then say that and keep the rest. */
#include "auth/auth_priv.h"
#include "auth/config_priv.h"
#include "msxops/json.h"
#include "msxops/mem.h"
#include "msxops/yaml.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int64_t now(void *user)
{
    (void)user;
    return 1792000000;
}

static void org_url(const char *text)
{
    char *once = NULL, *twice = NULL;

    if (msx_org_url(text, &once, NULL))
        return;
    /* what comes out is what goes in again */
    if (msx_org_url(once, &twice, NULL) || strcmp(once, twice) != 0)
        abort();
    msx_free(once);
    msx_free(twice);
}

static void challenge(const char *text)
{
    struct msx_challenge c = { 0 };

    if (!msx_challenge_parse(text, &c, NULL) && !c.authority)
        abort();
    msx_challenge_release(&c);
}

static void az(const char *text, size_t len)
{
    static struct msx_tz *tz;
    struct msx_ctx ctx = { .now_s = now };
    struct msx_cred c = { 0 };

    if (!tz && msx_tz_open("Europe/Berlin", &tz, NULL))
        abort();
    ctx.tz = tz;
    if (!msx_az_parse(&ctx, text, len, &c, NULL) && !msx_token_ok(c.access_token))
        abort();
    msx_cred_release(&c);
}

static void edit(const char *text, size_t len)
{
    static const char *const key[] = { "profiles", "work", "role", NULL };
    struct msx_buf out = MSX_BUF_INIT(MSX_YAML_MAX_BYTES);
    json_t *doc = NULL, *lines = NULL, *want, *again = NULL, *profiles, *work;

    if (!msx_yaml_parse(text, len, "x", &doc, &lines, NULL) && json_is_object(doc)) {
        want = json_deep_copy(doc);
        profiles = msx_json_obj(want, "profiles");
        if (!profiles)
            json_object_set_new(want, "profiles", profiles = json_object());
        work = msx_json_obj(profiles, "work");
        if (!work)
            json_object_set_new(profiles, "work", work = json_object());
        json_object_set_new(work, "role", json_string("a: #b"));
        if (!msx_config_edit(text, len, lines, key, "a: #b", want, &out, NULL) &&
            (msx_yaml_parse(out.data, out.len, "y", &again, NULL, NULL) ||
             !json_equal(again, want)))
            abort();
        json_decref(want);
    }
    json_decref(doc);
    json_decref(lines);
    json_decref(again);
    msx_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = size ? msx_strndup((const char *)data + 1, size - 1) : NULL;

    if (!text)
        return 0;
    switch (data[0] % 5) {
    case 0:
        org_url(text);
        break;
    case 1:
        challenge(text);
        break;
    case 2:
        az(text, strlen(text));
        break;
    case 3:
        json_decref(msx_jwt_claims(text));
        break;
    default:
        edit(text, strlen(text));
    }
    msx_free(text);
    return 0;
}
