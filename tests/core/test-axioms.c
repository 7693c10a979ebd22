/* test-axioms.c: completeness of integrated gradients and conservation of relevance, of boxes that trained networks find */
#include "config.h"

#include "base/lane.h"
#include "detect/decode.h"
#include "draw/orchard.h"
#include "draw/sample-network.h"
#include "explain/explainer.h"
#include "explain/lrp.h"
#include "image/image.h"
#include "net/engine.h"

#include "net-common.h"

#include <math.h>

#define CUT 0 /* the first convolution: all ways from the pixels to a head go through it */

/* One picture, and the best box that a network finds in it. */
typedef struct
{
  EspNetwork *network;
  EspWeights *weights;
  float *input;
  EspTarget *target;
} Case;

static void
case_make (Case *c, const EspImage *image)
{
  const EspShape shape = esp_network_get_input (c->network);
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_ONEDNN, .batch = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (c->network, c->weights, &options, NULL, &error);
  g_autoptr (GArray) boxes = NULL;
  EspPlacement placement;

  g_assert_no_error (error);
  c->input = g_new (float, esp_shape_count (shape));
  placement = esp_fit_image (ESP_FIT_LETTERBOX, image, shape.c, shape.h, shape.w, c->input);
  g_assert_true (esp_engine_forward (engine, c->input, NULL, &error));
  boxes = esp_decode (engine, 0, placement, 0.3f, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (boxes->len, >, 0);
  c->target = esp_target_new_detection (&g_array_index (boxes, EspDetection, 0));
}

static void
case_clear (Case *c)
{
  g_free (c->input);
  esp_target_unref (c->target);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Case, case_clear)

static EspExplainer *
explain (const Case *c, const EspAttribution *row, int layer)
{
  const EspExplainerOptions options = { .backend = ESP_BACKEND_ONEDNN };
  g_autoptr (GError) error = NULL;
  EspExplainer *explainer = esp_explainer_new (c->network, c->weights, &options);

  g_assert_true (esp_explainer_set_method (explainer, row, NULL, &error));
  esp_explainer_run (explainer, c->input, c->target, layer, NULL, &error);
  g_assert_no_error (error);
  return explainer;
}

static double
sum_at (EspExplainer *explainer, int layer, double *size)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspHeatmap) map = esp_explainer_heatmap (explainer, layer, -1, (EspPlacement){ 0, 0, 1, 1 }, &error);
  double sum = 0;

  g_assert_no_error (error);
  *size = 0;
  for (int i = 0; i < map->width * map->height; i++)
    {
      sum += (double) map->values[i];
      *size += fabs ((double) map->values[i]);
    }
  return sum;
}

/* T, a sum of logits that are chosen whatever the image: of one box. */
static double
value_of (const Case *c, const float *input)
{
  const EspEngineOptions options = { .mode = ESP_MODE_EXPLAIN, .backend = ESP_BACKEND_ONEDNN, .batch = 1 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspEngine) engine = esp_engine_new (c->network, c->weights, &options, NULL, &error);
  guint ones = 0;
  double value = 0;

  g_assert_true (esp_engine_forward (engine, input, NULL, &error));
  g_assert_true (esp_target_apply (c->target, engine, &ones, &value, &error));
  g_assert_cmpuint (ones, >, 0);
  return value;
}

/* What the image has over grey is shared out to 1 %, among the pixels and among the places of the first layer. */
static void
check_complete (const Case *c)
{
  const gsize n = esp_shape_count (esp_network_get_input (c->network));
  g_autoptr (EspExplainer) explainer = explain (c, esp_attribution_find ("integrated-gradients"), CUT);
  g_autofree float *grey = g_new (float, n);
  double gained, pixels, layer, size;

  for (gsize i = 0; i < n; i++)
    grey[i] = 0.5f;
  gained = value_of (c, c->input) - value_of (c, grey);
  pixels = sum_at (explainer, ESP_PIXELS, &size);
  layer = sum_at (explainer, CUT, &size);
  g_test_message ("%s; %g of %g at the pixels, %g at layer %d", esp_explainer_get_note (explainer), pixels, gained, layer, CUT);
  g_assert_cmpfloat (fabs (gained), >, 0.01);
  g_assert_cmpfloat_with_epsilon (pixels, gained, 0.01 * fabs (gained));
  g_assert_cmpfloat_with_epsilon (layer, gained, 0.01 * fabs (gained));
}

/* Input relevance + what biases and stabilisers took = the target, to 1e-3, by every rule. */
static void
check_conserved (const Case *c)
{
  guint n = 0;

  for (guint i = 0; esp_attribution_get (i) != NULL; i++)
    {
      const EspAttribution *row = esp_attribution_get (i);
      g_autoptr (EspExplainer) explainer = NULL;
      EspLrpShares shares;
      double sum, size;

      if (!g_str_has_prefix (row->id, "lrp"))
        continue;
      explainer = explain (c, row, ESP_PIXELS);
      g_assert_true (esp_lrp_get_shares (explainer, &shares));
      sum = sum_at (explainer, ESP_PIXELS, &size);
      g_test_message ("%s: target %g, input %g, bias %g, absorbed %g", row->id, shares.target, shares.input, shares.bias, shares.absorbed);
      g_assert_cmpfloat (size, >, 0);
      g_assert_cmpfloat_with_epsilon (shares.input, sum, 1e-5 * size);
      g_assert_cmpfloat_with_epsilon (shares.target, value_of (c, c->input), 1e-4 * fabs (shares.target));
      g_assert_cmpfloat_with_epsilon (shares.input + shares.bias + shares.absorbed, shares.target, 1e-3 * fabs (shares.target));
      n++;
    }
  g_assert_cmpuint (n, >, 0);
}

static void
run_sample (G_GNUC_UNUSED gpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspSampleNetwork) sample = esp_sample_network_new (&error);
  g_autoptr (EspOrchardScene) scene = esp_orchard_render (0, esp_orchard_index (ESP_ORCHARD_TEST, 1), NULL);
  g_auto (Case) c = { NULL };

  g_assert_no_error (error);
  c.network = sample->network;
  c.weights = sample->weights;
  case_make (&c, scene->image);
  check_complete (&c);
  check_conserved (&c);
}

static void
run_real (gpointer data)
{
  const char *const *paths = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_load (paths[0], &error);
  g_autoptr (EspWeights) weights = network != NULL ? esp_weights_load (network, paths[1], &error) : NULL;
  g_autoptr (EspImage) image = esp_image_load (paths[2], ESP_ORIENTATION_EXIF, 0, 0, &error);
  g_auto (Case) c = { network, weights, NULL, NULL };

  g_assert_no_error (error);
  case_make (&c, image);
  check_complete (&c);
}

static void
test_sample (void)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);

  esp_lane_call (lane, run_sample, NULL);
}

static void
test_real (void)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);
  g_autofree char *cfg = shared_file ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg");
  g_autofree char *weights = cfg != NULL ? shared_file ("models/yolo-fastest-1.1/yolo-fastest-1.1.weights") : NULL;
  g_autofree char *image = weights != NULL ? shared_file ("coco256/images/val2017/000000000632.jpg") : NULL;
  const char *paths[] = { cfg, weights, image };

  if (image != NULL)
    esp_lane_call (lane, run_real, paths);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/axioms/sample", test_sample);
  g_test_add_func ("/axioms/real", test_real);
  return g_test_run ();
}
