/* apply: show the cards, ask the person on the terminal itself, carry out. */
#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "msxops/cards.h"
#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/plan.h"
#include "stage.h"

struct apply_opts {
    struct strlist only;
    const char *confirm, *on_conflict;
    bool resume;
};
static const char *const conflicts[] = { "fail", "skip", "rebase", NULL };

#define OPTS struct apply_opts
static const struct opt apply_opts[] = {
    OPT_TEXT(0, "confirm", confirm, "ID", "the confirmation ID that 'msxops diff' printed"),
    OPT_LIST(0, "only", only, "OP", "only operation OP (may be repeated)"),
    OPT_ON(0, "resume", resume, "go on with an apply that was interrupted"),
    OPT_ONE_OF(0, "on-conflict", on_conflict, "WHAT", conflicts,
               "when a record changed since it was planned: fail, skip or rebase"),
    OPT_END,
};
#undef OPTS

static const struct msx_column report_cols[] = {
    { "id", "Op", MSX_CELL_TEXT, 0 },
    { "type", "Type", MSX_CELL_TEXT, 0 },
    { "record", "Record", MSX_CELL_TEXT, 16 },
    { "outcome", "Outcome", MSX_CELL_TEXT, 0 },
    { "verified", "Verified", MSX_CELL_TEXT, 0 },
    { "httpStatus", "HTTP", MSX_CELL_NUM, 0 },
    { "message", "Message", MSX_CELL_TEXT, 16 },
    { NULL, NULL, MSX_CELL_TEXT, 0 },
};

/* The person decides on the terminal, wherever standard input and output go. */
struct tty {
    FILE *in, *out;
};

static bool tty_open(struct tty *t)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    int fd2 = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);

    t->in = fd < 0 ? NULL : fdopen(fd, "r");
    t->out = fd2 < 0 ? NULL : fdopen(fd2, "w");
    if (t->in && t->out)
        return true;
    if (t->in)
        (void)fclose(t->in);
    else if (fd >= 0)
        (void)close(fd);
    if (t->out)
        (void)fclose(t->out);
    else if (fd2 >= 0)
        (void)close(fd2);
    return false;
}

static void tty_close(struct tty *t)
{
    (void)fclose(t->in);
    (void)fclose(t->out);
}

#define ASK_GONE (-1)

/* First letter of the answer, lower case; ASK_GONE at the end of input or an interrupt. */
static int ask(struct app *app, struct tty *t, const char *question, char *line, size_t size)
{
    (void)fputs(question, t->out);
    (void)fflush(t->out);
    if (msx_cancelled(&app->ctx) || !fgets(line, (int)size, t->in) || msx_cancelled(&app->ctx))
        return ASK_GONE;
    line[strcspn(line, "\r\n")] = '\0';
    return line[0] >= 'A' && line[0] <= 'Z' ? line[0] - 'A' + 'a' : line[0];
}

static void show(struct app *app, struct tty *t, const json_t *doc, const json_t *card)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(MSX_JSON_MAX_BYTES);

    if (card)
        msx_render_card(&b, card, out_width(app), app->color);
    else
        msx_render_cards(&b, doc, out_width(app), app->color);
    (void)fwrite(b.data, 1, b.len, t->out);
}

/* Whether op depends on one of the refused ones. */
static bool depends_on(const json_t *op, const json_t *refused)
{
    size_t i;
    json_t *d;

    json_array_foreach(json_object_get(op, "dependsOn"), i, d)
        if (json_is_string(d) && json_object_get(refused, json_string_value(d)))
            return true;
    return false;
}

static const json_t *card_of(const json_t *cards, const char *id)
{
    size_t i;
    json_t *c;

    json_array_foreach(json_object_get(cards, "cards"), i, c)
        if (id && strcmp(msx_json_str_or(c, "id", ""), id) == 0)
            return c;
    return NULL;
}

/* What the person has accepted must still be what the plan says after it was read again. */
static bool still_the_same(const json_t *chosen, const json_t *before, const json_t *now)
{
    static const char *const shown[] = { "type",        "record",    "rows", "customer",
                                         "opportunity", "milestone", "why" };
    size_t i;
    json_t *id;

    json_array_foreach((json_t *)(uintptr_t)chosen, i, id) {
        const json_t *a = card_of(before, json_string_value(id));
        const json_t *b = card_of(now, json_string_value(id));

        for (size_t k = 0; k < sizeof shown / sizeof *shown; k++)
            if (!a || !b || !json_equal(json_object_get(a, shown[k]), json_object_get(b, shown[k])))
                return false;
    }
    return true;
}

/* The strings of an array. New array (the strings borrowed), NULL when out of memory. */
static const char **id_list(const json_t *ids)
{
    const char **v = msx_calloc(json_array_size(ids) + 1, sizeof *v);

    for (size_t i = 0; v && i < json_array_size(ids); i++)
        v[i] = json_string_value(json_array_get(ids, i));
    return v;
}

/* The ID of the operations that are in ids, of all when it is empty. */
static enum msx_code confirmation_of(const struct msx_plan *plan, const json_t *ids, char out[13],
                                     struct msx_error *err)
{
    const char **v = id_list(ids);
    size_t n = json_array_size(ids);
    enum msx_code rc;

    if (!v)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = msx_plan_confirmation(plan->doc, n ? v : NULL, n, out, err);
    msx_free(v);
    return rc;
}

static bool listed(const json_t *ids, const char *id)
{
    size_t i;
    json_t *v;

    json_array_foreach((json_t *)(uintptr_t)ids, i, v)
        if (strcmp(json_string_value(v), id) == 0)
            return true;
    return false;
}

/* The cards of what --only names, with the confirmation ID of exactly that. */
static enum msx_code cards_of(const struct msx_plan *plan, const json_t *only, json_t **out,
                              struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *doc = NULL;
    char confirm[13];
    json_t *cards;
    enum msx_code rc = confirmation_of(plan, only, confirm, err);

    if (!rc)
        rc = msx_plan_cards(plan, &doc, err);
    if (rc)
        return rc;
    cards = msx_json_arr(doc, "cards");
    for (size_t i = json_array_size(cards); json_array_size(only) && i > 0; i--)
        if (!listed(only, msx_json_str_or(json_array_get(cards, i - 1), "id", "")))
            (void)json_array_remove(cards, i - 1);
    if (json_object_set_new(doc, "count", json_integer((json_int_t)json_array_size(cards))) < 0 ||
        msx_json_set_str(doc, "confirmation", confirm) < 0)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    *out = MSX_STEAL(doc);
    return MSX_OK;
}

/* One operation after the other, as git add -p. chosen gets the accepted ids. */
static enum msx_code one_by_one(struct app *app, struct tty *t, const char *path,
                                struct msx_plan **plan, json_t **cards, const json_t *only,
                                json_t *chosen, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *refused = json_object();
    bool all = false;
    char line[4096];

    for (size_t i = 0; i < json_array_size(json_object_get(*cards, "cards")); i++) {
        const json_t *card = json_array_get(json_object_get(*cards, "cards"), i);
        const char *id = msx_json_str_or(card, "id", "");
        int c = all ? 'y' : 0;

        if (depends_on(card, refused)) {
            fprintf(t->out, "%s depends on one that you left out: left out too\n", id);
            json_object_set_new(refused, id, json_true());
            continue;
        }
        if (!all) {
            show(app, t, NULL, card);
            c = ask(app, t, "Apply this operation? [y,n,e,s,a,q,?] ", line, sizeof line);
        }
        switch (c) {
        case 'a':
            all = true;
            json_array_append_new(chosen, json_string(id));
            break;
        case 'y':
            json_array_append_new(chosen, json_string(id));
            break;
        case 'n':
            json_object_set_new(refused, id, json_true());
            break;
        case 'q': /* this one and all that follow; what was accepted before is applied */
            i = json_array_size(json_object_get(*cards, "cards"));
            break;
        case ASK_GONE:
            return msx_fail(err, MSX_E_CANCELLED, "nothing was applied");
        case 's':
            i--;
            break;
        case 'e': {
            struct msx_error why = MSX_ERROR_INIT;
            struct strlist set = { (const char *[]){ line }, 1 };
            enum msx_code rc = MSX_OK;

            if (ask(app, t, "FIELD=VALUE (or BLANK=VALUE): ", line, sizeof line) == ASK_GONE)
                return msx_fail(err, MSX_E_CANCELLED, "nothing was applied");
            /* the name of a blank in the texts, or of a field */
            rc = stage_edit(app, path, id, NULL, &set, true, &why);
            if (rc == MSX_E_USAGE) {
                why = (struct msx_error)MSX_ERROR_INIT;
                rc = stage_edit(app, path, id, &set, NULL, true, &why);
            }
            if (rc) {
                fprintf(t->out, "%s\n", why.msg);
            } else {
                MSX_AUTO(msx_json_free_p) json_t *before = MSX_STEAL(*cards);

                msx_plan_free(*plan);
                *plan = NULL;
                rc = msx_plan_load(path, plan, err);
                if (!rc)
                    rc = cards_of(*plan, only, cards, err);
                if (!rc && !still_the_same(chosen, before, *cards))
                    rc = msx_fail(err, MSX_E_CONFLICT,
                                  "somebody else changed the plan while you were reading it: "
                                  "nothing was applied");
                if (rc)
                    return rc;
            }
            i--;
            break;
        }
        default:
            (void)fputs("y apply it, n leave it out, e edit a value, s show it again, a this and "
                        "all that follow, q leave out the rest\n",
                        t->out);
            i--;
        }
    }
    if (!json_array_size(chosen))
        return msx_fail(err, MSX_E_CANCELLED, "nothing was applied");
    return MSX_OK;
}

/* Show, ask. chosen comes with what --only names and leaves with what was accepted (empty: all);
 * confirm_out gets the ID of that. */
static enum msx_code ask_person(struct app *app, const char *path, struct msx_plan **plan,
                                json_t *chosen, char confirm_out[13], struct msx_error *err)
{
    struct tty t;
    MSX_AUTO(msx_json_free_p) json_t *only = json_copy(chosen);
    MSX_AUTO(msx_json_free_p) json_t *cards = NULL;
    char line[64];
    enum msx_code rc =
        only ? cards_of(*plan, only, &cards, err) : msx_fail(err, MSX_E_NOMEM, "out of memory");

    if (rc)
        return rc;
    if (!tty_open(&t)) {
        rc = msx_fail(err, MSX_E_USAGE, "no terminal to confirm on, nothing was applied");
        msx_hint(err, "msxops diff PLAN shows it and its ID; then msxops apply PLAN --confirm ID");
        return rc;
    }
    show(app, &t, cards, NULL);
    for (int c = 0; c != 'y' && !rc;) {
        c = ask(app, &t, "Apply all of this? [y,n,o (one by one)] ", line, sizeof line);
        if (c == 'o') {
            (void)json_array_clear(chosen);
            rc = one_by_one(app, &t, path, plan, &cards, only, chosen, err);
            break;
        }
        if (c == 'n' || c == 'q' || c == ASK_GONE)
            rc = msx_fail(err, MSX_E_CANCELLED, "nothing was applied");
    }
    tty_close(&t);
    return rc ? rc : confirmation_of(*plan, chosen, confirm_out, err);
}

static void progress(void *user, const json_t *row)
{
    struct app *app = user;

    app_say(app, "%s %s: %s", msx_json_str_or(row, "id", ""), msx_json_str_or(row, "record", ""),
            msx_json_str_or(row, "outcome", ""));
}

static enum msx_code run_apply(struct app *app, const void *opts, char **args, size_t nargs,
                               struct msx_error *err)
{
    const struct apply_opts *o = opts;
    MSX_AUTO(msx_plan_free_p) struct msx_plan *plan = NULL;
    MSX_AUTO(msx_json_free_p) json_t *chosen = json_array();
    MSX_AUTO(msx_json_free_p) json_t *report = NULL;
    struct msx_apply_options a = { .confirm = o->confirm, .resume = o->resume };
    struct msx_error print_err = MSX_ERROR_INIT;
    const char **ids = NULL;
    MSX_AUTO(msx_free_p) char *word = NULL;
    char confirm[13];
    const char *undo;
    enum msx_code rc = cmd_plan_load(args[0], &plan, err);

    (void)nargs;
    if (!rc)
        rc = app_login(app, err);
    if (!rc)
        rc = app_guard(app, &a.guard, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < o->only.n; i++)
        json_array_append_new(chosen, json_string(o->only.v[i]));
    if (!o->confirm && !o->resume) {
        rc = ask_person(app, args[0], &plan, chosen, confirm, err);
        if (rc) {
            cmd_name_plan(err, args[0]);
            return rc;
        }
        a.confirm = confirm;
    }
    ids = id_list(chosen);
    if (!ids)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    a.only = json_array_size(chosen) ? ids : NULL;
    a.only_n = json_array_size(chosen);
    if (o->on_conflict && strcmp(o->on_conflict, "skip") == 0)
        a.on_conflict = MSX_CONFLICT_SKIP;
    if (o->on_conflict && strcmp(o->on_conflict, "rebase") == 0)
        a.on_conflict = MSX_CONFLICT_REBASE;
    if (app->err_tty) {
        a.progress = progress;
        a.progress_user = app;
    }
    rc = msx_plan_apply(&app->crm, plan, &a, &report, err);
    msx_free(ids);
    if (rc)
        cmd_name_plan(err, args[0]);
    if (report) {
        cmd_name_plan_in(msx_json_arr(report, "operations"), args[0]);
        enum msx_code prc = out_result(
            app, report, &(struct view){ "operations", report_cols, "nothing to do" }, &print_err);

        undo = msx_json_str(report, "undo");
        word = undo ? cmd_shell_word(undo) : NULL;
        if (word)
            app_say(app, "undo: msxops diff %s", word);
        if (!rc && prc) {
            *err = print_err;
            rc = prc;
        }
    }
    return rc;
}

const struct cmd cmd_apply = {
    .path = "apply",
    .summary = "carry out a plan after you confirmed it",
    .about = "Show every operation, ask on the terminal, then write to CRM: each operation at most "
             "once, whatever happens in between. Without a terminal nothing is written unless "
             "--confirm gives the ID of the plan as it is now. Every apply leaves an undo plan.",
    .args = "PLAN",
    .min_args = 1,
    .max_args = 1,
    .needs = CMD_NEEDS_CONFIG,
    .effect = CMD_WRITES_REMOTE,
    .tool = "execute_all",
    .opts = apply_opts,
    .opts_size = sizeof(struct apply_opts),
    .examples = (const char *const[]){ "msxops diff week.plan.json && msxops apply week.plan.json",
                                       "msxops apply week.plan.json --resume", NULL },
    .run = run_apply,
};
