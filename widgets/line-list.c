/* line-list.c: lists whose lines are words alone */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "line-list.h"

#include "row-label.h"

static GtkWidget *
make_label (const char *text, const char *style)
{
  /* The row itself is named; a word of its own here would be read twice. */
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "label", text, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_widget_add_css_class (label, "numeric");
  if (style != NULL)
    gtk_widget_add_css_class (label, style);
  return label;
}

static GtkWidget *
make_line (const EspLine *line)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 2), *top = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *title = make_label (line->title, line->is_bold ? "heading" : line->is_dim ? "dim-label" : NULL);

  gtk_widget_set_hexpand (title, TRUE);
  gtk_box_append (GTK_BOX (top), title);
  if (line->aside != NULL)
    gtk_box_append (GTK_BOX (top), make_label (line->aside, "dim-label"));
  gtk_box_append (GTK_BOX (box), top);
  if (line->words != NULL)
    gtk_box_append (GTK_BOX (box), make_label (line->words, "caption"));
  return box;
}

/**
 * esp_line_list_fill:
 * @list: filled by this function alone
 * @lines: what it says from here on
 * @n: how many
 *
 * Lines change in place, so that focus and selection stay. Thread: main.
 */
void
esp_line_list_fill (GtkListBox *list, const EspLine *lines, guint n)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (list, (int) n)) != NULL)
    gtk_list_box_remove (list, GTK_WIDGET (row));
  for (guint i = 0; i < n; i++)
    {
      row = gtk_list_box_get_row_at_index (list, (int) i);
      if (row == NULL)
        {
          row = GTK_LIST_BOX_ROW (gtk_list_box_row_new ());
          gtk_list_box_append (list, GTK_WIDGET (row));
        }
      if (g_strcmp0 (g_object_get_data (G_OBJECT (row), "esp-name"), lines[i].name) == 0)
        continue;
      gtk_list_box_row_set_child (row, make_line (&lines[i]));
      esp_accessible_name (row, lines[i].name);
      g_object_set_data_full (G_OBJECT (row), "esp-name", g_strdup (lines[i].name), g_free);
    }
}
