/* test-train-start.c: the numbers that training begins with, the cfg for other classes, and the log of a run */
#include "config.h"

#include "data-common.h"
#include "net-common.h"

#include <math.h>

#include "train/reclass.h"
#include "train/start.h"
#include "train/train-log.h"

#define HEAD "[convolutional]\nfilters=%d\nsize=1\nactivation=linear\n[yolo]\nmask=0,1\nanchors=8,8, 16,12\nclasses=%d # of mine\nnum=2\n"

static EspNetwork *
detector (int classes, int filters)
{
  g_autofree char *text = g_strdup_printf ("[net]\nwidth=32\nheight=32\nchannels=3\n# a comment\n"
                                           "[convolutional]\nbatch_normalize=1\nfilters=%d\nsize=3\nstride=4\npad=1\nactivation=leaky\n"
                                           "[convolutional]\nbatch_normalize=1\nfilters=300\nsize=3\npad=1\nactivation=linear\n" HEAD,
                                           filters, 2 * (5 + classes), classes);
  g_autoptr (GError) error = NULL;
  EspNetwork *network = network_of (text, &error);

  g_assert_no_error (error);
  return network;
}

static double
deviation (const float *values, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) values[i] * (double) values[i];
  return sqrt (sum / (double) n);
}

static void
test_drawn (void)
{
  const EspStartOptions options = { .seed = 7, .prior = .01 };
  g_autoptr (EspNetwork) network = detector (3, 64);
  g_autoptr (EspWeights) a = esp_start_new (network, &options), b = esp_start_new (network, &options);
  const EspParams *first = esp_weights_get (a, 0), *linear = esp_weights_get (a, 1), *head = esp_weights_get (a, 2);

  g_assert_cmpfloat_with_epsilon (deviation (first->weights, first->n_weights), sqrt (2. / 27), .015);
  g_assert_cmpfloat_with_epsilon (deviation (linear->weights, linear->n_weights), sqrt (1. / 576), .001);
  g_assert_cmpfloat_with_epsilon (deviation (head->weights, head->n_weights), .01, .0005);
  for (guint i = 0; i < first->filters; i++)
    g_assert_true (first->scales[i] == 1 && first->variances[i] == 1 && first->means[i] == 0 && first->biases[i] == 0);
  for (guint i = 0; i < head->filters; i++)
    g_assert_cmpfloat_with_epsilon (1 / (1 + exp (-(double) head->biases[i])), i % 8 == 4 ? .01 : .5, 1e-6);
  g_assert_cmpmem (first->weights, first->n_weights * 4, esp_weights_get (b, 0)->weights, first->n_weights * 4);
}

/* Everything is shared with the same network; nothing behind the layer where taking stops. */
static void
test_taken (void)
{
  EspStartOptions options = { .seed = 7, .prior = .01 };
  g_autoptr (EspNetwork) network = detector (3, 64);
  g_autoptr (EspWeights) trained = esp_weights_new_random (network, 3);
  g_autoptr (GArray) none = NULL, drawn = NULL;
  g_autoptr (EspWeights) same = esp_start_from (network, network, trained, &options, &none), part = NULL;

  g_assert_cmpuint (none->len, ==, 0);
  for (guint i = 0; i < 3; i++)
    g_assert_true (esp_weights_get (same, i) == esp_weights_get (trained, i));
  options.upto = 1;
  part = esp_start_from (network, network, trained, &options, &drawn);
  g_assert_cmpuint (drawn->len, ==, 2);
  g_assert_cmpuint (g_array_index (drawn, guint, 0), ==, 1);
  g_assert_true (esp_weights_get (part, 0) == esp_weights_get (trained, 0));
  g_assert_cmpfloat (esp_weights_get (part, 1)->scales[0], ==, 1);
}

static void
test_other_classes (void)
{
  EspStartOptions options = { .seed = 7, .prior = .01 };
  g_autoptr (EspNetwork) old = detector (5, 64), network = detector (3, 64), wider = detector (3, 48);
  g_autoptr (EspWeights) trained = esp_weights_new_random (old, 3), kept = NULL, fresh = NULL, other = NULL;
  g_autoptr (GArray) drawn = NULL, more = NULL;
  const EspParams *was = esp_weights_get (trained, 2), *is;

  kept = esp_start_from (network, old, trained, &options, &drawn);
  g_assert_cmpuint (drawn->len, ==, 1);
  is = esp_weights_get (kept, 2);
  for (guint i = 0; i < 16; i++) /* x y w h objectness of two anchors */
    g_assert_true ((memcmp (is->weights + i * 300, was->weights + (i / 8 * 10 + i % 8) * 300, 1200) == 0) == (i % 8 < 5));
  g_assert_cmpfloat (is->biases[8 + 4], ==, was->biases[10 + 4]);
  options.heads = ESP_START_DRAW_HEADS;
  fresh = esp_start_from (network, old, trained, &options, NULL);
  g_assert_cmpfloat_with_epsilon (esp_weights_get (fresh, 2)->biases[4], log (.01 / .99), 1e-6);
  other = esp_start_from (wider, old, trained, &options, &more);
  g_assert_cmpuint (more->len, ==, 3);
  g_assert_cmpfloat (esp_weights_get (other, 0)->scales[0], ==, 1);
}

/* Nothing but the two values changes, byte for byte. */
static void
test_reclass (void)
{
  g_autoptr (EspNetwork) network = detector (80, 8);
  g_autoptr (GError) error = NULL;
  EspCfg *cfg = esp_reclass (network, 3, &error);
  g_autofree char *text = NULL, *expected = NULL;
  g_autoptr (EspNetwork) made = NULL, wanted = detector (3, 8);

  g_assert_no_error (error);
  text = esp_cfg_to_text (cfg, NULL);
  expected = esp_cfg_to_text (esp_network_get_cfg (wanted), NULL);
  g_assert_cmpstr (text, ==, expected);
  made = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_classes (made), ==, 3);
}

static void
test_reclass_classifier (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=8\nheight=8\nchannels=1\n[convolutional]\nfilters=1000\nsize=3\nactivation=linear\n"
                    "[avgpool]\n[dropout]\nprobability=.5\n[softmax]\n",
                    &error);
  g_autoptr (EspNetwork) made = NULL, image = NULL;
  EspCfg *cfg;

  g_assert_no_error (error);
  cfg = esp_reclass (network, 10, &error);
  g_assert_no_error (error);
  made = esp_network_new (cfg, &error);
  g_assert_no_error (error);
  g_assert_cmpint (esp_network_get_scores (made), ==, 10);
  g_assert_null (esp_reclass (network, 0, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  g_clear_error (&error);
  image = network_of ("[net]\nwidth=1\nheight=1\nchannels=3\n[softmax]\n", &error);
  g_assert_no_error (error);
  g_assert_null (esp_reclass (image, 10, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
}

static const EspTrainRecord one = { .epoch = 1,
                                    .step = 13,
                                    .images = 205,
                                    .loss = 1. / 3,
                                    .box_loss = .1,
                                    .objectness_loss = .2,
                                    .class_loss = 1e-30,
                                    .iou = .75,
                                    .map = .5,
                                    .rate = .001,
                                    .seconds = 12.5,
                                    .total_seconds = 12.5,
                                    .images_per_second = 33.25,
                                    .memory = 123456789012 };

static void
test_log (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "log.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) records = NULL, left = NULL;
  EspTrainRecord other = one;
  guint64 first, second;

  other.epoch = 2;
  other.map = other.iou = (double) NAN;
  other.classifies = TRUE;
  g_assert_true (esp_train_log_cut (path, 0, &error));
  g_assert_true (esp_train_log_append (path, &one, &first, &error));
  g_assert_true (esp_train_log_append (path, &other, &second, &error));
  g_assert_no_error (error);
  records = esp_train_log_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (records->len, ==, 2);
  g_assert_cmpmem (&g_array_index (records, EspTrainRecord, 0), sizeof one, &one, sizeof one);
  g_assert_true (isnan (g_array_index (records, EspTrainRecord, 1).map) && g_array_index (records, EspTrainRecord, 1).classifies);
  g_assert_true (esp_train_log_cut (path, first + 5, &error)); /* half a line is one being written */
  left = esp_train_log_load (path, &error);
  g_assert_cmpuint (left->len, ==, 1);
  g_assert_true (esp_train_log_cut (path, first, &error));
  g_assert_false (esp_train_log_cut (path, second, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
  remove_tree (folder);
}

static void
test_log_damaged (void)
{
  g_autofree char *folder = make_folder (), *path = g_build_filename (folder, "log.jsonl", NULL), *line = esp_train_record_to_line (&one);
  const char *const bad[] = { "\n", "[]\n", "{\"epoch\": 1}\n", "{\"epoch\": \"1\", \"loss\": 2}\n", "{\"epoch\": 1, \"epoch\": 2}\n" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *text = g_strconcat (line, bad[i], NULL);
      g_autoptr (GError) error = NULL;

      g_assert_true (g_file_set_contents (path, text, -1, NULL));
      g_assert_null (esp_train_log_load (path, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
      g_assert_nonnull (strstr (error->message, "log.jsonl:2"));
    }
  remove_tree (folder);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/train-start/drawn", test_drawn);
  g_test_add_func ("/train-start/taken", test_taken);
  g_test_add_func ("/train-start/other-classes", test_other_classes);
  g_test_add_func ("/train-start/reclass", test_reclass);
  g_test_add_func ("/train-start/reclass-classifier", test_reclass_classifier);
  g_test_add_func ("/train-start/log", test_log);
  g_test_add_func ("/train-start/log-damaged", test_log_damaged);
  return g_test_run ();
}
