/* shuffle.h: the order of images, each once an epoch */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Which image a place of the endless row of epochs shows. Thread: one at a time. */
typedef struct _EspShuffle EspShuffle;

EspShuffle *esp_shuffle_new  (guint       n,      /* images, at least 1 */
                              guint64     seed);
void        esp_shuffle_free (EspShuffle *shuffle);
guint       esp_shuffle_at   (EspShuffle *shuffle,
                              guint64     place,  /* images before it since the beginning of all */
                              guint64    *epoch); /* (out): place / n */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (EspShuffle, esp_shuffle_free)

G_END_DECLS
