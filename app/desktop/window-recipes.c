/* window-recipes.c: the page of recipes, tied to a run beside the study */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-recipes-private.h"

#include <glib/gi18n.h>

#include "base/error.h"

static void
show_job (EspWindow *self)
{
  esp_window_follow_job (self, esp_recipe_work_get_job (self->recipes->work), &self->recipes->job_row);
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
  recipe = esp_window_load_recipe (self, (const char *const *) sets, FALSE, &error);
  if (recipe == NULL || !esp_window_check_target (self, recipe, &error))
    {
      esp_window_show_error (self, _ ("The Recipe Could Not Begin"), error);
      return;
    }
  if (*esp_recipe_page_get_folder (page) == '\0')
    esp_window_propose_folder (self, recipe);
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

static const char *
cancelled_words (void)
{
  return _ ("Cancelled; what was made is in its folder");
}

/* What was made stays in its folder; the page is as before the start, but for what it was told. */
static void
forget_run (EspWindow *self, const char *words)
{
  EspRecipe *recipe = esp_recipe_work_get_recipe (self->recipes->work);

  esp_recipe_page_set_state (self->recipe_page, ESP_RECIPE_PAGE_IDLE);
  esp_recipe_page_set_progress (self->recipe_page, 0, words);
  if (recipe != NULL)
    esp_window_propose_folder (self, recipe);
}

static void
cancel_clicked (EspRecipePage *page, gpointer data)
{
  EspWindow *self = data;

  self->recipes->cancelled = TRUE;
  if (esp_recipe_work_get_job (self->recipes->work) != NULL)
    esp_recipe_work_stop (self->recipes->work);
  else
    forget_run (self, cancelled_words ());
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
work_changed (EspRecipeWork *work, gpointer data)
{
  EspWindow *self = data;
  EspWindowRecipes *recipes = self->recipes;
  const EspRecipeState state = esp_recipe_work_get_state (work);
  g_autofree char *words = status_words (work, state);
  JsonNode *report = esp_recipe_work_dup_report (work);

  esp_recipe_page_set_state (self->recipe_page, page_state (state));
  esp_recipe_page_set_progress (self->recipe_page, fraction_of (work, state), words);
  esp_window_show_steps (self, esp_recipe_work_get_recipe (work));
  if (state != ESP_RECIPE_WAITING)
    esp_window_show_waiting (self, FALSE);
  if (report != recipes->report)
    esp_window_show_report (self, report);
  g_clear_pointer (&recipes->report, json_node_unref);
  recipes->report = report;
}

static void
work_waits (EspRecipeWork *work, gpointer data)
{
  esp_window_wait_for_hand (data);
}

static void
result_activated (EspRecipePage *page, guint row, gpointer data)
{
  esp_window_open_result (data, row);
}

/* A disk that was full is a thing of the moment; what it was told stays wrong however often it is tried. */
static gboolean
can_go_on (const GError *error)
{
  return !g_error_matches (error, ESP_ERROR, ESP_ERROR_FORMAT) && !g_error_matches (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED)
         && !g_error_matches (error, ESP_ERROR, ESP_ERROR_SHAPE) && !g_error_matches (error, ESP_ERROR, ESP_ERROR_SPLIT);
}

static void
work_ended (EspRecipeWork *work, const GError *error, gpointer data)
{
  EspWindow *self = data;

  show_job (self);
  if (error != NULL)
    {
      esp_window_show_error (self, _ ("The Recipe Ended"), error);
      if (!can_go_on (error))
        forget_run (self, _ ("Failed; what is wrong is in what it was told, so that it begins anew"));
    }
  else if (self->recipes->cancelled)
    forget_run (self, cancelled_words ());
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

/** esp_window_show_recipes: shows the page in the panel of the study, or by itself where none is open; a run goes on without it.
 * Thread: main. */
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


/** esp_window_propose_recipe: another study is open: a recipe that was not begun yet is proposed for it. Thread: main. */
void
esp_window_propose_recipe (EspWindow *window)
{
  EspWindowRecipes *recipes = window->recipes;

  place_page (window, window->recipe_host);
  if (esp_recipe_work_get_state (recipes->work) == ESP_RECIPE_IDLE)
    {
      const guint fit = recipes->picked ? recipes->chosen : esp_window_find_recipe (window);

      if (fit != recipes->chosen)
        {
          recipes->chosen = fit;
          esp_window_list_recipes (window);
        }
      esp_window_show_recipe (window);
    }
  if (recipes->hand_scores != NULL && esp_window_is_before_the_hand (window))
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

  window->recipes = g_new0 (EspWindowRecipes, 1);
  window->recipes->work
      = esp_recipe_work_new (esp_application_get_lane (ESP_APPLICATION (gtk_window_get_application (GTK_WINDOW (window)))));
  window->recipes->paths = g_ptr_array_new_with_free_func (g_free);
  esp_window_make_banner (window);
  esp_window_bind_recipe_choice (window);
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
