/* row-kinds.c: the kinds of rows: their columns and their accessible names */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>
#include <string.h>

#include "prune/plan.h"
#include "study/row-private.h"

/* Images. */

struct _EspImageRow
{
  EspRow parent_instance;
  guint index;
  char *path, *name, *failure;
  int truths, detections, missed;
};

G_DEFINE_FINAL_TYPE (EspImageRow, esp_image_row, ESP_TYPE_ROW)

static const EspRowField image_fields[] = {
  FIELD (EspImageRow, "index", G_TYPE_UINT, index),          FIELD (EspImageRow, "path", G_TYPE_STRING, path),
  FIELD (EspImageRow, "name", G_TYPE_STRING, name),          FIELD (EspImageRow, "truths", G_TYPE_INT, truths),
  FIELD (EspImageRow, "detections", G_TYPE_INT, detections), FIELD (EspImageRow, "missed", G_TYPE_INT, missed),
  FIELD (EspImageRow, "failure", G_TYPE_STRING, failure),
};

static char *
image_describe (EspRow *row)
{
  EspImageRow *self = ESP_IMAGE_ROW (row);
  GString *text = g_string_new (self->name);

  if (self->truths >= 0)
    g_string_append_printf (text, ", %d %s", self->truths, self->truths == 1 ? "object" : "objects");
  if (self->detections >= 0)
    g_string_append_printf (text, ", %d %s", self->detections, self->detections == 1 ? "detection" : "detections");
  if (self->missed >= 0)
    g_string_append_printf (text, ", %d missed", self->missed);
  if (self->failure != NULL)
    g_string_append (text, ", cannot be read");
  return g_string_free (text, FALSE);
}

static void
esp_image_row_class_init (EspImageRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), image_fields, G_N_ELEMENTS (image_fields), image_describe);
}

static void
esp_image_row_init (EspImageRow *self)
{
  self->truths = self->detections = self->missed = -1;
}

/* Detections. */

struct _EspDetectionRow
{
  EspRow parent_instance;
  guint index;
  char *class_name;
  double score;
  int x, y, width, height, correct;
};

G_DEFINE_FINAL_TYPE (EspDetectionRow, esp_detection_row, ESP_TYPE_ROW)

static const EspRowField detection_fields[] = {
  FIELD (EspDetectionRow, "index", G_TYPE_UINT, index),
  FIELD (EspDetectionRow, "class-name", G_TYPE_STRING, class_name),
  FIELD (EspDetectionRow, "score", G_TYPE_DOUBLE, score),
  FIELD (EspDetectionRow, "x", G_TYPE_INT, x),
  FIELD (EspDetectionRow, "y", G_TYPE_INT, y),
  FIELD (EspDetectionRow, "width", G_TYPE_INT, width),
  FIELD (EspDetectionRow, "height", G_TYPE_INT, height),
  FIELD (EspDetectionRow, "correct", G_TYPE_INT, correct),
};

static char *
detection_describe (EspRow *row)
{
  EspDetectionRow *self = ESP_DETECTION_ROW (row);

  return g_strdup_printf ("%s %.0f %%, x %d y %d w %d h %d", self->class_name, 100 * self->score, self->x, self->y, self->width,
                          self->height);
}

static void
esp_detection_row_class_init (EspDetectionRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), detection_fields, G_N_ELEMENTS (detection_fields), detection_describe);
}

static void
esp_detection_row_init (EspDetectionRow *self)
{
  self->correct = -1;
}

/* Channels. */

struct _EspChannelRow
{
  EspRow parent_instance;
  guint layer, channel, unit, revision;
  double score;
  gboolean kept;
  int rule;
  char *reason;
};

G_DEFINE_FINAL_TYPE (EspChannelRow, esp_channel_row, ESP_TYPE_ROW)

static const EspRowField channel_fields[] = {
  FIELD (EspChannelRow, "layer", G_TYPE_UINT, layer),   FIELD (EspChannelRow, "channel", G_TYPE_UINT, channel),
  FIELD (EspChannelRow, "score", G_TYPE_DOUBLE, score), FIELD (EspChannelRow, "kept", G_TYPE_BOOLEAN, kept),
  FIELD (EspChannelRow, "rule", G_TYPE_INT, rule),      FIELD (EspChannelRow, "reason", G_TYPE_STRING, reason),
  FIELD (EspChannelRow, "unit", G_TYPE_UINT, unit),     FIELD (EspChannelRow, "revision", G_TYPE_UINT, revision),
};

/* Three decimals while they say something, else an exponent. */
static char *
score_text (double score)
{
  const double size = fabs (score);

  return g_strdup_printf (size == 0 || (size >= .001 && size < 10000) ? "%.3f" : "%.2e", score);
}

static char *
channel_describe (EspRow *row)
{
  EspChannelRow *self = ESP_CHANNEL_ROW (row);
  const char *state = !self->kept ? "cut" : self->rule == ESP_CHANNEL_PROTECTED ? "protected" : "kept";
  g_autofree char *score = isnan (self->score) ? g_strdup ("unknown") : score_text (self->score);

  return g_strdup_printf ("Channel %u, score %s, %s", self->channel, score, state);
}

static void
esp_channel_row_class_init (EspChannelRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), channel_fields, G_N_ELEMENTS (channel_fields), channel_describe);
}

static void
esp_channel_row_init (EspChannelRow *self)
{
  self->kept = TRUE;
  self->score = NAN;
}

/* Groups. */

struct _EspGroupRow
{
  EspRow parent_instance;
  guint index, kept, total, revision;
  char *name, *layers, *note;
  double ratio;
  gboolean by_score;
  EspGroupRatioFunc ratio_func;
  gpointer ratio_data;
};

G_DEFINE_FINAL_TYPE (EspGroupRow, esp_group_row, ESP_TYPE_ROW)

static const EspRowField group_fields[] = {
  FIELD (EspGroupRow, "index", G_TYPE_UINT, index),          FIELD (EspGroupRow, "name", G_TYPE_STRING, name),
  FIELD (EspGroupRow, "ratio", G_TYPE_DOUBLE, ratio),        FIELD (EspGroupRow, "kept", G_TYPE_UINT, kept),
  FIELD (EspGroupRow, "total", G_TYPE_UINT, total),          FIELD (EspGroupRow, "layers", G_TYPE_STRING, layers),
  FIELD (EspGroupRow, "by-score", G_TYPE_BOOLEAN, by_score), FIELD (EspGroupRow, "revision", G_TYPE_UINT, revision),
  FIELD (EspGroupRow, "note", G_TYPE_STRING, note),
};

static char *
group_describe (EspRow *row)
{
  EspGroupRow *self = ESP_GROUP_ROW (row);

  return g_strdup_printf ("%s, %u of %u kept", self->name, self->kept, self->total);
}

static gboolean
group_write (EspRow *row, const char *name, const GValue *value)
{
  EspGroupRow *self = ESP_GROUP_ROW (row);
  const gboolean ratio = strcmp (name, "ratio") == 0;

  if (self->ratio_func == NULL || (!ratio && strcmp (name, "by-score") != 0))
    return FALSE;
  if (ratio && !esp_row_same_double (self->ratio, g_value_get_double (value)))
    self->ratio_func (self->index, g_value_get_double (value), self->by_score, self->ratio_data);
  else if (!ratio && self->by_score != g_value_get_boolean (value))
    self->ratio_func (self->index, self->ratio, g_value_get_boolean (value), self->ratio_data);
  return TRUE;
}

/**
 * esp_group_row_set_ratio_func:
 * @row: the row
 * @func: (nullable): told of every ratio that is set from outside, and whether a score decides
 * @data: its data; must stay until @func is taken away or the row is gone
 *
 * Thread: main.
 */
void
esp_group_row_set_ratio_func (EspGroupRow *row, EspGroupRatioFunc func, gpointer data)
{
  g_return_if_fail (ESP_IS_GROUP_ROW (row));
  row->ratio_func = func;
  row->ratio_data = data;
}

static void
esp_group_row_class_init (EspGroupRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), group_fields, G_N_ELEMENTS (group_fields), group_describe);
  ESP_ROW_CLASS (klass)->write = group_write;
}

static void
esp_group_row_init (EspGroupRow *self)
{
}

/* Trials. */

struct _EspTrialRow
{
  EspRow parent_instance;
  char *title, *note;
  double map, difference, low, high, bflops;
  guint64 params, bytes;
};

G_DEFINE_FINAL_TYPE (EspTrialRow, esp_trial_row, ESP_TYPE_ROW)

static const EspRowField trial_fields[] = {
  FIELD (EspTrialRow, "title", G_TYPE_STRING, title),   FIELD (EspTrialRow, "note", G_TYPE_STRING, note),
  FIELD (EspTrialRow, "map", G_TYPE_DOUBLE, map),       FIELD (EspTrialRow, "difference", G_TYPE_DOUBLE, difference),
  FIELD (EspTrialRow, "low", G_TYPE_DOUBLE, low),       FIELD (EspTrialRow, "high", G_TYPE_DOUBLE, high),
  FIELD (EspTrialRow, "params", G_TYPE_UINT64, params), FIELD (EspTrialRow, "bytes", G_TYPE_UINT64, bytes),
  FIELD (EspTrialRow, "bflops", G_TYPE_DOUBLE, bflops),
};

static char *
trial_describe (EspRow *row)
{
  EspTrialRow *self = ESP_TRIAL_ROW (row);
  GString *text = g_string_new (self->title);

  if (!isnan (self->map))
    g_string_append_printf (text, ", mAP %.1f %%", 100 * self->map);
  if (!isnan (self->map) && !isnan (self->difference))
    g_string_append_printf (text, ", %+.1f", 100 * self->difference);
  g_string_append_printf (text, ", %.2f MB, %.3f BFLOPs", (double) self->bytes / 1e6, self->bflops);
  if (self->note != NULL)
    g_string_append_printf (text, ", %s", self->note);
  return g_string_free (text, FALSE);
}

static void
esp_trial_row_class_init (EspTrialRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), trial_fields, G_N_ELEMENTS (trial_fields), trial_describe);
}

static void
esp_trial_row_init (EspTrialRow *self)
{
  self->map = self->difference = self->low = self->high = NAN;
}

/* Layers. */

struct _EspLayerRow
{
  EspRow parent_instance;
  guint layer;
  char *title, *group;
};

G_DEFINE_FINAL_TYPE (EspLayerRow, esp_layer_row, ESP_TYPE_ROW)

static const EspRowField layer_fields[] = {
  FIELD (EspLayerRow, "layer", G_TYPE_UINT, layer),
  FIELD (EspLayerRow, "title", G_TYPE_STRING, title),
  FIELD (EspLayerRow, "group", G_TYPE_STRING, group),
};

static char *
layer_describe (EspRow *row)
{
  const EspLayerRow *self = ESP_LAYER_ROW (row);

  return g_strdup (self->title != NULL ? self->title : "");
}

static void
esp_layer_row_class_init (EspLayerRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), layer_fields, G_N_ELEMENTS (layer_fields), layer_describe);
}

static void
esp_layer_row_init (EspLayerRow *self)
{
}

/* Boxes before and after. */

struct _EspDriftRow
{
  EspRow parent_instance;
  guint image;
  char *name, *class_name;
  double before, after, distance, heat_before, heat_after;
};

G_DEFINE_FINAL_TYPE (EspDriftRow, esp_drift_row, ESP_TYPE_ROW)

static const EspRowField drift_fields[] = {
  FIELD (EspDriftRow, "image", G_TYPE_UINT, image),
  FIELD (EspDriftRow, "name", G_TYPE_STRING, name),
  FIELD (EspDriftRow, "class-name", G_TYPE_STRING, class_name),
  FIELD (EspDriftRow, "before", G_TYPE_DOUBLE, before),
  FIELD (EspDriftRow, "after", G_TYPE_DOUBLE, after),
  FIELD (EspDriftRow, "distance", G_TYPE_DOUBLE, distance),
  FIELD (EspDriftRow, "heat-before", G_TYPE_DOUBLE, heat_before),
  FIELD (EspDriftRow, "heat-after", G_TYPE_DOUBLE, heat_after),
};

static char *
drift_describe (EspRow *row)
{
  EspDriftRow *self = ESP_DRIFT_ROW (row);
  GString *text = g_string_new (self->class_name);

  g_string_append_printf (text, " %.0f %%", 100 * self->before);
  if (isnan (self->after))
    g_string_append (text, ", not found any more");
  else
    g_string_append_printf (text, " to %.0f %%", 100 * self->after);
  if (!isnan (self->distance))
    g_string_append_printf (text, ", drift %.3f", self->distance);
  g_string_append_printf (text, ", %s", self->name);
  return g_string_free (text, FALSE);
}

static void
esp_drift_row_class_init (EspDriftRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), drift_fields, G_N_ELEMENTS (drift_fields), drift_describe);
}

static void
esp_drift_row_init (EspDriftRow *self)
{
  self->after = self->distance = self->heat_before = self->heat_after = NAN;
}

/* Objects lost. */

struct _EspLostRow
{
  EspRow parent_instance;
  guint image;
  char *name, *class_name, *error, *channels;
  double before;
};

G_DEFINE_FINAL_TYPE (EspLostRow, esp_lost_row, ESP_TYPE_ROW)

static const EspRowField lost_fields[] = {
  FIELD (EspLostRow, "image", G_TYPE_UINT, image),
  FIELD (EspLostRow, "name", G_TYPE_STRING, name),
  FIELD (EspLostRow, "class-name", G_TYPE_STRING, class_name),
  FIELD (EspLostRow, "before", G_TYPE_DOUBLE, before),
  FIELD (EspLostRow, "error", G_TYPE_STRING, error),
  FIELD (EspLostRow, "channels", G_TYPE_STRING, channels),
};

static char *
lost_describe (EspRow *row)
{
  EspLostRow *self = ESP_LOST_ROW (row);
  const gboolean has = self->channels != NULL && *self->channels != '\0';

  return g_strdup_printf ("%s %.0f %%, %s, %s%s%s", self->class_name, 100 * self->before, self->error, self->name, has ? ", " : "",
                          has ? self->channels : "");
}

static void
esp_lost_row_class_init (EspLostRowClass *klass)
{
  esp_row_install_fields (ESP_ROW_CLASS (klass), lost_fields, G_N_ELEMENTS (lost_fields), lost_describe);
}

static void
esp_lost_row_init (EspLostRow *self)
{
}
