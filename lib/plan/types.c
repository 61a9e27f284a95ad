/* The five kinds of operation and the columns each may write. */
#include <string.h>

#include "plan/plan_priv.h"

/* Closing is a change of state, with what may be said beside it. */
static const char *const close_task_columns[] = {
    "statecode", "statuscode", "actualend", "subject", "description", NULL,
};
/* The service's own columns: it sets them itself, and a plan that names one is a mistake. */
static const char *const never[] = {
    "activityid",
    "msp_engagementmilestoneid",
    "msp_milestonenumber",
    "createdon",
    "modifiedon",
    "overriddencreatedon",
    "versionnumber",
    "_createdby_value",
    "_modifiedby_value",
    "_owningbusinessunit_value",
    "_owninguser_value",
    "_owningteam_value",
    NULL,
};

static const struct plan_type types[] = {
    { "create_task", "tasks", "task", true, NULL },
    { "update_task", "tasks", "task", false, NULL },
    { "close_task", "tasks", "task", false, close_task_columns },
    { "create_milestone", "msp_engagementmilestones", "msp_engagementmilestone", true, NULL },
    { "update_milestone", "msp_engagementmilestones", "msp_engagementmilestone", false, NULL },
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

bool plan_type_is_task(const struct plan_type *t)
{
    return strcmp(t->logical, "task") == 0;
}

static bool plain_name(const char *s)
{
    size_t n = strlen(s);

    return n > 0 && n <= 128 && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n &&
           !(*s >= '0' && *s <= '9');
}

static bool in(const char *const *list, const char *column)
{
    for (; *list; list++) {
        if (strcmp(*list, column) == 0)
            return true;
    }
    return false;
}

bool plan_type_allows(const struct plan_type *t, const char *column)
{
    if (!plain_name(column) || in(never, column))
        return false;
    if (t->columns)
        return in(t->columns, column);
    /* a milestone is closed by its own status column; a task is born open */
    if (strcmp(column, "statecode") == 0 || strcmp(column, "statuscode") == 0)
        return plan_type_is_task(t) && !t->create;
    /* a task is not moved to another record */
    return strcmp(column, "_regardingobjectid_value") != 0 || t->create;
}
