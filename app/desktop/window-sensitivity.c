/* window-sensitivity.c: what layers and groups bear alone, in a window beside the study; a point of a curve becomes the plan's */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-work-private.h"

#include <glib/gi18n.h>
#include <math.h>

#include "study/sensitivity-work.h"
#include "widgets/sensitivity-page.h"

#define PROPOSED_IMAGES 64 /* of each of which every place takes nine looks */

/* (transfer full): a difference in points, with a true minus. */
static char *
points_text (double difference)
{
  g_autoptr (GString) text = g_string_new (NULL);

  g_string_printf (text, "%+.1f", 100 * difference);
  g_string_replace (text, "-", "−", 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char *
safe_words (const EspCliff *cliff)
{
  return cliff->safe > 0 ? g_strdup_printf (_ ("safe to %.0f %%"), 100 * cliff->safe) : g_strdup (_ ("nothing is safe"));
}

static char *
cliff_words (const EspCliff *cliff)
{
  return isnan (cliff->from) ? NULL : g_strdup_printf (_ ("cliff from %.0f to %.0f %%"), 100 * cliff->from, 100 * cliff->to);
}

static void
add_place (EspWindowWork *self, GArray *lines, GPtrArray *owned, guint row)
{
  const EspSensitivity *of = esp_sensitivity_work_get (self->work, row);
  char *safe = safe_words (&of->cliff), *cliff = cliff_words (&of->cliff);
  char *title = esp_sensitivity_work_get_by_group (self->work) ? g_strdup (of->name) : g_strdup_printf (_ ("Layer %s"), of->name);
  char *words = cliff != NULL ? g_strjoin (" · ", safe, cliff, NULL) : g_strdup (safe), *name = g_strconcat (title, ", ", words, NULL);
  char *aside = g_strdup_printf ("%u", of->n_channels);
  const EspLine line = { .title = title, .words = words, .aside = aside, .name = name };
  char *const all[] = { safe, cliff, title, words, name, aside };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_ptr_array_add (owned, all[i]);
  g_array_append_val (lines, line);
}

static void
show_places (EspWindowWork *self)
{
  g_autoptr (GArray) lines = g_array_new (FALSE, FALSE, sizeof (EspLine));
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < esp_sensitivity_work_get_n (self->work); i++)
    add_place (self, lines, owned, i);
  esp_sensitivity_page_set_places (self->page, (const EspLine *) (gpointer) lines->data, lines->len);
}

/* "30 %   mAP 92.1 %   −3.1 points (95 % −5.0 to −1.4)" */
static void
add_point (GArray *lines, GPtrArray *owned, double ratio, const EspMetered *at)
{
  g_autofree char *value = points_text (at->difference.value), *low = points_text (at->difference.low),
                  *high = points_text (at->difference.high);
  char *title = g_strdup_printf (_ ("%.0f %% cut: mAP %.1f %%"), 100 * ratio, 100 * at->map);
  /* Translators: a difference in percentage points, and its interval */
  char *aside = g_strdup_printf (_ ("%s points (95 %% %s to %s)"), value, low, high), *name = g_strconcat (title, ", ", aside, NULL);
  const EspLine line = { .title = title, .aside = aside, .name = name };

  g_ptr_array_add (owned, title);
  g_ptr_array_add (owned, aside);
  g_ptr_array_add (owned, name);
  g_array_append_val (lines, line);
}

static char *
sentence_of (EspWindowWork *self, const EspSensitivity *of)
{
  const char *criterion = esp_sensitivity_work_get_criterion (self->work);
  g_autofree char *safe = NULL, *cliff = cliff_words (&of->cliff);

  if (of->cliff.safe > 0)
    safe = g_strdup_printf (_ ("Up to %.0f %% of it can go by %s with 95 %% of the mAP left."), 100 * of->cliff.safe,
                            criterion != NULL ? _ (criterion) : "");
  else
    safe = g_strdup_printf (_ ("No share that was tried can go by %s with 95 %% of the mAP left."), criterion != NULL ? _ (criterion) : "");
  if (cliff == NULL)
    return g_steal_pointer (&safe);
  return g_strdup_printf (_ ("%s Half of the mAP is lost from %.0f to %.0f %%."), safe, 100 * of->cliff.from, 100 * of->cliff.to);
}

static void
fill_points (EspWindowWork *self, guint row, EspChartPoint *points, EspChartPoint *chance)
{
  const EspSensitivity *of = esp_sensitivity_work_get (self->work, row);
  const EspBandPoint *band = esp_sensitivity_work_get_chance (self->work, row);
  const double whole = esp_sensitivity_work_get_whole (self->work);
  guint n;
  const double *ratios = esp_sensitivity_work_get_ratios (self->work, &n);

  for (guint i = 0; i < n; i++)
    {
      const EspMetered *at = &of->points[i];

      points[i] = (EspChartPoint){ ratios[i], at->map, MAX (whole + at->difference.low, 0), MIN (whole + at->difference.high, 1) };
      if (band != NULL)
        chance[i] = (EspChartPoint){ ratios[i], band[i].median, band[i].low, band[i].high };
    }
}

static void
show_curve (EspWindowWork *self)
{
  const int row = esp_sensitivity_page_get_place (self->page);
  guint n;
  const double *ratios = esp_sensitivity_work_get_ratios (self->work, &n);
  g_autofree EspChartPoint *points = g_new0 (EspChartPoint, n), *chance = g_new0 (EspChartPoint, n);
  g_autoptr (GArray) lines = g_array_new (FALSE, FALSE, sizeof (EspLine));
  g_autoptr (GPtrArray) owned = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *sentence = NULL;
  const EspSensitivity *of;
  EspSensitivityCurve curve;

  if (row < 0 || (guint) row >= esp_sensitivity_work_get_n (self->work))
    {
      esp_sensitivity_page_set_curve (self->page, NULL, NULL, FALSE);
      return;
    }
  of = esp_sensitivity_work_get (self->work, (guint) row);
  fill_points (self, (guint) row, points, chance);
  for (guint i = 0; i < n; i++)
    add_point (lines, owned, ratios[i], &of->points[i]);
  sentence = sentence_of (self, of);
  curve = (EspSensitivityCurve){ .points = points,
                                 .n = n,
                                 .chance = esp_sensitivity_work_get_chance (self->work, (guint) row) != NULL ? chance : NULL,
                                 .whole = esp_sensitivity_work_get_whole (self->work),
                                 .cliff_from = of->cliff.from,
                                 .cliff_to = of->cliff.to,
                                 .planned = esp_sensitivity_work_get_planned (self->work, (guint) row),
                                 .sentence = sentence };
  esp_sensitivity_page_set_curve (self->page, &curve, (const EspLine *) (gpointer) lines->data,
                                  curve.chance == NULL && esp_work_is_current (self->work));
}

/* (transfer full) */
static char *
rest_words (EspWindowWork *self, guint n, guint images)
{
  const char *criterion = esp_sensitivity_work_get_criterion (self->work);
  g_autofree char *on = g_strdup_printf (g_dngettext (NULL, "measured on %u image", "measured on %u images", images), images);

  if (n == 0)
    return g_strdup (_ ("Each is cut alone, ten to ninety percent of it, while all else stays whole"));
  if (esp_sensitivity_work_is_ranked_so (self->work))
    return g_steal_pointer (&on);
  /* Translators: on how many images it was measured; a criterion */
  return g_strdup_printf (_ ("%s, by %s: the plan ranks by something else now"), on, criterion != NULL ? _ (criterion) : "");
}

/* (transfer full) */
static char *
state_words (EspWindowWork *self)
{
  const guint n = esp_sensitivity_work_get_n (self->work), images = esp_sensitivity_work_get_n_images (self->work);

  switch (esp_sensitivity_work_get_state (self->work))
    {
    case ESP_SENSITIVITY_MEASURING:
      return g_strdup_printf (g_dngettext (NULL, "%u measured", "%u measured", n), n);
    case ESP_SENSITIVITY_CHANCE:
      return g_strdup (_ ("Measuring 20 orders by lot"));
    case ESP_SENSITIVITY_ENDING:
      return g_strdup (_ ("Stopping"));
    case ESP_SENSITIVITY_IDLE:
    default:
      return rest_words (self, n, images);
    }
}

static void
show_all (EspWindowWork *self)
{
  const EspSensitivityState state = esp_sensitivity_work_get_state (self->work);
  g_autofree char *words = state_words (self);

  esp_sensitivity_page_set_state (self->page, state == ESP_SENSITIVITY_IDLE     ? ESP_SENSITIVITY_PAGE_IDLE
                                              : state == ESP_SENSITIVITY_ENDING ? ESP_SENSITIVITY_PAGE_ENDING
                                                                                : ESP_SENSITIVITY_PAGE_RUNNING);
  esp_sensitivity_page_set_progress (self->page, self->share, words);
  show_places (self);
  show_curve (self);
}

static void
measure_clicked (EspSensitivityPage *page, gpointer data)
{
  EspWindowWork *self = data;
  g_autoptr (GError) error = NULL;

  if (!esp_sensitivity_work_start (self->work, esp_sensitivity_page_get_by_group (page), esp_sensitivity_page_get_images (page), &error))
    esp_window_show_error (self->window, _ ("Nothing Can Be Measured"), error);
}

static void
chance_clicked (EspSensitivityPage *page, gpointer data)
{
  EspWindowWork *self = data;
  const int row = esp_sensitivity_page_get_place (page);
  g_autoptr (GError) error = NULL;

  if (row >= 0 && !esp_sensitivity_work_start_chance (self->work, (guint) row, &error))
    esp_window_show_error (self->window, _ ("Nothing Can Be Measured"), error);
}

static void
place_chosen (EspSensitivityPage *page, int row, gpointer data)
{
  EspWindowWork *self = data;

  if (self->page != NULL)
    show_curve (self);
}

static void
point_chosen (EspSensitivityPage *page, guint point, gpointer data)
{
  EspWindowWork *self = data;
  const int row = esp_sensitivity_page_get_place (page);

  if (row >= 0 && esp_sensitivity_work_apply (self->work, (guint) row, point))
    show_curve (self);
}

static GtkWidget *
make_page (EspWindowWork *self)
{
  EspSensitivityPage *page = ESP_SENSITIVITY_PAGE (esp_sensitivity_page_new ());
  EspDataset *dataset = esp_study_get_dataset (self->window->study);
  const guint n = dataset != NULL ? esp_dataset_get_n (dataset) : 0;

  esp_sensitivity_page_set_images (page, n, MIN (n, PROPOSED_IMAGES));
  g_signal_connect (page, "measure", G_CALLBACK (measure_clicked), self);
  g_signal_connect (page, "chance", G_CALLBACK (chance_clicked), self);
  g_signal_connect (page, "place-chosen", G_CALLBACK (place_chosen), self);
  g_signal_connect (page, "point-chosen", G_CALLBACK (point_chosen), self);
  return GTK_WIDGET (page);
}

/** esp_window_bind_sensitivity: measuring beside the study, with nothing begun. Thread: main. */
void
esp_window_bind_sensitivity (EspWindow *window)
{
  static const EspWindowWorkKind kind = {
    .title = N_ ("Sensitivity"), .width = 860, .height = 640, .make_page = make_page, .show = show_all, .failed = N_ ("The Measuring Ended")
  };

  window->sensitivity = esp_window_work_new (window, esp_sensitivity_work_new (window->study), &kind);
}
