/* window-budget.c: a budget in a window beside the study: what is asked for, the plans tried, and what was found made the plan */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-work-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "study/budget-work.h"
#include "widgets/budget-page.h"

#define MOST_IMAGES 128 /* proposed: beyond it each plan takes long */
#define TRIES       64  /* proposed: espalier-cli's */

static double
cost_in (const EspCost *cost, EspBudgetUnit unit)
{
  return unit == ESP_BUDGET_MB ? (double) cost->file_bytes / 1e6 : cost->bflops;
}

static const char *
unit_of (EspWindowWork *self)
{
  const EspBudgetWish *wish = esp_budget_work_get_wish (self->work);

  return esp_budget_unit_name (wish != NULL ? wish->limit.unit : ESP_BUDGET_BFLOPS);
}

static int
by_cost (gconstpointer a, gconstpointer b)
{
  const EspChartPoint *x = a, *y = b;

  return (x->x > y->x) - (x->x < y->x);
}

/* What was tried, the cheapest first; those whose cost is known. */
static GArray *
tried_points (EspWindowWork *self)
{
  g_autoptr (GArray) points = esp_budget_work_dup_points (self->work);
  GArray *tried = g_array_new (FALSE, FALSE, sizeof (EspChartPoint));

  for (guint i = 0; i < points->len; i++)
    {
      const EspBudgetPoint *point = &g_array_index (points, EspBudgetPoint, i);
      const EspChartPoint at = { point->cost, point->map, (double) NAN, (double) NAN };

      if (!isnan (point->cost))
        g_array_append_val (tried, at);
    }
  g_array_sort (tried, by_cost);
  return tried;
}

/* Those that have more mAP than everything cheaper. */
static GArray *
frontier_of (const GArray *tried)
{
  GArray *frontier = g_array_new (FALSE, FALSE, sizeof (EspChartPoint));
  double best = -INFINITY;

  for (guint i = 0; i < tried->len; i++)
    {
      const EspChartPoint *at = &g_array_index (tried, EspChartPoint, i);

      if (!(at->y > best))
        continue;
      best = at->y;
      g_array_append_vals (frontier, at, 1);
    }
  return frontier;
}

static void
show_tried (EspWindowWork *self)
{
  g_autoptr (GArray) tried = tried_points (self), frontier = frontier_of (tried);
  const EspBudget *budget = esp_budget_work_get_found (self->work);
  EspChartPoint found = { NAN, NAN, NAN, NAN };

  if (budget != NULL)
    {
      const EspBudgetTry *one = esp_budget_get (budget, esp_budget_get_found (budget));

      found.x = esp_budget_get_cost (budget, one);
      found.y = one->map;
    }

  esp_budget_page_set_tried (self->page, unit_of (self), (const EspChartPoint *) (gpointer) tried->data, tried->len,
                             (const EspChartPoint *) (gpointer) frontier->data, frontier->len, esp_budget_work_get_most (self->work),
                             budget != NULL ? &found : NULL);
}

static EspBudgetPageState
page_state (EspWindowWork *self)
{
  if (esp_work_get_job (self->work) == NULL)
    return ESP_BUDGET_PAGE_IDLE;
  return esp_budget_work_get_state (self->work) == ESP_BUDGET_ENDING ? ESP_BUDGET_PAGE_ENDING : ESP_BUDGET_PAGE_RUNNING;
}

/* (transfer full) */
static char *
state_words (EspWindowWork *self)
{
  switch (esp_budget_work_get_state (self->work))
    {
    case ESP_BUDGET_SCORING:
      return g_strdup (_ ("Scoring channels on the half that chooses"));
    case ESP_BUDGET_TRYING:
      return g_strdup_printf (g_dngettext (NULL, "%u plan tried", "%u plans tried", (gulong) self->done), (guint) self->done);
    case ESP_BUDGET_ENDING:
      return g_strdup (_ ("Stopping"));
    case ESP_BUDGET_STOPPED:
      return g_strdup (_ ("Stopped: the plan is as it was"));
    case ESP_BUDGET_FAILED:
      return g_strdup (_ ("Nothing was found: the plan is as it was"));
    case ESP_BUDGET_FOUND:
      return g_strdup_printf (g_dngettext (NULL, "Found after %u plan, in %.0f s", "Found after %u plans, in %.0f s",
                                           esp_budget_get_n (esp_budget_work_get_found (self->work))),
                              esp_budget_get_n (esp_budget_work_get_found (self->work)),
                              esp_budget_get_seconds (esp_budget_work_get_found (self->work)));
    case ESP_BUDGET_IDLE:
    default:
      return g_strdup ("");
    }
}

/* "0.74 of 1.45 MB, 0.213 of 0.431 BFLOPs", and the time where that was asked for. */
static char *
cost_words (const EspBudgetTry *found, const EspBudgetTry *whole)
{
  g_autofree char *ms = isnan (found->ms) ? g_strdup ("") : g_strdup_printf (_ (", %.2f of %.2f ms"), found->ms, whole->ms);

  return g_strdup_printf (_ ("%.3f of %.3f BFLOPs, %.2f of %.2f MB%s"), found->cost.bflops, whole->cost.bflops,
                          (double) found->cost.file_bytes / 1e6, (double) whole->cost.file_bytes / 1e6, ms);
}

/* "−1.0 points of the whole network's (95 % −2.1 to +0.1)" */
static char *
difference_words (const char *format, const EspInterval *difference)
{
  g_autofree char *value = g_strdup_printf ("%+.1f", 100 * difference->value), *low = g_strdup_printf ("%+.1f", 100 * difference->low),
                  *high = g_strdup_printf ("%+.1f", 100 * difference->high);
  g_autoptr (GString) text = g_string_new (format);

  g_string_replace (text, "{difference}", value, 1);
  g_string_replace (text, "{low}", low, 1);
  g_string_replace (text, "{high}", high, 1);
  g_string_replace (text, "-", "−", 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
half_words (const EspBudgetHalf *half)
{
  g_autofree char *whole = difference_words (_ ("{difference} points of the whole network’s (95 % {low} to {high})"), &half->from_whole);
  g_autofree char *uniform = NULL;

  if (isnan (half->uniform))
    return g_steal_pointer (&whole);
  uniform = difference_words (_ ("{difference} points of the best uniform plan’s (95 % {low} to {high})"), &half->from_uniform);
  return g_strjoin ("\n", whole, uniform, NULL);
}

/* @head: (transfer full): whose numbers they are. */
static void
add_half (GArray *lines, GPtrArray *owned, char *head, const EspBudgetHalf *half)
{
  char *words = half_words (half), *aside = g_strdup_printf (_ ("mAP %.1f %%"), 100 * half->found);
  char *name = g_strconcat (head, ", ", aside, ", ", words, NULL);
  const EspLine line = { .title = head, .words = words, .aside = aside, .name = name };

  g_ptr_array_add (owned, words);
  g_ptr_array_add (owned, aside);
  g_ptr_array_add (owned, head);
  g_ptr_array_add (owned, name);
  g_array_append_val (lines, line);
}

static void
add_found (EspWindowWork *self, GArray *lines, GPtrArray *owned, const EspBudget *budget)
{
  const EspBudgetTry *found = esp_budget_get (budget, esp_budget_get_found (budget)), *whole = esp_budget_get (budget, 0);
  const char *criterion = esp_budget_work_get_criterion (self->work);
  char *cost = cost_words (found, whole), *by = g_strdup_printf (_ ("ranked by %s"), criterion != NULL ? _ (criterion) : ""),
       *name = g_strconcat (cost, ", ", by, NULL);
  const EspLine line = { .title = cost, .words = by, .name = name, .is_bold = TRUE };

  g_ptr_array_add (owned, cost);
  g_ptr_array_add (owned, by);
  g_ptr_array_add (owned, name);
  g_array_append_val (lines, line);
}

static void
show_result (EspWindowWork *self)
{
  const EspBudget *budget = esp_budget_work_get_found (self->work);
  g_autoptr (GArray) lines = g_array_new (FALSE, FALSE, sizeof (EspLine));
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);

  if (budget != NULL)
    {
      const EspBudgetHalf *choosing = esp_budget_get_half (budget, FALSE), *judging = esp_budget_get_half (budget, TRUE);

      add_found (self, lines, owned, budget);
      add_half (lines, owned,
                g_strdup_printf (g_dngettext (NULL, "%u image that judges, and chose nothing", "%u images that judge, and chose nothing",
                                              judging->n_images),
                                 judging->n_images),
                judging);
      add_half (lines, owned,
                g_strdup_printf (g_dngettext (NULL, "%u image that chose", "%u images that chose", choosing->n_images), choosing->n_images),
                choosing);
    }
  esp_budget_page_set_result (self->page, (const EspLine *) (gpointer) lines->data, lines->len, esp_budget_work_is_current (self->work));
}

static void
show_whole (EspWindowWork *self)
{
  EspNumbers numbers;

  esp_study_get_numbers (self->window->study, &numbers);
  esp_budget_page_set_whole (self->page, ESP_BUDGET_BFLOPS, cost_in (&numbers.whole, ESP_BUDGET_BFLOPS));
  esp_budget_page_set_whole (self->page, ESP_BUDGET_MB, cost_in (&numbers.whole, ESP_BUDGET_MB));
  esp_budget_page_set_whole (self->page, ESP_BUDGET_MS, numbers.has_latency_whole ? numbers.latency_whole.median_ms : (double) NAN);
  esp_budget_page_set_map (self->page, numbers.map.baseline);
}

static void
show_all (EspWindowWork *self)
{
  g_autofree char *words = state_words (self);

  esp_budget_page_set_state (self->page, page_state (self));
  esp_budget_page_set_progress (self->page, self->share, words);
  show_tried (self);
  show_result (self);
}

static void
found_unseen (EspWindowWork *self)
{
  AdwToast *toast;

  if (esp_budget_work_get_found (self->work) == NULL)
    return;
  toast = adw_toast_new (_ ("A plan within the budget was found"));
  adw_toast_set_button_label (toast, _ ("Show"));
  adw_toast_set_action_name (toast, "win.budget");
  adw_toast_overlay_add_toast (self->window->toasts, toast);
}

static void
search_clicked (EspBudgetPage *page, gpointer data)
{
  EspWindowWork *self = data;
  g_autoptr (GError) error = NULL;
  EspBudgetSettings settings;
  EspBudgetWish wish;

  esp_budget_page_get_settings (page, &settings);
  wish = (EspBudgetWish){ .limit = { settings.unit, settings.has_most ? settings.most : (double) INFINITY, FALSE },
                          .least_map = settings.has_least ? settings.least_map : (double) NAN,
                          .n_images = settings.images,
                          .n_tries = settings.tries };
  if (!esp_budget_work_start (self->work, &wish, &error))
    esp_window_show_error (self->window, _ ("No Plan Was Found"), error);
}

/* "At most 0.216 BFLOPs", "At least 90.0 % mAP", or both: the words of the act. */
static char *
act_words (const EspBudgetWish *wish, double most)
{
  g_autofree char *limit = isfinite (most) ? g_strdup_printf (_ ("At most %.3g %s"), most, esp_budget_unit_name (wish->limit.unit)) : NULL;
  g_autofree char *least = isnan (wish->least_map) ? NULL : g_strdup_printf (_ ("At least %.1f %% mAP"), 100 * wish->least_map);

  if (limit == NULL || least == NULL)
    return g_strdup (limit != NULL ? limit : least != NULL ? least : _ ("Within the budget"));
  return g_strdup_printf ("%s, %s", limit, least);
}

static void
apply_clicked (EspBudgetPage *page, gpointer data)
{
  EspWindowWork *self = data;
  const EspBudgetWish *wish = esp_budget_work_get_wish (self->work);
  g_autofree char *words = act_words (wish, esp_budget_work_get_most (self->work));

  if (esp_budget_work_apply (self->work, words))
    esp_window_toast (self->window, _ ("The plan is the one that was found"));
}

static GtkWidget *
make_page (EspWindowWork *self)
{
  EspBudgetPage *page = ESP_BUDGET_PAGE (esp_budget_page_new ());
  EspDataset *dataset = esp_study_get_dataset (self->window->study);
  const guint n = dataset != NULL ? esp_dataset_get_n (dataset) : 0;
  const char *units[ESP_BUDGET_N_UNITS + 1] = { NULL };

  for (guint i = 0; i < ESP_BUDGET_N_UNITS; i++)
    units[i] = esp_budget_unit_name (i);
  esp_budget_page_set_units (page, units);
  esp_budget_page_set_images (page, n);
  esp_budget_page_set_effort (page, MIN (n, MOST_IMAGES), TRIES);
  g_signal_connect (page, "search", G_CALLBACK (search_clicked), self);
  g_signal_connect (page, "apply", G_CALLBACK (apply_clicked), self);
  return GTK_WIDGET (page);
}

/** esp_window_bind_budget: a search beside the study, with nothing begun. Thread: main. */
void
esp_window_bind_budget (EspWindow *window)
{
  static const EspWindowWorkKind kind = { .title = N_ ("Budget"),
                                          .width = 600,
                                          .height = 700,
                                          .make_page = make_page,
                                          .show = show_all,
                                          .show_numbers = show_whole,
                                          .failed = N_ ("No Plan Was Found"),
                                          .ended_unseen = found_unseen };

  window->budget = esp_window_work_new (window, esp_budget_work_new (window->study), &kind);
}
