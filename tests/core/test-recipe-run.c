/* test-recipe-run.c: a recipe run on a few small pictures: its report, and that it goes on where it was stopped */
#include "config.h"

#include "data-common.h"
#include "net-common.h"
#include "squares-common.h"

#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "net/cost.h"
#include "prune/plan.h"
#include "recipe/bench-private.h"
#include "recipe/runner.h"
#include "train/start.h"

#define N_IMAGES 24

/* Bright squares of two colours on a dark ground. */
static const char detector[] = "[net]\nbatch=8\nsubdivisions=1\nwidth=32\nheight=32\nchannels=3\nlearning_rate=0.02\nmomentum=0.9\n"
                               "decay=0.0005\nburn_in=4\nmax_batches=50\npolicy=cosine\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=12\nsize=3\nstride=2\npad=1\nactivation=leaky\n"
                               "[maxpool]\nsize=2\nstride=2\n"
                               "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
                               "[convolutional]\nfilters=14\nsize=1\nstride=1\npad=1\nactivation=linear\n"
                               "[yolo]\nmask=0,1\nanchors=8,8, 14,14\nclasses=2\nnum=2\nignore_thresh=.6\n";
static const char steps[]
    = "title = A small one\n[set]\nfolder = ?\nepochs = 2\n"
      "[data]\ntrain = $folder/list.txt\ntrain-split =\nval = $folder/list.txt\nval-split =\ntest = $folder/list.txt\n"
      "test-split =\nreplicates = 100\n"
      "[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\ntau = 0.001\n[evaluate]\n"
      "[plan]\nless = 40 %\nspread = sensitivity\nlevels = .5 1\nfloor = 2\nstop = hand\n"
      "[cut]\n[train]\nepochs = $epochs\n"
      "[controls]\nrandom-before = 3\nrandom-after = 2\nbase-epochs = 2\n"
      "rows = dense-continued random l1 inverted uniform scratch-e scratch-b narrower\n[proxies]\n[report]\n";

static EspLane *lane;

typedef struct
{
  char *folder;
  EspRecipe *recipe;
  EspJob *job;
  const char *stop_at; /* (nullable): the run is cancelled once a line holds this */
  GPtrArray *lines;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  const EspStartOptions start = { .seed = 1, .prior = .05 };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (detector, &error);
  g_autoptr (EspWeights) weights = esp_start_new (network, &start);
  g_autofree char *path = NULL, *set = NULL;
  const char *sets[] = { NULL, NULL };
  const EspRecipeOptions options = { .sets = sets };

  fixture->folder = make_folder ();
  fixture->lines = g_ptr_array_new_with_free_func (g_free);
  write_squares (fixture->folder, N_IMAGES);
  put_away (fixture->folder, "net.cfg", detector);
  path = g_build_filename (fixture->folder, "net.weights", NULL);
  g_assert_true (esp_weights_save (network, weights, path, &error));
  sets[0] = set = g_strconcat ("folder=", fixture->folder, NULL);
  fixture->recipe = esp_recipe_parse (data != NULL ? data : steps, strlen (data != NULL ? data : steps), "small.recipe", &options, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  remove_tree (fixture->folder);
  g_free (fixture->folder);
  g_ptr_array_unref (fixture->lines);
  esp_recipe_unref (fixture->recipe);
}

static void
tell (gpointer data, const char *line)
{
  Fixture *fixture = data;

  g_ptr_array_add (fixture->lines, g_strdup (line));
  g_test_message ("%s", line);
  if (fixture->stop_at != NULL && strstr (line, fixture->stop_at) != NULL)
    esp_job_cancel (fixture->job);
}

static guint
count_lines (const Fixture *fixture, const char *part)
{
  guint n = 0;

  for (guint i = 0; i < fixture->lines->len; i++)
    n += strstr (g_ptr_array_index (fixture->lines, i), part) != NULL;
  return n;
}

/* In the folder @name of the fixture's; lines told are of this run alone. */
static JsonNode *
run_in (Fixture *fixture, const char *name, EspRunOptions options, GError **error)
{
  g_autoptr (EspJob) job = esp_job_new ("Test");
  g_autofree char *folder = g_build_filename (fixture->folder, name, NULL);

  g_ptr_array_set_size (fixture->lines, 0);
  fixture->job = job;
  options.recipe = fixture->recipe;
  options.folder = folder;
  options.lane = lane;
  options.seed = 1;
  options.tell = tell;
  options.data = fixture;
  return esp_recipe_run (&options, job, error);
}

static double
number_of (JsonNode *report, const char *list, const char *name, const char *key)
{
  JsonArray *rows = json_object_get_array_member (json_node_get_object (report), list);

  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);

      if (strcmp (json_object_get_string_member (row, "name"), name) == 0)
        return json_object_get_double_member (row, key);
    }
  g_error ("%s has no row %s", list, name);
}

static const char *
title_of (JsonNode *report, const char *name)
{
  JsonArray *rows = json_object_get_array_member (json_node_get_object (report), "controls");

  for (guint i = 0; i < json_array_get_length (rows); i++)
    {
      JsonObject *row = json_array_get_object_element (rows, i);

      if (strcmp (json_object_get_string_member (row, "name"), name) == 0)
        return json_object_get_string_member (row, "title");
    }
  g_error ("no row %s", name);
}

static gint64
count_of (JsonNode *report, const char *name, const char *key)
{
  JsonArray *rows = json_object_get_array_member (json_node_get_object (report), "controls");

  for (guint i = 0; i < json_array_get_length (rows); i++)
    if (strcmp (json_object_get_string_member (json_array_get_object_element (rows, i), "name"), name) == 0)
      return json_object_get_int_member (json_array_get_object_element (rows, i), key);
  g_error ("no row %s", name);
}

static const char *const controls[] = { "dense-continued", "random", "l1", "inverted", "uniform", "scratch-e", "scratch-b", "narrower" };

static void
check_report (JsonNode *report)
{
  const double dense = number_of (report, "stages", "dense", "bflops"), cut = number_of (report, "stages", "cut", "bflops");
  JsonObject *root = json_node_get_object (report);

  g_assert_cmpfloat (cut, <=, dense * .6);
  g_assert_cmpfloat (cut, >, dense * .3);
  g_assert_cmpfloat (number_of (report, "stages", "recovered", "bflops"), ==, cut);
  for (guint i = 0; i < G_N_ELEMENTS (controls); i++)
    {
      const double bflops = number_of (report, "controls", controls[i], "bflops");
      const double map = number_of (report, "controls", controls[i], "map");
      const gboolean same = i != 0 && i != 4 && i != 7;

      g_assert_cmpfloat (map, >=, 0);
      g_assert_cmpfloat (map, <=, 1);
      g_assert_true (same ? bflops == cut : i == 0 ? bflops == dense : bflops >= cut && bflops < dense);
      g_assert_cmpfloat (number_of (report, "controls", controls[i], "gflops"), >, 0);
      g_assert_cmpfloat (number_of (report, "controls", controls[i], "latency_ms"), >, 0);
    }
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "decomposition")), ==, 4);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "sentences")), >, 8);
}

/* GFLOPs of a row beyond those of its training, which began after them. */
static double
spent_before (JsonNode *report, const char *row)
{
  const double training = number_of (report, "controls", row, "bflops") * 3 * N_IMAGES;

  return number_of (report, "controls", row, "gflops") - training * (double) count_of (report, row, "epochs");
}

/* The search counts where its counts of channels are used, scoring where the scores are; what starts from nothing with neither has
 * neither. */
static void
check_spent (JsonNode *report)
{
  static const char *const searched[] = { "l1", "inverted", "scratch-e", "scratch-b" };
  const double pass = number_of (report, "stages", "dense", "bflops") * N_IMAGES, scored = spent_before (report, "uniform");

  g_assert_cmpfloat (scored, >=, pass - 1e-9);
  g_assert_cmpfloat (scored, <=, 3 * pass + 1e-9);
  for (guint i = 0; i < G_N_ELEMENTS (searched); i++)
    {
      g_assert_cmpfloat (spent_before (report, searched[i]), >, scored + 2 * pass);
      g_assert_cmpfloat (spent_before (report, searched[i]), <, scored + 5 * pass); /* whole, and two sets by two levels */
    }
  g_assert_cmpfloat_with_epsilon (spent_before (report, "narrower"), 0, 1e-9);
}

/* The class as dense-continued learned it, beside the method; each curve says how it ended. */
static void
check_rest (JsonNode *report)
{
  JsonObject *root = json_node_get_object (report);
  JsonObject *overlap = json_array_get_object_element (json_object_get_array_member (root, "overlaps"), 0);
  JsonArray *verdict = json_object_get_array_member (root, "verdict");
  guint in_one_seed = 0;

  g_assert_cmpstr (json_object_get_string_member (overlap, "b"), ==, "dense-continued");
  g_assert_cmpfloat (json_object_get_double_member (overlap, "overlap"), >, 0);
  g_assert_cmpfloat (json_object_get_double_member (overlap, "overlap"), <=, 1);
  g_assert_true (isfinite (number_of (report, "controls", "l1", "rise")));
  for (guint i = 0; i < json_array_get_length (verdict); i++)
    in_one_seed += strstr (json_array_get_string_element (verdict, i), "in one seed") != NULL;
  g_assert_cmpuint (in_one_seed, ==, G_N_ELEMENTS (controls) - 1); /* all but random */
}

/* Parts of the difference between rows add up to what lies between their ends. */
static void
check_parts (JsonNode *report)
{
  JsonArray *parts = json_object_get_array_member (json_node_get_object (report), "decomposition");
  double sum = 0;

  for (guint i = 0; i < 3; i++)
    sum += json_object_get_double_member (json_array_get_object_element (parts, i), "difference");
  g_assert_cmpfloat (fabs (sum - (number_of (report, "stages", "recovered", "map") - number_of (report, "controls", "narrower", "map"))), <,
                     1e-12);
}

/* Whatever differs between two runs that computed the same. */
static void
assert_same (JsonNode *a, JsonNode *b)
{
  static const char *const keys[] = { "map", "f1", "gflops", "bflops" };

  for (guint k = 0; k < G_N_ELEMENTS (keys); k++)
    {
      for (guint i = 0; i < G_N_ELEMENTS (controls); i++)
        g_assert_cmpfloat (number_of (a, "controls", controls[i], keys[k]), ==, number_of (b, "controls", controls[i], keys[k]));
      if (k < 2)
        g_assert_cmpfloat (number_of (a, "stages", "recovered", keys[k]), ==, number_of (b, "stages", "recovered", keys[k]));
    }
}

/* Stopped in the middle of two trainings and in a search, it goes on, and ends as the run that nobody stopped. */
static void
test_goes_on (Fixture *fixture, gconstpointer data)
{
  static const char *const stops[] = { "set 1 of 2", "method: epoch 1", "random-2: epoch 1" };
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) whole = run_in (fixture, "whole", (EspRunOptions){ NULL }, &error), report = NULL, again = NULL;

  g_assert_no_error (error);
  check_report (whole);
  check_parts (whole);
  check_spent (whole);
  check_rest (whole);
  for (guint i = 0; i < G_N_ELEMENTS (stops); i++)
    {
      fixture->stop_at = stops[i];
      g_assert_null (run_in (fixture, "stopped", (EspRunOptions){ NULL }, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpuint (count_lines (fixture, stops[i]), ==, 1);
      g_clear_error (&error);
    }
  fixture->stop_at = NULL;
  report = run_in (fixture, "stopped", (EspRunOptions){ NULL }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "method: epoch") + count_lines (fixture, "random-1: epoch"), ==, 0);
  assert_same (whole, report);
  again = run_in (fixture, "stopped", (EspRunOptions){ NULL }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, ": epoch"), ==, 0);
  assert_same (whole, again);
}

static guint
count_in_file (const char *folder, const char *name, const char *part)
{
  g_autofree char *path = g_build_filename (folder, name, NULL), *text = NULL;
  guint n = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (const char *at = text; (at = strstr (at, part)) != NULL; at++)
    n++;
  return n;
}

/* The files of a run can be read by what they are for; the table of results has one line a row, however often it is written. */
static void
test_files (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree char *folder = g_build_filename (fixture->folder, "out", NULL), *table = g_build_filename (fixture->folder, "all.tsv", NULL);
  g_autofree char *plan = g_build_filename (folder, "pruned", "plan.json", NULL), *dense = g_build_filename (folder, "dense.cfg", NULL);
  g_autofree char *weights = g_build_filename (folder, "dense.weights", NULL);
  g_autofree char *cfg_hash = NULL, *weights_hash = NULL;
  g_autoptr (EspNetwork) network = NULL;
  g_autoptr (EspMask) mask = NULL;

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr (JsonNode) report = run_in (fixture, "out", (EspRunOptions){ .results = table }, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (count_in_file (fixture->folder, "all.tsv", "\n"), ==, 4);
      g_assert_cmpuint (count_in_file (fixture->folder, "all.tsv", "small\tquick\t"), ==, 3);
    }
  g_assert_cmpuint (count_in_file (folder, "report.md", "| method |"), ==, 1);
  network = esp_network_load (dense, &error);
  g_assert_no_error (error);
  cfg_hash = esp_hash_file (dense, &error);
  weights_hash = esp_hash_file (weights, &error);
  mask = esp_plan_read_mask (network, plan, cfg_hash, weights_hash, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (esp_mask_count_kept (mask, 0), ==, 6);
  g_assert_cmpuint (esp_mask_count_kept (mask, 2), ==, 16);
  put_away (fixture->folder, "all.tsv", "something else\n");
  g_assert_null (run_in (fixture, "out", (EspRunOptions){ .results = table }, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_FORMAT);
}

static EspRecipe *
parse_full (const Fixture *fixture, const char *text)
{
  g_autofree char *set = g_strconcat ("folder=", fixture->folder, NULL);
  const char *const sets[] = { set, NULL };
  const EspRecipeOptions options = { .tier = ESP_TIER_FULL, .sets = sets };
  g_autoptr (GError) error = NULL;
  EspRecipe *recipe = esp_recipe_parse (text, strlen (text), "small.recipe", &options, &error);

  g_assert_no_error (error);
  return recipe;
}

/* A line of the table with another word in @column, and whether it stands for the row then. */
static gboolean
stands_for (const char *path, const char *const *lines, guint column, const char *word)
{
  g_autoptr (EspRow) row = esp_row_new ("dense-continued", "");
  g_auto (GStrv) words = g_strsplit (lines[1], "\t", -1);
  g_autofree char *line = NULL, *text = NULL;
  g_autoptr (GError) error = NULL;
  gboolean found = FALSE;

  row->key = g_strdup (words[3]);
  row->weights_hash = g_strdup ("of what was cut here");
  g_free (words[column]);
  words[column] = g_strdup (word);
  line = g_strjoinv ("\t", words);
  text = g_strdup_printf ("%s\n%s\n", lines[0], line);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_true (esp_results_find (path, row, &found, &error));
  g_assert_no_error (error);
  g_assert_cmpint (found, ==, row->taken);
  if (found)
    g_assert_null (row->weights_hash);
  return found;
}

/* Counts that no row has: beyond what they are kept in, and no whole numbers. */
static void
check_lines (const Fixture *fixture, const char *table)
{
  static const char *const wrong[] = { "4294967297", "2147483648", "2.5", "-1", "nan", "" };
  static const char *const names[] = { "seeds", "epochs", "threads" };
  g_autofree char *path = g_build_filename (fixture->folder, "lines.tsv", NULL), *text = NULL;
  g_auto (GStrv) lines = NULL, columns = NULL;

  g_assert_true (g_file_get_contents (table, &text, NULL, NULL));
  lines = g_strsplit (text, "\n", -1);
  columns = g_strsplit (lines[0], "\t", -1);
  for (guint n = 0; n < G_N_ELEMENTS (names); n++)
    {
      guint column = 0;

      while (strcmp (columns[column], names[n]) != 0)
        column++;
      g_assert_true (stands_for (path, (const char *const *) lines, column, "3"));
      for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
        g_assert_false (stands_for (path, (const char *const *) lines, column, wrong[i]));
    }
}

/* In the full tier what stands in the table is not made again, unless something that it depends on is another; in the folder itself it is
 * looked up. */
static void
test_taken (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) longer = g_string_new (data);
  g_autoptr (GError) error = NULL;
  g_autofree char *table = g_build_filename (fixture->folder, "all.tsv", NULL);
  g_autoptr (JsonNode) first = NULL, here = NULL, taken = NULL, other = NULL;

  esp_recipe_unref (fixture->recipe);
  fixture->recipe = parse_full (fixture, data);
  first = run_in (fixture, "first", (EspRunOptions){ .results = table }, &error);
  g_assert_no_error (error);
  here = run_in (fixture, "first", (EspRunOptions){ .results = table }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "stands in the table") + count_lines (fixture, ": epoch"), ==, 0);
  taken = run_in (fixture, "second", (EspRunOptions){ .results = table }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "stands in the table"), ==, 4); /* dense, method, dense-continued, scratch-b */
  g_assert_cmpuint (count_lines (fixture, ": epoch"), ==, 0);
  g_assert_cmpuint (count_in_file (fixture->folder, "all.tsv", "\n"), ==, 5);
  for (guint i = 0; i < 2; i++) /* what it is, made or taken */
    {
      const char *title = title_of (i == 0 ? first : taken, "scratch-b");

      g_assert_true (g_str_has_prefix (title, "the method's architecture from nothing, 2 of the "));
    }
  g_assert_cmpfloat_with_epsilon (number_of (taken, "controls", "dense-continued", "map"),
                                  number_of (first, "controls", "dense-continued", "map"), 1e-9);
  g_assert_cmpfloat_with_epsilon (number_of (taken, "stages", "recovered", "map"), number_of (first, "stages", "recovered", "map"), 1e-9);
  g_string_replace (longer, "epochs = 1", "epochs = 2", 0);
  esp_recipe_unref (fixture->recipe);
  fixture->recipe = parse_full (fixture, longer->str);
  other = run_in (fixture, "third", (EspRunOptions){ .results = table }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "stands in the table"), ==, 1); /* dense */
  g_assert_cmpuint (count_in_file (fixture->folder, "all.tsv", "\n"), ==, 8);
  check_lines (fixture, table);
}

/* The plan that the hand is shown has its groups at what is proposed, and cuts the same. */
static void
check_proposed (const Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->folder, "hand", "proposed.json", NULL);
  g_autofree char *cfg = g_build_filename (fixture->folder, "hand", "dense.cfg", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = esp_network_load (cfg, &error);
  g_autoptr (EspCoupling) coupling = esp_coupling_new (network);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", "");
  g_autoptr (EspPlan) plan = esp_plan_new (network, coupling, scores);
  g_autoptr (EspMask) mask = esp_plan_read_mask (network, path, NULL, NULL, &error), shown = NULL;

  g_assert_no_error (error);
  g_assert_true (esp_plan_load (plan, path, &error));
  shown = esp_plan_get_mask (plan);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    g_assert_cmpfloat_with_epsilon (esp_plan_get_ratio (plan, g), g == 0 ? 4. / 12 : .5, 1e-9); /* the floor is 8 */
  for (guint c = 0; c < 12; c++)
    {
      g_assert_cmpint (esp_plan_get_rule (plan, 0, c), ==, ESP_CHANNEL_BY_RANK);
      g_assert_cmpint (esp_mask_keeps (mask, 0, c), ==, esp_mask_keeps (shown, 0, c));
    }
}

static EspMask *
change (gpointer data, EspNetwork *network, EspScores *scores, EspMask *proposed, GError **error)
{
  guint8 keep[12] = { 1, 1, 1, 0 };
  guint8 *bits[5] = { keep };

  return esp_mask_new (network, bits);
}

static void
note_step (gpointer data, guint step)
{
  g_ptr_array_add (((Fixture *) data)->lines, g_strdup_printf ("step %u", step));
}

static void
note_rows (gpointer data, JsonNode *report)
{
  JsonObject *method = json_object_get_object_member (json_node_get_object (report), "method");

  g_ptr_array_add (((Fixture *) data)->lines, g_strdup_printf ("the method's cfg is %s", json_object_get_string_member (method, "cfg")));
}

static EspMask *
refuse (gpointer data, EspNetwork *network, EspScores *scores, EspMask *proposed, GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "the hand was taken away");
  return NULL;
}

/* What the hand makes of a plan is what is cut. */
static void
test_hand (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = run_in (fixture, "hand", (EspRunOptions){ .hand = change, .step = note_step, .rows = note_rows }, &error);
  g_autoptr (JsonNode) again = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "0:3/12 2:16/16"), ==, 1);
  check_proposed (fixture);
  g_assert_cmpuint (count_lines (fixture, "step 5"), ==, 0);
  g_assert_cmpuint (count_lines (fixture, "step 4"), ==, 1);
  g_assert_cmpuint (count_lines (fixture, "the method's cfg is networks/method.cfg"), ==, 1);
  again = run_in (fixture, "hand", (EspRunOptions){ .hand = refuse }, &error); /* answered before: not asked again */
  g_assert_no_error (error);
  g_assert_cmpfloat (number_of (again, "stages", "cut", "bflops"), ==, number_of (report, "stages", "cut", "bflops"));
  g_assert_null (run_in (fixture, "refused", (EspRunOptions){ .hand = refuse }, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  static const struct
  {
    const char *steps, *words;
  } cases[] = {
    { "[data]\ntest = $folder/nothing.txt\n", "nothing.txt" },
    { "[data]\ntest = $folder/list.txt\ntest-split =\n[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\nclasses = horse\n",
      "the network has no class “horse” (classes 0 to 1" },
    { "[data]\ntest = $folder/list.txt\ntest-split =\n[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\n",
      "[data] has none for calibration" },
    { "[data]\ntest = $folder/list.txt\ntest-split =\n[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\ncriterion = l1\n[plan]\nratio = .1 .2 .3\n",
      "found 3 numbers, expected one, or one for each of the 2 sets" },
    { "[data]\ntest = $folder/list.txt\ntest-split =\n[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\ncriterion = l1\n[plan]\nless = .99\nspread = uniform\n",
      "99.00 % less compute cannot be had" },
    { "[data]\ntest = $folder/list.txt\ntest-split =\n[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[keep-classes]\nkeep = mango=0+7\n",
      "x.recipe:10: keep = mango=0+7: keep classes: “7” is no class of the network" },
  };
  g_autofree char *set = g_strconcat ("folder=", fixture->folder, NULL);
  const char *const sets[] = { set, NULL };
  const EspRecipeOptions options = { .sets = sets };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = g_strconcat ("[set]\nfolder = ?\n", cases[i].steps, NULL);
      g_autoptr (GError) error = NULL;

      esp_recipe_unref (fixture->recipe);
      fixture->recipe = esp_recipe_parse (text, strlen (text), "x.recipe", &options, &error);
      g_assert_no_error (error);
      g_assert_null (run_in (fixture, "refused", (EspRunOptions){ NULL }, &error));
      g_assert_nonnull (error);
      if (strstr (error->message, cases[i].words) == NULL)
        g_error ("“%s” does not say “%s”", error->message, cases[i].words);
    }
}

static const char files_steps[]
    = "[set]\nfolder = ?\n"
      "[data]\ntrain = $folder/list.txt\ntrain-split =\ntest = $folder/list.txt\ntest-split =\nreplicates = 20\n"
      "[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\ncriterion = l1\n[evaluate]\n[plan]\nratio = .5 0\nfloor = 2\n[cut]\n[train]\nepochs = 1\n"
      "[controls]\nrows = dense-continued\n";
static const char taken_steps[]
    = "[set]\nfolder = ?\n"
      "[data]\ntrain = $folder/list.txt\ntrain-split =\ntest = $folder/list.txt\ntest-split =\nreplicates = 20\n"
      "[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
      "[score]\ncriterion = l1\n[evaluate]\n[plan]\nratio = .5 0\nfloor = 2\n[cut]\n[train]\nepochs = 1\n"
      "[controls]\nrows = dense-continued scratch-b\nbase-epochs = 3\nmost-epochs = 2\n";
static const char hand_steps[] = "[set]\nfolder = ?\n"
                                 "[data]\ntest = $folder/list.txt\ntest-split =\nreplicates = 20\n"
                                 "[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
                                 "[score]\ncriterion = l1\n[plan]\nratio = .5\nstop = hand\n[cut]\n";

static const char wild_steps[] = "[set]\nfolder = ?\n"
                                 "[data]\ntrain = $folder/list.txt\ntrain-split =\nval = $folder/list.txt\nval-split =\n"
                                 "test = $folder/list.txt\ntest-split =\nreplicates = 100\n"
                                 "[network]\ncfg = $folder/net.cfg\nweights = $folder/net.weights\n"
                                 "[score]\ncriterion = l1\n[evaluate]\n[plan]\nratio = .5\nfloor = 2\n[cut]\n"
                                 "[train]\nepochs = 8\n[report]\n";

/* A training that runs away is a row as it was at its best, and the report says so. */
static void
test_diverges (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GString) cfg = g_string_new (detector);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonNode) report = NULL;
  g_autofree char *path = g_build_filename (fixture->folder, "wild", "report.md", NULL), *text = NULL;

  g_string_replace (cfg, "learning_rate=0.02", "learning_rate=1e6", 1);
  g_string_replace (cfg, "burn_in=4", "burn_in=12\npower=20", 1);
  put_away (fixture->folder, "net.cfg", cfg->str);
  report = run_in (fixture, "wild", (EspRunOptions){ 0 }, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (count_lines (fixture, "training diverged"), ==, 1);
  g_assert_true (g_file_get_contents (path, &text, NULL, &error));
  g_assert_nonnull (strstr (text, "method: its training diverged in epoch"));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  lane = esp_lane_new (1);
  g_test_add ("/recipe-run/goes-on", Fixture, NULL, set_up, test_goes_on, tear_down);
  g_test_add ("/recipe-run/files", Fixture, files_steps, set_up, test_files, tear_down);
  g_test_add ("/recipe-run/taken", Fixture, taken_steps, set_up, test_taken, tear_down);
  g_test_add ("/recipe-run/hand", Fixture, hand_steps, set_up, test_hand, tear_down);
  g_test_add ("/recipe-run/diverges", Fixture, wild_steps, set_up, test_diverges, tear_down);
  g_test_add ("/recipe-run/refused", Fixture, hand_steps, set_up, test_refused, tear_down);
  status = g_test_run ();
  esp_lane_free (lane);
  return status;
}
