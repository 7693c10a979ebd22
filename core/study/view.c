/* view.c: the picture in view
 *
 * One wish, overwritten by every click; one act in the lane that makes whatever the newest wish still lacks, in the order in which it is
 * missed: picture and boxes, the pruned network's boxes, the heatmap, then channel maps. Results wait in one slot for one idle. */
#define G_LOG_DOMAIN "esp-view"
#include "config.h"

#include "study/view-private.h"

#include "detect/decode.h"
#include "measure/road.h"
#include "study/live-private.h"

#define STRONG .25f /* a box below does not decide which class is explained */
#define TAU    .02f /* method 1's */

/** view_ref: Returns: (transfer full): @view. Thread: any. */
EspView *
view_ref (EspView *view)
{
  return g_atomic_rc_box_acquire (view);
}

static void
news_clear (EspViewNews *news)
{
  g_clear_pointer (&news->picture, esp_image_unref);
  g_clear_pointer (&news->boxes, esp_outcome_free);
  g_clear_pointer (&news->candidates, g_array_unref);
  g_clear_pointer (&news->pruned, esp_outcome_free);
  g_clear_pointer (&news->heat, esp_heatmap_unref);
  g_clear_pointer (&news->sentence, g_free);
  g_clear_pointer (&news->unread, g_free);
  g_clear_pointer (&news->maps, g_ptr_array_unref);
  g_clear_error (&news->failure);
}

static void
view_clear (gpointer data)
{
  EspView *view = data;

  news_clear (&view->news);
  g_clear_pointer (&view->wish.target, esp_target_unref);
  g_clear_pointer (&view->mask, esp_mask_unref);
  g_clear_pointer (&view->job, esp_job_unref);
  g_clear_pointer (&view->badge_job, esp_job_unref);
  g_array_unref (view->wanted);
  g_array_unref (view->edge);
  g_free (view->input);
  g_free (view->masks);
  g_clear_pointer (&view->cells, g_array_unref);
  g_clear_pointer (&view->target, esp_target_unref);
  g_clear_pointer (&view->explainer, esp_explainer_free);
  g_clear_pointer (&view->faithfulness, esp_faithfulness_free);
  live_unref (view->live);
  esp_material_unref (view->material);
  g_main_context_unref (view->context);
  pthread_mutex_destroy (&view->lock);
}

/** view_unref: lets go of @view. Thread: any. */
void
view_unref (gpointer view)
{
  g_atomic_rc_box_release_full (view, view_clear);
}

/**
 * esp_view_new:
 * @lane: the compute lane
 * @material: what was opened, with a data set
 * @live: its engines of cut networks are shared
 * @func: called on this thread with what is new
 * @data: its data
 *
 * Returns: (transfer full): a view of nothing. Thread: main.
 */
EspView *
esp_view_new (EspLane *lane, EspMaterial *material, EspLive *live, EspViewFunc func, gpointer data)
{
  EspView *view = g_atomic_rc_box_new0 (EspView);

  view->lane = lane;
  view->material = esp_material_ref (material);
  view->live = live_ref (live);
  view->context = g_main_context_ref_thread_default ();
  view->func = func;
  view->data = data;
  view->wish = (EspViewWish){ .image = -1, .layer = -1 };
  view->image = view->strong_class = view->broken = view->measured_image = -1;
  view->heat_layer = VIEW_NO_HEAT;
  view->wanted = g_array_new (FALSE, FALSE, sizeof (guint));
  view->edge = g_array_new (FALSE, FALSE, sizeof (EspChannel));
  pthread_mutex_init (&view->lock, NULL);
  return view;
}

/** esp_view_close: calls nothing back from here on; work under way stops between two layers. Thread: main. */
void
esp_view_close (EspView *view)
{
  pthread_mutex_lock (&view->lock);
  view->closed = TRUE;
  view->serial++;
  esp_job_cancel (view->job);
  esp_job_cancel (view->badge_job);
  pthread_mutex_unlock (&view->lock);
  view_unref (view);
}

static gboolean
deliver (gpointer data)
{
  EspView *view = data;
  EspViewNews news;
  gboolean closed;

  pthread_mutex_lock (&view->lock);
  view->idle_queued = FALSE;
  closed = view->closed;
  news = view->news;
  view->news = (EspViewNews){ 0 };
  pthread_mutex_unlock (&view->lock);
  if (!closed)
    view->func (&news, view->data);
  news_clear (&news);
  return G_SOURCE_REMOVE;
}

/* At most one idle waits. With the lock held. */
static void
queue_idle (EspView *view)
{
  GSource *source;

  if (view->idle_queued || view->closed)
    return;
  view->idle_queued = TRUE;
  source = g_idle_source_new ();
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, deliver, view_ref (view), view_unref);
  g_source_attach (source, view->context);
  g_source_unref (source);
}

/* With the lock held. What belongs to the picture alone survives a change of box, layer or method; the rest belongs to one wish. Results of
 * another picture are cleared out of the slot. */
gboolean
view_begin_news (Look *look, gboolean of_picture)
{
  EspView *view = look->view;

  if (view->closed || view->wish.image != look->wish.image || (!of_picture && view->serial != look->serial))
    return FALSE;
  if (view->news.image != look->wish.image)
    news_clear (&view->news);
  view->news.image = look->wish.image;
  queue_idle (view);
  return TRUE;
}

/* Puts one part into the slot; FALSE where nobody wants it any more, and then it is freed. */
gboolean
view_hand_out (Look *look, gboolean of_picture, gpointer *slot, gpointer value, GDestroyNotify destroy)
{
  gpointer useless = value;
  gboolean wanted;

  pthread_mutex_lock (&look->view->lock);
  wanted = view_begin_news (look, of_picture);
  if (wanted)
    {
      useless = *slot;
      *slot = value;
    }
  pthread_mutex_unlock (&look->view->lock);
  if (useless != NULL)
    destroy (useless);
  return wanted;
}

/** view_drop: sets @error as a cancelled work's. Returns: FALSE. Thread: any. */
gboolean
view_drop (GError **error)
{
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "a newer picture is wanted");
  return FALSE;
}

static EspOutcome *
see (EspView *view, EspEngine *engine, guint image, EspJob *job, GError **error)
{
  const EspMaterial *m = view->material;
  g_autoptr (EspPass) pass = esp_pass_new (engine, m->dataset, m->map, m->cache, &m->options);
  EspOutcome *outcome = NULL;

  return esp_pass_run (pass, &image, 1, &outcome, job, error) ? outcome : NULL;
}

/* A picture cannot be shown: what belonged to the one before must not be taken for this one's. */
static void
forget_image (EspView *view)
{
  view->image = -1;
  view->has_pruned = FALSE;
  view->heat_layer = VIEW_NO_HEAT;
  g_clear_pointer (&view->target, esp_target_unref);
  g_clear_pointer (&view->masks, g_free);
  g_clear_pointer (&view->cells, g_array_unref);
}

/* Decodes the picture and lets the unpruned network look at it. */
static gboolean
make_picture (Look *look, GError **error)
{
  EspView *view = look->view;
  const guint index = (guint) look->wish.image;
  const EspSample *sample = esp_dataset_get (view->material->dataset, index);
  g_autoptr (EspMask) full = esp_mask_new_full (view->material->network);
  g_autoptr (EspImage) picture = NULL;
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspOutcome) outcome = NULL;
  g_autoptr (GArray) candidates = NULL;
  gboolean wanted;

  forget_image (view);
  picture = esp_image_load (sample->path, view->material->options.orientation, sample->width, sample->height, error);
  look->unread = picture == NULL;
  if (picture == NULL)
    return FALSE;
  if (!HAND_OUT (look, TRUE, view->news.picture, picture, esp_image_unref))
    return view_drop (error);
  if (view->input == NULL)
    view->input = g_new (float, esp_shape_count (esp_network_get_input (view->material->network)));
  engine = esp_live_engine (view->live, full, error);
  if (engine == NULL || !esp_image_cache_get (view->material->cache, index, view->input, &view->placement, error))
    return FALSE;
  outcome = see (view, engine, index, look->job, error);
  if (outcome == NULL)
    return FALSE;
  /* rows are sorted by score */
  view->strong_class = outcome->n > 0 && outcome->detections[0].score > STRONG ? outcome->detections[0].class_index : -1;
  candidates = esp_decode (engine, 0, view->placement, ESP_ROAD_FLOOR, error);
  if (candidates == NULL || !view_tell_masks (view, engine, error))
    return FALSE;
  HAND_OUT (look, TRUE, view->news.candidates, candidates, g_array_unref);
  wanted = HAND_OUT (look, TRUE, view->news.boxes, outcome, esp_outcome_free);
  view->image = wanted ? look->wish.image : -1;
  return wanted || view_drop (error);
}

/* The same picture by the plan's network; nothing where nothing is cut. */
static gboolean
make_pruned (Look *look, GError **error)
{
  EspView *view = look->view;
  const EspHash hash = esp_mask_get_hash (look->mask);
  g_autoptr (EspEngine) engine = NULL;
  g_autoptr (EspOutcome) outcome = NULL;

  if (view->has_pruned && esp_hash_equal (hash, view->pruned_mask))
    return TRUE;
  engine = esp_live_engine (view->live, look->mask, error);
  outcome = engine != NULL ? see (view, engine, (guint) view->image, look->job, error) : NULL;
  if (outcome == NULL)
    return FALSE;
  view->has_pruned = HAND_OUT (look, TRUE, view->news.pruned, outcome, esp_outcome_free);
  view->pruned_mask = hash;
  return view->has_pruned || view_drop (error);
}

/* A slider goes before the next channel; a newer wish ends this one's. */
static gboolean
go_on (Look *look)
{
  gboolean current;

  esp_lane_yield (look->view->lane);
  pthread_mutex_lock (&look->view->lock);
  current = !look->view->closed && look->view->serial == look->serial;
  pthread_mutex_unlock (&look->view->lock);
  return current;
}

/* Of a method that explains the pixels alone there are no maps of channels. */
static gboolean
has_maps (Look *look)
{
  return look->view->heat_layer != VIEW_NO_HEAT && (look->wish.method->gives & ESP_GIVES_LAYERS) != 0;
}

static GArray *
take_wanted (Look *look)
{
  GArray *wanted = NULL;

  pthread_mutex_lock (&look->view->lock);
  if (look->view->serial == look->serial && look->view->wanted->len > 0)
    {
      wanted = look->view->wanted;
      look->view->wanted = g_array_new (FALSE, FALSE, sizeof (guint));
    }
  pthread_mutex_unlock (&look->view->lock);
  return wanted;
}

static gboolean
make_map (Look *look, int layer, guint channel, GError **error)
{
  EspView *view = look->view;
  EspHeatmap *map = esp_explainer_heatmap (view->explainer, layer, (int) channel, view->placement, error);

  if (map == NULL)
    return FALSE;
  pthread_mutex_lock (&view->lock);
  if (view_begin_news (look, FALSE))
    {
      if (view->news.maps == NULL)
        view->news.maps = g_ptr_array_new_with_free_func ((GDestroyNotify) esp_heatmap_unref);
      g_ptr_array_add (view->news.maps, g_steal_pointer (&map));
    }
  pthread_mutex_unlock (&view->lock);
  g_clear_pointer (&map, esp_heatmap_unref);
  return TRUE;
}

/* The next of those of any layer; a slider may have replaced them since the last one. */
static gboolean
take_edge (Look *look, EspChannel *next)
{
  EspView *view = look->view;
  gboolean found;

  pthread_mutex_lock (&view->lock);
  found = view->serial == look->serial && view->edge->len > 0;
  if (found)
    {
      *next = g_array_index (view->edge, EspChannel, view->edge->len - 1);
      g_array_set_size (view->edge, view->edge->len - 1);
    }
  pthread_mutex_unlock (&view->lock);
  return found;
}

static gboolean
make_maps (Look *look, GError **error)
{
  g_autoptr (GArray) wanted = take_wanted (look);
  EspChannel next;

  for (guint i = 0; wanted != NULL && has_maps (look) && i < wanted->len && go_on (look); i++)
    if (!make_map (look, look->wish.layer, g_array_index (wanted, guint, i), error))
      return FALSE;
  while (has_maps (look) && go_on (look) && take_edge (look, &next))
    if (((int) next.layer == look->wish.layer || (look->wish.method->gives & ESP_KEEPS_LAYER) == 0)
        && !make_map (look, (int) next.layer, next.channel, error))
      return FALSE;
  return TRUE;
}

static void
begin_look (EspView *view, Look *look)
{
  pthread_mutex_lock (&view->lock);
  view->act_queued = FALSE;
  *look = (Look){ .view = view, .wish = view->wish, .serial = view->serial, .job = esp_job_new ("Explanation") };
  if (view->fresh)
    view->image = view->broken = -1;
  view->fresh = FALSE;
  if (look->wish.target != NULL)
    esp_target_ref (look->wish.target);
  look->mask = view->mask != NULL ? esp_mask_ref (view->mask) : NULL;
  g_clear_pointer (&view->job, esp_job_unref);
  view->job = esp_job_ref (look->job);
  pthread_mutex_unlock (&view->lock);
}

static void
end_look (Look *look, GError *error)
{
  EspView *view = look->view;
  const gboolean dropped = g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  pthread_mutex_lock (&view->lock);
  if (view_begin_news (look, FALSE))
    {
      view->news.idle = !view->act_queued;
      view->news.cancelled = dropped && esp_job_is_cancelled (look->job);
      if (error != NULL && look->tried)
        view->refused = look->serial;
      if (look->unread)
        {
          g_free (view->news.unread);
          view->news.unread = g_strdup (error->message);
        }
      else if (error != NULL && !dropped)
        {
          g_clear_error (&view->news.failure);
          view->news.failure = g_error_copy (error);
        }
    }
  pthread_mutex_unlock (&view->lock);
  g_clear_pointer (&look->mask, esp_mask_unref);
  g_clear_pointer (&look->wish.target, esp_target_unref);
  esp_job_unref (look->job);
}

/* The plan has changed while a slow method explains: the pruned network's boxes need not wait for it. */
static void
catch_up (Look *look)
{
  Look now = *look;
  g_autoptr (EspMask) mask = NULL;

  pthread_mutex_lock (&look->view->lock);
  mask = look->view->mask != NULL ? esp_mask_ref (look->view->mask) : NULL;
  pthread_mutex_unlock (&look->view->lock);
  if (mask == NULL || (look->mask != NULL && esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (look->mask))))
    return;
  now.mask = mask;
  now.job = NULL;
  if (!make_pruned (&now, NULL))
    return; /* the act that waits for this mask says why */
  g_clear_pointer (&look->mask, esp_mask_unref);
  look->mask = g_steal_pointer (&mask);
}

/* At every check for cancel: a slider goes before the next layer. */
static void
between (gpointer data)
{
  Look *look = data;

  if (!look->explaining) /* the engines of all others are in use */
    return;
  esp_lane_yield (look->view->lane);
  catch_up (look);
}

static gboolean
explain (Look *look, GError **error)
{
  gboolean good;

  look->explaining = look->tried = TRUE;
  good = view_make_heat (look, error);
  look->explaining = FALSE;
  return good && make_maps (look, error);
}

/* Makes what the newest wish lacks. Thread: lane. */
static void
view_act (gpointer data)
{
  EspView *view = data;
  g_autoptr (GError) error = NULL;
  Look look;
  gboolean good = TRUE;

  begin_look (view, &look);
  esp_job_set_between (look.job, between, &look);
  if (look.wish.image >= 0 && look.wish.image != view->broken)
    {
      good = view->image == look.wish.image || make_picture (&look, &error);
      if (!good && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        view->broken = look.wish.image;
      good = good && (look.mask == NULL || make_pruned (&look, &error));
      if (look.wish.layer >= 0 && look.wish.method != NULL)
        good = good && explain (&look, &error);
    }
  end_look (&look, error);
}

/* With the lock held. */
static void
post (EspView *view)
{
  if (view->act_queued || view->closed)
    return;
  view->act_queued = TRUE;
  esp_lane_post (view->lane, ESP_LANE_VIEW, view_act, view_ref (view), view_unref);
}

/**
 * esp_view_set_wish:
 * @view: the view
 * @wish: what is looked at now; overwrites what was
 *
 * Channel maps asked for before are forgotten. Cost: O(1). Thread: main.
 */
void
esp_view_set_wish (EspView *view, const EspViewWish *wish)
{
  pthread_mutex_lock (&view->lock);
  view->fresh = view->fresh || view->wish.image != wish->image;
  g_clear_pointer (&view->wish.target, esp_target_unref);
  view->wish = *wish;
  if (wish->target != NULL)
    esp_target_ref (wish->target);
  view->serial++;
  g_array_set_size (view->wanted, 0);
  g_array_set_size (view->edge, 0);
  esp_job_cancel (view->job);
  esp_job_cancel (view->badge_job);
  post (view);
  pthread_mutex_unlock (&view->lock);
}

/** esp_view_set_mask: the plan's mask; the picture is looked at by its network once the lane has a moment. Thread: main. */
void
esp_view_set_mask (EspView *view, EspMask *mask)
{
  pthread_mutex_lock (&view->lock);
  g_clear_pointer (&view->mask, esp_mask_unref);
  view->mask = esp_mask_ref (mask);
  post (view);
  pthread_mutex_unlock (&view->lock);
}

/** esp_view_dup_job: Returns: (transfer full) (nullable): what is under way in the lane for this view, or was last. Thread: main. */
EspJob *
esp_view_dup_job (EspView *view)
{
  EspJob *job;

  pthread_mutex_lock (&view->lock);
  job = view->job != NULL ? esp_job_ref (view->job) : NULL;
  pthread_mutex_unlock (&view->lock);
  return job;
}

/**
 * esp_view_want_maps:
 * @view: the view
 * @channels: of any layers
 * @n: how many
 *
 * Asks for their own maps of the wish in hand, the first first, in place of those asked for so before and not made yet. A method of whose
 * run one layer alone can be read makes those of that one only. Thread: main.
 */
void
esp_view_want_maps (EspView *view, const EspChannel *channels, guint n)
{
  pthread_mutex_lock (&view->lock);
  g_array_set_size (view->edge, 0);
  for (guint i = n; i-- > 0;)
    g_array_append_val (view->edge, channels[i]);
  if (n > 0)
    post (view);
  pthread_mutex_unlock (&view->lock);
}

/** esp_view_want_channel: asks for one channel's own map of the wish in hand. Thread: main. */
void
esp_view_want_channel (EspView *view, guint channel)
{
  pthread_mutex_lock (&view->lock);
  g_array_append_val (view->wanted, channel);
  post (view);
  pthread_mutex_unlock (&view->lock);
}
