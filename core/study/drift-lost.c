/* drift-lost.c: objects that a plan loses: what became of them, and the channels that carried them */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <stdlib.h>
#include <string.h>

#include "study/drift-private.h"

#define FOREGROUND .5 /* TIDE's pos and bg */
#define BACKGROUND .1

/** esp_lost_as_key: Returns: (transfer none): the word of files. Thread: any. */
const char *
esp_lost_as_key (EspLostAs loss)
{
  static const char *const keys[ESP_LOST_N] = { "weak", "cls", "loc", "both", "miss" };

  g_return_val_if_fail ((guint) loss < ESP_LOST_N, NULL);
  return keys[loss];
}

/** esp_lost_as_words: Returns: (transfer none): what became of it, for a person. Thread: any. */
const char *
esp_lost_as_words (EspLostAs loss)
{
  static const char *const words[ESP_LOST_N] = { N_ ("too weak a score"), N_ ("another class"), N_ ("badly placed"),
                                                 N_ ("another class, badly placed"), N_ ("nothing found there") };

  g_return_val_if_fail ((guint) loss < ESP_LOST_N, NULL);
  return _ (words[loss]);
}

/* Whether a channel before this one is of its layer. */
static gboolean
is_told (const EspLostBox *lost, guint i)
{
  for (guint j = 0; j < i; j++)
    if (lost->blamed[j].layer == lost->blamed[i].layer)
      return TRUE;
  return FALSE;
}

/** esp_lost_box_channels: Returns: the channels responsible by layer, both with the largest share first. Thread: any. */
char *
esp_lost_box_channels (const EspLostBox *lost)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < lost->n_blamed; i++)
    {
      if (is_told (lost, i))
        continue;
      g_string_append (text, text->len > 0 ? "; " : "");
      g_string_append_printf (text, _ ("layer %u: %u"), lost->blamed[i].layer, lost->blamed[i].channel);
      for (guint j = i + 1; j < lost->n_blamed; j++)
        if (lost->blamed[j].layer == lost->blamed[i].layer)
          g_string_append_printf (text, ", %u", lost->blamed[j].channel);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
finds (const EspOutcome *outcome, int truth)
{
  for (guint i = 0; i < outcome->n; i++)
    if (outcome->truth[i] == truth && outcome->detections[i].score > ESP_DRIFT_STRONG)
      return TRUE;
  return FALSE;
}

/* The mapped truth @truth: difficult ones are not counted among them. */
static const EspObject *
find_object (const EspOutcome *outcome, int truth)
{
  for (guint i = 0; i < outcome->n_objects; i++)
    if (!outcome->objects[i].difficult && truth-- == 0)
      return &outcome->objects[i];
  return NULL;
}

/* What a box of the pruned network makes of a lost object by TIDE's thresholds; ESP_LOST_MISS: nothing. */
static EspLostAs
judge (const EspSeen *seen, const EspObject *object, double overlap)
{
  const gboolean same = seen->class_index == object->class_index;

  if (same && overlap > FOREGROUND)
    return ESP_LOST_WEAK; /* above 0.25 it found another object: two of a class in one place */
  if (!same && overlap >= FOREGROUND)
    return ESP_LOST_CLS;
  if (overlap >= BACKGROUND)
    return same ? ESP_LOST_LOC : ESP_LOST_BOTH;
  return ESP_LOST_MISS;
}

/* A box matches the object below 0.25; else the strongest word of those above, in TIDE's order. */
static void
find_loss (const EspOutcome *pruned, const EspObject *object, EspLostBox *lost)
{
  lost->loss = ESP_LOST_MISS;
  lost->other_class = -1;
  for (guint i = 0; i < pruned->n_seen; i++)
    {
      const EspSeen *seen = &pruned->seen[i];
      const double overlap = esp_pixels_iou (seen->box, object->box);
      const EspLostAs loss = judge (seen, object, overlap);

      if (loss >= lost->loss || (loss != ESP_LOST_WEAK && !(seen->score > (double) ESP_DRIFT_STRONG)))
        continue;
      lost->loss = loss;
      lost->score = seen->score;
      lost->overlap = overlap;
      lost->other_class = seen->class_index;
    }
}

static void
insert (EspLostBox *lost, const EspBlame *blame)
{
  guint at = lost->n_blamed;

  while (at > 0 && lost->blamed[at - 1].share < blame->share)
    at--;
  if (at >= ESP_DRIFT_BLAMED)
    return;
  memmove (lost->blamed + at + 1, lost->blamed + at, (MIN (lost->n_blamed, ESP_DRIFT_BLAMED - 1) - at) * sizeof *blame);
  lost->blamed[at] = *blame;
  lost->n_blamed = MIN (lost->n_blamed + 1, ESP_DRIFT_BLAMED);
}

/* Of the channels that are cut, those with the largest part in the box, of the positive scores of their layers. */
static gboolean
blame (EspDriftRun *work, EspLostBox *lost, GError **error)
{
  const EspNetwork *network = work->input->network;

  if ((work->input->method->gives & ESP_GIVES_CHANNELS) == 0)
    return TRUE;
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const guint8 *bits = esp_mask_get_bits (work->mask, l, &n);
      g_autofree float *scores = NULL;
      double sum = 0;

      if (bits == NULL || esp_mask_count_kept (work->mask, l) == n)
        continue;
      scores = g_new (float, n);
      if (!esp_explainer_score (work->before, l, ESP_AT_CONV, ESP_REDUCE_MAX, scores, error))
        return FALSE;
      for (guint c = 0; c < n; c++)
        sum += MAX ((double) scores[c], 0);
      for (guint c = 0; c < n && sum > 0; c++)
        {
          const EspBlame one = { l, c, (double) scores[c], (double) scores[c] / sum };

          if (!bits[c] && one.score > 0)
            insert (lost, &one);
        }
    }
  return TRUE;
}

/* See the header. */
gboolean
esp_drift_lose (EspDriftRun *work, guint image, guint detection, GError **error)
{
  const EspOutcome *whole = work->whole[image], *pruned = work->pruned[image];
  const int truth = whole->truth[detection];
  const EspObject *object = truth >= 0 ? find_object (whole, truth) : NULL;
  EspLostBox lost = { .image = image, .before = whole->detections[detection] };

  if (object == NULL || finds (pruned, truth))
    return TRUE;
  lost.box = object->box;
  lost.class_index = object->class_index;
  find_loss (pruned, object, &lost);
  if (!blame (work, &lost, error))
    return FALSE;
  g_array_append_val (work->report->lost, lost);
  return TRUE;
}

/* See the header. */
void
esp_drift_count (EspDriftRun *work, guint image)
{
  const EspOutcome *whole = work->whole[image], *pruned = work->pruned[image];

  for (guint t = 0; t < whole->n_truths; t++)
    {
      const gboolean found = finds (whole, (int) t);

      work->report->n_found += found;
      work->report->n_gained += !found && finds (pruned, (int) t);
    }
}
