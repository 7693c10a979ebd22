/* method-drop.c: a drop-down of attribution methods: those that are proved, under a heading that says what that means; the others when
 * asked for
 *
 * GTK 4.8's drop-down has no sections, and a row that cannot be chosen stops the arrow keys: a heading is a part of the first row under
 * it. The last row, which is no method, brings those that are not proved. */
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

static GQuark
methods_quark (void)
{
  return g_quark_from_static_string ("esp-methods");
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

static GtkStringObject *
make_row (const EspAttribution *method)
{
  g_autofree char *title = title_of (method);
  GtkStringObject *row = gtk_string_object_new (title);

  g_object_set_qdata (G_OBJECT (row), method_quark (), (gpointer) method);
  return row;
}

static void
add_methods (GListStore *rows, const GPtrArray *methods, gboolean proved)
{
  for (guint i = 0; i < methods->len; i++)
    {
      const EspAttribution *method = g_ptr_array_index (methods, i);
      g_autoptr (GtkStringObject) row = (method->proved != 0) == proved ? make_row (method) : NULL;

      if (row != NULL)
        g_list_store_append (rows, row);
    }
}

static gboolean
is_proved (gpointer row)
{
  const EspAttribution *method = method_of (row);

  return method != NULL && method->proved != 0;
}

/* Two proved rows never part, nor do two others: a heading stands where the kind of row changes. */
static const char *
heading_of (GtkDropDown *drop, guint position)
{
  GListModel *rows = gtk_drop_down_get_model (drop);
  g_autoptr (GObject) row = g_list_model_get_item (rows, position),
                      before = position > 0 ? g_list_model_get_item (rows, position - 1) : NULL;
  const gboolean proved = is_proved (row);

  if (method_of (row) == NULL || (before != NULL && is_proved (before) == proved))
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

  show_heading (GTK_LABEL (gtk_widget_get_first_child (row)), heading_of (data, gtk_list_item_get_position (item)), is_proved (object));
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

/* Where @method is listed; G_MAXUINT where it is not. */
static guint
find_row (GListModel *rows, const EspAttribution *method)
{
  for (guint i = 0; i < g_list_model_get_n_items (rows); i++)
    {
      g_autoptr (GObject) row = g_list_model_get_item (rows, i);

      if (method_of (row) == method)
        return i;
    }
  return G_MAXUINT;
}

/* A model of its own for all of them: the list keeps its keyboard at a place of the model, which must not be a row that went. Not from
 * within the old model's own signal, which would not outlive it. */
static gboolean
list_all (gpointer data)
{
  GtkDropDown *drop = data;
  const GPtrArray *methods = g_object_get_qdata (data, methods_quark ());
  const EspAttribution *chosen = esp_method_drop_get (drop);
  g_autoptr (GListStore) rows = g_list_store_new (GTK_TYPE_STRING_OBJECT);

  add_methods (rows, methods, TRUE);
  add_methods (rows, methods, FALSE);
  g_object_freeze_notify (G_OBJECT (drop));
  gtk_drop_down_set_model (drop, G_LIST_MODEL (rows));
  gtk_drop_down_set_selected (drop, find_row (G_LIST_MODEL (rows), chosen));
  g_object_thaw_notify (G_OBJECT (drop));
  return G_SOURCE_REMOVE;
}

/* The row of more is never what is chosen: what was chosen before is. */
static void
on_selected (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  gpointer item = gtk_drop_down_get_selected_item (drop);

  if (item != NULL && method_of (item) != NULL)
    g_object_set_qdata (G_OBJECT (drop), method_quark (), (gpointer) method_of (item));
  else if (item != NULL)
    {
      gtk_drop_down_set_selected (drop, find_row (gtk_drop_down_get_model (drop), method_of (drop)));
      g_idle_add_full (G_PRIORITY_DEFAULT_IDLE, list_all, g_object_ref (drop), g_object_unref);
    }
}

/**
 * esp_method_drop_fill:
 * @drop: an empty drop-down
 * @methods: (array length=n) (nullable): rows that live as long as the program; NULL: the whole registry
 * @n: of them
 *
 * Where some are proved (docs/results/faithfulness.md), those alone, in their order, under a heading, and a row that brings the others
 * under "More"; where none is, all of them without headings. Thread: main.
 */
void
esp_method_drop_fill (GtkDropDown *drop, const EspAttribution *const *methods, guint n)
{
  g_autoptr (GListStore) rows = g_list_store_new (GTK_TYPE_STRING_OBJECT);
  g_autoptr (GtkStringObject) more = gtk_string_object_new (_ ("All Methods"));
  GPtrArray *all = methods == NULL ? registry () : g_ptr_array_new ();
  guint n_proved;

  for (guint i = 0; methods != NULL && i < n; i++)
    g_ptr_array_add (all, (gpointer) methods[i]);
  n_proved = count_proved ((const EspAttribution *const *) all->pdata, all->len);
  add_methods (rows, all, n_proved > 0);
  if (n_proved > 0)
    set_factory (drop);
  if (n_proved > 0 && n_proved < all->len)
    g_list_store_append (rows, more);
  g_object_set_qdata_full (G_OBJECT (drop), methods_quark (), all, (GDestroyNotify) g_ptr_array_unref);
  g_signal_connect (drop, "notify::selected", G_CALLBACK (on_selected), NULL);
  gtk_drop_down_set_model (drop, G_LIST_MODEL (rows));
}

/** esp_method_drop_select: chooses @method, and lists it where it is not proved and was not asked for. Thread: main. */
void
esp_method_drop_select (GtkDropDown *drop, const EspAttribution *method)
{
  GListModel *rows = gtk_drop_down_get_model (drop);
  guint at = method != NULL ? find_row (rows, method) : G_MAXUINT;

  if (method == NULL)
    return;
  if (at == G_MAXUINT)
    {
      g_autoptr (GtkStringObject) row = make_row (method);

      at = g_list_model_get_n_items (rows) - 1;
      g_list_store_insert (G_LIST_STORE (rows), at, row);
    }
  gtk_drop_down_set_selected (drop, at);
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
