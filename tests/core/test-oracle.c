/* test-oracle.c: what libdarknet is asked, what it cannot hold, and what a helper that fails comes to */
#include "config.h"

#include "net-common.h"
#include "oracle-common.h"
#include "tree-common.h"

#include "measure/oracle-private.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static const char small[] = "[net]\nbatch=8\nsubdivisions=4\nwidth=32\nheight=32\nchannels=3\npolicy=steps\nsteps=1\n"
                            "[convolutional]\nbatch_normalize=1\nfilters=8\nsize=3\npad=1\nactivation=leaky\n[maxpool]\nsize=2\nstride=2\n"
                            "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n"
                            "[yolo]\nmask=0,1\nanchors=3,4, 5,6\nnum=2\nclasses=2\n";

typedef struct
{
  char *folder, *weights_path, *program;
  EspNetwork *network;
  EspWeights *weights;
} Fixture;

static void
set_up (Fixture *self, gconstpointer data)
{
  self->folder = g_dir_make_tmp ("espalier-XXXXXX", NULL);
  self->weights_path = g_build_filename (self->folder, "small.weights", NULL);
  self->program = g_build_filename (self->folder, "helper", NULL);
  self->network = network_of (small, NULL);
  self->weights = esp_weights_new_random (self->network, 1);
  g_assert_true (esp_weights_save (self->network, self->weights, self->weights_path, NULL));
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  g_remove (self->weights_path);
  g_remove (self->program);
  g_assert_cmpint (g_rmdir (self->folder), ==, 0);
  esp_network_unref (self->network);
  esp_weights_unref (self->weights);
  g_free (self->folder);
  g_free (self->weights_path);
  g_free (self->program);
}

/* What is in the temporary folder, which is this program's own. */
static guint
count_folders (void)
{
  g_autoptr (GDir) dir = g_dir_open (g_get_tmp_dir (), 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* A helper of a shell's making; "$4" is the result it should leave, $ORACLE the real one. */
static void
use_helper (Fixture *self, const char *script)
{
  g_autofree char *text = g_strconcat ("#!/bin/sh\n", script, "\n", NULL);

  g_assert_true (g_file_set_contents (self->program, text, -1, NULL));
  g_assert_cmpint (g_chmod (self->program, 0755), ==, 0);
  g_setenv ("ESPALIER_ORACLE", self->program, TRUE);
}

static void
assert_says (const char *text, const char *part)
{
  if (text == NULL || strstr (text, part) == NULL)
    g_error ("“%s” does not say “%s”", text != NULL ? text : "nothing", part);
}

/* The helper fails, and the message says @part. */
static void
assert_fails (Fixture *self, const char *script, double seconds, const char *part)
{
  g_autofree float *input = esp_oracle_noise (self->network, 1);
  const EspOracleQuestion question = { self->network, self->weights, self->weights_path, input, ESP_AT_OUT, seconds };
  g_auto (EspOracleReport) report = { NULL };
  g_autoptr (GError) error = NULL;

  use_helper (self, script);
  g_assert_false (esp_oracle_compare (&question, &report, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_ORACLE);
  assert_says (error->message, part);
}

/* Nothing is asked, and the reason says @part. */
static void
assert_silent (Fixture *self, const char *part)
{
  g_auto (EspOracleReport) report = { NULL };
  g_autoptr (GError) error = NULL;

  g_assert_true (compare_with_oracle (self->network, self->weights, self->weights_path, ESP_AT_OUT, &report, &error));
  g_assert_no_error (error);
  assert_says (report.reason, part);
  g_assert_false (esp_oracle_agrees (&report));
  g_assert_cmpuint (report.n_layers, ==, 0);
}

static void
test_agrees (Fixture *self, gconstpointer data)
{
  g_auto (EspOracleReport) report = { NULL };
  g_autoptr (GError) error = NULL;

  if (!use_built_oracle ())
    return;
  g_assert_true (compare_with_oracle (self->network, self->weights, self->weights_path, ESP_AT_OUT, &report, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (report.reason, ==, NULL);
  g_assert_true (esp_oracle_agrees (&report));
  g_assert_cmpuint (report.n_layers, ==, 4);
  g_assert_cmpfloat (report.worst.difference, >, 0);
  g_test_message ("worst layer %u: %.2e", report.worst.layer, report.worst.difference);
}

/* One layer's numbers are other ones in the file: the layers before it agree, it does not. */
static void
test_disagrees (Fixture *self, gconstpointer data)
{
  g_auto (EspOracleReport) report = { NULL };
  g_autoptr (GError) error = NULL;

  if (!use_built_oracle ())
    return;
  esp_weights_get (self->weights, 2)->biases[3] += 1;
  g_assert_true (compare_with_oracle (self->network, self->weights, self->weights_path, ESP_AT_OUT, &report, &error));
  g_assert_no_error (error);
  g_assert_false (esp_oracle_agrees (&report));
  g_assert_cmpfloat (report.layers[1].difference, <=, ESP_ORACLE_BOUND);
  g_assert_cmpfloat (report.layers[2].difference, >, .01);
  g_assert_cmpuint (report.worst.layer, >=, 2);
}

static void
test_absent (Fixture *self, gconstpointer data)
{
  g_autofree char *nowhere = g_build_filename (self->folder, "nowhere", NULL);

  g_setenv ("ESPALIER_ORACLE", nowhere, TRUE);
  assert_silent (self, "no such program");
  g_unsetenv ("ESPALIER_ORACLE"); /* nor is it beside the test */
  assert_silent (self, "libdarknet is installed");
  use_helper (self, "echo helper: error while loading shared libraries: libdarknet.so: no such file >&2; exit 127");
  assert_silent (self, "libdarknet.so: no such file");
  g_assert_true (g_file_set_contents (self->program, "\177ELF nothing", -1, NULL));
  g_assert_cmpint (g_chmod (self->program, 0755), ==, 0);
  assert_silent (self, "could not be run");
}

static void
test_fails (Fixture *self, gconstpointer data)
{
  assert_fails (self, "exit 0", 0, "without an answer");
  assert_fails (self, "echo Assertion failed >&2; exit 1", 0, "it said last: Assertion failed");
  assert_fails (self, "kill -9 $$", 0, "by signal 9");
  assert_fails (self, "kill -SEGV $$", 0, "by signal 11");
  assert_fails (self, "exec sleep 600", .3, "within 0.3 s");
  assert_fails (self, "head -c 100 /dev/zero >\"$4.part\"", 0, "without an answer"); /* cut short before it had its name */
  assert_fails (self, "head -c 24 /dev/zero >\"$4\"", 0, "24 bytes found, expected");
  assert_fails (self, "mkdir \"$4\"; exit 0", 0, "libdarknet's answer"); /* left behind in the temporary folder, and removed */
  g_assert_cmpuint (count_folders (), ==, 1);                            /* the fixture's */
}

/* The real one's answer, damaged in each of the ways that its reader looks for. */
static void
test_damaged (Fixture *self, gconstpointer data)
{
  static const struct
  {
    const char *how, *part;
  } cases[] = {
    { "truncate -s -4 \"$4\"", "bytes found, expected" },
    { "printf x >>\"$4\"", "bytes found, expected" },
    { "printf x | dd of=\"$4\" bs=1 seek=0 conv=notrunc 2>/dev/null", "does not begin" },
    { "printf '\\011' | dd of=\"$4\" bs=1 seek=8 conv=notrunc 2>/dev/null", "read 9 layers, expected 4" },
    { "printf '\\011' | dd of=\"$4\" bs=1 seek=12 conv=notrunc 2>/dev/null", "9 layers in" },
    { "printf '\\011' | dd of=\"$4\" bs=1 seek=24 conv=notrunc 2>/dev/null", "layer 9 found, expected 0" },
    { "printf '\\011' | dd of=\"$4\" bs=1 seek=32 conv=notrunc 2>/dev/null", "layer 0 is 9 × 32 × 32" },
    { "printf '\\377\\377' | dd of=\"$4\" bs=1 seek=54 conv=notrunc 2>/dev/null", "layer 0 is 8 × 32 × 32" },
  };

  if (!use_built_oracle ())
    return;
  g_setenv ("ORACLE", g_getenv ("ESPALIER_ORACLE"), TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *script = g_strconcat ("\"$ORACLE\" \"$@\"\n", cases[i].how, NULL);

      assert_fails (self, script, 0, cases[i].part);
    }
}

static gpointer
cancel_soon (gpointer job)
{
  g_usleep (200 * 1000);
  esp_job_cancel (job);
  return NULL;
}

static void
test_cancel (Fixture *self, gconstpointer data)
{
  g_autoptr (EspJob) job = esp_job_new ("asking");
  g_autofree float *input = esp_oracle_noise (self->network, 1);
  const EspOracleQuestion question = { self->network, self->weights, self->weights_path, input, ESP_AT_OUT, 0 };
  g_auto (EspOracleReport) report = { NULL }, again = { NULL };
  g_autoptr (GError) error = NULL;
  GThread *thread;

  use_helper (self, "exec sleep 600");
  thread = g_thread_new ("cancel", cancel_soon, job);
  g_assert_false (esp_oracle_compare (&question, &report, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_clear_error (&error);
  g_assert_false (esp_oracle_compare (&question, &again, job, &error)); /* cancelled before it is begun */
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The program by itself: what it says of words that it does not take. */
static void
test_usage (void)
{
  g_autoptr (GSubprocess) process = NULL;
  g_autofree char *said = NULL;

  if (!use_built_oracle ())
    return;
  process = g_subprocess_new (G_SUBPROCESS_FLAGS_STDERR_PIPE, NULL, g_getenv ("ESPALIER_ORACLE"), "a", "b", "c", "d", "1:pre", NULL);
  g_assert_true (g_subprocess_communicate_utf8 (process, NULL, NULL, NULL, &said, NULL));
  g_assert_cmpint (g_subprocess_get_exit_status (process), ==, 2);
  assert_says (said, "Usage");
}

/* The section's line is 5, that of the first of @lines 6. */
static void
refuse_options (EspLayerKind kind, const char *lines, const char *part)
{
  g_autofree char *text = g_strdup_printf ("[net]\nwidth=8\nheight=8\nchannels=3\n[%s]\n%s\n", esp_layer_kind_name (kind), lines);
  g_autoptr (EspCfg) cfg = esp_cfg_parse (text, strlen (text), "t.cfg", NULL);
  const EspLayer layer = { .kind = kind, .index = 7, .section = 1, .n_inputs = 1 };
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (cfg);
  if (part == NULL)
    {
      g_assert_true (esp_oracle_can_hold_layer (cfg, &layer, &error));
      return;
    }
  g_assert_false (esp_oracle_can_hold_layer (cfg, &layer, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_ORACLE);
  assert_says (error->message, part);
  assert_says (error->message, "layer 7");
}

/* Options by the cfg's own words, whether or not the reader of networks takes them. */
static void
test_options (void)
{
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "activation=leaky\ndilation=1", NULL);
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "dilation=1.0 # none", NULL);
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "stride_x=2\nstride=2", NULL);
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "activation=mish", "t.cfg:6: activation=mish: libdarknet does not know it and runs");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "activation=swish", "with relu");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "activation=relu6", "with relu");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "dilation=2", "t.cfg:6: dilation=2");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "antialiasing=1", "t.cfg:6: antialiasing=1");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "share_index=1", "t.cfg:6: share_index=1");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "numload=4", "does not read all numbers");
  refuse_options (ESP_LAYER_CONVOLUTIONAL, "stride_y=2\nstride=1",
                  "t.cfg:6: stride_y=2: libdarknet runs layer 7 [convolutional] with stride 1");
  refuse_options (ESP_LAYER_MAXPOOL, "stride_x=2\nstride=1", "with stride 1");
  refuse_options (ESP_LAYER_MAXPOOL, "maxpool_depth=1", "t.cfg:6: maxpool_depth=1");
  refuse_options (ESP_LAYER_ROUTE, "groups=1\ngroup_id=0", NULL);
  refuse_options (ESP_LAYER_ROUTE, "groups=2", "t.cfg:6: groups=2");
  refuse_options (ESP_LAYER_SHORTCUT, "weights_type=none", NULL);
  refuse_options (ESP_LAYER_SHORTCUT, "weights_type=per_channel", "t.cfg:6: weights_type=per_channel");
  refuse_options (ESP_LAYER_YOLO, "scale_x_y = 1.0", NULL);
  refuse_options (ESP_LAYER_YOLO, "scale_x_y = 1.05", "t.cfg:6: scale_x_y=1.05");
  refuse_options (ESP_LAYER_YOLO, "new_coords=1", "t.cfg:6: new_coords=1");
  refuse_options (ESP_LAYER_SCALE_CHANNELS, "from=-1", "t.cfg:5: [scale_channels]: libdarknet has nothing like it");
  refuse_options (ESP_LAYER_SAM, "from=-1", "t.cfg:5: [sam]: libdarknet has nothing like it");
  refuse_options (ESP_LAYER_YOLO, "map=data/9k.map", "t.cfg:6: map=data/9k.map");
  refuse_options (ESP_LAYER_REGION, "map=data/9k.map", "t.cfg:6: map=data/9k.map: libdarknet opens that file");
}

/* Whole networks that it cannot hold, and where they say so. */
static void
test_cannot_hold (Fixture *self, gconstpointer data)
{
  static const char net[] = "[net]\nwidth=8\nheight=8\nchannels=4\n";
  static const struct
  {
    const char *text, *part;
  } cases[] = {
    { "[convolutional]\nstride_x=2\nstride_y=2\n", "t.cfg:6: stride_x=2: libdarknet runs layer 0 [convolutional] with stride 1" },
    { "[dropout]\n", "t.cfg:5: [dropout]: libdarknet crashes where layer 0" },
    { "[convolutional]\nsize=3\npad=1\ndilation=2\n", "t.cfg:8: dilation=2: libdarknet runs layer 0" },
    { "[convolutional]\nfilters=4\nactivation=mish\n", "t.cfg:7: activation=mish: libdarknet does not know it and runs layer 0" },
    { "[convolutional]\nfilters=4\n[route]\nlayers=-1\ngroups=2\ngroup_id=1\n", "t.cfg:9: groups=2: libdarknet runs layer 1 [route]" },
    { "[convolutional]\nfilters=4\n[sam]\nfrom=-1\n", "t.cfg:7: [sam]: libdarknet has nothing like it" },
  };

  g_assert_true (esp_oracle_can_hold (self->network, self->weights, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat (net, cases[i].text, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = network_of (text, &error);
      g_autoptr (EspWeights) weights = NULL;

      g_assert_no_error (error);
      weights = esp_weights_new_zero (network);
      g_assert_false (esp_oracle_can_hold (network, weights, &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_ORACLE);
      assert_says (error->message, cases[i].part);
    }
  esp_weights_set_header (self->weights, (EspWeightsHeader){ 1000, 0, 0, 0 });
  g_setenv ("ESPALIER_ORACLE", "/", TRUE);
  assert_silent (self, "1000.0"); /* said before a helper is looked for */
}

/* A tree in [softmax] is held unless its path has blanks, one in [region] is not. */
static void
test_trees (Fixture *self, gconstpointer data)
{
  static const char text[] = "[net]\nwidth=8\nheight=8\nchannels=3\n[convolutional]\nfilters=12\nactivation=linear\n"
                             "[region]\nclasses=7\nnum=1\nanchors=1,1\ntree=t.tree\n[route]\nlayers=-2\n"
                             "[convolutional]\nfilters=7\nactivation=linear\n[avgpool]\n[softmax]\ntree=t.tree\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_beside_tree (text, &error);
  const EspCfg *cfg;
  EspLayer end;
  EspTree spaced;

  g_assert_no_error (error);
  cfg = esp_network_get_cfg (network);
  g_assert_false (esp_oracle_can_hold_layer (cfg, esp_network_get_layer (network, 1), &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_ORACLE);
  assert_says (error->message, "t.cfg:12: tree=t.tree: libdarknet divides by 0 in layer 1 [region]");
  g_clear_error (&error);
  end = *esp_network_get_layer (network, 5);
  g_assert_true (esp_oracle_can_hold_layer (cfg, &end, &error));
  spaced = *end.softmax.tree;
  spaced.path = (char *) "/a b/t.tree";
  end.softmax.tree = &spaced;
  g_assert_false (esp_oracle_can_hold_layer (cfg, &end, &error));
  assert_says (error->message, "libdarknet opens no path with blanks: /a b/t.tree");
}

/* What today's texts of the reader of networks hold and libdarknet cannot: each is named, with its line. */
static void
test_shared (gconstpointer name)
{
  g_autofree char *base = g_strconcat ("cfg/", name, ".cfg", NULL), *path = shared_file (base);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;

  if (path == NULL)
    return;
  network = esp_network_load (path, &error);
  if (network == NULL)
    {
      g_test_skip_printf ("not read yet: %s", error->message);
      return;
    }
  weights = esp_weights_new_zero (network);
  g_assert_false (esp_oracle_can_hold (network, weights, &error));
  g_test_message ("%s", error->message);
  assert_says (error->message, ".cfg:");
  assert_says (error->message, "layer ");
}

static void
test_difference (void)
{
  const float wanted[] = { 0, -4, 2 }, same[] = { 0, -4, 2 }, near[] = { 0, -4, 2.5f }, wild[] = { 0, NAN, 2 }, nothing[] = { 0, 0, 0 };

  g_assert_cmpfloat (esp_layer_difference (3, same, wanted, 3).difference, ==, 0);
  g_assert_cmpfloat (esp_layer_difference (3, near, wanted, 3).difference, ==, .125);
  g_assert_cmpfloat (esp_layer_difference (3, near, wanted, 3).largest, ==, 4);
  g_assert_true (isinf (esp_layer_difference (3, wild, wanted, 3).difference));
  g_assert_true (isinf (esp_layer_difference (3, wanted, wild, 3).difference));
  g_assert_true (isinf (esp_layer_difference (3, wanted, nothing, 3).difference));
  g_assert_cmpfloat (esp_layer_difference (3, nothing, nothing, 3).difference, ==, 0);
}

/* One channel of one convolution, by hand: x · gamma / sqrt (v + 1e-5) against x · gamma / (sqrt (v) + 1e-6). */
static void
test_distance (void)
{
  g_autoptr (EspNetwork) network
      = network_of ("[net]\nwidth=1\nheight=1\nchannels=1\n[convolutional]\nbatch_normalize=1\nactivation=linear\n", NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (network);
  const EspParams *params = esp_weights_get (weights, 0);
  const double variance = 1e-4, alexey = 1 / sqrt (variance + 1e-5), darknet = 1 / (sqrt (variance) + 1e-6);
  const float input = 1;
  g_autoptr (GError) error = NULL;
  EspLayerDifference worst;

  params->weights[0] = params->scales[0] = 1;
  params->variances[0] = (float) variance;
  g_assert_true (esp_bn_distance (network, weights, ESP_BN_ALEXEY, ESP_BN_DARKNET, &input, &worst, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpfloat (fabs (worst.difference - fabs (alexey - darknet) / darknet), <, 1e-6);
  g_assert_true (esp_bn_distance (network, weights, ESP_BN_DARKNET, ESP_BN_DARKNET, &input, &worst, NULL, &error));
  g_assert_cmpfloat (worst.difference, ==, 0);
}

static void
test_distance_fastest (void)
{
  g_autofree char *cfg = shared_file ("models/yolo-fastest-1.1/yolo-fastest-1.1.cfg");
  g_autofree char *file = cfg != NULL ? shared_file ("models/yolo-fastest-1.1/yolo-fastest-1.1.weights") : NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autofree float *input = NULL;
  EspLayerDifference worst;

  if (file == NULL)
    return;
  network = esp_network_load (cfg, NULL);
  weights = esp_weights_load (network, file, NULL);
  input = esp_oracle_noise (network, 1);
  g_assert_true (esp_bn_distance (network, weights, ESP_BN_ALEXEY, ESP_BN_DARKNET, input, &worst, NULL, NULL));
  g_test_message ("yolo-fastest-1.1: %.2e in layer %u", worst.difference, worst.layer);
  g_assert_cmpfloat (worst.difference, >, 1e-3); /* far above what two programs of one form differ by */
  g_assert_cmpfloat (worst.difference, <, 3e-2);
}

int
main (int argc, char **argv)
{
  static const char *const beyond[] = { "yolov4", "yolov4-tiny", "yolov4-csp", "yolov7-tiny", "enet-coco" };
  /* before g_get_tmp_dir () is first called, which remembers its answer */
  g_autofree char *folder = g_build_filename (P_tmpdir, "espalier-test-oracle-XXXXXX", NULL);
  int status;

  g_assert_nonnull (g_mkdtemp (folder));
  g_setenv ("TMPDIR", folder, TRUE);
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/oracle/agrees", Fixture, NULL, set_up, test_agrees, tear_down);
  g_test_add ("/oracle/disagrees", Fixture, NULL, set_up, test_disagrees, tear_down);
  g_test_add ("/oracle/absent", Fixture, NULL, set_up, test_absent, tear_down);
  g_test_add ("/oracle/fails", Fixture, NULL, set_up, test_fails, tear_down);
  g_test_add ("/oracle/damaged", Fixture, NULL, set_up, test_damaged, tear_down);
  g_test_add ("/oracle/cancel", Fixture, NULL, set_up, test_cancel, tear_down);
  g_test_add ("/oracle/cannot-hold", Fixture, NULL, set_up, test_cannot_hold, tear_down);
  g_test_add ("/oracle/trees", Fixture, NULL, set_up, test_trees, tear_down);
  g_test_add_func ("/oracle/usage", test_usage);
  g_test_add_func ("/oracle/options", test_options);
  g_test_add_func ("/oracle/difference", test_difference);
  g_test_add_func ("/oracle/bn-distance/by-hand", test_distance);
  g_test_add_func ("/oracle/bn-distance/yolo-fastest", test_distance_fastest);
  for (guint i = 0; i < G_N_ELEMENTS (beyond); i++)
    {
      g_autofree char *path = g_strconcat ("/oracle/cannot-hold/", beyond[i], NULL);

      g_test_add_data_func (path, beyond[i], test_shared);
    }
  status = g_test_run ();
  g_assert_cmpint (g_rmdir (folder), ==, 0);
  return status;
}
