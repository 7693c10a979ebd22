/* line-list.h: lists whose lines are words alone */
#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

/* A line of a list: its words and its accessible name are what it says. */
typedef struct
{
  const char *title;
  const char *words;   /* (nullable): below it, small */
  const char *aside;   /* (nullable): at its end */
  const char *name;    /* for a screen reader */
  gboolean    is_dim;
  gboolean    is_bold;
} EspLine;

void esp_line_list_fill (GtkListBox    *list,
                         const EspLine *lines,
                         guint          n);

G_END_DECLS
