/* method-drop.c: a drop-down of attribution methods: those that are proved first, under a heading that says what that means
 *
 * GTK 4.8's drop-down has no sections, and a row that cannot be chosen stops the arrow keys: a heading is a part of the first row under
 * it. */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "method-drop.h"

#include <glib/gi18n.h>

#include "row-label.h"

#define MEANING_CHARS 34 /* of the line under the heading */

static GQuark
method_quark (void)
{
  return g_quark_from_static_string ("esp-method");
}

static const EspAttribution *
method_of (gpointer item)
{
  return item != NULL ? g_object_get_qdata (item, method_quark ()) : NULL;
}

static const char *
proved_at (const EspAttribution *method)
{
  switch (method->proved)
    {
    case ESP_PROVED_DELETION:
      return _ ("deletion");
    case ESP_PROVED_INSERTION:
      return _ ("insertion");
    case ESP_PROVED_DELETION | ESP_PROVED_INSERTION:
      return _ ("deletion and insertion");
    default:
      return NULL;
    }
}

/* Those that explain nothing but a box say so, those that are proved at what. */
static char *
title_of (const EspAttribution *method)
{
  const char *title = _ (method->title), *at = proved_at (method);
  const gboolean of_box = (method->gives & ESP_WANTS_BOX) != 0;

  if (at != NULL && of_box)
    /* Translators: a method, and what it is proved at */
    return g_strdup_printf (_ ("%s (of a box) · %s"), title, at);
  if (at != NULL)
    return g_strdup_printf (_ ("%s · %s"), title, at);
  return of_box ? g_strdup_printf (_ ("%s (of a box)"), title) : g_strdup (title);
}

static void
add_methods (GListStore *store, const EspAttribution *const *methods, guint n, gboolean proved)
{
  for (guint i = 0; i < n; i++)
    if ((methods[i]->proved != 0) == proved)
      {
        g_autofree char *title = title_of (methods[i]);
        g_autoptr (GtkStringObject) row = gtk_string_object_new (title);

        g_object_set_qdata (G_OBJECT (row), method_quark (), (gpointer) methods[i]);
        g_list_store_append (store, row);
      }
}

/* Two proved rows never part, nor do two others: a heading stands where the kind of row changes. */
static const char *
heading_of (GtkDropDown *drop, guint position)
{
  GListModel *rows = gtk_drop_down_get_model (drop);
  g_autoptr (GObject) row = g_list_model_get_item (rows, position),
                      before = position > 0 ? g_list_model_get_item (rows, position - 1) : NULL;
  const gboolean proved = method_of (row)->proved != 0;

  if (before != NULL && (method_of (before)->proved != 0) == proved)
    return NULL;
  return proved ? _ ("Proved") : _ ("More");
}

/* What it means is said under it. */
static void
show_heading (GtkLabel *label, const char *title, gboolean proved)
{
  g_autofree char *text = title == NULL ? NULL
                          : proved
                              ? g_markup_printf_escaped ("<b>%s</b>\n<small>%s</small>", title,
                                                         _ ("beats four maps that know nothing of the network, over 100 boxes of coco256"))
                              : g_markup_printf_escaped ("<b>%s</b>", title);

  gtk_widget_set_visible (GTK_WIDGET (label), text != NULL);
  if (text != NULL)
    gtk_label_set_markup (label, text);
}

/* No label to a screen reader, which hears at each row what it is proved at. */
static GtkWidget *
make_heading (void)
{
  GtkWidget *label = g_object_new (GTK_TYPE_LABEL, "accessible-role", GTK_ACCESSIBLE_ROLE_PRESENTATION, "xalign", 0.0, "wrap", TRUE,
                                   "max-width-chars", MEANING_CHARS, NULL);

  gtk_widget_add_css_class (label, "dim-label");
  return label;
}

static void
set_up_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkWidget *row = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 12);
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_widget_set_hexpand (label, TRUE);
  gtk_box_append (GTK_BOX (line), label);
  gtk_box_append (GTK_BOX (line), gtk_image_new_from_icon_name ("object-select-symbolic"));
  gtk_box_append (GTK_BOX (row), make_heading ());
  gtk_box_append (GTK_BOX (row), line);
  gtk_list_item_set_child (item, row);
}

/* The tick stands at what is chosen, not at what the pointer is over. */
static void
show_tick (GtkDropDown *drop, GParamSpec *pspec, GtkListItem *item)
{
  GtkWidget *row = gtk_list_item_get_child (item);

  if (row != NULL)
    gtk_widget_set_opacity (gtk_widget_get_last_child (gtk_widget_get_last_child (row)),
                            gtk_drop_down_get_selected_item (drop) == gtk_list_item_get_item (item) ? 1 : 0);
}

static void
bind_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  GtkStringObject *object = gtk_list_item_get_item (item);
  GtkWidget *row = gtk_list_item_get_child (item);
  GtkLabel *label = GTK_LABEL (gtk_widget_get_first_child (gtk_widget_get_last_child (row)));

  show_heading (GTK_LABEL (gtk_widget_get_first_child (row)), heading_of (data, gtk_list_item_get_position (item)),
                method_of (object)->proved != 0);
  gtk_label_set_label (label, gtk_string_object_get_string (object));
  g_signal_connect_object (data, "notify::selected-item", G_CALLBACK (show_tick), item, 0);
  show_tick (data, NULL, item);
}

static void
unbind_row (GtkSignalListItemFactory *factory, GtkListItem *item, gpointer data)
{
  g_signal_handlers_disconnect_by_func (data, show_tick, item);
}

/* Only where there are headings: else the drop-down's own rows do. */
static void
set_factory (GtkDropDown *drop)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (set_up_row), drop);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_row), drop);
  g_signal_connect (factory, "unbind", G_CALLBACK (unbind_row), drop);
  gtk_drop_down_set_list_factory (drop, factory);
}

static guint
count_proved (const EspAttribution *const *methods, guint n)
{
  guint proved = 0;

  for (guint i = 0; i < n; i++)
    proved += methods[i]->proved != 0;
  return proved;
}

static GPtrArray *
registry (void)
{
  GPtrArray *rows = g_ptr_array_new ();

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    g_ptr_array_add (rows, (gpointer) esp_attribution_get (i));
  return rows;
}

/**
 * esp_method_drop_fill:
 * @drop: an empty drop-down
 * @methods: (array length=n) (nullable): rows that live as long as the program; NULL: the whole registry
 * @n: of them
 *
 * The methods in their order. Where some are proved (docs/results/faithfulness.md), they come first under a heading, the others under
 * "More"; where none is, there are no headings. Thread: main.
 */
void
esp_method_drop_fill (GtkDropDown *drop, const EspAttribution *const *methods, guint n)
{
  g_autoptr (GListStore) store = g_list_store_new (GTK_TYPE_STRING_OBJECT);
  g_autoptr (GPtrArray) all = registry ();

  if (methods == NULL)
    {
      methods = (const EspAttribution *const *) all->pdata;
      n = all->len;
    }
  if (count_proved (methods, n) > 0)
    set_factory (drop);
  add_methods (store, methods, n, TRUE);
  add_methods (store, methods, n, FALSE);
  gtk_drop_down_set_model (drop, G_LIST_MODEL (store));
}

/** esp_method_drop_select: chooses @method where it is listed. Thread: main. */
void
esp_method_drop_select (GtkDropDown *drop, const EspAttribution *method)
{
  GListModel *rows = gtk_drop_down_get_model (drop);

  for (guint i = 0; method != NULL && i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (rows, i);

      if (method_of (row) == method)
        gtk_drop_down_set_selected (drop, i);
    }
}

/** esp_method_drop_get: Returns: (transfer none) (nullable): the method that is chosen. Thread: main. */
const EspAttribution *
esp_method_drop_get (GtkDropDown *drop)
{
  return method_of (gtk_drop_down_get_selected_item (drop));
}

/** esp_method_tell_proof: Returns: (transfer full): in a sentence whether @method is proved, at what, and what that means. Thread: main. */
char *
esp_method_tell_proof (const EspAttribution *method)
{
  const char *at = proved_at (method);

  if (at == NULL)
    return g_strdup_printf (
        _ ("%s is not proved: over 100 boxes of coco256 it did not beat every one of four maps that know nothing of the "
           "network, or was not measured."),
        _ (method->title));
  return g_strdup_printf (_ ("%s is proved at %s: over 100 boxes of coco256 it beat four maps that know nothing of the network, and random "
                             "order did not beat it at the other."),
                          _ (method->title), at);
}
