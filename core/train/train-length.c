/* train-length.c: the schedule of a cfg squeezed or stretched to another number of updates */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer.h"

#include <math.h>

#include "train/train-keys.h"

/** esp_train_count_steps: Returns: how many updates of @batch images show @n_images @epochs times; the last one may show some once more. */
guint64
esp_train_count_steps (guint64 n_images, guint batch, guint64 epochs)
{
  return (epochs * n_images + batch - 1) / batch;
}

static void
add_number (GPtrArray *pairs, const char *key, double value)
{
  g_ptr_array_add (pairs, g_strdup_printf ("%s=%.0f", key, floor (value + .5)));
}

static void
add_steps (GPtrArray *pairs, const EspSchedule *schedule, double factor)
{
  g_autoptr (GString) text = g_string_new ("steps=");

  for (guint i = 0; i < schedule->n_steps; i++)
    g_string_append_printf (text, "%s%.0f", i > 0 ? "," : "", floor ((double) schedule->steps[i] * factor + .5));
  g_ptr_array_add (pairs, g_strdup (text->str));
}

/* The burn-in shrinks with the rest, but not below a twentieth of the run: a short one needs its beginning more. */
static double
burn_in_of (const EspSchedule *schedule, double steps, double factor)
{
  const double scaled = (double) schedule->burn_in * factor, least = MIN ((double) schedule->burn_in, steps / 20);

  return MAX (scaled, least);
}

/**
 * esp_train_set_length:
 * @network: its [net] has max_batches, or a schedule that needs none
 * @steps: updates, from 1
 * @error: the readers' errors
 *
 * max_batches becomes @steps, and burn_in, steps, step and sgdr_cycle move in proportion, the burn-in to no less than a twentieth of the
 * run.
 *
 * Returns: (transfer full): a network of the same layers. Thread: any.
 */
EspNetwork *
esp_train_set_length (EspNetwork *network, guint64 steps, GError **error)
{
  g_autoptr (EspTrainKeys) keys = esp_train_keys_read (network, error);
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  const EspSchedule *schedule;
  double factor;

  if (keys == NULL)
    return NULL;
  schedule = &keys->schedule;
  factor = schedule->max > 0 ? (double) steps / (double) schedule->max : 1;
  add_number (pairs, "max_batches", (double) steps);
  if (schedule->burn_in > 0)
    add_number (pairs, "burn_in", burn_in_of (schedule, (double) steps, factor));
  if (schedule->policy == ESP_POLICY_STEPS)
    add_steps (pairs, schedule, factor);
  if (schedule->policy == ESP_POLICY_STEP || schedule->policy == ESP_POLICY_SIGMOID)
    add_number (pairs, "step", MAX ((double) schedule->step * factor, 1));
  if (schedule->policy == ESP_POLICY_SGDR)
    add_number (pairs, "sgdr_cycle", MAX ((double) schedule->cycle * factor, 1));
  g_ptr_array_add (pairs, NULL);
  return esp_train_rewrite (network, (const char *const *) pairs->pdata, error);
}
