/* sensitivity.c: what cutting one layer or group alone costs, ratio by ratio */
#define G_LOG_DOMAIN "esp-search"
#include "config.h"

#include "search/sensitivity.h"

#include "base/error.h"
#include "prune/plan.h"

/** esp_sensitivity_free: frees @row. Thread: any. */
void
esp_sensitivity_free (EspSensitivity *row)
{
  g_free (row->name);
  g_free (row->layers);
  g_free (row->points);
  g_free (row->shares);
  g_free (row);
}

/** esp_sensitivity_copy: Returns: (transfer full): the same, of @n_ratios points. Thread: any. */
EspSensitivity *
esp_sensitivity_copy (const EspSensitivity *row, guint n_ratios)
{
  EspSensitivity *copy = g_memdup2 (row, sizeof *row);

  copy->name = g_strdup (row->name);
  copy->layers = g_memdup2 (row->layers, row->n_layers * sizeof (guint));
  copy->points = g_memdup2 (row->points, n_ratios * sizeof (EspMetered));
  copy->shares = g_memdup2 (row->shares, n_ratios * sizeof (double));
  return copy;
}

static EspSensitivity *
row_new (const EspSensitivityInput *input, const char *name, GArray *layers)
{
  EspSensitivity *row = g_new0 (EspSensitivity, 1);

  row->name = g_strdup (name);
  row->n_layers = layers->len;
  row->layers = g_memdup2 (layers->data, layers->len * sizeof (guint));
  for (guint i = 0; i < row->n_layers; i++)
    row->n_channels += (guint) esp_network_get_layer (input->curve.network, row->layers[i])->out.c;
  row->points = g_new0 (EspMetered, input->curve.n_ratios);
  row->shares = g_new0 (double, input->curve.n_ratios);
  return row;
}

static gboolean
is_wanted (const EspSensitivityInput *input, const GArray *layers)
{
  if (input->layers == NULL)
    return TRUE;
  for (guint i = 0; i < layers->len; i++)
    for (guint k = 0; k < input->n_layers; k++)
      if (g_array_index (layers, guint, i) == input->layers[k])
        return TRUE;
  return FALSE;
}

/* Layers that go together are one row, named by all of them. */
static GPtrArray *
list_layers (const EspSensitivityInput *input)
{
  const guint n = esp_network_get_n_layers (input->curve.network);
  g_autofree guint *sets = esp_coupling_find_sets (input->curve.coupling, n);
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_sensitivity_free);

  for (guint first = 0; first < n; first++)
    {
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));
      g_autoptr (GString) name = g_string_new (NULL);

      for (guint l = first; l < n; l++)
        if (sets[l] == first && esp_network_get_layer (input->curve.network, l)->kind == ESP_LAYER_CONVOLUTIONAL
            && esp_coupling_is_prunable (input->curve.coupling, l))
          {
            g_string_append_printf (name, layers->len > 0 ? "+%u" : "%u", l);
            g_array_append_val (layers, l);
          }
      if (layers->len > 0 && is_wanted (input, layers))
        g_ptr_array_add (rows, row_new (input, name->str, layers));
    }
  return rows;
}

static GPtrArray *
list_groups (const EspSensitivityInput *input)
{
  g_autoptr (EspPlan) plan = esp_plan_new (input->curve.network, input->curve.coupling, input->scores);
  GPtrArray *rows = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_sensitivity_free);

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));

      g_array_append_vals (layers, group->layers, group->n_layers);
      if (is_wanted (input, layers))
        g_ptr_array_add (rows, row_new (input, group->name, layers));
    }
  return rows;
}

/* The lowest @ratio of this row's channels, everything else whole. */
static EspMask *
mask_of (const EspSensitivityInput *input, const EspSensitivity *row, EspScores *scores, double ratio)
{
  g_autoptr (EspPlan) plan = esp_plan_new (input->curve.network, input->curve.coupling, scores);

  esp_plan_set_floor (plan, input->curve.floor);
  if (input->by_group)
    esp_plan_set_ratio (plan, (guint) esp_plan_find_group (plan, row->name), ratio);
  else
    esp_plan_set_layer_share (plan, row->layers[0], (EspShare){ ESP_SHARE_RATIO, ratio });
  return esp_plan_get_mask (plan);
}

static double
share_of (const EspSensitivity *row, const EspMask *mask)
{
  guint kept = 0;

  for (guint i = 0; i < row->n_layers; i++)
    kept += esp_mask_count_kept (mask, row->layers[i]);
  return 1 - (double) kept / row->n_channels;
}

static gboolean
measure_row (const EspSensitivityInput *input, EspSensitivity *row, double whole, guint64 done, guint64 all, EspJob *job, GError **error)
{
  const EspCurveInput *curve = &input->curve;
  g_autofree double *maps = g_new (double, curve->n_ratios);

  for (guint i = 0; i < curve->n_ratios; i++)
    {
      g_autoptr (EspMask) mask = mask_of (input, row, input->scores, curve->ratios[i]);

      esp_job_set_progress (job, done + i, all);
      if (!esp_job_check (job, error) || !esp_meter_measure (curve->meter, mask, TRUE, &row->points[i], job, error))
        return FALSE;
      maps[i] = row->points[i].map;
      row->shares[i] = share_of (row, mask);
    }
  row->cliff = esp_cliff_find (curve->ratios, maps, curve->n_ratios, whole);
  return TRUE;
}

/**
 * esp_sensitivity_measure:
 * @input: what is cut, by which scores
 * @whole: (out): the network as it is
 * @job: (nullable): progress in measurements, and cancel
 * @error: ESP_ERROR_SHAPE where none of the layers asked for can be cut; as esp_meter_measure() has them
 *
 * Of each layer, with those that only go with it, or of each group, the lowest share is cut at every ratio while all else stays, and
 * measured with the paired interval of its difference from the whole network. The floor holds: how much of it went is in shares. Thread:
 * lane.
 *
 * Returns: (transfer full) (element-type EspSensitivity): the rows, in network order.
 */
GPtrArray *
esp_sensitivity_measure (const EspSensitivityInput *input, EspMetered *whole, EspJob *job, GError **error)
{
  g_autoptr (GPtrArray) rows = input->by_group ? list_groups (input) : list_layers (input);
  const guint64 n = input->curve.n_ratios;

  if (rows->len == 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "none of the layers asked for can be cut");
      return NULL;
    }
  if (!esp_meter_measure (input->curve.meter, NULL, TRUE, whole, job, error))
    return NULL;
  for (guint r = 0; r < rows->len; r++)
    if (!measure_row (input, g_ptr_array_index (rows, r), whole->map, r * n, rows->len * n, job, error))
      return NULL;
    else if (input->tell != NULL)
      input->tell (g_ptr_array_index (rows, r), whole, input->tell_data);
  esp_job_set_progress (job, rows->len * n, rows->len * n);
  return g_steal_pointer (&rows);
}

typedef struct
{
  const EspSensitivityInput *input;
  const EspSensitivity *row;
} BandOf;

static EspMask *
band_mask (EspScores *scores, double ratio, gpointer data)
{
  const BandOf *of = data;

  return mask_of (of->input, of->row, scores, ratio);
}

/**
 * esp_sensitivity_band:
 * @input: what its row was measured with
 * @row: one of esp_sensitivity_measure()
 * @n_seeds: how many orders by lot
 * @seed: the first of them
 * @band: (out caller-allocates): one a ratio
 * @job: (nullable): progress in measurements, and cancel
 * @error: as esp_meter_measure() has them
 *
 * Quantiles as esp_random_band_measure() has them, of this row alone. Thread: lane.
 */
gboolean
esp_sensitivity_band (const EspSensitivityInput *input,
                      const EspSensitivity *row,
                      guint n_seeds,
                      guint64 seed,
                      EspBandPoint *band,
                      EspJob *job,
                      GError **error)
{
  BandOf of = { input, row };

  return esp_random_band_measure_of (&input->curve, band_mask, &of, n_seeds, seed, band, NULL, job, error);
}
