/* test-curve.c: curves, the band of chance, sensitivity and cliffs; a mask's number is that of evaluate, and is measured once */
#include "config.h"

#include "search/sensitivity.h"

#include <math.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/file.h"
#include "measure/summary.h"

#include "material-common.h"

#define N_IMAGES 8
#define N_RATIOS 3

static const double ratios[N_RATIOS] = { .1, .3, .6 };

typedef struct
{
  Bench bench;
  EspMaterial *m;
  guint indices[N_IMAGES];
  EspMeterInput input;
  EspMeter *meter;
  EspCurveInput curve;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->m = material_make (&fixture->bench, N_IMAGES);
  fixture->m->options.batch = 3; /* the last batch is not full */
  for (guint i = 0; i < N_IMAGES; i++)
    fixture->indices[i] = i;
  fixture->input = (EspMeterInput){ .pass = { fixture->m->network, fixture->m->weights, fixture->m->dataset, fixture->m->map,
                                              fixture->m->cache, &fixture->m->options, fixture->indices, N_IMAGES },
                                    .coupling = fixture->m->coupling,
                                    .protocol = fixture->m->protocol,
                                    .n_classes = 2,
                                    .replicates = 100,
                                    .seed = 1 };
  fixture->meter = esp_meter_new (&fixture->input);
  fixture->curve = (EspCurveInput){ fixture->meter, fixture->m->network, fixture->m->coupling, ratios, N_RATIOS, 2 };
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  esp_meter_free (fixture->meter);
  material_clear (fixture->m, &fixture->bench);
}

/* The number of the other road, to the last digit; the interval that is asked for directly. */
static void
test_one_road (Fixture *fixture, gconstpointer data)
{
  g_autoptr (EspLane) lane = esp_lane_new (1);
  g_autoptr (GError) error = NULL;
  EspMetered points[N_RATIOS], whole;
  guint n_unlike = 0;

  g_assert_true (esp_meter_measure (fixture->meter, NULL, TRUE, &whole, NULL, &error));
  g_assert_cmpfloat (whole.difference.value, ==, 0);
  g_assert_true (whole.share == 0 && whole.kept == 0);
  g_assert_true (esp_curve_measure (&fixture->curve, fixture->m->scores, points, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N_RATIOS; i++)
    {
      g_autoptr (EspMask) mask = esp_curve_mask (&fixture->curve, fixture->m->scores, ratios[i]);

      g_assert_cmpfloat (points[i].map, ==, direct_map (lane, &fixture->bench.files, mask));
      g_assert_cmpfloat_with_epsilon (points[i].difference.value, points[i].map - whole.map, 1e-12);
      g_assert_true (points[i].difference.low <= points[i].difference.value && points[i].difference.value <= points[i].difference.high);
      g_assert_cmpfloat_with_epsilon (points[i].share, ratios[i], .05);
      g_assert_true (points[i].params < whole.params && points[i].bflops < whole.bflops && !points[i].recalled);
      g_assert_cmpuint (points[i].kept, ==, esp_mask_count_kept (mask, points[i].thinnest));
      n_unlike += points[i].map != whole.map;
    }
  g_assert_cmpuint (n_unlike, >, 0);
}

/* What an earlier run measured is read, by another meter too, and nothing differs; what it did not is measured. */
static void
test_resumed (Fixture *fixture, gconstpointer data)
{
  g_autofree char *about = esp_meter_describe (&fixture->input), *path = g_build_filename (fixture->bench.folder, "rows.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  EspMetered first[N_RATIOS], again[N_RATIOS];
  g_autofree char *text = NULL;
  gsize n = 0;

  for (guint run = 0; run < 3; run++)
    {
      g_autoptr (EspRowFile) rows = esp_row_file_open (path, about, &error);
      EspMeterInput input = fixture->input;
      EspCurveInput curve = fixture->curve;

      g_assert_no_error (error);
      input.rows = rows;
      curve.meter = esp_meter_new (&input);
      g_assert_true (esp_curve_measure (&curve, fixture->m->scores, run == 0 ? first : again, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpuint (esp_row_file_get_n (rows), ==, N_RATIOS);
      esp_meter_free (curve.meter);
      for (guint i = 0; i < N_RATIOS && run > 0; i++)
        {
          g_assert_true (again[i].recalled == (run == 1 || i < N_RATIOS - 1));
          g_assert_true (again[i].map == first[i].map && again[i].difference.low == first[i].difference.low
                         && again[i].difference.high == first[i].difference.high && again[i].f1 == first[i].f1);
        }
      g_clear_pointer (&text, g_free);
      g_assert_true (g_file_get_contents (path, &text, &n, NULL));
      if (run == 1) /* stopped in the middle of its last line */
        g_assert_true (g_file_set_contents (path, text, (gssize) n - 9, NULL));
    }
}

static void
test_row_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->bench.folder, "rows.jsonl", NULL);
  g_autoptr (GError) error = NULL;
  EspRowFile *rows = esp_row_file_open (path, "one “thing”", &error);
  JsonObject *values = json_object_new ();

  g_assert_no_error (error);
  g_assert_null (esp_row_file_get (rows, "a"));
  json_object_set_double_member (values, "x", .1);
  g_assert_true (esp_row_file_put (rows, "a\n\"b\"", values, &error));
  esp_row_file_free (rows);
  g_assert_null (esp_row_file_open (path, "another", &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_SHAPE);
  g_assert_nonnull (strstr (error->message, "its rows are of something else: “one “thing””, expected “another”"));
  g_clear_error (&error);
  rows = esp_row_file_open (path, "one “thing”", &error);
  g_assert_cmpfloat (json_object_get_double_member (esp_row_file_get (rows, "a\n\"b\""), "x"), ==, .1);
  esp_row_file_free (rows);
  g_assert_true (esp_file_write (path, "{\"format\": \"espalier-plan\"}\n", 28, NULL));
  g_assert_null (esp_row_file_open (path, "one “thing”", &error));
  g_assert_nonnull (strstr (error->message, "rows.jsonl:1"));
}

static int
ascending (const void *a, const void *b)
{
  return *(const double *) a < *(const double *) b ? -1 : *(const double *) a > *(const double *) b;
}

/* The fifth and ninety-fifth percentile of 21 seeds are the second lowest and the second highest. */
static void
test_band (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  EspBandPoint band[N_RATIOS];
  double maps[21 * N_RATIOS];

  g_assert_true (esp_random_band_measure (&fixture->curve, 21, 5, band, maps, NULL, &error));
  g_assert_no_error (error);
  for (guint i = 0; i < N_RATIOS; i++)
    {
      double sorted[21];

      for (guint s = 0; s < 21; s++)
        sorted[s] = maps[s * N_RATIOS + i];
      qsort (sorted, 21, sizeof (double), ascending);
      g_assert_cmpfloat_with_epsilon (band[i].low, sorted[1], 1e-12);
      g_assert_cmpfloat_with_epsilon (band[i].median, sorted[10], 1e-12);
      g_assert_cmpfloat_with_epsilon (band[i].high, sorted[19], 1e-12);
    }
  g_assert_cmpfloat (band[1].low, <, band[1].high);
}

/* Each row's masks differ from the whole network in its own layers alone, by the share asked for. */
static void
test_sensitivity (Fixture *fixture, gconstpointer data)
{
  for (guint by_group = 0; by_group < 2; by_group++)
    {
      EspSensitivityInput input = { .curve = fixture->curve, .scores = fixture->m->scores, .by_group = by_group };
      g_autoptr (GError) error = NULL;
      EspMetered whole;
      g_autoptr (GPtrArray) rows = esp_sensitivity_measure (&input, &whole, NULL, &error);
      guint n = 0;

      g_assert_no_error (error);
      for (guint r = 0; r < rows->len; r++)
        {
          const EspSensitivity *row = g_ptr_array_index (rows, r);

          n += row->n_channels;
          for (guint i = 0; i < N_RATIOS; i++)
            {
              g_assert_cmpfloat_with_epsilon (row->points[i].share * (24 + 24 + 32 + 24), floor (ratios[i] * row->n_channels), 2);
              g_assert_cmpfloat_with_epsilon (row->shares[i] * row->n_channels, row->points[i].share * (24 + 24 + 32 + 24), 1e-9);
              g_assert_cmpfloat_with_epsilon (row->points[i].map - whole.map, row->points[i].difference.value, 1e-12);
            }
        }
      g_assert_cmpuint (n, ==, 24 + 24 + 32 + 24);
      if (!by_group)
        g_assert_cmpstr (((EspSensitivity *) g_ptr_array_index (rows, 0))->name, ==, "0+1");
    }
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  const double wrong[][2] = { { 0, .5 }, { .5, 1.5 }, { .5, .5 }, { .5, NAN } };
  const guint heads[] = { 5 };
  EspSensitivityInput input = { .curve = fixture->curve, .scores = fixture->m->scores, .layers = heads, .n_layers = 1 };
  g_autoptr (EspJob) job = esp_job_new ("");
  g_autoptr (GError) error = NULL;
  EspMetered whole, points[N_RATIOS];
  EspBandPoint band[N_RATIOS];

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_assert_false (esp_ratios_check (wrong[i], 2, &error));
      g_assert_nonnull (strstr (error->message, "expected numbers above 0 and at most 1"));
      g_clear_error (&error);
    }
  g_assert_null (esp_sensitivity_measure (&input, &whole, NULL, &error));
  g_assert_cmpstr (error->message, ==, "none of the layers asked for can be cut");
  g_clear_error (&error);
  input.layers = NULL;
  esp_job_cancel (job);
  g_assert_null (esp_sensitivity_measure (&input, &whole, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (esp_curve_measure (&fixture->curve, fixture->m->scores, points, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  g_assert_false (esp_random_band_measure (&fixture->curve, 3, 1, band, NULL, job, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_cliff (void)
{
  static const struct
  {
    guint n;
    double ratios[6], maps[6], whole, safe, from, to; /* from -1: none */
  } cases[] = {
    { 5, { .1, .3, .5, .52, .9 }, { .8, .8, .78, .3, .1 }, .8, .5, .5, .52 },
    { 4, { .2, .4, .6, .8 }, { .64, .48, .32, .16 }, .8, 0, -1, 0 },  /* even */
    { 3, { .05, .1, .8 }, { .1, .05, .0 }, .8, 0, 0, .05 },           /* from the start */
    { 4, { .1, .2, .3, .7 }, { .79, .6, .38, 0 }, .8, .1, -1, 0 },    /* half goes over .2 of .7: less than twice the mean */
    { 4, { .1, .2, .25, .9 }, { .79, .5, .3, .2 }, .8, .1, .1, .25 }, /* over two steps */
    { 3, { .1, .2, .3 }, { .7, .8, .8 }, .8, 0, -1, 0 },              /* falls and comes back */
    { 2, { .1, .2 }, { 0, 0 }, 0, 0, -1, 0 },                         /* nothing to lose */
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const EspCliff cliff = esp_cliff_find (cases[i].ratios, cases[i].maps, cases[i].n, cases[i].whole);

      if (cases[i].whole > 0)
        g_assert_cmpfloat (cliff.safe, ==, cases[i].safe);
      if (cases[i].from < 0)
        g_assert_true (isnan (cliff.from) && isnan (cliff.to));
      else
        {
          g_assert_cmpfloat (cliff.from, ==, cases[i].from);
          g_assert_cmpfloat (cliff.to, ==, cases[i].to);
        }
    }
}

#define ADD(name, function) g_test_add (name, Fixture, NULL, set_up, function, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("/curve/one-road", test_one_road);
  ADD ("/curve/resumed", test_resumed);
  ADD ("/curve/row-file", test_row_file);
  ADD ("/curve/band", test_band);
  ADD ("/curve/sensitivity", test_sensitivity);
  ADD ("/curve/refused", test_refused);
  g_test_add_func ("/curve/cliff", test_cliff);
  return g_test_run ();
}
