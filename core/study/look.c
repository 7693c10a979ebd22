/* look.c: the lens over a study: its parts made one after the other in the lane, and kept for the next channel where they serve it too */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/look.h"

#include "base/hash.h"
#include "study/study-private.h"

#define MOST_PATCHES 9
#define TAU          .02F
#define SUPPOSED     .5

/* What serves other channels too; the lane's alone once it is made. */
typedef struct
{
  EspMaterial *material;
  EspOutcome **whole;      /* (nullable) */
  EspLensScores *scores;   /* (nullable) */
  EspLensPatches *patches; /* (nullable): of patches_layer */
  EspLensCarried *carried; /* (nullable): of carried_layer */
  guint patches_layer, carried_layer;
  GHashTable *costs; /* cost_key() → EspLensCost: each a pass or two, and some kilobytes; nothing goes before the cache does */
} Cache;

/* One look. What comes of it belongs to the main thread from the moment it is told. */
typedef struct
{
  GWeakRef look;
  Cache *cache;
  EspLane *lane;
  EspJob *job;
  guint layer, channel;
  int image; /* -1: none */
  EspMask *mask;
  EspPlanState *plan;
  double ratio;
  gboolean supposed;
  EspPatch patches[MOST_PATCHES];
  guint n_patches, n_classes;
  EspCarried *carried;
  GArray *boxes;
  double kept;
  const EspLensCost *cost; /* (nullable): the cache's */
  GError *errors[ESP_LOOK_N_PARTS];
} Work;

typedef struct
{
  Work *work;
  EspLookPart part;
} News;

struct _EspLook
{
  GObject parent_instance;

  EspStudy *study; /* not held: the window holds both */
  Cache *cache;    /* (nullable) */
  Work *work;      /* (nullable): of the latest */
  gboolean has[ESP_LOOK_N_PARTS];
};

G_DEFINE_FINAL_TYPE (EspLook, esp_look, G_TYPE_OBJECT)

static guint changed;

static void
cache_clear (gpointer data)
{
  Cache *cache = data;

  esp_lens_forget (cache->whole, cache->material->n_images);
  esp_lens_scores_free (cache->scores);
  esp_lens_patches_free (cache->patches);
  esp_lens_carried_free (cache->carried);
  g_hash_table_unref (cache->costs);
  esp_material_unref (cache->material);
}

static void
cache_unref (Cache *cache)
{
  g_atomic_rc_box_release_full (cache, cache_clear);
}

static void
work_clear (gpointer data)
{
  Work *work = data;

  g_weak_ref_clear (&work->look);
  cache_unref (work->cache);
  esp_job_unref (work->job);
  esp_mask_unref (work->mask);
  esp_plan_state_unref (work->plan);
  g_free (work->carried);
  g_clear_pointer (&work->boxes, g_array_unref);
  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    g_clear_error (&work->errors[i]);
}

static void
work_unref (gpointer work)
{
  g_atomic_rc_box_release_full (work, work_clear);
}

static gboolean
take_news (gpointer data)
{
  News *news = data;
  g_autoptr (EspLook) look = g_weak_ref_get (&news->work->look);

  if (look != NULL && look->work == news->work)
    {
      look->has[news->part] = TRUE;
      g_signal_emit (look, changed, 0);
    }
  work_unref (news->work);
  g_free (news);
  return G_SOURCE_REMOVE;
}

/* From here to esp_look_new(): the lane. */

static gboolean
find_patches (Work *work, const EspLensInput *input, GError **error)
{
  Cache *cache = work->cache;
  const EspPatch *patches;

  if (cache->patches == NULL || cache->patches_layer != work->layer)
    {
      g_clear_pointer (&cache->patches, esp_lens_patches_free);
      cache->patches = esp_lens_patches_new (input, work->layer, MOST_PATCHES, work->job, error);
      cache->patches_layer = work->layer;
    }
  if (cache->patches == NULL)
    return FALSE;
  patches = esp_lens_patches_get (cache->patches, work->channel, &work->n_patches);
  work->n_patches = MIN (work->n_patches, MOST_PATCHES);
  for (guint i = 0; i < work->n_patches; i++)
    work->patches[i] = patches[i];
  return TRUE;
}

static gboolean
find_carried (Work *work, const EspLensInput *input, GError **error)
{
  Cache *cache = work->cache;

  if (cache->whole == NULL && (cache->whole = esp_lens_see (input, NULL, work->job, error)) == NULL)
    return FALSE;
  if (cache->carried == NULL || cache->carried_layer != work->layer)
    {
      g_clear_pointer (&cache->carried, esp_lens_carried_free);
      cache->carried = esp_lens_carried_new (input, cache->whole, work->layer, work->job, error);
      cache->carried_layer = work->layer;
    }
  if (cache->carried == NULL)
    return FALSE;
  for (guint k = 0; k < work->n_classes; k++)
    work->carried[k] = esp_lens_carried_get (cache->carried, work->channel, k);
  if (work->image >= 0)
    work->boxes = esp_lens_boxes (input, cache->whole[work->image], (guint) work->image, work->layer, work->channel, work->job, error);
  return work->image < 0 || work->boxes != NULL;
}

static gboolean
find_kept (Work *work, const EspLensInput *input, GError **error)
{
  Cache *cache = work->cache;
  g_autofree double *kept = NULL;

  if (!esp_coupling_is_prunable (input->coupling, work->layer))
    {
      work->kept = 1;
      return TRUE;
    }
  if (cache->scores == NULL && (cache->scores = esp_lens_scores_new (input, work->job, error)) == NULL)
    return FALSE;
  kept = esp_lens_kept (input, cache->scores, work->plan, ESP_LOOK_RESAMPLES, ESP_STUDY_SEED, work->job, error);
  if (kept != NULL)
    work->kept = kept[esp_coupling_get_unit (input->coupling, work->layer, work->channel)];
  return kept != NULL;
}

/* What a cost depends on beside network and data, which the cache is of. */
static char *
cost_key (const Work *work)
{
  g_autofree char *plan = esp_hash_to_string (esp_mask_get_hash (work->mask));

  return g_strdup_printf ("%u/%u/%s", work->layer, work->channel, plan);
}

static gboolean
find_cost (Work *work, const EspLensInput *input, GError **error)
{
  g_autofree char *key = cost_key (work);
  EspLensCost *cost = g_hash_table_lookup (work->cache->costs, key);

  if (cost == NULL)
    {
      cost = esp_lens_cost_new (input, work->mask, work->layer, work->channel, work->cache->material->protocol, ESP_STUDY_REPLICATES,
                                ESP_STUDY_SEED, work->job, error);
      if (cost != NULL)
        g_hash_table_insert (work->cache->costs, g_steal_pointer (&key), cost);
    }
  work->cost = cost;
  return cost != NULL;
}

static void
work_run (gpointer data)
{
  static gboolean (*const parts[]) (Work *, const EspLensInput *, GError **) = {
    [ESP_LOOK_PATCHES] = find_patches,
    [ESP_LOOK_CARRIED] = find_carried,
    [ESP_LOOK_KEPT] = find_kept,
    [ESP_LOOK_COST] = find_cost,
  };
  Work *work = data;
  const EspMaterial *m = work->cache->material;
  const EspLensInput input
      = { m->network, m->weights, m->coupling, m->dataset, m->map, m->cache, &m->options, esp_attribution_find ("gradient-activation"),
          NULL,       TAU };

  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    {
      News *news = g_new (News, 1);

      if (esp_job_check (work->job, &work->errors[i])) /* what was cancelled is told, too: nobody waits for it */
        parts[i](work, &input, &work->errors[i]);
      *news = (News){ g_atomic_rc_box_acquire (work), (EspLookPart) i };
      g_idle_add (take_news, news);
    }
}

/** esp_look_new: Returns: (transfer full): looks at nothing; @study is not held. Thread: main. */
EspLook *
esp_look_new (EspStudy *study)
{
  EspLook *self = g_object_new (ESP_TYPE_LOOK, NULL);

  self->study = study;
  return self;
}

static void
drop_work (EspLook *self)
{
  if (self->work == NULL)
    return;
  esp_job_cancel (self->work->job);
  g_clear_pointer (&self->work, work_unref);
}

static void
esp_look_dispose (GObject *object)
{
  EspLook *self = ESP_LOOK (object);

  drop_work (self);
  g_clear_pointer (&self->cache, cache_unref);
  G_OBJECT_CLASS (esp_look_parent_class)->dispose (object);
}

static void
esp_look_class_init (EspLookClass *class)
{
  G_OBJECT_CLASS (class)->dispose = esp_look_dispose;
  changed = g_signal_new ("changed", G_TYPE_FROM_CLASS (class), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
esp_look_init (EspLook *self)
{
}

static Cache *
take_cache (EspLook *self)
{
  if (self->cache != NULL && self->cache->material != self->study->material)
    g_clear_pointer (&self->cache, cache_unref);
  if (self->cache == NULL)
    {
      self->cache = g_atomic_rc_box_new0 (Cache);
      self->cache->material = esp_material_ref (self->study->material);
      self->cache->costs = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) esp_lens_cost_free);
    }
  return g_atomic_rc_box_acquire (self->cache);
}

/* Where the plan cuts nothing of this layer's: as if half of all went. */
static EspPlanState *
suppose (const EspMaterial *m)
{
  g_autoptr (EspPlan) plan = esp_plan_new (m->network, m->coupling, NULL);

  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, SUPPOSED);
  return esp_plan_get_state (plan);
}

/* What the plan says now of the layer: of its own, or of its group. */
static void
take_plan (EspLook *self, Work *work)
{
  EspPlan *plan = self->study->plan;
  const int group = esp_plan_group_of_layer (plan, work->layer);
  const EspShare own = esp_plan_get_layer_share (plan, work->layer);

  if (own.kind == ESP_SHARE_RATIO)
    work->ratio = own.value;
  else if (own.kind != ESP_SHARE_GROUP && group >= 0)
    work->ratio = 1
                  - (double) esp_mask_count_kept (work->mask, work->layer)
                        / esp_network_get_layer (self->study->material->network, work->layer)->out.c;
  else
    work->ratio = group >= 0 ? esp_plan_get_ratio (plan, (guint) group) : 0;
  work->supposed = work->ratio <= 0;
  if (work->supposed)
    work->ratio = SUPPOSED;
  work->plan = work->supposed ? suppose (self->study->material) : esp_plan_get_state (plan);
}

static Work *
work_new (EspLook *self, guint layer, guint channel)
{
  Work *work = g_atomic_rc_box_new0 (Work);

  g_weak_ref_init (&work->look, self);
  work->cache = take_cache (self);
  work->lane = self->study->lane;
  work->job = esp_job_new ("Looking at the channel");
  work->layer = layer;
  work->channel = channel;
  work->image = self->study->image;
  work->mask = esp_mask_ref (self->study->mask);
  work->n_classes = work->cache->material->n_classes;
  work->carried = g_new0 (EspCarried, work->n_classes + 1);
  take_plan (self, work);
  return work;
}

/**
 * esp_look_at:
 * @look: the lens
 * @layer: a convolution; -1: looks at nothing
 * @channel: of it
 *
 * Begins to find out, in the lane; what was under way for another channel is given up. Without images there is nothing to find. What was
 * found before and is not of the picture in view (the layer's patches, what its channels carry, what cutting this channel costs beside this
 * plan) is there at once. Emits "changed". Thread: main.
 */
void
esp_look_at (EspLook *self, int layer, guint channel)
{
  const EspMaterial *m = self->study->material;

  drop_work (self);
  for (guint i = 0; i < ESP_LOOK_N_PARTS; i++)
    self->has[i] = FALSE;
  if (layer >= 0 && m != NULL && m->dataset != NULL && m->cache != NULL && self->study->plan != NULL)
    {
      self->work = work_new (self, (guint) layer, channel);
      esp_lane_attend (self->study->lane, self->work->job);
      esp_lane_post (self->study->lane, ESP_LANE_PASS, work_run, g_atomic_rc_box_acquire (self->work), work_unref);
    }
  g_signal_emit (self, changed, 0);
}

/** esp_look_forget: looks at nothing and gives back all that was kept, since it is of another study. Thread: main. */
void
esp_look_forget (EspLook *self)
{
  esp_look_at (self, -1, 0);
  g_clear_pointer (&self->cache, cache_unref);
}

/**
 * esp_look_is_at:
 * @look: the lens
 * @layer: (out): what is looked at, untouched where it is nothing
 * @channel: (out): likewise
 *
 * Thread: main. Returns: FALSE at nothing.
 */
gboolean
esp_look_is_at (EspLook *self, guint *layer, guint *channel)
{
  if (self->work == NULL)
    return FALSE;
  *layer = self->work->layer;
  *channel = self->work->channel;
  return TRUE;
}

/** esp_look_has: Returns: whether @part is there, or is known not to come: see esp_look_get_error(). Thread: main. */
gboolean
esp_look_has (EspLook *self, EspLookPart part)
{
  return self->has[part];
}

/** esp_look_get_error: Returns: (transfer none) (nullable): why @part will not come; G_IO_ERROR_CANCELLED where the job was. Thread:
 * main. */
const GError *
esp_look_get_error (EspLook *self, EspLookPart part)
{
  return self->has[part] ? self->work->errors[part] : NULL;
}

/** esp_look_get_job: Returns: (transfer none) (nullable): what may be cancelled, while parts are under way and it is not. Thread: main. */
EspJob *
esp_look_get_job (EspLook *self)
{
  return self->work != NULL && !self->has[ESP_LOOK_COST] && !esp_job_is_cancelled (self->work->job) ? self->work->job : NULL;
}

/** esp_look_get_patches: Returns: (transfer none) (array length=n) (nullable): where the channel fires most, strongest first; until the
 * next esp_look_at(). Thread: main. */
const EspPatch *
esp_look_get_patches (EspLook *self, guint *n)
{
  *n = self->has[ESP_LOOK_PATCHES] ? self->work->n_patches : 0;
  return *n > 0 ? self->work->patches : NULL;
}

/** esp_look_get_sample: Returns: (transfer none) (nullable): image @image of the data set that is looked at; NULL at nothing. Thread:
 * main. */
const EspSample *
esp_look_get_sample (EspLook *self, guint image)
{
  return self->work != NULL ? esp_dataset_get (self->work->cache->material->dataset, image) : NULL;
}

/** esp_look_get_orientation: Returns: which way up the images of what is looked at are read, so that patches are cut from what the network
 * saw. Thread: main. */
EspOrientation
esp_look_get_orientation (EspLook *self)
{
  return self->work != NULL ? self->work->cache->material->options.orientation : ESP_ORIENTATION_AUTO;
}

/** esp_look_get_carried: Returns: what the channel carries of a class of the network, n_images 0 until it is known. Thread: main. */
EspCarried
esp_look_get_carried (EspLook *self, guint class_index)
{
  const EspCarried nothing = { 0 };

  return self->has[ESP_LOOK_CARRIED] && class_index < self->work->n_classes ? self->work->carried[class_index] : nothing;
}

/** esp_look_get_boxes: Returns: (transfer none) (array length=n) (nullable): the channel's part in every box of the picture that was in
 * view at esp_look_at(). Thread: main. */
const EspLensBox *
esp_look_get_boxes (EspLook *self, guint *n)
{
  const GArray *boxes = self->has[ESP_LOOK_CARRIED] ? self->work->boxes : NULL;

  *n = boxes != NULL ? boxes->len : 0;
  return *n > 0 ? (const EspLensBox *) (gpointer) boxes->data : NULL;
}

/**
 * esp_look_get_kept:
 * @look: the lens
 * @ratio: (out): 0 to 1: how much of the channel's group goes
 * @supposed: (out): the plan cuts nothing of that group, so this is as if half of every group went
 *
 * Thread: main. Returns: 0 to 1: in how many of ESP_LOOK_RESAMPLES resamples of the images the channel is kept; 0 until it is known.
 */
double
esp_look_get_kept (EspLook *self, double *ratio, gboolean *supposed)
{
  *ratio = self->has[ESP_LOOK_KEPT] ? self->work->ratio : 0;
  *supposed = self->has[ESP_LOOK_KEPT] && self->work->supposed;
  return self->has[ESP_LOOK_KEPT] ? self->work->kept : 0;
}

/** esp_look_get_cost: Returns: (transfer none) (nullable): what cutting it costs beside the plan of esp_look_at(); until esp_look_forget()
 * or another study. Thread: main. */
const EspLensCost *
esp_look_get_cost (EspLook *self)
{
  return self->has[ESP_LOOK_COST] ? self->work->cost : NULL;
}

/** esp_look_dup_partners: Returns: (transfer full): "goes with …", or why it is never cut; "" where it can go alone. Thread: main. */
char *
esp_look_dup_partners (EspLook *self)
{
  const EspCoupling *coupling = self->work != NULL ? self->work->cache->material->coupling : NULL;
  const char *fixed = coupling != NULL ? esp_coupling_why_fixed (coupling, self->work->layer) : NULL;
  char *why = coupling != NULL && fixed == NULL ? esp_coupling_explain (coupling, self->work->layer, self->work->channel) : NULL;

  return why != NULL ? why : g_strdup (fixed != NULL ? fixed : "");
}
