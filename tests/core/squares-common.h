/* squares-common.h: small pictures that a small network learns: bright squares of two colours on a dark ground, with labels */
#pragma once

#include "data-common.h"

#include <gdk-pixbuf/gdk-pixbuf.h>

#include "base/rng.h"

#define SIDE 32

static inline void
paint_square (GdkPixbuf *pixbuf, GRand *rng, int left, int top, int side, gboolean red)
{
  guchar *pixels = gdk_pixbuf_get_pixels (pixbuf);
  const int stride = gdk_pixbuf_get_rowstride (pixbuf);

  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      for (int c = 0; c < 3; c++)
        {
          const gboolean inside = x >= left && x < left + side && y >= top && y < top + side;
          const int level = inside ? (c == (red ? 0 : 2) ? 230 : 60) : 20;

          pixels[y * stride + x * 3 + c] = (guchar) (level + g_rand_int_range (rng, -15, 16));
        }
}

/* One square in FOLDER/PLACEi.png, its class from the number; its line of label beside it. */
static inline void
write_square (const char *folder, const char *place, guint i)
{
  g_autoptr (GRand) rng = esp_rng_new (5, i, 0);
  g_autoptr (GdkPixbuf) pixbuf = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, SIDE, SIDE);
  const int side = g_rand_int_range (rng, 8, 15), left = g_rand_int_range (rng, 0, SIDE - side),
            top = g_rand_int_range (rng, 0, SIDE - side);
  g_autofree char *picture = g_strdup_printf ("%s%u.png", place, i), *label = g_strdup_printf ("%s%u.txt", place, i);
  g_autofree char *path = g_build_filename (folder, picture, NULL);
  g_autofree char *text = g_strdup_printf ("%u %g %g %g %g\n", i % 2, (left + side / 2.) / SIDE, (top + side / 2.) / SIDE,
                                           (double) side / SIDE, (double) side / SIDE);

  put_away (folder, label, text);
  paint_square (pixbuf, rng, left, top, side, i % 2 == 0);
  g_assert_true (gdk_pixbuf_save (pixbuf, path, "png", NULL, NULL));
}

/* @n of them, and list.txt of them all. */
static inline void
write_squares (const char *folder, guint n)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (guint i = 0; i < n; i++)
    {
      write_square (folder, "", i);
      g_string_append_printf (list, "%u.png\n", i);
    }
  put_away (folder, "list.txt", list->str);
}
