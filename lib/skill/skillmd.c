/* SKILL.md: the head of a skill in the Agent Skills format. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "msxops/file.h"
#include "msxops/mem.h"
#include "msxops/yaml.h"
#include "skill/flow.h"

#define SKILL_MAX ((size_t)1 << 20)

/* The front matter between the two lines "---": its beginning, and its length in *n; or NULL. */
static const char *front_matter(const char *text, size_t *n)
{
    const char *start, *end;

    if (strncmp(text, "---\n", 4) != 0)
        return NULL;
    start = text + 4;
    end = strncmp(start, "---", 3) == 0 ? start : strstr(start, "\n---");
    if (!end)
        return NULL;
    *n = (size_t)(end - start);
    return start;
}

static enum msx_code read_head(const char *path, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_buf_release) struct msx_buf b = MSX_BUF_INIT(SKILL_MAX);
    MSX_AUTO(msx_free_p) char *name = NULL;
    const char *head;
    enum msx_code rc = msx_file_read(path, &b, err);
    size_t n = 0;

    if (rc)
        return rc;
    head = front_matter(b.data, &n);
    if (!head)
        return msx_fail(err, MSX_E_INVALID, "'%s': no front matter between '---' lines", path);
    name = msx_asprintf("'%s'", path);
    if (!name)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    return msx_yaml_parse(head, n, name, out, NULL, err);
}

static int add_skill(json_t *list, const char *folder, const char *path)
{
    MSX_AUTO(msx_json_free_p) json_t *head = NULL;
    struct msx_error err = MSX_ERROR_INIT;
    enum msx_code rc = read_head(path, &head, &err);

    if (rc == MSX_E_NOTFOUND)
        return 0;
    if (rc)
        return json_array_append_new(
            list, json_pack("{s:s, s:s, s:s}", "name", folder, "path", path, "error", err.msg));
    return json_array_append_new(
        list, json_pack("{s:s, s:s, s:s}", "name", msx_json_str_or(head, "name", folder),
                        "description", msx_json_str_or(head, "description", ""), "path", path));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int visible(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static enum msx_code skills_in(const char *dir, json_t *list, struct msx_error *err)
{
    MSX_AUTO(msx_free_p) char *root = msx_path_join(dir, "skills");
    struct dirent **entries = NULL;
    int n, failed = 0;

    if (!root)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    n = scandir(root, &entries, visible, by_name);
    for (int i = 0; i < n; i++) {
        MSX_AUTO(msx_free_p) char *path = msx_asprintf("%s/%s/SKILL.md", root, entries[i]->d_name);

        if (!failed)
            failed = path ? add_skill(list, entries[i]->d_name, path) : -1;
        free(entries[i]);
    }
    free(entries);
    return failed ? msx_fail(err, MSX_E_NOMEM, "out of memory") : MSX_OK;
}

enum msx_code msx_skill_files(const struct msx_ctx *ctx, json_t **out, struct msx_error *err)
{
    MSX_AUTO(msx_json_free_p) json_t *list = json_array();
    enum msx_code rc;

    if (!list)
        return msx_fail(err, MSX_E_NOMEM, "out of memory");
    rc = skills_in(ctx->data_dir, list, err);
    if (!rc && ctx->config_dir)
        rc = skills_in(ctx->config_dir, list, err);
    if (!rc)
        *out = MSX_STEAL(list);
    return rc;
}
