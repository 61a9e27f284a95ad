/* The little of Unicode that text preparation needs; the same in every locale. */
#ifndef MSX_SKILL_UNICODE_H
#define MSX_SKILL_UNICODE_H

#include <stdbool.h>
#include <stdint.h>

/* 'L' letter, 'M' mark, 'N' number (by general category), 0 for anything else. */
char msx_u_class(uint32_t cp);
/* Simple lower case: one character to one. */
uint32_t msx_u_lower(uint32_t cp);

#endif
