/* result.h: writes what libdarknet's layers gave, whole or not at all */
#pragma once

#include <darknet.h>
#include <glib.h>

G_BEGIN_DECLS

/* One layer of those asked for. */
typedef struct
{
  guint    layer;
  gboolean before; /* what goes into batch normalisation instead of the output */
} Wish;

gboolean result_write (const char    *path,
                       const network *net,
                       const Wish    *wishes,
                       guint          n_wishes);

G_END_DECLS
