/* window-recipes.c: the page of recipes, tied to a run beside the study */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#include "study/recipe-work.h"

#define SUFFIX ".recipe"

struct _EspWindowRecipes
{
  EspRecipeWork *work;
  GPtrArray *paths; /* of char*: the recipes that can be chosen */
  guint chosen;
  gboolean cancelled;     /* stopped for good */
  JsonNode *report;       /* (nullable): as shown */
  GtkWidget *job_row;     /* (nullable) */
  GtkRevealer *banner;    /* above the pages of the panel: it waits for the hand */
  char *hand_cfg;         /* (nullable): what is opened for the hand */
  EspScores *hand_scores; /* (nullable) */
};

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

static EspRecipe *
load (EspWindow *self, const char *const *sets, gboolean open, GError **error)
{
  const EspRecipeOptions options = { tiers[MIN (esp_recipe_page_get_tier (self->recipe_page), 1)], sets, open };

  return esp_recipe_load (g_ptr_array_index (self->recipes->paths, self->recipes->chosen), &options, error);
}

static void
propose_folder (EspWindow *self, EspRecipe *recipe)
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

static void
show_steps (EspWindow *self, EspRecipe *recipe)
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

/* The recipe in hand shown anew, its variables as it has them; nothing runs. */
static void
show_recipe (EspWindow *self)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = self->recipes->paths->len > 0 ? load (self, NULL, TRUE, &error) : NULL;

  if (error != NULL)
    esp_window_show_error (self, _ ("This Recipe Cannot Be Read"), error);
  if (recipe == NULL)
    return;
  show_fields (self, recipe);
  propose_folder (self, recipe);
  show_steps (self, recipe);
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

/* By title; one that cannot be read is by its name, and says why once it is chosen. */
static void
list_recipes (EspWindow *self)
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
  show_recipe (self);
}

static void
tier_chosen (EspRecipePage *page, guint tier, gpointer data)
{
  g_auto (GStrv) sets = esp_recipe_page_dup_sets (page);

  show_recipe (data);
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
      list_recipes (self);
      show_recipe (self);
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

static void
show_job (EspWindow *self)
{
  EspJob *job = esp_recipe_work_get_job (self->recipes->work);

  if (job != NULL && self->recipes->job_row == NULL)
    self->recipes->job_row = esp_window_show_job (self, job);
  else if (job == NULL && self->recipes->job_row != NULL)
    {
      esp_window_hide_job (self, self->recipes->job_row);
      self->recipes->job_row = NULL;
    }
}

static void
start_clicked (EspRecipePage *page, gpointer data)
{
  EspWindow *self = data;
  g_auto (GStrv) sets = esp_recipe_page_dup_sets (page);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = NULL;

  if (self->recipes->paths->len == 0)
    return;
  recipe = load (self, (const char *const *) sets, FALSE, &error);
  if (recipe == NULL)
    {
      esp_window_show_error (self, _ ("The Recipe Could Not Begin"), error);
      return;
    }
  if (*esp_recipe_page_get_folder (page) == '\0')
    propose_folder (self, recipe);
  self->recipes->cancelled = FALSE;
  gtk_window_set_focus (GTK_WINDOW (self), NULL); /* the entries are of no use until it ends */
  esp_recipe_work_start (self->recipes->work, recipe, esp_recipe_page_get_folder (page));
  show_job (self);
}

static void
pause_clicked (EspRecipePage *page, gpointer data)
{
  esp_recipe_work_stop (ESP_WINDOW (data)->recipes->work);
}

/* What was made stays in its folder; the page is as before the start, but for what it was told. */
static void
forget_run (EspWindow *self)
{
  EspRecipe *recipe = esp_recipe_work_get_recipe (self->recipes->work);

  esp_recipe_page_set_state (self->recipe_page, ESP_RECIPE_PAGE_IDLE);
  esp_recipe_page_set_progress (self->recipe_page, 0, _ ("Cancelled; what was made is in its folder"));
  if (recipe != NULL)
    propose_folder (self, recipe);
}

static void
cancel_clicked (EspRecipePage *page, gpointer data)
{
  EspWindow *self = data;

  self->recipes->cancelled = TRUE;
  if (esp_recipe_work_get_job (self->recipes->work) != NULL)
    esp_recipe_work_stop (self->recipes->work);
  else
    forget_run (self);
}

static EspRecipePageState
page_state (EspRecipeState state)
{
  switch (state)
    {
    case ESP_RECIPE_RUNNING:
    case ESP_RECIPE_WAITING:
      return ESP_RECIPE_PAGE_RUNNING;
    case ESP_RECIPE_ENDING:
      return ESP_RECIPE_PAGE_ENDING;
    case ESP_RECIPE_STOPPED:
    case ESP_RECIPE_FAILED:
      return ESP_RECIPE_PAGE_STOPPED;
    case ESP_RECIPE_FINISHED:
    case ESP_RECIPE_IDLE:
    default:
      return ESP_RECIPE_PAGE_IDLE;
    }
}

/* "Step 6 of 11 · method: epoch 2 of 6, loss 3.1" */
static char *
status_words (EspRecipeWork *work, EspRecipeState state)
{
  g_autofree char *line = esp_recipe_work_dup_line (work);
  const guint n = esp_recipe_get_n_steps (esp_recipe_work_get_recipe (work));
  const int step = esp_recipe_work_get_step (work);

  if (state == ESP_RECIPE_FINISHED)
    return g_strdup_printf (_ ("Finished: the report is in %s"), esp_recipe_work_get_folder (work));
  if (state == ESP_RECIPE_STOPPED)
    return g_strdup_printf (_ ("Paused at step %d of %u; it goes on where it stood"), step + 1, n);
  if (state == ESP_RECIPE_WAITING)
    return g_strdup_printf (_ ("Step %d of %u · waits for your plan"), step + 1, n);
  if (state == ESP_RECIPE_ENDING)
    return g_strdup_printf (_ ("Step %d of %u · ends soon"), step + 1, n);
  return g_strdup_printf (_ ("Step %d of %u · %s"), step + 1, n, line);
}

static double
fraction_of (EspRecipeWork *work, EspRecipeState state)
{
  EspJob *job = esp_recipe_work_get_job (work);
  guint64 done = 0, total = 0;
  double seconds;

  if (job == NULL || state == ESP_RECIPE_WAITING)
    return state == ESP_RECIPE_FINISHED ? 1 : 0;
  esp_job_get_progress (job, &done, &total, &seconds);
  return total > 0 ? (double) done / (double) total : -1;
}

static void
show_waiting (EspWindow *self, gboolean waits)
{
  gtk_revealer_set_reveal_child (self->recipes->banner, waits);
  gtk_widget_set_visible (GTK_WIDGET (self->recipes->banner), waits);
}

static void
work_changed (EspRecipeWork *work, gpointer data)
{
  EspWindow *self = data;
  EspWindowRecipes *recipes = self->recipes;
  const EspRecipeState state = esp_recipe_work_get_state (work);
  g_autofree char *words = status_words (work, state);
  JsonNode *report = esp_recipe_work_dup_report (work);

  esp_recipe_page_set_state (self->recipe_page, page_state (state));
  esp_recipe_page_set_progress (self->recipe_page, fraction_of (work, state), words);
  show_steps (self, esp_recipe_work_get_recipe (work));
  if (state != ESP_RECIPE_WAITING)
    show_waiting (self, FALSE);
  if (report != recipes->report)
    esp_window_show_report (self, report);
  g_clear_pointer (&recipes->report, json_node_unref);
  recipes->report = report;
}

static void
work_ended (EspRecipeWork *work, const GError *error, gpointer data)
{
  EspWindow *self = data;

  show_job (self);
  if (error != NULL)
    esp_window_show_error (self, _ ("The Recipe Ended"), error);
  else if (self->recipes->cancelled)
    forget_run (self);
  else if (esp_recipe_work_get_state (work) == ESP_RECIPE_FINISHED)
    esp_window_toast (self, _ ("The recipe is finished: its table is on the page Recipes"));
}

/* Beside a study, or by itself. */
static void
place_page (EspWindow *self, GtkBox *to)
{
  GtkWidget *page = GTK_WIDGET (self->recipe_page), *from = gtk_widget_get_parent (page);

  if (from == GTK_WIDGET (to))
    return;
  gtk_window_set_focus (GTK_WINDOW (self), NULL); /* an entry that goes with the keyboard in it complains */
  g_object_ref (page);
  gtk_box_remove (GTK_BOX (from), page);
  gtk_box_append (to, page);
  g_object_unref (page);
}

/** esp_window_recipes_stand_alone: Returns: whether the page is shown without a study. Thread: main. */
gboolean
esp_window_recipes_stand_alone (EspWindow *window)
{
  return gtk_widget_get_parent (GTK_WIDGET (window->recipe_page)) == GTK_WIDGET (window->recipe_alone);
}

/** esp_window_show_recipes: shows the page in the panel of the study, or by itself where none is open; a run goes on without it. Thread: main. */
void
esp_window_show_recipes (EspWindow *window, gboolean shown)
{
  gboolean loaded;

  g_object_get (window->study, "loaded", &loaded, NULL);
  place_page (window, loaded || !shown ? window->recipe_host : window->recipe_alone);
  gtk_stack_set_visible_child_name (window->stack, loaded ? "study" : shown ? "recipes" : "empty");
  if (!loaded || !shown)
    return;
  gtk_widget_set_visible (window->panel, TRUE);
  gtk_stack_set_visible_child_name (window->panel_stack, "recipes");
}

/* (transfer full) (nullable): a variable of the run that is given. */
static char *
variable_of (EspRecipe *recipe, const char *name)
{
  for (guint i = 0; i < esp_recipe_get_n_variables (recipe); i++)
    {
      const EspVariable variable = esp_recipe_get_variable (recipe, i);

      if (g_str_equal (variable.name, name) && variable.value != NULL && *variable.value != '\0')
        return g_strdup (variable.value);
    }
  return NULL;
}

/* Those it chooses by; else what is open, else those it measures on or learns from. */
static void
take_images (EspWindow *self, EspRecipe *recipe, EspStudyFiles *files)
{
  static const char *const sets[] = { "val", "test", "train" };

  for (guint i = 0; files->data == NULL && i < G_N_ELEMENTS (sets); i++)
    {
      g_autofree char *split = g_strconcat (sets[i], "-split", NULL);

      if (i > 0 && self->files.data != NULL)
        {
          files->data = g_strdup (self->files.data);
          files->split = g_strdup (self->files.split);
          return;
        }
      files->data = variable_of (recipe, sets[i]);
      files->split = files->data != NULL ? variable_of (recipe, split) : NULL;
    }
}

/* A network of the run beside images: those it chooses by, else what is open. */
static void
open_of_run (EspWindow *self, const char *cfg, const char *plan)
{
  EspRecipe *recipe = esp_recipe_work_get_recipe (self->recipes->work);
  const char *stem_end = strrchr (cfg, '.');
  g_autofree char *stem = g_strndup (cfg, (gsize) (stem_end - cfg));
  EspStudyFiles files = { .cfg = g_strdup (cfg), .weights = g_strconcat (stem, ".weights", NULL), .plan = g_strdup (plan) };
  g_autofree char *names = g_strconcat (stem, ".names", NULL);

  if (g_file_test (names, G_FILE_TEST_EXISTS))
    files.names = g_steal_pointer (&names);
  take_images (self, recipe, &files);
  esp_window_open_study (self, &files);
  esp_study_files_clear (&files);
}

static void
open_for_hand (EspWindow *self)
{
  const char *folder = esp_recipe_work_get_folder (self->recipes->work);
  g_autofree char *plan = g_build_filename (folder, "proposed.json", NULL);

  g_free (self->recipes->hand_cfg);
  self->recipes->hand_cfg = g_build_filename (folder, "dense.cfg", NULL);
  open_of_run (self, self->recipes->hand_cfg, plan);
}

static void
work_waits (EspRecipeWork *work, gpointer data)
{
  EspWindow *self = data;

  g_clear_pointer (&self->recipes->hand_scores, esp_scores_unref);
  self->recipes->hand_scores = esp_recipe_work_dup_scores (work);
  show_waiting (self, TRUE);
  gtk_stack_set_visible_child_name (self->panel_stack, "prune");
  open_for_hand (self);
}

static gboolean
is_before_the_hand (EspWindow *self)
{
  return self->opening == NULL && g_strcmp0 (self->files.cfg, self->recipes->hand_cfg) == 0 && esp_study_get_plan (self->study) != NULL;
}

static void
go_on_clicked (GtkButton *button, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *plan = g_build_filename (esp_recipe_work_get_folder (self->recipes->work), "answered.json", NULL);
  g_autoptr (GError) error = NULL;

  if (!is_before_the_hand (self))
    open_for_hand (self); /* another study is open: its plan is none of the recipe's */
  else if (!esp_study_save_plan (self->study, plan, &error))
    esp_window_show_error (self, _ ("The Plan Could Not Be Handed Over"), error);
  else
    {
      esp_recipe_work_answer (self->recipes->work, plan);
      gtk_stack_set_visible_child_name (self->panel_stack, "recipes");
    }
}

static void
as_proposed_clicked (GtkButton *button, gpointer data)
{
  EspWindow *self = data;

  esp_recipe_work_answer (self->recipes->work, NULL);
  gtk_stack_set_visible_child_name (self->panel_stack, "recipes");
}

static GtkWidget *
make_banner_button (EspWindow *self, const char *label, const char *tip, GCallback clicked)
{
  GtkWidget *button = gtk_button_new_with_label (label);

  gtk_widget_set_tooltip_text (button, tip);
  g_signal_connect (button, "clicked", clicked, self);
  return button;
}

static void
make_banner (EspWindow *self)
{
  GtkWidget *box = gtk_box_new (GTK_ORIENTATION_VERTICAL, 6), *line = gtk_box_new (GTK_ORIENTATION_HORIZONTAL, 6);
  GtkWidget *label = gtk_label_new (_ ("The recipe waits for your plan"));
  GtkWidget *go_on
      = make_banner_button (self, _ ("Go On With This Plan"), _ ("The recipe cuts what this plan cuts"), G_CALLBACK (go_on_clicked));

  self->recipes->banner = GTK_REVEALER (gtk_revealer_new ());
  gtk_widget_add_css_class (label, "heading");
  gtk_widget_add_css_class (go_on, "suggested-action");
  gtk_widget_add_css_class (box, "recipe-banner");
  gtk_box_set_homogeneous (GTK_BOX (line), TRUE);
  gtk_box_append (GTK_BOX (line), go_on);
  gtk_box_append (GTK_BOX (line),
                  make_banner_button (self, _ ("Use as Proposed"), _ ("The recipe cuts what it proposed, whatever was changed here"),
                                      G_CALLBACK (as_proposed_clicked)));
  gtk_box_append (GTK_BOX (box), label);
  gtk_box_append (GTK_BOX (box), line);
  gtk_revealer_set_child (self->recipes->banner, box);
  gtk_box_insert_child_after (GTK_BOX (self->panel), GTK_WIDGET (self->recipes->banner),
                              gtk_widget_get_prev_sibling (GTK_WIDGET (self->panel_stack)));
  show_waiting (self, FALSE);
}

static void
result_activated (EspRecipePage *page, guint row, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *name = self->recipes->report != NULL ? esp_window_result_cfg (self->recipes->report, row) : NULL;
  g_autofree char *cfg = NULL;

  if (name == NULL)
    return;
  cfg = g_build_filename (esp_recipe_work_get_folder (self->recipes->work), name, NULL);
  open_of_run (self, cfg, NULL);
}

/** esp_window_propose_recipe: another study is open: a recipe that was not begun yet is proposed for it. Thread: main. */
void
esp_window_propose_recipe (EspWindow *window)
{
  EspWindowRecipes *recipes = window->recipes;

  place_page (window, window->recipe_host);
  if (esp_recipe_work_get_state (recipes->work) == ESP_RECIPE_IDLE)
    show_recipe (window);
  if (recipes->hand_scores != NULL && is_before_the_hand (window))
    {
      if (!esp_study_take_scores (window->study, recipes->hand_scores))
        g_debug ("the recipe's scores are of the network before its classes were chosen");
      g_clear_pointer (&recipes->hand_scores, esp_scores_unref);
    }
}

/** esp_window_bind_recipes: ties the page of recipes to a run beside the study. Thread: main. */
void
esp_window_bind_recipes (EspWindow *window)
{
  EspRecipePage *page = window->recipe_page;
  const char *const titles[] = { _ ("Quick"), _ ("Full"), NULL };

  window->recipes = g_new0 (EspWindowRecipes, 1);
  window->recipes->work
      = esp_recipe_work_new (esp_application_get_lane (ESP_APPLICATION (gtk_window_get_application (GTK_WINDOW (window)))));
  window->recipes->paths = g_ptr_array_new_with_free_func (g_free);
  make_banner (window);
  find_recipes (window->recipes);
  esp_recipe_page_set_tiers (page, titles);
  list_recipes (window);
  show_recipe (window);
  g_signal_connect (page, "recipe-chosen", G_CALLBACK (recipe_chosen), window);
  g_signal_connect (page, "tier-chosen", G_CALLBACK (tier_chosen), window);
  g_signal_connect (page, "open-recipe", G_CALLBACK (open_recipe_clicked), window);
  g_signal_connect (page, "browse", G_CALLBACK (browse_clicked), window);
  g_signal_connect (page, "start", G_CALLBACK (start_clicked), window);
  g_signal_connect (page, "pause", G_CALLBACK (pause_clicked), window);
  g_signal_connect (page, "cancel", G_CALLBACK (cancel_clicked), window);
  g_signal_connect (page, "result-activated", G_CALLBACK (result_activated), window);
  g_signal_connect_object (window->recipes->work, "changed", G_CALLBACK (work_changed), window, 0);
  g_signal_connect_object (window->recipes->work, "hand", G_CALLBACK (work_waits), window, 0);
  g_signal_connect_object (window->recipes->work, "ended", G_CALLBACK (work_ended), window, 0);
}

/** esp_window_end_recipes: the window goes: a run is stopped, and can go on another day. Thread: main. */
void
esp_window_end_recipes (EspWindow *window)
{
  EspWindowRecipes *recipes = g_steal_pointer (&window->recipes);

  if (recipes == NULL)
    return;
  g_signal_handlers_disconnect_by_data (recipes->work, window);
  g_object_unref (recipes->work);
  g_ptr_array_unref (recipes->paths);
  g_clear_pointer (&recipes->report, json_node_unref);
  g_clear_pointer (&recipes->hand_scores, esp_scores_unref);
  g_free (recipes->hand_cfg);
  g_free (recipes);
}
