/* step-controls.c: the step “controls”: what the method has to beat, trained and measured as it was */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <glib/gi18n-lib.h>
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "net/cut.h"
#include "net/narrow.h"
#include "recipe/plan-search.h"
#include "recipe/rows.h"
#include "recipe/step-private.h"
#include "train/start.h"

#define USUAL "dense-continued random l1 inverted uniform from-nothing narrower"
#define PRIOR .01 /* objectness of every cell of a network that starts from nothing */

static const EspSetting settings[] = {
  { "rows", ESP_SETTING_TEXT, "which of them, with blanks between", USUAL },
  { "random-before", ESP_SETTING_COUNT, "random cuts that are measured before recovery", "20", 1, 1000 },
  { "random-after", ESP_SETTING_COUNT, "of them, how many recover", "3", 0, 100 },
  { "base-epochs", ESP_SETTING_COUNT,
    "epochs of these images that the dense network was trained for before; scratch-e and scratch-b ask for it; empty: not known", "", 1,
    100000 },
  { "most-epochs", ESP_SETTING_COUNT, "epochs of scratch-b at most; 0: any", "0", 0, 100000 },
  { "other", ESP_SETTING_TEXT, "cfg of another network, read for the same input and trained from nothing for as long", "" },
  { NULL },
};

typedef struct
{
  EspBench *bench;
  const EspStep *step;
} Controls;

typedef struct
{
  const char *id, *title;
  gboolean (*run) (const Controls *controls, EspRow *row, GError **error);
  EspRowUses uses;
  const char *const *settings; /* (nullable), NULL-terminated: those of the step that it depends on */
} Control;

/* (transfer full): cut by other scores, with as many channels a layer as the method keeps. */
static EspCut *
cut_by (EspBench *bench, const EspScores *scores, const char *reduce, gboolean inverted, const guint *kept, GError **error)
{
  g_autoptr (EspMask) mask = esp_unit_sets_keep (bench->units, scores, reduce, inverted, kept);

  return esp_cut_new (bench->network, bench->weights, mask, NULL, error);
}

static gboolean
look_and_train (EspBench *bench, EspRow *row, EspCut *cut, GError **error)
{
  const EspRowStart start = { esp_cut_get_network (cut), esp_cut_get_weights (cut), bench->training.epochs, bench->options->seed };

  return esp_row_look (bench, row, start.network, start.weights, 0, 1, error) && esp_row_train (bench, row, &start, 0, 1, error);
}

static gboolean
run_continued (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;

  for (guint i = 0; i < bench->n_seeds; i++)
    {
      const EspRowStart start = { bench->network, bench->weights, bench->training.epochs, bench->options->seed + i };

      if (!esp_row_train (bench, row, &start, i, bench->n_seeds, error))
        return FALSE;
    }
  return TRUE;
}

/* (transfer full): scores of another criterion that needs nothing but the weights. */
static EspScores *
score_by (EspBench *bench, const EspCriterion *criterion, guint64 seed, GError **error)
{
  const EspCriterionInput input = { .network = bench->network, .weights = bench->weights, .seed = seed };
  EspSpent spent;

  return esp_bench_score (bench, &input, criterion, ESP_SET_CALIBRATION, 0, "", NULL, &spent, error);
}

static gboolean
run_random_one (const Controls *controls, EspRow *row, guint i, guint n_before, guint n_after, GError **error)
{
  EspBench *bench = controls->bench;
  const EspCriterion *criterion = esp_criterion_find ("random");
  const guint64 seed = bench->options->seed + i;
  g_autoptr (EspScores) scores = score_by (bench, criterion, seed, error);
  g_autoptr (EspCut) cut = NULL;
  EspRowStart start;

  if (scores == NULL || (cut = cut_by (bench, scores, criterion->reduce, FALSE, bench->kept, error)) == NULL)
    return FALSE;
  start = (EspRowStart){ esp_cut_get_network (cut), esp_cut_get_weights (cut), bench->training.epochs, seed };
  return esp_row_look (bench, row, start.network, start.weights, i, n_before, error)
         && (i >= n_after || esp_row_train (bench, row, &start, i, n_after, error));
}

static gboolean
run_random (const Controls *controls, EspRow *row, GError **error)
{
  const guint n_after = esp_step_get_count (controls->step, "random-after");
  const guint n_before = MAX (esp_step_get_count (controls->step, "random-before"), n_after);

  esp_spent_add (&row->spent, &controls->bench->counts_spent);
  for (guint i = 0; i < n_before; i++)
    if (!run_random_one (controls, row, i, n_before, n_after, error))
      return FALSE;
  return TRUE;
}

static gboolean
run_l1 (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  const EspCriterion *criterion = esp_criterion_find ("l1");
  g_autoptr (EspScores) scores = score_by (bench, criterion, bench->options->seed, error);
  g_autoptr (EspCut) cut = scores != NULL ? cut_by (bench, scores, criterion->reduce, FALSE, bench->kept, error) : NULL;

  esp_spent_add (&row->spent, &bench->counts_spent);
  return cut != NULL && look_and_train (bench, row, cut, error);
}

static gboolean
run_inverted (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  g_autoptr (EspCut) cut = cut_by (bench, bench->scores, bench->criterion->reduce, TRUE, bench->kept, error);

  esp_spent_add (&row->spent, bench->counts_spent.gflops > 0 ? &bench->counts_spent : &bench->score_spent);
  return cut != NULL && look_and_train (bench, row, cut, error);
}

/* Kept of each set at one ratio, with as much compute as the method leaves, or just more. */
static guint *
count_uniform (EspBench *bench, GError **error)
{
  const EspPlanSearch search = { .floor = bench->floor, .round = 1 };
  double ratio;

  return esp_plan_find_uniform (bench, &search, esp_plan_bflops (bench, bench->kept), TRUE, &ratio, error);
}

static gboolean
run_uniform (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  g_autofree guint *kept = count_uniform (bench, error);
  g_autoptr (EspCut) cut = kept != NULL ? cut_by (bench, bench->scores, bench->criterion->reduce, FALSE, kept, error) : NULL;

  esp_spent_add (&row->spent, &bench->score_spent);
  return cut != NULL && look_and_train (bench, row, cut, error);
}

/* @network from numbers drawn by lot. */
static gboolean
train_from_nothing (EspBench *bench, EspRow *row, EspNetwork *network, guint epochs, GError **error)
{
  const EspStartOptions drawn = { .seed = bench->options->seed, .prior = PRIOR };
  g_autoptr (EspWeights) weights = esp_start_new (network, &drawn);
  const EspRowStart start = { network, weights, epochs, bench->options->seed };

  return esp_row_train (bench, row, &start, 0, 1, error);
}

/* Of what starts from nothing: as many as the dense network had, where that is known, and those of the recovery. */
static guint
scratch_epochs (const Controls *controls)
{
  return esp_step_get_count (controls->step, "base-epochs") + controls->bench->training.epochs;
}

/* No more than the recovery has: what the dense network had before is not known, or not given. */
static gboolean
run_from_nothing (const Controls *controls, EspRow *row, GError **error)
{
  esp_spent_add (&row->spent, &controls->bench->counts_spent);
  return train_from_nothing (controls->bench, row, controls->bench->cut, controls->bench->training.epochs, error);
}

/* Scratch-E of Liu et al. 2019, arXiv:1810.05270: the epochs of the large network; here those of its recovery besides. */
static gboolean
run_scratch_e (const Controls *controls, EspRow *row, GError **error)
{
  esp_spent_add (&row->spent, &controls->bench->counts_spent);
  return train_from_nothing (controls->bench, row, controls->bench->cut, scratch_epochs (controls), error);
}

/* As much computing as those epochs are for the large network. */
static guint
count_equal (const Controls *controls)
{
  const EspBench *bench = controls->bench;
  const double factor = esp_cost_of (bench->network, NULL).bflops / esp_cost_of (bench->cut, NULL).bflops;

  return (guint) MAX (floor (scratch_epochs (controls) * factor + .5), 1);
}

/* Scratch-B of the same. */
static gboolean
run_scratch_b (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  const guint most = esp_step_get_count (controls->step, "most-epochs"), epochs = count_equal (controls);

  esp_spent_add (&row->spent, &bench->counts_spent);
  return train_from_nothing (bench, row, bench->cut, most > 0 ? MIN (epochs, most) : epochs, error);
}

static gboolean
run_narrower (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  g_autoptr (EspNetwork) network
      = esp_network_narrowed_to (bench->network, esp_cost_of (bench->cut, NULL).bflops, bench->floor, NULL, error);

  return network != NULL && train_from_nothing (bench, row, network, scratch_epochs (controls), error);
}

/* (transfer full): the cfg, read for the dense network's input, so that all see the same pictures. */
static EspNetwork *
load_other (const Controls *controls, GError **error)
{
  const EspShape input = esp_network_get_input (controls->bench->network);
  g_autoptr (EspNetwork) network = esp_network_load (esp_step_get_text (controls->step, "other"), error);
  EspShape own;

  if (network == NULL)
    return NULL;
  own = esp_network_get_input (network);
  return own.w == input.w && own.h == input.h ? g_steal_pointer (&network) : esp_network_resized (network, input.w, input.h, error);
}

static gboolean
run_other (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  g_autoptr (EspNetwork) network = load_other (controls, error);

  if (network == NULL)
    return FALSE;
  if (esp_network_get_classes (network) != esp_network_get_classes (bench->network))
    return esp_step_refuse (controls->step, "other", error, "it has %d classes, the dense network %d", esp_network_get_classes (network),
                            esp_network_get_classes (bench->network));
  return train_from_nothing (bench, row, network, scratch_epochs (controls), error);
}

static const char *const random_settings[] = { "random-before", "random-after", NULL };
static const char *const base_settings[] = { "base-epochs", NULL };
static const char *const equal_settings[] = { "base-epochs", "most-epochs", NULL };

#define TRAINED ESP_USES_TRAINING
#define CUT     (ESP_USES_TRAINING | ESP_USES_MASK)
#define SCORED  (ESP_USES_TRAINING | ESP_USES_MASK | ESP_USES_SCORES)

static const Control known[] = {
  { "dense-continued", "the dense network, trained for as many epochs more", run_continued, TRAINED, NULL },
  { "random", "random channels, as many a layer as the method keeps", run_random, CUT, random_settings },
  { "l1", "by weight magnitude, as many a layer as the method keeps", run_l1, CUT, NULL },
  { "inverted", "the method's scores turned round, as many a layer", run_inverted, SCORED, NULL },
  { "uniform", "the method's scores at one ratio, equal compute", run_uniform, SCORED, NULL },
  { "from-nothing", "the method's architecture from nothing, for as many epochs as it recovers", run_from_nothing, CUT, NULL },
  { "scratch-e", "the method's architecture from nothing, for the epochs of the dense network and of the recovery", run_scratch_e, CUT,
    base_settings },
  { "scratch-b", "the method's architecture from nothing, equal compute", run_scratch_b, CUT, equal_settings },
  { "narrower", "uniformly narrower from nothing, equal compute an image, equal epochs", run_narrower, CUT, base_settings },
  { "other", "another network from nothing, equal epochs", run_other, TRAINED, base_settings },
};

static const Control *
find_control (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (known[i].id, id) == 0)
      return &known[i];
  return NULL;
}

/* (transfer full): what the row depends on of this step's words; of another network all that it says. NULL with an error. */
static char *
describe (const Controls *controls, const Control *control, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; control->settings != NULL && control->settings[i] != NULL; i++)
    g_string_append_printf (text, "%s %s\n", control->settings[i], esp_step_get_text (controls->step, control->settings[i]));
  if (control->run == run_other)
    {
      g_autofree char *hash = esp_hash_file (esp_step_get_text (controls->step, "other"), error);

      if (hash == NULL)
        return NULL;
      g_string_append_printf (text, "other %s\n", hash);
    }
  return g_strdup (text->str);
}

/* (transfer full): of scratch-b with how far its epochs are cut short, whether it is made or taken from the table of results. */
static char *
make_title (const Controls *controls, const Control *control)
{
  const guint most = esp_step_get_count (controls->step, "most-epochs");
  const guint epochs = control->run == run_scratch_b ? count_equal (controls) : 0;

  if (most == 0 || epochs <= most)
    return g_strdup (control->title);
  return g_strdup_printf ("the method's architecture from nothing, %u of the %u epochs that would be equal compute", most, epochs);
}

static gboolean
run_one (const Controls *controls, const Control *control, GError **error)
{
  g_autofree char *title = make_title (controls, control);
  g_autoptr (EspRow) row = esp_row_new (control->id, title);
  g_autofree char *words = describe (controls, control, error);
  gboolean taken;

  if (words == NULL)
    return FALSE;
  esp_bench_tell (controls->bench, " %s: %s", control->id, title);
  row->key = esp_bench_make_row_key (controls->bench, control->id, control->uses, words);
  if (!esp_bench_take_row (controls->bench, row, &taken, error)
      || (!taken && (!control->run (controls, row, error) || !esp_bench_note_row (controls->bench, row, error))))
    return FALSE;
  esp_bench_add_row (controls->bench, g_steal_pointer (&row));
  return TRUE;
}

/* About the seconds of one row: its training, and the random cuts that are measured only. */
static double
row_seconds (EspBench *bench, const EspStep *step, const Control *control)
{
  const double share = bench->pace.share;
  const guint epochs = bench->pace.epochs, scratch = esp_step_get_count (step, "base-epochs") + epochs;
  const guint most = esp_step_get_count (step, "most-epochs"), equal = (guint) MIN (scratch / MAX (share, 1e-3), 1e6);
  const double look = esp_pace_measure (bench, share, ESP_SET_TEST, 0);

  if (control->run == run_continued)
    return bench->pace.seeds * esp_pace_train (bench, 1, epochs);
  if (control->run == run_random)
    return esp_step_get_count (step, "random-after") * esp_pace_train (bench, share, epochs)
           + esp_step_get_count (step, "random-before") * look;
  if (control->run == run_scratch_b)
    return esp_pace_train (bench, share, most > 0 ? MIN (most, equal) : equal);
  if (control->run == run_scratch_e || control->run == run_narrower)
    return esp_pace_train (bench, share, scratch);
  if (control->run == run_other)
    return esp_pace_train (bench, 1, scratch);
  return esp_pace_train (bench, share, epochs) + look;
}

static char **
split_rows (const EspStep *step)
{
  return g_strsplit_set (esp_step_get_text (step, "rows"), " ,\t", -1);
}

static gboolean
refuse_row (const EspStep *step, const char *id, GError **error)
{
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? ", " : "", known[i].id);
  return esp_step_refuse (step, "rows", error, "no row “%s”: expected some of %s", id, names->str);
}

static gboolean
check (const EspStep *step, gboolean open, GError **error)
{
  g_auto (GStrv) ids = split_rows (step);

  for (guint i = 0; ids[i] != NULL; i++)
    if (*ids[i] != '\0' && find_control (ids[i]) == NULL)
      return refuse_row (step, ids[i], error);
    else if (g_str_has_prefix (ids[i], "scratch-") && !open && !esp_step_is_set (step, "base-epochs"))
      return esp_step_refuse (step, "rows", error,
                              "%s is trained for as long as the dense network was: expected base-epochs; where they are not known, the row "
                              "from-nothing",
                              ids[i]);
    else if (strcmp (ids[i], "other") == 0 && !open && !esp_step_is_set (step, "other"))
      return esp_step_refuse (step, "rows", error, "expected “other = …”: the cfg of that network");
  return TRUE;
}

/* (transfer full): of const Control: the rows that are asked for, another network among them where one is named. */
static GPtrArray *
list_rows (const EspStep *step)
{
  g_auto (GStrv) ids = split_rows (step);
  GPtrArray *rows = g_ptr_array_new ();

  for (guint i = 0; ids[i] != NULL; i++)
    if (*ids[i] != '\0')
      g_ptr_array_add (rows, (gpointer) find_control (ids[i]));
  if (esp_step_is_set (step, "other") && !g_strv_contains ((const char *const *) ids, "other"))
    g_ptr_array_add (rows, (gpointer) find_control ("other"));
  return rows;
}

static double
estimate_from (EspBench *bench, const EspStep *step, const GPtrArray *rows, guint first)
{
  double sum = 0;

  for (guint i = first; i < rows->len; i++)
    sum += row_seconds (bench, step, g_ptr_array_index (rows, i));
  return sum;
}

static double
estimate (EspBench *bench, const EspStep *step)
{
  g_autoptr (GPtrArray) rows = list_rows (step);

  return estimate_from (bench, step, rows, 0);
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  const Controls controls = { bench, step };
  g_autoptr (GPtrArray) rows = list_rows (step);
  const double later = bench->pace.later, slower = bench->pace.slower;

  for (guint i = 0; i < rows->len; i++)
    {
      bench->pace.later = later * bench->pace.slower / slower + estimate_from (bench, step, rows, i + 1);
      if (!run_one (&controls, g_ptr_array_index (rows, i), error))
        return FALSE;
    }
  return TRUE;
}

static const char *const needs[] = { "score", "train", NULL };

const EspStepKind esp_step_controls = {
  .id = "controls",
  .title = N_ ("what the method has to beat"),
  .settings = settings,
  .run = run,
  .needs = needs,
  .check = check,
  .seconds = estimate,
};
