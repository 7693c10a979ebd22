/* probe.c: how soon the window answers a slider, and whether it keeps its frames
 *
 * With ESP_DEBUG=live in the environment the window prints a line for every answer and, at its end, the medians. Without it nothing is
 * attached and nothing is paid. */
#define G_LOG_DOMAIN "esp-live"
#include "config.h"

#include "probe.h"

#include <stdlib.h>

#define REST 250000 /* microseconds without a motion: the next one begins a drag */

typedef struct
{
  EspStudy *study;
  EspPlan *plan;     /* whose signal is heard; not owned */
  EspHash mask;      /* of the last change */
  gint64 asked;      /* monotonic microseconds of the first motion of a drag, while unanswered, else 0 */
  gint64 moved;      /* of the last motion */
  gint64 last_frame; /* frame time, 0 before the first */
  GArray *answers;   /* of double, milliseconds */
  GArray *frames;    /* of double, milliseconds between frames while an answer was awaited */
} Probe;

static int
ascending (gconstpointer a, gconstpointer b)
{
  const double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

static double
quantile (GArray *values, double q)
{
  if (values->len == 0)
    return 0;
  g_array_sort (values, ascending);
  return g_array_index (values, double, MIN (values->len - 1, (guint) (q * values->len)));
}

static gboolean
report (GtkWindow *window, gpointer data)
{
  Probe *probe = data;

  g_printerr ("live: %u answers, median %.1f ms, 95 %% %.1f ms; %u frames, median %.1f ms, p99 %.1f ms, most %.1f ms\n",
              probe->answers->len, quantile (probe->answers, .5), quantile (probe->answers, .95), probe->frames->len,
              quantile (probe->frames, .5), quantile (probe->frames, .99), quantile (probe->frames, 1));
  return FALSE;
}

static void
probe_free (gpointer data)
{
  Probe *probe = data;

  g_array_unref (probe->answers);
  g_array_unref (probe->frames);
  g_free (probe);
}

/* A motion that changes no channel needs no answer. */
static void
plan_changed (EspPlan *plan, gpointer data)
{
  Probe *probe = data;
  const gint64 now = g_get_monotonic_time ();
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  if (esp_hash_equal (probe->mask, esp_mask_get_hash (mask)))
    return;
  probe->mask = esp_mask_get_hash (mask);
  if (probe->asked == 0 && now - probe->moved > REST)
    probe->asked = now;
  probe->moved = now;
}

static void
plan_replaced (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  Probe *probe = data;

  probe->plan = esp_study_get_plan (study);
  probe->asked = 0;
  if (probe->plan != NULL)
    g_signal_connect (probe->plan, "changed", G_CALLBACK (plan_changed), probe);
}

/* A number of the mask in hand: mAP of some or all images, or agreement where there are too few. */
static gboolean
is_answer (const EspMapNumber *number)
{
  return number->state == ESP_STATE_PARTIAL || number->state == ESP_STATE_FINAL
         || (number->state == ESP_STATE_PREVIOUS && number->has_agreement);
}

static void
numbers_changed (EspStudy *study, gpointer data)
{
  Probe *probe = data;
  EspNumbers numbers;

  esp_study_get_numbers (study, &numbers);
  if (probe->asked == 0 || !is_answer (&numbers.map))
    return;

  const double milliseconds = (double) (g_get_monotonic_time () - probe->asked) / 1000;

  g_array_append_val (probe->answers, milliseconds);
  g_printerr ("live: first number after %.1f ms\n", milliseconds);
  probe->asked = 0;
}

static gboolean
frame (GtkWidget *widget, GdkFrameClock *clock, gpointer data)
{
  Probe *probe = data;
  const gint64 now = g_get_monotonic_time ();
  const double milliseconds = (double) (now - probe->last_frame) / 1000;

  if (probe->last_frame != 0 && probe->asked != 0)
    g_array_append_val (probe->frames, milliseconds);
  probe->last_frame = now;
  return G_SOURCE_CONTINUE;
}

/**
 * esp_probe_attach:
 * @window: whose frames are counted
 * @study: whose answers are timed
 *
 * Does nothing unless ESP_DEBUG has the word "live". Thread: main.
 */
void
esp_probe_attach (GtkWidget *window, EspStudy *study)
{
  const GDebugKey keys[] = { { "live", 1 } };
  Probe *probe;

  if (g_parse_debug_string (g_getenv ("ESP_DEBUG"), keys, G_N_ELEMENTS (keys)) == 0)
    return;
  probe = g_new0 (Probe, 1);
  probe->study = study;
  probe->answers = g_array_new (FALSE, FALSE, sizeof (double));
  probe->frames = g_array_new (FALSE, FALSE, sizeof (double));
  g_signal_connect (study, "numbers-changed", G_CALLBACK (numbers_changed), probe);
  g_signal_connect (study, "notify::plan", G_CALLBACK (plan_replaced), probe);
  g_signal_connect (window, "close-request", G_CALLBACK (report), probe);
  gtk_widget_add_tick_callback (window, frame, probe, NULL);
  g_object_set_data_full (G_OBJECT (study), "esp-probe", probe, probe_free);
}
