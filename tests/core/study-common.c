/* study-common.c: a small network and data set in a folder of their own, and a main loop that waits */
#include "config.h"

#include "study-common.h"

#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#include <string.h>

#include "base/file.h"
#include "base/rng.h"
#include "measure/summary.h"
#include "net/cut.h"
#include "study/material.h"

static const char cfg_text[] = "[net]\nwidth=64\nheight=64\nchannels=3\n\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\nstride=2\npad=1\nactivation=leaky\n\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\nstride=1\npad=1\nactivation=leaky\n\n"
                               "[shortcut]\nfrom=-2\nactivation=linear\n\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=32\nsize=3\nstride=2\npad=1\nactivation=leaky\n\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=24\nsize=3\nstride=2\npad=1\nactivation=leaky\n\n"
                               "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n\n"
                               "[yolo]\nmask=0,1\nanchors=20,20, 40,36\nclasses=2\nnum=2\n";

static char *
put (Bench *bench, const char *name, const char *text)
{
  char *path = g_build_filename (bench->folder, name, NULL);
  g_autoptr (GError) error = NULL;

  g_assert_true (esp_file_write (path, text, strlen (text), &error));
  g_assert_no_error (error);
  return path;
}

static void
put_picture (Bench *bench, guint index, GRand *rand)
{
  g_autofree char *name = g_strdup_printf ("%03u.png", index), *path = g_build_filename (bench->folder, name, NULL);
  g_autoptr (GdkPixbuf) picture = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 80, 60);
  guchar *pixels = gdk_pixbuf_get_pixels (picture);
  g_autoptr (GError) error = NULL;

  for (int y = 0; y < 60; y++)
    for (int x = 0; x < 80 * 3; x++)
      pixels[y * gdk_pixbuf_get_rowstride (picture) + x] = (guchar) (g_rand_int (rand) & 255);
  g_assert_true (gdk_pixbuf_save (picture, path, "png", &error, NULL));
  g_assert_no_error (error);
}

static void
append_label (GString *text, const EspOutcome *outcome, guint rank)
{
  const EspDetection *d = &outcome->detections[MIN (rank, outcome->n - 1)];
  const double x0 = CLAMP (d->box.x - d->box.w / 2, 0, 1), x1 = CLAMP (d->box.x + d->box.w / 2, 0, 1);
  const double y0 = CLAMP (d->box.y - d->box.h / 2, 0, 1), y1 = CLAMP (d->box.y + d->box.h / 2, 0, 1);

  g_string_append_printf (text, "%d %.4f %.4f %.4f %.4f\n", d->class_index, (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0);
}

/* Truth taken from what the network says itself, some of it from far down its list: a mAP that is neither 0 nor 1. */
static void
put_labels (Bench *bench)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspMaterial) m = esp_material_load (&bench->files, NULL, &error);
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = ESP_BACKEND_REFERENCE, .bn = ESP_BN_ALEXEY, .batch = 1 };
  g_autoptr (EspEngine) engine = esp_engine_new (m->network, m->weights, &options, NULL, &error);
  g_autoptr (EspPass) pass = esp_pass_new (engine, m->dataset, NULL, m->cache, &m->options);

  for (guint i = 0; i < m->n_images; i++)
    {
      g_autofree char *name = g_strdup_printf ("%03u.txt", i), *path = NULL;
      g_autoptr (GString) text = g_string_new (NULL);
      g_autoptr (EspOutcome) outcome = NULL;

      g_assert_true (esp_pass_run (pass, &i, 1, &outcome, NULL, &error));
      g_assert_cmpuint (outcome->n, >, 0);
      append_label (text, outcome, 0);
      append_label (text, outcome, outcome->n / 4);
      append_label (text, outcome, outcome->n / 2);
      append_label (text, outcome, outcome->n - 1);
      path = put (bench, name, text->str);
    }
}

/* A network of random weights on random pictures. */
void
bench_make (Bench *bench, guint n_images, gboolean labelled)
{
  g_autoptr (GRand) rand = esp_rng_new (7, 0, 0);
  g_autoptr (GString) list = g_string_new (NULL);
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspWeights) weights = NULL;
  g_autoptr (GError) error = NULL;

  *bench = (Bench){ .folder = g_dir_make_tmp ("espalier-XXXXXX", NULL) };
  bench->files.cfg = put (bench, "net.cfg", cfg_text);
  bench->files.weights = g_build_filename (bench->folder, "net.weights", NULL);
  bench->files.names = put (bench, "net.names", "dog\ncat\n");
  network = esp_network_load (bench->files.cfg, &error);
  g_assert_no_error (error);
  weights = esp_weights_new_random (network, 3);
  g_assert_true (esp_weights_save (network, weights, bench->files.weights, &error));
  for (guint i = 0; i < n_images; i++)
    {
      put_picture (bench, i, rand);
      g_string_append_printf (list, "%03u.png\n", i);
    }
  if (n_images > 0)
    bench->files.data = put (bench, "list.txt", list->str);
  if (labelled)
    put_labels (bench);
}

void
remove_tree (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        remove_tree (path);
      else
        g_remove (path);
    }
  g_clear_pointer (&dir, g_dir_close);
  g_rmdir (folder);
}

void
isolate_state (void)
{
  g_autofree char *folder = g_dir_make_tmp ("espalier-state-XXXXXX", NULL);

  g_setenv ("XDG_STATE_HOME", folder, TRUE);
}

void
forget_state (void)
{
  remove_tree (g_getenv ("XDG_STATE_HOME"));
}

void
bench_clear (Bench *bench)
{
  remove_tree (bench->folder);
  g_free (bench->folder);
  esp_study_files_clear (&bench->files);
}

static gboolean
wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
wait_until (Condition condition, gpointer data)
{
  const gint64 patience = g_getenv ("ESP_KERNELS") != NULL ? 600 : 60; /* seconds; under a sanitizer kernels are slow */
  const gint64 end = g_get_monotonic_time () + patience * G_USEC_PER_SEC;
  const guint source = g_timeout_add (50, wake, NULL);

  while (!condition (data))
    {
      g_assert_cmpint (g_get_monotonic_time (), <, end);
      g_main_context_iteration (NULL, TRUE);
    }
  g_source_remove (source);
}

typedef struct
{
  const EspStudyFiles *files;
  EspMask *mask;
  EspBackendKind backend;
  guint batch;
  EspOutcome **outcomes; /* (nullable) */
  double map;
} Direct;

static void
run_direct (gpointer data)
{
  Direct *direct = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (EspMaterial) m = esp_material_load (direct->files, NULL, &error);
  g_autoptr (EspCut) cut = esp_cut_new (m->network, m->weights, direct->mask, NULL, &error);
  const EspEngineOptions options = { .mode = ESP_MODE_INFER, .backend = direct->backend, .bn = ESP_BN_ALEXEY, .batch = direct->batch };
  g_autoptr (EspEngine) engine = esp_engine_new (esp_cut_get_network (cut), esp_cut_get_weights (cut), &options, NULL, &error);
  g_autoptr (EspPass) pass = esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options);
  g_autofree guint *indices = g_new (guint, m->n_images);
  g_autofree EspOutcome **outcomes = g_new0 (EspOutcome *, m->n_images);
  g_autoptr (EspSummary) summary = NULL;

  for (guint i = 0; i < m->n_images; i++)
    indices[i] = i;
  g_assert_true (esp_pass_run (pass, indices, m->n_images, outcomes, NULL, &error));
  g_assert_no_error (error);
  summary = esp_summary_new (outcomes, m->n_images, m->n_classes, esp_protocol_find ("darknet"));
  direct->map = summary->map;
  for (guint i = 0; i < m->n_images; i++)
    if (direct->outcomes != NULL)
      direct->outcomes[i] = outcomes[i];
    else
      esp_outcome_free (outcomes[i]);
}

double
direct_map (EspLane *lane, const EspStudyFiles *files, EspMask *mask)
{
  Direct direct = { .files = files, .mask = mask, .backend = ESP_BACKEND_ONEDNN, .batch = 4 };

  esp_lane_call (lane, run_direct, &direct);
  return direct.map;
}

double
direct_map_in (EspLane *lane, const EspStudyFiles *files, EspMask *mask, EspBackendKind backend, EspOutcome **outcomes)
{
  Direct direct = { .files = files, .mask = mask, .backend = backend, .batch = 1, .outcomes = outcomes };

  esp_lane_call (lane, run_direct, &direct);
  return direct.map;
}
