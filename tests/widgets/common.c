/* common.c: what the widget tests share */
#define G_LOG_DOMAIN "esp-test"
#include "config.h"

#include "common.h"

/** test_start: GTK and the widgets, for a program under run.sh. */
void
test_start (int *argc, char ***argv)
{
  gtk_test_init (argc, argv, NULL);
  g_log_set_always_fatal (G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  esp_widgets_init ();
  esp_widgets_load_style (gdk_display_get_default ());
}

static gboolean
stop (gpointer data)
{
  *(gboolean *) data = TRUE;
  return G_SOURCE_REMOVE;
}

/** test_spin: lets the main loop run for so long. */
void
test_spin (guint milliseconds)
{
  gboolean done = FALSE;

  g_timeout_add (milliseconds, stop, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

/** test_show: Returns: (transfer none): a mapped window of this size with @widget in it. */
GtkWidget *
test_show (GtkWidget *widget, int width, int height)
{
  GtkWidget *window = gtk_window_new ();

  gtk_window_set_default_size (GTK_WINDOW (window), width, height);
  gtk_window_set_child (GTK_WINDOW (window), widget);
  gtk_window_present (GTK_WINDOW (window));
  for (int i = 0; i < 100 && !(gtk_widget_get_mapped (widget) && gtk_widget_get_width (widget) > 0); i++)
    test_spin (20);
  test_spin (80);
  g_assert_true (gtk_widget_get_mapped (widget));
  return window;
}

static GtkWidget *
find (GtkWidget *root, GType type, guint *n)
{
  if (g_type_is_a (G_OBJECT_TYPE (root), type) && (*n)-- == 0)
    return root;
  for (GtkWidget *child = gtk_widget_get_first_child (root); child != NULL; child = gtk_widget_get_next_sibling (child))
    {
      GtkWidget *found = find (child, type, n);

      if (found != NULL)
        return found;
    }
  return NULL;
}

/** test_find: Returns: (transfer none): the n-th descendant of that type, depth first; fails where there is none. */
GtkWidget *
test_find (GtkWidget *root, GType type, guint n)
{
  GtkWidget *found = find (root, type, &n);

  g_assert_nonnull (found);
  return found;
}

static void
check_property (gpointer accessible, GtkAccessibleProperty property, const char *text)
{
  g_autofree char *found = gtk_test_accessible_check_property (GTK_ACCESSIBLE (accessible), property, text);

  g_assert_cmpstr (found, ==, NULL);
}

/** test_name: a screen reader calls @accessible exactly so. */
void
test_name (gpointer accessible, const char *name)
{
  check_property (accessible, GTK_ACCESSIBLE_PROPERTY_LABEL, name);
}

/** test_description: @accessible is described exactly so. */
void
test_description (gpointer accessible, const char *description)
{
  check_property (accessible, GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description);
}

/** test_close: takes the window down with all that is in it, and shows that nothing keeps the content alive. */
void
test_close (GtkWidget *window)
{
  GtkWidget *child = g_object_ref (gtk_window_get_child (GTK_WINDOW (window)));

  gtk_window_destroy (GTK_WINDOW (window));
  test_spin (50);
  g_assert_finalize_object (child);
}
