/* test-faithfulness.c: deletion and insertion against a walk by hand, the numbers of a map against worked examples */
#include "config.h"

#include "detect/decode.h"
#include "explain/attribution.h"
#include "explain/faithfulness-run.h"
#include "explain/stand-in.h"

#include "explain-common.h"

#include <math.h>
#include <string.h>

#define STEPS 5

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  EspEngine *engine; /* batch 1 */
  float *input;
  EspPlacement placement;
  EspDetection detection; /* the best */
} Scene;

static GArray *
look (const Scene *scene, const float *input)
{
  g_autoptr (GError) error = NULL;
  GArray *detections;

  esp_engine_forward (scene->engine, input, NULL, &error);
  g_assert_no_error (error);
  detections = esp_decode (scene->engine, 0, scene->placement, .005f, &error);
  g_assert_no_error (error);
  esp_suppress_by (detections, esp_nms_of_network (scene->network, .45f));
  return detections;
}

static void
scene_init (Scene *scene, EspPlacement placement)
{
  g_autoptr (GArray) detections = NULL;
  g_autoptr (GError) error = NULL;

  scene->network = network_of (small_cfg, &error);
  g_assert_no_error (error);
  scene->engine = small_engine (ESP_BACKEND_REFERENCE, 1, &scene->weights);
  scene->input = small_input (1);
  scene->placement = placement;
  detections = look (scene, scene->input);
  g_assert_cmpuint (detections->len, >, 0);
  scene->detection = g_array_index (detections, EspDetection, 0);
}

static void
scene_clear (Scene *scene)
{
  esp_network_unref (scene->network);
  esp_weights_unref (scene->weights);
  esp_engine_unref (scene->engine);
  g_free (scene->input);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static EspFaithfulness *
faithfulness_of (const Scene *scene, EspStandIn fill, double span, guint batch)
{
  const EspExplainerOptions run = { .backend = ESP_BACKEND_REFERENCE, .batch = batch };
  EspFaithfulnessOptions options;
  EspFaithfulness *faithfulness;
  g_autoptr (GError) error = NULL;

  esp_faithfulness_options_init (&options, scene->network);
  options.steps = STEPS;
  options.span = span;
  options.deletion = options.insertion = fill;
  faithfulness = esp_faithfulness_new (scene->network, scene->weights, &run, &options, &error);
  g_assert_no_error (error);
  esp_faithfulness_set_scene (faithfulness, scene->input, scene->placement, scene->detection.box, scene->detection.class_index, NULL,
                              &error);
  g_assert_no_error (error);
  return faithfulness;
}

/* A map in which no two pixels are alike. */
static EspHeatmap *
map_of (const Scene *scene)
{
  g_autoptr (GRand) rng = esp_rng_new (9, 0, 0);
  EspHeatmap *map = esp_heatmap_new (SIDE, SIDE);

  map->placement = scene->placement;
  for (int i = 0; i < SIDE * SIDE; i++)
    map->values[i] = (float) g_rand_double (rng) - .5f;
  return map;
}

/* How many pixels of the image are at least as hot, counted for each pixel by itself: its place in the order. */
static int
place_of (const EspHeatmap *map, int x, int y, int top, int bottom)
{
  int place = 0;

  for (int v = top; v < bottom; v++)
    for (int u = 0; u < SIDE; u++)
      place += map->values[v * SIDE + u] > map->values[y * SIDE + x];
  return place;
}

static double
score_by_hand (const Scene *scene, const float *input)
{
  g_autoptr (GArray) detections = look (scene, input);
  double best = 0;

  for (guint i = 0; i < detections->len; i++)
    {
      const EspDetection *d = &g_array_index (detections, EspDetection, i);

      if (d->class_index == scene->detection.class_index && esp_box_iou (d->box, scene->detection.box) > .5f)
        best = MAX (best, (double) d->score);
    }
  return best;
}

/* The image with the hottest @n pixels grey, or all but those. */
static double
step_by_hand (const Scene *scene, const EspHeatmap *map, int n, gboolean insertion, int top, int bottom)
{
  g_autofree float *image = g_memdup2 (scene->input, 3 * SIDE * SIDE * sizeof (float));

  for (int y = top; y < bottom; y++)
    for (int x = 0; x < SIDE; x++)
      if ((place_of (map, x, y, top, bottom) < n) != insertion)
        for (int c = 0; c < 3; c++)
          image[(c * SIDE + y) * SIDE + x] = .5f;
  return score_by_hand (scene, image);
}

/* In whole images and in a letterbox of 24 × 16, whose bars belong to no step. */
static void
compare_curves (gconstpointer data)
{
  const gboolean letterbox = GPOINTER_TO_INT (data) == 1;
  double span = 0;
  const int top = letterbox ? 4 : 0, bottom = letterbox ? 20 : SIDE;
  int n = (bottom - top) * SIDE;
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspFaithfulness) faithfulness = NULL, other = NULL;
  g_autoptr (EspHeatmap) map = NULL;
  g_autoptr (GError) error = NULL;
  double scores[2][STEPS + 1], areas[2] = { 0, 0 };
  EspCurves curves, again;

  scene_init (&scene, letterbox ? (EspPlacement){ 0, 4 / 24.f, 1, 16 / 24.f } : (EspPlacement){ 0, 0, 1, 1 });
  if (GPOINTER_TO_INT (data) == 2)
    {
      const EspBox b = scene.detection.box;
      const float w = MIN (1, b.x + b.w / 2) - MAX (0, b.x - b.w / 2), h = MIN (1, b.y + b.h / 2) - MAX (0, b.y - b.h / 2);

      n = 61;
      span = n / (SIDE * SIDE * (double) w * (double) h);
    }
  map = map_of (&scene);
  faithfulness = faithfulness_of (&scene, ESP_STAND_IN_GREY, span, 8);
  other = faithfulness_of (&scene, ESP_STAND_IN_GREY, span, 3);
  g_assert_true (esp_faithfulness_measure (faithfulness, map, &curves, scores[0], scores[1], NULL, &error));
  g_assert_cmpfloat_with_epsilon (esp_faithfulness_get_score (faithfulness), scene.detection.score, 1e-6);
  for (int insertion = 0; insertion < 2; insertion++)
    for (int k = 0; k <= STEPS; k++)
      {
        const double expected = step_by_hand (&scene, map, n * k / STEPS, insertion, top, bottom);

        g_assert_cmpfloat_with_epsilon (scores[insertion][k], expected, 1e-6);
        areas[insertion] += expected / STEPS * (k == 0 || k == STEPS ? .5 : 1);
      }
  g_assert_cmpfloat_with_epsilon (curves.deletion, areas[0], 1e-6);
  g_assert_cmpfloat_with_epsilon (curves.insertion, areas[1], 1e-6);
  g_assert_true (esp_faithfulness_measure (other, map, &again, NULL, NULL, NULL, &error));
  g_assert_true (memcmp (&curves, &again, sizeof curves) == 0);
}

/* The badge's random order is that of the baseline, and it holds for the scene. */
static void
test_badge (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspFaithfulness) faithfulness = NULL;
  g_autoptr (EspHeatmap) map = NULL, random = NULL;
  g_autoptr (EspJob) job = esp_job_new ("test");
  g_autoptr (GError) error = NULL;
  EspBadge badge, again;
  EspCurves curves;

  scene_init (&scene, (EspPlacement){ 0, 0, 1, 1 });
  map = map_of (&scene);
  faithfulness = faithfulness_of (&scene, ESP_STAND_IN_RANDOM, 0, 8);
  random
      = esp_baseline_map (ESP_BASELINE_RANDOM, scene.input, esp_network_get_input (scene.network), scene.placement, scene.detection.box, 0);
  g_assert_true (esp_faithfulness_badge (faithfulness, map, &badge, NULL, &error));
  g_assert_true (esp_faithfulness_badge (faithfulness, map, &again, NULL, &error));
  g_assert_cmpmem (&badge, sizeof badge, &again, sizeof again);
  g_assert_true (esp_faithfulness_measure (faithfulness, random, &curves, NULL, NULL, NULL, &error));
  g_assert_cmpmem (&curves, sizeof curves, &badge.random, sizeof badge.random);
  g_assert_cmpuint (badge.steps, ==, STEPS);
  esp_job_cancel (job);
  g_assert_false (esp_faithfulness_badge (faithfulness, map, &badge, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* An even image stays even under the blur, a single point spreads with the variance of the Gaussian, and the bars stay as they are. */
static void
test_fills (void)
{
  const EspShape shape = { 1, 1, 41, 41 };
  g_autofree float *image = g_new (float, 41 * 41), *blurred = g_new (float, 41 * 41);
  double sum = 0, square = 0;

  for (int i = 0; i < 41 * 41; i++)
    image[i] = .25f;
  esp_stand_in_make (ESP_STAND_IN_BLUR, image, shape, (EspPlacement){ 0, 0, 1, 1 }, 3 / 41.0, 1, blurred);
  for (int i = 0; i < 41 * 41; i++)
    g_assert_cmpfloat_with_epsilon (blurred[i], .25, 1e-5);
  memset (image, 0, 41 * 41 * sizeof (float));
  image[20 * 41 + 20] = 1;
  esp_stand_in_make (ESP_STAND_IN_BLUR, image, shape, (EspPlacement){ 0, 0, 1, 1 }, 3 / 41.0, 1, blurred);
  for (int i = 0; i < 41 * 41; i++)
    {
      sum += (double) blurred[i];
      square += (double) blurred[i] * (i % 41 - 20) * (i % 41 - 20);
    }
  g_assert_cmpfloat_with_epsilon (sum, 1, 1e-4);
  g_assert_cmpfloat_with_epsilon (square, 9, .3); /* a little is cut off at three sigma */
  esp_stand_in_make (ESP_STAND_IN_GREY, image, shape, (EspPlacement){ 0, 10 / 41.f, 1, 21 / 41.f }, .05, 1, blurred);
  g_assert_cmpfloat (blurred[9 * 41 + 3], ==, 0);
  g_assert_cmpfloat (blurred[10 * 41 + 3], ==, .5);
  g_assert_cmpfloat (blurred[30 * 41 + 3], ==, .5);
  g_assert_cmpfloat (blurred[31 * 41 + 3], ==, 0);
}

static void
test_baselines (void)
{
  const EspShape shape = { 1, 1, 10, 20 };
  const EspBox box = { .35f, .5f, .3f, .4f }; /* columns 4 to 10 of 20, rows 3 to 7 of 10 */
  g_autofree float *image = g_new0 (float, 200);
  g_autoptr (EspHeatmap) filled = esp_baseline_map (ESP_BASELINE_BOX, image, shape, (EspPlacement){ 0, 0, 1, 1 }, box, 1);
  g_autoptr (EspHeatmap) gaussian = esp_baseline_map (ESP_BASELINE_GAUSSIAN, image, shape, (EspPlacement){ 0, 0, 1, 1 }, box, 1);
  g_autoptr (EspHeatmap) edges = NULL;

  for (int i = 0; i < 200; i++)
    g_assert_cmpfloat (filled->values[i], ==, i % 20 >= 4 && i % 20 < 10 && i / 20 >= 3 && i / 20 < 7);
  g_assert_cmpfloat (esp_heatmap_points_at (filled, box), ==, 1);
  g_assert_cmpfloat (esp_heatmap_points_at (gaussian, box), ==, 1);
  /* half a pixel from the middle of a box of 6 by 4: sigma 1.5 and 1 */
  g_assert_cmpfloat_with_epsilon (gaussian->values[4 * 20 + 6], exp (-.5 * (.25 / 2.25 + .25)), 1e-5);
  for (int i = 0; i < 200; i++)
    image[i] = i % 20 >= 10;
  edges = esp_baseline_map (ESP_BASELINE_EDGES, image, shape, (EspPlacement){ 0, 0, 1, 1 }, box, 1);
  for (int i = 0; i < 200; i++)
    g_assert_cmpfloat (edges->values[i], ==, i % 20 == 9 || i % 20 == 10 ? 4 : 0);
}

static EspHeatmap *
map_from (const float *values, int n)
{
  EspHeatmap *map = esp_heatmap_new (n, 1);

  memcpy (map->values, values, (gsize) n * sizeof *values);
  return map;
}

static void
test_numbers (void)
{
  g_autoptr (EspHeatmap) a = map_from ((float[]){ 1, -2, 3, -4 }, 4), b = map_from ((float[]){ 10, 20, -20, 40 }, 4);
  g_autoptr (EspHeatmap) even = map_from ((float[]){ 2, 2, 2, 2 }, 4), one = map_from ((float[]){ 0, 0, 5, 0 }, 4);

  /* of 1 2 3 4: (-3 + -2 + 3 + 12) / (4 * 10) = .25 */
  g_assert_cmpfloat_with_epsilon (esp_heatmap_gini (a), .25, 1e-6);
  g_assert_cmpfloat_with_epsilon (esp_heatmap_gini (even), 0, 1e-6);
  g_assert_cmpfloat_with_epsilon (esp_heatmap_gini (one), .75, 1e-6);
  /* ranks 1 2 3 4 with 1 2.5 2.5 4: 4.5 / sqrt (5 * 4.5) */
  g_assert_cmpfloat_with_epsilon (esp_heatmap_rank_correlation (a, b), 4.5 / sqrt (22.5), 1e-9);
  g_assert_cmpfloat (esp_heatmap_rank_correlation (a, even), ==, 0);
  g_assert_cmpfloat_with_epsilon (esp_heatmap_distance (a, even), sqrt ((1 + 16 + 1 + 36) / 30.0), 1e-9);
  g_assert_cmpfloat (esp_heatmap_points_at (a, (EspBox){ .6f, .5f, .3f, 1 }), ==, 1);
  /* four as hot, two of them inside: one drawn by lot is there every other time */
  g_assert_cmpfloat (esp_heatmap_points_at (even, (EspBox){ .75f, .5f, .5f, 1 }), ==, .5);
  /* strictly: the middle of cell 2 is .625 */
  g_assert_cmpfloat (esp_heatmap_points_at (a, (EspBox){ .75f, .5f, .25f, 1 }), ==, 0);
}

/* The object that counts is that of the box's class with the most overlap above a half, and no crowd; else the box stands for itself. */
static void
test_truths (void)
{
  EspFaithCase of = { .detection = { .box = { .5f, .5f, .4f, .4f }, .class_index = 1 } };
  const EspTruth truths[] = {
    { .class_index = 0, .box = { .5f, .5f, .4f, .4f } },
    { .class_index = 2, .box = { .54f, .5f, .4f, .4f } },
    { .class_index = 2, .box = { .52f, .5f, .4f, .4f } },
    { .class_index = 2, .box = { .51f, .5f, .4f, .4f }, .difficult = TRUE, .crowd = TRUE },
    { .class_index = 2, .box = { .9f, .5f, .2f, .2f } },
  };
  int to_network[] = { 0, -1, 1 };
  const EspClassMap map = { .n = 3, .to_network = to_network };

  esp_faith_case_match (&of, truths, G_N_ELEMENTS (truths), &map);
  g_assert_true (of.has_truth);
  g_assert_cmpfloat (esp_faith_case_box (&of).x, ==, .52f);
  esp_faith_case_match (&of, truths, G_N_ELEMENTS (truths), NULL);
  g_assert_false (of.has_truth);
  g_assert_cmpfloat (esp_faith_case_box (&of).x, ==, .5f);
  of.detection.class_index = 0;
  esp_faith_case_match (&of, truths, G_N_ELEMENTS (truths), NULL);
  g_assert_true (of.has_truth);
  of.detection.box.x = .9f;
  esp_faith_case_match (&of, truths, G_N_ELEMENTS (truths), NULL);
  g_assert_false (of.has_truth);
}

#define N_JUDGED 40

/* Three methods and four baselines over boxes: each box's own level, and what the map adds to it. */
static void
make_rows (EspFaithRow *rows, double deletion, double insertion, guint stream)
{
  g_autoptr (GRand) rng = esp_rng_new (4, stream, 0);

  for (guint i = 0; i < N_JUDGED; i++)
    {
      for (guint m = 0; m < ESP_N_FAITH; m++)
        rows[i].values[m] = NAN;
      rows[i].values[ESP_FAITH_DELETION] = .3 + .005 * i + deletion + .02 * (g_rand_double (rng) - .5);
      rows[i].values[ESP_FAITH_INSERTION] = .3 + .005 * i + insertion + .02 * (g_rand_double (rng) - .5);
    }
}

/* Better at both, better at one and as good at the other, better at one and worse than random order at the other. */
static void
test_judge (void)
{
  const double methods[][2] = { { -.1, .1 }, { -.1, 0 }, { -.1, -.1 }, { .1, .1 }, { 0, 0 } };
  EspFaithRow rows[G_N_ELEMENTS (methods)][N_JUDGED], baselines[ESP_N_BASELINES][N_JUDGED];
  const EspFaithRow *rows_of[G_N_ELEMENTS (methods)], *baselines_of[ESP_N_BASELINES];
  const guint expected[] = { ESP_PROVED_DELETION | ESP_PROVED_INSERTION, ESP_PROVED_DELETION, 0, 0, 0 };
  EspFaithVerdict verdicts[G_N_ELEMENTS (methods)];
  double p[2 * G_N_ELEMENTS (methods) * ESP_N_BASELINES], adjusted[G_N_ELEMENTS (p)];

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      make_rows (rows[i], methods[i][0], methods[i][1], i);
      rows_of[i] = rows[i];
    }
  for (guint b = 0; b < ESP_N_BASELINES; b++)
    {
      make_rows (baselines[b], 0, 0, 100 + b);
      baselines_of[b] = baselines[b];
    }
  esp_faith_judge (rows_of, G_N_ELEMENTS (methods), baselines_of, N_JUDGED, 20000, 1, verdicts);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_assert_cmpuint (verdicts[i].proved, ==, expected[i]);
      for (guint k = 0; k < 2 * ESP_N_BASELINES; k++)
        p[i * 2 * ESP_N_BASELINES + k] = verdicts[i].against[k / ESP_N_BASELINES][k % ESP_N_BASELINES].p;
    }
  g_assert_true (verdicts[2].beats[ESP_FAITH_DELETION] && verdicts[3].beats[ESP_FAITH_INSERTION]);
  esp_holm (p, G_N_ELEMENTS (p), adjusted);
  for (guint k = 0; k < G_N_ELEMENTS (p); k++)
    g_assert_cmpfloat (adjusted[k], ==, verdicts[k / 8].holm[k % 8 / ESP_N_BASELINES][k % ESP_N_BASELINES]);
}

/* A method that is better on every box, by far: of 19 boxes, or of one, nothing is proved. */
static void
test_judge_few (void)
{
  EspFaithRow rows[ESP_FAITH_FEWEST], baselines[ESP_FAITH_FEWEST];
  const EspFaithRow *rows_of[] = { rows }, *baselines_of[ESP_N_BASELINES];
  const guint counts[] = { 1, ESP_FAITH_FEWEST - 1, ESP_FAITH_FEWEST };

  for (guint i = 0; i < ESP_FAITH_FEWEST; i++)
    for (guint m = 0; m < ESP_N_FAITH; m++)
      {
        rows[i].values[m] = (m == ESP_FAITH_INSERTION ? .9 : .1) + .001 * i;
        baselines[i].values[m] = .5;
      }
  for (guint b = 0; b < ESP_N_BASELINES; b++)
    baselines_of[b] = baselines;
  for (guint k = 0; k < G_N_ELEMENTS (counts); k++)
    {
      const gboolean enough = counts[k] >= ESP_FAITH_FEWEST;
      EspFaithVerdict verdict;

      esp_faith_judge (rows_of, 1, baselines_of, counts[k], 2000, 1, &verdict);
      g_assert_cmpuint (verdict.proved, ==, enough ? ESP_PROVED_DELETION | ESP_PROVED_INSERTION : 0);
      g_assert_cmpint (verdict.beats[ESP_FAITH_DELETION], ==, enough);
      g_assert_cmpint (isnan (verdict.holm[ESP_FAITH_DELETION][0]), ==, !enough);
      g_assert_cmpint (isnan (verdict.mean[ESP_FAITH_DELETION].low), ==, !enough);
      g_assert_cmpint (isnan (verdict.against[ESP_FAITH_INSERTION][0].interval.high), ==, !enough);
      g_assert_false (isnan (verdict.mean[ESP_FAITH_DELETION].value));
    }
}

/* What the last column of the table of means says of a method; FALSE where it is not in the table. */
static gboolean
read_proved (char **lines, const char *id, guint *proved)
{
  *proved = 0;
  for (guint i = 0; lines[i] != NULL && !g_str_has_prefix (lines[i], "deletion, "); i++)
    {
      g_auto (GStrv) fields = g_strsplit (lines[i], "|", -1);
      const guint n = g_strv_length (fields);

      if (n != ESP_N_FAITH + 4 || !g_str_equal (g_strstrip (fields[1]), id))
        continue;
      *proved |= strstr (fields[n - 2], "deletion") != NULL ? ESP_PROVED_DELETION : 0;
      *proved |= strstr (fields[n - 2], "insertion") != NULL ? ESP_PROVED_INSERTION : 0;
      return TRUE;
    }
  return FALSE;
}

/* The registry says of its rows what was measured, and nothing that was not. */
static void
test_flags (void)
{
  g_autofree char *file = g_build_filename (g_getenv ("ESP_SOURCE_ROOT"), "docs", "results", "faithfulness.md", NULL), *text = NULL;
  g_auto (GStrv) lines = NULL;
  guint known = 0;

  if (!g_file_get_contents (file, &text, NULL, NULL))
    text = g_strdup ("");
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      const EspAttribution *method = esp_attribution_get (i);
      guint proved;

      known += read_proved (lines, method->id, &proved);
      if (method->proved != proved)
        g_error ("%s: the registry says %u, docs/results/faithfulness.md says %u", method->id, method->proved, proved);
    }
  g_assert_true (known > 0 || text[0] == '\0');
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/faithfulness/curves", GINT_TO_POINTER (0), compare_curves);
  g_test_add_data_func ("/faithfulness/curves-letterbox", GINT_TO_POINTER (1), compare_curves);
  g_test_add_data_func ("/faithfulness/curves-span", GINT_TO_POINTER (2), compare_curves);
  g_test_add_func ("/faithfulness/badge", test_badge);
  g_test_add_func ("/faithfulness/fills", test_fills);
  g_test_add_func ("/faithfulness/baselines", test_baselines);
  g_test_add_func ("/faithfulness/numbers", test_numbers);
  g_test_add_func ("/faithfulness/truths", test_truths);
  g_test_add_func ("/faithfulness/judge", test_judge);
  g_test_add_func ("/faithfulness/judge-few", test_judge_few);
  g_test_add_func ("/faithfulness/flags", test_flags);
  return g_test_run ();
}
