/* test-objective.c: the registry of what training makes small, and seeds that add up */
#include "config.h"

#include "net-common.h"

#include "train/objective.h"

static const char detector[] = "[net]\nwidth=32\nheight=32\nchannels=3\n"
                               "[convolutional]\nfilters=14\nsize=1\nactivation=linear\n"
                               "[yolo]\nmask=0,1\nanchors=8,8, 16,12\nclasses=2\nnum=2\n";
static const char classifier[] = "[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=3\nsize=4\nactivation=linear\n[softmax]\n";
static const char neither[] = "[net]\nwidth=4\nheight=4\nchannels=1\n[convolutional]\nfilters=3\nsize=3\nactivation=linear\n";

static void
test_rows (void)
{
  guint n = 0;

  for (const EspObjective *row; (row = esp_objective_get (n)) != NULL; n++)
    {
      g_autoptr (EspTerm) term = esp_term_new (row), again = NULL;
      g_autofree char *text = esp_term_to_text (term);

      g_assert_true (esp_objective_find (row->id) == row);
      g_assert_true (row->title != NULL && row->source != NULL && row->begin != NULL && row->end != NULL);
      for (guint i = 0; i < row->n_parameters; i++)
        {
          const EspKnob *parameter = &row->parameters[i];

          g_assert_true (parameter->lowest <= parameter->preset && parameter->preset <= parameter->highest);
          g_assert_true (parameter->lowest <= parameter->slider_low && parameter->slider_high <= parameter->highest);
        }
      again = esp_term_parse (text, NULL);
      g_assert_nonnull (again);
      g_assert_cmpmem (again->values, row->n_parameters * sizeof (double), term->values, row->n_parameters * sizeof (double));
    }
  g_assert_cmpuint (n, >=, 2);
}

static void
test_parse (void)
{
  const char *const bad[] = { "none",
                              "detection:box-gradient",
                              "detection:box-gradient=2",
                              "detection:box-gain=-1",
                              "detection:box-gain=nan",
                              "detection:box-gain=1x",
                              "detection:gain=1" };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspTerm) term = esp_term_parse ("detection:box-gain=2.5,box-gradient=exact", &error);

  g_assert_no_error (error);
  g_assert_cmpfloat (term->values[0], ==, 1);
  g_assert_cmpfloat (term->values[1], ==, 2.5);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_assert_null (esp_term_parse (bad[i], &error));
      g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
      g_clear_error (&error);
    }
}

/* What a network is trained for, and that an objective refuses one that is not for it. */
static void
test_fits (void)
{
  const char *const texts[] = { detector, classifier, neither }, *const ids[] = { "detection", "classification", NULL };

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr (EspNetwork) network = network_of (texts[i], NULL);
      const EspObjective *own = esp_objective_of (network);

      g_assert_cmpstr (own != NULL ? own->id : NULL, ==, ids[i]);
      for (guint k = 0; k < 2; k++)
        {
          g_autoptr (EspTerm) term = esp_term_new (esp_objective_find (ids[k]));
          g_autoptr (GError) error = NULL;
          gpointer state = term->objective->begin (network, term->values, &error);

          g_assert_true ((state != NULL) == (i == k));
          if (state != NULL)
            term->objective->end (state);
          else
            g_assert_error (error, ESP_ERROR, ESP_ERROR_UNSUPPORTED);
        }
    }
}

static void
test_seeds (void)
{
  g_autoptr (EspSeeds) seeds = esp_seeds_new (3);
  float *first = esp_seeds_get (seeds, 1, 4);

  first[2] = 1;
  g_assert_true (esp_seeds_get (seeds, 1, 4) == first && first[2] == 1);
  esp_seeds_clear (seeds);
  first = esp_seeds_get (seeds, 1, 6);
  for (guint i = 0; i < 6; i++)
    g_assert_cmpfloat (first[i], ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/objective/rows", test_rows);
  g_test_add_func ("/objective/parse", test_parse);
  g_test_add_func ("/objective/fits", test_fits);
  g_test_add_func ("/objective/seeds", test_seeds);
  return g_test_run ();
}
