/* d-rise.c: D-RISE: which parts of the image, shown by chance, keep the box */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/explainer-private.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "explain/likeness.h"
#include "explain/probe.h"
#include "explain/stretch.h"
#include "explain/target-mask.h"
#include "kernels/clones.h"

enum
{
  KNOB_MASKS,
  KNOB_CELLS,
  KNOB_KEEP,
  N_KNOBS,
};

static const EspKnob knobs[N_KNOBS] = {
  { "masks", N_ ("Masks"), 500, 1, 100000, 100, 5000, NULL, TRUE },
  { "cells", N_ ("Cells a side"), 16, 2, 64, 4, 32, NULL, TRUE },
  { "keep", N_ ("Share kept"), 0.5, 0.01, 0.99, 0.1, 0.9, NULL, FALSE },
};

typedef struct
{
  EspProbe *probe;
  int cells;
  EspStretch *stretches; /* one an image of the batch */
  float *rows;           /* batch * w: the row of a mask at hand */
  float *grids;          /* batch * cells * cells */
  double *weights;       /* batch */
  float *heat;           /* h * w */
} State;

static void
close_state (gpointer data)
{
  State *state = data;

  for (guint i = 0; i < state->probe->batch; i++)
    esp_stretch_clear (&state->stretches[i]);
  g_free (state->stretches);
  g_free (state->rows);
  g_free (state->grids);
  g_free (state->weights);
  g_free (state->heat);
  esp_probe_free (state->probe);
  g_free (state);
}

static gboolean
open_state (EspExplainer *explainer, GError **error)
{
  EspProbe *probe = esp_probe_new (explainer->network, explainer->weights, &explainer->options, error);
  State *state;
  gsize plane;

  if (probe == NULL)
    return FALSE;
  state = explainer->state = g_new0 (State, 1);
  state->probe = probe;
  state->cells = (int) explainer->values[KNOB_CELLS];
  plane = (gsize) probe->shape.h * (gsize) probe->shape.w;
  state->stretches = g_new0 (EspStretch, probe->batch);
  for (guint i = 0; i < probe->batch; i++)
    esp_stretch_init (&state->stretches[i], state->cells, state->cells, probe->shape.w, probe->shape.h);
  state->rows = g_new (float, probe->batch *(gsize) probe->shape.w);
  state->grids = g_new (float, probe->batch *(gsize) (state->cells * state->cells));
  state->weights = g_new (double, probe->batch);
  state->heat = g_new (float, plane);
  return TRUE;
}

/* A grid of ones and zeros drawn out over one cell more than the image has, and moved by up to a cell. */
static void
draw_mask (const EspExplainer *explainer, guint item, guint number)
{
  State *state = explainer->state;
  EspStretch *stretch = &state->stretches[item];
  g_autoptr (GRand) rng = esp_rng_new (explainer->options.seed, 0xd415e, number);
  float *grid = state->grids + item * (gsize) (state->cells * state->cells);
  const double cell_w = ceil ((double) stretch->width / state->cells), cell_h = ceil ((double) stretch->height / state->cells);
  const double scale_x = state->cells / (cell_w * (state->cells + 1)), scale_y = state->cells / (cell_h * (state->cells + 1));

  for (int i = 0; i < state->cells * state->cells; i++)
    grid[i] = g_rand_double (rng) < explainer->values[KNOB_KEEP] ? 1 : 0;
  esp_stretch_place (stretch, floor (g_rand_double (rng) * cell_w) * scale_x, floor (g_rand_double (rng) * cell_h) * scale_y, scale_x,
                     scale_y);
  esp_stretch_load (stretch, grid);
}

ESP_CLONES static void
multiply_row (const float *restrict from, const float *restrict mask, float *restrict to, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] = from[i] * mask[i];
}

/* The image under the mask, row by row so that a row of the mask is used while it is at hand: whole masks are never kept. */
static void
mask_image (const State *state, guint item, const float *input, float *to)
{
  const EspShape shape = state->probe->shape;
  const gsize width = (gsize) shape.w, plane = width * (gsize) shape.h;
  float *mask = state->rows + item * width;

  for (int y = 0; y < shape.h; y++)
    {
      const gsize at = (gsize) y * width;

      esp_stretch_row (&state->stretches[item], y, mask);
      for (int c = 0; c < shape.c; c++)
        multiply_row (input + (gsize) c * plane + at, mask, to + (gsize) c * plane + at, width);
    }
}

/* The masks of one run of the probe. */
typedef struct
{
  const EspExplainer *explainer;
  const float *input;
  const EspLikeness *likeness;
  guint first; /* number of the first mask */
} Masks;

static void
fill_masked (float *to, guint item, gpointer data)
{
  const Masks *masks = data;

  draw_mask (masks->explainer, item, masks->first + item);
  mask_image (masks->explainer->state, item, masks->input, to);
}

static gboolean
read_weight (G_GNUC_UNUSED EspEngine *engine, const EspHeads *heads, guint item, gpointer data, G_GNUC_UNUSED GError **error)
{
  const Masks *masks = data;
  State *state = masks->explainer->state;

  state->weights[item] = esp_likeness_best (masks->likeness, heads, 0);
  return TRUE;
}

/* The masks times their weights: rows side by side, each in the order of the masks, so that no sum depends on the batch or the threads. */
static void
add_masks (State *state, guint n)
{
  const gsize width = (gsize) state->probe->shape.w;

#pragma omp parallel for schedule(static)
  for (int y = 0; y < state->probe->shape.h; y++)
    for (guint i = 0; i < n; i++)
      if (state->weights[i] > 0)
        esp_stretch_add_row (&state->stretches[i], y, (float) state->weights[i], state->heat + (gsize) y * width);
}

static gboolean
run_masks (EspExplainer *explainer, const float *input, const EspLikeness *likeness, EspJob *job, GError **error)
{
  State *state = explainer->state;
  const guint n = (guint) explainer->values[KNOB_MASKS];
  for (guint first = 0; first < n; first += state->probe->batch)
    {
      const guint some = MIN (state->probe->batch, n - first);
      Masks masks = { explainer, input, likeness, first };

      if (!esp_probe_run (state->probe, some, fill_masked, read_weight, &masks, job, error))
        return FALSE;
      add_masks (state, some);
      esp_explainer_progress (explainer, job, first + some, n);
    }
  return TRUE;
}

/* The image as it is. */
typedef struct
{
  EspExplainer *explainer;
  const float *input;
  const EspTarget *target;
  EspLikeness *likeness;
} Whole;

static void
fill_whole (float *to, G_GNUC_UNUSED guint item, gpointer data)
{
  const Whole *whole = data;
  const State *state = whole->explainer->state;

  memcpy (to, whole->input, state->probe->stride * sizeof (float));
}

static gboolean
read_whole (EspEngine *engine, const EspHeads *heads, G_GNUC_UNUSED guint item, gpointer data, GError **error)
{
  const Whole *whole = data;
  EspExplainer *explainer = whole->explainer;
  g_autoptr (EspTargetMask) frozen = esp_target_resolve (whole->target, engine, 0, error);

  if (frozen == NULL || !esp_target_mask_value (frozen, engine, 0, &explainer->value, error)
      || !esp_likeness_init (whole->likeness, heads, whole->target, explainer->placement, error))
    return FALSE;
  explainer->n_ones = esp_target_mask_get_n_ones (frozen);
  return TRUE;
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, G_GNUC_UNUSED int layer, EspJob *job, GError **error)
{
  State *state = explainer->state;
  const gsize plane = (gsize) state->probe->shape.h * (gsize) state->probe->shape.w;
  g_auto (EspLikeness) likeness = { 0 };
  Whole whole = { explainer, input, target, &likeness };
  const float share = 1 / (float) (explainer->values[KNOB_MASKS] * explainer->values[KNOB_KEEP]);

  memset (state->heat, 0, plane * sizeof (float));
  if (!esp_probe_run (state->probe, 1, fill_whole, read_whole, &whole, job, error) || !run_masks (explainer, input, &likeness, job, error))
    return FALSE;
  for (gsize i = 0; i < plane; i++)
    state->heat[i] *= share;
  return TRUE;
}

static gboolean
map (EspExplainer *explainer, G_GNUC_UNUSED int layer, int channel, float *values, GError **error)
{
  const State *state = explainer->state;

  if (!esp_check_no_channel (explainer, channel, error))
    return FALSE;
  memcpy (values, state->heat, (gsize) state->probe->shape.h * (gsize) state->probe->shape.w * sizeof (float));
  return TRUE;
}

/* Masks: cells * cells ones and zeros, drawn out bilinearly over one cell more than the image and moved by lot; the image is multiplied by
 * them, so that what is hidden is black. Weight of a mask: the greatest IoU * cosine of the class probabilities * objectness of all
 * proposals, before suppression, with the target's box and class probabilities in the unmasked image. Heat: sum of weight * mask / (masks *
 * keep). */
const EspAttribution esp_attribution_d_rise = {
  .id = "d-rise",
  .title = N_ ("D-RISE"),
  .source = "Petsiuk et al. 2021, Black-box explanation of object detectors via saliency maps, arXiv:2006.03204, eq. 1-6",
  .unit = "likeness of the box, 0 to 1",
  .gives = ESP_GIVES_PIXELS | ESP_WANTS_BOX,
  .knobs = knobs,
  .n_knobs = N_KNOBS,
  .open = open_state,
  .close = close_state,
  .run = run,
  .map = map,
};
