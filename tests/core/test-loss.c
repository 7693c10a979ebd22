/* test-loss.c: losses of heads: gradients by central differences, assignments worked by hand, refusals */
#include "config.h"

#include "train/loss.h"

#include "base/rng.h"
#include "net-common.h"
#include "train/loss-private.h"

#define NET     "[net]\nwidth=64\nheight=48\nchannels=3\n"
#define LAST    "[convolutional]\nfilters=%d\nsize=1\nstride=8\nactivation=%s\n"
#define ANCHORS "anchors=10,14, 23,27, 37,58, 60,40\nnum=4\nclasses=3\n"
#define ROWS    6
#define COLUMNS 8

/* A [yolo] of 2 of 4 anchors, 8 x 6 cells. */
static EspNetwork *
yolo_network (const char *keys, EspDialect dialect, GError **error)
{
  const gboolean activated = strstr (keys, "new_coords=1") != NULL;
  g_autofree char *text = g_strdup_printf (NET LAST "[yolo]\nmask=1,2\n" ANCHORS "%s", 16, activated ? "logistic" : "linear", keys);
  EspCfg *cfg = esp_cfg_parse (text, strlen (text), "t.cfg", error);

  return cfg != NULL ? esp_network_new_dialect (cfg, dialect, error) : NULL;
}

static EspNetwork *
region_network (const char *keys, GError **error)
{
  g_autofree char *text = g_strdup_printf (NET LAST "[region]\nanchors=1,2, 3,2.5\nnum=2\nclasses=3\n%s", 16, "linear", keys);

  return network_of (text, error);
}

static EspLoss *
loss_of (EspNetwork *network, const EspLossOptions *options)
{
  g_autoptr (GError) error = NULL;
  EspLoss *loss;

  g_assert_nonnull (network);
  loss = esp_loss_new (network, esp_network_get_n_layers (network) - 1, options, &error);
  g_assert_no_error (error);
  esp_network_unref (network);
  return loss;
}

static EspLoss *
yolo_loss (const char *keys, EspBoxGradient gradient)
{
  const EspLossOptions options = { .box_gradient = gradient };

  return loss_of (yolo_network (keys, ESP_DIALECT_AUTO, NULL), &options);
}

static double
uniform (GRand *rng, double low, double high)
{
  return low + (high - low) * g_rand_double (rng);
}

static double *
random_raw (const EspLoss *loss, GRand *rng)
{
  const gsize n = esp_shape_count (loss->shape);
  const gboolean activated = loss->row == &esp_loss_yolo && loss->yolo.form.activated;
  double *raw = g_new (double, n);

  for (gsize i = 0; i < n; i++)
    raw[i] = activated ? uniform (rng, .05, .95) : uniform (rng, -2, 2);
  return raw;
}

/* Some on one another, so that one spot has several; sizes near the anchors'. */
static EspLabels
random_labels (GRand *rng, guint n)
{
  EspLabels labels = { n, g_new (EspLabel, n) };

  for (guint i = 0; i < n; i++)
    {
      const EspBox box
          = { (float) uniform (rng, 0, 1), (float) uniform (rng, 0, 1), (float) uniform (rng, .1, 1), (float) uniform (rng, .1, 1) };

      labels.labels[i] = (EspLabel){ g_rand_int_range (rng, 0, 3), box };
      if (i % 3 == 2)
        labels.labels[i].box = labels.labels[i - 1].box;
    }
  return labels;
}

static void
assert_near (double got, double wanted, double within, const char *what, gsize at)
{
  if (!(fabs (got - wanted) <= within))
    g_error ("%s, number %" G_GSIZE_FORMAT ": %.17g: expected %.17g", what, at, got, wanted);
}

static double
frozen_total (const EspTargets *targets, const double *raw, double *scratch, gsize n)
{
  EspLossParts parts = { 0 };

  memset (scratch, 0, n * sizeof (double));
  esp_head_run (targets, raw, scratch, &parts);
  return parts.box + parts.objectness + parts.classes;
}

/* Central differences of the total by every raw number, with all that is constant held; where an edge jumps both sides differ: left out. */
static void
check_differences (const EspLoss *loss, EspTargets *targets, double *raw, const double *gradient, const char *what, guint *left_out)
{
  const gsize n = esp_shape_count (loss->shape);
  g_autofree double *scratch = g_new (double, n);
  const double step = 2e-6, here = frozen_total (targets, raw, scratch, n);

  for (gsize i = 0; i < n; i++)
    {
      const double kept = raw[i];
      double more, less;

      raw[i] = kept + step;
      more = frozen_total (targets, raw, scratch, n);
      raw[i] = kept - step;
      less = frozen_total (targets, raw, scratch, n);
      raw[i] = kept;
      if (fabs (more - 2 * here + less) > 1e-9)
        (*left_out)++;
      else
        assert_near (gradient[i], (more - less) / (2 * step), 3e-7 * (1 + fabs (gradient[i])), what, i);
    }
}

static void
check_exact (EspLoss *loss, const char *what)
{
  g_autoptr (GRand) rng = esp_rng_new (11, 0, 0);
  const gsize n = esp_shape_count (loss->shape);
  g_autofree double *gradient = g_new (double, n);
  guint left_out = 0, n_positives = 0;

  for (guint i = 0; i < 6; i++)
    {
      g_autofree double *raw = random_raw (loss, rng);
      EspLabels labels = random_labels (rng, 3 * i);
      EspLossParts parts, assigned = { 0 };
      EspTargets *targets = loss->row == &esp_loss_yolo ? esp_yolo_assign (loss, raw, &labels, &assigned)
                                                        : esp_region_assign (loss, raw, &labels, &assigned);

      esp_loss_run_double (loss, loss->shape, raw, &labels, gradient, &parts);
      check_differences (loss, targets, raw, gradient, what, &left_out);
      assert_near (parts.total, parts.box + parts.objectness + parts.classes, 1e-12, what, 0);
      g_assert_cmpuint (parts.n_truths, ==, labels.n);
      n_positives += parts.n_positives;
      esp_targets_free (targets);
      g_free (labels.labels);
    }
  g_assert_cmpuint (n_positives, >, 8);
  g_assert_cmpuint (left_out, <, 20);
  esp_loss_free (loss);
}

static const char *const yolo_keys[] = {
  "",
  "ignore_thresh=.1\n",
  "ignore_thresh=.1\ntruth_thresh=.2\n",
  "scale_x_y=1.2\niou_normalizer=.5\nobj_normalizer=3\ncls_normalizer=.4\ndelta_normalizer=.3\n",
  "iou_loss=iou\nscale_x_y=1.05\n",
  "iou_loss=giou\niou_thresh=.2\n",
  "iou_loss=diou\niou_thresh=-.2\niou_thresh_kind=giou\n",
  "iou_loss=ciou\niou_normalizer=.07\niou_thresh=.213\nlabel_smooth_eps=.1\n",
  "iou_loss=ciou\ncounters_per_class=10,200,0\n",
  "iou_loss=ciou\nobjectness_smooth=1\nignore_thresh=.1\niou_thresh=.1\n",
  "iou_loss=giou\nobjectness_smooth=1\nignore_thresh=.1\ntruth_thresh=.3\n",
  "new_coords=1\nscale_x_y=2\n",
  "iou_loss=ciou\nnew_coords=1\nscale_x_y=2\niou_thresh=.2\nobjectness_smooth=1\nignore_thresh=.2\n",
  "focal_loss=1\n",
};

static void
test_yolo_exact (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (yolo_keys); i++)
    check_exact (yolo_loss (yolo_keys[i], ESP_BOX_GRADIENT_EXACT), yolo_keys[i]);
  check_exact (loss_of (yolo_network ("ignore_thresh=.1\n", ESP_DIALECT_PJREDDIE, NULL), NULL), "pjreddie");
}

static void
test_region_exact (void)
{
  const char *keys[]
      = { "softmax=1\nobject_scale=5\nbias_match=1\n", "rescore=1\nthresh=.2\ncoord_scale=2\nnoobject_scale=.5\nclass_scale=3\n" };
  const EspLossOptions to_anchors = { .to_anchors = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      check_exact (loss_of (region_network (keys[i], NULL), NULL), keys[i]);
      check_exact (loss_of (region_network (keys[i], NULL), &to_anchors), keys[i]);
    }
}

/* One image and the numbers of it; the head has 2 anchors, 23 x 27 and 37 x 58 of 64 x 48. */
typedef struct
{
  EspLoss *loss;
  double *raw, *gradient;
  EspLossParts parts;
} Case;

static void
case_run (Case *c, EspLoss *loss, double fill, const EspLabel *labels, guint n)
{
  const gsize count = esp_shape_count (loss->shape);
  const EspLabels all = { n, (EspLabel *) labels };

  c->loss = loss;
  if (c->raw == NULL)
    {
      c->raw = g_new (double, count);
      c->gradient = g_new (double, count);
      for (gsize i = 0; i < count; i++)
        c->raw[i] = fill;
    }
  esp_loss_run_double (loss, loss->shape, c->raw, &all, c->gradient, &c->parts);
}

static double *
at (double *numbers, int anchor, int entry, int row, int column)
{
  return numbers + ((anchor * 8 + entry) * ROWS + row) * COLUMNS + column;
}

static void
case_clear (Case *c)
{
  esp_loss_free (c->loss);
  g_free (c->raw);
  g_free (c->gradient);
}

/* Numbers of 0: boxes are anchors in the middle of cells, objectness and classes 1/2. One truth of the second anchor's size. */
static void
test_one_truth (void)
{
  const EspLabel label = { 1, { (5 + .75f) / 8, (2 + .25f) / 6, 37 / 64.f, 40 / 48.f } };
  const double weight = .75 * (2 - 37.0 / 64 * 40 / 48);
  Case c = { 0 };
  double sum = 0;

  case_run (&c, yolo_loss ("ignore_thresh=.99\n", 0), 0, &label, 1);
  assert_near (*at (c.gradient, 1, 0, 2, 5), weight * (.5 - .75), 1e-6, "x", 0);
  assert_near (*at (c.gradient, 1, 1, 2, 5), weight * (.5 - .25), 1e-6, "y", 0);
  assert_near (*at (c.gradient, 1, 2, 2, 5), 0, 1e-6, "w", 0);
  assert_near (*at (c.gradient, 1, 3, 2, 5), -weight * log (40.0 / 58), 1e-6, "h", 0);
  assert_near (*at (c.gradient, 1, 4, 2, 5), -.5, 0, "objectness", 0);
  for (int k = 0; k < 3; k++)
    assert_near (*at (c.gradient, 1, 5 + k, 2, 5), k == 1 ? -.5 : .5, 0, "class", (gsize) k);
  for (int i = 0; i < 16 * ROWS * COLUMNS; i++)
    sum += fabs (c.gradient[i]);
  sum -= .5 * 2 * ROWS * COLUMNS + 3 * .5 + weight * .5 - weight * log (40.0 / 58);
  assert_near (sum, 0, 1e-5, "all others", 0);
  assert_near (c.parts.objectness, 2 * ROWS * COLUMNS * log (2), 1e-9, "loss of objectness", 0);
  assert_near (c.parts.classes, 3 * log (2), 1e-9, "loss of classes", 0);
  g_assert_cmpuint (c.parts.n_positives, ==, 1);
  case_clear (&c);
}

/* The same where the box lies on the truth: not asked elsewhere; and not where no class is named. */
static void
test_ignored (void)
{
  const EspLabel label = { 0, { (3 + .5f) / 8, (3 + .5f) / 6, 37 / 64.f, 58 / 48.f } };
  Case c = { 0 };

  case_run (&c, yolo_loss ("ignore_thresh=.6\n", 0), 0, &label, 1);
  assert_near (*at (c.gradient, 1, 4, 3, 4), 0, 0, "one cell beside", 0);
  assert_near (*at (c.gradient, 1, 4, 3, 3), -.5, 0, "the truth's", 0);
  assert_near (*at (c.gradient, 1, 4, 3, 0), .5, 0, "far", 0);
  for (int k = 0; k < 3; k++)
    *at (c.raw, 1, 5 + k, 3, 4) = -1.2;
  esp_loss_run_double (c.loss, c.loss->shape, c.raw, &(EspLabels){ 1, (EspLabel *) &label }, c.gradient, &c.parts);
  assert_near (*at (c.gradient, 1, 4, 3, 4), .5, 0, "names no class", 0);
  case_clear (&c);
}

/* Anchors of all heads compete: this one's is not the best, so that only iou_thresh gives the truth to it. */
static void
test_other_head (void)
{
  const EspLabel label = { 0, { .5f, .5f, 60 / 64.f, 40 / 48.f } };
  const char *keys[] = { "", "iou_thresh=.5\n", "iou_thresh=.2\n", "iou_thresh=.2\niou_thresh_kind=ciou\n" };
  const guint positives[] = { 0, 1, 2, 2 }; /* IoU with 37 x 58 is 1480 / 3066, with 23 x 27 621 / 2400 */

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      Case c = { 0 };

      case_run (&c, yolo_loss (keys[i], 0), 0, &label, 1);
      g_assert_cmpuint (c.parts.n_positives, ==, i == 1 ? 0 : positives[i]);
      g_assert_cmpuint (c.parts.n_truths, ==, 1);
      case_clear (&c);
    }
}

/* Two truths on one spot: both classes are true; boxes add up, or with iou_thresh count by the number of classes. */
static void
test_two_on_one (void)
{
  const EspLabel labels[2] = { { 0, { (3 + .75f) / 8, .5f, 37 / 64.f, 58 / 48.f } }, { 2, { (3 + .25f) / 8, .5f, 37 / 64.f, 58 / 48.f } } };
  const double weight = .75 * fmax (2 - 37.0 / 64 * 58 / 48, 1);
  Case c = { 0 }, shared = { 0 }, stock = { 0 };

  case_run (&c, yolo_loss ("", 0), .1, labels, 2);
  case_run (&shared, yolo_loss ("iou_thresh=.99\n", 0), .1, labels, 2);
  case_run (&stock, loss_of (yolo_network ("", ESP_DIALECT_PJREDDIE, NULL), NULL), .1, labels, 2);
  for (int k = 0; k < 3; k++)
    assert_near (*at (c.gradient, 1, 5 + k, 3, 3), esp_logistic (.1) - (k != 1), 1e-12, "class", (gsize) k);
  assert_near (*at (c.gradient, 1, 0, 3, 3), weight * 2 * (esp_logistic (.1) - .5), 1e-6, "x", 0);
  assert_near (*at (shared.gradient, 1, 0, 3, 3), weight * (esp_logistic (.1) - .5), 1e-6, "x", 1);
  assert_near (*at (stock.gradient, 1, 0, 3, 3), weight / .75 * (esp_logistic (.1) - .25), 1e-6, "x", 2);
  g_assert_cmpuint (c.parts.n_positives, ==, 2);
  g_assert_cmpuint (stock.parts.n_positives, ==, 1);
  case_clear (&c);
  case_clear (&shared);
  case_clear (&stock);
}

/* darknet's step for boxes: derivatives by the box, times 1, 1, 2 e^w, 2 e^h; of the same sign as the exact one. */
static void
test_darknet_step (void)
{
  const EspLabel label = { 0, { (3 + .7f) / 8, (2 + .4f) / 6, 30 / 64.f, 36 / 48.f } };
  const char *keys = "iou_loss=giou\niou_normalizer=.07\nscale_x_y=1.05\n";
  const EspExactBox truth = { label.box.x, label.box.y, label.box.w, label.box.h };
  Case step = { 0 }, exact = { 0 };
  int anchor = 0;

  case_run (&step, yolo_loss (keys, ESP_BOX_GRADIENT_DARKNET), .3, &label, 1);
  case_run (&exact, yolo_loss (keys, ESP_BOX_GRADIENT_EXACT), .3, &label, 1);
  anchor = *at (exact.gradient, 1, 0, 2, 3) != 0;
  const double aw = (anchor ? 37 : 23) / 64.0, ah = (anchor ? 58 : 27) / 48.0, p = esp_logistic (.3), place = 1.05 * p - .025;
  const EspExactBox box = { (3 + place) / 8, (2 + place) / 6, exp (.3) * aw, exp (.3) * ah };
  const EspOverlap overlap = esp_overlap_of (ESP_OVERLAP_GIOU, box, truth, 0);
  const double by_box[4] = { overlap.dx, overlap.dy, overlap.dw, overlap.dh }, weight = .07 * (2 - truth.w * truth.h);
  const double times[4] = { 1, 1, 2 * exp (.3), 2 * exp (.3) };
  const double inner[4] = { 1.05 * p * (1 - p) / 8, 1.05 * p * (1 - p) / 6, box.w, box.h };

  for (int i = 0; i < 4; i++)
    {
      assert_near (*at (step.gradient, anchor, i, 2, 3), -.07 * by_box[i] * times[i], 1e-12, "darknet", (gsize) i);
      assert_near (*at (exact.gradient, anchor, i, 2, 3), -weight * by_box[i] * inner[i], 1e-12, "exact", (gsize) i);
      g_assert_true (by_box[i] != 0);
    }
  assert_near (step.parts.box, weight * (1 - overlap.value), 1e-12, "loss", 0);
  assert_near (step.parts.box, exact.parts.box, 0, "one loss", 0);
  case_clear (&step);
  case_clear (&exact);
}

static void
test_max_delta (void)
{
  const EspLabel label = { 0, { (3 + .7f) / 8, (2 + .4f) / 6, 30 / 64.f, 36 / 48.f } };
  const char *keys = "iou_loss=ciou\niou_normalizer=7\nmax_delta=.5\n";
  Case c = { 0 };

  case_run (&c, yolo_loss (keys, ESP_BOX_GRADIENT_DARKNET), .3, &label, 1);
  for (int i = 0; i < 4; i++)
    for (int anchor = 0; anchor < 2; anchor++)
      g_assert_cmpfloat (fabs (*at (c.gradient, anchor, i, 2, 3)), <=, .5);
  g_assert_cmpfloat (fabs (*at (c.gradient, 0, 0, 2, 3)) + fabs (*at (c.gradient, 1, 0, 2, 3)), ==, .5);
  case_clear (&c);
}

static void
test_box_gain (void)
{
  const EspLabel label = { 0, { .5f, .5f, 30 / 64.f, 36 / 48.f } };
  const EspLossOptions options = { .box_gradient = ESP_BOX_GRADIENT_EXACT, .box_gain = 20 };
  Case c = { 0 }, plain = { 0 };

  case_run (&c, loss_of (yolo_network ("iou_loss=ciou\n", 0, NULL), &options), .3, &label, 1);
  case_run (&plain, yolo_loss ("iou_loss=ciou\n", ESP_BOX_GRADIENT_EXACT), .3, &label, 1);
  assert_near (c.parts.box, 20 * plain.parts.box, 1e-12, "box", 0);
  assert_near (c.parts.objectness, plain.parts.objectness, 0, "objectness", 0);
  case_clear (&c);
  case_clear (&plain);
}

/* Labels that cannot count are counted apart; the edge of the input belongs to the last cell. */
static void
test_skipped (void)
{
  const EspLabel labels[] = {
    { 3, { .5f, .5f, .5f, .5f } },      { -1, { .5f, .5f, .5f, .5f } },        { 0, { .5f, .5f, 0, .5f } },
    { 0, { 1.01f, .5f, .5f, .5f } },    { 0, { .5f, -.1f, .5f, .5f } },        { 0, { NAN, .5f, .5f, .5f } },
    { 0, { .5f, .5f, INFINITY, .5f } }, { 0, { 1, 1, 23 / 64.f, 27 / 48.f } },
  };
  Case c = { 0 };

  case_run (&c, yolo_loss ("iou_loss=ciou\n", 0), 0, labels, G_N_ELEMENTS (labels));
  g_assert_cmpuint (c.parts.n_skipped, ==, 7);
  g_assert_cmpuint (c.parts.n_truths, ==, 1);
  assert_near (*at (c.gradient, 0, 4, ROWS - 1, COLUMNS - 1), -.5, 0, "last cell", 0);
  g_assert_true (isfinite (c.parts.total));
  case_clear (&c);
}

/* One number that is not one, where the loss does not look: it shows in the total. */
static void
test_not_finite (void)
{
  const double bad[] = { NAN, INFINITY, -INFINITY };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      Case c = { 0 };

      case_run (&c, yolo_loss ("", 0), 0, NULL, 0);
      g_assert_true (isfinite (c.parts.total));
      *at (c.raw, 0, 6, 1, 1) = bad[i];
      esp_loss_run_double (c.loss, c.loss->shape, c.raw, &(EspLabels){ 0, NULL }, c.gradient, &c.parts);
      g_assert_false (isfinite (c.parts.total));
      case_clear (&c);
    }
}

/* Of a batch in float: sums over images, the gradients of each alone. */
static void
test_batch (void)
{
  g_autoptr (GRand) rng = esp_rng_new (5, 0, 0);
  g_autoptr (EspLoss) loss = yolo_loss ("iou_loss=ciou\niou_thresh=.2\nignore_thresh=.2\n", 0);
  const gsize n = esp_shape_count (loss->shape);
  EspShape shape = loss->shape;
  const int images = 5;
  g_autofree float *raw = g_new (float, 5 * n);
  g_autofree float *gradient = g_new (float, 5 * n);
  g_autofree float *again = g_new (float, 5 * n);
  g_autofree double *exact = g_new (double, 5 * n);
  g_autofree double *exact_raw = g_new (double, 5 * n);
  EspLabels labels[5];
  EspLossParts parts, parts_again, exact_parts;

  shape.n = images;
  for (int i = 0; i < images; i++)
    labels[i] = random_labels (rng, 3 * (guint) i);
  for (gsize i = 0; i < 5 * n; i++)
    exact_raw[i] = raw[i] = (float) uniform (rng, -2, 2);
  esp_loss_run (loss, shape, raw, labels, gradient, &parts);
  esp_loss_run (loss, shape, raw, labels, again, &parts_again);
  esp_loss_run_double (loss, shape, exact_raw, labels, exact, &exact_parts);
  g_assert_cmpmem (gradient, 5 * n * sizeof (float), again, 5 * n * sizeof (float));
  g_assert_cmpfloat (parts.total, ==, parts_again.total);
  g_assert_cmpfloat (parts.total, ==, exact_parts.total);
  g_assert_cmpuint (parts.n_truths, ==, 30);
  for (gsize i = 0; i < 5 * n; i++)
    g_assert_cmpfloat (gradient[i], ==, (float) exact[i]);
  for (int i = 0; i < images; i++)
    g_free (labels[i].labels);
}

static EspNetwork *
classifier (const char *keys)
{
  g_autofree char *text = g_strdup_printf (NET "[convolutional]\nfilters=5\nsize=1\nactivation=linear\n[avgpool]\n%s", keys);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = network_of (text, &error);

  g_assert_no_error (error);
  return network;
}

static void
test_softmax (void)
{
  const char *ends[] = { "[softmax]\n", "[softmax]\ntemperature=3\n", "[softmax]\n[cost]\ntype=sse\nscale=2\n" };
  const double raw[5] = { 1, -2, .5, 3, 0 }, step = 1e-6;
  const EspLabel label = { 2, { 0 } };
  const EspLabels labels = { 1, (EspLabel *) &label };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++)
    {
      g_autoptr (EspLoss) loss = loss_of (classifier (ends[i]), NULL);
      double gradient[5], scratch[5];
      EspLossParts parts, more, less;

      g_assert_cmpuint (esp_loss_get_source (loss), ==, 1);
      g_assert_cmpint (esp_loss_get_classes (loss), ==, 5);
      esp_loss_run_double (loss, loss->shape, raw, &labels, gradient, &parts);
      g_assert_cmpuint (parts.n_right, ==, 0);
      for (guint k = 0; k < 5; k++)
        {
          double moved[5];

          memcpy (moved, raw, sizeof moved);
          moved[k] += step;
          esp_loss_run_double (loss, loss->shape, moved, &labels, scratch, &more);
          moved[k] -= 2 * step;
          esp_loss_run_double (loss, loss->shape, moved, &labels, scratch, &less);
          assert_near (gradient[k], (more.total - less.total) / (2 * step), 1e-8, ends[i], k);
        }
      if (i == 0)
        assert_near (parts.total, log (exp (1) + exp (-2) + exp (.5) + exp (3) + 1) - .5, 1e-12, "by hand", 0);
    }
}

/* A perfect answer costs nothing with smoothing, too. */
static void
test_softmax_smooth (void)
{
  const char *text = "[net]\nwidth=2\nheight=2\nchannels=3\nlabel_smooth_eps=.1\n[convolutional]\nfilters=3\nsize=1\nactivation=linear\n["
                     "avgpool]\n[softmax]\n";
  const double raw[3] = { log (.05), log (.9), log (.05) };
  const EspLabel label = { 1, { 0 } };
  g_autoptr (EspLoss) loss = loss_of (network_of (text, NULL), NULL);
  double gradient[3];
  EspLossParts parts;

  esp_loss_run_double (loss, loss->shape, raw, &(EspLabels){ 1, (EspLabel *) &label }, gradient, &parts);
  assert_near (parts.total, 0, 1e-12, "least", 0);
  for (guint i = 0; i < 3; i++)
    assert_near (gradient[i], 0, 1e-12, "least", i);
  g_assert_cmpuint (parts.n_right, ==, 1);
  esp_loss_run_double (loss, loss->shape, raw, &(EspLabels){ 0, NULL }, gradient, &parts);
  g_assert_cmpuint (parts.n_skipped, ==, 1);
}

static void
assert_no_loss (EspNetwork *network, guint layer, const char *message)
{
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (network);
  g_assert_null (esp_loss_new (network, layer, NULL, &error));
  g_assert_nonnull (error);
  if (strstr (error->message, message) == NULL)
    g_error ("“%s” does not say “%s”", error->message, message);
  esp_network_unref (network);
}

static void
test_refused (void)
{
  const char *yolo[][2] = {
    { "iou_loss=eiou\n", "t.cfg:15: iou_loss=eiou: expected mse, iou, giou, diou or ciou" },
    { "iou_thresh_kind=mse\n", "iou_thresh_kind=mse: expected iou" },
    { "label_smooth_eps=2\n", "label_smooth_eps=2: expected a number from 0 to 1" },
    { "counters_per_class=1,2\n", "counters_per_class=1,2: 2 numbers: expected 3" },
    { "focal_loss=1\nlabel_smooth_eps=.1\n", "focal_loss=1: not together" },
    { "obj_normalizer=-1\n", "obj_normalizer=-1: expected a number from 0" },
    { "ignore_thresh=high\n", "ignore_thresh=high" },
  };
  const char *region[][2] = { { "classfix=-1\n", "classfix=-1: it changes the loss" }, { "focal_loss=1\n", "focal_loss=1: it changes" } };

  for (guint i = 0; i < G_N_ELEMENTS (yolo); i++)
    assert_no_loss (yolo_network (yolo[i][0], ESP_DIALECT_AUTO, NULL), 1, yolo[i][1]);
  for (guint i = 0; i < G_N_ELEMENTS (region); i++)
    assert_no_loss (region_network (region[i][0], NULL), 1, region[i][1]);
  assert_no_loss (classifier ("[softmax]\nnoloss=1\n"), 2, "noloss=1");
  assert_no_loss (classifier ("[softmax]\ngroups=5\n"), 2, "groups=5: only one group");
  assert_no_loss (classifier ("[softmax]\n[cost]\ntype=smooth\n"), 3, "type=smooth: expected sse");
  assert_no_loss (classifier ("[cost]\ntype=sse\n"), 2, "type=sse: it can be trained only behind a [softmax]");
  assert_no_loss (classifier (""), 1, "a loss needs a [yolo], [region] or [softmax] layer");
  assert_no_loss (
      network_of ("[net]\nwidth=2\nheight=2\nchannels=3\nequidistant_point=1000\n[convolutional]\nfilters=3\nsize=1\n[softmax]\n", NULL), 1,
      "t.cfg:5: equidistant_point=1000: it changes the loss");
}

/* All heads of a network in order; every cfg that is at hand can be trained. */
static void
test_all_heads (void)
{
  const char *const cfgs[] = { "models/yolo-fastest-1.1-xl/yolo-fastest-1.1-xl.cfg", "cfg/yolov4.cfg", "cfg/yolov4-csp.cfg" };
  const guint heads[] = { 2, 3, 3 };

  for (guint i = 0; i < G_N_ELEMENTS (cfgs); i++)
    {
      g_autofree char *path = shared_file (cfgs[i]);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = NULL;
      g_autoptr (GPtrArray) losses = NULL;

      if (path == NULL)
        return;
      network = esp_network_load (path, &error);
      g_assert_no_error (error);
      losses = esp_losses_new (network, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (losses->len, ==, heads[i]);
      for (guint k = 0; k < losses->len; k++)
        g_assert_cmpuint (esp_loss_get_source (losses->pdata[k]) + 1, ==, esp_loss_get_layer (losses->pdata[k]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/loss/yolo/exact", test_yolo_exact);
  g_test_add_func ("/loss/region/exact", test_region_exact);
  g_test_add_func ("/loss/yolo/one-truth", test_one_truth);
  g_test_add_func ("/loss/yolo/ignored", test_ignored);
  g_test_add_func ("/loss/yolo/other-head", test_other_head);
  g_test_add_func ("/loss/yolo/two-on-one", test_two_on_one);
  g_test_add_func ("/loss/yolo/darknet-step", test_darknet_step);
  g_test_add_func ("/loss/yolo/max-delta", test_max_delta);
  g_test_add_func ("/loss/yolo/box-gain", test_box_gain);
  g_test_add_func ("/loss/yolo/skipped", test_skipped);
  g_test_add_func ("/loss/yolo/not-finite", test_not_finite);
  g_test_add_func ("/loss/yolo/batch", test_batch);
  g_test_add_func ("/loss/softmax", test_softmax);
  g_test_add_func ("/loss/softmax/smooth", test_softmax_smooth);
  g_test_add_func ("/loss/refused", test_refused);
  g_test_add_func ("/loss/all-heads", test_all_heads);
  return g_test_run ();
}
