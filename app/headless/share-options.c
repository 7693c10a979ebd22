/* share-options.c: the options that say how much of what is to go */
#define G_LOG_DOMAIN "esp-cli"
#include "config.h"

#include "share-options.h"

#include <math.h>
#include <string.h>

#define LARGEST_COUNT 65536

/** esp_share_options_cuts: Returns: whether any option says that something is to go. */
gboolean
esp_share_options_cuts (const EspShareOptions *o)
{
  return o->ratio != NULL || o->overall != NULL || o->groups != NULL || o->thresholds != NULL || o->counts != NULL || o->layers != NULL
         || o->layer_thresholds != NULL || o->layer_counts != NULL || o->cut != NULL;
}

/** esp_share_options_any: Returns: whether any of them was given. */
gboolean
esp_share_options_any (const EspShareOptions *o)
{
  return esp_share_options_cuts (o) || o->norm != NULL || o->merge != NULL || o->layer_floors != NULL || o->protect != NULL
         || o->floor != ESP_COUNT_UNSAID || o->round != ESP_COUNT_UNSAID;
}

static gboolean
refuse (GError **error, const char *option, const char *text, const char *expected)
{
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: expected %s", option, text, expected);
  return FALSE;
}

static gboolean
read_ratio (const char *option, const char *text, double *ratio, GError **error)
{
  char *end = NULL;

  *ratio = g_ascii_strtod (text, &end);
  if (end != text && *end == '\0' && isfinite (*ratio) && *ratio >= 0 && *ratio <= 1)
    return TRUE;
  return refuse (error, option, text, "a share from 0 to 1");
}

static gboolean
read_score (const char *option, const char *text, double *score, GError **error)
{
  char *end = NULL;

  *score = g_ascii_strtod (text, &end);
  return (end != text && *end == '\0' && isfinite (*score)) || refuse (error, option, text, "a score");
}

static gboolean
read_count (const char *option, const char *text, guint *n, GError **error)
{
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (text, 10, 0, LARGEST_COUNT, &value, NULL))
    return refuse (error, option, text, "a number of channels");
  *n = (guint) value;
  return TRUE;
}

/* NAME=VALUE; the last = parts them. The group, and where its value begins; -1 where no group is called so. */
static int
part_group (EspPlan *plan, const char *option, const char *sign, const char *text, const char **value, GError **error)
{
  const char *equals = strrchr (text, '=');
  g_autofree char *name = equals != NULL ? g_strndup (text, (gsize) (equals - text)) : NULL;
  const int group = name != NULL ? esp_plan_find_group (plan, name) : -1;
  g_autoptr (GString) known = g_string_new (NULL);

  if (group >= 0)
    {
      *value = equals + 1;
      return group;
    }
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    g_string_append_printf (known, g > 0 ? ", “%s”" : "“%s”", esp_plan_get_group (plan, g)->name);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: expected NAME=%s with one of the names %s", option, text, sign,
               known->str);
  return -1;
}

/* The layer that @text begins with, up to @stop or its end; one that can be cut. */
static gboolean
read_layer (EspPlan *plan, const char *option, const char *text, char stop, guint *layer, const char **rest, GError **error)
{
  const guint n = esp_network_get_n_layers (esp_plan_get_network (plan));
  const char *end = strchr (text, stop), *why;
  g_autofree char *number = end != NULL ? g_strndup (text, (gsize) (end - text)) : g_strdup (text);
  guint64 value = 0;

  if (!g_ascii_string_to_unsigned (number, 10, 0, n - 1, &value, NULL))
    {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: layer %s: expected a layer from 0 to %u", option, text,
                   number, n - 1);
      return FALSE;
    }
  *layer = (guint) value;
  *rest = end != NULL ? end + 1 : NULL;
  if (esp_plan_group_of_layer (plan, *layer) >= 0)
    return TRUE;
  why = esp_coupling_why_fixed (esp_plan_get_coupling (plan), *layer);
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: layer %u is never cut: %s", option, text, *layer,
               why != NULL ? why : "it is no convolution");
  return FALSE;
}

/* L=VALUE */
static gboolean
part_layer (EspPlan *plan, const char *option, const char *sign, const char *text, guint *layer, const char **value, GError **error)
{
  if (!read_layer (plan, option, text, '=', layer, value, error))
    return FALSE;
  if (*value != NULL)
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: expected L=%s", option, text, sign);
  return FALSE;
}

/* L:C,C; without channels, all of the layer's. */
static gboolean
set_rule (EspPlan *plan, const char *option, const char *text, EspChannelRule rule, GError **error)
{
  guint layer = 0, n;
  const char *list = NULL;
  g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (EspChannel));
  g_auto (GStrv) numbers = NULL;

  if (!read_layer (plan, option, text, ':', &layer, &list, error))
    return FALSE;
  if (list == NULL && rule == ESP_CHANNEL_CUT)
    return refuse (error, option, text, "L:C,C");
  n = (guint) esp_network_get_layer (esp_plan_get_network (plan), layer)->out.c;
  numbers = list != NULL ? g_strsplit (list, ",", (gint) n + 1) : NULL;
  if (numbers == NULL)
    {
      esp_plan_set_layer_rule (plan, layer, rule);
      return TRUE;
    }
  for (guint i = 0; numbers[i] != NULL; i++)
    {
      EspChannel one = { layer, 0 };
      guint64 value = 0;

      if (!g_ascii_string_to_unsigned (numbers[i], 10, 0, n - 1, &value, NULL))
        {
          g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %s: channel %.20s: layer %u has channels 0 to %u", option,
                       text, numbers[i], layer, n - 1);
          return FALSE;
        }
      one.channel = (guint) value;
      g_array_append_val (channels, one);
    }
  esp_plan_set_rules (plan, (const EspChannel *) (gpointer) channels->data, channels->len, rule);
  return TRUE;
}

static gboolean
set_groups (const EspShareOptions *o, EspPlan *plan, GError **error)
{
  const char *value = NULL;
  double ratio = 0;
  guint count = 0;

  for (guint i = 0; o->groups != NULL && o->groups[i] != NULL; i++)
    {
      const int group = part_group (plan, "group", "R", o->groups[i], &value, error);

      if (group < 0 || !read_ratio ("group", value, &ratio, error))
        return FALSE;
      esp_plan_set_ratio (plan, (guint) group, ratio);
    }
  for (guint i = 0; o->counts != NULL && o->counts[i] != NULL; i++)
    {
      const int group = part_group (plan, "count", "N", o->counts[i], &value, error);

      if (group < 0 || !read_count ("count", value, &count, error))
        return FALSE;
      esp_plan_set_count (plan, (guint) group, count);
    }
  return TRUE;
}

static gboolean
set_layers (const EspShareOptions *o, EspPlan *plan, GError **error)
{
  const char *value = NULL;
  double ratio = 0;
  guint count = 0, layer = 0;

  for (guint i = 0; o->layers != NULL && o->layers[i] != NULL; i++)
    {
      if (!part_layer (plan, "layer", "R", o->layers[i], &layer, &value, error) || !read_ratio ("layer", value, &ratio, error))
        return FALSE;
      esp_plan_set_layer_share (plan, layer, (EspShare){ ESP_SHARE_RATIO, ratio });
    }
  for (guint i = 0; o->layer_counts != NULL && o->layer_counts[i] != NULL; i++)
    {
      if (!part_layer (plan, "layer-count", "N", o->layer_counts[i], &layer, &value, error)
          || !read_count ("layer-count", value, &count, error))
        return FALSE;
      esp_plan_set_layer_share (plan, layer, (EspShare){ ESP_SHARE_COUNT, count });
    }
  for (guint i = 0; o->layer_floors != NULL && o->layer_floors[i] != NULL; i++)
    {
      if (!part_layer (plan, "layer-floor", "N", o->layer_floors[i], &layer, &value, error)
          || !read_count ("layer-floor", value, &count, error))
        return FALSE;
      esp_plan_set_layer_floor (plan, layer, (int) count);
    }
  return TRUE;
}

static gboolean
set_rules (const EspShareOptions *o, EspPlan *plan, GError **error)
{
  for (guint i = 0; o->protect != NULL && o->protect[i] != NULL; i++)
    if (!set_rule (plan, "protect", o->protect[i], ESP_CHANNEL_PROTECTED, error))
      return FALSE;
  for (guint i = 0; o->cut != NULL && o->cut[i] != NULL; i++)
    if (!set_rule (plan, "cut", o->cut[i], ESP_CHANNEL_CUT, error))
      return FALSE;
  return TRUE;
}

/* @apply: FALSE only looks whether the words are right. */
static gboolean
set_thresholds (const EspShareOptions *o, EspPlan *plan, gboolean apply, GError **error)
{
  const char *value = NULL;
  double score = 0;
  guint layer = 0;

  for (guint i = 0; o->thresholds != NULL && o->thresholds[i] != NULL; i++)
    {
      const int group = part_group (plan, "threshold", "T", o->thresholds[i], &value, error);

      if (group < 0 || !read_score ("threshold", value, &score, error))
        return FALSE;
      if (apply)
        esp_plan_set_threshold (plan, (guint) group, score);
    }
  for (guint i = 0; o->layer_thresholds != NULL && o->layer_thresholds[i] != NULL; i++)
    {
      if (!part_layer (plan, "layer-threshold", "T", o->layer_thresholds[i], &layer, &value, error)
          || !read_score ("layer-threshold", value, &score, error))
        return FALSE;
      if (apply)
        esp_plan_set_layer_share (plan, layer, (EspShare){ ESP_SHARE_THRESHOLD, score });
    }
  return TRUE;
}

static gboolean
set_all (const EspShareOptions *o, EspPlan *plan, GError **error)
{
  double ratio = 0;
  EspNorm norm;
  g_autoptr (GError) word = NULL;

  if (o->ratio != NULL && o->overall != NULL)
    return refuse (error, "global", o->overall, "one of --ratio and --global");
  if (o->norm != NULL && !esp_norm_parse (o->norm, &norm, &word))
    return refuse (error, "normalise", o->norm, "none, max, l2, sum, mean or rank");
  if (o->norm != NULL)
    esp_plan_set_norm (plan, norm);
  if (o->overall != NULL)
    {
      if (!read_ratio ("global", o->overall, &ratio, error))
        return FALSE;
      esp_plan_set_overall (plan, ratio);
      return TRUE;
    }
  if (o->ratio != NULL && !read_ratio ("ratio", o->ratio, &ratio, error))
    return FALSE;
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, ratio);
  return TRUE;
}

static gboolean
set_merge (const EspShareOptions *options, EspPlan *plan, GError **error)
{
  EspMerge merge = ESP_MERGE_REDUCE;

  if (options->merge == NULL)
    return TRUE;
  if (!esp_merge_parse (options->merge, &merge, NULL))
    return refuse (error, "merge", options->merge, "reduce, union, majority or intersection");
  esp_plan_set_merge (plan, merge);
  return TRUE;
}

static gboolean
check_count (const char *name, int count, int least, GError **error)
{
  if (count == ESP_COUNT_UNSAID || (count >= least && count <= LARGEST_COUNT))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--%s %d: expected a number of channels from %d to %d", name, count, least,
               LARGEST_COUNT);
  return FALSE;
}

/** esp_share_counts_set: see the header. Thread: main. */
gboolean
esp_share_counts_set (EspPlan *plan, int floor, int round, GError **error)
{
  if (!check_count ("floor", floor, 0, error) || !check_count ("round", round, 1, error))
    return FALSE;
  if (round != ESP_COUNT_UNSAID)
    esp_plan_set_round (plan, (guint) round);
  if (floor != ESP_COUNT_UNSAID)
    esp_plan_set_floor (plan, (guint) floor);
  return TRUE;
}

/**
 * esp_share_options_begin:
 * @options: what was given
 * @plan: the plan that is to follow it; its scores may come later
 * @error: G_OPTION_ERROR: a word, a group, a layer, a channel or a share that is none
 *
 * All but thresholds; those are only looked at.
 */
gboolean
esp_share_options_begin (const EspShareOptions *options, EspPlan *plan, GError **error)
{
  return esp_share_counts_set (plan, options->floor, options->round, error) && set_merge (options, plan, error)
         && set_all (options, plan, error) && set_groups (options, plan, error) && set_layers (options, plan, error)
         && set_rules (options, plan, error) && set_thresholds (options, plan, FALSE, error);
}

/** esp_share_options_end: sets the thresholds, now that the plan has scores; @error as esp_share_options_begin(). */
gboolean
esp_share_options_end (const EspShareOptions *options, EspPlan *plan, GError **error)
{
  return set_thresholds (options, plan, TRUE, error);
}
