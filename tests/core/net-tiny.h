/* net-tiny.h: YOLOv3-tiny, written out from its widths */
#pragma once

#include <glib.h>

static inline void
tiny_conv (GString *text, guint filters, int size)
{
  g_string_append_printf (text, "[convolutional]\nbatch_normalize=1\nfilters=%u\nsize=%d\nstride=1\npad=1\nactivation=leaky\n\n", filters, size);
}

static inline void
tiny_head (GString *text, int classes, const char *mask)
{
  g_string_append_printf (text, "[convolutional]\nsize=1\nstride=1\npad=1\nfilters=%d\nactivation=linear\n\n", 3 * (5 + classes));
  g_string_append_printf (text, "[yolo]\nmask=%s\nanchors = 10,14, 23,27, 37,58, 81,82, 135,169, 344,319\nclasses=%d\nnum=6\n\n", mask, classes);
}

/* (transfer full): widths of layers 0 2 4 6 8 10 12 13 18 14 21, the order of the pruned variants. */
static inline char *
tiny_text (const guint widths[11], int side, int classes)
{
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "[net]\nwidth=%d\nheight=%d\nchannels=3\n\n", side, side);
  for (int i = 0; i < 6; i++)
    {
      tiny_conv (text, widths[i], 3);
      g_string_append_printf (text, "[maxpool]\nsize=2\nstride=%d\n\n", i < 5 ? 2 : 1);
    }
  tiny_conv (text, widths[6], 3);
  tiny_conv (text, widths[7], 1);
  tiny_conv (text, widths[9], 3);
  tiny_head (text, classes, "3,4,5");
  g_string_append (text, "[route]\nlayers = -4\n\n");
  tiny_conv (text, widths[8], 1);
  g_string_append (text, "[upsample]\nstride=2\n\n[route]\nlayers = -1, 8\n\n");
  tiny_conv (text, widths[10], 3);
  tiny_head (text, classes, "0,1,2");
  return g_string_free (text, FALSE);
}

G_GNUC_UNUSED static const guint tiny_widths[11] = { 16, 32, 64, 128, 256, 512, 1024, 256, 128, 512, 256 };
G_GNUC_UNUSED static const guint tiny_layers[11] = { 0, 2, 4, 6, 8, 10, 12, 13, 18, 14, 21 };
