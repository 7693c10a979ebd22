/* drift.c: how far a plan moves what each box is explained by, and which objects it loses, to what and by which channels */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/drift.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "measure/rank-correlation.h"
#include "net/cut.h"
#include "study/drift-private.h"

#define SAME .5f /* IoU of one object's boxes in both networks, strictly above */

static void
work_clear (EspDriftRun *work)
{
  const guint n = esp_dataset_get_n (work->input->dataset);

  g_clear_pointer (&work->report, esp_drift_report_free);
  esp_lens_forget (work->whole, n);
  esp_lens_forget (work->pruned, n);
  esp_explainer_free (work->before);
  esp_explainer_free (work->after);
  g_clear_pointer (&work->cut, esp_cut_unref);
  g_free (work->pixels);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (EspDriftRun, work_clear)

static EspExplainer *
make_explainer (const EspLensInput *input, EspNetwork *network, EspWeights *weights, GError **error)
{
  const EspExplainerOptions options = { .backend = input->options->backend, .bn = input->options->bn };
  g_autoptr (EspExplainer) explainer = esp_explainer_new (network, weights, &options);

  return esp_explainer_set_method (explainer, input->method, input->knobs, error) ? g_steal_pointer (&explainer) : NULL;
}

static gboolean
begin (EspDriftRun *work, EspJob *job, GError **error)
{
  const EspLensInput *input = work->input;

  work->report = g_new0 (EspDriftReport, 1);
  work->report->drifts = g_array_new (FALSE, FALSE, sizeof (EspDrift));
  work->report->lost = g_array_new (FALSE, FALSE, sizeof (EspLostBox));
  work->pixels = g_new (float, esp_shape_count (esp_network_get_input (input->network)));
  work->cut = esp_cut_new (input->network, input->weights, work->mask, NULL, error);
  if (work->cut == NULL)
    return FALSE;
  work->before = make_explainer (input, input->network, input->weights, error);
  work->after
      = work->before != NULL ? make_explainer (input, esp_cut_get_network (work->cut), esp_cut_get_weights (work->cut), error) : NULL;
  if (work->after == NULL)
    return FALSE;
  work->whole = esp_lens_see (input, NULL, job, error);
  work->pruned = work->whole != NULL ? esp_lens_see (input, work->mask, job, error) : NULL;
  return work->pruned != NULL;
}

/* The pruned network's box of the same object: the same class, the greatest overlap above 0.5; NULL where there is none. */
static const EspDetection *
find_same (const EspOutcome *pruned, const EspDetection *box)
{
  const EspDetection *same = NULL;
  float best = SAME;

  for (guint i = 0; i < pruned->n; i++)
    {
      const float overlap = pruned->detections[i].class_index == box->class_index ? esp_box_iou (pruned->detections[i].box, box->box) : 0;

      if (!(overlap > best))
        continue;
      best = overlap;
      same = &pruned->detections[i];
    }
  return same;
}

static double
cosine (const float *x, const float *y, gsize n)
{
  double xy = 0, xx = 0, yy = 0;

  for (gsize i = 0; i < n; i++)
    {
      xy += (double) x[i] * (double) y[i];
      xx += (double) x[i] * (double) x[i];
      yy += (double) y[i] * (double) y[i];
    }
  return xx > 0 && yy > 0 ? xy / sqrt (xx * yy) : NAN;
}

static EspHeatmap *
explain (EspDriftRun *work, EspExplainer *explainer, const EspDetection *box, EspDrift *drift, EspJob *job, GError **error)
{
  g_autoptr (EspTarget) target = esp_target_new_detection (box);

  if (drift->layer < 0)
    drift->layer = (int) esp_explain_default_layer (target, work->input->network);
  if (!esp_explainer_run (explainer, work->pixels, target, ESP_EVERY_LAYER, job, error))
    return NULL;
  return esp_explainer_heatmap (explainer, drift->layer, -1, work->placement, error);
}

/* The same method at the same layer, of the same object, in both networks. Leaves the run of the unpruned one to be read from. */
static gboolean
compare_box (EspDriftRun *work, const EspDetection *box, const EspOutcome *pruned, guint image, EspJob *job, GError **error)
{
  const EspDetection *same = find_same (pruned, box);
  EspDrift drift = { .image = image, .before = *box, .found = same != NULL, .layer = work->layer };
  g_autoptr (EspHeatmap) before = explain (work, work->before, box, &drift, job, error), after = NULL;
  gsize n;

  drift.after = same != NULL ? *same : *box;
  after = before != NULL ? explain (work, work->after, &drift.after, &drift, job, error) : NULL;
  if (after == NULL)
    return FALSE;
  n = (gsize) before->width * (gsize) before->height;
  drift.distance[ESP_DRIFT_SPEARMAN] = 1 - esp_spearman (before->values, after->values, n);
  drift.distance[ESP_DRIFT_COSINE] = 1 - cosine (before->values, after->values, n);
  drift.energy_before = esp_heatmap_energy_in_box (before, box->box, &drift.chance);
  drift.energy_after = esp_heatmap_energy_in_box (after, box->box, NULL);
  g_array_append_val (work->report->drifts, drift);
  return TRUE;
}

static gboolean
look_at (EspDriftRun *work, guint image, EspJob *job, GError **error)
{
  const EspOutcome *whole = work->whole[image];
  gboolean read = FALSE;

  for (guint i = 0; i < whole->n; i++)
    {
      if (!(whole->detections[i].score > ESP_DRIFT_STRONG))
        continue;
      if (!read && !esp_image_cache_get (work->input->cache, image, work->pixels, &work->placement, error))
        return FALSE;
      read = TRUE;
      if (!esp_job_check (job, error) || !compare_box (work, &whole->detections[i], work->pruned[image], image, job, error)
          || !esp_drift_lose (work, image, i, error))
        return FALSE;
    }
  esp_drift_count (work, image);
  return TRUE;
}

static int
worst_first (const void *a, const void *b, gpointer data)
{
  const EspDriftMeasure measure = *(const EspDriftMeasure *) data;
  const EspDrift *x = a, *y = b;
  const double p = x->distance[measure], q = y->distance[measure];

  if (isnan (p) || isnan (q))
    return (isnan (p) != 0) - (isnan (q) != 0);
  if (p > q || p < q)
    return p > q ? -1 : 1;
  return (x->image > y->image) - (x->image < y->image);
}

static int
strongest_first (const void *a, const void *b)
{
  const EspLostBox *x = a, *y = b;

  if (x->before.score > y->before.score || x->before.score < y->before.score)
    return x->before.score > y->before.score ? -1 : 1;
  return (x->image > y->image) - (x->image < y->image);
}

/**
 * esp_drift_report_new:
 * @input: the network, the data set and the method
 * @mask: what the plan keeps
 * @layer: of both maps, not a head; -1: the layer that says something at first sight of each box
 * @measure: what the boxes are sorted by
 * @job: (nullable): its progress is images; cancel between two layers
 * @error: as cuts, images, engines and the method
 *
 * Every box of the unpruned network above 0.25 is explained in it and in the cut network, there for the box of the same class with an
 * overlap above 0.5, and without one for the same cell and anchor. The maps are compared over all cells of the network's input. Cost: two
 * explanations a box, two passes. Thread: lane.
 *
 * Returns: (transfer full): what moved and what was lost.
 */
EspDriftReport *
esp_drift_report_new (const EspLensInput *input, EspMask *mask, int layer, EspDriftMeasure measure, EspJob *job, GError **error)
{
  g_auto (EspDriftRun) work = { .input = input, .mask = mask, .layer = layer };
  const guint n = esp_dataset_get_n (input->dataset);

  if (!begin (&work, job, error))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      if (!look_at (&work, i, job, error))
        return NULL;
      esp_job_set_progress (job, i + 1, n);
    }
  g_array_sort_with_data (work.report->drifts, worst_first, &measure);
  g_array_sort (work.report->lost, strongest_first);
  return g_steal_pointer (&work.report);
}

/** esp_drift_report_mean: Returns: the mean distance of the boxes that have one, NAN where none has. Thread: any. */
double
esp_drift_report_mean (const EspDriftReport *report, EspDriftMeasure measure)
{
  double sum = 0;
  guint n = 0;

  for (guint i = 0; i < report->drifts->len; i++)
    {
      const double distance = g_array_index (report->drifts, EspDrift, i).distance[measure];

      sum += isnan (distance) ? 0 : distance;
      n += !isnan (distance);
    }
  return n > 0 ? sum / n : (double) NAN;
}

/** esp_drift_report_free: frees @report (nullable). Thread: any. */
void
esp_drift_report_free (EspDriftReport *report)
{
  if (report == NULL)
    return;
  g_array_unref (report->drifts);
  g_array_unref (report->lost);
  g_free (report);
}
