/* row-label.c: a row object's "label" as the accessible name of what shows it */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "row-label.h"

#define BOUND "esp-row-label"

/* The row whose label an accessible carries, and the handler that keeps it current. */
typedef struct
{
  GObject *row;
  gulong handler;
} Bound;

static void
bound_free (gpointer data)
{
  Bound *bound = data;

  g_signal_handler_disconnect (bound->row, bound->handler);
  g_object_unref (bound->row);
  g_free (bound);
}

static void
show_label (GObject *row, GParamSpec *pspec, gpointer accessible)
{
  g_autofree char *label = esp_row_dup_string (row, "label");

  esp_accessible_name (accessible, label);
}

/**
 * esp_row_label_bind:
 * @accessible: what shows the row: for a recycled cell its parent, which is the list's own item
 * @row: an object with a string property "label"
 *
 * Names @accessible by the row's label until it is bound to another or unbound. Thread: main.
 */
void
esp_row_label_bind (GtkAccessible *accessible, gpointer row)
{
  Bound *bound = g_new0 (Bound, 1);

  bound->row = g_object_ref (row);
  bound->handler = g_signal_connect (row, "notify::label", G_CALLBACK (show_label), accessible);
  g_object_set_data_full (G_OBJECT (accessible), BOUND, bound, bound_free);
  show_label (row, NULL, accessible);
}

/** esp_row_label_unbind: @accessible: follows no row any more. Thread: main. */
void
esp_row_label_unbind (GtkAccessible *accessible)
{
  g_object_set_data (G_OBJECT (accessible), BOUND, NULL);
}

/** esp_accessible_name: @accessible: a #GtkAccessible; @name: what a screen reader calls it. Thread: main. */
void
esp_accessible_name (gpointer accessible, const char *name)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (accessible), GTK_ACCESSIBLE_PROPERTY_LABEL, name != NULL ? name : "", -1);
}

/** esp_accessible_describe: @accessible: a #GtkAccessible; @description: the sentence that goes with its name. Thread: main. */
void
esp_accessible_describe (gpointer accessible, const char *description)
{
  gtk_accessible_update_property (GTK_ACCESSIBLE (accessible), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description != NULL ? description : "",
                                  -1);
}

/** esp_row_get_int: Returns: a row's property of any whole-number type (uint, int, boolean) as an int. Thread: main. */
int
esp_row_get_int (gpointer row, const char *property)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, G_TYPE_INT);
  g_object_get_property (G_OBJECT (row), property, &value);
  return g_value_get_int (&value);
}

/** esp_row_dup_string: Returns: (transfer full) (nullable): a row's string property. Thread: main. */
char *
esp_row_dup_string (gpointer row, const char *property)
{
  char *text = NULL;

  g_object_get (row, property, &text, NULL);
  return text;
}

#define CHOICE_CHARS 24 /* a drop-down asks for no more room than this, however long its titles */

/* The line that shows the choice is a list item without a list: nothing to stop at. A long choice gives way in a narrow window. */
static void
mend_choice (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    {
      gtk_label_set_ellipsize (GTK_LABEL (widget), PANGO_ELLIPSIZE_END);
      gtk_label_set_max_width_chars (GTK_LABEL (widget), CHOICE_CHARS);
    }
  if (g_str_equal (G_OBJECT_TYPE_NAME (widget), "GtkListItemWidget"))
    gtk_widget_set_focusable (widget, FALSE);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    mend_choice (child);
}

/** esp_drop_down_name: @drop_down: is called @name, and so is the button within it, which takes the focus. Thread: main. */
void
esp_drop_down_name (GtkDropDown *drop_down, const char *name)
{
  GtkWidget *button = gtk_widget_get_first_child (GTK_WIDGET (drop_down));

  esp_accessible_name (drop_down, name);
  if (button == NULL)
    return;
  esp_accessible_name (button, name);
  mend_choice (button);
}

/**
 * esp_widget_ignore_wheel:
 * @widget: a slider or a number field inside something that scrolls
 *
 * Lets the wheel pass to what scrolls: a hand that scrolls past must change nothing. Thread: main.
 */
void
esp_widget_ignore_wheel (GtkWidget *widget)
{
  g_autoptr (GListModel) controllers = gtk_widget_observe_controllers (widget);

  for (guint i = 0; i < g_list_model_get_n_items (controllers); i++)
    {
      g_autoptr (GtkEventController) controller = g_list_model_get_item (controllers, i);

      if (GTK_IS_EVENT_CONTROLLER_SCROLL (controller))
        gtk_event_controller_set_propagation_phase (controller, GTK_PHASE_NONE);
    }
}
