/* The service document and $metadata. */
#include <stdio.h>
#include <string.h>

#include "service.h"

bool sb_service_document(struct sb_call *c)
{
    json_auto_t *body = json_object();
    json_t *list = json_array();
    char context[240];

    (void)snprintf(context, sizeof context, "%s$metadata", c->api);
    sb_set_str(body, "@odata.context", context);
    for (size_t i = 0; i < sb_n_tables; i++) {
        json_t *item = json_object();

        sb_set_str(item, "name", sb_tables[i]->set);
        sb_set_str(item, "kind", "EntitySet");
        sb_set_str(item, "url", sb_tables[i]->set);
        sb_append(list, item);
    }
    sb_set(body, "value", list);
    sb_response_json(c->r, 200, body);
    sb_response_header(c->r, "Content-Type", "application/json; odata.metadata=minimal");
    return true;
}

static void add_properties(struct msx_buf *b, const struct sb_table *t)
{
    char property[140];

    for (size_t i = 0; i < t->n; i++) {
        const struct sb_attr *a = &t->attr[i];

        if (!sb_property_name(a, property, sizeof property))
            continue;
        msx_buf_addf(b, "<Property Name=\"%s\" Type=\"%s\"", property, sb_edm_type(a));
        if (strcmp(a->name, t->pk) == 0)
            msx_buf_adds(b, " Nullable=\"false\"");
        if (sb_is_lookup(a))
            msx_buf_adds(b, "><Annotation Term=\"Org.OData.Core.V1.Computed\" Bool=\"true\"/>"
                            "</Property>");
        else
            msx_buf_adds(b, "/>");
    }
}

static void add_single(struct msx_buf *b, const struct sb_attr *a, const struct sb_target *g)
{
    msx_buf_addf(b, "<NavigationProperty Name=\"%s\" Type=\"mscrm.%s\" Nullable=\"true\"", g->nav,
                 a->type == SB_OWNER ? "principal" : g->table);
    if (a->type == SB_OWNER) {
        msx_buf_adds(b, "/>");
        return;
    }
    msx_buf_addf(b,
                 " Partner=\"%s\"><ReferentialConstraint Property=\"_%s_value\" "
                 "ReferencedProperty=\"%s\"/></NavigationProperty>",
                 g->collection, a->name, sb_table_by_name(g->table)->pk);
}

static void add_navigation(struct msx_buf *b, const struct sb_table *t)
{
    struct sb_relation r;

    for (size_t i = 0; i < t->n; i++) {
        const struct sb_attr *a = &t->attr[i];

        if (sb_is_lookup(a))
            for (size_t k = 0; k < (a->type == SB_OWNER ? 1 : a->n_targets); k++)
                add_single(b, a, &a->target[k]);
    }
    for (size_t i = 0; sb_relation_at(i, &r); i++) {
        if (r.parent != t)
            continue;
        msx_buf_addf(b, "<NavigationProperty Name=\"%s\" Type=\"Collection(mscrm.%s)\"",
                     r.target->collection, r.child->name);
        if (r.attr->type == SB_OWNER)
            msx_buf_adds(b, "/>");
        else
            msx_buf_addf(b, " Partner=\"%s\"/>", r.target->nav);
    }
}

static void add_type(struct msx_buf *b, const struct sb_table *t)
{
    msx_buf_addf(
        b, "<EntityType Name=\"%s\" BaseType=\"mscrm.%s\"><Key><PropertyRef Name=\"%s\"/></Key>",
        t->name,
        strcmp(t->name, "systemuser") == 0 || strcmp(t->name, "team") == 0 ? "principal"
                                                                           : "crmbaseentity",
        t->pk);
    add_properties(b, t);
    add_navigation(b, t);
    msx_buf_adds(b, "</EntityType>");
}

static void add_bindings(struct msx_buf *b, const struct sb_table *t)
{
    msx_buf_addf(b, "<EntitySet Name=\"%s\" EntityType=\"Microsoft.Dynamics.CRM.%s\">", t->set,
                 t->name);
    for (size_t i = 0; i < t->n; i++) {
        const struct sb_attr *a = &t->attr[i];

        for (size_t k = 0; sb_is_lookup(a) && a->type != SB_OWNER && k < a->n_targets; k++)
            msx_buf_addf(b, "<NavigationPropertyBinding Path=\"%s\" Target=\"%s\"/>",
                         a->target[k].nav, sb_table_by_name(a->target[k].table)->set);
    }
    msx_buf_adds(b, "</EntitySet>");
}

bool sb_metadata_document(struct sb_call *c)
{
    struct msx_buf *b = &c->r->body;

    msx_buf_adds(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><edmx:Edmx Version=\"4.0\" "
                    "xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\"><edmx:DataServices>"
                    "<Schema Namespace=\"Microsoft.Dynamics.CRM\" Alias=\"mscrm\" "
                    "xmlns=\"http://docs.oasis-open.org/odata/ns/edm\">"
                    "<EntityType Name=\"crmbaseentity\" Abstract=\"true\"/>"
                    "<EntityType Name=\"principal\" BaseType=\"mscrm.crmbaseentity\" "
                    "Abstract=\"true\"/>"
                    "<ComplexType Name=\"WhoAmIResponse\">"
                    "<Property Name=\"BusinessUnitId\" Type=\"Edm.Guid\" Nullable=\"false\"/>"
                    "<Property Name=\"UserId\" Type=\"Edm.Guid\" Nullable=\"false\"/>"
                    "<Property Name=\"OrganizationId\" Type=\"Edm.Guid\" Nullable=\"false\"/>"
                    "</ComplexType><Function Name=\"WhoAmI\">"
                    "<ReturnType Type=\"mscrm.WhoAmIResponse\" Nullable=\"false\"/></Function>");
    for (size_t i = 0; i < sb_n_tables; i++)
        add_type(b, sb_tables[i]);
    msx_buf_adds(b, "<EntityContainer Name=\"System\">");
    for (size_t i = 0; i < sb_n_tables; i++)
        add_bindings(b, sb_tables[i]);
    msx_buf_adds(b, "<FunctionImport Name=\"WhoAmI\" Function=\"Microsoft.Dynamics.CRM.WhoAmI\"/>"
                    "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>");
    c->r->status = 200;
    sb_response_header(c->r, "Content-Type", "application/xml");
    return true;
}
