/* study-edge.c: the channels just below and just above the line of the group that a hand is at */
#define G_LOG_DOMAIN "esp-study"
#include "config.h"

#include <math.h>

#include "study/study-private.h"

#define EACH_SIDE 4

static gpointer
key_of (guint layer, guint channel)
{
  return GSIZE_TO_POINTER (((gsize) layer << 32) + channel + 1);
}

static guint
layer_of (GObject *row)
{
  guint layer = 0;

  g_object_get (row, "layer", &layer, NULL);
  return layer;
}

static guint
channel_of (GObject *row)
{
  guint channel = 0;

  g_object_get (row, "channel", &channel, NULL);
  return channel;
}

static void
renew (GObject *row)
{
  guint revision = 0;

  g_object_get (row, "revision", &revision, NULL);
  esp_row_set (ESP_ROW (row), "revision", revision + 1, NULL);
}

/* Asks for the maps of all that is in the lists and has none: below the line last, since what goes next matters more. */
static void
want_maps (EspStudy *study)
{
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (EspChannel));

  for (int side = 1; side >= 0; side--)
    for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (study->edge[side])); i++)
      {
        g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (study->edge[side]), i);
        const EspChannel channel = { layer_of (row), channel_of (row) };

        if (!g_hash_table_contains (study->edge_maps, key_of (channel.layer, channel.channel)))
          g_array_append_val (wanted, channel);
      }
  if (study->view != NULL)
    esp_view_want_maps (study->view, (const EspChannel *) (gpointer) wanted->data, wanted->len);
}

static void
describe_row (EspStudy *study, EspRow *row, EspChannel channel)
{
  EspScores *scores = esp_plan_get_scores (study->plan);
  guint n = 0;
  const double *values = scores != NULL ? esp_scores_get (scores, channel.layer, &n) : NULL;

  esp_row_set (row, "kept", esp_mask_keeps (study->mask, channel.layer, channel.channel), "rule",
               (int) esp_plan_get_rule (study->plan, channel.layer, channel.channel), "score",
               values != NULL && channel.channel < n ? values[channel.channel] : NAN, NULL);
}

static gboolean
is_of (GListModel *rows, guint at, EspChannel channel)
{
  g_autoptr (GObject) row = g_list_model_get_item (rows, at);

  return row != NULL && layer_of (row) == channel.layer && channel_of (row) == channel.channel;
}

static gboolean
is_same (GListModel *rows, const GArray *channels)
{
  if (g_list_model_get_n_items (rows) != channels->len)
    return FALSE;
  for (guint i = 0; i < channels->len; i++)
    if (!is_of (rows, i, g_array_index (channels, EspChannel, i)))
      return FALSE;
  return TRUE;
}

/* One change of the list, and none where the same channels are there still. */
static void
fill (EspStudy *study, gboolean goes)
{
  GListStore *rows = study->edge[goes ? 0 : 1];
  g_autoptr (GPtrArray) fresh = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr (GArray) channels = esp_plan_get_edge (study->plan, (guint) study->edge_group, study->layer, goes, EACH_SIDE);
  const gboolean same = is_same (G_LIST_MODEL (rows), channels);

  for (guint i = 0; i < channels->len; i++)
    {
      const EspChannel one = g_array_index (channels, EspChannel, i);
      g_autoptr (EspRow) row = same ? g_list_model_get_item (G_LIST_MODEL (rows), i) : study_channel_row (study, one.layer, one.channel);

      describe_row (study, row, one);
      g_ptr_array_add (fresh, g_steal_pointer (&row));
    }
  if (!same)
    g_list_store_splice (rows, 0, g_list_model_get_n_items (G_LIST_MODEL (rows)), fresh->pdata, fresh->len);
}

/** study_edge_update: the plan, its scores or the layer are others. Thread: main. */
void
study_edge_update (EspStudy *study)
{
  if (study->plan == NULL || study->mask == NULL || study->edge_group < 0)
    return;
  fill (study, TRUE);
  fill (study, FALSE);
  want_maps (study);
}

/** study_edge_clear: no group is watched. Thread: main. */
void
study_edge_clear (EspStudy *study)
{
  study->edge_group = -1;
  g_hash_table_remove_all (study->edge_maps);
  g_list_store_remove_all (study->edge[0]);
  g_list_store_remove_all (study->edge[1]);
}

/** study_edge_forget: maps are of another box or picture now; those in the lists are asked for anew. Thread: main. */
void
study_edge_forget (EspStudy *study)
{
  g_hash_table_remove_all (study->edge_maps);
  if (study->edge_group >= 0)
    want_maps (study);
}

/** study_edge_take: a map is there; whoever shows it is told by its row's revision. Thread: main. */
void
study_edge_take (EspStudy *study, EspHeatmap *map)
{
  const EspChannel channel = { (guint) map->layer, (guint) map->channel };

  for (int side = 0; side < 2; side++)
    for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (study->edge[side])); i++)
      if (is_of (G_LIST_MODEL (study->edge[side]), i, channel))
        {
          g_autoptr (GObject) row = g_list_model_get_item (G_LIST_MODEL (study->edge[side]), i);

          g_hash_table_insert (study->edge_maps, key_of (channel.layer, channel.channel), esp_heatmap_ref (map));
          renew (row);
        }
}

/**
 * esp_study_watch_edge:
 * @study: the study
 * @group: of the plan; -1 none
 *
 * From here on esp_study_get_edge() follows this group's line. Thread: main.
 */
void
esp_study_watch_edge (EspStudy *study, int group)
{
  g_return_if_fail (ESP_IS_STUDY (study));
  if (group == study->edge_group || (group >= 0 && (study->plan == NULL || (guint) group >= esp_plan_get_n_groups (study->plan))))
    return;
  study_edge_clear (study);
  study->edge_group = group;
  study_edge_update (study);
}

/** esp_study_get_edge: Returns: (transfer none): of EspChannelRow, nearest to the line first: cut last (@goes), or next to be cut.
 * Thread: main. */
GListModel *
esp_study_get_edge (EspStudy *study, gboolean goes)
{
  return G_LIST_MODEL (study->edge[goes ? 0 : 1]);
}

/** esp_study_get_edge_map: Returns: (transfer none) (nullable): the map of a channel of those lists; its row's revision tells when.
 * Thread: main. */
EspHeatmap *
esp_study_get_edge_map (EspStudy *study, guint layer, guint channel)
{
  return g_hash_table_lookup (study->edge_maps, key_of (layer, channel));
}
