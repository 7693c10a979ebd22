/* split.c: train, val and test drawn by a seed */
#define G_LOG_DOMAIN "esp-dataset"
#include "config.h"

#include "dataset/dataset-private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/rng.h"
#include "dataset/lines.h"

static const char *const part_names[3] = { "train", "val", "test" };

/** esp_draw_place: where each part begins and the last ends, of @n images: cumulative shares, rounded. Thread: any. */
void
esp_draw_place (const EspDatasetDraw *draw, guint n, guint edges[4])
{
  const double usual[3] = { 3, 1, 1 };
  const gboolean given = draw->parts[0] + draw->parts[1] + draw->parts[2] > 0;
  const double *parts = given ? draw->parts : usual;
  const double total = parts[0] + parts[1] + parts[2];
  double sum = 0;

  edges[0] = 0;
  for (guint i = 0; i < 3; i++)
    {
      sum += parts[i];
      edges[i + 1] = i == 2 ? n : MIN (n, (guint) floor (n * (sum / total) + 0.5));
    }
}

static int
ascending (const void *a, const void *b)
{
  const guint x = *(const guint *) a, y = *(const guint *) b;

  return (x > y) - (x < y);
}

/**
 * esp_dataset_split:
 * @dataset: the whole
 * @part: train, val or test
 * @draw: the seed, and the parts in proportion: 120, 40 and 40 of 200 images are just that many
 * @error: ESP_ERROR_FORMAT for another part, ESP_ERROR_SHAPE where it would be empty
 *
 * A plain shuffle by the seed, cut in three: each image is in one part, whichever part is asked for. Images are not dealt out by class, so
 * the parts keep the mixture of the whole, and not by time: pictures of one scene may fall on both sides.
 * Returns: (transfer full): the part, in the whole's own order, called "whole part". Thread: any.
 */
EspDataset *
esp_dataset_split (EspDataset *dataset, const char *part, const EspDatasetDraw *draw, GError **error)
{
  const guint n = esp_dataset_get_n (dataset);
  g_autofree guint *order = g_new (guint, n);
  g_autoptr (GRand) rng = NULL;
  guint edges[4], which = 0;

  g_return_val_if_fail (part != NULL && draw != NULL, NULL);
  while (which < 3 && strcmp (part, part_names[which]) != 0)
    which++;
  if (which == 3)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: no split “%s”: train, val and test can be drawn",
                   esp_dataset_get_path (dataset), part);
      return NULL;
    }
  esp_draw_place (draw, n, edges);
  if (edges[which] == edges[which + 1])
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: %s would be empty: %u images are too few for these parts",
                   esp_dataset_get_path (dataset), part, n);
      return NULL;
    }
  for (guint i = 0; i < n; i++)
    order[i] = i;
  rng = esp_rng_new (draw->seed, 0x73706c6974u, n); /* "split" */
  esp_rng_shuffle (rng, order, n);
  qsort (order + edges[which], edges[which + 1] - edges[which], sizeof *order, ascending);
  return esp_dataset_subset_named (dataset, order + edges[which], edges[which + 1] - edges[which], part);
}

/**
 * esp_dataset_draw_parse:
 * @draw: gets the parts
 * @text: three numbers from 0 between slashes, train/val/test, one of them above 0; they count in proportion to each other
 * @error: ESP_ERROR_FORMAT
 */
gboolean
esp_dataset_draw_parse (EspDatasetDraw *draw, const char *text, GError **error)
{
  g_auto (GStrv) words = g_strsplit (text, "/", 4);
  double parts[3] = { 0 };
  gboolean good = g_strv_length (words) == 3;

  for (guint i = 0; good && i < 3; i++)
    good = esp_number_read (g_strstrip (words[i]), &parts[i]) && parts[i] >= 0 && parts[i] <= 1e9;
  if (good && parts[0] + parts[1] + parts[2] > 0)
    {
      memcpy (draw->parts, parts, sizeof parts);
      return TRUE;
    }
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "parts “%s”: expected three numbers, train/val/test, such as 120/40/40 or 0.6/0.2/0.2",
               text);
  return FALSE;
}
