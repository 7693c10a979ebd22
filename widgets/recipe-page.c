/* recipe-page.c: a recipe to be run: what it is told, where it is, and the table of what came of it */
#define G_LOG_DOMAIN "esp-widgets"
#include "config.h"

#include "recipe-page.h"

#include <glib/gi18n.h>

#include "recipe-fields.h"
#include "row-label.h"
#include "tab-out.h"

struct _EspRecipePage
{
  GtkBox parent_instance;

  GtkWidget *settings;
  GtkDropDown *recipe_drop, *tier_drop;
  GtkBox *first_box, *rest_box;
  GtkExpander *rest_expander;
  GtkEditable *folder_entry;
  GtkButton *start_button;
  GtkWidget *pause_button, *cancel_button;
  GtkProgressBar *progress;
  GtkLabel *status, *verdict;
  GtkListBox *steps, *results;
  GtkWidget *steps_title, *results_title, *open_button;
  GPtrArray *fields; /* of EspRecipeEntry, borrowed by the boxes */
};

G_DEFINE_FINAL_TYPE (EspRecipePage, esp_recipe_page, GTK_TYPE_BOX)

enum
{
  RECIPE_CHOSEN,
  OPEN_RECIPE,
  TIER_CHOSEN,
  BROWSE,
  START,
  PAUSE,
  CANCEL,
  RESULT_ACTIVATED,
  N_SIGNALS
};
static guint signals[N_SIGNALS];

static void
on_recipe (EspRecipePage *self)
{
  const guint chosen = gtk_drop_down_get_selected (self->recipe_drop);

  if (chosen != GTK_INVALID_LIST_POSITION)
    g_signal_emit (self, signals[RECIPE_CHOSEN], 0, chosen);
}

static void
on_tier (EspRecipePage *self)
{
  g_signal_emit (self, signals[TIER_CHOSEN], 0, gtk_drop_down_get_selected (self->tier_drop));
}

static void
on_open (GtkButton *button, EspRecipePage *self)
{
  g_signal_emit (self, signals[OPEN_RECIPE], 0);
}

static void
on_start (GtkButton *button, EspRecipePage *self)
{
  g_signal_emit (self, signals[START], 0);
}

static void
on_pause (GtkButton *button, EspRecipePage *self)
{
  g_signal_emit (self, signals[PAUSE], 0);
}

static void
on_cancel (GtkButton *button, EspRecipePage *self)
{
  g_signal_emit (self, signals[CANCEL], 0);
}

static void
on_browse_folder (GtkButton *button, EspRecipePage *self)
{
  g_signal_emit (self, signals[BROWSE], 0, "");
}

static void
on_browse (EspRecipeEntry *entry, const char *name, EspRecipePage *self)
{
  g_signal_emit (self, signals[BROWSE], 0, name);
}

static void
on_result_activated (GtkListBox *list, GtkListBoxRow *row, EspRecipePage *self)
{
  g_signal_emit (self, signals[RESULT_ACTIVATED], 0, (guint) gtk_list_box_row_get_index (row));
}

static void
on_result_selected (GtkListBox *list, GtkListBoxRow *row, EspRecipePage *self)
{
  if (self->open_button != NULL) /* else the template goes, and its list lets go of the row */
    gtk_widget_set_sensitive (self->open_button, row != NULL);
}

static void
on_open_result (GtkButton *button, EspRecipePage *self)
{
  GtkListBoxRow *row = gtk_list_box_get_selected_row (self->results);

  if (row != NULL)
    on_result_activated (self->results, row, self);
}

static void
esp_recipe_page_dispose (GObject *object)
{
  gtk_widget_dispose_template (GTK_WIDGET (object), ESP_TYPE_RECIPE_PAGE);
  g_clear_pointer (&ESP_RECIPE_PAGE (object)->fields, g_ptr_array_unref);
  G_OBJECT_CLASS (esp_recipe_page_parent_class)->dispose (object);
}

#define BIND(name) gtk_widget_class_bind_template_child (widget, EspRecipePage, name)

static void
bind_children (GtkWidgetClass *widget)
{
  BIND (settings);
  BIND (recipe_drop);
  BIND (tier_drop);
  BIND (first_box);
  BIND (rest_box);
  BIND (rest_expander);
  BIND (folder_entry);
  BIND (start_button);
  BIND (pause_button);
  BIND (cancel_button);
  BIND (progress);
  BIND (status);
  BIND (verdict);
  BIND (steps);
  BIND (results);
  BIND (steps_title);
  BIND (results_title);
  BIND (open_button);
  gtk_widget_class_bind_template_callback (widget, on_open);
  gtk_widget_class_bind_template_callback (widget, on_start);
  gtk_widget_class_bind_template_callback (widget, on_pause);
  gtk_widget_class_bind_template_callback (widget, on_cancel);
  gtk_widget_class_bind_template_callback (widget, on_browse_folder);
  gtk_widget_class_bind_template_callback (widget, on_result_activated);
  gtk_widget_class_bind_template_callback (widget, on_result_selected);
  gtk_widget_class_bind_template_callback (widget, on_open_result);
}

static void
esp_recipe_page_class_init (EspRecipePageClass *klass)
{
  const struct
  {
    const char *name;
    GType type;
  } all[N_SIGNALS] = {
    [RECIPE_CHOSEN] = { "recipe-chosen", G_TYPE_UINT },
    [OPEN_RECIPE] = { "open-recipe", G_TYPE_NONE },
    [TIER_CHOSEN] = { "tier-chosen", G_TYPE_UINT },
    [BROWSE] = { "browse", G_TYPE_STRING },
    [START] = { "start", G_TYPE_NONE },
    [PAUSE] = { "pause", G_TYPE_NONE },
    [CANCEL] = { "cancel", G_TYPE_NONE },
    [RESULT_ACTIVATED] = { "result-activated", G_TYPE_UINT },
  };
  GtkWidgetClass *widget = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = esp_recipe_page_dispose;
  gtk_widget_class_set_template_from_resource (widget, "/io/github/espalier/Espalier/ui/recipe-page.ui");
  bind_children (widget);
  gtk_widget_class_set_css_name (widget, "recipepage");
  for (guint i = 0; i < N_SIGNALS; i++)
    signals[i] = g_signal_new (all[i].name, G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE,
                               all[i].type != G_TYPE_NONE, all[i].type);
}

static void
esp_recipe_page_init (EspRecipePage *self)
{
  self->fields = g_ptr_array_new ();
  gtk_widget_init_template (GTK_WIDGET (self));
  esp_drop_down_name (self->recipe_drop, _ ("Recipe"));
  esp_drop_down_name (self->tier_drop, _ ("Tier"));
  esp_accessible_name (self->folder_entry, _ ("Folder of the results"));
  esp_tab_out (GTK_WIDGET (self->steps));
  esp_tab_out (GTK_WIDGET (self->results));
  g_signal_connect_swapped (self->recipe_drop, "notify::selected", G_CALLBACK (on_recipe), self);
  g_signal_connect_swapped (self->tier_drop, "notify::selected", G_CALLBACK (on_tier), self);
  esp_recipe_page_set_state (self, ESP_RECIPE_PAGE_IDLE);
}

/** esp_recipe_page_new: Returns: (transfer floating): without a recipe. Thread: main. */
GtkWidget *
esp_recipe_page_new (void)
{
  return g_object_new (ESP_TYPE_RECIPE_PAGE, NULL);
}

static void
fill_drop (EspRecipePage *self, GtkDropDown *drop, const char *name, const char *const *titles, guint chosen, GCallback callback)
{
  g_autoptr (GtkStringList) list = gtk_string_list_new (titles);

  g_signal_handlers_block_by_func (drop, callback, self);
  gtk_drop_down_set_model (drop, G_LIST_MODEL (list));
  gtk_drop_down_set_selected (drop, chosen);
  g_signal_handlers_unblock_by_func (drop, callback, self);
  esp_drop_down_name (drop, name); /* the line that shows the choice is a new one, and a long title must give way */
}

/* In the list a title is whole: there it is chosen by. */
static void
setup_title (GtkSignalListItemFactory *factory, GtkListItem *line, gpointer unused)
{
  GtkWidget *label = gtk_label_new (NULL);

  gtk_label_set_xalign (GTK_LABEL (label), 0);
  gtk_label_set_wrap (GTK_LABEL (label), TRUE);
  gtk_label_set_width_chars (GTK_LABEL (label), 40); /* wider than the button: of few lines */
  gtk_list_item_set_child (line, label);
}

static void
bind_title (GtkSignalListItemFactory *factory, GtkListItem *line, gpointer unused)
{
  gtk_label_set_label (GTK_LABEL (gtk_list_item_get_child (line)),
                       gtk_string_object_get_string (GTK_STRING_OBJECT (gtk_list_item_get_item (line))));
}

/* Titles begin alike and differ in their ends. */
static void
keep_end (GtkWidget *widget)
{
  if (GTK_IS_LABEL (widget))
    gtk_label_set_ellipsize (GTK_LABEL (widget), PANGO_ELLIPSIZE_START);
  for (GtkWidget *child = gtk_widget_get_first_child (widget); child != NULL; child = gtk_widget_get_next_sibling (child))
    if (!GTK_IS_POPOVER (child))
      keep_end (child);
}

static void
show_whole_titles (GtkDropDown *drop)
{
  g_autoptr (GtkListItemFactory) factory = gtk_signal_list_item_factory_new ();

  g_signal_connect (factory, "setup", G_CALLBACK (setup_title), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_title), NULL);
  gtk_drop_down_set_list_factory (drop, factory);
}

/** esp_recipe_page_set_recipes: what can be chosen; tells nobody. Thread: main. */
void
esp_recipe_page_set_recipes (EspRecipePage *self, const char *const *titles, guint chosen)
{
  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  show_whole_titles (self->recipe_drop);
  fill_drop (self, self->recipe_drop, _ ("Recipe"), titles, chosen, G_CALLBACK (on_recipe));
  keep_end (GTK_WIDGET (self->recipe_drop));
}

/** esp_recipe_page_set_tiers: likewise; the first is chosen. Thread: main. */
void
esp_recipe_page_set_tiers (EspRecipePage *self, const char *const *titles)
{
  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  fill_drop (self, self->tier_drop, _ ("Tier"), titles, 0, G_CALLBACK (on_tier));
}

guint
esp_recipe_page_get_tier (EspRecipePage *self)
{
  return gtk_drop_down_get_selected (self->tier_drop);
}

static void
clear_box (GtkBox *box)
{
  for (GtkWidget *child; (child = gtk_widget_get_first_child (GTK_WIDGET (box))) != NULL;)
    gtk_box_remove (box, child);
}

/** esp_recipe_page_set_fields: the variables of a recipe in its order; a value that is missing is asked for. Thread: main. */
void
esp_recipe_page_set_fields (EspRecipePage *self, const EspRecipeField *fields, guint n)
{
  guint rest = 0;
  g_autofree char *title = NULL;

  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  g_ptr_array_set_size (self->fields, 0);
  clear_box (self->first_box);
  clear_box (self->rest_box);
  for (guint i = 0; i < n; i++)
    {
      GtkWidget *entry = esp_recipe_entry_new (&fields[i]);

      gtk_box_append (fields[i].first ? self->first_box : self->rest_box, entry);
      g_signal_connect_object (entry, "browse", G_CALLBACK (on_browse), self, 0);
      g_ptr_array_add (self->fields, entry);
      rest += !fields[i].first;
    }
  title = g_strdup_printf (ngettext ("%u more setting", "%u more settings", rest), rest);
  gtk_expander_set_label (self->rest_expander, title);
  esp_accessible_name (self->rest_expander, title);
  gtk_widget_set_visible (GTK_WIDGET (self->rest_expander), rest > 0);
}

/** esp_recipe_page_dup_sets: Returns: (transfer full): what differs from what the recipe says, and what it does not say. Thread: main. */
GStrv
esp_recipe_page_dup_sets (EspRecipePage *self)
{
  g_autoptr (GPtrArray) sets = g_ptr_array_new ();

  for (guint i = 0; i < self->fields->len; i++)
    {
      char *set = esp_recipe_entry_dup_set (g_ptr_array_index (self->fields, i));

      if (set != NULL)
        g_ptr_array_add (sets, set);
    }
  g_ptr_array_add (sets, NULL);
  return (GStrv) g_ptr_array_free (g_steal_pointer (&sets), FALSE);
}

/** esp_recipe_page_set_value: as if @value were typed; a variable that is not there is passed over. Thread: main. */
void
esp_recipe_page_set_value (EspRecipePage *self, const char *name, const char *value)
{
  for (guint i = 0; i < self->fields->len; i++)
    if (g_str_equal (esp_recipe_entry_get_name (g_ptr_array_index (self->fields, i)), name))
      esp_recipe_entry_set_value (g_ptr_array_index (self->fields, i), value);
}

const char *
esp_recipe_page_get_folder (EspRecipePage *self)
{
  return gtk_editable_get_text (self->folder_entry);
}

void
esp_recipe_page_set_folder (EspRecipePage *self, const char *folder)
{
  gtk_editable_set_text (self->folder_entry, folder);
  gtk_editable_set_position (self->folder_entry, -1);
}

/** esp_recipe_page_set_state: offers what can be done in @state. Thread: main. */
void
esp_recipe_page_set_state (EspRecipePage *self, EspRecipePageState state)
{
  const gboolean busy = state == ESP_RECIPE_PAGE_RUNNING || state == ESP_RECIPE_PAGE_ENDING;

  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  gtk_widget_set_sensitive (self->settings, !busy);
  gtk_widget_set_visible (GTK_WIDGET (self->start_button), !busy);
  gtk_widget_set_visible (self->pause_button, busy);
  gtk_widget_set_visible (self->cancel_button, state != ESP_RECIPE_PAGE_IDLE);
  gtk_widget_set_sensitive (self->pause_button, state == ESP_RECIPE_PAGE_RUNNING);
  gtk_widget_set_sensitive (self->cancel_button, state != ESP_RECIPE_PAGE_ENDING);
  gtk_button_set_label (self->start_button, state == ESP_RECIPE_PAGE_STOPPED ? _ ("Go On") : _ ("Start Recipe"));
}

/** esp_recipe_page_set_progress: @text says where the run is. Thread: main. */
void
esp_recipe_page_set_progress (EspRecipePage *self, double fraction, const char *text)
{
  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  if (fraction >= 0)
    gtk_progress_bar_set_fraction (self->progress, MIN (fraction, 1));
  else
    gtk_progress_bar_pulse (self->progress);
  gtk_label_set_label (self->status, text);
}

/** esp_recipe_page_set_steps: the steps of the recipe, each with its state in its words. Thread: main. */
void
esp_recipe_page_set_steps (EspRecipePage *self, const EspLine *lines, guint n)
{
  g_autofree char *total = g_strdup_printf (ngettext ("%u step", "%u steps", n), n);

  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  esp_line_list_fill (self->steps, lines, n);
  gtk_widget_set_visible (self->steps_title, n > 0);
  esp_accessible_describe (self->steps, total);
}

/** esp_recipe_page_set_results: the rows of the report so far. Thread: main. */
void
esp_recipe_page_set_results (EspRecipePage *self, const EspLine *lines, guint n)
{
  g_autofree char *total = g_strdup_printf (ngettext ("%u row", "%u rows", n), n);

  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  esp_line_list_fill (self->results, lines, n);
  gtk_widget_set_visible (self->results_title, n > 0);
  gtk_widget_set_visible (self->open_button, n > 0);
  esp_accessible_describe (self->results, total);
}

/** esp_recipe_page_set_verdict: what the rows say together. Thread: main. */
void
esp_recipe_page_set_verdict (EspRecipePage *self, const char *text)
{
  g_return_if_fail (ESP_IS_RECIPE_PAGE (self));
  gtk_label_set_label (self->verdict, text);
  gtk_widget_set_visible (GTK_WIDGET (self->verdict), *text != '\0');
}
