/* step-controls.c: the step “controls”: what the method has to beat, trained and measured as it was */
#define G_LOG_DOMAIN "esp-recipe"
#include "config.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "net/cut.h"
#include "net/narrow.h"
#include "recipe/plan-search.h"
#include "recipe/rows.h"
#include "recipe/step-private.h"
#include "train/start.h"

#define ALL   "dense-continued random l1 inverted uniform scratch-e scratch-b narrower"
#define PRIOR .01 /* objectness of every cell of a network that starts from nothing */

static const EspSetting settings[] = {
  { "rows", ESP_SETTING_TEXT, "which of them, with blanks between", ALL },
  { "random-before", ESP_SETTING_COUNT, "random cuts that are measured before recovery", "20", 1, 1000 },
  { "random-after", ESP_SETTING_COUNT, "of them, how many recover", "3", 0, 100 },
  { "base-epochs", ESP_SETTING_COUNT, "epochs that the dense network was trained for before: what starts from nothing gets them too", "0",
    0, 100000 },
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
  double seconds;

  return esp_bench_score (bench, &input, criterion, ESP_SET_CALIBRATION, 0, "", &seconds, error);
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

  return cut != NULL && look_and_train (bench, row, cut, error);
}

static gboolean
run_inverted (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  g_autoptr (EspCut) cut = cut_by (bench, bench->scores, bench->criterion->reduce, TRUE, bench->kept, error);

  row->seconds = bench->score_seconds;
  row->gflops = bench->score_gflops;
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

  row->seconds = bench->score_seconds;
  row->gflops = bench->score_gflops;
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

static guint
scratch_epochs (const Controls *controls)
{
  return esp_step_get_count (controls->step, "base-epochs") + controls->bench->training.epochs;
}

static gboolean
run_scratch_e (const Controls *controls, EspRow *row, GError **error)
{
  return train_from_nothing (controls->bench, row, controls->bench->cut, scratch_epochs (controls), error);
}

static gboolean
run_scratch_b (const Controls *controls, EspRow *row, GError **error)
{
  EspBench *bench = controls->bench;
  const double factor = esp_cost_of (bench->network, NULL).bflops / esp_cost_of (bench->cut, NULL).bflops;
  const guint most = esp_step_get_count (controls->step, "most-epochs");
  const guint epochs = (guint) MAX (floor (scratch_epochs (controls) * factor + .5), 1);

  if (most > 0 && epochs > most)
    esp_bench_tell (bench, "  scratch-b: %u epochs would be equal compute, %u are given", epochs, most);
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

static const Control known[] = {
  { "dense-continued", "the dense network, trained for as many epochs more", run_continued },
  { "random", "random channels, as many a layer as the method keeps", run_random },
  { "l1", "by weight magnitude, as many a layer as the method keeps", run_l1 },
  { "inverted", "the method's scores turned round, as many a layer", run_inverted },
  { "uniform", "the method's scores at one ratio, equal compute", run_uniform },
  { "scratch-e", "the method's architecture from nothing, equal epochs", run_scratch_e },
  { "scratch-b", "the method's architecture from nothing, equal compute", run_scratch_b },
  { "narrower", "uniformly narrower from nothing, equal compute an image, equal epochs", run_narrower },
  { "other", "another network from nothing, equal epochs", run_other },
};

static const Control *
find_control (const char *id)
{
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (known[i].id, id) == 0)
      return &known[i];
  return NULL;
}

static gboolean
run_one (const Controls *controls, const Control *control, GError **error)
{
  g_autoptr (EspRow) row = esp_row_new (control->id, control->title);

  esp_bench_tell (controls->bench, " %s: %s", control->id, control->title);
  if (!control->run (controls, row, error))
    return FALSE;
  esp_bench_add_row (controls->bench, g_steal_pointer (&row));
  return TRUE;
}

static gboolean
check_rows (const EspStep *step, char **ids, GError **error)
{
  for (guint i = 0; ids[i] != NULL; i++)
    if (*ids[i] != '\0' && find_control (ids[i]) == NULL)
      return esp_step_refuse (step, "rows", error, "no row “%s”: expected some of %s other", ids[i], ALL);
  return TRUE;
}

static gboolean
run (EspBench *bench, const EspStep *step, GError **error)
{
  const Controls controls = { bench, step };
  g_auto (GStrv) ids = g_strsplit_set (esp_step_get_text (step, "rows"), " ,\t", -1);

  if (!check_rows (step, ids, error) || !esp_bench_need (bench, step, bench->cut, "cut", error)
      || !esp_bench_need (bench, step, bench->scores, "score", error)
      || !esp_bench_need (bench, step, bench->has_training ? bench : NULL, "train", error))
    return FALSE;
  for (guint i = 0; ids[i] != NULL; i++)
    if (*ids[i] != '\0' && !run_one (&controls, find_control (ids[i]), error))
      return FALSE;
  if (!esp_step_is_set (step, "other") || g_strv_contains ((const char *const *) ids, "other"))
    return TRUE;
  return run_one (&controls, find_control ("other"), error);
}

const EspStepKind esp_step_controls = { "controls", "what the method has to beat", settings, run };
