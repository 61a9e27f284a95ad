/* Tests of flows as data: records from fixtures, a run against them, what must come out. */
#ifndef MSX_SKILL_SCENARIO_H
#define MSX_SKILL_SCENARIO_H

#include "msxops/skill.h"

/* Records of a case, by kind; what a CRM would answer from. */
struct msx_scene {
    json_t *users, *accounts, *opportunities, *milestones, *tasks, *team; /* arrays */
    const char *user_id; /* the running user; borrowed from users */
    const json_t *fail;  /* tools that fail ("crm_query:tasks", "get_milestones"); may be NULL */
    bool backwards;      /* answer in the opposite order */
};
enum msx_code msx_scene_build(const json_t *fixtures, const char *role, const json_t *test,
                              struct msx_scene *out, struct msx_error *err) MSX_MUST_CHECK;
void msx_scene_release(struct msx_scene *s);
/* A msx_call_tool_fn; user is the scene. */
enum msx_code msx_scene_call(void *user, struct msx_crm *crm, const char *tool,
                             const json_t *params, json_t **result, struct msx_error *err);

#endif
