/* test-by-perturbation.c: occlusion and D-RISE against their definitions, and that neither batch nor order changes a number */
#include "config.h"

#include "base/error.h"
#include "explain/explainer.h"
#include "explain/stretch.h"
#include "explain/target-mask.h"

#include "explain-common.h"

#include <math.h>
#include <omp.h>
#include <string.h>

typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  float *input;
  EspDetection detection;
  EspBackendKind backend;
} Scene;

/* A box of class 1 at head B, anchor 1, row 7, column 4; what its numbers are does not matter. */
static void
scene_init (Scene *scene)
{
  g_autoptr (GError) error = NULL;

  scene->network = network_of (small_cfg, &error);
  g_assert_no_error (error);
  scene->weights = esp_weights_new_random (scene->network, 7);
  scene->input = small_input (1);
  scene->backend = ESP_BACKEND_REFERENCE;
  scene->detection = (EspDetection){ .box = { .4f, .6f, .3f, .3f }, .class_index = 1, .head = HEAD_B, .anchor = 1, .row = 7, .column = 4 };
}

static void
scene_clear (Scene *scene)
{
  esp_network_unref (scene->network);
  esp_weights_unref (scene->weights);
  g_free (scene->input);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Scene, scene_clear)

static EspExplainer *
explainer_of (const Scene *scene, const char *method, const char *knobs, guint batch)
{
  const EspExplainerOptions options = { .backend = scene->backend, .seed = 5, .batch = batch };
  const EspAttribution *row = esp_attribution_find (method);
  g_autoptr (EspExplainer) explainer = esp_explainer_new (scene->network, scene->weights, &options);
  g_autofree double *values = esp_knobs_new (row->knobs, row->n_knobs);
  g_autoptr (GError) error = NULL;

  esp_knobs_parse (row->knobs, row->n_knobs, values, method, knobs, &error);
  g_assert_no_error (error);
  esp_explainer_set_method (explainer, row, values, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&explainer);
}

static EspHeatmap *
heat_of (const Scene *scene, const char *method, const char *knobs, guint batch)
{
  g_autoptr (EspExplainer) explainer = explainer_of (scene, method, knobs, batch);
  g_autoptr (EspTarget) target = esp_target_new_detection (&scene->detection);
  g_autoptr (GError) error = NULL;
  EspHeatmap *heatmap;

  esp_explainer_run (explainer, scene->input, target, ESP_PIXELS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, 2);
  heatmap = esp_explainer_heatmap (explainer, ESP_PIXELS, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
  g_assert_no_error (error);
  return heatmap;
}

/* Objectness and class logit in double, with the patch at @left, @top hidden; none where it is empty. */
static double
logits_with (EspEngine *engine, const float *input, int left, int top, int side)
{
  g_autofree float *hidden = g_memdup2 (input, 3 * SIDE * SIDE * sizeof (float));
  g_autofree double *raw = g_new (double, 14 * 144);
  g_autoptr (GError) error = NULL;

  for (int c = 0; c < 3; c++)
    for (int y = top; y < MIN (top + side, SIDE); y++)
      for (int x = left; x < MIN (left + side, SIDE); x++)
        hidden[(c * SIDE + y) * SIDE + x] = .5f;
  esp_engine_forward (engine, hidden, NULL, &error);
  esp_engine_read_double (engine, HEAD_B_INPUT, ESP_AT_OUT, raw, &error);
  g_assert_no_error (error);
  return raw[(7 + 4) * 144 + 7 * 12 + 4] + raw[(7 + 5 + 1) * 144 + 7 * 12 + 4];
}

/* Heat of a pixel: mean drop over the patches that lay on it, worked out pixel by pixel. */
static void
test_occlusion (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE_DOUBLE, 1, NULL);
  g_autoptr (EspHeatmap) heat = NULL, other = NULL;
  double drops[5][5], whole;

  scene_init (&scene);
  heat = heat_of (&scene, "occlusion", "size=7,stride=5", 4);
  other = heat_of (&scene, "occlusion", "size=7,stride=5", 1);
  g_assert_cmpmem (heat->values, SIDE * SIDE * sizeof (float), other->values, SIDE * SIDE * sizeof (float));
  whole = logits_with (engine, scene.input, 0, 0, 0);
  for (int i = 0; i < 25; i++)
    drops[i / 5][i % 5] = whole - logits_with (engine, scene.input, i % 5 * 5, i / 5 * 5, 7);
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      {
        double sum = 0;
        int n = 0;

        for (int i = 0; i < 25; i++)
          if (x >= i % 5 * 5 && x < i % 5 * 5 + 7 && y >= i / 5 * 5 && y < i / 5 * 5 + 7)
            {
              sum += drops[i / 5][i % 5];
              n++;
            }
        g_assert_cmpint (n, >, 0);
        g_assert_cmpfloat_with_epsilon (heat->values[y * SIDE + x], sum / n, 1e-4);
      }
}

/* A grid drawn out: constant stays so, a slope is a slope between the centres, corners hold to the border. */
static void
test_stretch (void)
{
  g_auto (EspStretch) stretch = { 0 };
  const float grid[6] = { 1, 2, 3, 5, 6, 7 };
  float row[12];

  esp_stretch_init (&stretch, 3, 2, 12, 8);
  esp_stretch_load (&stretch, grid);
  esp_stretch_row (&stretch, 0, row);
  g_assert_cmpfloat (row[0], ==, 1);
  g_assert_cmpfloat (row[11], ==, 3);
  for (int x = 2; x < 10; x++)
    g_assert_cmpfloat_with_epsilon (row[x], 1 + (x + .5) / 4 - .5, 1e-6);
  esp_stretch_row (&stretch, 3, row);
  g_assert_cmpfloat_with_epsilon (row[0], 1 + 4 * ((3.5) / 4 - .5), 1e-6);
  esp_stretch_row (&stretch, 7, row);
  g_assert_cmpfloat (row[11], ==, 7);
}

/* The mean mask is even, so that heat of a network that says the same of everything would be too; and the batch changes no bit. */
static void
test_masks (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspHeatmap) heat = NULL, other = NULL;
  float low, high;

  scene_init (&scene);
  heat = heat_of (&scene, "d-rise", "masks=60,cells=4", 8);
  other = heat_of (&scene, "d-rise", "masks=60,cells=4", 7);
  g_assert_cmpmem (heat->values, SIDE * SIDE * sizeof (float), other->values, SIDE * SIDE * sizeof (float));
  esp_heatmap_range (heat, &low, &high);
  g_assert_cmpfloat (low, >=, 0);
  g_assert_cmpfloat (high, >, low);
  g_assert_cmpfloat (high, <, 2);
}

/* Proposals of a forward whose input was masked by hand, all of them looked at, none left out early: what the unmasked image gives against
 * itself is objectness at least, since the box meets itself. One mask that keeps almost everything gives about that. */
static void
test_likeness (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspEngine) engine = small_engine (ESP_BACKEND_REFERENCE, 1, NULL);
  g_autofree float *active = NULL;
  g_autoptr (EspHeatmap) heat = NULL;
  g_autoptr (GError) error = NULL;
  float low, high;

  scene_init (&scene);
  esp_engine_forward (engine, scene.input, NULL, &error);
  g_assert_no_error (error);
  active = read_values (engine, HEAD_B, ESP_AT_OUT);
  heat = heat_of (&scene, "d-rise", "masks=40,cells=2,keep=0.99", 8);
  esp_heatmap_range (heat, &low, &high);
  g_assert_cmpfloat (high * .99f, >, .9 * (double) active[(7 + 4) * 144 + 7 * 12 + 4]);
  g_assert_cmpfloat (high * .99f, <=, 1);
}

static void
test_refusals (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspExplainer) explainer = NULL;
  g_autoptr (EspTarget) classes = esp_target_new_classes ((int[]){ 1 }, 1, .02f), nothing = esp_target_new_classes ((int[]){ 1 }, 1, 1.5f);
  g_autoptr (EspTarget) box = NULL;
  g_autoptr (EspHeatmap) heat = NULL;
  g_autoptr (EspJob) job = esp_job_new ("test");
  g_autoptr (GError) error = NULL;
  float low, high;

  scene_init (&scene);
  box = esp_target_new_detection (&scene.detection);
  explainer = explainer_of (&scene, "d-rise", "masks=20,cells=4", 8);
  g_assert_false (esp_explainer_run (explainer, scene.input, classes, ESP_PIXELS, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  esp_explainer_run (explainer, scene.input, box, ESP_PIXELS, job, &error);
  g_assert_no_error (error);
  g_assert_null (esp_explainer_heatmap (explainer, ESP_PIXELS, 1, (EspPlacement){ 0, 0, 1, 1 }, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  esp_job_cancel (job);
  g_assert_false (esp_explainer_run (explainer, scene.input, box, ESP_PIXELS, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_clear_pointer (&explainer, esp_explainer_free);
  explainer = explainer_of (&scene, "occlusion", "", 8);
  esp_explainer_run (explainer, scene.input, nothing, ESP_PIXELS, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_explainer_get_n_ones (explainer), ==, 0);
  heat = esp_explainer_heatmap (explainer, ESP_PIXELS, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
  g_assert_no_error (error);
  esp_heatmap_range (heat, &low, &high);
  g_assert_true (low == 0 && high == 0);
}

/* Images go side by side, one a thread, each through an engine of its own: how many there are changes no bit, with oneDNN's kernels
 * either. */
static void
test_threads (void)
{
  static const char *const methods[][2] = { { "d-rise", "masks=11,cells=4" }, { "occlusion", "size=7,stride=5" } };
  const int before = omp_get_max_threads ();
  g_auto (Scene) scene = { NULL };

  scene_init (&scene);
  scene.backend = ESP_BACKEND_ONEDNN;
  for (guint m = 0; m < G_N_ELEMENTS (methods); m++)
    {
      g_autoptr (EspHeatmap) alone = NULL;

      for (int threads = 1; threads <= 4; threads++)
        {
          g_autoptr (EspHeatmap) heat = NULL;

          omp_set_num_threads (threads);
          heat = heat_of (&scene, methods[m][0], methods[m][1], 8);
          g_assert_cmpint (omp_get_max_threads (), ==, threads);
          if (alone == NULL)
            alone = g_steal_pointer (&heat);
          else
            g_assert_cmpmem (heat->values, SIDE * SIDE * sizeof (float), alone->values, SIDE * SIDE * sizeof (float));
        }
    }
  omp_set_num_threads (before);
}

/* What a job does between is done by the thread that asked for the run alone, and a job that it cancels there ends the run. */
typedef struct
{
  EspJob *job;
  GThread *thread;
  int left, elsewhere;
} Between;

static void
count_down (gpointer data)
{
  Between *between = data;

  if (g_thread_self () != between->thread)
    g_atomic_int_inc (&between->elsewhere);
  if (--between->left == 0)
    esp_job_cancel (between->job);
}

static void
test_between (void)
{
  g_auto (Scene) scene = { NULL };
  g_autoptr (EspExplainer) explainer = NULL;
  g_autoptr (EspTarget) box = NULL;
  g_autoptr (EspJob) job = esp_job_new ("test");
  g_autoptr (GError) error = NULL;
  Between between = { job, g_thread_self (), 3, 0 };

  scene_init (&scene);
  box = esp_target_new_detection (&scene.detection);
  explainer = explainer_of (&scene, "d-rise", "masks=50,cells=4", 8);
  esp_job_set_between (job, count_down, &between);
  g_assert_false (esp_explainer_run (explainer, scene.input, box, ESP_PIXELS, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_cmpint (between.left, ==, 0);
  g_assert_cmpint (between.elsewhere, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/by-perturbation/stretch", test_stretch);
  g_test_add_func ("/by-perturbation/occlusion", test_occlusion);
  g_test_add_func ("/by-perturbation/masks", test_masks);
  g_test_add_func ("/by-perturbation/likeness", test_likeness);
  g_test_add_func ("/by-perturbation/refusals", test_refusals);
  g_test_add_func ("/by-perturbation/threads", test_threads);
  g_test_add_func ("/by-perturbation/between", test_between);
  return g_test_run ();
}
