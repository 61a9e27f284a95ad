/* Configuration: config.yaml with profiles, and which source won for each key. */
#ifndef MSXOPS_CONFIG_H
#define MSXOPS_CONFIG_H

#include "msxops/ctx.h"
#include "msxops/json.h"

/* One profile's settings, resolved: environment over file over default. Strings owned; NULL =
 * unset. File: $config_dir/config.yaml default_profile: work profiles: work: {url:
 * https://org.crm.dynamics.com, tenant: ..., auth: az, client_id: ..., role: ...}
 */
struct msx_profile {
    char *name; /* "default" when nothing is configured */
    char *url;  /* organisation origin, no path, no trailing slash */
    char *tenant;
    char *authority; /* default https://login.microsoftonline.com */
    char *client_id;
    char *auth;      /* env, az, sandbox, device-code, ... ; NULL = try in order */
    char *role;      /* the role the user says to have, or NULL */
    char *user_hint; /* sandbox: which sample user to be */
    json_t *extra;   /* the profile's whole object, never NULL */
};

struct msx_config; /* the file */

/* MSX_OK also when the file does not exist; MSX_E_INVALID with line; MSX_E_IO. */
enum msx_code msx_config_load(const char *config_dir, struct msx_config **out,
                              struct msx_error *err) MSX_MUST_CHECK;
void msx_config_free(struct msx_config *c);
/* name NULL = default_profile, else the only profile, else "default". env_url (may be NULL) wins
 * over the file's url. MSX_E_USAGE: no such profile, or several and neither a default nor env_url
 * (names the known ones). */
enum msx_code msx_config_profile(const struct msx_config *c, const char *name, const char *env_url,
                                 struct msx_profile *out, struct msx_error *err) MSX_MUST_CHECK;
/* The profile that is used when none is named, by the same rule. Borrowed from c, never NULL. */
const char *msx_config_default_name(const struct msx_config *c);
void msx_profile_release(struct msx_profile *p);
/* Dotted key ("profiles.work.url", "default_profile"). get: borrowed, NULL if unset. set: value
 * NULL removes; writes the file (0600, durable, under a lock), keeping every other key.
 * MSX_E_USAGE: key not known or value not acceptable (url with a path, http to a foreign host,
 * secret keys). */
const json_t *msx_config_get(const struct msx_config *c, const char *key);
enum msx_code msx_config_set(struct msx_config *c, const char *key, const char *value,
                             struct msx_error *err) MSX_MUST_CHECK;
const json_t *msx_config_all(const struct msx_config *c); /* borrowed object */
const char *msx_config_path(const struct msx_config *c);

/* Organisation origin from what a user typed or pasted: scheme added, path cut, host lower-cased,
 * ".api." twin folded to the plain host. MSX_E_USAGE. New string. */
enum msx_code msx_org_url(const char *typed, char **out, struct msx_error *err) MSX_MUST_CHECK;

#endif
