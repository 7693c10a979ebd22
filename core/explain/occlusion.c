/* occlusion.c: what the target loses where a grey patch lies */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/explainer-private.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "explain/probe.h"
#include "explain/target-mask.h"

#define GREY .5f

enum
{
  KNOB_SIZE,
  KNOB_STRIDE,
  N_KNOBS,
};

static const EspKnob knobs[N_KNOBS] = {
  { "size", N_ ("Side of the patch, pixels of the input"), 32, 1, 4096, 8, 128, NULL, TRUE },
  { "stride", N_ ("Step of the patch, pixels of the input"), 16, 1, 4096, 4, 64, NULL, TRUE },
};

typedef struct
{
  EspProbe *probe;
  float *heat;    /* h * w */
  float *covers;  /* h * w: how many patches lay on a pixel */
  double *values; /* batch: of the target */
} State;

/* Pixels of the input. */
typedef struct
{
  int left, top, right, bottom;
} Patch;

static void
close_state (gpointer data)
{
  State *state = data;

  g_free (state->heat);
  g_free (state->covers);
  g_free (state->values);
  esp_probe_free (state->probe);
  g_free (state);
}

static gboolean
open_state (EspExplainer *explainer, GError **error)
{
  EspProbe *probe = esp_probe_new (explainer->network, explainer->weights, &explainer->options, error);
  State *state;

  if (probe == NULL)
    return FALSE;
  state = explainer->state = g_new0 (State, 1);
  state->probe = probe;
  state->heat = g_new (float, (gsize) probe->shape.h *(gsize) probe->shape.w);
  state->covers = g_new (float, (gsize) probe->shape.h *(gsize) probe->shape.w);
  state->values = g_new (double, probe->batch);
  return TRUE;
}

/* How many patches it takes to cover a side; the last may reach over the border. */
static int
count_steps (int side, int size, int stride)
{
  return side <= size ? 1 : 1 + (side - size + stride - 1) / stride;
}

static Patch
place_patch (const EspExplainer *explainer, guint number)
{
  const EspShape shape = ((const State *) explainer->state)->probe->shape;
  const int size = (int) explainer->values[KNOB_SIZE], stride = MIN ((int) explainer->values[KNOB_STRIDE], size);
  const int columns = count_steps (shape.w, size, stride);
  const int left = (int) number % columns * stride, top = (int) number / columns * stride;

  return (Patch){ left, top, MIN (left + size, shape.w), MIN (top + size, shape.h) };
}

static guint
count_patches (const EspExplainer *explainer)
{
  const EspShape shape = ((const State *) explainer->state)->probe->shape;
  const int size = (int) explainer->values[KNOB_SIZE], stride = MIN ((int) explainer->values[KNOB_STRIDE], size);

  return (guint) count_steps (shape.w, size, stride) * (guint) count_steps (shape.h, size, stride);
}

static void
hide (const State *state, const float *input, Patch patch, float *to)
{
  const EspShape shape = state->probe->shape;

  memcpy (to, input, state->probe->stride * sizeof (float));
  for (int c = 0; c < shape.c; c++)
    for (int y = patch.top; y < patch.bottom; y++)
      {
        float *row = to + ((gsize) c * (gsize) shape.h + (gsize) y) * (gsize) shape.w;

        for (int x = patch.left; x < patch.right; x++)
          row[x] = GREY;
      }
}

static void
add_drop (State *state, Patch patch, double drop)
{
  for (int y = patch.top; y < patch.bottom; y++)
    for (int x = patch.left; x < patch.right; x++)
      {
        const gsize at = (gsize) y * (gsize) state->probe->shape.w + (gsize) x;

        state->heat[at] += (float) drop;
        state->covers[at]++;
      }
}

/* The patches of one run of the probe. */
typedef struct
{
  EspExplainer *explainer;
  const float *input;
  const EspTargetMask *frozen;
  guint first; /* number of the first patch */
} Patches;

static void
fill_hidden (float *to, guint item, gpointer data)
{
  const Patches *patches = data;

  hide (patches->explainer->state, patches->input, place_patch (patches->explainer, patches->first + item), to);
}

static gboolean
read_value (EspEngine *engine, G_GNUC_UNUSED const EspHeads *heads, guint item, gpointer data, GError **error)
{
  const Patches *patches = data;
  State *state = patches->explainer->state;

  return esp_target_mask_value (patches->frozen, engine, 0, &state->values[item], error);
}

/* Drops are added in the order of the patches, whatever order they were known in. */
static gboolean
run_patches (EspExplainer *explainer, const float *input, const EspTargetMask *frozen, EspJob *job, GError **error)
{
  State *state = explainer->state;
  const guint n = count_patches (explainer);

  for (guint first = 0; first < n; first += state->probe->batch)
    {
      const guint some = MIN (state->probe->batch, n - first);

      if (!esp_probe_run (state->probe, some, fill_hidden, read_value, &(Patches){ explainer, input, frozen, first }, job, error))
        return FALSE;
      for (guint i = 0; i < some; i++)
        add_drop (state, place_patch (explainer, first + i), explainer->value - state->values[i]);
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
  EspTargetMask *frozen; /* (owned) */
} Whole;

static void
fill_whole (float *to, G_GNUC_UNUSED guint item, gpointer data)
{
  const Whole *whole = data;

  hide (whole->explainer->state, whole->input, (Patch){ 0 }, to);
}

static gboolean
read_whole (EspEngine *engine, G_GNUC_UNUSED const EspHeads *heads, G_GNUC_UNUSED guint item, gpointer data, GError **error)
{
  Whole *whole = data;

  whole->frozen = esp_target_resolve (whole->target, engine, 0, error);
  return whole->frozen != NULL && esp_target_mask_value (whole->frozen, engine, 0, &whole->explainer->value, error);
}

static gboolean
run (EspExplainer *explainer, const float *input, const EspTarget *target, G_GNUC_UNUSED int layer, EspJob *job, GError **error)
{
  State *state = explainer->state;
  const gsize plane = (gsize) state->probe->shape.h * (gsize) state->probe->shape.w;
  g_autoptr (EspTargetMask) frozen = NULL;
  Whole whole = { explainer, input, target, NULL };
  gboolean fine;

  memset (state->heat, 0, plane * sizeof (float));
  memset (state->covers, 0, plane * sizeof (float));
  fine = esp_probe_run (state->probe, 1, fill_whole, read_whole, &whole, job, error);
  frozen = whole.frozen;
  if (!fine)
    return FALSE;
  explainer->n_ones = esp_target_mask_get_n_ones (frozen);
  if (explainer->n_ones == 0)
    return TRUE;
  if (!run_patches (explainer, input, frozen, job, error))
    return FALSE;
  for (gsize i = 0; i < plane; i++)
    state->heat[i] /= state->covers[i];
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

/* A patch of grey .5 slid over the network's input, from its left top on, a step at most its side; the mask M is that of the image as it
 * is. Heat of a pixel: the mean of T before - T after over the patches that lay on it: positive where what is hidden spoke for the
 * target. */
const EspAttribution esp_attribution_occlusion = {
  .id = "occlusion",
  .title = N_ ("Occlusion"),
  .source = "Zeiler and Fergus 2014, Visualizing and understanding convolutional networks, section 4.2",
  .unit = "drop of the target, logits",
  .is_signed = TRUE,
  .gives = ESP_GIVES_PIXELS,
  .knobs = knobs,
  .n_knobs = N_KNOBS,
  .open = open_state,
  .close = close_state,
  .run = run,
  .map = map,
};
