/* Metadata: shapes, how few requests it takes, and what the cache file may do wrong. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "test.h"

#include <ftw.h>
#include <sys/stat.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "odata_fixture.h"

static const char core[] =
    "{\"LogicalName\":\"task\",\"SchemaName\":\"Task\",\"EntitySetName\":\"tasks\","
    "\"PrimaryIdAttribute\":\"activityid\",\"PrimaryNameAttribute\":\"subject\","
    "\"IsOptimisticConcurrencyEnabled\":true,\"IsActivity\":true,\"MetadataId\":\"m\"}";
static const char attributes[] =
    "{\"value\":["
    "{\"LogicalName\":\"subject\",\"AttributeType\":\"String\",\"DisplayName\":"
    "{\"UserLocalizedLabel\":{\"Label\":\"Subject\"}},\"RequiredLevel\":{\"Value\":"
    "\"ApplicationRequired\"},\"IsValidForCreate\":true,\"IsValidForUpdate\":true,"
    "\"IsValidForRead\":true},"
    "{\"LogicalName\":\"owneridname\",\"AttributeType\":\"String\",\"AttributeOf\":\"ownerid\","
    "\"IsValidForRead\":true},"
    "{\"LogicalName\":\"ownerid\",\"AttributeType\":\"Owner\",\"DisplayName\":"
    "{\"UserLocalizedLabel\":null,\"LocalizedLabels\":[{\"Label\":\"Besitzer\"}]},"
    "\"RequiredLevel\":{\"Value\":\"SystemRequired\"},\"IsValidForCreate\":true,"
    "\"IsValidForUpdate\":true,\"IsValidForRead\":true},"
    "{\"LogicalName\":\"category\",\"AttributeType\":\"Picklist\",\"RequiredLevel\":"
    "{\"Value\":\"None\"},\"IsValidForRead\":true},"
    "{\"LogicalName\":\"due\",\"AttributeType\":\"DateTime\",\"IsValidForRead\":true}"
    "]}";
static const char picklists[] =
    "{\"value\":[{\"LogicalName\":\"category\",\"OptionSet\":null,\"GlobalOptionSet\":{\"Options\":["
    "{\"Value\":7,\"Label\":{\"UserLocalizedLabel\":{\"Label\":\"Seven\"}}},"
    "{\"Value\":8,\"Label\":{\"UserLocalizedLabel\":null,\"LocalizedLabels\":[]}}]}}]}";
static const char statuses[] =
    "{\"value\":[{\"LogicalName\":\"statuscode\",\"OptionSet\":{\"Options\":[{\"Value\":2,\"State\":0,"
    "\"Label\":{\"UserLocalizedLabel\":{\"Label\":\"Not Started\"}}}]}}]}";
static const char booleans[] =
    "{\"value\":[{\"LogicalName\":\"isbilled\",\"OptionSet\":{\"TrueOption\":{\"Value\":1,\"Label\":"
    "{\"UserLocalizedLabel\":{\"Label\":\"Yes\"}}},\"FalseOption\":{\"Value\":0,\"Label\":"
    "{\"UserLocalizedLabel\":{\"Label\":\"No\"}}}}}]}";
static const char relations[] =
    "{\"value\":[{\"SchemaName\":\"a\",\"ReferencedEntity\":\"account\",\"ReferencingAttribute\":"
    "\"regardingobjectid\",\"ReferencingEntityNavigationPropertyName\":"
    "\"regardingobjectid_account_task\"},"
    "{\"SchemaName\":\"o\",\"ReferencedEntity\":\"owner\",\"ReferencingAttribute\":\"ownerid\","
    "\"ReferencingEntityNavigationPropertyName\":\"ownerid\"}]}";
static const char base_relations[] =
    "{\"value\":[{\"SchemaName\":\"b\",\"ReferencedEntity\":\"lead\",\"ReferencingAttribute\":"
    "\"regardingobjectid\",\"ReferencingEntityNavigationPropertyName\":"
    "\"regardingobjectid_lead\"}]}";
static const char set_def[] =
    "{\"value\":[{\"LogicalName\":\"task\",\"EntitySetName\":\"tasks\",\"PrimaryIdAttribute\":"
    "\"activityid\"}]}";
static const char none[] = "{\"value\":[]}";
static const char no_table[] =
    "{\"error\":{\"code\":\"0x80060888\",\"message\":\"no such entity\"}}";

struct route {
    const char *in;
    const char *body;
};

static const struct route routes[] = {
    { "EntityDefinitions?$select=LogicalName,EntitySetName,PrimaryIdAttribute&$filter=EntitySetName"
      "%20eq%20'tasks'",
      set_def },
    { "&$filter=EntitySetName", none },
    { "EntityDefinitions?$select=LogicalName", "{\"value\":[{\"LogicalName\":\"task\"},"
                                               "{\"LogicalName\":\"account\"}]}" },
    { "'task')?$select=", core },
    { "'task')/Attributes?", attributes },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.PicklistAttributeMetadata?", picklists },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.StatusAttributeMetadata?", statuses },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.BooleanAttributeMetadata?", booleans },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.LookupAttributeMetadata?",
      "{\"value\":[{\"LogicalName\":\"ownerid\",\"Targets\":[\"systemuser\",\"team\"]}]}" },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.DateTimeAttributeMetadata?",
      "{\"value\":[{\"LogicalName\":\"due\",\"DateTimeBehavior\":{\"Value\":\"UserLocal\"}}]}" },
    { "'task')/Attributes/Microsoft.Dynamics.CRM.StringAttributeMetadata?",
      "{\"value\":[{\"LogicalName\":\"subject\",\"MaxLength\":200}]}" },
    { "'task')/Attributes/", none },
    { "'task')/ManyToOneRelationships?", relations },
    { "'activitypointer')/ManyToOneRelationships?", base_relations },
};

struct fx {
    struct fake server;
    struct msx_ctx ctx;
    struct msx_odata *o;
    char dir[64];
    int asked;
    int64_t now;
    bool fail;
};

static void serve(void *user, const struct fake_req *req, struct fake_res *res)
{
    struct fx *x = user;

    x->asked++;
    if (x->fail) {
        fake_reply(res, 400, "", "{\"error\":{\"code\":\"0x80040216\",\"message\":\"broken\"}}");
        return;
    }
    for (size_t i = 0; i < sizeof(routes) / sizeof(*routes); i++)
        if (strstr(req->path, routes[i].in)) {
            fake_reply(res, 200, "", routes[i].body);
            return;
        }
    fake_reply(res, 404, "", no_table);
}

static int64_t now(void *user)
{
    return ((struct fx *)user)->now;
}

static void reopen(struct fx *x)
{
    msx_odata_free(x->o);
    x->o = NULL;
    x->asked = 0;
    x->o = odata_on(&x->server, &x->ctx);
}

static int setup(void **state)
{
    struct fx *x = calloc(1, sizeof(*x));

    assert_non_null(x);
    snprintf(x->dir, sizeof(x->dir), "/tmp/msx-meta-XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    fake_start(&x->server, serve, x);
    fake_ctx(&x->ctx);
    x->now = 1792000000;
    x->ctx.now_s = now;
    x->ctx.now_user = x;
    x->ctx.cache_dir = x->dir;
    reopen(x);
    *state = x;
    return 0;
}

static int forget(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st;
    (void)type;
    (void)at;
    return remove(path);
}

static int teardown(void **state)
{
    struct fx *x = *state;

    msx_odata_free(x->o);
    fake_stop(&x->server);
    (void)nftw(x->dir, forget, 8, FTW_DEPTH | FTW_PHYS);
    free(x);
    return 0;
}

static const json_t *property(const json_t *table, const char *name)
{
    const json_t *list = json_object_get(table, "properties");
    size_t i;
    const json_t *p;

    json_array_foreach(list, i, p) {
        if (strcmp(msx_json_str_or(p, "name", ""), name) == 0)
            return p;
    }
    return NULL;
}

static void a_table_in_short_form(void **state)
{
    struct fx *x = *state;
    json_t *t = NULL;
    json_t *again = NULL;
    const json_t *p;
    struct msx_error err = MSX_ERROR_INIT;
    json_int_t n;

    if (msx_meta_table(x->o, "task", &t, &err))
        fail_msg("%s", err.msg);
    assert_string_equal(msx_json_str(t, "entitySetName"), "tasks");
    assert_string_equal(msx_json_str(t, "primaryId"), "activityid");
    assert_string_equal(msx_json_str(t, "primaryName"), "subject");
    assert_true(msx_json_bool_or(t, "optimisticConcurrency", false));
    assert_int_equal(json_array_size(json_object_get(t, "properties")), 4);
    assert_null(property(t, "owneridname"));
    assert_string_equal(msx_json_str(json_array_get(json_object_get(t, "properties"), 0), "name"),
                        "category");
    p = property(t, "subject");
    assert_string_equal(msx_json_str(p, "displayName"), "Subject");
    assert_true(msx_json_bool_or(p, "required", false));
    assert_true(msx_json_int(p, "maxLength", &n));
    assert_int_equal(n, 200);
    p = property(t, "ownerid");
    assert_string_equal(msx_json_str(p, "displayName"), "Besitzer");
    assert_string_equal(json_string_value(json_array_get(json_object_get(p, "lookupTargets"), 1)),
                        "team");
    p = property(t, "category");
    assert_false(msx_json_bool_or(p, "required", true));
    assert_int_equal(json_array_size(json_object_get(p, "options")), 2);
    assert_string_equal(msx_json_str(property(t, "due"), "dateBehavior"), "UserLocal");
    assert_int_equal(x->asked, 11);
    assert_int_equal(msx_meta_table(x->o, "task", &again, &err), MSX_OK);
    assert_ptr_equal(again, t);
    assert_int_equal(x->asked, 11);
}

static void options_take_few_requests(void **state)
{
    struct fx *x = *state;
    json_t *o = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    json_int_t n;

    assert_int_equal(msx_meta_options(x->o, "task", "statuscode", &o, &err), MSX_OK);
    assert_int_equal(x->asked, 1);
    assert_int_equal(json_array_size(o), 1);
    assert_true(msx_json_int(json_array_get(o, 0), "state", &n));
    assert_int_equal(n, 0);
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, &err), MSX_OK);
    assert_int_equal(x->asked, 2);
    assert_string_equal(msx_json_str(json_array_get(o, 0), "label"), "Seven");
    assert_true(json_is_null(json_object_get(json_array_get(o, 1), "label")));
    assert_int_equal(msx_meta_options(x->o, "task", "isbilled", &o, &err), MSX_OK);
    assert_int_equal(x->asked, 4);
    assert_string_equal(msx_json_str(json_array_get(o, 1), "label"), "Yes");
    assert_int_equal(msx_meta_options(x->o, "task", "subject", &o, &err), MSX_E_NOTFOUND);
    assert_int_equal(msx_meta_options(x->o, "task", "a'b", &o, &err), MSX_E_USAGE);
    assert_int_equal(msx_meta_options(x->o, "ta')sk", "b", &o, &err), MSX_E_USAGE);
    assert_int_equal(x->asked, 4);
}

static void navigation_properties(void **state)
{
    struct fx *x = *state;
    MSX_AUTO(msx_free_p) char *a = NULL;
    MSX_AUTO(msx_free_p) char *b = NULL;
    MSX_AUTO(msx_free_p) char *c = NULL;
    char *none_such = NULL;

    assert_int_equal(msx_meta_nav(x->o, "task", "regardingobjectid", "account", &a, NULL), MSX_OK);
    assert_string_equal(a, "regardingobjectid_account_task");
    assert_int_equal(msx_meta_nav(x->o, "task", "ownerid", "systemuser", &b, NULL), MSX_OK);
    assert_string_equal(b, "ownerid");
    assert_int_equal(x->asked, 1);
    assert_int_equal(msx_meta_nav(x->o, "task", "regardingobjectid", "lead", &c, NULL), MSX_OK);
    assert_string_equal(c, "regardingobjectid_lead");
    assert_int_equal(x->asked, 2);
    assert_int_equal(msx_meta_nav(x->o, "task", "regardingobjectid", "x", &none_such, NULL),
                     MSX_E_NOTFOUND);
    assert_null(none_such);
    assert_int_equal(x->asked, 2);
}

static void sets_name_their_table(void **state)
{
    struct fx *x = *state;
    const char *logical = NULL, *key = NULL;

    assert_int_equal(msx_meta_set(x->o, "tasks", &logical, &key, NULL), MSX_OK);
    assert_string_equal(logical, "task");
    assert_string_equal(key, "activityid");
    assert_int_equal(msx_meta_set(x->o, "tasks", &logical, &key, NULL), MSX_OK);
    assert_int_equal(x->asked, 1);
    assert_int_equal(msx_meta_set(x->o, "nothings", &logical, &key, NULL), MSX_OK);
    assert_null(logical);
    assert_null(key);
    reopen(x);
    assert_int_equal(msx_meta_set(x->o, "tasks", &logical, &key, NULL), MSX_OK);
    assert_string_equal(key, "activityid");
    assert_int_equal(x->asked, 0);
}

static void an_unknown_table_is_named(void **state)
{
    struct fx *x = *state;
    json_t *t = NULL;
    struct msx_error err = MSX_ERROR_INIT;

    assert_int_equal(msx_meta_table(x->o, "tasc", &t, &err), MSX_E_NOTFOUND);
    assert_non_null(strstr(err.msg, "'tasc'"));
    assert_non_null(strstr(err.hint, "'task'"));
    x->fail = true;
    assert_int_equal(msx_meta_table(x->o, "task", &t, &err), MSX_E_REJECTED);
    assert_non_null(strstr(err.msg, "broken"));
    x->fail = false; /* a failure is not remembered */
    assert_int_equal(msx_meta_table(x->o, "task", &t, &err), MSX_OK);
}

static char *cache_path(const struct fx *x)
{
    return msx_asprintf("%s/127.0.0.1_%d/meta-task.json", x->dir, x->server.port);
}

static void the_file_cache_is_good_for_a_day(void **state)
{
    struct fx *x = *state;
    MSX_AUTO(msx_free_p) char *path = cache_path(x);
    json_t *o = NULL;
    char *nav = NULL;
    struct stat st;

    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    reopen(x);
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    assert_int_equal(x->asked, 0);
    assert_int_equal(msx_meta_nav(x->o, "task", "regardingobjectid", "account", &nav, NULL),
                     MSX_OK);
    assert_int_equal(x->asked, 1); /* only what was not there yet */
    msx_free(nav);
    reopen(x);
    x->now += 24 * 3600 - 1;
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    assert_int_equal(x->asked, 0);
    reopen(x);
    x->now += 1;
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    assert_int_equal(x->asked, 1);
    reopen(x);
    x->ctx.no_cache = true;
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    assert_int_equal(x->asked, 1);
}

static void a_bad_cache_file_is_passed_over(void **state)
{
    struct fx *x = *state;
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"format\":2}",
        "{\"format\":1,\"sections\":[]}",
        "{\"format\":1,\"sections\":{\"picklist\":{\"at\":1792000000,\"data\":{}}}}",
        "{\"format\":1,\"sections\":{\"picklist\":{\"at\":1892000000,\"data\":[]}}}",
        "{\"format\":1,\"sections\":{\"picklist\":{\"data\":[]}}}",
    };
    MSX_AUTO(msx_free_p) char *path = cache_path(x);
    json_t *o = NULL;

    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        assert_int_equal(msx_file_replace(path, bad[i], strlen(bad[i]), 0600, NULL), MSX_OK);
        reopen(x);
        assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
        assert_int_equal(json_array_size(o), 2);
        assert_int_equal(x->asked, 1);
    }
    /* a folder that cannot be written only means no cache */
    x->ctx.cache_dir = "/proc/no-such-folder";
    reopen(x);
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
    x->ctx.cache_dir = NULL;
    reopen(x);
    assert_int_equal(msx_meta_options(x->o, "task", "category", &o, NULL), MSX_OK);
}

static void *load_table(void *arg)
{
    struct fx *x = arg;
    json_t *t = NULL;
    const char *logical = NULL, *key = NULL;

    if (msx_meta_table(x->o, "task", &t, NULL) || msx_meta_set(x->o, "tasks", &logical, &key, NULL))
        return NULL;
    return t;
}

static void threads_share_one_load(void **state)
{
    struct fx *x = *state;
    pthread_t threads[6];
    void *got[6];

    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, load_table, x), 0);
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_join(threads[i], &got[i]), 0);
    for (int i = 0; i < 6; i++) {
        assert_non_null(got[i]);
        assert_ptr_equal(got[i], got[0]);
    }
    assert_int_equal(x->asked, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        T(a_table_in_short_form),           T(options_take_few_requests),
        T(navigation_properties),           T(sets_name_their_table),
        T(an_unknown_table_is_named),       T(the_file_cache_is_good_for_a_day),
        T(a_bad_cache_file_is_passed_over), T(threads_share_one_load),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
