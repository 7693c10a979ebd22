/* test-recipe.c: the reader of recipes: what it understands, and what it refuses in which words */
#include "config.h"

#include "data-common.h"
#include "net-common.h"

#include <math.h>
#include <string.h>

#include "net/cost.h"
#include "recipe/bench-private.h"
#include "recipe/recipe.h"
#include "recipe/unit-set.h"

#define DATA    "[data]\ntest = t.txt\n"
#define NETWORK "[network]\ncfg = a.cfg\nweights = a.weights\n"
#define CUT     "[plan]\nplan = plan.json\n[cut]\n"

static EspRecipe *
parse (const char *text, const EspRecipeOptions *options, GError **error)
{
  return esp_recipe_parse (text, strlen (text), "dir/x.recipe", options, error);
}

static void
refused (const char *text, const EspRecipeOptions *options, const char *words)
{
  g_autoptr (GError) error = NULL;
  EspRecipe *recipe = parse (text, options, &error);

  g_assert_null (recipe);
  g_assert_nonnull (error);
  if (strstr (error->message, words) == NULL)
    g_error ("“%s” does not say “%s”", error->message, words);
}

static void
test_steps (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = parse ("# of what\ntitle = Some title # a comment\n\n" DATA NETWORK
                                        "[score]\n[plan]\nratio = 0 .5, 25%\nstop = hand\n[cut]\n[train]\nepochs=3\n",
                                        NULL, &error);
  const EspStep *plan;
  g_autoptr (GArray) ratios = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (esp_recipe_get_title (recipe), ==, "Some title");
  g_assert_cmpstr (esp_recipe_get_id (recipe), ==, "x");
  g_assert_cmpstr (esp_recipe_get_tier (recipe), ==, "quick");
  g_assert_cmpuint (esp_recipe_get_n_steps (recipe), ==, 6);
  plan = esp_recipe_get_step (recipe, 3);
  g_assert_cmpstr (esp_step_get_kind (plan)->id, ==, "plan");
  g_assert_cmpuint (esp_step_get_line (plan), ==, 10);
  g_assert_true (esp_step_waits (plan));
  g_assert_false (esp_step_waits (esp_recipe_get_step (recipe, 4)));
  g_assert_cmpuint (esp_step_get_count (plan, "floor"), ==, 8);
  g_assert_false (esp_step_is_set (plan, "less"));
  ratios = esp_step_get_numbers (plan, "ratio");
  g_assert_cmpuint (ratios->len, ==, 3);
  g_assert_cmpfloat (g_array_index (ratios, double, 1), ==, .5);
  g_assert_cmpfloat (g_array_index (ratios, double, 2), ==, .25);
  g_assert_cmpuint (esp_step_get_count (esp_recipe_get_step (recipe, 5), "epochs"), ==, 3);
}

static void
test_variables (void)
{
  static const char text[]
      = "[set]\n# how long\nn = 2 | 30\nbase = $here/a\nboth = ${base}-$n$$\n" DATA NETWORK CUT "[train]\nepochs = $n\n"
        "objective = $both\n";
  const char *const sets[] = { "n=7", NULL };
  const EspRecipeOptions full = { .tier = "full" }, given = { .sets = sets };
  const struct
  {
    const EspRecipeOptions *options;
    guint epochs;
    const char *both;
  } cases[] = { { NULL, 2, "dir/a-2$" }, { &full, 30, "dir/a-30$" }, { &given, 7, "dir/a-7$" } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autoptr (EspRecipe) recipe = parse (text, cases[i].options, &error);
      const EspStep *train;

      g_assert_no_error (error);
      train = esp_recipe_get_step (recipe, 4);
      g_assert_cmpuint (esp_step_get_count (train, "epochs"), ==, cases[i].epochs);
      g_assert_cmpstr (esp_step_get_text (train, "objective"), ==, cases[i].both);
      g_assert_cmpstr (esp_recipe_get_variable (recipe, 0).about, ==, "how long");
    }
}

/* A variable that must be given is asked for, with what stands above it. */
static void
test_must_be_given (void)
{
  static const char text[] = "[set]\n# the network\ncfg = ?\n" DATA "[network]\ncfg = $cfg\nweights = w\n";
  const EspRecipeOptions open = { .open = TRUE };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = parse (text, &open, &error);

  g_assert_no_error (error);
  g_assert_null (esp_recipe_get_variable (recipe, 0).value);
  refused (text, NULL, "x.recipe:3: expected --set cfg=VALUE: the network");
}

static void
test_base (void)
{
  g_autofree char *folder = make_folder ();
  g_autofree char *path = g_build_filename (folder, "child.recipe", NULL), *bad = g_build_filename (folder, "bad.recipe", NULL);
  g_autofree char *steps = g_build_filename (folder, "steps.recipe", NULL), *self = g_build_filename (folder, "self.recipe", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = NULL;

  put_away (folder, "base.recipe",
            "title = Base\n[set]\nepochs = 2\ntwice = $epochs$epochs\n" DATA NETWORK CUT "[train]\nepochs = $twice\n");
  put_away (folder, "child.recipe", "title = Child\nbase = base.recipe\n[set]\nepochs = 3\n");
  put_away (folder, "bad.recipe", "base = base.recipe\n[set]\n\nepoch = 3\n");
  put_away (folder, "steps.recipe", "base = base.recipe\n[cut]\n");
  put_away (folder, "self.recipe", "base = self.recipe\n");
  recipe = esp_recipe_load (path, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (esp_recipe_get_title (recipe), ==, "Child");
  g_assert_cmpuint (esp_step_get_count (esp_recipe_get_step (recipe, 4), "epochs"), ==, 33);
  g_assert_null (esp_recipe_load (bad, NULL, &error));
  g_assert_nonnull (strstr (error->message, "bad.recipe:4: the base has no variable “epoch”: expected one of epochs, twice"));
  g_clear_error (&error);
  g_assert_null (esp_recipe_load (steps, NULL, &error));
  g_assert_nonnull (strstr (error->message, "steps.recipe:2: found [cut], expected [set] alone"));
  g_clear_error (&error);
  g_assert_null (esp_recipe_load (self, NULL, &error));
  g_assert_error (error, ESP_ERROR, ESP_ERROR_LIMIT);
  remove_tree (folder);
}

static void
test_refused (void)
{
  const char *const unknown[] = { "m=1", NULL }, *const shapeless[] = { "n", NULL };
  const EspRecipeOptions tier = { .tier = "slow" }, one = { .sets = unknown }, two = { .sets = shapeless };
  g_autofree char *doubling = NULL;
  g_autoptr (GString) text = g_string_new ("[set]\nv0 = xxxxxxxx\n");

  refused ("", NULL, "x.recipe: there is no step in it");
  refused ("[]\n", NULL, "x.recipe:1: found “[]”, expected the name of a step in brackets");
  refused ("[data\n", NULL, "x.recipe:1: found “[data”");
  refused ("[bake]\n", NULL, "x.recipe:1: [bake] is no step: expected one of set, data, network");
  refused (DATA "what\n", NULL, "x.recipe:3: found “what”, expected “key = value”");
  refused ("author = me\n", NULL, "x.recipe:1: found “author”, expected title, base or");
  refused ("[data]\n", NULL, "x.recipe:1: [data]: expected “test = …”: data to measure on, once");
  refused (DATA "oven = 180\n", NULL, "x.recipe:3: [data] knows no “oven”: expected one of stop, train, val, test");
  refused (DATA "test = t\n", NULL, "x.recipe:3: test is there twice in [data], first in line 2");
  refused (DATA "replicates = many\n", NULL, "x.recipe:3: replicates = many: expected a whole number from 20 to 100000");
  refused (DATA "replicates = 20.5\n", NULL, "replicates = 20.5: expected a whole number");
  refused (DATA "protocol = mine\n", NULL, "x.recipe:3: protocol = mine: expected one of darknet, darknet-11");
  refused ("[plan]\nratio = .5 1.5\n", NULL, "x.recipe:2: ratio = .5 1.5: expected a number from 0 to 1");
  refused ("[plan]\nratio = .5 half\n", NULL, "expected a number from 0 to 1");
  refused ("[plan]\nstop = foot\n", NULL, "x.recipe:2: stop = foot: expected hand");
  refused (DATA NETWORK "[score]\ncriterion = taste\n", NULL, "x.recipe:7: criterion = taste: expected one of attribution, l1");
  refused (DATA NETWORK "[score]\n[plan]\nless = .1\nratio = .1\n", NULL,
           "x.recipe:7: [plan]: expected one of ratio, less, loss and plan, found 2 of them");
  refused ("[train]\nepochs =\n", NULL, "x.recipe:2: epochs = : expected a value");
  refused ("[plan]\nratio = $r\n", NULL, "x.recipe:2: $r: [set] has no such variable above");
  refused ("[plan]\nratio = ${here\n", NULL, "[set] has no such variable above");
  refused (DATA "replicates = 20000%\n", NULL, "replicates = 20000%: expected a whole number");
  refused ("[set]\na = 1\na = 2\n" DATA, NULL, "x.recipe:3: the variable “a” is set already");
  refused ("[set]\nhere = 1\n" DATA, NULL, "the variable “here” is set already");
  refused ("[set]\nn = 1\n" DATA, &one, "--set m: dir/x.recipe has no such variable: expected one of n");
  refused ("[set]\nn = 1\n" DATA, &two, "--set n: expected NAME=VALUE");
  refused (DATA, &tier, "--tier slow: expected quick or full");
  refused ("title = \xff\n", NULL, "this is no text in UTF-8");
  for (guint i = 0; i < 12; i++)
    g_string_append_printf (text, "v%u = $v%u$v%u\n", i + 1, i, i);
  refused (text->str, NULL, "the value is longer than 4096 bytes");
}

/* Steps that cannot stand where they do are refused before anything is computed, with their line. */
static void
test_order (void)
{
  static const struct
  {
    const char *text, *words;
  } cases[] = {
    { NETWORK, "x.recipe:1: [network]: expected [data] above it" },
    { DATA "[score]\n", "x.recipe:3: [score]: expected [network] above it" },
    { DATA NETWORK "[plan]\nratio = .5\n", "x.recipe:6: [plan]: expected [score] above it" },
    { DATA NETWORK "[cut]\n", "x.recipe:6: [cut]: expected [plan] above it" },
    { DATA NETWORK "[plan]\nplan = p.json\n[train]\nepochs = 1\n", "x.recipe:8: [train]: expected [cut] above it" },
    { DATA NETWORK CUT "[train]\nepochs = 1\n[controls]\n", "x.recipe:11: [controls]: expected [score] above it" },
    { DATA NETWORK "[report]\n", "x.recipe:6: [report]: expected [evaluate] or [cut] above it" },
    { DATA NETWORK "[proxies]\n", "x.recipe:6: [proxies]: expected [score] above it" },
    { DATA NETWORK CUT "[score]\n", "x.recipe:9: [score]: expected it above [plan] in line 6" },
    { DATA NETWORK "[evaluate]\n[keep-classes]\n", "x.recipe:7: [keep-classes]: expected it above [evaluate] in line 6" },
    { DATA NETWORK DATA, "x.recipe:6: [data]: it is there twice, first in line 1: a recipe has one" },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) again = parse (DATA NETWORK "[score]\n[keep-classes]\n[evaluate]\n[report]\n" CUT "[report]\n", NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    refused (cases[i].text, NULL, cases[i].words);
}

/* [score] takes whatever its criterion and that one's method take, and nothing else. */
static void
test_score_keys (void)
{
  static const char *const right[] = {
    "tau = .1\nreduce = mean\nat = out\nmask = spatial\n",
    "samples = 3\nmethod = smoothgrad\n",
    "criterion = contrast\nselective = 1\nwithout = folder\nclasses = 0\n",
    "criterion = bn-gamma\nlimit = 3\n",
    "method =\nreduce =\n",
  };
  static const struct
  {
    const char *text, *words;
  } wrong[] = {
    { "oven = 180\n",
      "x.recipe:7: oven = 180: [score] by attribution with method gradient-activation knows no “oven”: expected one of stop, criterion, "
      "classes, limit, without, method, at" },
    { "criterion = l1\ntau = .1\n", "x.recipe:8: tau = .1: [score] by l1 knows no “tau”" },
    { "criterion = l1\nclasses = 0\n", "x.recipe:8: classes = 0: l1 has no target" },
    { "tau = 2\n", "x.recipe:7: tau = 2: attribution: tau=2: expected a number from 0 to 1" },
    { "tau = .1,mask=both\n", "x.recipe:7: tau = .1,mask=both: expected one value" },
    { "samples = 3\n", "x.recipe:7: samples = 3: [score] by attribution" },
    { "samples = 3\nmethod = taste\n", "x.recipe:8: method = taste: attribution: method=taste: expected one of" },
    { "without = folder\n", "x.recipe:7: without = folder: attribution does not look at pairs" },
    { "criterion = contrast\n", "x.recipe:7: criterion = contrast: expected “without = …”" },
    { "tau = .1\ntau = .2\n", "x.recipe:8: tau is there twice" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (right); i++)
    {
      g_autofree char *text = g_strconcat (DATA NETWORK "[score]\n", right[i], NULL);
      g_autoptr (GError) error = NULL;
      g_autoptr (EspRecipe) recipe = parse (text, NULL, &error);

      g_assert_no_error (error);
    }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autofree char *text = g_strconcat (DATA NETWORK "[score]\n", wrong[i].text, NULL);

      refused (text, NULL, wrong[i].words);
    }
}

/* What is from nothing is only called so after Liu et al. where it is trained as long as the dense network was. */
static void
test_scratch (void)
{
  static const char begin[] = DATA NETWORK "[score]\n[plan]\nratio = .5\n[cut]\n[train]\nepochs = 1\n[controls]\n";
  g_autofree char *bare = g_strconcat (begin, "rows = l1 scratch-b\n", NULL), *zero = g_strconcat (begin, "base-epochs = 0\n", NULL);
  g_autofree char *known = g_strconcat (begin, "rows = scratch-e\nbase-epochs = 30\n", NULL);
  g_autofree char *none = g_strconcat (begin, "rows = other\n", NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (EspRecipe) recipe = parse (known, NULL, &error), usual = parse (begin, NULL, &error);

  g_assert_no_error (error);
  refused (bare, NULL, "x.recipe:13: rows = l1 scratch-b: scratch-b is trained for as long as the dense network was: expected base-epochs");
  refused (zero, NULL, "x.recipe:13: base-epochs = 0: expected a whole number from 1");
  refused (none, NULL, "x.recipe:13: rows = other: expected “other = …”");
}

/* Those that ship can be read, and say what must be given. */
static void
test_shipped (void)
{
  static const char *const names[] = { "attribution", "attribution-sample", "attribution-strip", "attribution-proxy" };
  const char *root = g_getenv ("ESP_SOURCE_ROOT");

  if (root == NULL)
    {
      g_test_skip ("ESP_SOURCE_ROOT is not set");
      return;
    }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_strdup_printf ("%s/data/recipes/%s.recipe", root, names[i]);
      const char *const sets[] = { "cfg=a", "weights=b", "train=c", "test=d", "names=e", "less=.5", "ratio=", NULL };
      const EspRecipeOptions given = { .sets = sets, .tier = i % 2 ? "full" : "quick" };
      g_autoptr (GError) error = NULL;
      g_autoptr (EspRecipe) recipe = esp_recipe_load (path, &given, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (esp_recipe_get_n_steps (recipe), ==, 12);
    }
}

static const char joined[] = "[net]\nwidth=32\nheight=32\nchannels=3\n"
                             "[convolutional]\nbatch_normalize=1\nfilters=10\nsize=3\nstride=1\npad=1\nactivation=leaky\n" /* 0 */
                             "[convolutional]\nbatch_normalize=1\nfilters=16\nsize=1\nstride=1\nactivation=leaky\n"        /* 1 */
                             "[convolutional]\nbatch_normalize=1\nfilters=10\nsize=1\nstride=1\nactivation=leaky\n"        /* 2 */
                             "[shortcut]\nfrom=-3\nactivation=linear\n"                                                    /* 3 */
                             "[convolutional]\nfilters=12\nsize=1\nstride=1\nactivation=linear\n"                          /* 4 */
                             "[yolo]\nmask=0,1\nanchors=2,2, 4,4\nclasses=1\nnum=2\n";                                     /* 5 */

static void
test_unit_sets (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (EspNetwork) network = network_of (joined, &error);
  g_autoptr (EspUnitSets) sets = esp_unit_sets_new (network);
  g_autoptr (EspScores) scores = esp_scores_new (network, "l1", "");
  const double ratios[] = { .7, .5 };
  g_autofree guint *kept = esp_unit_sets_count (sets, ratios, 2, 1), *rounded = esp_unit_sets_count (sets, ratios, 2, 6);
  g_autofree guint *floored = esp_unit_sets_count (sets, ratios, 8, 1), *again = NULL;
  g_autoptr (EspMask) mask = NULL, inverted = NULL;
  double share, chance;
  guint n;

  g_assert_cmpuint (esp_unit_sets_get_n (sets), ==, 2);
  g_assert_cmpuint (esp_unit_sets_get_size (sets, 0), ==, 10);
  g_assert_cmpuint (esp_unit_sets_get_layers (sets, 0, &n)[1], ==, 2);
  g_assert_cmpuint (n, ==, 2);
  g_assert_cmpuint (esp_unit_sets_get_size (sets, 1), ==, 16);
  g_assert_cmpuint (kept[0], ==, 3); /* floor (.7 * 10) go, though .7 * 10 is below 7 in binary */
  g_assert_cmpuint (kept[1], ==, 8);
  g_assert_cmpuint (rounded[0], ==, 6);
  g_assert_cmpuint (rounded[1], ==, 12);
  g_assert_cmpuint (floored[0], ==, 8);
  for (guint c = 0; c < 10; c++)
    {
      esp_scores_get (scores, 0, &n)[c] = c == 4 ? 100 : 10 - c; /* 10 9 8 7 100 5 4 3 2 1 */
      esp_scores_get (scores, 2, &n)[c] = c == 9 ? 50 : 0;
    }
  mask = esp_unit_sets_keep (sets, scores, "sum", FALSE, kept);
  for (guint c = 0; c < 10; c++)
    {
      g_assert_cmpint (esp_mask_keeps (mask, 0, c), ==, c == 4 || c == 9 || c == 0);
      g_assert_cmpint (esp_mask_keeps (mask, 2, c), ==, esp_mask_keeps (mask, 0, c));
    }
  for (guint c = 0; c < 16; c++) /* all alike: the lower channels go */
    g_assert_cmpint (esp_mask_keeps (mask, 1, c), ==, c >= 8);
  inverted = esp_unit_sets_keep (sets, scores, "sum", TRUE, kept);
  for (guint c = 0; c < 10; c++)
    g_assert_cmpint (esp_mask_keeps (inverted, 0, c), ==, c == 6 || c == 7 || c == 8);
  share = esp_unit_sets_overlap (sets, mask, inverted, &chance);
  g_assert_cmpfloat_with_epsilon (share, 8. / 11, 1e-12); /* none of 3 and all of 8 */
  g_assert_cmpfloat_with_epsilon (chance, (3 * .3 + 8 * .5) / 11, 1e-12);
  g_assert_cmpfloat (esp_unit_sets_overlap (sets, mask, mask, &chance), ==, 1);
  again = esp_unit_sets_count_mask (sets, inverted);
  g_assert_cmpmem (again, 2 * sizeof (guint), kept, 2 * sizeof (guint));
}

/* The last fifth against the one before; a single pair where there are few. */
static void
test_rise (void)
{
  const double rising[] = { .1, .2, .3, .4, .5, .6, .7, .8, .9, 1 }, flat[] = { .1, .5, .5 };

  g_assert_cmpfloat_with_epsilon (esp_curve_rise (rising, 10), .2, 1e-12);
  g_assert_cmpfloat_with_epsilon (esp_curve_rise (rising, 9), .1, 1e-12);
  g_assert_cmpfloat (esp_curve_rise (flat, 3), ==, 0);
  g_assert_true (isnan (esp_curve_rise (flat, 1)));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/recipe/steps", test_steps);
  g_test_add_func ("/recipe/variables", test_variables);
  g_test_add_func ("/recipe/must-be-given", test_must_be_given);
  g_test_add_func ("/recipe/base", test_base);
  g_test_add_func ("/recipe/refused", test_refused);
  g_test_add_func ("/recipe/order", test_order);
  g_test_add_func ("/recipe/score-keys", test_score_keys);
  g_test_add_func ("/recipe/scratch", test_scratch);
  g_test_add_func ("/recipe/shipped", test_shipped);
  g_test_add_func ("/recipe/unit-sets", test_unit_sets);
  g_test_add_func ("/recipe/rise", test_rise);
  return g_test_run ();
}
