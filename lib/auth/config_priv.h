/* What the files of the configuration share, and the checks of single values. */
#ifndef AUTH_CONFIG_PRIV_H
#define AUTH_CONFIG_PRIV_H

#include "msxops/config.h"

/* Loopback by name or number ("localhost", "127.x.y.z", "::1"): plain http is fine there. */
bool msx_host_is_loopback(const char *host, size_t len);

/* The file's text with key (NULL-terminated path of names) set to value, or removed when value is
 * NULL: comments and order of the rest stay where the text allows it, otherwise it is written anew.
 * doc is what text says, lines its line map, want what it must say afterwards. Appended to out. */
enum msx_code msx_config_edit(const char *text, size_t len, const json_t *lines,
                              const char *const *key, const char *value, const json_t *want,
                              struct msx_buf *out, struct msx_error *err) MSX_MUST_CHECK;
/* JSON as block YAML that msx_yaml_parse() reads back as the same value. */
void msx_config_emit(struct msx_buf *b, const json_t *j);

/* Check the value of one key of a profile ("url", "tenant" ...). *out: new string, the value as it
 * is to be kept. MSX_E_USAGE. */
enum msx_code msx_config_check(const char *key, const char *value, char **out,
                               struct msx_error *err) MSX_MUST_CHECK;
/* True for names of secrets, which do not belong into the file. */
bool msx_config_is_secret(const char *key);
bool msx_config_profile_name_ok(const char *name);

#endif
