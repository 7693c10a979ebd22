/* target-make.c: from the words for a target to the target, on one network and image */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/target-spec-private.h"

#include <string.h>

#include "base/error.h"

static gboolean
check_heads (const EspNetwork *network, GError **error)
{
  guint n;

  esp_network_get_heads (network, &n);
  if (n == 0)
    g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "the network has no head ([yolo] or [region]), so there is nothing to explain");
  return n > 0;
}

static EspTarget *
make_all (const EspTargetScene *scene)
{
  const int n = esp_network_get_classes (scene->network);
  g_autofree int *classes = g_new (int, MAX (n, 1));

  for (int i = 0; i < n; i++)
    classes[i] = i;
  return esp_target_new_classes (classes, (guint) n, scene->tau);
}

/* A name may hold a plus itself: all of the words are tried as one name first. */
static EspTarget *
make_classes (const EspTerm *term, const EspTargetScene *scene, GError **error)
{
  const int n = esp_network_get_classes (scene->network);
  g_autoptr (GArray) classes = g_array_new (FALSE, FALSE, sizeof (int));
  g_auto (GStrv) words = g_strsplit (term->words, "+", -1);
  int index;

  if (esp_class_find (term->words, scene->names, n, &index, NULL))
    return esp_target_new_classes (&index, 1, scene->tau);
  for (guint i = 0; words[i] != NULL; i++)
    {
      if (!esp_class_find (words[i], scene->names, n, &index, error))
        return NULL;
      g_array_append_val (classes, index);
    }
  return esp_target_new_classes ((const int *) (void *) classes->data, classes->len, scene->tau);
}

static EspTarget *
make_box (const EspTerm *term, const EspTargetScene *scene, GError **error)
{
  const EspDetection *detection;

  if (scene->image == NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "box:%d is of one photograph", term->box);
      return NULL;
    }
  if ((guint) term->box > scene->n_detections)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: box %d is asked for, but %u are above %g", scene->image, term->box,
                   scene->n_detections, scene->threshold);
      return NULL;
    }
  detection = &scene->detections[term->box - 1];
  return term->part >= 0 ? esp_target_new_part (detection, (EspPart) term->part) : esp_target_new_detection (detection);
}

static EspTarget *
make_missed (const EspTerm *term, const EspTargetScene *scene, GError **error)
{
  const double *p = term->pixels;
  EspTarget *target;
  EspBox box;
  int index;

  if (scene->image == NULL || scene->width < 1 || scene->height < 1)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED, "a missed box is of one photograph");
      return NULL;
    }
  if (!esp_class_find (term->words, scene->names, esp_network_get_classes (scene->network), &index, error))
    return NULL;
  box = (EspBox){ (float) ((p[0] + p[2] / 2) / scene->width), (float) ((p[1] + p[3] / 2) / scene->height), (float) (p[2] / scene->width),
                  (float) (p[3] / scene->height) };
  target = esp_target_new_missed (scene->network, scene->placement, box, index, error);
  if (target == NULL)
    g_prefix_error (error, "%s, %d × %d pixels: ", scene->image, scene->width, scene->height);
  return target;
}

static EspTarget *
make_term (const EspTerm *term, const EspTargetScene *scene, GError **error)
{
  switch (term->form)
    {
    case ESP_TERM_CLASS:
      return make_classes (term, scene, error);
    case ESP_TERM_BOX:
      return make_box (term, scene, error);
    case ESP_TERM_MISSED:
      return make_missed (term, scene, error);
    case ESP_TERM_CELLS:
      return esp_target_new_cells (term->head, (const guint *) (void *) term->channels->data, term->channels->len, term->row, term->column);
    case ESP_TERM_DATASET:
    default:
      return make_all (scene);
    }
}

/**
 * esp_target_spec_make:
 * @spec: what was asked for
 * @scene: the network, and the photograph where there is one
 * @error: ESP_ERROR_UNSUPPORTED without heads, or of a box without a photograph; ESP_ERROR_SHAPE where there is no such box;
 *   ESP_ERROR_FORMAT where there is no such class
 *
 * Returns: (transfer full): the target. Thread: any.
 */
EspTarget *
esp_target_spec_make (const EspTargetSpec *spec, const EspTargetScene *scene, GError **error)
{
  g_autoptr (GPtrArray) terms = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_target_unref);
  g_autoptr (GArray) weights = g_array_new (FALSE, FALSE, sizeof (double));

  if (!check_heads (scene->network, error))
    return NULL;
  for (guint i = 0; i < spec->terms->len; i++)
    {
      const EspTerm *term = &g_array_index (spec->terms, EspTerm, i);
      EspTarget *target = make_term (term, scene, error);

      if (target == NULL)
        return NULL;
      g_ptr_array_add (terms, target);
      g_array_append_val (weights, term->factor);
    }
  if (terms->len == 1 && g_array_index (weights, double, 0) == 1)
    return esp_target_ref (terms->pdata[0]);
  return esp_target_new_sum ((EspTarget *const *) terms->pdata, (const double *) (void *) weights->data, terms->len);
}
