/* test-prefix.c: going on from kept layers changes no bit, keeps within the budget, and serves a drag */
#include "config.h"

#include <string.h>

#include "base/rng.h"
#include "measure/prefix-cache.h"
#include "net/cut.h"
#include "study-common.h"
#include "study/live-private.h"

static EspPrefix
prefix_of (guint layer, guint64 a)
{
  return (EspPrefix){ layer, { a, 7 } };
}

static void
put (EspPrefixCache *cache, guint image, EspPrefix prefix, char fill)
{
  char *to = esp_prefix_cache_add (cache, image, &prefix, 100);

  g_assert_nonnull (to);
  memset (to, fill, 100);
}

static gboolean
holds (EspPrefixCache *cache, guint image, EspPrefix prefix, char fill)
{
  const char *kept = esp_prefix_cache_get (cache, image, &prefix);

  return kept != NULL && kept[0] == fill && kept[99] == fill;
}

static void
test_budget (void)
{
  g_autoptr (EspPrefixCache) cache = esp_prefix_cache_new (350), none = esp_prefix_cache_new (0);
  const EspPrefix early = prefix_of (3, 1), late = prefix_of (9, 1), other = prefix_of (3, 2);

  g_assert_null (esp_prefix_cache_add (none, 0, &early, 100));
  put (cache, 0, early, 'a');
  put (cache, 1, early, 'b');
  put (cache, 0, late, 'c');
  g_assert_null (esp_prefix_cache_add (cache, 0, &late, 100)); /* is there */
  g_assert_null (esp_prefix_cache_add (cache, 5, &late, 400)); /* larger than all of it */
  g_assert_cmpuint (esp_prefix_cache_get_used (cache), ==, 300);
  g_assert_true (holds (cache, 0, early, 'a')); /* the newest now */
  put (cache, 0, other, 'd');
  g_assert_false (holds (cache, 1, early, 'b')); /* the least recently used went */
  g_assert_true (holds (cache, 0, late, 'c'));
  g_assert_true (holds (cache, 0, early, 'a'));
  g_assert_true (holds (cache, 0, other, 'd'));
  g_assert_cmpuint (esp_prefix_cache_get_used (cache), ==, 300);
  g_assert_cmpuint (esp_prefix_cache_get_hits (cache), ==, 4);
}

/* A pass over more images than fit keeps the first ones: the next pass begins with them. */
static void
test_too_large (void)
{
  g_autoptr (EspPrefixCache) cache = esp_prefix_cache_new (1000);
  const EspPrefix prefix = prefix_of (3, 1);

  for (guint i = 0; i < 50; i++)
    {
      char *to = esp_prefix_cache_add (cache, i, &prefix, 100);

      g_assert_true ((to != NULL) == (i < 10));
      if (to != NULL)
        memset (to, (int) i, 100);
    }
  for (guint i = 0; i < 50; i++)
    g_assert_true (holds (cache, i, prefix, (char) i) == (i < 10));
}

typedef struct
{
  Bench bench;
  EspMaterial *m;
  EspLive *live;
} Drag;

static EspPass *
pass_of (Drag *drag, EspMask *mask, gboolean kept)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_live_engine (drag->live, mask, &error);

  g_assert_no_error (error);
  return kept ? live_new_kept_pass (drag->live, engine, mask) : live_new_pass (drag->live, engine);
}

static void
same_outcome (const EspOutcome *a, const EspOutcome *b)
{
  g_assert_cmpmem (a->detections, a->n * sizeof *a->detections, b->detections, b->n * sizeof *b->detections);
  g_assert_cmpmem (a->truth, a->n * sizeof *a->truth, b->truth, b->n * sizeof *b->truth);
  g_assert_cmpmem (a->overlap, a->n * sizeof *a->overlap, b->overlap, b->n * sizeof *b->overlap);
}

static void
compare (Drag *drag, EspMask *mask)
{
  g_autoptr (EspPass) kept = pass_of (drag, mask, TRUE), plain = pass_of (drag, mask, FALSE);
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < drag->m->n_images; i++)
    {
      g_autoptr (EspOutcome) a = NULL, b = NULL;

      g_assert_true (esp_pass_run (kept, &i, 1, &a, NULL, &error));
      g_assert_true (esp_pass_run (plain, &i, 1, &b, NULL, &error));
      g_assert_no_error (error);
      same_outcome (a, b);
    }
}

/* As hands do: a layer again and again, then another, sometimes the first. */
static void
drag_masks (Drag *drag)
{
  const guint layers[] = { 4, 4, 4, 3, 3, 4, 3, 4, 0, 4, 4 };
  g_autoptr (GRand) rng = esp_rng_new (4, 0, 0);
  guint8 *keep[7] = { NULL };

  for (guint i = 0; i < G_N_ELEMENTS (layers); i++)
    {
      const guint layer = layers[i], n = (guint) esp_network_get_layer (drag->m->network, layer)->out.c;
      g_autoptr (EspMask) mask = NULL;

      g_free (keep[layer]);
      keep[layer] = g_malloc (n);
      for (guint c = 0; c < n; c++)
        keep[layer][c] = c == 0 || g_rand_double (rng) < .7;
      if (layer == 0) /* coupled by the shortcut */
        {
          g_free (keep[1]);
          keep[1] = g_memdup2 (keep[0], n);
        }
      mask = esp_mask_new (drag->m->network, keep);
      compare (drag, mask);
    }
  for (guint l = 0; l < 7; l++)
    g_free (keep[l]);
}

static void
run_drag (gpointer data)
{
  drag_masks (data);
}

static void
test_bits (gconstpointer budget)
{
  const EspLiveEvents none = { NULL };
  Drag drag = { 0 };
  EspLane *lane = esp_lane_new (1);
  g_autoptr (GError) error = NULL;

  bench_make (&drag.bench, 24, TRUE);
  drag.m = esp_material_load (&drag.bench.files, NULL, &error);
  g_assert_no_error (error);
  drag.live = esp_live_new (lane, drag.m, &none, NULL, GPOINTER_TO_SIZE (budget));
  esp_lane_call (lane, run_drag, &drag);
  g_assert_cmpuint (esp_prefix_cache_get_hits (drag.live->prefixes), >, 24);
  g_assert_cmpuint (esp_prefix_cache_get_used (drag.live->prefixes), <=, GPOINTER_TO_SIZE (budget));
  g_assert_cmpuint (esp_prefix_cache_get_used (drag.live->prefixes), >, 0);
  esp_live_close (drag.live);
  esp_lane_free (lane);
  esp_material_unref (drag.m);
  bench_clear (&drag.bench);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/prefix/budget", test_budget);
  g_test_add_func ("/prefix/too-large", test_too_large);
  g_test_add_data_func ("/prefix/bits", GSIZE_TO_POINTER (64 << 20), test_bits);
  g_test_add_data_func ("/prefix/bits-small-budget", GSIZE_TO_POINTER (400 << 10), test_bits);
  return g_test_run ();
}
