/* $batch of the sandbox: parts, change sets, references between them. */
#include "sandbox/multipart.h"
#include "sandbox_fixture.h"

#define PART "Content-Type: application/http\nContent-Transfer-Encoding: binary\n"
#define SET  "Content-Type: multipart/mixed; boundary=\"set\"\n\n"

static const struct header plain[] = { { "Content-Type", "multipart/mixed; boundary=\"b\"" },
                                       { NULL, NULL } };
static const struct header go_on[] = { { "Content-Type", "multipart/mixed;boundary=b" },
                                       { "Prefer", "odata.continue-on-error" },
                                       { NULL, NULL } };

/* Send a body written with LF as it stands, or with CRLF. */
static int batch(struct fixture *f, const char *body, const struct header *headers, bool crlf)
{
    struct msx_buf b = MSX_BUF_INIT(1 << 20);
    int status;

    for (const char *p = body; *p; p++) {
        if (*p == '\n' && crlf)
            msx_buf_addc(&b, '\r');
        msx_buf_addc(&b, *p);
    }
    status = ask(f, "POST", "$batch", b.data, headers);
    msx_buf_release(&b);
    return status;
}

static size_t count(const struct fixture *f, const char *text)
{
    size_t n = 0;

    for (const char *p = f->r.body.data; (p = strstr(p, text)); p++)
        n++;
    return n;
}

static long tasks(struct fixture *f)
{
    assert_int_equal(get(f, "tasks/$count"), 200);
    return strtol(f->r.body.data + 3, NULL, 10);
}

static const char change_set[] =
    "\n--b\n" SET "--set\n" PART "Content-ID: 1\n\n"
    "POST /api/data/v9.2/tasks HTTP/1.1\nContent-Type: application/json; type=entry\n\n"
    "{\"subject\":\"in a set\",\"regardingobjectid_msp_engagementmilestone@odata.bind\":\"/msp_engagementmilestones(" MS1
    ")\"}\n"
    "--set\n" PART "Content-ID: 2\n\n"
    "PATCH $1 HTTP/1.1\nContent-Type: application/json\nIf-Match: *\n\n"
    "{\"description\":\"changed\"}\n"
    "--set--\n\n--b--\n";

static void a_change_set_is_done_whole(void **state)
{
    struct fixture *f = *state;
    long before = tasks(f);
    size_t effects = f->effects.n;

    assert_int_equal(batch(f, change_set, plain, true), 200);
    assert_memory_equal(sb_response_get(&f->r, "Content-Type"),
                        "multipart/mixed; boundary=batchresponse_", 39);
    assert_int_equal(count(f, "HTTP/1.1 204 No Content\r\n"), 2);
    assert_int_equal(count(f, "Content-ID: 1\r\n"), 1);
    assert_int_equal(count(f, "boundary=changesetresponse_"), 1);
    assert_int_equal(f->effects.n, effects + 2);
    assert_int_equal(tasks(f), before + 1);
    assert_int_equal(batch(f, change_set, plain, false), 200); /* bare line feeds */
    assert_int_equal(tasks(f), before + 2);
    assert_int_equal(get(f, "tasks?$filter=description eq 'changed'&$count=true"), 200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 2);
}

static void a_failed_change_set_leaves_nothing(void **state)
{
    static const char body[] = "--b\n" SET "--set\n" PART
                               "Content-ID: 1\n\nPOST tasks HTTP/1.1\n\n{\"subject\":\"lost\"}\n"
                               "--set\n" PART "Content-ID: 2\n\nPATCH tasks(" TASK2
                               ") HTTP/1.1\nIf-Match: W/\"1\"\n\n{\"subject\":\"x\"}\n--set--\n"
                               "--b\n" PART "\nGET WhoAmI HTTP/1.1\n\n\n--b--\n";
    struct fixture *f = *state;
    long before = tasks(f);
    size_t effects = f->effects.n;

    assert_int_equal(batch(f, body, plain, true),
                     412); /* stops; the body is multipart all the same */
    assert_int_equal(count(f, "HTTP/1.1 "), 1);
    assert_int_equal(count(f, "changesetresponse_"), 0);
    assert_int_equal(count(f, "0x80060882"), 1);
    assert_int_equal(batch(f, body, go_on, true), 200);
    assert_int_equal(count(f, "HTTP/1.1 412 Precondition Failed"), 1);
    assert_int_equal(count(f, "HTTP/1.1 200 OK"), 1);
    assert_int_equal(tasks(f), before);
    assert_int_equal(f->effects.n, effects);
}

static void what_was_rolled_back_has_no_name(void **state)
{
    static const char body[] =
        "--b\n" SET "--set\n" PART
        "Content-ID: 1\n\nPOST tasks HTTP/1.1\n\n{\"subject\":\"lost\"}\n"
        "--set\n" PART "Content-ID: 2\n\nPOST tasks HTTP/1.1\n\n{\"nope\":1}\n--set--\n"
        "--b\n" PART "\nPATCH $1 HTTP/1.1\n\n{\"subject\":\"x\"}\n--b--\n";
    struct fixture *f = *state;

    assert_int_equal(batch(f, body, go_on, true), 200);
    assert_int_equal(count(f, "'$1' does not exist in the batch context."), 1);
}

static void references_must_look_back(void **state)
{
    static const char body[] =
        "--b\n" SET "--set\n" PART "Content-ID: 1\n\nPATCH $2 HTTP/1.1\n\n{\"subject\":\"x\"}\n"
        "--set\n" PART
        "Content-ID: 2\n\nPOST tasks HTTP/1.1\n\n{\"subject\":\"y\"}\n--set--\n--b--\n";
    static const char bind[] =
        "--b\n" SET "--set\n" PART
        "Content-ID: m\n\nPOST http://sandbox.example/api/data/v9.2/msp_engagementmilestones HTTP/1.1\n\n"
        "{\"msp_name\":\"new\",\"msp_milestonecategory\":861980000,\"msp_milestonedate\":\"2026-05-01\",\"msp_OpportunityId@odata.bind\":\"/opportunities(" OPP1
        ")\"}\n"
        "--set\n" PART "Content-ID: t\n\nPOST /api/data/v9.2/tasks HTTP/1.1\n\n"
        "{\"subject\":\"below\",\"regardingobjectid_msp_engagementmilestone_task@odata.bind\":\"$m\"}\n--set--\n--b--\n";
    struct fixture *f = *state;

    assert_int_equal(batch(f, body, plain, true), 400);
    assert_int_equal(count(f, "Content-ID Reference: '$2' does not exist in the batch context."),
                     1);
    assert_int_equal(batch(f, bind, plain, true), 200);
    assert_int_equal(
        get(f, "tasks?$filter=regardingobjectid_msp_engagementmilestone_task/msp_name eq 'new'"),
        200);
    assert_int_equal(json_array_size(msx_json_arr(f->json, "value")), 1);
}

static void single_parts_run_in_order(void **state)
{
    static const char body[] =
        "--b\n" PART
        "Content-ID: 7\n\nPOST tasks HTTP/1.1\nPrefer: return=representation\n\n{\"subject\":\"single\"}\n"
        "--b\n" PART "\nGET tasks?$filter=subject%20eq%20'single'&$select=subject HTTP/1.1\n\n\n"
        "--b\n" PART "\nGET accounts?$select=nope HTTP/1.1\n\n\n"
        "--b\n" PART "\nPOST $batch HTTP/1.1\n\n\n"
        "--b\n" PART "\nnonsense\n\n\n--b--\n";
    struct fixture *f = *state;

    assert_int_equal(batch(f, body, go_on, true), 200);
    assert_int_equal(count(f, "HTTP/1.1 "), 5);
    assert_int_equal(count(f, "HTTP/1.1 201 Created"), 1);
    assert_int_equal(count(f, "HTTP/1.1 400 Bad Request"), 3);
    assert_int_equal(count(f, "\"subject\":\"single\""), 2);
    assert_int_equal(batch(f, body, plain, true), 400);
    assert_int_equal(count(f, "HTTP/1.1 "), 3);
}

static void a_get_cannot_stand_in_a_change_set(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(batch(f,
                           "--b\n" SET "--set\n" PART
                           "Content-ID: 1\n\nGET tasks HTTP/1.1\n\n\n--set--\n--b--\n",
                           plain, true),
                     400);
    assert_int_equal(count(f, "GET"), 1);
}

static void a_batch_that_cannot_be_read_is_one_error(void **state)
{
    static const struct header json[] = { { "Content-Type", "application/json" }, { NULL, NULL } };
    struct fixture *f = *state;
    struct msx_buf b = MSX_BUF_INIT(1 << 20);

    assert_int_equal(batch(f, "{}", json, true), 400);
    assert_non_null(f->json);
    assert_int_equal(batch(f, "no boundary here\n", plain, true), 400);
    assert_int_equal(batch(f, "--b--\n", plain, true), 400);
    for (int i = 0; i < 1001; i++)
        msx_buf_adds(&b, "--b\n" PART "\nGET WhoAmI HTTP/1.1\n\n\n");
    msx_buf_adds(&b, "--b--\n");
    assert_int_equal(batch(f, b.data, plain, true), 400);
    assert_non_null(strstr(error_text(f), "1000"));
    msx_buf_release(&b);
}

static void multipart_keeps_bodies_byte_for_byte(void **state)
{
    static const char text[] =
        "preamble\r\n--b  \r\nA: 1\r\n\r\nline\r\n--bx\r\n\r\n--b\r\n\r\n--b--\r\nepilogue";
    struct sb_parts parts;

    (void)state;
    assert_true(sb_multipart_parse(text, strlen(text), "b", &parts));
    assert_int_equal(parts.n, 2);
    assert_true(parts.closed);
    assert_int_equal(parts.item[0].len, 12);
    assert_memory_equal(parts.item[0].body, "line\r\n--bx\r\n", 12);
    assert_int_equal(parts.item[1].len, 0);
    sb_parts_release(&parts);
    assert_false(sb_multipart_parse("", 0, "b", &parts));
    sb_parts_release(&parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_set_is_done_whole),
        cmocka_unit_test(a_failed_change_set_leaves_nothing),
        cmocka_unit_test(what_was_rolled_back_has_no_name),
        cmocka_unit_test(references_must_look_back),
        cmocka_unit_test(single_parts_run_in_order),
        cmocka_unit_test(a_get_cannot_stand_in_a_change_set),
        cmocka_unit_test(a_batch_that_cannot_be_read_is_one_error),
        cmocka_unit_test(multipart_keeps_bodies_byte_for_byte),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
