/* window-recipe-choose.c: which recipe, with which variables, and its steps */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-recipes-private.h"

#include <glib/gi18n.h>
#include <string.h>

#define SUFFIX ".recipe"

static const char *const tiers[] = { ESP_TIER_QUICK, ESP_TIER_FULL };

/* What a study has too, and what is asked for by a button. */
static gboolean
is_file (const char *name)
{
  static const char *const files[] = { "cfg", "weights", "names", "train", "val", "test", "data", "plan", "other", NULL };

  return g_strv_contains (files, name);
}

/* What is looked at first: what must be given, and what most runs differ by. */
static gboolean
is_first (const EspVariable *variable)
{
  static const char *const first[] = { "target", "keep", "less", "epochs", NULL };

  return g_strv_contains (first, variable->name)
         || (variable->value == NULL && !g_str_equal (variable->name, "val") && !g_str_equal (variable->name, "test"));
}

static const char *
from_study (EspWindow *self, const char *name)
{
  const struct
  {
    const char *name, *value;
  } known[] = {
    { "cfg", self->files.cfg },    { "weights", self->files.weights }, { "names", self->files.names },
    { "train", self->files.data }, { "data", self->files.data },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_str_equal (known[i].name, name))
      return known[i].value;
  return NULL;
}

/** esp_window_load_recipe: Returns: (transfer full): the recipe chosen, in the tier of the page; @open: what it asks for may be missing.
 * Thread: main. */
EspRecipe *
esp_window_load_recipe (EspWindow *self, const char *const *sets, gboolean open, GError **error)
{
  const EspRecipeOptions options = { tiers[MIN (esp_recipe_page_get_tier (self->recipe_page), 1)], sets, open };

  return esp_recipe_load (g_ptr_array_index (self->recipes->paths, self->recipes->chosen), &options, error);
}

/** esp_window_propose_folder: a folder of the user's own, named by recipe and time, is where its results go. Thread: main. */
void
esp_window_propose_folder (EspWindow *self, EspRecipe *recipe)
{
  g_autoptr (GDateTime) now = g_date_time_new_now_local ();
  g_autofree char *stamp = g_date_time_format (now, "%Y-%m-%d-%H%M%S");
  g_autofree char *name = g_strdup_printf ("%s-%s", esp_recipe_get_id (recipe), stamp);
  g_autofree char *path = g_build_filename (g_get_user_data_dir (), "espalier", "recipes", name, NULL);

  esp_recipe_page_set_folder (self->recipe_page, path);
}

static void
show_fields (EspWindow *self, EspRecipe *recipe)
{
  const guint n = esp_recipe_get_n_variables (recipe);
  g_autofree EspRecipeField *fields = g_new0 (EspRecipeField, n + 1);

  for (guint i = 0; i < n; i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      fields[i] = (EspRecipeField){ variable.name, variable.value, variable.about, is_first (&variable), is_file (variable.name) };
      if (fields[i].value == NULL && !fields[i].first)
        fields[i].value = ""; /* as another one has it, once that is given */
    }
  esp_recipe_page_set_fields (self->recipe_page, fields, n);
  for (guint i = 0; i < n; i++)
    if (fields[i].value == NULL || *fields[i].value == '\0')
      {
        const char *value = from_study (self, fields[i].name);

        if (value != NULL)
          esp_recipe_page_set_value (self->recipe_page, fields[i].name, value);
      }
}

/** esp_window_show_steps: the steps of @recipe, as far as its run is. Thread: main. */
void
esp_window_show_steps (EspWindow *self, EspRecipe *recipe)
{
  EspRecipeWork *work = self->recipes->work;
  const EspRecipeState state = esp_recipe_work_get_recipe (work) == recipe ? esp_recipe_work_get_state (work) : ESP_RECIPE_IDLE;
  const int at = state != ESP_RECIPE_IDLE ? esp_recipe_work_get_step (work) : -1;
  const guint n = esp_recipe_get_n_steps (recipe);
  g_autofree EspLine *lines = g_new0 (EspLine, n + 1);
  g_autoptr (GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < n; i++)
    {
      const EspStepKind *kind = esp_step_get_kind (esp_recipe_get_step (recipe, i));
      const gboolean done = (int) i < at || (at >= 0 && state == ESP_RECIPE_FINISHED), here = (int) i == at && !done;
      const char *words = done                          ? _ ("done")
                          : !here                       ? _ ("to do")
                          : state == ESP_RECIPE_WAITING ? _ ("waits for you")
                          : state == ESP_RECIPE_FAILED  ? _ ("failed")
                          : state == ESP_RECIPE_STOPPED ? _ ("stopped")
                                                        : _ ("under way");
      char *time = done || here ? g_strdup_printf (_ ("%.0f s"), esp_recipe_work_get_seconds (work, i)) : g_strdup ("");
      char *title = g_strdup_printf (_ ("%u. %s: %s"), i + 1, kind->id, _ (kind->title));
      char *aside = *time != '\0' ? g_strdup_printf (_ ("%s %s"), words, time) : g_strdup (words);
      char *name = g_strdup_printf (_ ("Step %s, %s"), title, aside);

      lines[i] = (EspLine){ .title = title, .aside = aside, .name = name, .is_dim = !done && !here, .is_bold = here };
      g_ptr_array_add (texts, time);
      g_ptr_array_add (texts, title);
      g_ptr_array_add (texts, aside);
      g_ptr_array_add (texts, name);
    }
  esp_recipe_page_set_steps (self->recipe_page, lines, n);
}

/** esp_window_show_recipe: the recipe in hand shown anew, its variables as it has them; nothing runs. Thread: main. */
void
esp_window_show_recipe (EspWindow *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = self->recipes->paths->len > 0 ? esp_window_load_recipe (self, NULL, TRUE, &error) : NULL;

  if (error != NULL)
    esp_window_show_error (self, _ ("This Recipe Cannot Be Read"), error);
  if (recipe == NULL)
    return;
  show_fields (self, recipe);
  esp_window_propose_folder (self, recipe);
  esp_window_show_steps (self, recipe);
  esp_window_show_report (self, NULL);
  g_clear_pointer (&self->recipes->report, json_node_unref);
  esp_recipe_page_set_state (self->recipe_page, ESP_RECIPE_PAGE_IDLE);
  esp_recipe_page_set_progress (self->recipe_page, 0, _ ("Not begun"));
}

static int
by_name (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

static void
find_recipes (EspWindowRecipes *recipes)
{
  g_autofree char *folder = esp_recipe_find_folder ();
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (g_str_has_suffix (name, SUFFIX))
      g_ptr_array_add (recipes->paths, g_build_filename (folder, name, NULL));
  g_ptr_array_sort (recipes->paths, by_name);
}

/** esp_window_list_recipes: by title; one that cannot be read is by its name, and says why once it is chosen. Thread: main. */
void
esp_window_list_recipes (EspWindow *self)
{
  const EspRecipeOptions options = { .open = TRUE };
  g_autoptr (GPtrArray) titles = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < self->recipes->paths->len; i++)
    {
      const char *path = g_ptr_array_index (self->recipes->paths, i);
      g_autoptr (EspRecipe) recipe = esp_recipe_load (path, &options, NULL);

      g_ptr_array_add (titles, recipe != NULL ? g_strdup (esp_recipe_get_title (recipe)) : g_path_get_basename (path));
    }
  g_ptr_array_add (titles, NULL);
  esp_recipe_page_set_recipes (self->recipe_page, (const char *const *) titles->pdata, self->recipes->chosen);
}

static void
recipe_chosen (EspRecipePage *page, guint chosen, gpointer data)
{
  EspWindow *self = data;

  self->recipes->chosen = MIN (chosen, self->recipes->paths->len - 1);
  self->recipes->picked = TRUE;
  esp_window_show_recipe (self);
}

static void
tier_chosen (EspRecipePage *page, guint tier, gpointer data)
{
  g_auto (GStrv) sets = esp_recipe_page_dup_sets (page);

  esp_window_show_recipe (data);
  for (guint i = 0; sets[i] != NULL; i++)
    {
      char *value = strchr (sets[i], '=');

      *value++ = '\0';
      esp_recipe_page_set_value (page, sets[i], value);
    }
}

static void
recipe_opened (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = data;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));

      g_ptr_array_add (self->recipes->paths, g_strdup (g_file_peek_path (file)));
      self->recipes->chosen = self->recipes->paths->len - 1;
      self->recipes->picked = TRUE;
      esp_window_list_recipes (self);
      esp_window_show_recipe (self);
    }
  g_object_unref (dialog);
}

static void
open_recipe_clicked (EspRecipePage *page, gpointer data)
{
  EspWindow *self = data;
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new (_ ("Open a Recipe"), GTK_WINDOW (self), GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  g_signal_connect_object (dialog, "response", G_CALLBACK (recipe_opened), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
browsed (GtkNativeDialog *dialog, int response, gpointer data)
{
  EspWindow *self = data;

  if (response == GTK_RESPONSE_ACCEPT)
    {
      g_autoptr (GFile) file = gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog));
      const char *name = g_object_get_data (G_OBJECT (dialog), "esp-variable");

      if (*name != '\0')
        esp_recipe_page_set_value (self->recipe_page, name, g_file_peek_path (file));
      else
        esp_recipe_page_set_folder (self->recipe_page, g_file_peek_path (file));
    }
  g_object_unref (dialog);
}

static void
browse_clicked (EspRecipePage *page, const char *name, gpointer data)
{
  EspWindow *self = data;
  const gboolean folder = *name == '\0';
  GtkFileChooserNative *dialog
      = gtk_file_chooser_native_new (folder ? _ ("Results In") : name, GTK_WINDOW (self),
                                     folder ? GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER : GTK_FILE_CHOOSER_ACTION_OPEN, NULL, NULL);

  g_object_set_data_full (G_OBJECT (dialog), "esp-variable", g_strdup (name), g_free);
  g_signal_connect_object (dialog, "response", G_CALLBACK (browsed), self, 0);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

/** esp_window_bind_recipe_choice: the recipes there are, and the page's signals about which it is. Thread: main. */
void
esp_window_bind_recipe_choice (EspWindow *self)
{
  EspRecipePage *page = self->recipe_page;
  const char *const titles[] = { _ ("Quick"), _ ("Full"), NULL };

  find_recipes (self->recipes);
  esp_recipe_page_set_tiers (page, titles);
  esp_window_list_recipes (self);
  esp_window_show_recipe (self);
  g_signal_connect (page, "recipe-chosen", G_CALLBACK (recipe_chosen), self);
  g_signal_connect (page, "tier-chosen", G_CALLBACK (tier_chosen), self);
  g_signal_connect (page, "open-recipe", G_CALLBACK (open_recipe_clicked), self);
  g_signal_connect (page, "browse", G_CALLBACK (browse_clicked), self);
}
