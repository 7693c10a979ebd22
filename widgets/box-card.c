/* box-card.c: the numbers of one box, each a button that explains it; or where a missed one was lost */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "box-card.h"

#include <glib/gi18n.h>

#include "explain/target.h"
#include "row-label.h"

#define N_LINES (ESP_N_PARTS + 1) /* the whole box comes behind its parts */

struct _EspBoxCard
{
  GtkBox parent_instance;

  GtkLabel *title, *spot, *story;
  GtkWidget *parts, *classes;
  GtkDropDown *class_drop;
  GtkToggleButton *lines[N_LINES];
  GtkLabel *names[N_LINES], *values[N_LINES];
  gboolean filling; /* by the program: no signal */
};

G_DEFINE_FINAL_TYPE (EspBoxCard, esp_box_card, GTK_TYPE_BOX)

enum
{
  PART_ACTIVATED,
  CLASS_PICKED,
  CLOSED,
  LEFT,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
on_line_toggled (GtkToggleButton *line, EspBoxCard *self)
{
  if (self->filling || !gtk_toggle_button_get_active (line))
    return;
  for (int i = 0; i < N_LINES; i++)
    if (self->lines[i] == line)
      g_signal_emit (self, signals[PART_ACTIVATED], 0, i < ESP_N_PARTS ? i : -1);
}

static void
on_class_selected (GtkDropDown *drop, GParamSpec *pspec, EspBoxCard *self)
{
  if (!self->filling && gtk_drop_down_get_selected (drop) != GTK_INVALID_LIST_POSITION)
    g_signal_emit (self, signals[CLASS_PICKED], 0, (int) gtk_drop_down_get_selected (drop));
}

static void
on_close (GtkButton *button, EspBoxCard *self)
{
  g_signal_emit (self, signals[CLOSED], 0);
}

static gboolean
key_escape (GtkWidget *widget, GVariant *nothing, gpointer data)
{
  g_signal_emit (widget, signals[LEFT], 0);
  return TRUE;
}

static GtkLabel *
add_label (GtkWidget *box, float xalign, const char *style)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), xalign);
  gtk_widget_set_hexpand (label, xalign > 0);
  gtk_widget_add_css_class (label, style);
  gtk_box_append (GTK_BOX (box), label);
  return GTK_LABEL (label);
}

/* Whole box, objectness and class across; the four coordinates two by two. */
static void
make_line (EspBoxCard *self, int i)
{
  static const struct
  {
    int column, row, width;
  } places[N_LINES]
      = { [ESP_PART_X] = { 0, 3, 1 },     [ESP_PART_Y] = { 1, 3, 1 },          [ESP_PART_W] = { 0, 4, 1 }, [ESP_PART_H] = { 1, 4, 1 },
          [ESP_PART_CLASS] = { 0, 2, 2 }, [ESP_PART_OBJECTNESS] = { 0, 1, 2 }, [ESP_N_PARTS] = { 0, 0, 2 } };
  GtkWidget *line = gtk_toggle_button_new (), *box = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 8);

  self->lines[i] = GTK_TOGGLE_BUTTON (line);
  self->names[i] = add_label (box, 0, "dim-label");
  self->values[i] = add_label (box, 1, "numeric");
  gtk_button_set_child (GTK_BUTTON (line), box);
  gtk_widget_add_css_class (line, "flat");
  if (i > 0)
    gtk_toggle_button_set_group (self->lines[i], self->lines[0]);
  g_signal_connect (line, "toggled", G_CALLBACK (on_line_toggled), self);
  gtk_grid_attach (GTK_GRID (self->parts), line, places[i].column, places[i].row, places[i].width, 1);
}

/* The keyboard walks in the order in which they stand. */
static void
order_lines (EspBoxCard *self)
{
  static const int order[N_LINES] = { ESP_N_PARTS, ESP_PART_OBJECTNESS, ESP_PART_CLASS, ESP_PART_X, ESP_PART_Y, ESP_PART_W, ESP_PART_H };
  GtkWidget *before = NULL;

  for (int k = 0; k < N_LINES; k++)
    {
      gtk_widget_insert_after (GTK_WIDGET (self->lines[order[k]]), self->parts, before);
      before = GTK_WIDGET (self->lines[order[k]]);
    }
}

static void
esp_box_card_dispose (GObject *object)
{
  ESP_BOX_CARD (object)->filling = TRUE;
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_BOX_CARD);
  G_OBJECT_CLASS (esp_box_card_parent_class)->dispose (object);
}

static void
esp_box_card_class_init (EspBoxCardClass *klass)
{
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);
  GType type = G_TYPE_FROM_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_box_card_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/box-card.ui");
  gtk_widget_class_bind_template_child (widget, EspBoxCard, title);
  gtk_widget_class_bind_template_child (widget, EspBoxCard, spot);
  gtk_widget_class_bind_template_child (widget, EspBoxCard, story);
  gtk_widget_class_bind_template_child (widget, EspBoxCard, parts);
  gtk_widget_class_bind_template_child (widget, EspBoxCard, classes);
  gtk_widget_class_bind_template_child (widget, EspBoxCard, class_drop);
  gtk_widget_class_bind_template_callback (widget, on_class_selected);
  gtk_widget_class_bind_template_callback (widget, on_close);
  gtk_widget_class_add_binding (widget, GDK_KEY_Escape, (GdkModifierType) 0, key_escape, NULL);
  gtk_widget_class_set_css_name (widget, "boxcard");
  gtk_widget_class_set_accessible_role (widget, GTK_ACCESSIBLE_ROLE_GROUP);
  signals[PART_ACTIVATED] = g_signal_new ("part-activated", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[CLASS_PICKED] = g_signal_new ("class-picked", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_INT);
  signals[CLOSED] = g_signal_new ("closed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[LEFT] = g_signal_new ("left", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_box_card_init (EspBoxCard *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  for (int i = 0; i < N_LINES; i++)
    make_line (self, i);
  order_lines (self);
  esp_drop_down_name (self->class_drop, _ ("Class of the missed object"));
}

/** esp_box_card_new: Returns: (transfer floating): an empty card. Thread: main. */
GtkWidget *
esp_box_card_new (void)
{
  return g_object_new (ESP_TYPE_BOX_CARD, NULL);
}

/* One line, and its name for who does not see it. @value: (transfer full). */
static void
set_line (EspBoxCard *self, int i, const char *name, char *value)
{
  g_autofree char *owned = value;
  g_autofree char *whole = g_strdup_printf ("%s %s", name, value);

  gtk_label_set_label (self->names[i], name);
  gtk_label_set_label (self->values[i], value);
  esp_accessible_name (self->lines[i], whole);
}

static void
set_texts (EspBoxCard *self, const char *title, const EspDetection *spot, const char *story)
{
  g_autofree char *where = g_strdup_printf (_ ("head %u, anchor %d, row %d, column %d"), spot->head, spot->anchor, spot->row, spot->column);

  gtk_label_set_label (self->title, title);
  esp_accessible_name (self, title);
  gtk_label_set_label (self->spot, where);
  gtk_label_set_label (self->story, story != NULL ? story : "");
  gtk_widget_set_visible (GTK_WIDGET (self->story), story != NULL && *story != '\0');
}

/**
 * esp_box_card_set_found:
 * @card: a card
 * @detection: the box
 * @name: what its class is called
 * @place: where it lies, left top width height in pixels of the picture
 * @story: (nullable): what it suppressed
 *
 * Thread: main.
 */
void
esp_box_card_set_found (EspBoxCard *self, const EspDetection *detection, const char *name, GdkRectangle place, const char *story)
{
  const double score = (double) detection->score, objectness = (double) detection->objectness;
  const double chance = objectness > 0 ? MIN (score / objectness, 1) : 0;
  g_autofree char *title = g_strdup_printf (_ ("%s %.0f %%"), name, 100 * score);

  g_return_if_fail (ESP_IS_BOX_CARD (self));
  set_texts (self, title, detection, story);
  set_line (self, ESP_N_PARTS, _ ("Score"), g_strdup_printf ("%.2f = %.2f × %.2f", score, objectness, chance));
  set_line (self, ESP_PART_OBJECTNESS, _ ("Objectness"), g_strdup_printf ("%.2f", objectness));
  set_line (self, ESP_PART_CLASS, _ ("Class"), g_strdup_printf ("%s %.2f", name, chance));
  set_line (self, ESP_PART_X, _ ("x"), g_strdup_printf ("%d", place.x));
  set_line (self, ESP_PART_Y, _ ("y"), g_strdup_printf ("%d", place.y));
  set_line (self, ESP_PART_W, C_ ("width", "w"), g_strdup_printf ("%d", place.width));
  set_line (self, ESP_PART_H, C_ ("height", "h"), g_strdup_printf ("%d", place.height));
  gtk_widget_set_visible (self->parts, TRUE);
  gtk_widget_set_visible (self->classes, FALSE);
}

static gboolean
lists (GtkDropDown *drop, const char *const *names)
{
  GListModel *list = gtk_drop_down_get_model (drop);
  const guint n = g_strv_length ((char **) names);

  if (list == NULL || g_list_model_get_n_items (list) != n)
    return FALSE;
  for (guint i = 0; i < n; i++)
    if (!g_str_equal (gtk_string_list_get_string (GTK_STRING_LIST (list), i), names[i]))
      return FALSE;
  return TRUE;
}

/* "0" to "n − 1" where classes have no names is the owner's affair: it names them all. */
static void
fill_classes (EspBoxCard *self, const char *const *names, int chosen)
{
  self->filling = TRUE;
  if (!lists (self->class_drop, names)) /* a hand may be on the list: it is not taken away under it */
    {
      g_autoptr (GtkStringList) list = gtk_string_list_new (names);

      gtk_drop_down_set_model (self->class_drop, G_LIST_MODEL (list));
    }
  gtk_drop_down_set_selected (self->class_drop, (guint) MAX (chosen, 0));
  self->filling = FALSE;
}

/**
 * esp_box_card_set_missed:
 * @card: a card
 * @spot: the drawn box, its class, and where training would have put it
 * @names: NULL-terminated, of all classes
 * @place: where it lies, left top width height in pixels of the picture
 * @story: (nullable): where it was lost
 *
 * Thread: main.
 */
void
esp_box_card_set_missed (EspBoxCard *self, const EspDetection *spot, const char *const *names, GdkRectangle place, const char *story)
{
  g_autofree char *title = g_strdup_printf (_ ("Missed: x %d y %d w %d h %d"), place.x, place.y, place.width, place.height);

  g_return_if_fail (ESP_IS_BOX_CARD (self));
  set_texts (self, title, spot, story);
  fill_classes (self, names, spot->class_index);
  gtk_widget_set_visible (self->parts, FALSE);
  gtk_widget_set_visible (self->classes, TRUE);
}

/** esp_box_card_set_part: @card: marks what of the box is explained; @part: EspPart, -1 the whole of it. Thread: main. */
void
esp_box_card_set_part (EspBoxCard *self, int part)
{
  g_return_if_fail (ESP_IS_BOX_CARD (self) && part >= -1 && part < ESP_N_PARTS);
  self->filling = TRUE;
  gtk_toggle_button_set_active (self->lines[part >= 0 ? part : ESP_N_PARTS], TRUE);
  self->filling = FALSE;
}
