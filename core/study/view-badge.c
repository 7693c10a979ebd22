/* view-badge.c: whether the network needs the pixels that the heatmap in view says it needs */
#define G_LOG_DOMAIN "esp-view"
#include "config.h"

#include "study/view-private.h"

#include <string.h>

#define STEPS 6 /* quick: areas of more steps are not to be compared with these */

/* One heatmap to be measured, while its wish is the newest. */
typedef struct
{
  EspView *view;
  EspHeatmap *heat;
  float *input;
  EspBox box;
  int class_index, image;
  guint64 serial;
} Measurement;

static void
measurement_free (gpointer data)
{
  Measurement *m = data;

  esp_heatmap_unref (m->heat);
  g_free (m->input);
  view_unref (m->view);
  g_free (m);
}

/* Made for the first heatmap; of the same box the random order's areas are kept. */
static gboolean
set_scene (Measurement *m, EspJob *job, GError **error)
{
  EspView *view = m->view;
  const EspMaterial *material = view->material;
  const EspExplainerOptions run = { .backend = material->options.backend, .bn = material->options.bn };
  EspFaithfulnessOptions options;

  if (view->faithfulness == NULL)
    {
      esp_faithfulness_options_init (&options, material->network);
      options.steps = STEPS;
      view->faithfulness = esp_faithfulness_new (material->network, material->weights, &run, &options, error);
    }
  else if (view->measured_image == m->image && view->measured_class == m->class_index
           && memcmp (&view->measured_box, &m->box, sizeof m->box) == 0)
    return TRUE;
  view->measured_image = -1;
  if (view->faithfulness == NULL
      || !esp_faithfulness_set_scene (view->faithfulness, m->input, m->heat->placement, m->box, m->class_index, job, error))
    return FALSE;
  view->measured_image = m->image;
  view->measured_class = m->class_index;
  view->measured_box = m->box;
  return TRUE;
}

/* FALSE where a newer wish has come; else the work can be cancelled by one. */
static gboolean
begin (Measurement *m, EspJob *job)
{
  gboolean current;

  pthread_mutex_lock (&m->view->lock);
  current = !m->view->closed && m->view->serial == m->serial;
  if (current)
    {
      g_clear_pointer (&m->view->badge_job, esp_job_unref);
      m->view->badge_job = esp_job_ref (job);
    }
  pthread_mutex_unlock (&m->view->lock);
  return current;
}

static void
badge_act (gpointer data)
{
  Measurement *m = data;
  g_autoptr (EspJob) job = esp_job_new ("Faithfulness");
  g_autoptr (GError) error = NULL;
  Look look = { .view = m->view, .wish = { .image = m->image }, .serial = m->serial };
  EspBadge badge;

  esp_lane_attend (m->view->lane, job);
  if (!begin (m, job))
    return;
  if (!set_scene (m, job, &error) || !(esp_faithfulness_get_score (m->view->faithfulness) > 0)
      || !esp_faithfulness_badge (m->view->faithfulness, m->heat, &badge, job, &error))
    {
      if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_debug ("no badge: %s", error->message);
      return;
    }
  pthread_mutex_lock (&m->view->lock);
  if (view_begin_news (&look, FALSE))
    {
      m->view->news.has_badge = TRUE;
      m->view->news.badge
          = (EspStudyBadge){ badge.map.deletion, badge.map.insertion, badge.random.deletion, badge.random.insertion, badge.steps };
    }
  pthread_mutex_unlock (&m->view->lock);
}

/** view_post_badge: measures the heatmap that was just handed out, behind all that is looked at; a newer wish ends it. Thread: lane. */
void
view_post_badge (Look *look, EspHeatmap *heat, const EspTarget *target)
{
  EspView *view = look->view;
  const EspDetection *spot = esp_target_get_spot (target);
  Measurement *m;

  if (spot == NULL)
    return;
  m = g_new0 (Measurement, 1);
  m->view = view_ref (view);
  m->heat = esp_heatmap_ref (heat);
  m->input = g_memdup2 (view->input, esp_shape_count (esp_network_get_input (view->material->network)) * sizeof *view->input);
  m->box = spot->box;
  m->class_index = spot->class_index;
  m->image = look->wish.image;
  m->serial = look->serial;
  esp_lane_post (view->lane, ESP_LANE_PASS, badge_act, m, measurement_free);
}
