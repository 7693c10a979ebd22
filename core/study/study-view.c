/* study-view.c: what is being looked at: image, box, layer, channels, and what comes back about them */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>
#include <string.h>

#include "study/study-private.h"

static void
clear_maps (EspStudy *study)
{
  for (guint i = 0; i < study->n_maps; i++)
    g_clear_pointer (&study->maps[i], esp_heatmap_unref);
  g_clear_pointer (&study->maps, g_free);
  g_clear_pointer (&study->asked, g_free);
  study->n_maps = 0;
}

/* What is shown of a channel is of another box or picture now: whoever shows one asks again. */
static void
renew_map (EspStudy *study, guint channel)
{
  g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->channels), channel);
  guint revision = 0;

  if (row == NULL)
    return;
  g_object_get (row, "revision", &revision, NULL);
  esp_row_set (row, "revision", revision + 1, NULL);
}

static void
forget_maps (EspStudy *study)
{
  g_autofree guint8 *asked = g_steal_pointer (&study->asked);
  const guint n = study->n_maps;

  clear_maps (study);
  study->n_maps = g_list_model_get_n_items (G_LIST_MODEL (study->channels));
  study->maps = g_new0 (EspHeatmap *, study->n_maps);
  study->asked = g_new0 (guint8, study->n_maps);
  for (guint i = 0; i < MIN (n, study->n_maps); i++)
    if (asked[i])
      renew_map (study, i);
  study_edge_forget (study);
}

static void
set_sentence (EspStudy *study, const char *sentence)
{
  if (g_strcmp0 (study->sentence, sentence) == 0)
    return;
  g_free (study->sentence);
  study->sentence = g_strdup (sentence);
  study_notify (study, STUDY_PROP_SENTENCE);
}

static void
set_explaining (EspStudy *study, gboolean explaining)
{
  if (study->explaining == explaining)
    return;
  study->explaining = explaining;
  study_notify (study, STUDY_PROP_EXPLAINING);
}

static void
clear_picture (EspStudy *study)
{
  g_clear_pointer (&study->missed, esp_target_unref);
  study->part = -1;
  g_clear_pointer (&study->picture, esp_image_unref);
  g_clear_pointer (&study->boxes, esp_outcome_free);
  study_why_clear (study, TRUE);
  g_clear_pointer (&study->pruned, esp_outcome_free);
  g_clear_pointer (&study->heat, esp_heatmap_unref);
  g_list_store_remove_all (study->detections);
  set_sentence (study, "");
}

/** study_view_clear: nothing is looked at. Thread: main. */
void
study_view_clear (EspStudy *study)
{
  clear_maps (study);
  study_edge_clear (study);
  clear_picture (study);
  g_list_store_remove_all (study->channels);
  g_list_store_remove_all (study->layers);
  g_list_store_remove_all (study->images);
  study->image = study->detection = study->layer = -1;
  study->set_known = FALSE;
  set_explaining (study, FALSE);
}

/* Rows are sorted by score: those above the threshold come first. */
static guint
count_above (const EspOutcome *outcome, double threshold)
{
  guint n = 0;

  while (outcome != NULL && n < outcome->n && (double) outcome->detections[n].score > threshold)
    n++;
  return n;
}

static EspRow *
detection_row (EspStudy *study, guint i)
{
  const EspDetection *d = &study->boxes->detections[i];
  const double w = esp_image_get_width (study->picture), h = esp_image_get_height (study->picture);
  g_autofree char *name = esp_study_class_name (study, d->class_index);

  return g_object_new (ESP_TYPE_DETECTION_ROW, "index", i, "class-name", name, "score", (double) d->score, "x",
                       (int) lround ((d->box.x - d->box.w / 2) * w), "y", (int) lround ((d->box.y - d->box.h / 2) * h), "width",
                       (int) lround (d->box.w * w), "height", (int) lround (d->box.h * h), "correct",
                       study->material->map == NULL  ? -1
                       : study->boxes->truth[i] >= 0 ? 1
                                                     : 0,
                       NULL);
}

static void
fill_detections (EspStudy *study)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
  const guint n = study->picture != NULL ? count_above (study->boxes, study->threshold) : 0;

  for (guint i = 0; i < n; i++)
    g_ptr_array_add (rows, detection_row (study, i));
  g_list_store_splice (study->detections, 0, g_list_model_get_n_items (G_LIST_MODEL (study->detections)), rows->pdata, rows->len);
}

/* The scale of the set grows over the pictures looked at with one layer and method. */
static void
widen_scale (EspStudy *study)
{
  float low, high;

  esp_heatmap_range (study->heat, &low, &high);
  study->set_low = study->set_known ? MIN (study->set_low, low) : low;
  study->set_high = study->set_known ? MAX (study->set_high, high) : high;
  study->set_known = TRUE;
}

static void
take_maps (EspStudy *study, GPtrArray *maps)
{
  for (guint i = 0; i < maps->len; i++)
    {
      EspHeatmap *map = g_ptr_array_index (maps, i);
      const guint channel = (guint) map->channel;

      study_edge_take (study, map);
      if (map->layer != study->layer || channel >= study->n_maps)
        continue;
      g_clear_pointer (&study->maps[channel], esp_heatmap_unref);
      study->maps[channel] = esp_heatmap_ref (map);
      renew_map (study, channel);
    }
}

/* What is in view must not be taken for what was asked for and did not come. */
static void
no_heat (EspStudy *study, gboolean cancelled)
{
  g_clear_pointer (&study->heat, esp_heatmap_unref);
  set_sentence (study, cancelled ? "the explanation was cancelled: choose a box, a method or a layer to begin another" : "");
  set_explaining (study, FALSE);
}

/* @image cannot be read: its row says so, and it has no counts. */
static void
mark_unread (EspStudy *study, guint image, const char *why)
{
  g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->images), image);

  esp_row_set (row, "failure", why, NULL);
}

/* In place of the picture: nothing else waits for it. */
static void
tell_unread (EspStudy *study, const char *why)
{
  g_autofree char *sentence = g_strdup_printf ("this picture cannot be read: %s", why);

  no_heat (study, FALSE);
  set_sentence (study, sentence);
  mark_unread (study, (guint) study->image, why);
}

#define TAKE(study, slot, part, free_func)                                                                                                 \
  G_STMT_START                                                                                                                             \
  {                                                                                                                                        \
    if ((part) != NULL)                                                                                                                    \
      {                                                                                                                                    \
        g_clear_pointer (&(study)->slot, free_func);                                                                                       \
        (study)->slot = g_steal_pointer (&(part));                                                                                         \
      }                                                                                                                                    \
  }                                                                                                                                        \
  G_STMT_END

/** study_view_news: parts of the picture in view. Thread: main. */
void
study_view_news (EspViewNews *news, gpointer data)
{
  EspStudy *study = data;
  const gboolean boxes = news->boxes != NULL, heat = news->heat != NULL;

  if (news->image != study->image)
    return;
  TAKE (study, picture, news->picture, esp_image_unref);
  TAKE (study, boxes, news->boxes, esp_outcome_free);
  TAKE (study, pruned, news->pruned, esp_outcome_free);
  if (news->candidates != NULL)
    study_why_clear (study, TRUE);
  TAKE (study, candidates, news->candidates, g_array_unref);
  TAKE (study, heat, news->heat, esp_heatmap_unref);
  if (news->none)
    g_clear_pointer (&study->heat, esp_heatmap_unref);
  if (boxes)
    fill_detections (study);
  if (heat && !news->none)
    widen_scale (study);
  if (news->sentence != NULL)
    {
      set_sentence (study, news->sentence);
      set_explaining (study, FALSE);
    }
  if (news->maps != NULL)
    take_maps (study, news->maps);
  if (news->has_badge)
    study->badge = news->badge;
  study->has_badge = study->has_badge || news->has_badge;
  if (news->cancelled || news->failure != NULL)
    no_heat (study, news->cancelled);
  if (news->unread != NULL)
    tell_unread (study, news->unread);
  if (news->idle)
    {
      set_explaining (study, FALSE);
      study->viewing = FALSE;
      study_update_busy (study);
    }
  study_fail (study, news->failure);
  study_view_changed (study);
}

/* (transfer full) (nullable): the box, part or missed object that is chosen; NULL: the class. */
static EspTarget *
chosen_target (EspStudy *study)
{
  const EspDetection *detection;

  if (study->missed != NULL)
    return esp_target_ref (study->missed);
  if (study->boxes == NULL || study->detection < 0 || (guint) study->detection >= study->boxes->n)
    return NULL;
  detection = &study->boxes->detections[study->detection];
  return study->part >= 0 ? esp_target_new_part (detection, (EspPart) study->part) : esp_target_new_detection (detection);
}

/** study_view_wish: asks for what is chosen now. Thread: main. */
void
study_view_wish (EspStudy *study)
{
  g_autoptr (EspTarget) target = chosen_target (study);
  EspViewWish wish
      = { .image = study->image, .target = target, .layer = study->layer, .pixels = study->at_pixels, .method = study->method };

  if (study->view == NULL || study->image < 0)
    return;
  wish.measured = target != NULL && study->missed == NULL && (study->part < 0 || study->part >= ESP_PART_OBJECTNESS);
  study->has_badge = FALSE;
  study->viewing = TRUE;
  study_update_busy (study);
  set_explaining (study, study->layer >= 0);
  esp_view_set_wish (study->view, &wish);
  forget_maps (study); /* whoever shows a map asks again at once, and must ask for the new wish */
}

/** study_view_image: looks at an image, even where it is the one looked at already. Thread: main. */
void
study_view_image (EspStudy *study, int image)
{
  clear_picture (study);
  study->image = image;
  study->detection = -1;
  study_notify (study, STUDY_PROP_IMAGE);
  study_notify (study, STUDY_PROP_DETECTION);
  study_notify (study, STUDY_PROP_PART);
  study_view_wish (study);
  study_view_changed (study);
}

/**
 * esp_study_select_image:
 * @study: the study
 * @image: index in the list of images
 *
 * Boxes and heatmap arrive with "view-changed". Thread: main.
 */
void
esp_study_select_image (EspStudy *study, int image)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  if (study->material == NULL || image < 0 || (guint) image >= study->material->n_images || image == study->image)
    return;
  study_view_image (study, image);
}

/* What is explained: @missed (nullable) (transfer full), or a detection or a part of it, or with -1 the class. */
static void
choose (EspStudy *study, int detection, int part, EspTarget *missed)
{
  g_clear_pointer (&study->missed, esp_target_unref);
  study->missed = missed;
  study->detection = detection;
  study->part = part;
  study_notify (study, STUDY_PROP_DETECTION);
  study_notify (study, STUDY_PROP_PART);
  study_view_wish (study);
}

/** study_view_pixels: the heatmap is at the pixels, or of the layer; what the method cannot give is not chosen. Thread: main. */
void
study_view_pixels (EspStudy *study, gboolean at_pixels)
{
  const guint needed = at_pixels ? ESP_GIVES_PIXELS : ESP_GIVES_LAYERS;

  if (at_pixels == study->at_pixels || (study->method->gives & needed) == 0)
    return;
  study->at_pixels = at_pixels;
  study->set_known = FALSE;
  study_notify (study, STUDY_PROP_AT_PIXELS);
  study_view_wish (study);
}

/** study_view_method: explains by @method, at the pixels where it gives nothing else. Thread: main. */
void
study_view_method (EspStudy *study, const EspAttribution *method)
{
  const gboolean at_pixels = (method->gives & ESP_GIVES_LAYERS) == 0 || (study->at_pixels && (method->gives & ESP_GIVES_PIXELS) != 0);

  study->method = method;
  study->set_known = FALSE;
  if (at_pixels != study->at_pixels)
    {
      study->at_pixels = at_pixels;
      study_notify (study, STUDY_PROP_AT_PIXELS);
    }
  study_notify (study, STUDY_PROP_METHOD);
  study_view_wish (study);
}

/**
 * esp_study_select_detection:
 * @study: the study
 * @detection: index in the list of detections; -1 for the class over the whole picture
 *
 * What is explained. Thread: main.
 */
void
esp_study_select_detection (EspStudy *study, int detection)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  if (detection >= (int) g_list_model_get_n_items (G_LIST_MODEL (study->detections)))
    return;
  detection = MAX (detection, -1);
  if (detection == study->detection && study->missed == NULL)
    return;
  choose (study, detection, -1, NULL);
}

/**
 * esp_study_select_part:
 * @study: the study, with a detection chosen
 * @part: EspPart of it; -1 for the whole of it
 *
 * What is explained. Without a detection nothing happens. Thread: main.
 */
void
esp_study_select_part (EspStudy *study, int part)
{
  g_return_if_fail (ESP_IS_STUDY (study) && part >= -1 && part < ESP_N_PARTS);
  if (study->detection >= 0 && part != study->part)
    choose (study, study->detection, part, NULL);
}

/**
 * esp_study_explain_missed:
 * @study: the study, with a picture in view
 * @box: drawn or labelled; fractions of the picture
 * @class_index: what it should have been called
 * @error: as esp_target_new_missed()
 *
 * What is explained, in place of a detection. Thread: main. Returns: whether such a box is possible.
 */
gboolean
esp_study_explain_missed (EspStudy *study, EspBox box, int class_index, GError **error)
{
  EspTarget *target;
  EspShape input;

  g_return_val_if_fail (ESP_IS_STUDY (study) && study->picture != NULL, FALSE);
  input = esp_network_get_input (study->material->network);
  target = esp_target_new_missed (study->material->network,
                                  esp_fit_place (study->material->options.fit, esp_image_get_width (study->picture),
                                                 esp_image_get_height (study->picture), input.w, input.h),
                                  box, class_index, error);
  if (target == NULL)
    return FALSE;
  choose (study, -1, -1, target);
  return TRUE;
}

/** esp_study_get_missed: Returns: (transfer none) (nullable): the box that esp_study_explain_missed() explains. Thread: main. */
const EspDetection *
esp_study_get_missed (EspStudy *study)
{
  return study->missed != NULL ? esp_target_get_spot (study->missed) : NULL;
}

/** esp_study_dup_look_job: Returns: (transfer full) (nullable): what is under way for the picture in view. Thread: main. */
EspJob *
esp_study_dup_look_job (EspStudy *study)
{
  return study->view != NULL && study->viewing ? esp_view_dup_job (study->view) : NULL;
}

/** study_channel_row: Returns: (transfer full): a row of one channel of any layer, without a score. Thread: main. */
EspRow *
study_channel_row (EspStudy *study, guint layer, guint channel)
{
  EspCoupling *coupling = study->material->coupling;
  g_autofree char *reason = esp_coupling_explain (coupling, layer, channel);

  return g_object_new (ESP_TYPE_CHANNEL_ROW, "layer", layer, "channel", channel, "unit", esp_coupling_get_unit (coupling, layer, channel),
                       "reason", reason != NULL ? reason : "", "kept", study->mask == NULL || esp_mask_keeps (study->mask, layer, channel),
                       "rule", study->plan != NULL ? (int) esp_plan_get_rule (study->plan, layer, channel) : ESP_CHANNEL_BY_RANK, NULL);
}

static void
fill_channels (EspStudy *study)
{
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (g_object_unref);
  const EspLayer *layer = esp_network_get_layer (study->material->network, (guint) study->layer);

  for (guint i = 0; i < (guint) layer->conv.filters; i++)
    g_ptr_array_add (rows, study_channel_row (study, layer->index, i));
  clear_maps (study);
  g_list_store_splice (study->channels, 0, g_list_model_get_n_items (G_LIST_MODEL (study->channels)), rows->pdata, rows->len);
  study_edge_update (study);
  if (study->plan != NULL)
    study_plan_rank (study);
}

static gboolean
is_convolution (EspStudy *study, int layer)
{
  return study->material != NULL && layer >= 0 && (guint) layer < esp_network_get_n_layers (study->material->network)
         && esp_network_get_layer (study->material->network, (guint) layer)->kind == ESP_LAYER_CONVOLUTIONAL;
}

/**
 * esp_study_select_layer:
 * @study: the study
 * @layer: a convolution, as darknet counts
 *
 * Its channels fill the list, and the heatmap is of it. Thread: main.
 */
void
esp_study_select_layer (EspStudy *study, int layer)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  if (layer == study->layer || !is_convolution (study, layer))
    return;
  study->layer = layer;
  study->set_known = FALSE;
  fill_channels (study);
  if (study->at_pixels && (study->method->gives & ESP_GIVES_LAYERS) != 0)
    {
      study->at_pixels = FALSE;
      study_notify (study, STUDY_PROP_AT_PIXELS);
    }
  study_notify (study, STUDY_PROP_LAYER);
  study_view_wish (study);
}

/* Where a heatmap of everything says most. */
static int
first_layer (EspStudy *study)
{
  const int any = 0;
  g_autoptr (EspTarget) target = esp_target_new_classes (&any, 1, .02f);
  const int layer = (int) esp_explain_default_layer (target, study->material->network);

  return is_convolution (study, layer) ? layer : -1;
}

static void
fill_layers (EspStudy *study)
{
  EspNetwork *network = study->material->network;
  g_autoptr (GPtrArray) groups = esp_groups_propose (network, study->material->coupling);

  for (guint i = 0; i < esp_network_get_n_layers (network); i++)
    {
      const EspLayer *layer = esp_network_get_layer (network, i);
      g_autofree char *title = g_strdup_printf ("Layer %u, %d × %d × %d", i, layer->out.c, layer->out.h, layer->out.w);
      const char *name = "";
      g_autoptr (EspRow) row = NULL;

      if (layer->kind != ESP_LAYER_CONVOLUTIONAL)
        continue;
      for (guint j = 0; j < groups->len; j++)
        for (guint k = 0; k < ((EspGroup *) g_ptr_array_index (groups, j))->n_layers; k++)
          if (((EspGroup *) g_ptr_array_index (groups, j))->layers[k] == i)
            name = ((EspGroup *) g_ptr_array_index (groups, j))->name;
      row = g_object_new (ESP_TYPE_LAYER_ROW, "layer", i, "title", title, "group", name, NULL);
      g_list_store_append (study->layers, row);
    }
}

/** study_view_fill: layers and the channels of the first one to look at, of what was just opened. Thread: main. */
void
study_view_fill (EspStudy *study)
{
  fill_layers (study);
  study->layer = first_layer (study);
  if (study->layer >= 0)
    fill_channels (study);
  study_notify (study, STUDY_PROP_LAYER);
}

/* Found and missed at the threshold, of one image whose unpruned outcome is known. */
static void
count_image (EspStudy *study, guint image)
{
  const EspOutcome *outcome = esp_live_get_baseline (study->live, image);
  const guint n = count_above (outcome, study->threshold);
  g_autoptr (EspRow) row = g_list_model_get_item (G_LIST_MODEL (study->images), image);
  guint found = 0;

  if (outcome == NULL)
    return;
  if (outcome->failure != NULL)
    {
      mark_unread (study, image, outcome->failure);
      return;
    }
  for (guint i = 0; i < n; i++)
    found += outcome->truth != NULL && outcome->truth[i] >= 0;
  esp_row_set (row, "detections", (int) n, "missed", study->material->map != NULL ? (int) (outcome->n_truths - found) : -1, NULL);
}

/** study_view_baseline: the rows of images whose unpruned outcome is new. Thread: main. */
void
study_view_baseline (guint from, guint to, gpointer data)
{
  EspStudy *study = data;
  const guint *order = esp_live_get_order (study->live);

  for (guint i = from; i < to; i++)
    count_image (study, order[i]);
}

/** study_view_threshold: boxes of at least this score are shown and counted. Thread: main. */
void
study_view_threshold (EspStudy *study, double threshold)
{
  threshold = CLAMP (threshold, 0, 1);
  if (threshold == study->threshold)
    return;
  study->threshold = threshold;
  study_why_clear (study, FALSE);
  study_notify (study, STUDY_PROP_THRESHOLD);
  if (study->material == NULL)
    return;
  fill_detections (study);
  for (guint i = 0; i < study->material->n_images; i++)
    count_image (study, i);
  if (study->detection >= (int) g_list_model_get_n_items (G_LIST_MODEL (study->detections)))
    esp_study_select_detection (study, -1);
  study_view_changed (study);
}

/** esp_study_get_image: Returns: (transfer none) (nullable): the picture in view. Thread: main. */
EspImage *
esp_study_get_image (EspStudy *study)
{
  return study->picture;
}

/** esp_study_get_boxes: Returns: (transfer none) (nullable): @n boxes of the unpruned network above the threshold, best first, as listed.
 * Thread: main. */
const EspDetection *
esp_study_get_boxes (EspStudy *study, guint *n)
{
  *n = count_above (study->boxes, study->threshold);
  return *n > 0 ? study->boxes->detections : NULL;
}

/** esp_study_get_pruned_boxes: Returns: (transfer none) (nullable): the same of the plan's cut network. Thread: main. */
const EspDetection *
esp_study_get_pruned_boxes (EspStudy *study, guint *n)
{
  *n = count_above (study->pruned, study->threshold);
  return *n > 0 ? study->pruned->detections : NULL;
}

/**
 * esp_study_dup_truths:
 * @study: the study
 * @n: (out): how many
 *
 * Returns: (transfer full) (nullable): what the picture is labelled with, in the network's classes; objects of classes that it lacks are
 * left out. Thread: main.
 */
EspTruth *
esp_study_dup_truths (EspStudy *study, guint *n)
{
  const EspMaterial *material = study->material;
  const EspSample *sample;
  EspTruth *truths;

  *n = 0;
  if (material == NULL || material->map == NULL || study->image < 0)
    return NULL;
  sample = esp_dataset_get (material->dataset, (guint) study->image);
  truths = g_new (EspTruth, MAX (sample->n_truths, 1));
  for (guint i = 0; i < sample->n_truths; i++)
    {
      const int class_index = material->map->to_network[sample->truths[i].class_index];

      if (class_index < 0)
        continue;
      truths[*n] = sample->truths[i];
      truths[(*n)++].class_index = class_index;
    }
  return truths;
}

/** esp_study_get_heatmap: Returns: (transfer none) (nullable): of what the sentence says. Thread: main. */
EspHeatmap *
esp_study_get_heatmap (EspStudy *study)
{
  return study->heat;
}

/**
 * esp_study_get_badge:
 * @study: the study
 * @badge: (out): deletion and insertion of the heatmap in view, beside random order's
 *
 * "view-changed" tells when it is there. Returns: FALSE before, and where no found box, objectness or class is explained. Thread: main.
 */
gboolean
esp_study_get_badge (EspStudy *study, EspStudyBadge *badge)
{
  if (study->has_badge && study->heat != NULL)
    *badge = study->badge;
  return study->has_badge && study->heat != NULL;
}

/**
 * esp_study_get_heat_range:
 * @study: the study
 * @lowest: (out): the legend's lower end
 * @highest: (out): the legend's upper end
 *
 * Of this picture, or with the scale "set" of all pictures looked at with this layer and method. 0 and 0 without a heatmap. Thread: main.
 */
void
esp_study_get_heat_range (EspStudy *study, float *lowest, float *highest)
{
  *lowest = *highest = 0;
  if (study->heat == NULL)
    return;
  if (!study->heat_over_set || !study->set_known)
    {
      esp_heatmap_range (study->heat, lowest, highest);
      return;
    }
  *lowest = study->set_low;
  *highest = study->set_high;
}

/**
 * esp_study_get_channel_map:
 * @study: the study
 * @channel: of the current layer
 *
 * Asking for one that is not there has it made; its row's revision tells when. Returns: (transfer none) (nullable). Thread: main.
 */
EspHeatmap *
esp_study_get_channel_map (EspStudy *study, guint channel)
{
  if (channel >= study->n_maps || study->view == NULL)
    return NULL;
  if (study->maps[channel] == NULL && !study->asked[channel])
    {
      study->asked[channel] = 1;
      esp_view_want_channel (study->view, channel);
    }
  return study->maps[channel];
}
