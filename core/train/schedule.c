/* schedule.c: the learning rate of each update, as darknet's [net] asks for it */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/schedule.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

typedef double (*RateFunc) (const EspSchedule *schedule, guint64 i);

static double
constant (const EspSchedule *schedule, guint64 i)
{
  return schedule->rate;
}

static double
step (const EspSchedule *schedule, guint64 i)
{
  return schedule->rate * pow (schedule->scale, (double) (i / MAX (schedule->step, 1)));
}

static double
steps (const EspSchedule *schedule, guint64 i)
{
  double rate = schedule->rate;

  for (guint s = 0; s < schedule->n_steps && schedule->steps[s] <= i; s++)
    rate *= schedule->scales[s];
  return rate;
}

static double
exponential (const EspSchedule *schedule, guint64 i)
{
  return schedule->rate * pow (schedule->gamma, (double) i);
}

/* Behind the end darknet takes a power of a negative number; here it is 0. */
static double
poly (const EspSchedule *schedule, guint64 i)
{
  return i >= schedule->max ? 0 : schedule->rate * pow (1 - (double) i / (double) schedule->max, schedule->power);
}

static double
sigmoid (const EspSchedule *schedule, guint64 i)
{
  return schedule->rate / (1 + exp (schedule->gamma * ((double) i - (double) schedule->step)));
}

static double
at_random (const EspSchedule *schedule, guint64 i)
{
  g_autoptr (GRand) rng = esp_rng_new (schedule->seed, i, 0x72617465 /* "rate" */);

  return schedule->rate * pow (g_rand_double (rng), schedule->power);
}

static double
half_cosine (const EspSchedule *schedule, double place)
{
  return schedule->lowest + .5 * (schedule->rate - schedule->lowest) * (1 + cos (G_PI * place));
}

/* The last update of a cycle is the one at its end: darknet begins the next cycle one later. */
static double
sgdr (const EspSchedule *schedule, guint64 i)
{
  const double factor = (double) MAX (schedule->cycle_factor, 1);
  double cycle = (double) MAX (schedule->cycle, 1), at = (double) i;

  if (factor == 1 && i > 0)
    at -= cycle * floor ((at - 1) / cycle);
  else
    for (; at > cycle; cycle *= factor)
      at -= cycle;
  return half_cosine (schedule, at / cycle);
}

static double
cosine (const EspSchedule *schedule, guint64 i)
{
  if (i >= schedule->max || schedule->max <= schedule->burn_in)
    return i >= schedule->max ? schedule->lowest : schedule->rate;
  return half_cosine (schedule, (double) (i - schedule->burn_in) / (double) (schedule->max - schedule->burn_in));
}

static const struct
{
  const char *name;
  RateFunc rate;
} policies[ESP_N_POLICIES] = {
  [ESP_POLICY_CONSTANT] = { "constant", constant }, [ESP_POLICY_STEP] = { "step", step }, [ESP_POLICY_STEPS] = { "steps", steps },
  [ESP_POLICY_EXP] = { "exp", exponential },        [ESP_POLICY_POLY] = { "poly", poly }, [ESP_POLICY_SIGMOID] = { "sigmoid", sigmoid },
  [ESP_POLICY_RANDOM] = { "random", at_random },    [ESP_POLICY_SGDR] = { "sgdr", sgdr }, [ESP_POLICY_COSINE] = { "cosine", cosine },
};

/** esp_policy_name: Returns: the word of policy= in a cfg. Thread: any. */
const char *
esp_policy_name (EspPolicy policy)
{
  g_return_val_if_fail (policy < ESP_N_POLICIES, NULL);
  return policies[policy].name;
}

/** esp_policy_find: Returns: the policy of that word, or ESP_N_POLICIES; darknet goes on with “constant” there. Thread: any. */
EspPolicy
esp_policy_find (const char *name)
{
  EspPolicy policy = 0;

  while (policy < ESP_N_POLICIES && strcmp (policies[policy].name, name) != 0)
    policy++;
  return policy;
}

/**
 * esp_schedule_rate:
 * @schedule: what the cfg asks for
 * @iteration: which update, counted from 1: darknet counts the images of a batch before it updates
 *
 * Returns: the learning rate of that update: rate (i / burn_in) ^ power before burn_in, then the policy's. Thread: any.
 * Source: AlexeyAB's darknet, get_current_rate; differs: double for its float, and random draws by (seed, iteration).
 */
double
esp_schedule_rate (const EspSchedule *schedule, guint64 iteration)
{
  g_return_val_if_fail (schedule->policy < ESP_N_POLICIES, 0);
  if (iteration < schedule->burn_in)
    return schedule->rate * pow ((double) iteration / (double) schedule->burn_in, schedule->power);
  return policies[schedule->policy].rate (schedule, iteration);
}
