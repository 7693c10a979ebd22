/* faithfulness-run.c: methods and baselines measured on the same boxes of a data set */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/faithfulness-run.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "detect/decode.h"
#include "explain/way.h"

/* What one method is run with. */
typedef struct
{
  const EspFaithPlan *plan;
  const EspAttribution *method; /* NULL: the baseline */
  EspBaseline baseline;
  EspFaithfulness *faithfulness;
  EspExplainer *explainer;
  EspExplainer **randomised; /* stages; made when first asked for */
  float *input, *moved;
  EspPlacement placement;
  EspShape shape;
  EspJob *job;
} Run;

/**
 * esp_faith_plan_init:
 * @plan: (out): all but the data set and its cache
 * @network: borrowed
 * @weights: borrowed
 * @seed: of everything that is drawn
 *
 * Thread: any.
 */
void
esp_faith_plan_init (EspFaithPlan *plan, EspNetwork *network, EspWeights *weights, guint64 seed)
{
  *plan = (EspFaithPlan){ .network = network,
                          .weights = weights,
                          .run = { .seed = seed, .quiet = TRUE },
                          .layer = -1,
                          .n_boxes = 100,
                          .least = .3f,
                          .n_stable = 20,
                          .perturbations = 10,
                          .radius = .05,
                          .n_random = 10,
                          .stages = 4,
                          .seed = seed };
  esp_faithfulness_options_init (&plan->curves, network);
  plan->curves.seed = seed;
}

/* One of the image's boxes, drawn by lot among those that the network is sure enough of. */
static gboolean
choose_box (const EspFaithPlan *plan, EspEngine *engine, float *input, guint image, GArray *cases, EspJob *job, GError **error)
{
  g_autoptr (GRand) rng = esp_rng_new (plan->seed, 0xb0c5, image);
  g_autoptr (GArray) detections = NULL;
  EspPlacement placement;
  EspFaithCase found = { .image = image };
  guint n = 0;

  if (!esp_image_cache_get (plan->cache, image, input, &placement, error) || !esp_engine_forward (engine, input, job, error)
      || (detections = esp_decode (engine, 0, placement, plan->curves.threshold, error)) == NULL)
    return FALSE;
  esp_suppress_by (detections, plan->curves.nms);
  while (n < detections->len && g_array_index (detections, EspDetection, n).score >= plan->least)
    n++;
  if (n == 0)
    return TRUE;
  found.detection = g_array_index (detections, EspDetection, (guint) g_rand_int_range (rng, 0, (gint32) n));
  esp_faith_case_match (&found, esp_dataset_get (plan->dataset, image)->truths, esp_dataset_get (plan->dataset, image)->n_truths,
                        plan->map);
  g_array_append_val (cases, found);
  return TRUE;
}

/**
 * esp_faith_choose:
 * @plan: network, data set, how many
 * @job: (nullable): cancels between images; its progress is boxes
 * @error: ESP_ERROR_SHAPE where no image has such a box; as the images and the engine
 *
 * Images in the seed's order, of each one box of those with a score of at least @plan->least, drawn by lot. Thread: lane.
 * Returns: (transfer full): of EspFaithCase, fewer than asked for where there are not enough images
 */
GArray *
esp_faith_choose (const EspFaithPlan *plan, EspJob *job, GError **error)
{
  const guint n = esp_dataset_get_n (plan->dataset);
  const EspEngineOptions single = { .mode = ESP_MODE_INFER, .backend = plan->run.backend, .bn = plan->run.bn, .batch = 1 };
  g_autoptr (GArray) cases = g_array_new (FALSE, FALSE, sizeof (EspFaithCase));
  g_autoptr (EspEngine) engine = esp_engine_new (plan->network, plan->weights, &single, NULL, error);
  g_autofree float *input = g_new (float, esp_shape_count (esp_network_get_input (plan->network)));
  g_autofree guint *order = esp_dataset_order (plan->dataset, plan->seed);

  if (engine == NULL)
    return NULL;
  for (guint i = 0; i < n && cases->len < plan->n_boxes; i++)
    {
      if (!choose_box (plan, engine, input, order[i], cases, job, error))
        return NULL;
      esp_job_set_progress (job, cases->len, plan->n_boxes);
    }
  if (cases->len > 0)
    return g_steal_pointer (&cases);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: no image has a box with a score of %g or more, so there is nothing to explain",
               esp_dataset_get_title (plan->dataset), (double) plan->least);
  return NULL;
}

/**
 * esp_weights_randomised:
 * @network: whose layers
 * @weights: their parameters, not changed
 * @share: of the layers with parameters, counted from the last one; 1: all
 * @seed: of the random ones
 *
 * Cascading randomisation: Adebayo et al. 2018. Drawn as esp_weights_new_random() does. Returns: (transfer full): shares what it keeps.
 * Thread: any.
 */
EspWeights *
esp_weights_randomised (const EspNetwork *network, EspWeights *weights, double share, guint64 seed)
{
  EspWeights *mixed = esp_weights_new_random (network, seed);
  const guint n = esp_network_get_n_layers (network);
  guint learned = 0, kept;

  for (guint i = 0; i < n; i++)
    learned += esp_weights_get (weights, i) != NULL;
  kept = learned - (guint) lround (share * learned);
  for (guint i = 0; i < n && kept > 0; i++)
    if (esp_weights_get (weights, i) != NULL)
      {
        esp_weights_set (mixed, i, esp_params_ref ((EspParams *) esp_weights_get (weights, i)));
        kept--;
      }
  return mixed;
}

static gboolean
run_open (Run *run, GError **error)
{
  const EspFaithPlan *plan = run->plan;

  run->shape = esp_network_get_input (plan->network);
  run->input = g_new (float, esp_shape_count (run->shape));
  run->moved = g_new (float, esp_shape_count (run->shape));
  run->randomised = g_new0 (EspExplainer *, plan->stages);
  run->faithfulness = esp_faithfulness_new (plan->network, plan->weights, &plan->run, &plan->curves, error);
  if (run->faithfulness == NULL || run->method == NULL)
    return run->faithfulness != NULL;
  run->explainer = esp_explainer_new (plan->network, plan->weights, &plan->run);
  return esp_explainer_set_method (run->explainer, run->method, NULL, error);
}

static void
run_clear (Run *run)
{
  for (guint i = 0; run->randomised != NULL && i < run->plan->stages; i++)
    esp_explainer_free (run->randomised[i]);
  g_clear_pointer (&run->randomised, g_free);
  esp_explainer_free (run->explainer);
  esp_faithfulness_free (run->faithfulness);
  g_free (run->input);
  g_free (run->moved);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

/* Where the method's map is read. */
static int
layer_of (const Run *run, const EspTarget *target)
{
  const guint gives = run->method->gives;

  if ((gives & ESP_GIVES_LAYERS) == 0 || ((gives & ESP_GIVES_PIXELS) != 0 && run->plan->layer < 0))
    return ESP_PIXELS;
  return run->plan->layer >= 0 ? run->plan->layer : (int) esp_explain_default_layer (target, run->plan->network);
}

/* The map of one input; of a baseline too. */
static EspHeatmap *
explain (Run *run, EspExplainer *explainer, const EspFaithCase *of, const float *input, GError **error)
{
  g_autoptr (EspTarget) target = esp_target_new_detection (&of->detection);
  g_autofree char *off = NULL;
  int layer;

  if (run->method == NULL)
    return esp_baseline_map (run->baseline, input, run->shape, run->placement, of->detection.box, run->plan->seed + of->image);
  layer = layer_of (run, target);
  off = esp_explain_off_way (target, run->plan->network, layer);
  if (off != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "%s", off);
      return NULL;
    }
  esp_explainer_set_placement (explainer, run->placement);
  if (!esp_explainer_run (explainer, input, target, layer, run->job, error))
    return NULL;
  return esp_explainer_heatmap (explainer, layer, -1, run->placement, error);
}

/* Max-Sensitivity; those perturbations with which the network no longer sees the box as surely do not count. */
static gboolean
measure_stability (Run *run, const EspFaithCase *of, const EspHeatmap *heatmap, double *value, GError **error)
{
  g_autoptr (GRand) rng = esp_rng_new (run->plan->seed, 0x57ab, of->image);
  const gsize n = esp_shape_count (run->shape);

  *value = NAN;
  for (guint k = 0; k < run->plan->perturbations; k++)
    {
      g_autoptr (EspHeatmap) other = NULL;
      double score, distance;

      for (gsize i = 0; i < n; i++)
        run->moved[i] = CLAMP (run->input[i] + (float) (run->plan->radius * (2 * g_rand_double (rng) - 1)), 0, 1);
      if (!esp_faithfulness_score (run->faithfulness, run->moved, &score, run->job, error))
        return FALSE;
      if (score < (double) run->plan->least)
        continue;
      other = explain (run, run->explainer, of, run->moved, error);
      if (other == NULL)
        return FALSE;
      distance = esp_heatmap_distance (heatmap, other);
      if (!(distance <= *value))
        *value = distance;
    }
  return TRUE;
}

static EspExplainer *
get_randomised (Run *run, guint stage, GError **error)
{
  const EspFaithPlan *plan = run->plan;

  if (run->randomised[stage] == NULL)
    {
      g_autoptr (EspWeights) weights
          = esp_weights_randomised (plan->network, plan->weights, (stage + 1.0) / plan->stages, plan->seed + stage);
      g_autoptr (EspExplainer) explainer = esp_explainer_new (plan->network, weights, &plan->run);

      if (!esp_explainer_set_method (explainer, run->method, NULL, error))
        return NULL;
      run->randomised[stage] = g_steal_pointer (&explainer);
    }
  return run->randomised[stage];
}

static gboolean
measure_randomisation (Run *run, const EspFaithCase *of, const EspHeatmap *heatmap, double *value, GError **error)
{
  double sum = 0;

  for (guint stage = 0; stage < run->plan->stages; stage++)
    {
      EspExplainer *explainer = get_randomised (run, stage, error);
      g_autoptr (EspHeatmap) other = explainer != NULL ? explain (run, explainer, of, run->input, error) : NULL;

      if (other == NULL)
        return FALSE;
      sum += esp_heatmap_rank_correlation (heatmap, other);
    }
  *value = sum / run->plan->stages;
  return TRUE;
}

static gboolean
run_case (Run *run, const EspFaithCase *of, guint place, EspFaithRow *row, GError **error)
{
  const EspFaithPlan *plan = run->plan;
  const EspBox box = of->detection.box;
  g_autoptr (EspHeatmap) heatmap = NULL;
  EspCurves curves;

  for (guint i = 0; i < ESP_N_FAITH; i++)
    row->values[i] = NAN;
  if (!esp_image_cache_get (plan->cache, of->image, run->input, &run->placement, error)
      || !esp_faithfulness_set_scene (run->faithfulness, run->input, run->placement, box, of->detection.class_index, run->job, error)
      || (heatmap = explain (run, run->explainer, of, run->input, error)) == NULL
      || !esp_faithfulness_measure (run->faithfulness, heatmap, &curves, NULL, NULL, run->job, error))
    return FALSE;
  row->values[ESP_FAITH_DELETION] = curves.deletion;
  row->values[ESP_FAITH_INSERTION] = curves.insertion;
  row->values[ESP_FAITH_POINTING] = esp_heatmap_points_at (heatmap, esp_faith_case_box (of));
  row->values[ESP_FAITH_ENERGY] = esp_heatmap_energy_in_box (heatmap, esp_faith_case_box (of), NULL);
  row->values[ESP_FAITH_SPARSENESS] = esp_heatmap_gini (heatmap);
  if (run->method == NULL)
    return TRUE;
  return (place >= plan->n_stable || measure_stability (run, of, heatmap, &row->values[ESP_FAITH_STABILITY], error))
         && (place >= plan->n_random || measure_randomisation (run, of, heatmap, &row->values[ESP_FAITH_RANDOMISATION], error));
}

/**
 * esp_faith_run:
 * @plan: network, data set, measures
 * @cases: of EspFaithCase, as esp_faith_choose() gives them
 * @method: (nullable): a row of the registry with its presets; NULL: @baseline
 * @baseline: in that case
 * @first: the cases before it are known already
 * @rows: (out caller-allocates): one a case; those from @first on are filled in
 * @told: (nullable): called after each case, in this thread
 * @data: of @told
 * @job: (nullable): cancels; its progress is cases
 * @error: as the method, the engine, the images
 *
 * The target is the box's objectness and class logit; deletion and insertion ask for that box, pointing and energy for the object that it
 * matches (esp_faith_case_box()). Stability and randomisation, which cost the method many times over, are taken of the first cases
 * alone. Baselines have neither: they do not look at the network. Returns: whether all rows are filled in. Thread: lane.
 */
gboolean
esp_faith_run (const EspFaithPlan *plan,
               const GArray *cases,
               const EspAttribution *method,
               EspBaseline baseline,
               guint first,
               EspFaithRow *rows,
               void (*told) (guint done, gpointer data),
               gpointer data,
               EspJob *job,
               GError **error)
{
  g_auto (Run) run = { .plan = plan, .method = method, .baseline = baseline, .job = job };

  if (!run_open (&run, error))
    return FALSE;
  for (guint i = first; i < cases->len; i++)
    {
      esp_job_set_progress (job, i, cases->len);
      if (!esp_job_check (job, error) || !run_case (&run, &g_array_index (cases, EspFaithCase, i), i, &rows[i], error))
        return FALSE;
      if (told != NULL)
        told (i + 1, data);
    }
  return TRUE;
}
