/* CreateMultiple, UpdateMultiple and UpsertMultiple: many records of one table, all or none. */
#include <stdio.h>
#include <string.h>

#include "body.h"
#include "msxops/json.h"
#include "msxops/text.h"
#include "service.h"

#define PREFIX "Microsoft.Dynamics.CRM."

enum action { CREATE, UPDATE, UPSERT };

/* A target must say its type, and it is the table's. */
static bool typed(struct sb_call *c, const json_t *target)
{
    const char *type = msx_json_str(target, "@odata.type");

    if (type && *type == '#')
        type++;
    if (type && strncmp(type, PREFIX, sizeof PREFIX - 1) == 0 &&
        strcmp(type + sizeof PREFIX - 1, c->table->name) == 0)
        return true;
    return sb_fail_payload(&c->e, c->table,
                           "Each of 'Targets' must be an object with the '@odata.type' '" PREFIX
                           "%s'.",
                           c->table->name);
}

static bool write_target(struct sb_call *c, enum action action, const json_t *target, json_t *ids)
{
    const char *key = msx_json_str(target, c->table->pk);
    char id[37] = "";
    int found = 0;

    if (!typed(c, target))
        return false;
    if (action != CREATE && key && !msx_guid_parse(key, id))
        return sb_fail_payload(&c->e, c->table,
                               "Cannot convert the literal '%.100s' to the "
                               "expected type 'Edm.Guid'.",
                               key);
    if (action == UPDATE && !*id)
        return sb_fail(&c->e, 400, "0x80040203", "Each of 'Targets' must have its '%s'.",
                       c->table->pk);
    if (*id && (found = sb_row_exists(c->conn, c->table, id, &c->e)) < 0)
        return false;
    if (action == UPDATE || found)
        return sb_write_update(c, c->table, id, target);
    if (!sb_write_new(c, c->table, target, NULL, NULL, id))
        return false;
    sb_append(ids, json_string(id));
    return true;
}

bool sb_write_multiple(struct sb_call *c, const char *action, bool *known)
{
    static const char *const names[] = { PREFIX "CreateMultiple", PREFIX "UpdateMultiple",
                                         PREFIX "UpsertMultiple" };
    json_auto_t *body = NULL;
    json_auto_t *answer = NULL;
    json_t *targets, *ids;
    char context[300];
    size_t a = 0;

    while (a < 3 && strcmp(action, names[a]) != 0)
        a++;
    *known = a < 3 && !(c->table->flags & (SB_ACTIVITY | SB_TABLE_READ_ONLY));
    if (!*known || !(body = sb_body_parse(c)))
        return false;
    targets = msx_json_arr(body, "Targets");
    if (!targets || !json_array_size(targets))
        return sb_fail_payload(&c->e, c->table, "'Targets' must be a list of records.");
    answer = json_object();
    ids = json_array();
    (void)snprintf(context, sizeof context, "%s$metadata#" PREFIX "CreateMultipleResponse", c->api);
    sb_set_str(answer, "@odata.context", context);
    sb_set(answer, "Ids", ids);
    for (size_t i = 0; i < json_array_size(targets); i++)
        if (!write_target(c, (enum action)a, json_array_get(targets, i), ids))
            return false;
    if (a != CREATE) {
        c->r->status = 204;
        return true;
    }
    sb_response_json(c->r, 200, answer);
    sb_response_header(c->r, "Content-Type", "application/json; odata.metadata=minimal");
    return true;
}
