/* test-schedule.c: what [net] says of training, and the learning rates that follow, against numbers worked by hand and in float64 */
#include "config.h"

#include "train/train-keys.h"

#include <math.h>

#include "train-common.h"

#define NET   "[net]\nwidth=4\nheight=4\nchannels=3\n"
#define CONV  "[convolutional]\nfilters=2\nsize=1\nactivation=linear\n"
#define NUMB  " expected a number"
#define WHOLE " expected a whole number"

static EspTrainKeys *
keys_of (const char *net, const char *layers)
{
  g_autofree char *text = g_strconcat (NET, net, "\n", layers, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (text, &error);
  EspTrainKeys *keys;

  g_assert_no_error (error);
  keys = esp_train_keys_read (network, &error);
  g_assert_no_error (error);
  return keys;
}

static void
test_rates (void)
{
  g_autoptr (JsonArray) rows = train_rows ("rates.json");

  g_assert_cmpuint (json_array_get_length (rows), >, 10);
  for (guint r = 0; r < json_array_get_length (rows); r++)
    {
      JsonObject *row = json_array_get_object_element (rows, r);
      JsonArray *at = json_object_get_array_member (row, "at"), *rates = json_object_get_array_member (row, "rates");
      g_autoptr (EspTrainKeys) keys = keys_of (json_object_get_string_member (row, "net"), CONV);

      for (guint i = 0; i < json_array_get_length (at); i++)
        {
          const guint64 iteration = (guint64) json_array_get_int_element (at, i);
          const double expected = json_array_get_double_element (rates, i), rate = esp_schedule_rate (&keys->schedule, iteration);

          if (!(fabs (rate - expected) <= 1e-12 * expected))
            g_error ("%s: %.17g at %" G_GUINT64_FORMAT ", expected %.17g", json_object_get_string_member (row, "name"), rate, iteration,
                     expected);
        }
    }
}

/* A few that can be worked in the head. */
static void
test_by_hand (void)
{
  g_autoptr (EspTrainKeys) keys = keys_of ("policy=steps\nlearning_rate=8\nburn_in=4\npower=2\nsteps=10,20\nscales=.5,.25", CONV);

  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 1), ==, .5); /* 8 / 16 */
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 2), ==, 2);
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 4), ==, 8);
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 9), ==, 8);
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 10), ==, 4);
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 20), ==, 1);
}

/* Drawn anew at each update, the same for the same seed. */
static void
test_random (void)
{
  g_autoptr (EspTrainKeys) keys = keys_of ("policy=random\nlearning_rate=2\npower=2", CONV);
  double sum = 0;

  keys->schedule.seed = 5;
  for (guint64 i = 1; i <= 2000; i++)
    {
      const double rate = esp_schedule_rate (&keys->schedule, i);

      g_assert_cmpfloat (rate, >=, 0);
      g_assert_cmpfloat (rate, <, 2);
      g_assert_cmpfloat (rate, ==, esp_schedule_rate (&keys->schedule, i));
      sum += rate;
    }
  g_assert_cmpfloat_with_epsilon (sum / 2000, 2. / 3, .05); /* 2 times the mean of u² */
  keys->schedule.seed = 6;
  g_assert_cmpfloat (esp_schedule_rate (&keys->schedule, 7), !=, (keys->schedule.seed = 5, esp_schedule_rate (&keys->schedule, 7)));
}

static void
test_defaults (void)
{
  g_autoptr (EspTrainKeys) keys = keys_of ("", CONV);

  g_assert_cmpuint (keys->batch, ==, 1);
  g_assert_cmpuint (keys->subdivisions, ==, 1);
  g_assert_cmpint (keys->schedule.policy, ==, ESP_POLICY_CONSTANT);
  g_assert_cmpfloat (keys->schedule.rate, ==, .001);
  g_assert_cmpfloat (keys->optimiser.momentum, ==, .9);
  g_assert_cmpfloat (keys->optimiser.decay, ==, .0001);
  g_assert_cmpint (keys->optimiser.kind, ==, ESP_OPTIMISER_SGD);
  g_assert_cmpfloat (keys->optimiser.average, ==, 0);
  g_assert_cmpuint (keys->optimiser.first_layer, ==, 0);
  g_assert_cmpuint (keys->optimiser.n_rules, ==, 1);
  g_assert_cmpfloat (keys->optimiser.rules[0].rate, ==, 1);
  g_assert_cmpuint (keys->optimiser.rules[0].from, ==, 1);
  g_assert_false (keys->optimiser.rules[0].only_norms);
}

static void
test_said (void)
{
  g_autoptr (EspTrainKeys) keys
      = keys_of ("batch=64 # images\nsubdivisions=16\nmomentum=0.949\ndecay=0.0005\nadam=1\nB1=.8\nB2=.99\neps=.001\n"
                 "ema_alpha=0.9998\nburn_in=100\npolicy=steps ; as ever\nsteps=5,6\nscales=.1,.1\nmax_batches=7",
                 CONV "learning_rate=.5\n" CONV "burnin_update=2\n" CONV "dont_update=30\ntrain_only_bn=1\n");

  g_assert_cmpuint (keys->batch, ==, 64);
  g_assert_cmpuint (keys->subdivisions, ==, 16);
  g_assert_cmpfloat (keys->optimiser.momentum, ==, .949);
  g_assert_cmpfloat (keys->optimiser.decay, ==, .0005);
  g_assert_cmpint (keys->optimiser.kind, ==, ESP_OPTIMISER_ADAM);
  g_assert_cmpfloat (keys->optimiser.b1, ==, .8);
  g_assert_cmpfloat (keys->optimiser.b2, ==, .99);
  g_assert_cmpfloat (keys->optimiser.epsilon, ==, .001);
  g_assert_cmpfloat (keys->optimiser.average, ==, .9998);
  g_assert_cmpuint (keys->schedule.max, ==, 7);
  g_assert_cmpfloat (keys->optimiser.rules[0].rate, ==, .5);
  g_assert_cmpuint (keys->optimiser.rules[1].from, ==, 200);
  g_assert_cmpuint (keys->optimiser.rules[2].from, ==, 31);
  g_assert_true (keys->optimiser.rules[2].only_norms);
}

/* stopbackward freezes the layer it stands in and all before it: for good, or up to an update. */
static void
test_stop (void)
{
  g_autoptr (EspTrainKeys) good = keys_of ("", CONV CONV "stopbackward=1\n" CONV);
  g_autoptr (EspTrainKeys) until = keys_of ("", CONV CONV "stopbackward=800\n" CONV);

  g_assert_cmpuint (good->optimiser.first_layer, ==, 2);
  g_assert_cmpuint (until->optimiser.first_layer, ==, 0);
  g_assert_cmpuint (until->optimiser.rules[0].from, ==, 801);
  g_assert_cmpuint (until->optimiser.rules[1].from, ==, 801);
  g_assert_cmpuint (until->optimiser.rules[2].from, ==, 1);
}

static const struct
{
  const char *net, *layers;
  EspError code;
  const char *message;
} refusals[] = {
  { "batch=0", CONV, ESP_ERROR_LIMIT, "t.cfg:5: batch=0:" WHOLE " from 1" },
  { "batch=many", CONV, ESP_ERROR_FORMAT, "t.cfg:5: batch=many:" WHOLE },
  { "batch=64\nsubdivisions=12", CONV, ESP_ERROR_SHAPE, "t.cfg:6: subdivisions=12: expected a divisor of batch=64" },
  { "learning_rate=-1", CONV, ESP_ERROR_LIMIT, "t.cfg:5: learning_rate=-1:" NUMB " from 0" },
  { "learning_rate=nan", CONV, ESP_ERROR_FORMAT, "t.cfg:5: learning_rate=nan:" NUMB },
  { "learning_rate=1e400", CONV, ESP_ERROR_FORMAT, "t.cfg:5: learning_rate=1e400:" NUMB },
  { "momentum=1", CONV, ESP_ERROR_LIMIT, "t.cfg:5: momentum=1:" NUMB " from 0 to below 1" },
  { "decay=2", CONV, ESP_ERROR_LIMIT, "t.cfg:5: decay=2:" NUMB " from 0 to 1" },
  { "burn_in=-5", CONV, ESP_ERROR_LIMIT, "t.cfg:5: burn_in=-5:" WHOLE },
  { "burn_in=2.5", CONV, ESP_ERROR_FORMAT, "t.cfg:5: burn_in=2.5:" WHOLE },
  { "max_batches=99999999999", CONV, ESP_ERROR_LIMIT, "t.cfg:5: max_batches=99999999999:" WHOLE },
  { "policy=step-wise", CONV, ESP_ERROR_UNSUPPORTED, "t.cfg:5: policy=step-wise: expected constant, step" },
  { "policy=poly", CONV, ESP_ERROR_FORMAT, "t.cfg:5: policy=poly: expected max_batches=" },
  { "policy=cosine", CONV, ESP_ERROR_FORMAT, "t.cfg:5: policy=cosine: expected max_batches=" },
  { "policy=steps", CONV, ESP_ERROR_FORMAT, "t.cfg:5: policy=steps: expected steps= and scales=" },
  { "policy=steps\nsteps=10", CONV, ESP_ERROR_SHAPE, "t.cfg:6: steps=10: 0 scales for 1 steps" },
  { "policy=steps\nsteps=10,20\nscales=.1", CONV, ESP_ERROR_SHAPE, "t.cfg:7: scales=.1: 1 scales for 2 steps" },
  { "policy=steps\nsteps=20,10\nscales=.1,.1", CONV, ESP_ERROR_FORMAT, "t.cfg:6: steps=20,10: number 2 is 10: expected them in ascending" },
  { "policy=steps\nsteps=20.5\nscales=.1", CONV, ESP_ERROR_LIMIT, "t.cfg:6: steps=20.5: number 1 is 20.5: expected a whole number" },
  { "policy=steps\nsteps=20,\nscales=.1,.1", CONV, ESP_ERROR_FORMAT, "t.cfg:6: steps=20,: expected numbers" },
  { "policy=steps\nsteps=20\nscales=-.1", CONV, ESP_ERROR_LIMIT, "t.cfg:7: scales=-.1: number 1 is -0.1" },
  { "policy=sgdr", CONV, ESP_ERROR_FORMAT, "t.cfg:5: policy=sgdr: expected max_batches= or sgdr_cycle= with it" },
  { "policy=sgdr\nsgdr_cycle=0\nmax_batches=9", CONV, ESP_ERROR_LIMIT, "t.cfg:6: sgdr_cycle=0:" WHOLE },
  { "adam=2", CONV, ESP_ERROR_LIMIT, "t.cfg:5: adam=2:" WHOLE " from 0 to 1" },
  { "adam=1\neps=0", CONV, ESP_ERROR_LIMIT, "t.cfg:6: eps=0:" NUMB },
  { "ema_alpha=1", CONV, ESP_ERROR_LIMIT, "t.cfg:5: ema_alpha=1:" NUMB },
  { "contrastive=1", CONV, ESP_ERROR_UNSUPPORTED, "t.cfg:5: contrastive=1: training does not do this" },
  { "", CONV "learning_rate=fast\n", ESP_ERROR_FORMAT, "t.cfg:10: learning_rate=fast:" NUMB },
  { "", CONV "stopbackward=-1\n", ESP_ERROR_LIMIT, "t.cfg:10: stopbackward=-1:" WHOLE },
};

static void
test_refusals (void)
{
  for (guint r = 0; r < G_N_ELEMENTS (refusals); r++)
    {
      g_autofree char *text = g_strconcat (NET, refusals[r].net, "\n", refusals[r].layers, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = network_of (text, &error);
      EspTrainKeys *keys;

      g_assert_no_error (error);
      keys = esp_train_keys_read (network, &error);
      g_assert_null (keys);
      g_assert_error (error, ESP_ERROR, (int) refusals[r].code);
      if (!g_str_has_prefix (error->message, refusals[r].message))
        g_error ("“%s” does not begin with “%s”", error->message, refusals[r].message);
    }
}

/* 70 steps are more than are held. */
static void
test_many_steps (void)
{
  g_autoptr (GString) text = g_string_new (NET "policy=steps\nsteps=0");
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = NULL;

  for (int i = 1; i < 70; i++)
    g_string_append_printf (text, ",%d", i);
  g_string_append (text, "\nscales=1\n" CONV);
  network = network_of (text->str, &error);
  g_assert_no_error (error);
  g_assert_null (esp_train_keys_read (network, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  g_assert_nonnull (strstr (error->message, "70 numbers: at most 64"));
}

/* Every cfg there is that we open says how it was trained in words that we know. */
static guint
read_folder (const char *folder)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  guint n = 0;

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspNetwork) network = g_str_has_suffix (name, ".cfg") ? esp_network_load (path, NULL) : NULL;
      g_autoptr (EspTrainKeys) keys = network != NULL ? esp_train_keys_read (network, &error) : NULL;

      g_assert_no_error (error);
      n += keys != NULL;
    }
  return n;
}

static void
test_real (void)
{
  g_autofree char *folder = shared_file ("cfg");

  if (folder != NULL)
    g_assert_cmpuint (read_folder (folder), >=, 5);
}

static void
test_debians (void)
{
  const guint n = read_folder ("/usr/share/darknet/cfg");

  if (n == 0)
    g_test_skip ("darknet's cfgs are not here");
  else
    g_assert_cmpuint (n, >=, 30);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schedule/rates", test_rates);
  g_test_add_func ("/schedule/by-hand", test_by_hand);
  g_test_add_func ("/schedule/random", test_random);
  g_test_add_func ("/schedule/defaults", test_defaults);
  g_test_add_func ("/schedule/said", test_said);
  g_test_add_func ("/schedule/stop", test_stop);
  g_test_add_func ("/schedule/refusals", test_refusals);
  g_test_add_func ("/schedule/many-steps", test_many_steps);
  g_test_add_func ("/schedule/real", test_real);
  g_test_add_func ("/schedule/debians", test_debians);
  return g_test_run ();
}
