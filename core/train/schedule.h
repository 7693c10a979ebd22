/* schedule.h: the learning rate of each update, as darknet's [net] asks for it */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define ESP_SCHEDULE_MOST_STEPS 64

typedef enum
{
  ESP_POLICY_CONSTANT,
  ESP_POLICY_STEP,    /* times scale after every so many updates */
  ESP_POLICY_STEPS,   /* times scales[i] from update steps[i] on */
  ESP_POLICY_EXP,     /* times gamma at each update */
  ESP_POLICY_POLY,    /* (1 - i / max) ^ power */
  ESP_POLICY_SIGMOID, /* 1 / (1 + exp (gamma (i - step))) */
  ESP_POLICY_RANDOM,  /* u ^ power, u drawn by (seed, i) */
  ESP_POLICY_SGDR,    /* half a cosine a cycle, each cycle_factor times as long as the one before */
  ESP_POLICY_COSINE,  /* half a cosine from the end of burn-in to max; darknet does not know the word */
  ESP_N_POLICIES,
} EspPolicy;

typedef struct
{
  EspPolicy policy;
  double    rate;         /* learning_rate */
  double    lowest;       /* learning_rate_min: where SGDR and cosine end */
  double    power;        /* of burn-in too */
  double    scale;        /* of step */
  double    gamma;
  guint64   burn_in;      /* updates */
  guint64   max;          /* max_batches */
  guint64   step;
  guint64   cycle;        /* sgdr_cycle: updates of the first cycle */
  guint64   cycle_factor; /* sgdr_mult */
  guint64   seed;         /* of random */
  guint     n_steps;
  guint64   steps[ESP_SCHEDULE_MOST_STEPS];
  double    scales[ESP_SCHEDULE_MOST_STEPS];
} EspSchedule;

const char *esp_policy_name   (EspPolicy          policy); /* the word of policy= */
EspPolicy   esp_policy_find   (const char        *name);   /* ESP_N_POLICIES where there is none */
double      esp_schedule_rate (const EspSchedule *schedule,
                               guint64            iteration);

G_END_DECLS
