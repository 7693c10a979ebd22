/* feeder-check.c: whether a data set can train a network */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/feeder-private.h"

#include "base/error.h"

#define MOST_SIDE  16384
#define MOST_BATCH 65536

static gboolean refuse (const EspRender *render, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (const EspRender *render, GError **error, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list list;

  va_start (list, format);
  text = g_strdup_vprintf (format, list);
  va_end (list);
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: %s", esp_dataset_get_path (render->dataset), text);
  esp_error_make_utf8 (error);
  return FALSE;
}

static gboolean
check_kind (const EspRender *render, GError **error)
{
  const gboolean classes = esp_dataset_get_task (render->dataset) == ESP_DATASET_CLASSIFICATION;

  if (esp_dataset_get_n (render->dataset) == 0)
    return refuse (render, error, "no images: expected some to train on");
  if (!esp_dataset_is_labelled (render->dataset))
    return refuse (render, error, "its images have no labels: expected some to train on");
  if (classes && !render->classifier)
    return refuse (render, error, "its images have a class each and no boxes, which the network's heads expect");
  if (!classes && render->classifier)
    return refuse (render, error, "its images have boxes: the network is a classifier and expects one class each");
  return TRUE;
}

/* The classes as the map has them, or one by one. */
static gboolean
set_classes (EspRender *render, const EspClassMap *map, int n_network, GError **error)
{
  const char *const *names = esp_dataset_get_names (render->dataset);
  const guint n = esp_dataset_get_n_classes (render->dataset);
  int *to = g_new (int, n + 1);

  render->to_network = to;
  if (map != NULL && map->n != n)
    return refuse (render, error, "the class map has %u classes: expected %u", map->n, n);
  for (guint i = 0; i < n; i++)
    {
      to[i] = map != NULL ? map->to_network[i] : (int) i;
      if (to[i] >= n_network)
        return refuse (render, error, "class %u%s%s is the network's %d, whose heads have %d classes: expected at most %d", i,
                       names != NULL ? ", " : "", names != NULL ? names[i] : "", to[i], n_network, n_network - 1);
    }
  return TRUE;
}

static guint
count_truths (const EspRender *render, const EspSample *sample)
{
  guint n = 0;

  for (guint i = 0; i < sample->n_truths; i++)
    n += render->to_network[sample->truths[i].class_index] >= 0 && !sample->truths[i].crowd
         && (render->difficult || !sample->truths[i].difficult);
  return n;
}

/* A classifier's images of classes that the map leaves out are left out; a detector learns from images without objects, too. */
static gboolean
set_images (EspRender *render, GError **error)
{
  const guint n = esp_dataset_get_n (render->dataset);
  guint *images = g_new (guint, n);
  guint64 truths = 0;

  render->images = images;
  for (guint i = 0; i < n; i++)
    {
      const EspSample *sample = esp_dataset_get (render->dataset, i);
      const guint here = count_truths (render, sample);

      if (!g_file_test (sample->path, G_FILE_TEST_EXISTS))
        return refuse (render, error, "image %s is gone, but its labels are here", sample->path);
      truths += here;
      if (here > 0 || !render->classifier)
        images[render->n_images++] = i;
    }
  if (truths == 0)
    return refuse (render, error, "none of its objects is of a class of the network: nothing to train on");
  return TRUE;
}

static gboolean
check_options (const EspRender *render, const EspFeederOptions *options, GError **error)
{
  if (options->input.c != 1 && options->input.c != 3)
    return refuse (render, error, "the network has %d input channels: expected 1 or 3 for pictures", options->input.c);
  if (options->input.w < 1 || options->input.h < 1 || options->input.w > MOST_SIDE || options->input.h > MOST_SIDE)
    return refuse (render, error, "an input of %d x %d pixels: expected sides of 1 to %d", options->input.w, options->input.h, MOST_SIDE);
  if (options->augment.random > 1 && MAX (options->input.w, options->input.h) * options->augment.random > MOST_SIDE)
    return refuse (render, error, "an input of up to %g x %d pixels: expected sides of 1 to %d", options->augment.random,
                   MAX (options->input.w, options->input.h), MOST_SIDE);
  if (options->batch < 1 || options->batch > MOST_BATCH)
    return refuse (render, error, "a batch of %u images: expected 1 to %d", options->batch, MOST_BATCH);
  return TRUE;
}

/**
 * esp_feeder_check:
 * @render: its dataset, classifier and difficult are set; to_network and images are filled in, and the caller's to free even where it fails
 * @map: (nullable): data set class to network class; without it they are the same
 * @options: the rest
 * @error: ESP_ERROR_SHAPE: no images, no labels, an image that is gone, a class beyond the heads, no object of the network's classes
 *
 * Thread: any.
 */
gboolean
esp_feeder_check (EspRender *render, const EspClassMap *map, const EspFeederOptions *options, GError **error)
{
  return check_options (render, options, error) && check_kind (render, error) && set_classes (render, map, options->classes, error)
         && set_images (render, error);
}
