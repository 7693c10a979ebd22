/* test-latency.c: what times are made of, and when a warning is due; no time is asserted, only how times hang together */
#include "config.h"

#include "search/speed.h"

#include <math.h>
#include <string.h>

#include "net/cost.h"
#include "net/cut.h"
#include "net/engine-clock.h"
#include "prune-common.h"

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspPlan *plan;
  EspMask *mask;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  const EspCriterionInput input = { .network = f->network = tiny_network (64, 1) };
  EspCriterionInput whole = input;
  g_autoptr (EspCoupling) coupling = esp_coupling_new (f->network);
  g_autoptr (EspScores) scores = NULL;

  f->weights = whole.weights = esp_weights_new_random (f->network, 3);
  scores = esp_criterion_find ("l1")->score (&whole, NULL, NULL);
  f->plan = esp_plan_new (f->network, coupling, scores);
  for (guint g = 0; g < esp_plan_get_n_groups (f->plan); g++)
    esp_plan_set_ratio (f->plan, g, .5);
  f->mask = esp_plan_get_mask (f->plan);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  esp_mask_unref (f->mask);
  g_object_unref (f->plan);
  esp_weights_unref (f->weights);
  esp_network_unref (f->network);
}

static EspEngine *
engine_of (EspNetwork *network, EspWeights *weights)
{
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .batch = 1 };
  g_autoptr (GError) error = NULL;
  EspEngine *engine = esp_engine_new (network, weights, &options, NULL, &error);

  g_assert_no_error (error);
  return engine;
}

static void
test_quartiles (void)
{
  double times[] = { 9, 1, 5, 3, 7 };
  const EspLatency latency = esp_latency_of (times, 5);

  g_assert_cmpfloat (latency.low_ms, ==, 3);
  g_assert_cmpfloat (latency.median_ms, ==, 5);
  g_assert_cmpfloat (latency.high_ms, ==, 7);
  g_assert_cmpuint (latency.repeats, ==, 5);
  g_assert_cmpuint (latency.threads, >=, 1);
}

static EspLatencyGain
gain_of (double before, double after, double spread, double bflops, double blocked)
{
  return (EspLatencyGain){ .ms = { { before, before - spread, before + spread, 50, 2 }, { after, after - spread, after + spread, 50, 2 } },
                           .bflops_before = 4,
                           .bflops_after = bflops,
                           .blocked_before = 4,
                           .blocked_after = blocked };
}

static void
assert_warning (EspLatencyGain gain, const char *with, const char *without)
{
  g_autofree char *text = esp_latency_warning (&gain);

  if (with == NULL)
    {
      g_assert_null (text);
      return;
    }
  g_assert_nonnull (text);
  if (strstr (text, with) == NULL || (without != NULL && strstr (text, without) != NULL))
    g_error ("“%s”: expected “%s”, not “%s”", text, with, without);
}

/* The middle halves must lie apart; touching is not apart. */
static void
test_warning (void)
{
  const EspLatencyGain fell = gain_of (10, 8, .9, 2, 2);

  g_assert_true (esp_latency_fell (&fell.ms));
  g_assert_cmpfloat_with_epsilon (esp_latency_excess (&fell), 3, 1e-12);
  assert_warning (fell, NULL, NULL);
  assert_warning (gain_of (10, 8, 1, 2, 2), "BFLOPs fell by 50 % and the time did not: 10.0 ms (quartiles 9.0 to 11.0) before, 8.0",
                  "Round to");
  assert_warning (gain_of (10, 7.5, 2, 2, 2), "BFLOPs fell by 50 % and the time by 25 %, but forwards differed more", "did not");
  assert_warning (gain_of (1, 1.2, .01, 2, 2), "1.000 ms (quartiles 0.990 to 1.010) before, 1.200 (1.190 to 1.210) after", "Round to");
  assert_warning (gain_of (10, 10, 1, 2, 4), "by whole blocks of them the work fell by 0.0 %. Round to", "call");
  assert_warning (gain_of (10, 10, 1, 2, 3.04), "the work fell by 24.0 %", NULL);
  assert_warning (gain_of (10, 10, 1, 2, 2.9), "and the time did not", "Round to"); /* blocks are no more than half the reason */
  assert_warning (gain_of (.01, .01, .001, 2, 2), "what every call costs", "Round to");
  assert_warning (gain_of (10, 10, 1, 3.97, 4), NULL, NULL); /* less than 1 % is not worth a word */
  assert_warning (gain_of (10, 12, 1, 4, 4), NULL, NULL);
  assert_warning (gain_of (0, 0, 0, 2, 2), NULL, NULL); /* another layer does its work */
}

static void
test_work (Fixture *f, gconstpointer data)
{
  const guint n = esp_network_get_n_layers (f->network);
  g_autofree double *bflops = g_new (double, n), *blocked = g_new (double, n);
  const EspMask *const masks[] = { NULL, f->mask };
  double sum[2] = { 0 };

  for (guint m = 0; m < 2; m++)
    {
      esp_cost_work (f->network, masks[m], 1, bflops, blocked);
      for (guint i = 0; i < n; i++)
        {
          g_assert_cmpfloat (bflops[i], ==, blocked[i]); /* blocks of one channel are always whole */
          sum[m] += bflops[i];
        }
      g_assert_cmpfloat_with_epsilon (sum[m], esp_cost_of (f->network, masks[m]).bflops, 1e-12);
    }
  esp_cost_work (f->network, NULL, 16, bflops, blocked);
  g_assert_cmpfloat (blocked[0], ==, bflops[0]); /* 3 channels of an image count as 3, 16 filters are one block */
  g_assert_cmpfloat_with_epsilon (blocked[15], bflops[15] * 32 / 21, 1e-12); /* 21 filters of the head fill 32 */
  esp_cost_work (f->network, f->mask, 16, bflops, blocked);
  g_assert_cmpfloat_with_epsilon (blocked[0], 2 * bflops[0], 1e-12); /* 8 of 16 fill the block as 16 do */
  g_assert_cmpfloat_with_epsilon (blocked[2], 2 * bflops[2], 1e-12); /* 8 channels read as 16; 16 filters */
  g_assert_cmpfloat_with_epsilon (blocked[4], bflops[4], 1e-12);
}

/* Of depthwise and grouped convolutions, worked by hand. */
static void
test_work_groups (void)
{
  g_autoptr (GString) cfg = g_string_new ("[net]\nwidth=8\nheight=8\nchannels=3\n\n");
  g_autoptr (EspNetwork) network = NULL;
  double bflops[3], blocked[3];

  append_conv (cfg, 24, 3, 1, "leaky", BN);
  append_conv (cfg, 24, 3, 1, "leaky", BN "groups=24\n");
  append_conv (cfg, 36, 1, 1, "leaky", BN "groups=2\n");
  network = network_of (cfg->str, NULL);
  esp_cost_work (network, NULL, 16, bflops, blocked);
  g_assert_cmpfloat_with_epsilon (bflops[1], 2. * 24 * 9 * 64 / 1e9, 1e-15);
  g_assert_cmpfloat_with_epsilon (blocked[1], 2. * 32 * 9 * 64 / 1e9, 1e-15);
  g_assert_cmpfloat_with_epsilon (bflops[2], 2. * 36 * 12 * 64 / 1e9, 1e-15);
  g_assert_cmpfloat_with_epsilon (blocked[2], 2. * 64 * 16 * 64 / 1e9, 1e-15);
}

/* What the layers took lies within what the forward took; a pool that a convolution does along takes nothing of its own. */
static void
test_clock (Fixture *f, gconstpointer data)
{
  const guint n = esp_network_get_n_layers (f->network);
  g_autoptr (EspEngine) engine = engine_of (f->network, f->weights);
  g_autofree float *input = esp_latency_noise (engine);
  g_autofree double *ms = g_new (double, n), *kept = NULL;
  gint64 begun;
  double sum = 0, outer;

  for (guint i = 0; i < n; i++)
    ms[i] = -1;
  esp_engine_watch_time (engine, ms);
  begun = g_get_monotonic_time ();
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  outer = (double) (g_get_monotonic_time () - begun + 2) / 1000; /* whole microseconds */
  for (guint i = 0; i < n; i++)
    {
      g_assert_cmpfloat (ms[i], >=, 0);
      if (esp_engine_get_kernel (engine, i) == NULL)
        g_assert_cmpfloat (ms[i], <, outer);
      sum += ms[i];
    }
  g_assert_cmpfloat (sum, >, 0);
  g_assert_cmpfloat (sum, <=, outer);
  g_assert_nonnull (esp_engine_get_kernel (engine, 0));
  g_assert_null (esp_engine_get_kernel (engine, 17)); /* a route of one layer passes it on */
  kept = g_memdup2 (ms, n * sizeof *ms);
  esp_engine_watch_time (engine, NULL);
  g_assert_true (esp_engine_forward (engine, input, NULL, NULL));
  g_assert_cmpmem (ms, n * sizeof *ms, kept, n * sizeof *kept);
}

static void
assert_latency (const EspLatency *latency, guint repeats)
{
  g_assert_cmpuint (latency->repeats, ==, repeats);
  g_assert_cmpfloat (latency->low_ms, <=, latency->median_ms);
  g_assert_cmpfloat (latency->median_ms, <=, latency->high_ms);
}

static void
test_pair (Fixture *f, gconstpointer data)
{
  const guint n = esp_network_get_n_layers (f->network);
  g_autoptr (EspCut) cut = esp_cut_new (f->network, f->weights, f->mask, NULL, NULL);
  g_autoptr (EspEngine) before = engine_of (f->network, f->weights);
  g_autoptr (EspEngine) after = engine_of (esp_cut_get_network (cut), esp_cut_get_weights (cut));
  g_autofree int *parts = g_new0 (int, n);
  const EspLatencyPairInput input
      = { .before = before, .after = after, .parts = parts, .n_parts = 2, .turns = 2, .repeats = 3, .seconds = 60 };
  g_autoptr (EspLatencyPair) pair = NULL, none = NULL;
  g_autoptr (EspJob) job = esp_job_new ("t");
  g_autoptr (GError) error = NULL;

  parts[n - 1] = -1;
  pair = esp_latency_pair_measure (&input, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (pair->turns, ==, 2);
  g_assert_cmpuint (pair->n_layers, ==, n);
  assert_latency (&pair->whole.before, 6);
  assert_latency (&pair->whole.after, 6);
  for (guint i = 0; i < n; i++)
    {
      assert_latency (&pair->layers[i].before, 6);
      assert_latency (&pair->layers[i].after, 6);
      g_assert_cmpfloat (pair->layers[i].before.median_ms, <=, pair->parts[i + 1 < n ? 0 : 1].before.median_ms + (i + 1 < n ? 0 : 1e9));
    }
  g_assert_cmpfloat (pair->parts[0].before.median_ms, >, 0);
  g_assert_cmpfloat (pair->parts[1].before.high_ms, ==, 0); /* no layer is in it */
  esp_job_cancel (job);
  none = esp_latency_pair_measure (&input, job, &error);
  g_assert_null (none);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_speed (Fixture *f, gconstpointer data)
{
  const guint n_groups = esp_plan_get_n_groups (f->plan);
  const EspEngineOptions options = { .backend = ESP_BACKEND_ONEDNN };
  g_autofree int *parts = esp_speed_parts (f->plan);
  const EspSpeedInput input = { .network = f->network,
                                .weights = f->weights,
                                .mask = f->mask,
                                .parts = parts,
                                .n_parts = n_groups + 1,
                                .options = &options,
                                .turns = 1,
                                .repeats = 2,
                                .seconds = 60 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSpeed) speed = esp_speed_measure (&input, NULL, &error);
  double bflops = 0;

  g_assert_no_error (error);
  for (guint g = 0; g < n_groups; g++)
    {
      g_assert_cmpuint (speed->parts[g].n_before, ==, esp_plan_get_group (f->plan, g)->n_channels);
      g_assert_cmpuint (speed->parts[g].n_after, ==, esp_plan_count_kept (f->plan, g));
    }
  for (guint p = 0; p <= n_groups; p++)
    bflops += speed->parts[p].gain.bflops_after;
  g_assert_cmpfloat_with_epsilon (bflops, esp_cost_of (f->network, f->mask).bflops, 1e-12);
  g_assert_cmpfloat_with_epsilon (speed->whole.gain.bflops_after, bflops, 1e-12);
  g_assert_cmpuint (speed->parts[n_groups].n_before, ==, 42); /* the two heads' convolutions */
  g_assert_cmpint (parts[16], ==, (int) n_groups);            /* a head */
  g_assert_cmpint (parts[1], ==, parts[0]);                   /* a pool goes with what it reads */
  g_assert_cmpint (parts[20], ==, parts[18]);                 /* through upsample and route */
  g_assert_cmpstr (speed->layers[16].kernel_before, ==, speed->layers[16].kernel_after);
  assert_latency (&speed->whole.gain.ms.after, 2);
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/latency/quartiles", test_quartiles);
  g_test_add_func ("/latency/warning", test_warning);
  g_test_add_func ("/latency/work-groups", test_work_groups);
  ADD ("/latency/work", test_work);
  ADD ("/latency/clock", test_clock);
  ADD ("/latency/pair", test_pair);
  ADD ("/latency/speed", test_speed);
  return g_test_run ();
}
