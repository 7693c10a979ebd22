/* rows.c: the row objects of the study's lists
 *
 * All kinds share one base that serves properties straight from struct members named in a table, so that a new column is one line. */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/row-private.h"

#include <gobject/gvaluecollector.h>
#include <math.h>
#include <string.h>

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
gboolean
esp_row_same_double (double x, double y)
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
      changed = !esp_row_same_double (*(double *) at, g_value_get_double (value));
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

void
esp_row_install_fields (EspRowClass *klass, const EspRowField *fields, guint n, char *(*describe) (EspRow *row))
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
