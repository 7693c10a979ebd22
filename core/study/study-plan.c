/* study-plan.c: what a change of the plan means: kept counts and cost in the same frame, then one request for numbers */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>

#include "study/study-private.h"

/* A drag tells the plan many times a frame: one source, before the frame is drawn. */
static gboolean
flush_idle (gpointer data)
{
  EspStudy *study = data;

  study->flush_source = 0;
  study_plan_flush (study);
  return G_SOURCE_REMOVE;
}

static void
plan_changed (EspPlan *plan, gpointer data)
{
  EspStudy *study = data;

  if (study->flush_source == 0)
    study->flush_source = g_idle_add_full (G_PRIORITY_DEFAULT, flush_idle, study, NULL);
}

static void
ratio_wanted (guint group, double ratio, gboolean by_score, gpointer data)
{
  EspStudy *study = data;

  if (by_score)
    esp_plan_set_share_by_score (study->plan, group, ratio);
  else
    esp_plan_set_ratio (study->plan, group, ratio);
}

static char *
list_layers (const EspGroup *group)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < group->n_layers; i++)
    g_string_append_printf (text, "%s%u", i > 0 ? ", " : "", group->layers[i]);
  return g_string_free (text, FALSE);
}

static void
fill_groups (EspStudy *study)
{
  for (guint i = 0; i < esp_plan_get_n_groups (study->plan); i++)
    {
      const EspGroup *group = esp_plan_get_group (study->plan, i);
      g_autofree char *layers = list_layers (group);
      g_autoptr (EspRow) row = g_object_new (ESP_TYPE_GROUP_ROW, "index", i, "name", group->name, "total", group->n_channels, "layers",
                                             layers, "note", "", NULL);

      esp_group_row_set_ratio_func (ESP_GROUP_ROW (row), ratio_wanted, study);
      g_list_store_append (study->groups, row);
    }
}

static void
empty_groups (EspStudy *study)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (study->groups));

  /* a row may live on in a window */
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspGroupRow) row = g_list_model_get_item (G_LIST_MODEL (study->groups), i);

      esp_group_row_set_ratio_func (row, NULL, NULL);
    }
  g_list_store_remove_all (study->groups);
}

/* The ratio asks for more than a layer's floor lets go. */
static gboolean
floor_reached (EspStudy *study, const EspGroup *group)
{
  const guint least = esp_plan_get_floor (study->plan);

  for (guint i = 0; i < group->n_layers; i++)
    {
      const EspLayer *layer = esp_network_get_layer (study->material->network, group->layers[i]);

      if (esp_mask_count_kept (study->mask, group->layers[i]) <= least && layer->out.c > (int) least)
        return TRUE;
    }
  return FALSE;
}

static void
update_groups (EspStudy *study)
{
  for (guint i = 0; i < esp_plan_get_n_groups (study->plan); i++)
    {
      const EspGroup *group = esp_plan_get_group (study->plan, i);
      g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->groups), i);
      const double ratio = esp_plan_get_ratio (study->plan, i);
      const guint kept = esp_plan_count_kept (study->plan, i);
      const gboolean short_of = group->n_channels - kept + .5 < ratio * group->n_channels;

      esp_row_set (row, "ratio", ratio, "by-score", esp_plan_get_threshold (study->plan, i, NULL), "kept", kept, "note",
                   short_of && floor_reached (study, group) ? "floor reached" : "", NULL);
    }
}

static void
update_channels (EspStudy *study)
{
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (study->channels));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->channels), i);
      const guint layer = (guint) study->layer;

      esp_row_set (row, "kept", esp_mask_keeps (study->mask, layer, i), "rule", (int) esp_plan_get_rule (study->plan, layer, i), NULL);
    }
}

/* Asks for the numbers of the plan as it is now, under the words of the act that led to it, ended or not. */
static void
request_numbers (EspStudy *study)
{
  g_autoptr (EspPlanState) state = esp_plan_get_state (study->plan);
  g_autofree char *label = esp_plan_dup_act_label (study->plan);

  if (esp_mask_is_full (study->mask))
    esp_live_request (study->live, study->mask, "Unpruned", state);
  else
    esp_live_request (study->live, study->mask, label != NULL ? label : "Plan", state);
}

/** study_plan_rank: the scores or the layer are others: histograms and channel scores are read again. Thread: main. */
void
study_plan_rank (EspStudy *study)
{
  EspScores *scores = esp_plan_get_scores (study->plan);
  guint n_scores = 0;
  const double *values = study->layer >= 0 && scores != NULL ? esp_scores_get (scores, (guint) study->layer, &n_scores) : NULL;
  const guint n = g_list_model_get_n_items (G_LIST_MODEL (study->channels));

  for (guint i = 0; i < n; i++)
    {
      g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->channels), i);

      esp_row_set (row, "score", values != NULL && i < n_scores ? values[i] : NAN, NULL);
    }
  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (study->groups)); i++)
    {
      g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->groups), i);
      guint revision = 0;

      g_object_get (row, "revision", &revision, NULL);
      esp_row_set (row, "revision", revision + 1, NULL);
    }
}

/* An opened plan, a trial or an undo may rank by other scores than before. */
static void
follow_scores (EspStudy *study)
{
  EspScores *scores = esp_plan_get_scores (study->plan);

  if (scores == NULL || scores == study->ranked)
    return;
  g_clear_pointer (&study->ranked, esp_scores_unref);
  study->ranked = esp_scores_ref (scores);
  g_free (study->criterion);
  study->criterion = g_strdup (esp_scores_get_criterion (scores));
  study_plan_rank (study);
  study_notify (study, STUDY_PROP_CRITERION);
}

/** study_plan_flush: rows and cost at once; numbers are asked for where the mask is another. Thread: main. */
void
study_plan_flush (EspStudy *study)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (study->plan);
  const gboolean same = study->mask != NULL && esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (study->mask));

  g_clear_handle_id (&study->flush_source, g_source_remove);
  g_clear_pointer (&study->mask, esp_mask_unref);
  study->mask = esp_mask_ref (mask);
  follow_scores (study);
  update_groups (study);
  update_channels (study);
  study_edge_update (study);
  study->cost = esp_cost_of (study->material->network, mask);
  study_save_later (study);
  if (!same)
    {
      g_clear_handle_id (&study->latency_source, g_source_remove);
      request_numbers (study);
      if (study->view != NULL)
        esp_view_set_mask (study->view, mask);
    }
  study_numbers (study);
}

static void
branches_changed (EspPlan *plan, gpointer data)
{
  study_save_later (data);
}

/** study_plan_attach: makes @plan the plan in hand. Thread: main. */
void
study_plan_attach (EspStudy *study, EspPlan *plan)
{
  study->plan = g_object_ref (plan);
  study->plan_handler = g_signal_connect (plan, "changed", G_CALLBACK (plan_changed), study);
  study->branches_handler = g_signal_connect (plan, "branches-changed", G_CALLBACK (branches_changed), study);
  fill_groups (study);
  study_plan_flush (study);
}

/** study_plan_detach: lets go of the plan in hand. Thread: main. */
void
study_plan_detach (EspStudy *study)
{
  if (study->plan == NULL)
    return;
  g_clear_handle_id (&study->flush_source, g_source_remove);
  g_clear_signal_handler (&study->plan_handler, study->plan);
  g_clear_signal_handler (&study->branches_handler, study->plan);
  study_edge_clear (study);
  empty_groups (study);
  g_clear_pointer (&study->ranked, esp_scores_unref);
  g_clear_object (&study->plan);
}
