/* Between the two halves of the filter's translation. */
#ifndef SANDBOX_FILTER_PRIV_H
#define SANDBOX_FILTER_PRIV_H

#include "query.h"

/* Append "?" and bind v, which is taken. */
void sb_sql_bind_value(struct sb_sql *s, struct sb_value v);
bool sb_literal_value(const struct sb_attr *a, const struct sb_operand *o, struct sb_value *out);
/* Microsoft.Dynamics.CRM.X(...) */
bool sb_crm_function(struct sb_sql *s, const struct sb_table *t, int alias, const struct sb_node *n,
                     struct sb_error *e);

#endif
