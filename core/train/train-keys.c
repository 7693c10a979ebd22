/* train-keys.c: what a cfg says about how its network is trained */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/train-keys.h"

#include <math.h>
#include <string.h>

#define MOST_BATCH  65536
#define NEVER       G_MAXUINT64
#define MOST_FACTOR 1e6 /* of a rate, or a rate */

/* What darknet would do otherwise, and we do not: each is refused unless it is 0, which is what an absent key means. */
static const char *const not_done[] = {
  "adversarial_lr",      "attention",         "badlabels_rejection_percentage", "contrastive",
  "dynamic_minibatch",   "equidistant_point", "num_sigmas_reject_badlabels",    "unsupervised",
  "weights_reject_freq",
};

typedef struct
{
  const EspCfg *cfg;
  guint section;
  GError **error;
} Reader;

static gboolean
get (const Reader *reader, const char *key, double fallback, double lowest, double highest, double *value)
{
  if (!esp_cfg_get_double (reader->cfg, reader->section, key, fallback, value, reader->error))
    return FALSE;
  if (*value >= lowest && *value <= highest)
    return TRUE;
  return esp_cfg_refuse (reader->cfg, reader->section, key, ESP_ERROR_LIMIT, reader->error, "expected a number from %g to %g", lowest,
                         highest);
}

/* From 0 to what is below 1: shares that are kept. */
static gboolean
get_share (const Reader *reader, const char *key, double fallback, double *value)
{
  if (!esp_cfg_get_double (reader->cfg, reader->section, key, fallback, value, reader->error))
    return FALSE;
  if (*value >= 0 && *value < 1)
    return TRUE;
  return esp_cfg_refuse (reader->cfg, reader->section, key, ESP_ERROR_LIMIT, reader->error, "expected a number from 0 to below 1");
}

static gboolean
get_count (const Reader *reader, const char *key, guint64 fallback, int lowest, guint64 *value)
{
  int number;

  if (!esp_cfg_get_int (reader->cfg, reader->section, key, (int) MIN (fallback, G_MAXINT), lowest, G_MAXINT, &number, reader->error))
    return FALSE;
  *value = (guint64) number;
  return TRUE;
}

static gboolean
read_batch (const Reader *reader, EspTrainKeys *keys)
{
  int batch, subdivisions;

  if (!esp_cfg_get_int (reader->cfg, 0, "batch", 1, 1, MOST_BATCH, &batch, reader->error)
      || !esp_cfg_get_int (reader->cfg, 0, "subdivisions", 1, 1, MOST_BATCH, &subdivisions, reader->error))
    return FALSE;
  if (batch % subdivisions != 0)
    return esp_cfg_refuse (reader->cfg, 0, "subdivisions", ESP_ERROR_SHAPE, reader->error, "expected a divisor of batch=%d", batch);
  keys->batch = (guint) batch;
  keys->subdivisions = (guint) subdivisions;
  return TRUE;
}

static gboolean
take_step (const Reader *reader, EspSchedule *schedule, guint s, double at)
{
  if (at != floor (at) || at < -G_MAXINT || at > G_MAXINT)
    return esp_cfg_refuse (reader->cfg, 0, "steps", ESP_ERROR_LIMIT, reader->error, "number %u is %g: expected a whole number up to %d",
                           s + 1, at, G_MAXINT);
  schedule->steps[s] = (guint64) MAX (at, 0); /* yolov2 writes -1 for “from the first on” */
  if (s > 0 && schedule->steps[s] < schedule->steps[s - 1])
    return esp_cfg_refuse (reader->cfg, 0, "steps", ESP_ERROR_FORMAT, reader->error, "number %u is %g: expected them in ascending order",
                           s + 1, at);
  return TRUE;
}

static gboolean
read_steps (const Reader *reader, EspSchedule *schedule)
{
  g_autoptr (GArray) steps = NULL, scales = NULL;

  if (!esp_cfg_get_doubles (reader->cfg, 0, "steps", &steps, reader->error)
      || !esp_cfg_get_doubles (reader->cfg, 0, "scales", &scales, reader->error))
    return FALSE;
  if (steps->len == 0)
    return esp_cfg_refuse (reader->cfg, 0, "policy", ESP_ERROR_FORMAT, reader->error, "expected steps= and scales= with it");
  if (steps->len > ESP_SCHEDULE_MOST_STEPS)
    return esp_cfg_refuse (reader->cfg, 0, "steps", ESP_ERROR_LIMIT, reader->error, "%u numbers: at most %d are accepted", steps->len,
                           ESP_SCHEDULE_MOST_STEPS);
  if (scales->len != steps->len)
    return esp_cfg_refuse (reader->cfg, 0, scales->len != 0 ? "scales" : "steps", ESP_ERROR_SHAPE, reader->error,
                           "%u scales for %u steps: expected as many", scales->len, steps->len);
  for (guint s = 0; s < steps->len; s++)
    {
      if (!take_step (reader, schedule, s, g_array_index (steps, double, s)))
        return FALSE;
      schedule->scales[s] = g_array_index (scales, double, s);
      if (schedule->scales[s] < 0 || schedule->scales[s] > MOST_FACTOR)
        return esp_cfg_refuse (reader->cfg, 0, "scales", ESP_ERROR_LIMIT, reader->error, "number %u is %g: expected a number from 0 to %g",
                               s + 1, schedule->scales[s], MOST_FACTOR);
    }
  schedule->n_steps = steps->len;
  return TRUE;
}

/* The keys of one policy: those of others are not looked at, as in darknet. */
static gboolean
read_policy (const Reader *reader, EspSchedule *schedule)
{
  const char *word = esp_cfg_get (reader->cfg, 0, "policy");
  g_autofree char *name = g_strndup (word != NULL ? word : "constant", word != NULL ? strcspn (word, " \t#;") : 8);

  schedule->policy = esp_policy_find (name);
  switch (schedule->policy)
    {
    case ESP_POLICY_STEP:
      return get_count (reader, "step", 1, 1, &schedule->step) && get (reader, "scale", 1, 0, MOST_FACTOR, &schedule->scale);
    case ESP_POLICY_STEPS:
      return read_steps (reader, schedule);
    case ESP_POLICY_EXP:
      return get (reader, "gamma", 1, 0, MOST_FACTOR, &schedule->gamma);
    case ESP_POLICY_SIGMOID:
      return get_count (reader, "step", 1, 0, &schedule->step) && get (reader, "gamma", 1, -MOST_FACTOR, MOST_FACTOR, &schedule->gamma);
    case ESP_POLICY_SGDR:
      if (schedule->max == 0 && esp_cfg_get (reader->cfg, 0, "sgdr_cycle") == NULL)
        return esp_cfg_refuse (reader->cfg, 0, "policy", ESP_ERROR_FORMAT, reader->error, "expected max_batches= or sgdr_cycle= with it");
      return get_count (reader, "sgdr_cycle", schedule->max, 1, &schedule->cycle)
             && get_count (reader, "sgdr_mult", 2, 1, &schedule->cycle_factor);
    case ESP_POLICY_POLY:
    case ESP_POLICY_COSINE:
      return schedule->max > 0
             || esp_cfg_refuse (reader->cfg, 0, "policy", ESP_ERROR_FORMAT, reader->error, "expected max_batches= with it");
    case ESP_POLICY_CONSTANT:
    case ESP_POLICY_RANDOM:
      return TRUE;
    case ESP_N_POLICIES:
    default:
      return esp_cfg_refuse (reader->cfg, 0, "policy", ESP_ERROR_UNSUPPORTED, reader->error,
                             "expected constant, step, steps, exp, poly, sigmoid, random, sgdr or cosine");
    }
}

static gboolean
read_schedule (const Reader *reader, EspSchedule *schedule)
{
  if (!get (reader, "learning_rate", .001, 0, MOST_FACTOR, &schedule->rate)
      || !get (reader, "learning_rate_min", .00001, 0, MOST_FACTOR, &schedule->lowest)
      || !get (reader, "power", 4, 0, 1000, &schedule->power) || !get_count (reader, "burn_in", 0, 0, &schedule->burn_in)
      || !get_count (reader, "max_batches", 0, 0, &schedule->max))
    return FALSE;
  return read_policy (reader, schedule);
}

static gboolean
read_optimiser (const Reader *reader, EspOptimiserOptions *options)
{
  int adam;

  if (!get_share (reader, "momentum", .9, &options->momentum) || !get (reader, "decay", .0001, 0, 1, &options->decay)
      || !get_share (reader, "ema_alpha", 0, &options->average) || !esp_cfg_get_int (reader->cfg, 0, "adam", 0, 0, 1, &adam, reader->error))
    return FALSE;
  options->kind = adam ? ESP_OPTIMISER_ADAM : ESP_OPTIMISER_SGD;
  return get_share (reader, "B1", .9, &options->b1) && get_share (reader, "B2", .999, &options->b2)
         && get (reader, "eps", 1e-6, 1e-20, 1, &options->epsilon);
}

/* darknet compares stopbackward with the updates done before, dont_update with those done after. */
static gboolean
read_rule (const Reader *reader, guint64 burn_in, EspLayerRule *rule, guint64 *stop)
{
  guint64 still, burns;
  int only;

  if (!get (reader, "learning_rate", 1, 0, MOST_FACTOR, &rule->rate) || !get_count (reader, "dont_update", 0, 0, &still)
      || !get_count (reader, "burnin_update", 0, 0, &burns) || !get_count (reader, "stopbackward", 0, 0, stop)
      || !esp_cfg_get_int (reader->cfg, reader->section, "train_only_bn", 0, 0, 1, &only, reader->error))
    return FALSE;
  rule->from = MAX (still + 1, burns * burn_in);
  rule->only_norms = only;
  return TRUE;
}

static gboolean
read_rules (Reader *reader, guint n, EspTrainKeys *keys)
{
  EspLayerRule *rules = g_new0 (EspLayerRule, n);

  keys->optimiser.rules = rules;
  keys->optimiser.n_rules = n;
  for (guint i = 0; i < n; i++)
    {
      guint64 stop;

      reader->section = i + 1;
      if (!read_rule (reader, keys->schedule.burn_in, &rules[i], &stop))
        return FALSE;
      for (guint below = 0; below <= i && stop != 0; below++)
        rules[below].from = MAX (rules[below].from, stop == 1 ? NEVER : stop + 1);
      if (stop == 1)
        keys->optimiser.first_layer = i + 1;
    }
  return TRUE;
}

static gboolean
check_done (const Reader *reader)
{
  for (guint i = 0; i < G_N_ELEMENTS (not_done); i++)
    {
      double value;

      if (!esp_cfg_get_double (reader->cfg, 0, not_done[i], 0, &value, reader->error))
        return FALSE;
      if (value != 0)
        return esp_cfg_refuse (reader->cfg, 0, not_done[i], ESP_ERROR_UNSUPPORTED, reader->error, "training does not do this: expected 0");
    }
  return TRUE;
}

/**
 * esp_train_keys_read:
 * @network: a network
 * @error: ESP_ERROR_FORMAT, ESP_ERROR_LIMIT, ESP_ERROR_SHAPE or ESP_ERROR_UNSUPPORTED with name:line, key and value
 *
 * Reads batch and subdivisions, the schedule, the optimiser's numbers and what single layers say (learning_rate, dont_update,
 * burnin_update, train_only_bn, stopbackward), with darknet's value where a key is absent. What augmentation and losses read is not looked
 * at.
 * Returns: (transfer full): the keys. Thread: any.
 */
EspTrainKeys *
esp_train_keys_read (const EspNetwork *network, GError **error)
{
  g_autoptr (EspTrainKeys) keys = g_new0 (EspTrainKeys, 1);
  Reader reader = { .cfg = esp_network_get_cfg (network), .error = error };

  if (!check_done (&reader) || !read_batch (&reader, keys) || !read_schedule (&reader, &keys->schedule)
      || !read_optimiser (&reader, &keys->optimiser) || !read_rules (&reader, esp_network_get_n_layers (network), keys))
    return NULL;
  return g_steal_pointer (&keys);
}

/** esp_train_keys_free: frees @keys and the rules in them. */
void
esp_train_keys_free (EspTrainKeys *keys)
{
  g_free ((gpointer) keys->optimiser.rules);
  g_free (keys);
}
