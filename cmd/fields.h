/* --fields: only some columns of rows. */
#ifndef MSXOPS_CMD_FIELDS_H
#define MSXOPS_CMD_FIELDS_H

#include "cmd.h"

struct fields { /* zero before use */
    struct msx_column *cols;
    json_t *rows; /* copies with only these columns */
    char *names;  /* the text that cols point into */
};

/**
 * Cut rows to the columns that fields names: keys, paths, or titles of the known columns (may be
 * NULL). out is released by the caller whatever happens.
 * @return MSX_OK, MSX_E_USAGE for a name that neither a row nor known has, or MSX_E_NOMEM
 */
enum msx_code fields_cut(const char *fields, const struct msx_column *known, const json_t *rows,
                         struct fields *out, struct msx_error *err) MSX_MUST_CHECK;
void fields_release(struct fields *f);

#endif
