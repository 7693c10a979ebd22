/* rows.c: the row objects of the study's lists
 *
 * All kinds share one base that serves properties straight from struct members named in a table, so that a new column is one line. */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/rows.h"

#include <gobject/gvaluecollector.h>
#include <math.h>
#include <string.h>

#include "prune/plan.h"

typedef struct
{
  char *label; /* NULL until asked for, and while out of date */
} EspRowPrivate;

enum
{
  ROW_PROP_LABEL = 1,
};

static GParamSpec *label_pspec;

G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (EspRow, esp_row, G_TYPE_OBJECT)

static const char *
row_label (EspRow *self)
{
  EspRowPrivate *priv = esp_row_get_instance_private (self);

  if (priv->label == NULL)
    priv->label = ESP_ROW_GET_CLASS (self)->describe (self);
  return priv->label;
}

/**
 * esp_row_get_label:
 * @row: any row
 *
 * Returns: (transfer none): its accessible name, valid until a property changes. Thread: main.
 */
const char *
esp_row_get_label (EspRow *row)
{
  g_return_val_if_fail (ESP_IS_ROW (row), NULL);
  return row_label (row);
}

static void
row_finalize (GObject *object)
{
  EspRow *self = ESP_ROW (object);
  EspRowClass *klass = ESP_ROW_GET_CLASS (self);
  EspRowPrivate *priv = esp_row_get_instance_private (self);

  for (guint i = 0; i < klass->n_fields; i++)
    if (klass->fields[i].type == G_TYPE_STRING)
      g_free (*(char **) G_STRUCT_MEMBER_P (object, klass->fields[i].offset));
  g_free (priv->label);
  G_OBJECT_CLASS (esp_row_parent_class)->finalize (object);
}

static void
row_get_label_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  if (id == ROW_PROP_LABEL)
    g_value_set_string (value, row_label (ESP_ROW (object)));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
esp_row_class_init (EspRowClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = row_finalize;
  object_class->get_property = row_get_label_property;
  label_pspec = g_param_spec_string ("label", NULL, NULL, "", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_property (object_class, ROW_PROP_LABEL, label_pspec);
}

static void
esp_row_init (EspRow *self)
{
}

/* The member a property is served from. */
static gpointer
member (EspRow *self, const EspRowField *field)
{
  return G_STRUCT_MEMBER_P (self, field->offset);
}

static void
fields_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspRow *self = ESP_ROW (object);
  const EspRowField *field = &ESP_ROW_GET_CLASS (self)->fields[id - 1];
  gconstpointer at = member (self, field);

  switch (field->type)
    {
    case G_TYPE_INT:
      g_value_set_int (value, *(const int *) at);
      break;
    case G_TYPE_UINT:
      g_value_set_uint (value, *(const guint *) at);
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value, *(const guint64 *) at);
      break;
    case G_TYPE_DOUBLE:
      g_value_set_double (value, *(const double *) at);
      break;
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, *(const gboolean *) at);
      break;
    case G_TYPE_STRING:
      g_value_set_string (value, *(char *const *) at);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

/* Same number, NaN being the same as NaN, so that an unknown score does not notify for ever. */
static gboolean
same_double (double x, double y)
{
  return x == y || (isnan (x) && isnan (y));
}

/* Stores; TRUE where the value is another than before. */
static gboolean
store (EspRow *self, const EspRowField *field, const GValue *value)
{
  gpointer at = member (self, field);
  gboolean changed = FALSE;

  switch (field->type)
    {
    case G_TYPE_INT:
      changed = *(int *) at != g_value_get_int (value);
      *(int *) at = g_value_get_int (value);
      break;
    case G_TYPE_UINT:
      changed = *(guint *) at != g_value_get_uint (value);
      *(guint *) at = g_value_get_uint (value);
      break;
    case G_TYPE_UINT64:
      changed = *(guint64 *) at != g_value_get_uint64 (value);
      *(guint64 *) at = g_value_get_uint64 (value);
      break;
    case G_TYPE_DOUBLE:
      changed = !same_double (*(double *) at, g_value_get_double (value));
      *(double *) at = g_value_get_double (value);
      break;
    case G_TYPE_BOOLEAN:
      changed = *(gboolean *) at != g_value_get_boolean (value);
      *(gboolean *) at = g_value_get_boolean (value);
      break;
    case G_TYPE_STRING:
      changed = g_strcmp0 (*(char **) at, g_value_get_string (value)) != 0;
      if (changed)
        {
          g_free (*(char **) at);
          *(char **) at = g_value_dup_string (value);
        }
      break;
    default:
      g_assert_not_reached ();
    }
  return changed;
}

/* The label is made anew only where somebody has asked for it before: a thousand rows are refilled without a string. */
static void
relabel (EspRow *self)
{
  EspRowPrivate *priv = esp_row_get_instance_private (self);
  g_autofree char *old = g_steal_pointer (&priv->label);

  if (old != NULL && strcmp (old, row_label (self)) != 0)
    g_object_notify_by_pspec (G_OBJECT (self), label_pspec);
}

static void
fields_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspRow *self = ESP_ROW (object);
  EspRowClass *klass = ESP_ROW_GET_CLASS (self);

  if (klass->write != NULL && klass->write (self, pspec->name, value))
    return;
  if (!store (self, &klass->fields[id - 1], value))
    return;
  g_object_notify_by_pspec (object, pspec);
  relabel (self);
}

/**
 * esp_row_set:
 * @row: any row
 * @first: name of a property, then its value, then more pairs, then NULL
 *
 * What the owner of the data says: as g_object_set(), but a group's ratio is stored here instead of being sent to the plan. Thread: main.
 */
void
esp_row_set (EspRow *row, const char *first, ...)
{
  EspRowClass *klass;
  va_list list;

  g_return_if_fail (ESP_IS_ROW (row));
  klass = ESP_ROW_GET_CLASS (row);
  g_object_freeze_notify (G_OBJECT (row));
  va_start (list, first);
  for (const char *name = first; name != NULL; name = va_arg (list, const char *))
    {
      GParamSpec *pspec = g_object_class_find_property (G_OBJECT_CLASS (klass), name);
      g_auto (GValue) value = G_VALUE_INIT;
      g_autofree char *failure = NULL;

      g_assert (pspec != NULL && pspec != label_pspec);
      G_VALUE_COLLECT_INIT (&value, pspec->value_type, list, 0, &failure);
      g_assert (failure == NULL);
      if (store (row, &klass->fields[pspec->param_id - 1], &value))
        g_object_notify_by_pspec (G_OBJECT (row), pspec);
    }
  va_end (list);
  relabel (row);
  g_object_thaw_notify (G_OBJECT (row));
}

static GParamSpec *
field_pspec (const EspRowField *field)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  switch (field->type)
    {
    case G_TYPE_INT:
      return g_param_spec_int (field->name, NULL, NULL, G_MININT, G_MAXINT, 0, flags);
    case G_TYPE_UINT:
      return g_param_spec_uint (field->name, NULL, NULL, 0, G_MAXUINT, 0, flags);
    case G_TYPE_UINT64:
      return g_param_spec_uint64 (field->name, NULL, NULL, 0, G_MAXUINT64, 0, flags);
    case G_TYPE_DOUBLE:
      /* lax: NaN is a value here, and no value equals it */
      return g_param_spec_double (field->name, NULL, NULL, -INFINITY, INFINITY, 0, flags | G_PARAM_LAX_VALIDATION);
    case G_TYPE_BOOLEAN:
      return g_param_spec_boolean (field->name, NULL, NULL, FALSE, flags);
    default:
      return g_param_spec_string (field->name, NULL, NULL, NULL, flags);
    }
}

static void
install_fields (EspRowClass *klass, const EspRowField *fields, guint n, char *(*describe) (EspRow *row))
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  klass->fields = fields;
  klass->n_fields = n;
  klass->describe = describe;
  object_class->get_property = fields_get_property;
  object_class->set_property = fields_set_property;
  for (guint i = 0; i < n; i++)
    g_object_class_install_property (object_class, i + 1, field_pspec (&fields[i]));
}

#define FIELD(Type, name, TYPE, at)                                                                                                        \
  {                                                                                                                                        \
    name, TYPE, G_STRUCT_OFFSET (Type, at)                                                                                                 \
  }

/* Images. */

struct _EspImageRow
{
  EspRow parent_instance;
  guint index;
  char *path, *name;
  int truths, detections, missed;
};

G_DEFINE_FINAL_TYPE (EspImageRow, esp_image_row, ESP_TYPE_ROW)

static const EspRowField image_fields[] = {
  FIELD (EspImageRow, "index", G_TYPE_UINT, index),          FIELD (EspImageRow, "path", G_TYPE_STRING, path),
  FIELD (EspImageRow, "name", G_TYPE_STRING, name),          FIELD (EspImageRow, "truths", G_TYPE_INT, truths),
  FIELD (EspImageRow, "detections", G_TYPE_INT, detections), FIELD (EspImageRow, "missed", G_TYPE_INT, missed),
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
  return g_string_free (text, FALSE);
}

static void
esp_image_row_class_init (EspImageRowClass *klass)
{
  install_fields (ESP_ROW_CLASS (klass), image_fields, G_N_ELEMENTS (image_fields), image_describe);
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
  install_fields (ESP_ROW_CLASS (klass), detection_fields, G_N_ELEMENTS (detection_fields), detection_describe);
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
  install_fields (ESP_ROW_CLASS (klass), channel_fields, G_N_ELEMENTS (channel_fields), channel_describe);
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
  EspGroupRatioFunc ratio_func;
  gpointer ratio_data;
};

G_DEFINE_FINAL_TYPE (EspGroupRow, esp_group_row, ESP_TYPE_ROW)

static const EspRowField group_fields[] = {
  FIELD (EspGroupRow, "index", G_TYPE_UINT, index),       FIELD (EspGroupRow, "name", G_TYPE_STRING, name),
  FIELD (EspGroupRow, "ratio", G_TYPE_DOUBLE, ratio),     FIELD (EspGroupRow, "kept", G_TYPE_UINT, kept),
  FIELD (EspGroupRow, "total", G_TYPE_UINT, total),       FIELD (EspGroupRow, "layers", G_TYPE_STRING, layers),
  FIELD (EspGroupRow, "revision", G_TYPE_UINT, revision), FIELD (EspGroupRow, "note", G_TYPE_STRING, note),
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

  if (self->ratio_func == NULL || strcmp (name, "ratio") != 0)
    return FALSE;
  if (!same_double (self->ratio, g_value_get_double (value)))
    self->ratio_func (self->index, g_value_get_double (value), self->ratio_data);
  return TRUE;
}

/**
 * esp_group_row_set_ratio_func:
 * @row: the row
 * @func: (nullable): told of every ratio that is set from outside
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
  install_fields (ESP_ROW_CLASS (klass), group_fields, G_N_ELEMENTS (group_fields), group_describe);
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
  char *title;
  double map, difference, low, high, bflops;
  guint64 params, bytes;
};

G_DEFINE_FINAL_TYPE (EspTrialRow, esp_trial_row, ESP_TYPE_ROW)

static const EspRowField trial_fields[] = {
  FIELD (EspTrialRow, "title", G_TYPE_STRING, title),
  FIELD (EspTrialRow, "map", G_TYPE_DOUBLE, map),
  FIELD (EspTrialRow, "difference", G_TYPE_DOUBLE, difference),
  FIELD (EspTrialRow, "low", G_TYPE_DOUBLE, low),
  FIELD (EspTrialRow, "high", G_TYPE_DOUBLE, high),
  FIELD (EspTrialRow, "params", G_TYPE_UINT64, params),
  FIELD (EspTrialRow, "bytes", G_TYPE_UINT64, bytes),
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
  return g_string_free (text, FALSE);
}

static void
esp_trial_row_class_init (EspTrialRowClass *klass)
{
  install_fields (ESP_ROW_CLASS (klass), trial_fields, G_N_ELEMENTS (trial_fields), trial_describe);
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
  install_fields (ESP_ROW_CLASS (klass), layer_fields, G_N_ELEMENTS (layer_fields), layer_describe);
}

static void
esp_layer_row_init (EspLayerRow *self)
{
}
