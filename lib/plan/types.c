/* The five kinds of operation and the columns each may write. */
#include <string.h>

#include "msxops/odata.h"
#include "plan/plan_priv.h"

static const char *const create_task_columns[] = {
    "subject",        "description",
    "scheduledend",   "msp_taskcategory",
    "_ownerid_value", "_regardingobjectid_value",
    "prioritycode",   NULL,
};
static const char *const update_task_columns[] = {
    "subject",    "description",  "scheduledend", "msp_taskcategory", "_ownerid_value", "statecode",
    "statuscode", "prioritycode", NULL,
};
static const char *const close_task_columns[] = {
    "statecode", "statuscode", "actualend", "subject", "description", NULL,
};
static const char *const milestone_columns[] = {
    "_ownerid_value",
    "_transactioncurrencyid_value",
    NULL,
};

static const struct plan_type types[] = {
    { "create_task", "tasks", "task", true, false, create_task_columns },
    { "update_task", "tasks", "task", false, false, update_task_columns },
    { "close_task", "tasks", "task", false, false, close_task_columns },
    { "create_milestone", "msp_engagementmilestones", "msp_engagementmilestone", true, true,
      milestone_columns },
    { "update_milestone", "msp_engagementmilestones", "msp_engagementmilestone", false, true,
      milestone_columns },
};

const struct plan_type *plan_type_find(const char *name)
{
    if (!name)
        return NULL;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    }
    return NULL;
}

static bool plain_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 128 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n &&
           !(*s >= '0' && *s <= '9');
}

bool plan_type_allows(const struct plan_type *t, const char *column)
{
    if (!plain_name(column))
        return false;
    for (const char *const *c = t->columns; *c; c++) {
        if (strcmp(*c, column) == 0)
            return true;
    }
    /* the number and the key are the service's own */
    if (!t->custom || strcmp(column, "msp_engagementmilestoneid") == 0 ||
        strcmp(column, "msp_milestonenumber") == 0)
        return false;
    return strncmp(column, "msp_", 4) == 0 || strncmp(column, "_msp_", 5) == 0;
}
