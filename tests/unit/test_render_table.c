/* Tables, CSV, records and cards, with hostile text. */
#include "test.h"

#include <string.h>

#include "msxops/cards.h"
#include "msxops/mem.h"
#include "msxops/render.h"
#include "msxops/text.h"

static const struct msx_column cols[] = {
    { "n", "Name", MSX_CELL_TEXT, 6 }, { "s", "Status", MSX_CELL_LABEL, 0 },
    { "u", "USD", MSX_CELL_MONEY, 0 }, { "d", "Date", MSX_CELL_DAY, 0 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

static json_t *rows(void)
{
    return json_pack("[{s:s, s:i, s:s, s:f, s:s}, {s:s, s:n, s:i, s:n}]", "n",
                     "Contoso \xe6\x9d\xb1\xe4\xba\xac", "s", 861980001,
                     "s@OData.Community.Display.V1.FormattedValue", "At Risk", "u", 12345.5, "d",
                     "2026-03-02T10:00:00Z", "n", "x\x1b[31m\nred", "s", "u", 0, "d");
}

static void aligned_and_safe(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_json_free_p) json_t *r = rows();

    (void)state;
    msx_render_table(&b, r, cols, &(struct msx_table_style){ 0, false, NULL });
    assert_string_equal(b.data, "Name            Status      USD  Date\n"
                                "Contoso \xe6\x9d\xb1\xe4\xba\xac    At Risk  12,346  2026-03-02\n"
                                "x\\x1b[31m\\nred                0\n");
}

static void days_are_the_users_own(void **state)
{
    static const struct msx_column day[] = { { "d", "Date", MSX_CELL_DAY, 0 }, { .key = NULL } };
    MSX_AUTO(msx_json_free_p)
    json_t *r = json_pack("[{s:s}, {s:s}, {s:s}, {s:s}]", "d", "2026-03-19T23:00:00Z", "d",
                          "2026-03-20", "d", "2026-03-20T00:00:00Z", "d", "soon, very soon");
    struct msx_tz *tz = NULL;

    (void)state;
    assert_int_equal(msx_tz_open("Pacific/Auckland", &tz, NULL), MSX_OK);
    for (int csv = 0; csv < 2; csv++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);

        if (csv)
            msx_render_csv(&b, r, day, false, tz);
        else
            msx_render_table(&b, r, day, &(struct msx_table_style){ 0, false, tz });
        assert_string_equal(b.data,
                            csv ? "2026-03-20\r\n2026-03-20\r\n2026-03-20\r\n\"soon, very\"\r\n"
                                : "Date\n2026-03-20\n2026-03-20\n2026-03-20\nsoon, very\n");
    }
    msx_tz_free(tz);
}

static void shrinks_to_the_terminal(void **state)
{
    (void)state;
    for (size_t width = 30; width < 60; width++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);
        MSX_AUTO(msx_json_free_p) json_t *r = rows();

        msx_render_table(&b, r, cols, &(struct msx_table_style){ width, false, NULL });
        for (const char *line = b.data; *line;) {
            size_t n = strcspn(line, "\n");

            assert_in_range(msx_utf8_width(line, n), 1, width < 35 ? 35 : width);
            line += n + 1;
        }
    }
}

static void csv_is_safe_for_spreadsheets(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_json_free_p)
    json_t *r = json_pack("[{s:s, s:s, s:i, s:s}, {s:s, s:s}]", "a", "=1+1", "b", "say \"hi\", ok",
                          "n", -5, "z", "two\nlines", "a", "@cmd", "late", "-x");

    (void)state;
    msx_render_csv(&b, r, NULL, true, NULL);
    assert_string_equal(b.data, "a,b,n,z,late\r\n"
                                "\"'=1+1\",\"say \"\"hi\"\", ok\",-5,\"two\nlines\",\r\n"
                                "\"'@cmd\",,,,\"'-x\"\r\n");
}

static void money_rounds_half_away_from_zero(void **state)
{
    static const struct {
        double v;
        const char *text;
    } cases[] = { { 0, "0" },          { 0.5, "1" },      { -0.5, "-1" },
                  { 999.4, "999" },    { 1000, "1,000" }, { -1234567.5, "-1,234,568" },
                  { 1e6, "1,000,000" } };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(64);

        msx_render_money(&b, cases[i].v);
        assert_string_equal(b.data, cases[i].text);
    }
}

static void a_card_hides_nothing_that_is_written(void **state)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(1 << 20);
    MSX_AUTO(msx_free_p) char *longer = msx_malloc(3001);
    MSX_AUTO(msx_json_free_p) json_t *card = NULL;
    size_t seen = 0;

    (void)state;
    assert_non_null(longer);
    memset(longer, 'w', 3000);
    longer[3000] = '\0';
    card = json_pack(
        "{s:s, s:s, s:{s:s}, s:{s:s, s:s}, s:[{s:s, s:s, s:s, s:s}, {s:s, s:n, s:s, s:s}]}", "id",
        "OP-1", "type", "update_milestone", "customer", "name", "Con\x1btoso", "record", "number",
        "7-1", "name", "M", "rows", "field", "msp_forecastcomments", "before", "same\nold", "after",
        "same\nnew\n\x07"
        "bell",
        "changeType", "updated", "field", "x", "before", "after", longer, "changeType", "added");
    assert_non_null(card);
    msx_render_card(&b, card, 80, false);
    assert_non_null(strstr(b.data, "(1 line unchanged)\n    - old\n    + new\n    + \\x07bell\n"));
    assert_null(strchr(b.data, '\x1b'));
    for (const char *c = strstr(b.data, "\n  x ("); c && *c; c++)
        seen += *c == 'w';
    assert_int_equal(seen, 3000);
    for (const char *line = b.data; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(msx_utf8_width(line, strcspn(line, "\n")), 0, 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aligned_and_safe),
        cmocka_unit_test(days_are_the_users_own),
        cmocka_unit_test(shrinks_to_the_terminal),
        cmocka_unit_test(csv_is_safe_for_spreadsheets),
        cmocka_unit_test(money_rounds_half_away_from_zero),
        cmocka_unit_test(a_card_hides_nothing_that_is_written),
    };

    return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
