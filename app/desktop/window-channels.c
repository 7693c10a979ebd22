/* window-channels.c: the channel strip: its rows, their maps on demand, what the hand does to them */
#define G_LOG_DOMAIN "esp-desktop"
#include "config.h"

#include "window-private.h"

#include <glib/gi18n.h>

static void
map_needed (EspChannelStrip *strip, guint channel, gpointer data)
{
  EspHeatmap *map = esp_study_get_channel_map (ESP_WINDOW (data)->study, channel);

  if (map != NULL)
    esp_channel_strip_set_map (strip, channel, map);
}

static void
show_count (EspWindow *self)
{
  EspPlan *plan = esp_study_get_plan (self->study);
  g_autoptr (EspMask) mask = plan != NULL ? esp_plan_get_mask (plan) : NULL;
  g_autofree char *title = NULL;
  guint n = 0;
  int layer;

  g_object_get (self->study, "layer", &layer, NULL);
  if (mask != NULL && layer >= 0 && esp_mask_get_bits (mask, (guint) layer, &n) != NULL)
    title = g_strdup_printf (_ ("Layer %d · %u of %u kept"), layer, esp_mask_count_kept (mask, (guint) layer), n);
  esp_channel_strip_set_title (self->channel_strip, title != NULL ? title : "");
}

/* Other channels. For another image or target each row's revision tells the strip that its map is outdated. */
static void
layer_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  esp_channel_strip_clear_maps (ESP_WINDOW (data)->channel_strip);
  show_count (data);
}

/* Of a method without maps of channels none is shown, rather than another's. */
static void
method_changed (EspStudy *study, GParamSpec *pspec, gpointer data)
{
  g_autofree char *id = NULL;
  const EspAttribution *method;

  g_object_get (study, "method", &id, NULL);
  method = esp_attribution_find (id);
  if (method != NULL && (method->gives & ESP_GIVES_LAYERS) == 0)
    esp_channel_strip_clear_maps (ESP_WINDOW (data)->channel_strip);
}

static void
numbers_changed (EspStudy *study, gpointer data)
{
  show_count (data);
}

static void
rule_requested (EspChannelStrip *strip, GArray *channels, int rule, gpointer data)
{
  EspWindow *self = data;
  EspPlan *plan = esp_study_get_plan (self->study);
  g_autofree EspChannel *chosen = g_new (EspChannel, channels->len);
  int layer;

  g_object_get (self->study, "layer", &layer, NULL);
  for (guint i = 0; i < channels->len; i++)
    chosen[i] = (EspChannel){ (guint) layer, g_array_index (channels, guint, i) };
  if (plan != NULL && layer >= 0)
    esp_plan_set_rules (plan, chosen, channels->len, (EspChannelRule) rule);
}

/* The groups that a cut of it would reach. */
static void
hovered (EspChannelStrip *strip, int channel, gpointer data)
{
  EspWindow *self = data;
  g_autoptr (GArray) groups = NULL;
  int layer;

  if (self->study == NULL || self->group_list == NULL)
    return; /* the focus leaves a strip that goes with its window */
  g_object_get (self->study, "layer", &layer, NULL);
  if (channel >= 0 && layer >= 0)
    groups = esp_study_find_partner_groups (self->study, (guint) layer, (guint) channel);
  esp_group_list_set_lit (self->group_list, groups);
}

static void
edge_wanted (EspGroupList *list, int group, gpointer data)
{
  esp_study_watch_edge (ESP_WINDOW (data)->study, group);
}

static void
edge_map_needed (EspEdgePopover *edge, guint layer, guint channel, gpointer data)
{
  EspHeatmap *map = esp_study_get_edge_map (ESP_WINDOW (data)->study, layer, channel);

  if (map != NULL) /* else the one of before stays in view until it is there: nothing flickers */
    esp_edge_popover_set_map (edge, layer, channel, map);
}

/* The channels at the line that a hand is at. */
static void
bind_edge (EspWindow *self)
{
  EspEdgePopover *edge = esp_group_list_get_edge (self->group_list);

  g_signal_connect (edge, "map-needed", G_CALLBACK (edge_map_needed), self);
  g_signal_connect (self->group_list, "edge-wanted", G_CALLBACK (edge_wanted), self);
  esp_edge_popover_set_models (edge, esp_study_get_edge (self->study, TRUE), esp_study_get_edge (self->study, FALSE));
}

/** esp_window_bind_channels: ties the strip to the study's channels and to the plan. Thread: main. */
void
esp_window_bind_channels (EspWindow *window)
{
  EspStudy *study = window->study;

  esp_channel_strip_set_model (window->channel_strip, esp_study_get_channels (study));
  bind_edge (window);
  g_signal_connect (window->channel_strip, "map-needed", G_CALLBACK (map_needed), window);
  g_signal_connect (window->channel_strip, "rule-requested", G_CALLBACK (rule_requested), window);
  g_signal_connect (window->channel_strip, "hovered", G_CALLBACK (hovered), window);
  g_signal_connect_object (study, "notify::layer", G_CALLBACK (layer_changed), window, 0);
  g_signal_connect_object (study, "notify::method", G_CALLBACK (method_changed), window, 0);
  g_signal_connect_object (study, "numbers-changed", G_CALLBACK (numbers_changed), window, 0);
}
