/* window-prune.c: groups, criterion and tiles: the hand and its answer */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

#define BLOCK 16 /* channels: a layer's cost falls in steps of this */

static GPtrArray *
get_ranking (guint group, gpointer data)
{
  EspPlan *plan = esp_study_get_plan (ESP_WINDOW (data)->study);

  return plan != NULL ? esp_plan_get_ranking (plan, group) : NULL;
}

static void
act_begun (EspGroupList *list, guint group, gpointer data)
{
  EspPlan *plan = esp_study_get_plan (ESP_WINDOW (data)->study);

  if (plan != NULL)
    esp_plan_begin (plan);
}

static void
act_ended (EspGroupList *list, guint group, gpointer data)
{
  EspPlan *plan = esp_study_get_plan (ESP_WINDOW (data)->study);

  if (plan != NULL)
    esp_plan_end (plan);
}

static void
numbers_changed (EspStudy *study, gpointer data)
{
  EspWindow *self = data;
  EspNumbers numbers;
  g_autofree char *warning = esp_study_dup_latency_warning (study);

  esp_study_get_numbers (study, &numbers);
  esp_metric_tile_set_map (self->map_tile, &numbers.map);
  esp_metric_tile_set_size (self->size_tile, numbers.cost.file_bytes, numbers.whole.file_bytes);
  esp_metric_tile_set_bflops (self->bflops_tile, numbers.cost.bflops, numbers.whole.bflops);
  esp_metric_tile_set_latency (self->latency_tile, numbers.has_latency ? &numbers.latency : NULL,
                               numbers.has_latency_whole ? &numbers.latency_whole : NULL, warning);
}

/* The criteria of the registry, in its order, that a study has what it takes for; NULL behind the last. */
static const EspCriterion *
criterion_at (guint position)
{
  guint n = 0;
  const EspCriterion *rows = esp_criteria (&n);

  for (guint i = 0; i < n; i++)
    if (!rows[i].needs_pairs && position-- == 0)
      return &rows[i];
  return NULL;
}

static GListModel *
criterion_titles (void)
{
  GtkStringList *titles = gtk_string_list_new (NULL);
  const EspCriterion *row;

  for (guint i = 0; (row = criterion_at (i)) != NULL; i++)
    gtk_string_list_append (titles, _ (row->title));
  return G_LIST_MODEL (titles);
}

static guint
criterion_position (const char *id)
{
  const EspCriterion *row;

  for (guint i = 0; (row = criterion_at (i)) != NULL; i++)
    if (g_strcmp0 (row->id, id) == 0)
      return i;
  return GTK_INVALID_LIST_POSITION;
}

typedef struct
{
  EspWindow *window;
  GtkWidget *row; /* owned by the popover */
} Scoring;

static void
criterion_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  g_autofree char *id = NULL;

  g_object_get (study, "criterion", &id, NULL);
  gtk_drop_down_set_selected (self->criterion_drop, criterion_position (id));
}

static void
scored (GObject *source, GAsyncResult *result, gpointer data)
{
  Scoring *scoring = data;
  g_autoptr (EspWindow) self = scoring->window;
  g_autoptr (GError) error = NULL;

  esp_window_hide_job (self, scoring->row);
  g_free (scoring);
  if (esp_study_set_criterion_finish (ESP_STUDY (source), result, &error))
    return;
  criterion_changed (self->study, NULL, self);
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    esp_window_show_error (self, _ ("The Channels Could Not Be Scored"), error);
}

static void
criterion_picked (GtkDropDown *drop, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  const EspCriterion *picked = criterion_at (gtk_drop_down_get_selected (drop));
  g_autofree char *current = NULL;

  g_object_get (self->study, "criterion", &current, NULL);
  if (picked == NULL || g_strcmp0 (picked->id, current) == 0 || esp_study_get_network (self->study) == NULL)
    return;

  g_autofree char *title = g_strdup_printf (_ ("Scores: %s"), _ (picked->title));
  g_autoptr (EspJob) job = esp_job_new (title);
  Scoring *scoring = g_new0 (Scoring, 1);

  *scoring = (Scoring){ g_object_ref (self), esp_window_show_job (self, job) };
  esp_study_set_criterion_async (self->study, picked->id, job, scored, scoring);
}

static void
round_toggled (GtkCheckButton *check, gpointer data)
{
  EspPlan *plan = esp_study_get_plan (ESP_WINDOW (data)->study);

  if (plan != NULL)
    esp_plan_set_round (plan, gtk_check_button_get_active (check) ? BLOCK : 1);
}

static void
trial_activated (EspTrialList *list, guint trial, gpointer data)
{
  EspWindow *self = data;
  EspStudyFiles files = { 0 };

  if (esp_study_get_trial_files (self->study, trial, &files))
    esp_window_open_study (self, &files);
  else
    esp_study_restore_trial (self->study, trial);
  esp_study_files_clear (&files);
}

/* A trial, an undo or an opened plan may bring another rounding; showing it sets none. */
static void
plan_changed (EspPlan *plan, gpointer data)
{
  EspWindow *self = data;

  g_signal_handlers_block_by_func (self->round_check, round_toggled, self);
  gtk_check_button_set_active (self->round_check, esp_plan_get_round (plan) == BLOCK);
  g_signal_handlers_unblock_by_func (self->round_check, round_toggled, self);
}

static void
plan_notified (EspPlan *plan, GParamSpec *pspec, gpointer data)
{
  esp_window_update_actions (data);
}

/* Another plan means another study: its undo is the window's. */
static void
plan_replaced (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  EspWindow *self = data;
  EspPlan *plan = esp_study_get_plan (study);

  if (plan != NULL)
    {
      const char *const properties[] = { "notify::can-undo", "notify::can-redo", "notify::undo-label", "notify::redo-label" };

      for (guint i = 0; i < G_N_ELEMENTS (properties); i++)
        g_signal_connect_object (plan, properties[i], G_CALLBACK (plan_notified), self, 0);
      g_signal_connect_object (plan, "changed", G_CALLBACK (plan_changed), self, 0);
      plan_changed (plan, self);
    }
  g_clear_object (&self->plan_file);
  esp_window_show_title (self);
  esp_window_update_actions (self);
}

/** esp_window_bind_prune: ties groups, criterion and tiles to the study. Thread: main. */
void
esp_window_bind_prune (EspWindow *window)
{
  EspStudy *study = window->study;
  g_autoptr (GListModel) titles = criterion_titles ();

  gtk_drop_down_set_model (window->criterion_drop, titles);
  gtk_drop_down_set_selected (window->criterion_drop, GTK_INVALID_LIST_POSITION);
  esp_group_list_set_ranking_func (window->group_list, get_ranking, window, NULL);
  esp_group_list_set_model (window->group_list, esp_study_get_groups (study));
  esp_trial_list_set_model (window->trial_list, esp_study_get_trials (study));
  g_signal_connect (window->group_list, "act-begin", G_CALLBACK (act_begun), window);
  g_signal_connect (window->group_list, "act-end", G_CALLBACK (act_ended), window);
  g_signal_connect (window->trial_list, "trial-activated", G_CALLBACK (trial_activated), window);
  g_signal_connect (window->criterion_drop, "notify::selected", G_CALLBACK (criterion_picked), window);
  g_signal_connect (window->round_check, "toggled", G_CALLBACK (round_toggled), window);
  g_signal_connect_object (study, "numbers-changed", G_CALLBACK (numbers_changed), window, 0);
  g_signal_connect_object (study, "notify::criterion", G_CALLBACK (criterion_changed), window, 0);
  g_signal_connect_object (study, "notify::plan", G_CALLBACK (plan_replaced), window, 0);
}
