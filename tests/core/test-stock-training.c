/* test-stock-training.c: learning rates and updates beside stock darknet's own */
#include "config.h"

#include "train/train-keys.h"

#include "base/file.h"
#include "net-common.h"

#include <glib/gstdio.h>

#include <math.h>

#ifdef ESP_HAVE_LIBDARKNET
#include <darknet.h>

#define IMAGES 8
#define LAYERS                                                                                                                             \
  "[convolutional]\nbatch_normalize=1\nfilters=5\nsize=3\npad=1\nactivation=leaky\n"                                                       \
  "[convolutional]\nfilters=4\nsize=1\nactivation=linear\n[connected]\noutput=3\nactivation=linear\n"

static char *
text_of (const char *net)
{
  return g_strconcat ("[net]\nwidth=6\nheight=6\nchannels=3\nbatch=8\nsubdivisions=2\n", net, "\n", LAYERS, NULL);
}

static network *
open_stock (const char *text)
{
  g_autofree char *path = NULL;
  const int file = g_file_open_tmp ("espalier-XXXXXX.cfg", &path, NULL);
  network *stock;

  g_assert_cmpint (file, >=, 0);
  g_close (file, NULL);
  g_assert_true (esp_file_write (path, text, strlen (text), NULL));
  stock = parse_network_cfg (path);
  g_remove (path);
  return stock;
}

/* Not steps=-1,… nor a sigmoid before its step, which AlexeyAB's takes as they are meant: stock darknet counts batches in size_t, by which
 * -1 is beyond all of them, and what lies before the step far behind it. */
static const char *const nets[] = {
  "learning_rate=.02",
  "learning_rate=.02\nburn_in=100",
  "learning_rate=.02\nburn_in=100\npower=1.5",
  "learning_rate=.001\npolicy=steps\nburn_in=50\nsteps=60,80,81\nscales=.1,10,.5",
  "learning_rate=.1\npolicy=step\nstep=30\nscale=.7",
  "learning_rate=.1\npolicy=exp\ngamma=.98",
  "learning_rate=.1\npolicy=poly\npower=4\nmax_batches=200",
  "learning_rate=.1\npolicy=poly\nmax_batches=200\nburn_in=20",
  "learning_rate=.1\npolicy=sigmoid\ngamma=.1\nstep=0",
};

/* darknet's are floats. */
static void
test_rates (void)
{
  for (guint c = 0; c < G_N_ELEMENTS (nets); c++)
    {
      g_autofree char *text = text_of (nets[c]);
      g_autoptr (EspNetwork) ours = network_of (text, NULL);
      g_autoptr (EspTrainKeys) keys = esp_train_keys_read (ours, NULL);
      network *stock = open_stock (text);

      g_assert_nonnull (keys);
      for (guint i = 1; i < 150; i++)
        {
          const double rate = esp_schedule_rate (&keys->schedule, i);
          double expected;

          *stock->seen = (size_t) i * IMAGES;
          expected = (double) get_current_rate (stock);
          if (!(fabs (rate - expected) <= 3e-6 * expected))
            g_error ("%s: %.9g at %u, darknet has %.9g", nets[c], rate, i, expected);
        }
      free_network (stock);
    }
}

static float *
stock_numbers (const layer *l, EspParameter parameter, float **updates)
{
  switch (parameter)
    {
    case ESP_PARAMETER_WEIGHTS:
      *updates = l->weight_updates;
      return l->weights;
    case ESP_PARAMETER_SCALES:
      *updates = l->scale_updates;
      return l->scales;
    case ESP_PARAMETER_BIASES:
    default:
      *updates = l->bias_updates;
      return l->biases;
    }
}

/* What a backward would have added: darknet sums the way down, not the way up. */
static void
give_gradients (EspParameterVector *vector, network *stock, guint update)
{
  float *gradients = esp_parameter_vector_get_gradients (vector);
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (vector, &n);

  for (guint s = 0; s < n; s++)
    for (gsize i = 0; i < slots[s].n; i++)
      {
        float *updates;

        stock_numbers (&stock->layers[slots[s].layer], slots[s].parameter, &updates);
        gradients[slots[s].at + i] = 5 * sinf ((float) (slots[s].at + i) * .7f + (float) update);
        updates[i] -= gradients[slots[s].at + i];
      }
}

static double
distance (EspParameterVector *vector, const network *stock, gboolean copy)
{
  float *parameters = esp_parameter_vector_get_parameters (vector);
  double most = 0;
  guint n;
  const EspParameterSlot *slots = esp_parameter_vector_get_slots (vector, &n);

  for (guint s = 0; s < n; s++)
    for (gsize i = 0; i < slots[s].n; i++)
      {
        float *updates;
        const float stocks = stock_numbers (&stock->layers[slots[s].layer], slots[s].parameter, &updates)[i];

        if (copy)
          parameters[slots[s].at + i] = stocks;
        most = MAX (most, fabs ((double) parameters[slots[s].at + i] - (double) stocks));
      }
  return most;
}

static void
test_updates (void)
{
  g_autofree char *text = text_of ("learning_rate=.05\nmomentum=.9\ndecay=.01\nburn_in=4\npower=1\npolicy=steps\nsteps=8\nscales=.1");
  g_autoptr (EspNetwork) ours = network_of (text, NULL);
  g_autoptr (EspWeights) weights = esp_weights_new_zero (ours);
  g_autoptr (EspTrainKeys) keys = esp_train_keys_read (ours, NULL);
  g_autoptr (EspParameterVector) vector = esp_parameter_vector_new (ours, weights);
  g_autoptr (EspOptimiser) optimiser = esp_optimiser_new (vector, &keys->optimiser);
  network *stock = open_stock (text);
  g_autofree float *first = NULL;
  double moved = 0;

  distance (vector, stock, TRUE);
  first = g_memdup2 (esp_parameter_vector_get_parameters (vector), esp_parameter_vector_get_n (vector) * sizeof (float));
  for (guint t = 1; t <= 12; t++)
    {
      give_gradients (vector, stock, t);
      *stock->seen = (size_t) t * IMAGES;
      update_network (stock);
      g_assert_true (esp_optimiser_step (optimiser, esp_schedule_rate (&keys->schedule, t), 1. / keys->batch));
      g_assert_cmpfloat (distance (vector, stock, FALSE), <, 1e-6);
    }
  for (gsize i = 0; i < esp_parameter_vector_get_n (vector); i++)
    moved = MAX (moved, fabs ((double) esp_parameter_vector_get_parameters (vector)[i] - (double) first[i]));
  g_assert_cmpfloat (moved, >, .05);
  free_network (stock);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stock-training/rates", test_rates);
  g_test_add_func ("/stock-training/updates", test_updates);
  return g_test_run ();
}
#else
static void
test_absent (void)
{
  g_test_skip ("libdarknet was not found");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/stock-training", test_absent);
  return g_test_run ();
}
#endif
