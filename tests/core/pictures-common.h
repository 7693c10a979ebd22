/* pictures-common.h: folders of pictures by lot, for tests that only want some */
#pragma once

#include "base/rng.h"
#include "dataset/dataset.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

/* Noise of 64 × 48, in a folder of its own. */
static inline char *
make_pictures (guint n, guint64 seed)
{
  char *folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  g_autoptr (GRand) stream = esp_rng_new (seed, 'i', 0);

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GdkPixbuf) picture = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 64, 48);
      g_autofree char *name = g_strdup_printf ("%02u.png", i), *path = g_build_filename (folder, name, NULL);
      guchar *pixels = gdk_pixbuf_get_pixels (picture);

      for (gsize j = 0; j < gdk_pixbuf_get_byte_length (picture); j++)
        pixels[j] = (guchar) g_rand_int_range (stream, 0, 256);
      g_assert_true (gdk_pixbuf_save (picture, path, "png", NULL, NULL));
    }
  return folder;
}

static inline void
remove_pictures (const char *folder, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("%02u.png", i), *path = g_build_filename (folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (folder);
}

static inline EspDataset *
open_pictures (const char *folder)
{
  g_autoptr (GError) error = NULL;
  EspDataset *dataset = esp_dataset_open (folder, NULL, NULL, &error);

  g_assert_no_error (error);
  return dataset;
}
