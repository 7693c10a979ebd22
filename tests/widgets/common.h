/* common.h: what the widget tests share */
#pragma once

#include <gtk/gtk.h>

#include "study/study.h"
#include "widgets.h"

G_BEGIN_DECLS

void       test_start       (int        *argc,
                             char     ***argv);
GtkWidget *test_show        (GtkWidget  *widget,
                             int         width,
                             int         height);
void       test_spin        (guint       milliseconds);
GtkWidget *test_find        (GtkWidget  *root,
                             GType       type,
                             guint       n);
void       test_name        (gpointer    accessible,
                             const char *name);
void       test_description (gpointer    accessible,
                             const char *description);
void       test_close       (GtkWidget  *window);

G_END_DECLS
