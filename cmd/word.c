/* File names as words of a shell, so that every command in a hint can be pasted. */
#include "cmd.h"

#include <string.h>

#include "msxops/mem.h"

static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                           "_./:=+@%^,-";

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

char *cmd_shell_word(const char *s)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);
    bool control = false;
    bool plain = *s != '\0';

    for (const char *c = s; *c; c++) {
        control = control || is_control((unsigned char)*c);
        plain = plain && ((unsigned char)*c >= 0x80 || strchr(safe, *c));
    }
    if (*s == '-') /* not an option */
        msx_buf_adds(&b, "./");
    if (plain) {
        msx_buf_adds(&b, s);
    } else {
        msx_buf_adds(&b, control ? "$'" : "'");
        for (const char *c = s; *c; c++) {
            if (control && is_control((unsigned char)*c))
                msx_buf_addf(&b, "\\%03o", (unsigned)(unsigned char)*c);
            else if (control && (*c == '\'' || *c == '\\'))
                msx_buf_addf(&b, "\\%c", *c);
            else if (*c == '\'')
                msx_buf_adds(&b, "'\\''");
            else
                msx_buf_addc(&b, *c);
        }
        msx_buf_addc(&b, '\'');
    }
    return b.failed ? NULL : msx_strndup(b.data, b.len);
}

/* text with every word PLAN replaced by the path. NULL when there is none, or out of memory. */
static char *with_plan(const char *text, const char *path)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(65536);
    MSX_AUTO(msx_free_p) char *word = cmd_shell_word(path);
    bool found = false;

    for (const char *c = text; word && *c;) {
        if (strncmp(c, "PLAN", 4) == 0 && (c == text || c[-1] == ' ') && strchr(" ,;'", c[4])) {
            msx_buf_adds(&b, word);
            found = true;
            c += 4;
        } else {
            msx_buf_addc(&b, *c++);
        }
    }
    return found && !b.failed ? msx_strndup(b.data, b.len) : NULL;
}

void cmd_name_plan(struct msx_error *err, const char *path)
{
    MSX_AUTO(msx_free_p) char *hint = err->hint[0] ? with_plan(err->hint, path) : NULL;

    /* a hint that would be cut cannot be pasted */
    if (hint && strlen(hint) < sizeof err->hint)
        msx_hint(err, "%s", hint);
}

void cmd_name_plan_in(json_t *rows, const char *path)
{
    size_t i;
    json_t *row;

    json_array_foreach(rows, i, row) {
        const char *hint = msx_json_str(row, "hint");
        MSX_AUTO(msx_free_p) char *named = hint ? with_plan(hint, path) : NULL;

        /* without memory for it the row still says what happened */
        if (named)
            (void)msx_json_set_str(row, "hint", named);
    }
}
