/* Guardrails: rules of skills/shared/guardrails.yaml over the operations of a plan. */
#ifndef MSXOPS_GUARD_H
#define MSXOPS_GUARD_H

#include "msxops/plan.h"

/* Loads the rules once. crm is borrowed and must outlive it. MSX_E_INVALID names file and line. */
enum msx_code msx_skill_guard_new(struct msx_crm *crm, struct msx_guard **out,
                                  struct msx_error *err) MSX_MUST_CHECK;
void msx_skill_guard_free(struct msx_guard *guard); /* NULL is fine */

#endif
