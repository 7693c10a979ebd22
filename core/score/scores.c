/* scores.c: one number per channel, with the criterion and the images they came from */
#define G_LOG_DOMAIN "esp-score"
#include "config.h"

#include "score/scores.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "score/criterion.h"
#include "score/scores-private.h"

#define LARGEST_FILE (16 << 20)

static const char *const reduce_words[] = { "sum", "mean", "max", "min", NULL };

struct _EspScores
{
  char *criterion;
  char *parameters;
  gboolean pooled;
  const char *reduce; /* one of reduce_words */
  guint n_images;
  guint n_layers;
  guint *n;        /* n_layers: filters, 0 for other layers */
  double **values; /* n_layers: n[layer] numbers, NULL for other layers */
};

/**
 * esp_scores_new:
 * @network: the network whose convolutions get numbers
 * @criterion: registry id
 * @parameters: (nullable): free text, kept for provenance
 *
 * Returns: (transfer full): scores of 0 for every channel of every convolution. Thread: one, until shared; then immutable.
 */
EspScores *
esp_scores_new (const EspNetwork *network, const char *criterion, const char *parameters)
{
  const EspCriterion *row = esp_criterion_find (criterion);
  EspScores *scores;

  g_return_val_if_fail (network != NULL && criterion != NULL, NULL);
  scores = g_atomic_rc_box_new0 (EspScores);
  esp_scores_set_ranking (scores, row != NULL && row->pooled, row != NULL ? row->reduce : "sum");
  scores->criterion = g_strdup (criterion);
  scores->parameters = g_strdup (parameters != NULL ? parameters : "");
  scores->n_layers = esp_network_get_n_layers (network);
  scores->n = g_new0 (guint, scores->n_layers);
  scores->values = g_new0 (double *, scores->n_layers);
  for (guint l = 0; l < scores->n_layers; l++)
    {
      const EspLayer *layer = esp_network_get_layer (network, l);

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      scores->n[l] = (guint) layer->out.c;
      scores->values[l] = g_new0 (double, layer->out.c);
    }
  return scores;
}

/** esp_scores_ref: Returns: (transfer full): the same scores. Thread: any. */
EspScores *
esp_scores_ref (EspScores *scores)
{
  return g_atomic_rc_box_acquire (scores);
}

static void
scores_clear (gpointer data)
{
  EspScores *scores = data;

  for (guint l = 0; l < scores->n_layers; l++)
    g_free (scores->values[l]);
  g_free (scores->values);
  g_free (scores->n);
  g_free (scores->criterion);
  g_free (scores->parameters);
}

/** esp_scores_unref: gives one reference back. Thread: any. */
void
esp_scores_unref (EspScores *scores)
{
  g_atomic_rc_box_release_full (scores, scores_clear);
}

/** esp_scores_get_criterion: Returns: (transfer none): the id of the criterion that they came from. Thread: any. */
const char *
esp_scores_get_criterion (const EspScores *scores)
{
  return scores->criterion;
}

/** esp_scores_get_parameters: Returns: (transfer none): what the criterion was told, "" where nothing. Thread: any. */
const char *
esp_scores_get_parameters (const EspScores *scores)
{
  return scores->parameters;
}

/** esp_scores_set_parameters: says what the criterion was told. Thread: owner, before sharing. */
void
esp_scores_set_parameters (EspScores *scores, const char *parameters)
{
  char *before = scores->parameters;

  scores->parameters = g_strdup (parameters);
  g_free (before);
}

/**
 * esp_scores_set_ranking:
 * @pooled: whether a group's layers are ranked together, else each by itself
 * @reduce: how coupled channels make one number: "sum", "mean", "max" or "min"
 *
 * Thread: owner, before sharing.
 */
void
esp_scores_set_ranking (EspScores *scores, gboolean pooled, const char *reduce)
{
  g_return_if_fail (g_strv_contains (reduce_words, reduce));
  scores->pooled = pooled;
  for (guint i = 0; reduce_words[i] != NULL; i++)
    if (g_str_equal (reduce_words[i], reduce))
      scores->reduce = reduce_words[i];
}

/** esp_scores_is_pooled: Returns: whether a group's layers are ranked together. Thread: any. */
gboolean
esp_scores_is_pooled (const EspScores *scores)
{
  return scores->pooled;
}

/** esp_scores_get_reduce: Returns: (transfer none): how coupled channels make one number, as esp_unit_score() has it. Thread: any. */
const char *
esp_scores_get_reduce (const EspScores *scores)
{
  return scores->reduce;
}

/**
 * esp_scores_get:
 * @scores: the scores
 * @layer: a layer
 * @n: (out) (optional): how many numbers, the layer's filters
 *
 * Returns: (transfer none) (nullable): one number per filter, higher is dearer; NULL where @layer is no convolution. Writable before
 * sharing.
 */
double *
esp_scores_get (const EspScores *scores, guint layer, guint *n)
{
  g_return_val_if_fail (layer < scores->n_layers, NULL);
  if (n != NULL)
    *n = scores->n[layer];
  return scores->values[layer];
}

/** esp_scores_get_n_images: Returns: how many images the numbers came from, 0 where none were needed. Thread: any. */
guint
esp_scores_get_n_images (const EspScores *scores)
{
  return scores->n_images;
}

/** esp_scores_set_n_images: says how many images the numbers came from. Thread: owner, before sharing. */
void
esp_scores_set_n_images (EspScores *scores, guint n)
{
  scores->n_images = n;
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return x < y ? -1 : x > y;
}

/**
 * esp_scores_count_ties:
 * @scores: the scores
 *
 * Returns: how many channels have a score that a lower one of the same layer has too, so that their order is their index. Thread: any.
 */
guint
esp_scores_count_ties (const EspScores *scores)
{
  guint ties = 0;

  for (guint l = 0; l < scores->n_layers; l++)
    {
      g_autofree double *sorted = g_memdup2 (scores->values[l], scores->n[l] * sizeof (double));

      if (sorted == NULL)
        continue;
      qsort (sorted, scores->n[l], sizeof (double), compare_doubles);
      for (guint i = 1; i < scores->n[l]; i++)
        ties += sorted[i] == sorted[i - 1];
    }
  return ties;
}

/* Appends the members criterion, parameters, images and scores of an object under way, without braces. */
void
esp_scores_append_json (const EspScores *scores, GString *to)
{
  gboolean any = FALSE;

  g_string_append (to, "\"criterion\": ");
  esp_json_append_string (to, scores->criterion);
  g_string_append (to, ", \"parameters\": ");
  esp_json_append_string (to, scores->parameters);
  g_string_append_printf (to, ", \"rank\": \"%s\", \"coupled\": \"%s\", \"images\": %u, \"scores\": [", scores->pooled ? "pooled" : "layer",
                          scores->reduce, scores->n_images);
  for (guint l = 0; l < scores->n_layers; l++)
    {
      if (scores->values[l] == NULL)
        continue;
      g_string_append_printf (to, "%s\n  {\"layer\": %u, \"values\": [", any ? "," : "", l);
      for (guint i = 0; i < scores->n[l]; i++)
        {
          if (i > 0)
            g_string_append (to, ", ");
          esp_json_append_number (to, scores->values[l][i]);
        }
      g_string_append (to, "]}");
      any = TRUE;
    }
  g_string_append_c (to, ']');
}

static gboolean
read_layer (EspScores *scores, guint8 *met, JsonObject *object, const char *where, GError **error)
{
  g_autofree char *here = NULL;
  JsonArray *values = NULL;
  guint layer = 0;

  if (!esp_json_read_count (object, where, "layer", 0, G_MAXINT, &layer, error)
      || !esp_json_read_array (object, where, "values", &values, error))
    return FALSE;
  if (layer >= scores->n_layers || scores->values[layer] == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u is no convolution of this network", where, layer);
      return FALSE;
    }
  if (met[layer])
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: layer %u is there twice", where, layer);
      return FALSE;
    }
  met[layer] = 1;
  if (json_array_get_length (values) != scores->n[layer])
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u: found %u values, expected %u", where, layer,
                   json_array_get_length (values), scores->n[layer]);
      return FALSE;
    }
  here = g_strdup_printf ("%s: layer %u", where, layer);
  for (guint i = 0; i < scores->n[layer]; i++)
    if (!esp_json_item_number (values, here, i, &scores->values[layer][i], error))
      return FALSE;
  return TRUE;
}

static gboolean
read_layers (EspScores *scores, JsonArray *layers, const char *where, GError **error)
{
  g_autofree guint8 *met = g_new0 (guint8, scores->n_layers);

  for (guint i = 0; i < json_array_get_length (layers); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s: scores[%u]", where, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (layers, where, i, &object, error) || !read_layer (scores, met, object, here, error))
        return FALSE;
    }
  for (guint l = 0; l < scores->n_layers; l++)
    if (scores->values[l] != NULL && !met[l])
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: scores: no values for layer %u", where, l);
        return FALSE;
      }
  return TRUE;
}

/* Files older than "rank" and "coupled" have the criterion's own. */
static gboolean
read_ranking (EspScores *scores, JsonObject *object, const char *where, GError **error)
{
  const char *rank = scores->pooled ? "pooled" : "layer", *reduce = scores->reduce;

  if ((json_object_has_member (object, "rank") && !esp_json_read_string (object, where, "rank", &rank, error))
      || (json_object_has_member (object, "coupled") && !esp_json_read_string (object, where, "coupled", &reduce, error)))
    return FALSE;
  if (!g_str_equal (rank, "pooled") && !g_str_equal (rank, "layer"))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: rank: found \"%s\", expected \"layer\" or \"pooled\"", where, rank);
  else if (!g_strv_contains (reduce_words, reduce))
    g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: coupled: found \"%s\", expected \"sum\", \"mean\", \"max\" or \"min\"", where,
                 reduce);
  else
    {
      esp_scores_set_ranking (scores, g_str_equal (rank, "pooled"), reduce);
      return TRUE;
    }
  return FALSE;
}

/* The scores written by esp_scores_append_json() into @object. */
EspScores *
esp_scores_from_json (const EspNetwork *network, JsonObject *object, const char *where, GError **error)
{
  g_autoptr (EspScores) scores = NULL;
  const char *criterion = NULL, *parameters = NULL;
  JsonArray *layers = NULL;
  guint n_images = 0;

  if (!esp_json_read_string (object, where, "criterion", &criterion, error)
      || !esp_json_read_string (object, where, "parameters", &parameters, error)
      || !esp_json_read_count (object, where, "images", 0, G_MAXINT, &n_images, error)
      || !esp_json_read_array (object, where, "scores", &layers, error))
    return NULL;
  scores = esp_scores_new (network, criterion, parameters);
  scores->n_images = n_images;
  if (!read_ranking (scores, object, where, error))
    return NULL;
  return read_layers (scores, layers, where, error) ? g_steal_pointer (&scores) : NULL;
}

/**
 * esp_scores_load:
 * @network: the network that they are for
 * @path: a file written by esp_scores_save()
 * @error: ESP_ERROR_IO, _LIMIT, _FORMAT, or _SHAPE where layers or counts are another network's
 *
 * Every convolution must be there once, with as many finite numbers as it has filters. Thread: any.
 * Returns: (transfer full): the scores.
 */
EspScores *
esp_scores_load (const EspNetwork *network, const char *path, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  const char *format = NULL;
  guint version = 0;

  g_return_val_if_fail (network != NULL && path != NULL, NULL);
  root = esp_json_load (path, LARGEST_FILE, error);
  if (root == NULL || !esp_json_read_string (json_node_get_object (root), path, "format", &format, error))
    return NULL;
  if (!g_str_equal (format, "espalier-scores"))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: format: found \"%s\", expected \"espalier-scores\"", path, format);
      return NULL;
    }
  if (!esp_json_read_count (json_node_get_object (root), path, "version", 1, 1, &version, error))
    return NULL;
  return esp_scores_from_json (network, json_node_get_object (root), path, error);
}

/**
 * esp_scores_save:
 * @scores: the scores
 * @path: where to; JSON, one line per layer
 * @error: ESP_ERROR_IO
 *
 * Thread: any.
 */
gboolean
esp_scores_save (const EspScores *scores, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-scores\", \"version\": 1,\n ");

  g_return_val_if_fail (scores != NULL && path != NULL, FALSE);
  esp_scores_append_json (scores, text);
  g_string_append (text, "}\n");
  return esp_file_write (path, text->str, text->len, error);
}
