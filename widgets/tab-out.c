/* tab-out.c: Tab leaves a list instead of walking through all of its rows
 *
 * GtkListView and GtkGridView make each row a stop of Tab before GTK 4.12, and GtkListBox selects each on the way; with thousands of rows
 * the keyboard never comes out. Arrows still move inside. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "tab-out.h"

static GtkWidget *
neighbour (GtkWidget *widget, GtkDirectionType direction)
{
  return direction == GTK_DIR_TAB_FORWARD ? gtk_widget_get_next_sibling (widget) : gtk_widget_get_prev_sibling (widget);
}

static GtkWidget *
outermost_child (GtkWidget *widget, GtkDirectionType direction)
{
  return direction == GTK_DIR_TAB_FORWARD ? gtk_widget_get_first_child (widget) : gtk_widget_get_last_child (widget);
}

/* An empty list box says that it took the focus, and leaves it where it was. */
static gboolean
enter (GtkWidget *widget, GtkDirectionType direction)
{
  GtkRoot *root = gtk_widget_get_root (widget);
  GtkWidget *before = gtk_root_get_focus (root);

  return gtk_widget_child_focus (widget, direction) && gtk_root_get_focus (root) != before;
}

static gboolean
enter_one_of (GtkWidget *widget, GtkDirectionType direction)
{
  for (; widget != NULL; widget = neighbour (widget, direction))
    if (gtk_widget_get_mapped (widget) && enter (widget, direction))
      return TRUE;
  return FALSE;
}

/* The next thing that takes the focus after @list in its window, around the end where need be. */
static gboolean
leave (GtkWidget *list, GtkDirectionType direction)
{
  GtkWidget *widget = list;

  for (GtkWidget *parent; (parent = gtk_widget_get_parent (widget)) != NULL; widget = parent)
    if (enter_one_of (neighbour (widget, direction), direction))
      return TRUE;
  gtk_root_set_focus (GTK_ROOT (widget), NULL); /* what holds the list would go on to its next row */
  return enter_one_of (outermost_child (widget, direction), direction);
}

static gboolean
key_pressed (GtkEventControllerKey *keys, guint key, guint code, GdkModifierType state, gpointer data)
{
  GtkWidget *list = gtk_event_controller_get_widget (GTK_EVENT_CONTROLLER (keys));

  if (key == GDK_KEY_Tab && (state & gtk_accelerator_get_default_mod_mask ()) == 0)
    return leave (list, GTK_DIR_TAB_FORWARD);
  if (key == GDK_KEY_ISO_Left_Tab || (key == GDK_KEY_Tab && (state & GDK_SHIFT_MASK) != 0))
    return leave (list, GTK_DIR_TAB_BACKWARD);
  return FALSE;
}

/**
 * esp_tab_out:
 * @list: a list box, list view or grid view
 *
 * Makes the whole list one stop of Tab. Thread: main.
 */
void
esp_tab_out (GtkWidget *list)
{
  GtkEventController *keys = gtk_event_controller_key_new ();

  gtk_event_controller_set_propagation_phase (keys, GTK_PHASE_CAPTURE);
  g_signal_connect (keys, "key-pressed", G_CALLBACK (key_pressed), NULL);
  gtk_widget_add_controller (list, keys);
}
