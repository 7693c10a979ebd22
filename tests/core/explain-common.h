/* explain-common.h: a small network with two heads, random weights and input, for the tests of targets and attributions */
#pragma once

#include "base/rng.h"
#include "net-common.h"
#include "net/engine.h"

/* Layers: 0 conv, 1 maxpool, 2 conv, 3 head convolution, 4 yolo (6 × 6), 5 route, 6 conv 1×1, 7 upsample, 8 route, 9 depthwise,
 * 10 head convolution, 11 yolo (12 × 12). Two classes, two anchors a head: 14 channels. */
static const char small_cfg[] = "[net]\nwidth=24\nheight=24\nchannels=3\n"
                                "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                                "[maxpool]\nsize=2\nstride=2\n"
                                "[convolutional]\nbatch_normalize=1\nfilters=9\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                                "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                                "[yolo]\nmask=2,3\nanchors=3,5, 6,4, 10,14, 20,12\nclasses=2\nnum=4\n"
                                "[route]\nlayers=2\n"
                                "[convolutional]\nbatch_normalize=1\nfilters=6\nsize=1\nstride=1\npad=0\nactivation=relu\n"
                                "[upsample]\nstride=2\n"
                                "[route]\nlayers=-1,0\n"
                                "[convolutional]\nbatch_normalize=1\nfilters=12\ngroups=12\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                                "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=0\nactivation=linear\n"
                                "[yolo]\nmask=0,1\nanchors=3,5, 6,4, 10,14, 20,12\nclasses=2\nnum=4\n";

#define HEAD_A       4
#define HEAD_A_INPUT 3
#define HEAD_B       11
#define HEAD_B_INPUT 10
#define SIDE         24

static inline EspEngine *
small_engine (EspBackendKind backend, guint batch, EspWeights **weights_out)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (small_cfg, &error);
  g_autoptr (EspWeights) weights = NULL;
  EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = backend, .batch = batch };
  EspEngine *engine;

  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 7);
  engine = esp_engine_new (network, weights, &options, NULL, &error);
  g_assert_no_error (error);
  if (weights_out != NULL)
    *weights_out = g_steal_pointer (&weights);
  return engine;
}

static inline float *
small_input (guint batch)
{
  g_autoptr (GRand) rng = esp_rng_new (3, 1, 4);
  gsize n = (gsize) batch * 3 * SIDE * SIDE;
  float *input = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    input[i] = (float) g_rand_double (rng);
  return input;
}

static inline float *
read_values (EspEngine *engine, guint layer, EspAt at)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, esp_shape_count (esp_engine_get_shape (engine, (int) layer)));

  esp_engine_read (engine, layer, at, values, &error);
  g_assert_no_error (error);
  return values;
}

static inline float *
read_gradients (EspEngine *engine, guint layer, EspAt at)
{
  g_autoptr (GError) error = NULL;
  float *values = g_new (float, esp_shape_count (esp_engine_get_shape (engine, (int) layer)));

  esp_engine_read_gradient (engine, (int) layer, at, values, &error);
  g_assert_no_error (error);
  return values;
}
