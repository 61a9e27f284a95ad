/* The sandbox's records in SQLite: connections, transactions, bulk loading. */
#ifndef SANDBOX_STORE_H
#define SANDBOX_STORE_H

#include <jansson.h>
#include <stdbool.h>

#include "msxops/error.h"

struct sb_store;

/* Open (create) the data base in dir. MSX_E_IO, MSX_E_INVALID (not ours). */
enum msx_code sb_store_open(const char *dir, struct sb_store **out,
                            struct msx_error *err) MSX_MUST_CHECK;
void sb_store_close(struct sb_store *s);
/* No record at all yet (a fresh state folder). */
bool sb_store_is_empty(struct sb_store *s);

/* Loading replaces everything: begin clears the data and holds the write lock, end commits or rolls
 * back. today ("YYYY-MM-DD") dates what records leave out. Only one thread may load. */
enum msx_code sb_store_load_begin(struct sb_store *s, const char *today,
                                  struct msx_error *err) MSX_MUST_CHECK;
enum msx_code sb_store_load_end(struct sb_store *s, bool commit,
                                struct msx_error *err) MSX_MUST_CHECK;

/**
 * Insert one record while loading.
 *
 * Column names are the CRM's; lookups as "_x_value": "<guid>" (with
 * "_x_value@Microsoft.Dynamics.CRM. lookuplogicalname" where the target is not the usual one) or
 * "nav@odata.bind"; labels as "x@OData.Community.Display.V1.FormattedValue". Missing: the key (a
 * new GUID), owner (whoami, when already set), createdon and modifiedon (today), state and status
 * (their defaults). Codes outside the option set are kept, with their label. The record is
 * borrowed.
 * @return MSX_E_INVALID for an unknown set or column, a wrong type or a key that exists; MSX_E_IO
 */
enum msx_code sb_store_insert(struct sb_store *s, const char *set, const json_t *record,
                              struct msx_error *err) MSX_MUST_CHECK;

/* The user who signs in when nobody else is named; set while loading. */
enum msx_code sb_store_set_whoami(struct sb_store *s, const char *systemuserid,
                                  struct msx_error *err) MSX_MUST_CHECK;
/* MSX_E_NOTFOUND when there is none. */
enum msx_code sb_store_whoami(struct sb_store *s, char out[37],
                              struct msx_error *err) MSX_MUST_CHECK;
/* systemuserid of an enabled user by GUID, internalemailaddress, domainname or fullname (any case);
 * false when there is none or more than one. */
bool sb_store_find_user(struct sb_store *s, const char *who, char out[37]);

#endif
