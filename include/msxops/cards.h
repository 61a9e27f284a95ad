/* Approval cards (the result of msx_plan_cards()) as text for people. */
#ifndef MSXOPS_CARDS_H
#define MSXOPS_CARDS_H

#include "msxops/render.h"

/* Append one card. width 0: 80 columns. */
void msx_render_card(struct msx_buf *b, const json_t *card, size_t width, bool color);
/* Append all cards of the document; a warning that stands on all of them is shown once, behind
 * them. The last line is "Confirmation ID: " and its 12 digits. */
void msx_render_cards(struct msx_buf *b, const json_t *doc, size_t width, bool color);

#endif
