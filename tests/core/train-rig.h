/* train-rig.h: networks that train, and one training step of each, for the tests of training engines */
#pragma once

#include "net/parameter-vector.h"

#include "base/error.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

#include "net-common.h"

/* Every kind that trains; smooth but for one max-pool, so that differences converge. */
G_GNUC_UNUSED static const char every[]
    = "[net]\nwidth=16\nheight=12\nchannels=3\n"
      "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=mish\n"               /* 0 */
      "[convolutional]\nbatch_normalize=1\nfilters=8\ngroups=8\nsize=3\nstride=1\npad=1\nactivation=logistic\n" /* 1 */
      "[convolutional]\nfilters=6\ngroups=2\nsize=3\nstride=1\npad=1\nactivation=swish\n"                       /* 2 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 3 */
      "[shortcut]\nfrom=1\nweights_type=per_channel\nweights_normalization=softmax\nactivation=logistic\n"      /* 4 */
      "[maxpool]\nsize=2\nstride=2\n"                                                                           /* 5 */
      "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\nstride=1\npad=1\nactivation=mish\n"               /* 6 */
      "[route]\nlayers=-1,5\n"                                                                                  /* 7 */
      "[route]\nlayers=5,-2\ngroups=2\ngroup_id=1\n"                                                            /* 8 */
      "[avgpool]\n"                                                                                             /* 9 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 10 */
      "[scale_channels]\nfrom=8\n"                                                                              /* 11 */
      "[convolutional]\nfilters=8\nsize=1\nstride=1\nactivation=logistic\n"                                     /* 12 */
      "[sam]\nfrom=11\n"                                                                                        /* 13 */
      "[dropout]\nprobability=.3\n"                                                                             /* 14 */
      "[shortcut]\nfrom=13\nactivation=linear\n"                                                                /* 15 */
      "[reorg]\nstride=2\n"                                                                                     /* 16 */
      "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=1\nstride=1\nactivation=logistic\n"                  /* 17 */
      "[upsample]\nstride=2\n"                                                                                  /* 18 */
      "[route]\nlayers=-1,15\n"                                                                                 /* 19 */
      "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                                      /* 20 */
      "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n"                                                  /* 21 */
      "[route]\nlayers=17\n"                                                                                    /* 22 */
      "[convolutional]\nfilters=6\nsize=1\nstride=1\nactivation=tanh\n"                                         /* 23 */
      "[shortcut]\nfrom=17\nweights_type=per_feature\nweights_normalization=relu\n"                             /* 24 */
      "[connected]\nbatch_normalize=1\noutput=5\nactivation=mish\n"                                             /* 25 */
      "[connected]\noutput=4\nactivation=linear\n"                                                              /* 26 */
      "[softmax]\n"                                                                                             /* 27 */
      "[cost]\ntype=sse\n";                                                                                     /* 28 */

/* The same shapes as detectors have them, with kinks: for floats. */
G_GNUC_UNUSED static const char plain[]
    = "[net]\nwidth=32\nheight=32\nchannels=3\n"
      "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 0 */
      "[maxpool]\nsize=2\nstride=2\n"                                                               /* 1 */
      "[convolutional]\nbatch_normalize=1\nfilters=20\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 2 */
      "[convolutional]\nbatch_normalize=1\nfilters=20\nsize=1\nstride=1\nactivation=swish\n"        /* 3 */
      "[shortcut]\nfrom=-2\nactivation=linear\n"                                                    /* 4 */
      "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=2\npad=1\nactivation=leaky\n" /* 5 */
      "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 6 */
      "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                          /* 7 */
      "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n"                                      /* 8 */
      "[route]\nlayers=6\n"                                                                         /* 9 */
      "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=1\nstride=1\nactivation=leaky\n"        /* 10 */
      "[upsample]\nstride=2\n"                                                                      /* 11 */
      "[route]\nlayers=-1,4\n"                                                                      /* 12 */
      "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                          /* 13 */
      "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n";                                     /* 14 */

G_GNUC_UNUSED static const guint every_open[] = { 20, 26 };
G_GNUC_UNUSED static const guint plain_open[] = { 7, 13 };

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspParameterVector *vector;
  EspEngine *engine;
  guint batch, freeze;
  const guint *open; /* two layers that are seeded */
  float *input, *seeds[2];
} Rig;

G_GNUC_UNUSED static float *
random_floats (gsize n, guint64 stream)
{
  g_autoptr (GRand) rng = esp_rng_new (3, stream, n);
  float *all = g_new (float, MAX (n, 1));

  for (gsize i = 0; i < n; i++)
    all[i] = (float) (g_rand_double (rng) * 2 - 1);
  return all;
}

G_GNUC_UNUSED static gsize
count_out (const Rig *rig, guint k)
{
  return rig->batch * esp_shape_count (esp_network_get_layer (rig->network, rig->open[k])->out);
}

G_GNUC_UNUSED static void
rig_compile (Rig *rig, EspBackendKind backend, gsize memory)
{
  const EspEngineOptions options
      = { .mode = ESP_MODE_TRAIN, .backend = backend, .batch = rig->batch, .vector = rig->vector, .memory = memory, .freeze = rig->freeze };
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&rig->engine, esp_engine_unref);
  rig->engine = esp_engine_new (rig->network, NULL, &options, NULL, &error);
  g_assert_no_error (error);
  esp_engine_set_step (rig->engine, 5, 9);
}

G_GNUC_UNUSED static void
rig_init (Rig *rig, const char *text, const guint *open, guint batch, EspBackendKind backend)
{
  g_autoptr (GError) error = NULL;
  float *parameters;

  *rig = (Rig){ .batch = batch, .open = open };
  rig->network = network_of (text, &error);
  g_assert_no_error (error);
  rig->weights = esp_weights_new_random (rig->network, 5);
  rig->vector = esp_parameter_vector_new (rig->network, rig->weights);
  parameters = esp_parameter_vector_get_parameters (rig->vector);
  for (gsize i = 0; i < esp_parameter_vector_get_n (rig->vector); i++)
    parameters[i] = roundf (parameters[i] * 4096) / 4096;
  rig->input = random_floats (batch * esp_shape_count (esp_network_get_input (rig->network)), 7);
  for (guint k = 0; k < 2; k++)
    rig->seeds[k] = random_floats (count_out (rig, k), 8 + k);
  rig_compile (rig, backend, 0);
}

G_GNUC_UNUSED static void
rig_clear (Rig *rig)
{
  g_clear_pointer (&rig->engine, esp_engine_unref);
  esp_parameter_vector_unref (rig->vector);
  esp_weights_unref (rig->weights);
  esp_network_unref (rig->network);
  g_free (rig->input);
  g_free (rig->seeds[0]);
  g_free (rig->seeds[1]);
}

/* Sum of seed * output over what is open. */
G_GNUC_UNUSED static double
rig_target (Rig *rig)
{
  double total = 0;

  g_assert_true (esp_engine_forward (rig->engine, rig->input, NULL, NULL));
  for (guint k = 0; k < 2; k++)
    {
      const gsize n = count_out (rig, k);
      g_autofree double *out = g_new (double, n);

      g_assert_true (esp_engine_read_double (rig->engine, rig->open[k], ESP_AT_OUT, out, NULL));
      for (gsize i = 0; i < n; i++)
        total += out[i] * (double) rig->seeds[k][i];
    }
  return total;
}

G_GNUC_UNUSED static void
rig_back (Rig *rig, guint stop)
{
  g_autoptr (GError) error = NULL;

  for (guint k = 0; k < 2; k++)
    g_assert_true (esp_engine_set_seed (rig->engine, rig->open[k], rig->seeds[k], &error));
  g_assert_true (esp_engine_backward (rig->engine, stop, NULL, &error));
  g_assert_no_error (error);
}

G_GNUC_UNUSED static void
rig_step (Rig *rig)
{
  rig_target (rig);
  rig_back (rig, 0);
}

/* (transfer full): gradients of a step from clear ones. */
G_GNUC_UNUSED static float *
rig_gradients (Rig *rig)
{
  esp_parameter_vector_clear_gradients (rig->vector);
  rig_step (rig);
  return g_memdup2 (esp_parameter_vector_get_gradients (rig->vector), esp_parameter_vector_get_n (rig->vector) * sizeof (float));
}

/* Of each slot, the largest difference as a part of the largest number. */
G_GNUC_UNUSED static double
compare (const Rig *rig, const float *a, const float *b)
{
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (rig->vector, &n);
  double worst = 0;

  for (guint s = 0; s < n; s++)
    {
      double most = 0, scale = 0;

      for (gsize i = slots[s].at; i < slots[s].at + slots[s].n; i++)
        {
          most = MAX (most, fabs ((double) a[i] - (double) b[i]));
          scale = MAX (scale, fabs ((double) b[i]));
        }
      g_assert_cmpfloat (scale, >, 0);
      worst = MAX (worst, most / scale);
    }
  return worst;
}
