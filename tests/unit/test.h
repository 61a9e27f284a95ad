/* What every unit test includes: cmocka wants its five headers in this order. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */
#endif
