/* study.c: the document as an object: properties, signals, lists, numbers */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include "study/study.h"

#include <math.h>
#include <string.h>

#include "study/study-private.h"

#define DEFAULT_PREFIX_BUDGET ((gsize) 256 << 20)

enum
{
  VIEW_CHANGED,
  NUMBERS_CHANGED,
  FAILED,
  N_SIGNALS,
};

static GParamSpec *props[STUDY_N_PROPS];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (EspStudy, esp_study, G_TYPE_OBJECT)

/** study_notify: Thread: main. */
void
study_notify (EspStudy *study, StudyProp prop)
{
  g_object_notify_by_pspec (G_OBJECT (study), props[prop]);
}

/** study_fail: keeps the sentence and tells the window. Being dropped is no failure. Thread: main. */
void
study_fail (EspStudy *study, const GError *error)
{
  if (error == NULL || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  g_free (study->failure);
  study->failure = g_strdup (error->message);
  study_notify (study, STUDY_PROP_FAILURE);
  g_signal_emit (study, signals[FAILED], 0, error);
}

/** study_update_busy: notifies where it is another than before. Thread: main. */
void
study_update_busy (EspStudy *study)
{
  const gboolean busy = study->baseline_job != NULL || study->score_job != NULL || study->viewing;

  if (busy == study->busy)
    return;
  study->busy = busy;
  study_notify (study, STUDY_PROP_BUSY);
}

/** study_numbers: the tiles are to be read again. Thread: main. */
void
study_numbers (EspStudy *study)
{
  g_signal_emit (study, signals[NUMBERS_CHANGED], 0);
}

static void
drop_job (EspJob **job)
{
  esp_job_cancel (*job);
  g_clear_pointer (job, esp_job_unref);
}

/** study_close: stops what is under way, saves the plan, lets go of everything opened. Thread: main. */
void
study_close (EspStudy *study)
{
  if (study->flush_source != 0)
    study_plan_flush (study);
  if (study->plan != NULL)
    study_save_later (study); /* an act may have ended only now */
  study_save_now (study);
  study_plan_detach (study);
  g_clear_handle_id (&study->latency_source, g_source_remove);
  drop_job (&study->baseline_job);
  drop_job (&study->score_job);
  g_clear_pointer (&study->view, esp_view_close);
  g_clear_pointer (&study->live, esp_live_close);
  study_view_clear (study);
  g_clear_pointer (&study->mask, esp_mask_unref);
  g_clear_pointer (&study->material, esp_material_unref);
  g_hash_table_remove_all (study->scores);
  study->viewing = FALSE;
}

static void
study_dispose (GObject *object)
{
  EspStudy *self = ESP_STUDY (object);

  if (self->scores != NULL)
    study_close (self);
  g_clear_pointer (&self->scores, g_hash_table_unref);
  g_clear_object (&self->images);
  g_clear_object (&self->detections);
  g_clear_object (&self->channels);
  g_clear_object (&self->groups);
  g_clear_object (&self->trials);
  g_clear_object (&self->layers);
  g_clear_object (&self->edge[0]);
  g_clear_object (&self->edge[1]);
  g_clear_pointer (&self->edge_maps, g_hash_table_unref);
  G_OBJECT_CLASS (esp_study_parent_class)->dispose (object);
}

static void
study_finalize (GObject *object)
{
  EspStudy *self = ESP_STUDY (object);

  g_free (self->sentence);
  g_free (self->failure);
  g_free (self->criterion);
  G_OBJECT_CLASS (esp_study_parent_class)->finalize (object);
}

static const char *
study_title (EspStudy *self)
{
  return self->material != NULL ? self->material->title : "";
}

static const char *
study_notice (EspStudy *self)
{
  return self->material != NULL && self->material->notice != NULL ? self->material->notice : "";
}

/* What is looked at; FALSE where @id is none of it. */
static gboolean
get_view_property (EspStudy *self, StudyProp id, GValue *value)
{
  switch (id)
    {
    case STUDY_PROP_IMAGE:
      g_value_set_int (value, self->image);
      return TRUE;
    case STUDY_PROP_DETECTION:
      g_value_set_int (value, self->detection);
      return TRUE;
    case STUDY_PROP_LAYER:
      g_value_set_int (value, self->layer);
      return TRUE;
    case STUDY_PROP_METHOD:
      g_value_set_string (value, self->method != NULL ? self->method->id : "");
      return TRUE;
    case STUDY_PROP_SENTENCE:
      g_value_set_string (value, self->sentence);
      return TRUE;
    case STUDY_PROP_HEAT_SCALE:
      g_value_set_string (value, self->heat_over_set ? "set" : "image");
      return TRUE;
    case STUDY_PROP_PART:
      g_value_set_int (value, self->part);
      return TRUE;
    case STUDY_PROP_AT_PIXELS:
      g_value_set_boolean (value, self->at_pixels);
      return TRUE;
    case STUDY_PROP_EXPLAINING:
      g_value_set_boolean (value, self->explaining);
      return TRUE;
    default:
      return FALSE;
    }
}

static void
study_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  EspStudy *self = ESP_STUDY (object);

  if (get_view_property (self, (StudyProp) id, value))
    return;
  switch ((StudyProp) id)
    {
    case STUDY_PROP_LANE:
      g_value_set_pointer (value, self->lane);
      break;
    case STUDY_PROP_TITLE:
      g_value_set_string (value, study_title (self));
      break;
    case STUDY_PROP_LOADED:
      g_value_set_boolean (value, self->material != NULL);
      break;
    case STUDY_PROP_BUSY:
      g_value_set_boolean (value, self->busy);
      break;
    case STUDY_PROP_CRITERION:
      g_value_set_string (value, self->criterion);
      break;
    case STUDY_PROP_THRESHOLD:
      g_value_set_double (value, self->threshold);
      break;
    case STUDY_PROP_FAILURE:
      g_value_set_string (value, self->failure);
      break;
    case STUDY_PROP_NOTICE:
      g_value_set_string (value, study_notice (self));
      break;
    case STUDY_PROP_PLAN:
      g_value_set_object (value, self->plan);
      break;
    case STUDY_PROP_LOOK_BFLOAT16:
      g_value_set_boolean (value, self->look_bfloat16);
      break;
    case STUDY_N_PROPS:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
set_method (EspStudy *self, const char *id)
{
  const EspAttribution *method = id != NULL ? esp_attribution_find (id) : NULL;

  if (method != NULL && method != self->method)
    study_view_method (self, method);
}

static void
set_heat_scale (EspStudy *self, const char *scale)
{
  const gboolean over_set = g_strcmp0 (scale, "set") == 0;

  if (over_set == self->heat_over_set)
    return;
  self->heat_over_set = over_set;
  study_notify (self, STUDY_PROP_HEAT_SCALE);
  study_view_changed (self);
}

static void
criterion_set (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = NULL;

  if (!esp_study_set_criterion_finish (ESP_STUDY (source), result, &error))
    study_fail (ESP_STUDY (source), error);
}

static void
study_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  EspStudy *self = ESP_STUDY (object);

  switch ((int) id)
    {
    case STUDY_PROP_LANE:
      self->lane = g_value_get_pointer (value);
      break;
    case STUDY_PROP_IMAGE:
      esp_study_select_image (self, g_value_get_int (value));
      break;
    case STUDY_PROP_DETECTION:
      esp_study_select_detection (self, g_value_get_int (value));
      break;
    case STUDY_PROP_LAYER:
      esp_study_select_layer (self, g_value_get_int (value));
      break;
    case STUDY_PROP_METHOD:
      set_method (self, g_value_get_string (value));
      break;
    case STUDY_PROP_CRITERION:
      if (self->material != NULL && g_strcmp0 (g_value_get_string (value), self->criterion) != 0)
        esp_study_set_criterion_async (self, g_value_get_string (value), NULL, criterion_set, NULL);
      break;
    case STUDY_PROP_THRESHOLD:
      study_view_threshold (self, g_value_get_double (value));
      break;
    case STUDY_PROP_PART:
      esp_study_select_part (self, g_value_get_int (value));
      break;
    case STUDY_PROP_AT_PIXELS:
      study_view_pixels (self, g_value_get_boolean (value));
      break;
    case STUDY_PROP_HEAT_SCALE:
      set_heat_scale (self, g_value_get_string (value));
      break;
    case STUDY_PROP_LOOK_BFLOAT16:
      esp_study_set_look_bfloat16 (self, g_value_get_boolean (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
install_properties (GObjectClass *klass)
{
  const GParamFlags read = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const GParamFlags write = G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  props[STUDY_PROP_LANE] = g_param_spec_pointer ("lane", NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  props[STUDY_PROP_TITLE] = g_param_spec_string ("title", NULL, NULL, "", read);
  props[STUDY_PROP_LOADED] = g_param_spec_boolean ("loaded", NULL, NULL, FALSE, read);
  props[STUDY_PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, read);
  props[STUDY_PROP_IMAGE] = g_param_spec_int ("image", NULL, NULL, -1, G_MAXINT, -1, write);
  props[STUDY_PROP_DETECTION] = g_param_spec_int ("detection", NULL, NULL, -1, G_MAXINT, -1, write);
  props[STUDY_PROP_LAYER] = g_param_spec_int ("layer", NULL, NULL, -1, G_MAXINT, -1, write);
  props[STUDY_PROP_METHOD] = g_param_spec_string ("method", NULL, NULL, "", write);
  props[STUDY_PROP_CRITERION] = g_param_spec_string ("criterion", NULL, NULL, "", write);
  props[STUDY_PROP_THRESHOLD] = g_param_spec_double ("threshold", NULL, NULL, 0, 1, .25, write);
  props[STUDY_PROP_SENTENCE] = g_param_spec_string ("sentence", NULL, NULL, "", read);
  props[STUDY_PROP_FAILURE] = g_param_spec_string ("failure", NULL, NULL, "", read);
  props[STUDY_PROP_NOTICE] = g_param_spec_string ("notice", NULL, NULL, "", read);
  props[STUDY_PROP_PLAN] = g_param_spec_object ("plan", NULL, NULL, ESP_TYPE_PLAN, read);
  props[STUDY_PROP_HEAT_SCALE] = g_param_spec_string ("heat-scale", NULL, NULL, "image", write);
  props[STUDY_PROP_LOOK_BFLOAT16] = g_param_spec_boolean ("look-bfloat16", NULL, NULL, FALSE, write);
  props[STUDY_PROP_PART] = g_param_spec_int ("part", NULL, NULL, -1, ESP_N_PARTS - 1, -1, write);
  props[STUDY_PROP_AT_PIXELS] = g_param_spec_boolean ("at-pixels", NULL, NULL, FALSE, write);
  props[STUDY_PROP_EXPLAINING] = g_param_spec_boolean ("explaining", NULL, NULL, FALSE, read);
  g_object_class_install_properties (klass, STUDY_N_PROPS, props);
}

static void
esp_study_class_init (EspStudyClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GType type = G_TYPE_FROM_CLASS (klass);

  object_class->dispose = study_dispose;
  object_class->finalize = study_finalize;
  object_class->get_property = study_get_property;
  object_class->set_property = study_set_property;
  install_properties (object_class);
  signals[VIEW_CHANGED] = g_signal_new ("view-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[NUMBERS_CHANGED] = g_signal_new ("numbers-changed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  signals[FAILED] = g_signal_new ("failed", type, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
}

static void
esp_study_init (EspStudy *self)
{
  self->images = g_list_store_new (ESP_TYPE_IMAGE_ROW);
  self->detections = g_list_store_new (ESP_TYPE_DETECTION_ROW);
  self->channels = g_list_store_new (ESP_TYPE_CHANNEL_ROW);
  self->groups = g_list_store_new (ESP_TYPE_GROUP_ROW);
  self->trials = g_list_store_new (ESP_TYPE_TRIAL_ROW);
  self->layers = g_list_store_new (ESP_TYPE_LAYER_ROW);
  self->edge[0] = g_list_store_new (ESP_TYPE_CHANNEL_ROW);
  self->edge[1] = g_list_store_new (ESP_TYPE_CHANNEL_ROW);
  self->edge_group = -1;
  self->edge_maps = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) esp_heatmap_unref);
  self->image = self->detection = self->layer = self->part = -1;
  self->threshold = .25;
  self->prefix_budget = DEFAULT_PREFIX_BUDGET;
  self->sentence = g_strdup ("");
  self->failure = g_strdup ("");
  self->criterion = g_strdup ("");
  self->scores = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) esp_scores_unref);
  self->method = esp_attribution_get (0);
}

/**
 * esp_study_new:
 * @lane: the compute lane; must outlive the study
 *
 * Returns: (transfer full): a study of nothing yet. Thread: main.
 */
EspStudy *
esp_study_new (EspLane *lane)
{
  g_return_val_if_fail (lane != NULL, NULL);
  return g_object_new (ESP_TYPE_STUDY, "lane", lane, NULL);
}

/** esp_study_set_prefix_budget: bytes that a study opened from here on may keep of layers before a change; 0: none. Thread: main. */
void
esp_study_set_prefix_budget (EspStudy *study, gsize bytes)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  study->prefix_budget = bytes;
}

/**
 * esp_study_set_look_bfloat16:
 * @study: a study, open or not
 * @on: whether quick looks are in bfloat16
 *
 * Their numbers are approximate and say so; the full pass, and with it every number that is final, stays in float32. Ignored where
 * esp_backend_is_available() says that the processor has no instructions for it. Thread: main.
 */
void
esp_study_set_look_bfloat16 (EspStudy *study, gboolean on)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  if (study->look_bfloat16 == (on != FALSE))
    return;
  study->look_bfloat16 = on != FALSE;
  if (study->live != NULL)
    esp_live_set_look_bfloat16 (study->live, study->look_bfloat16);
  study_notify (study, STUDY_PROP_LOOK_BFLOAT16);
}

/** study_view_changed: emits "view-changed". Thread: main. */
void
study_view_changed (EspStudy *study)
{
  g_signal_emit (study, signals[VIEW_CHANGED], 0);
}

/** esp_study_get_network: Returns: (transfer none) (nullable): what is open. Thread: main. */
EspNetwork *
esp_study_get_network (EspStudy *study)
{
  return study->material != NULL ? study->material->network : NULL;
}

/** esp_study_get_weights: Returns: (transfer none) (nullable): what is open. Thread: main. */
EspWeights *
esp_study_get_weights (EspStudy *study)
{
  return study->material != NULL ? study->material->weights : NULL;
}

/** esp_study_get_dataset: Returns: (transfer none) (nullable): NULL where no pictures are open. Thread: main. */
EspDataset *
esp_study_get_dataset (EspStudy *study)
{
  return study->material != NULL ? study->material->dataset : NULL;
}

/** esp_study_get_plan: Returns: (transfer none) (nullable): the plan in hand. Thread: main. */
EspPlan *
esp_study_get_plan (EspStudy *study)
{
  return study->plan;
}

/** esp_study_get_names: Returns: (transfer none) (nullable): NULL-terminated class names of the network. Thread: main. */
const char *const *
esp_study_get_names (EspStudy *study)
{
  return study->material != NULL ? (const char *const *) study->material->names : NULL;
}

/** esp_study_class_name: Returns: (transfer full): the class's name, or its index as text where there are no names. Thread: main. */
char *
esp_study_class_name (EspStudy *study, int class_index)
{
  char **names = study->material != NULL ? study->material->names : NULL;

  if (names != NULL && class_index >= 0 && (guint) class_index < g_strv_length (names))
    return g_strdup (names[class_index]);
  return g_strdup_printf ("%d", class_index);
}

/** esp_study_get_images: Returns: (transfer none): of EspImageRow, in data set order. Thread: main. */
GListModel *
esp_study_get_images (EspStudy *study)
{
  return G_LIST_MODEL (study->images);
}

/** esp_study_get_detections: Returns: (transfer none): of EspDetectionRow, best first. Thread: main. */
GListModel *
esp_study_get_detections (EspStudy *study)
{
  return G_LIST_MODEL (study->detections);
}

/** esp_study_get_channels: Returns: (transfer none): of EspChannelRow, by channel. Thread: main. */
GListModel *
esp_study_get_channels (EspStudy *study)
{
  return G_LIST_MODEL (study->channels);
}

/** esp_study_get_groups: Returns: (transfer none): of EspGroupRow, in network order. Thread: main. */
GListModel *
esp_study_get_groups (EspStudy *study)
{
  return G_LIST_MODEL (study->groups);
}

/** esp_study_get_trials: Returns: (transfer none): of EspTrialRow, newest first. Thread: main. */
GListModel *
esp_study_get_trials (EspStudy *study)
{
  return G_LIST_MODEL (study->trials);
}

/** esp_study_get_layers: Returns: (transfer none): of EspLayerRow, in network order. Thread: main. */
GListModel *
esp_study_get_layers (EspStudy *study)
{
  return G_LIST_MODEL (study->layers);
}

/** esp_study_get_job: Returns: (transfer none) (nullable): the unpruned pass, else the scoring, under way. Thread: main. */
EspJob *
esp_study_get_job (EspStudy *study)
{
  return study->baseline_job != NULL ? study->baseline_job : study->score_job;
}

/**
 * esp_study_get_numbers:
 * @study: the study
 * @numbers: (out): what the tiles show
 *
 * Cost is of the plan in hand to the frame; mAP says by its state how it stands to it. Thread: main.
 */
void
esp_study_get_numbers (EspStudy *study, EspNumbers *numbers)
{
  EspLatencySpan span;

  *numbers = (EspNumbers){ .map.map = NAN, .map.baseline = NAN, .cost = study->cost, .whole = study->whole };
  if (study->live == NULL)
    return;
  esp_live_get_number (study->live, &numbers->map);
  numbers->has_latency = study->mask != NULL && esp_live_get_span (study->live, study->mask, &span);
  numbers->has_latency_whole = numbers->has_latency || esp_live_get_span (study->live, NULL, &span);
  if (numbers->has_latency)
    numbers->latency = span.after;
  if (numbers->has_latency_whole)
    numbers->latency_whole = span.before;
}
