/* Planning commands: tool calls that add operations to a plan file, and how they are shown. */
#ifndef MSXOPS_STAGE_H
#define MSXOPS_STAGE_H

#include "cmd.h"

/* Call a planning tool with params (borrowed), extending plan (NULL: a new file), and print. */
enum msx_code stage_call(struct app *app, const char *plan, const char *tool, const json_t *params,
                         struct msx_error *err) MSX_MUST_CHECK;
/* The same once for each id, set as params[key]. All are planned or none. */
enum msx_code stage_each(struct app *app, const char *plan, const char *tool, const char *key,
                         const json_t *ids, json_t *params, struct msx_error *err) MSX_MUST_CHECK;
/* Open a stage on plan for the signed-in session, with the guardrails. Free with app_stage_free. */
enum msx_code stage_open(struct app *app, const char *plan, struct msx_stage **out,
                         struct msx_error *err) MSX_MUST_CHECK;
void stage_close(struct app *app, struct msx_stage *stage);

/* Change one operation of a plan file: set ("FIELD=VALUE" each), fill ("BLANK=VALUE" each, may be
 * NULL). quiet: its card is not printed. */
enum msx_code stage_edit(struct app *app, const char *plan, const char *op,
                         const struct strlist *set, const struct strlist *fill, bool quiet,
                         struct msx_error *err) MSX_MUST_CHECK;

#endif
