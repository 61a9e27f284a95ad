/* Text preparation: folding, lines, sentences, tokens, clauses; overlap, excerpts, the JSON field.
 */
#include "skill_text.h"

#include <time.h>

#include "skill/signal_priv.h"
#include "skill/unicode.h"

static void classes_and_lower_case(void **state)
{
    (void)state;
    assert_int_equal(msx_u_class('a'), 'L');
    assert_int_equal(msx_u_class('Z'), 'L');
    assert_int_equal(msx_u_class('0'), 'N');
    assert_int_equal(msx_u_class('9'), 'N');
    assert_int_equal(msx_u_class('_'), 0);
    assert_int_equal(msx_u_class('@'), 0);
    assert_int_equal(msx_u_class('['), 0);
    assert_int_equal(msx_u_class(0xE4), 'L');   /* a umlaut */
    assert_int_equal(msx_u_class(0x0416), 'L'); /* Cyrillic */
    assert_int_equal(msx_u_class(0x0301), 'M'); /* combining acute */
    assert_int_equal(msx_u_class(0x0664), 'N'); /* Arabic digit */
    assert_int_equal(msx_u_class(0x6F22), 'L'); /* Han */
    assert_int_equal(msx_u_class(0x1F600), 0);  /* emoji */
    assert_int_equal(msx_u_class(0xFFFD), 0);
    assert_int_equal(msx_u_class(0x10FFFF), 0);
    assert_int_equal(msx_u_lower('A'), 'a');
    assert_int_equal(msx_u_lower('['), '[');
    assert_int_equal(msx_u_lower(0xC4), 0xE4);
    assert_int_equal(msx_u_lower(0xD7), 0xD7); /* multiplication sign, amid the capitals */
    assert_int_equal(msx_u_lower(0x0416), 0x0436);
    assert_int_equal(msx_u_lower(0x0100), 0x0101);
    assert_int_equal(msx_u_lower(0x0101), 0x0101);
    assert_int_equal(msx_u_lower(0x0130), 'i'); /* one character to one */
    assert_int_equal(msx_u_lower(0x1E9E), 0xDF);
    assert_int_equal(msx_u_lower(0x10400), 0x10428);
    assert_int_equal(msx_u_lower(0x10FFFF), 0x10FFFF);
}

/* ---- sentences as text: tokens, "|" between clauses, " /" after a sentence, " ?/" after a
 * question ---- */

static struct msx_buf shown = MSX_BUF_INIT(1 << 20);

static void show(void *ctx, struct sentence *s)
{
    (void)ctx;
    for (size_t i = 0; i < s->n; i++) {
        const struct token *t = &s->tok[i];

        if (shown.len && !strchr(" =", shown.data[shown.len - 1]))
            msx_buf_addc(&shown, ' ');
        if (i && t->clause != s->tok[i - 1].clause)
            msx_buf_adds(&shown, "| ");
        if (t->barrier)
            msx_buf_adds(&shown, "<>");
        else
            msx_buf_add(&shown, t->s, t->len);
    }
    msx_buf_adds(&shown, s->question ? " ?/" : " /");
}

static void show_walk(void *ctx, struct sentence *s, bool value)
{
    if (value)
        msx_buf_adds(&shown, " =");
    show(ctx, s);
}

static const char *sentences(const char *text)
{
    struct prep p = { 0 };

    msx_buf_clear(&shown);
    text_sentences(&p, text, 0, 0, strlen(text), show, NULL);
    prep_release(&p);
    return shown.data;
}

static const char *walk(const char *text, bool markers, bool task)
{
    struct walk w = { .markers = markers, .task = task, .sentence = show_walk };

    msx_buf_clear(&shown);
    walk_text(&w, text);
    prep_release(&w.prep);
    return shown.data;
}

static void tokens(void **state)
{
    (void)state;
    assert_string_equal(sentences("Go-Live 5% of C# users+2 isn't $10,000 #1"),
                        "go live 5% of c# users+2 isn't $10 | 000 #1 /");
    assert_string_equal(sentences("a_b/c\\d=e&f"), "a b c d e f /");
    assert_string_equal(sentences("\xc3\x84RGER Stra\xc3\x9f"
                                  "e \xd0\x96\xd0\x96"),
                        "\xc3\xa4rger stra\xc3\x9f"
                        "e \xd0\xb6\xd0\xb6 /");
    assert_string_equal(sentences("e\xcc\x81t\xc3\xa9"), "e\xcc\x81t\xc3\xa9 /"); /* marks belong */
    assert_string_equal(sentences(""), "");
    assert_string_equal(sentences(" -- !! "), "");
    assert_string_equal(sentences("\xff\xfe bad \xc3 bytes \xe2\x80"), "bad bytes /");
    assert_string_equal(sentences("a\x01"
                                  "b"),
                        "a b /"); /* the byte that stands for placeholders is nobody's own */
}

static void quotes_dashes_and_blanks_are_folded(void **state)
{
    (void)state;
    assert_string_equal(
        sentences("can\xe2\x80\x99t can\xe2\x80\x98t can\xc2\xb4t can`t can\xca\xbct "
                  "can\xe2\x80\xb2t can\xe2\x80\x9bt can\xe2\x80\x9at"),
        "can't can't can't can't can't can't can't can't /");
    assert_string_equal(sentences("\xe2\x80\x9c"
                                  "a\xe2\x80\x9d \xc2\xab"
                                  "b\xc2\xbb \xe2\x80\xb3"
                                  "c\xe2\x80\x9e"),
                        "a b c /");
    assert_string_equal(sentences("go\xe2\x80\x91live go\xe2\x80\x94live go\xe2\x88\x92live"),
                        "go live go live go live /");
    assert_string_equal(sentences("a\xc2\xa0"
                                  "b\xe2\x80\x87"
                                  "c\xe2\x80\xaf"
                                  "d.\xc2\xa0"
                                  "e"),
                        "a b c d / e /");
}

static void sentence_ends(void **state)
{
    (void)state;
    assert_string_equal(sentences("One. Two; three! Four? five"),
                        "one / two / three / four ?/ five /");
    assert_string_equal(sentences("v1.5 is a.b;c"), "v1 5 is a b c /"); /* no white space behind */
    assert_string_equal(sentences("Really?!"), "really ?/");
    assert_string_equal(sentences("Really? "), "really ?/");
    assert_string_equal(sentences("Really?\tYes"), "really ?/ yes /");
    assert_string_equal(sentences("Is it (done?)"), "is it | done /");
}

static void clauses(void **state)
{
    (void)state;
    assert_string_equal(sentences("a, b: c (d) e"), "a | b | c | d | e /");
    assert_string_equal(
        sentences("a and b but c however d although e though f while g except h "
                  "whereas i then j"),
        "a and | b but | c however | d although | e though | f while | g except | h "
        "whereas | i then | j /");
    assert_string_equal(sentences("a [b] or c"), "a b or c /");
    assert_string_equal(sentences("a. b, c"), "a / b | c /");
}

static void placeholders_match_nothing(void **state)
{
    (void)state;
    assert_string_equal(sentences("a <<budget approved>> b"), "a <> b /");
    assert_string_equal(sentences("a<<x>>b"), "a <> b /");
    assert_string_equal(sentences("a << b > c >> d << e"), "a <> d e /");
    assert_true(msx_text_has_placeholder("x <<y>>"));
    assert_true(msx_text_has_placeholder("<<>>"));
    assert_false(msx_text_has_placeholder("x >> y << z"));
    assert_false(msx_text_has_placeholder(NULL));
    assert_int_equal(msx_text_real_chars(" ab  <<x>> c "), 6);
    assert_int_equal(msx_text_real_chars("<<x>>"), 0);
    assert_int_equal(msx_text_real_chars("<<x"), 3);
    assert_int_equal(msx_text_real_chars("\xc3\xa4"), 1);
    assert_int_equal(msx_text_real_chars(NULL), 0);
}

static void lines(void **state)
{
    (void)state;
    assert_string_equal(walk("one\ntwo\r\nthree\rfour\xe2\x80\xa8"
                             "five\xc2\x85six",
                             true, false),
                        "one / two / three / four / five / six /");
    assert_string_equal(walk("[2026-02-25] Confirm it", true, false), "confirm it /");
    assert_string_equal(walk("- [2026-02-25] Confirm it", true, false), "confirm it /");
    assert_string_equal(walk("[2026-02-25 Ana] Confirm it", true, false),
                        "2026 02 25 ana confirm it /");
    assert_string_equal(walk("> quoted\n>\nown\n >also quoted\n> q", true, false),
                        "own / also quoted /"); /* ">also" lacks the blank */
    assert_string_equal(walk("[2026-02-25 msxops SE-HYG-01] tool\nown", true, false), "own /");
    assert_string_equal(walk("[2026-02-25 msxopsy] own", true, false), "2026 02 25 msxopsy own /");
}

static void lines_of_the_tool_in_a_task(void **state)
{
    const char *text = "message\n> excerpt\nDone when: done\n[msxops:SE-HYG-01]\nown line";

    (void)state;
    assert_string_equal(walk(text, true, true), "own line /");
    assert_string_equal(walk("a\n[msxops:A]\nb\n[msxops:B] \nc", true, true), "c /");
    assert_string_equal(walk("a\n[msxops:A]\nb", true, false), "a / msxops | a / b /");
    assert_string_equal(walk("a\n[msxops:A] b", true, true), "a / msxops | a b /");
}

static void segments(void **state)
{
    (void)state;
    /* a marker is not searched, only topics look into its value */
    assert_string_equal(walk("Priority: datacenter exit. Now", true, false),
                        " =datacenter exit / =now /");
    assert_string_equal(walk("a b | c | Env: ready | d | e", true, false),
                        "a b c / =ready / d e /");
    assert_string_equal(walk("* Env: ready", true, false), " =ready /");
    assert_string_equal(walk("\xe2\x80\xa2 env: ready", true, false), " =ready /");
    assert_string_equal(walk("The Env: ready", true, false), "the env | ready /");
    assert_string_equal(walk("Envy: ready", true, false), "envy | ready /");
    assert_string_equal(walk("a|Env: ready", true, false), "a env | ready /");
    assert_string_equal(walk("Env: ready", false, false), "env | ready /"); /* a name */
}

static void line_dates(void **state)
{
    (void)state;
    assert_int_equal(msx_comment_line_date("[2026-02-25] a\n- [2026-02-26] b\n[2026-01-01] c"),
                     day("2026-02-26"));
    assert_int_equal(msx_comment_line_date("x [2026-02-25] a"), MSX_DAY_NONE);
    assert_int_equal(msx_comment_line_date("[2026-02-30] a"), MSX_DAY_NONE);
    assert_int_equal(msx_comment_line_date("[2026-02-251] a"), MSX_DAY_NONE);
    assert_int_equal(msx_comment_line_date("[2026-02-25 msxops X] a"), day("2026-02-25"));
    assert_int_equal(msx_comment_line_date("[2026-02-25"), day("2026-02-25"));
    assert_int_equal(msx_comment_line_date("[2026"), MSX_DAY_NONE);
    assert_int_equal(msx_comment_line_date(""), MSX_DAY_NONE);
    assert_int_equal(msx_comment_line_date(NULL), MSX_DAY_NONE);
}

static void excerpts(void **state)
{
    char text[400], *e;

    (void)state;
    e = text_excerpt("  a \t b\xc2\xa0 c  ", 0, 13, 0);
    assert_string_equal(e, "a b c");
    msx_free(e);
    for (size_t i = 0; i < 300; i++) /* characters 0..9 in turn, no blanks */
        text[i] = (char)('0' + i % 10);
    text[300] = '\0';
    e = text_excerpt(text, 0, 160, 100);
    assert_int_equal(strlen(e), 160); /* fits: nothing is cut */
    msx_free(e);
    e = text_excerpt(text, 0, 300, 105); /* begins 40 before */
    assert_int_equal(strlen(e), 160);
    assert_memory_equal(e, text + 65, 160);
    msx_free(e);
    e = text_excerpt(text, 0, 300, 10);
    assert_memory_equal(e, text, 160);
    msx_free(e);
    e = text_excerpt(text, 0, 300, 290); /* as near as the end allows */
    assert_memory_equal(e, text + 140, 160);
    msx_free(e);
    memset(text, 0, sizeof text);
    for (size_t i = 0; i < 190; i++)
        memcpy(text + 2 * i, "\xc3\xa4", 2);
    e = text_excerpt(text, 0, 380, 200); /* characters, not bytes */
    assert_int_equal(strlen(e), 320);
    msx_free(e);
    e = text_excerpt("", 0, 0, 0);
    assert_string_equal(e, "");
    msx_free(e);
}

static void keys(void **state)
{
    char *k = msx_text_fold_key("  Confirm \xc2\xa0 THE\tDate\xe2\x80\x99s ");

    (void)state;
    assert_string_equal(k, "confirmthedate's");
    msx_free(k);
    k = msx_text_fold_key(" ");
    assert_string_equal(k, "");
    msx_free(k);
}

#define NEAR(a, b) assert_true((a) - (b) < 1e-9 && (b) - (a) < 1e-9)

static void overlaps(void **state)
{
    (void)state;
    NEAR(msx_text_overlap("analytics platform", "the Analytics hub", NULL), 0.5);
    NEAR(msx_text_overlap("the Analytics hub", "analytics platform", NULL), 1);
    NEAR(msx_text_overlap("Contoso analytics platform", "Contoso analytics platform wave",
                          "Contoso"),
         1);
    NEAR(msx_text_overlap("Contoso analytics platform wave", "Contoso analytics platform",
                          "Contoso"),
         2.0 / 3);
    NEAR(msx_text_overlap("Contoso business unit rollout extension",
                          "Customer wants to extend the rollout to the new business unit",
                          "Contoso"),
         0.75);
    NEAR(msx_text_overlap("abc to of", "abc", NULL), 0);       /* no word of four characters */
    NEAR(msx_text_overlap("2026 1234", "2026 1234", NULL), 0); /* none with a letter */
    NEAR(msx_text_overlap("azure project", "azure project", NULL), 0); /* stop words */
    NEAR(msx_text_overlap("word word word", "word", NULL), 1);         /* a set */
    NEAR(msx_text_overlap(NULL, "x", NULL), 0);
    NEAR(msx_text_overlap("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", "\xc3\x84\xc3\x96\xc3\x9c\xc3\x9f",
                          NULL),
         1);
    NEAR(msx_text_overlap("Fabrikam Ltd rollout", "rollout", "FABRIKAM LTD."), 1);
    assert_int_equal(msx_text_common_words("data center exit plan", "exit the data center", NULL),
                     3);
    assert_int_equal(msx_text_common_words("", "", ""), 0);
}

static void comments_in_json(void **state)
{
    const char *text = "[{\"CommentText\": \"first\", \"ModifiedOn\": \"2026-02-20T10:00:00Z\","
                       " \"createdon\": \"2026-02-10\"},"
                       " {\"comment\": {\"by\": \"Ana\", \"lines\": [\"second\", 3]},"
                       "  \"commentDate\": \"not a date\", \"user\": \"Bob\"}]";
    json_t *texts;
    msx_day newest;

    (void)state;
    assert_int_equal(msx_comment_json(text, utc(), &texts, &newest, NULL), MSX_OK);
    assert_int_equal(json_array_size(texts), 3);
    assert_string_equal(json_string_value(json_array_get(texts, 0)), "first");
    assert_string_equal(json_string_value(json_array_get(texts, 1)), "Ana");
    assert_string_equal(json_string_value(json_array_get(texts, 2)), "second");
    assert_int_equal(newest, day("2026-02-20"));
    json_decref(texts);
    for (int i = 0; i < 6; i++) {
        static const char *const none[] = { "",        "{\"comment\":\"x\"}",
                                            "[\"x\"]", "[{\"comment\":\"x\"}, 3]",
                                            "[{",      "null" };

        assert_int_equal(msx_comment_json(none[i], utc(), &texts, &newest, NULL), MSX_OK);
        assert_int_equal(json_array_size(texts), 0);
        assert_int_equal(newest, MSX_DAY_NONE);
        json_decref(texts);
    }
    assert_int_equal(msx_comment_json(NULL, utc(), &texts, &newest, NULL), MSX_OK);
    json_decref(texts);
}

/* Texts made to be slow: one long sentence, rows of signs, unclosed placeholders. */
static void hostile_texts_take_their_length(void **state)
{
    static const char *const pieces[] = { "<<",    "blocked ",  "no blocker confirm ",
                                          ",",     "x. ",       " | ",
                                          "Env: ", "to be ",    "\n[",
                                          "a=b ",  "target 1 ", "> " };
    struct msx_lexicon *lx = default_lexicon();
    size_t size = 200000;
    char *text = msx_malloc(size + 32);
    clock_t begin;

    (void)state;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct record r = { 0 };
        size_t n = strlen(pieces[i]), len = 0;

        for (; len < size; len += n)
            memcpy(text + len, pieces[i], n);
        text[len] = '\0';
        begin = clock();
        add(&r, MSX_F_MC, text, NULL);
        add(&r, MSX_F_TD, text, NULL);
        (void)analyse(lx, &r);
        (void)value_of(lx, &r, "blocker");
        (void)msx_issue_class(lx, (const char *const *)&text, 1, "a b");
        (void)msx_text_overlap(text, text, text);
        (void)msx_text_real_chars(text);
        done(&r);
        if (clock() - begin > 8 * CLOCKS_PER_SEC) /* well under one without sanitizers */
            fail_msg("'%s' takes too long", pieces[i]);
    }
    msx_free(text);
    msx_lexicon_free(lx);
}

static int stop(void **state)
{
    (void)state;
    msx_buf_release(&shown);
    msx_tz_free(tz_utc);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_and_lower_case),
        cmocka_unit_test(tokens),
        cmocka_unit_test(quotes_dashes_and_blanks_are_folded),
        cmocka_unit_test(sentence_ends),
        cmocka_unit_test(clauses),
        cmocka_unit_test(placeholders_match_nothing),
        cmocka_unit_test(lines),
        cmocka_unit_test(lines_of_the_tool_in_a_task),
        cmocka_unit_test(segments),
        cmocka_unit_test(line_dates),
        cmocka_unit_test(excerpts),
        cmocka_unit_test(keys),
        cmocka_unit_test(overlaps),
        cmocka_unit_test(comments_in_json),
        cmocka_unit_test(hostile_texts_take_their_length),
    };

    return cmocka_run_group_tests(tests, NULL, stop);
}
