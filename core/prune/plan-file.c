/* plan-file.c: plan.json, written whole and read strictly
 *
 * Complete in itself: hashes of cfg and weights, floor and rounding, the criterion with its scores, per group the ratio and what was chosen by hand,
 * and the kept channels of every convolution as they were resolved. */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan.h"

#include <string.h>

#include <glib/gi18n-lib.h>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "net/cfg.h"
#include "prune/plan-private.h"
#include "prune/scores-private.h"

#define LARGEST_FILE  (16 << 20)
#define LARGEST_COUNT 65536

static char *
hash_of_cfg (const EspNetwork *network)
{
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (network), &n);

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, n);
}

static void
append_list (GString *to, const GArray *numbers)
{
  g_string_append_c (to, '[');
  for (guint i = 0; i < numbers->len; i++)
    g_string_append_printf (to, i > 0 ? ", %u" : "%u", g_array_index (numbers, guint, i));
  g_string_append_c (to, ']');
}

/* [{"layer": 57, "channels": [3, 12]}, …]: the channels of @group with @rule. */
static void
append_rules (GString *to, EspPlan *plan, const EspGroup *group, EspChannelRule rule)
{
  gboolean any = FALSE;

  g_string_append_c (to, '[');
  for (guint i = 0; i < group->n_layers; i++)
    {
      const guint layer = group->layers[i];
      g_autoptr (GArray) channels = g_array_new (FALSE, FALSE, sizeof (guint));

      for (guint c = 0; c < (guint) esp_network_get_layer (esp_plan_get_network (plan), layer)->out.c; c++)
        if (esp_plan_get_rule (plan, layer, c) == rule)
          g_array_append_val (channels, c);
      if (channels->len == 0)
        continue;
      g_string_append_printf (to, "%s{\"layer\": %u, \"channels\": ", any ? ", " : "", layer);
      append_list (to, channels);
      g_string_append_c (to, '}');
      any = TRUE;
    }
  g_string_append_c (to, ']');
}

static void
append_groups (GString *to, EspPlan *plan)
{
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    {
      const EspGroup *group = esp_plan_get_group (plan, g);
      g_autoptr (GArray) layers = g_array_new (FALSE, FALSE, sizeof (guint));

      g_array_append_vals (layers, group->layers, group->n_layers);
      g_string_append (to, g > 0 ? ",\n  {\"name\": " : "\n  {\"name\": ");
      esp_json_append_string (to, group->name);
      g_string_append (to, ", \"ratio\": ");
      esp_json_append_number (to, esp_plan_get_ratio (plan, g));
      g_string_append (to, ",\n   \"layers\": ");
      append_list (to, layers);
      g_string_append (to, ",\n   \"protected\": ");
      append_rules (to, plan, group, ESP_CHANNEL_PROTECTED);
      g_string_append (to, ",\n   \"cut\": ");
      append_rules (to, plan, group, ESP_CHANNEL_CUT);
      g_string_append_c (to, '}');
    }
}

static void
append_kept (GString *to, const EspNetwork *network, const EspMask *mask)
{
  gboolean any = FALSE;

  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    {
      guint n = 0;
      const guint8 *bits = esp_mask_get_bits (mask, l, &n);
      g_autoptr (GArray) kept = g_array_new (FALSE, FALSE, sizeof (guint));

      if (bits == NULL)
        continue;
      for (guint c = 0; c < n; c++)
        if (bits[c])
          g_array_append_val (kept, c);
      g_string_append_printf (to, "%s\n  {\"layer\": %u, \"channels\": %u, \"kept\": ", any ? "," : "", l, n);
      append_list (to, kept);
      g_string_append_c (to, '}');
      any = TRUE;
    }
}

/**
 * esp_plan_save:
 * @plan: the plan
 * @cfg_hash: (nullable): SHA-256 of the cfg file; NULL: of the network's own text, which is the same for a file read as it is
 * @weights_hash: (nullable): of the weights file; NULL: null is written, and no weights are refused later
 * @path: where to
 * @error: ESP_ERROR_IO
 *
 * Written whole or not at all; equal plans give equal bytes.
 */
gboolean
esp_plan_save (EspPlan *plan, const char *cfg_hash, const char *weights_hash, const char *path, GError **error)
{
  g_autoptr (GString) text = g_string_new ("{\"format\": \"espalier-plan\", \"version\": 1, \"tool\": \"espalier " ESP_VERSION "\",\n");
  g_autoptr (EspMask) mask = NULL;
  g_autofree char *own = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  mask = esp_plan_get_mask (plan);
  own = hash_of_cfg (esp_plan_get_network (plan));
  g_string_append (text, " \"cfg\": ");
  esp_json_append_string (text, cfg_hash != NULL ? cfg_hash : own);
  g_string_append (text, ",\n \"weights\": ");
  esp_json_append_string (text, weights_hash);
  g_string_append_printf (text, ",\n \"floor\": %u, \"round\": %u,\n \"groups\": [", esp_plan_get_floor (plan), esp_plan_get_round (plan));
  append_groups (text, plan);
  g_string_append (text, "],\n \"layers\": [");
  append_kept (text, esp_plan_get_network (plan), mask);
  g_string_append (text, "],\n \"ranking\": ");
  if (esp_plan_get_scores (plan) != NULL)
    {
      g_string_append_c (text, '{');
      esp_scores_append_json (esp_plan_get_scores (plan), text);
      g_string_append_c (text, '}');
    }
  else
    g_string_append (text, "null");
  g_string_append (text, "}\n");
  return esp_file_write (path, text->str, text->len, error);
}

static gboolean
check_hash (JsonObject *root, const char *path, const char *name, const char *expected, GError **error)
{
  JsonNode *node = json_object_get_member (root, name);
  const char *found = NULL;

  if (node != NULL && JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!esp_json_read_string (root, path, name, &found, error))
    return FALSE;
  if (strlen (found) != 64 || strspn (found, "0123456789abcdef") != 64)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: %s: found \"%.80s\", expected the 64 hexadecimal digits of a SHA-256", path,
                   name, found);
      return FALSE;
    }
  if (expected == NULL || g_str_equal (found, expected))
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: the plan was made for another %s file (SHA-256 %.12s…, this one's is %.12s…)", path,
               name, found, expected);
  return FALSE;
}

static JsonNode *
load_root (const char *path, const char *cfg_hash, const char *weights_hash, GError **error)
{
  g_autoptr (JsonNode) root = esp_json_load (path, LARGEST_FILE, error);
  JsonObject *object;
  const char *format = NULL;
  guint version = 0;

  if (root == NULL)
    return NULL;
  object = json_node_get_object (root);
  if (!esp_json_read_string (object, path, "format", &format, error))
    return NULL;
  if (!g_str_equal (format, "espalier-plan"))
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: format: found \"%s\", expected \"espalier-plan\"", path, format);
      return NULL;
    }
  if (!esp_json_read_count (object, path, "version", 1, 1, &version, error) || !check_hash (object, path, "cfg", cfg_hash, error)
      || !check_hash (object, path, "weights", weights_hash, error))
    return NULL;
  return g_steal_pointer (&root);
}

/* An ascending list of channels below @n: sets their bytes in @bits. */
static gboolean
read_channels (JsonObject *object, const char *where, const char *name, guint n, guint8 *bits, GError **error)
{
  JsonArray *list = NULL;
  g_autofree char *here = g_strdup_printf ("%s: %s", where, name);
  guint before = 0;

  if (!esp_json_read_array (object, where, name, &list, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      guint channel = 0;

      if (!esp_json_item_count (list, here, i, 0, n - 1, &channel, error))
        return FALSE;
      if (i > 0 && channel <= before)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: element %u: found %u after %u, expected ascending channels, none twice",
                       here, i, channel, before);
          return FALSE;
        }
      bits[channel] = 1;
      before = channel;
    }
  return TRUE;
}

/* The convolution that @object names. */
static gboolean
read_layer (const EspNetwork *network, JsonObject *object, const char *where, guint *layer, GError **error)
{
  if (!esp_json_read_count (object, where, "layer", 0, G_MAXINT, layer, error))
    return FALSE;
  if (*layer < esp_network_get_n_layers (network) && esp_network_get_layer (network, *layer)->kind == ESP_LAYER_CONVOLUTIONAL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u is no convolution of this network", where, *layer);
  return FALSE;
}

static gboolean
read_kept_layer (const EspNetwork *network, JsonObject *object, const char *where, guint8 **keep, GError **error)
{
  guint layer = 0, channels = 0, n;

  if (!read_layer (network, object, where, &layer, error)
      || !esp_json_read_count (object, where, "channels", 1, G_MAXINT, &channels, error))
    return FALSE;
  n = (guint) esp_network_get_layer (network, layer)->out.c;
  if (channels != n)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u: the plan is for %u channels, this network's layer has %u", where,
                   layer, channels, n);
      return FALSE;
    }
  if (keep[layer] != NULL)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: layer %u is there twice", where, layer);
      return FALSE;
    }
  keep[layer] = g_new0 (guint8, n);
  if (!read_channels (object, where, "kept", n, keep[layer], error))
    return FALSE;
  if (memchr (keep[layer], 1, n) != NULL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u: no channel is kept, expected one at least", where, layer);
  return FALSE;
}

static gboolean
check_unit (const EspCoupling *coupling, guint unit, guint8 *const *keep, const char *path, GError **error)
{
  guint n = 0;
  const EspChannel *members = esp_coupling_get_members (coupling, unit, &n);

  for (guint i = 0; i < n; i++)
    {
      const EspChannel *one = &members[i];
      g_autofree char *why = NULL;

      if (keep[one->layer][one->channel] && keep[members->layer][members->channel])
        continue;
      if (esp_coupling_is_prunable (coupling, one->layer) && !keep[one->layer][one->channel] && !keep[members->layer][members->channel])
        continue;
      why = esp_coupling_explain (coupling, one->layer, one->channel);
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u: channel %u is %s, but it %s", path, one->layer, one->channel,
                   keep[one->layer][one->channel] ? "kept" : "cut", why != NULL ? why : "stays");
      return FALSE;
    }
  return TRUE;
}

static gboolean
read_kept (const EspNetwork *network, const EspCoupling *coupling, JsonObject *root, const char *path, guint8 **keep, GError **error)
{
  JsonArray *layers = NULL;

  if (!esp_json_read_array (root, path, "layers", &layers, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (layers); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: layers[%u]", path, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (layers, path, i, &object, error) || !read_kept_layer (network, object, where, keep, error))
        return FALSE;
    }
  for (guint l = 0; l < esp_network_get_n_layers (network); l++)
    if (keep[l] == NULL && esp_network_get_layer (network, l)->kind == ESP_LAYER_CONVOLUTIONAL)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layers: nothing about layer %u", path, l);
        return FALSE;
      }
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    if (!check_unit (coupling, u, keep, path, error))
      return FALSE;
  return TRUE;
}

/* The mask of the kept channels of a file, couplings checked. */
static EspMask *
read_mask (const EspNetwork *network, const EspCoupling *coupling, JsonObject *root, const char *path, GError **error)
{
  const guint n = esp_network_get_n_layers (network);
  g_autofree guint8 **keep = g_new0 (guint8 *, n);
  EspMask *mask = NULL;

  if (read_kept (network, coupling, root, path, keep, error))
    mask = esp_mask_new (network, keep);
  for (guint l = 0; l < n; l++)
    g_free (keep[l]);
  return mask;
}

/**
 * esp_plan_read_mask:
 * @network: the network
 * @path: a plan file
 * @cfg_hash: (nullable): SHA-256 of the network's cfg file; a plan of another is refused, NULL: not checked
 * @weights_hash: (nullable): of the weights file, likewise
 * @error: ESP_ERROR_IO, _LIMIT, _FORMAT, or _SHAPE where the plan is another network's or breaks a coupling
 *
 * The kept channels as they stand; ratios, rules and scores are not looked at. Thread: any.
 * Returns: (transfer full): the mask.
 */
EspMask *
esp_plan_read_mask (EspNetwork *network, const char *path, const char *cfg_hash, const char *weights_hash, GError **error)
{
  g_autoptr (JsonNode) root = NULL;
  g_autoptr (EspCoupling) coupling = NULL;

  g_return_val_if_fail (network != NULL && path != NULL, NULL);
  root = load_root (path, cfg_hash, weights_hash, error);
  if (root == NULL)
    return NULL;
  coupling = esp_coupling_new (network);
  return read_mask (network, coupling, json_node_get_object (root), path, error);
}

/* What a file says, checked whole before the plan is touched. */
typedef struct
{
  double *ratios; /* per group; -1: not met yet */
  guint8 *rules;  /* per unit */
  guint floor, round;
  EspScores *scores; /* (nullable) */
  EspMask *mask;
} Contents;

static void
contents_clear (Contents *contents)
{
  g_free (contents->ratios);
  g_free (contents->rules);
  g_clear_pointer (&contents->scores, esp_scores_unref);
  g_clear_pointer (&contents->mask, esp_mask_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Contents, contents_clear)

static gboolean
read_rule (EspPlan *plan, int group, JsonObject *object, const char *where, EspChannelRule rule, guint8 *rules, GError **error)
{
  guint layer = 0, n;
  g_autofree guint8 *bits = NULL;

  if (!read_layer (esp_plan_get_network (plan), object, where, &layer, error))
    return FALSE;
  if (esp_plan_group_of_layer (plan, layer) != group)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: layer %u is not in this group", where, layer);
      return FALSE;
    }
  n = (guint) esp_network_get_layer (esp_plan_get_network (plan), layer)->out.c;
  bits = g_new0 (guint8, n);
  if (!read_channels (object, where, "channels", n, bits, error))
    return FALSE;
  for (guint c = 0; c < n; c++)
    {
      const guint unit = esp_coupling_get_unit (esp_plan_get_coupling (plan), layer, c);

      if (bits[c] && rules[unit] != ESP_CHANNEL_BY_RANK && rules[unit] != rule)
        {
          g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: layer %u: channel %u is both cut and protected", where, layer, c);
          return FALSE;
        }
      if (bits[c])
        rules[unit] = rule;
    }
  return TRUE;
}

static gboolean
read_rules (
    EspPlan *plan, int group, JsonObject *object, const char *where, const char *name, EspChannelRule rule, guint8 *rules, GError **error)
{
  JsonArray *list = NULL;

  if (!esp_json_read_array (object, where, name, &list, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (list); i++)
    {
      g_autofree char *here = g_strdup_printf ("%s: %s[%u]", where, name, i);
      JsonObject *item = NULL;

      if (!esp_json_item_object (list, where, i, &item, error) || !read_rule (plan, group, item, here, rule, rules, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
check_layers (const EspGroup *group, JsonArray *layers, const char *where, GError **error)
{
  gboolean same = json_array_get_length (layers) == group->n_layers;

  for (guint i = 0; i < json_array_get_length (layers); i++)
    {
      guint layer = 0;

      if (!esp_json_item_count (layers, where, i, 0, G_MAXINT, &layer, error))
        return FALSE;
      same = same && group->layers[i] == layer;
    }
  if (!same)
    g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: the layers of group \"%s\" are not those of this network's group of that name",
                 where, group->name);
  return same;
}

static gboolean
read_group (EspPlan *plan, JsonObject *object, const char *where, Contents *contents, GError **error)
{
  const char *name = NULL;
  JsonArray *layers = NULL;
  double ratio = 0;
  int group;

  if (!esp_json_read_string (object, where, "name", &name, error) || !esp_json_read_number (object, where, "ratio", 0, 1, &ratio, error)
      || !esp_json_read_array (object, where, "layers", &layers, error))
    return FALSE;
  group = esp_plan_find_group (plan, name);
  if (group < 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: this network has no group \"%s\"", where, name);
      return FALSE;
    }
  if (contents->ratios[group] >= 0)
    {
      g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: group \"%s\" is there twice", where, name);
      return FALSE;
    }
  contents->ratios[group] = ratio;
  return check_layers (esp_plan_get_group (plan, (guint) group), layers, where, error)
         && read_rules (plan, group, object, where, "protected", ESP_CHANNEL_PROTECTED, contents->rules, error)
         && read_rules (plan, group, object, where, "cut", ESP_CHANNEL_CUT, contents->rules, error);
}

static gboolean
read_groups (EspPlan *plan, JsonObject *root, const char *path, Contents *contents, GError **error)
{
  JsonArray *groups = NULL;

  if (!esp_json_read_array (root, path, "groups", &groups, error))
    return FALSE;
  for (guint i = 0; i < json_array_get_length (groups); i++)
    {
      g_autofree char *where = g_strdup_printf ("%s: groups[%u]", path, i);
      JsonObject *object = NULL;

      if (!esp_json_item_object (groups, path, i, &object, error) || !read_group (plan, object, where, contents, error))
        return FALSE;
    }
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    if (contents->ratios[g] < 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_SHAPE, "%s: groups: nothing about group \"%s\"", path, esp_plan_get_group (plan, g)->name);
        return FALSE;
      }
  return TRUE;
}

static gboolean
read_contents (EspPlan *plan, JsonObject *root, const char *path, Contents *contents, GError **error)
{
  EspNetwork *network = esp_plan_get_network (plan);
  JsonNode *ranking = json_object_get_member (root, "ranking");
  JsonObject *scores = NULL;

  contents->ratios = g_new (double, esp_plan_get_n_groups (plan));
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    contents->ratios[g] = -1;
  contents->rules = g_new0 (guint8, esp_coupling_get_n_units (esp_plan_get_coupling (plan)));
  contents->mask = read_mask (network, esp_plan_get_coupling (plan), root, path, error);
  if (contents->mask == NULL || !esp_json_read_count (root, path, "floor", 0, LARGEST_COUNT, &contents->floor, error)
      || !esp_json_read_count (root, path, "round", 1, LARGEST_COUNT, &contents->round, error)
      || !read_groups (plan, root, path, contents, error))
    return FALSE;
  if (ranking != NULL && JSON_NODE_HOLDS_NULL (ranking))
    return TRUE;
  if (!esp_json_read_object (root, path, "ranking", &scores, error))
    return FALSE;
  contents->scores = esp_scores_from_json (network, scores, path, error);
  return contents->scores != NULL;
}

/* Says by hand what is said in @rules of all units, or (@rules NULL) what makes the mask @wanted. */
static void
set_rules (EspPlan *plan, const guint8 *rules, const EspMask *wanted)
{
  EspCoupling *coupling = esp_plan_get_coupling (plan);
  g_autoptr (EspMask) mask = wanted != NULL ? esp_plan_get_mask (plan) : NULL;
  GArray *lists[3];

  for (guint r = 0; r < 3; r++)
    lists[r] = g_array_new (FALSE, FALSE, sizeof (EspChannel));
  for (guint u = 0; u < esp_coupling_get_n_units (coupling); u++)
    {
      guint n = 0;
      const EspChannel *first = esp_coupling_get_members (coupling, u, &n);

      if (wanted == NULL)
        g_array_append_val (lists[rules[u]], *first);
      else if (esp_mask_keeps (wanted, first->layer, first->channel) != esp_mask_keeps (mask, first->layer, first->channel))
        g_array_append_val (lists[esp_mask_keeps (wanted, first->layer, first->channel) ? ESP_CHANNEL_PROTECTED : ESP_CHANNEL_CUT], *first);
    }
  for (guint r = 0; r < 3; r++)
    esp_plan_set_rules (plan, (const EspChannel *) (gpointer) lists[r]->data, lists[r]->len, r);
  for (guint r = 0; r < 3; r++)
    g_array_unref (lists[r]);
}

static gboolean
matches (EspPlan *plan, const EspMask *wanted)
{
  g_autoptr (EspMask) mask = esp_plan_get_mask (plan);

  return esp_hash_equal (esp_mask_get_hash (mask), esp_mask_get_hash (wanted));
}

/* The kept channels of the file are what counts: where ratios, rules and scores give others (a file changed by hand, or ranked by another
 * version), the difference is said by hand, and where even that does not give them, all of it with every ratio at 0. */
static void
settle (EspPlan *plan, const EspMask *wanted)
{
  if (matches (plan, wanted))
    return;
  g_message ("the plan's kept channels are not those of its ratios: they are kept by hand");
  set_rules (plan, NULL, wanted);
  if (matches (plan, wanted))
    return;
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, 0);
  set_rules (plan, NULL, wanted);
  g_warn_if_fail (matches (plan, wanted));
}

/**
 * esp_plan_load:
 * @plan: the plan that takes what the file says
 * @path: a file written by esp_plan_save()
 * @error: ESP_ERROR_IO, _LIMIT, _FORMAT, or _SHAPE where the file is another network's or breaks a coupling
 *
 * One act, scores included; refused whole, the plan left as it was, if anything does not fit. A cfg other than the network's own is refused, and weights
 * other than esp_plan_set_hashes() said. Afterwards the mask is the one of the file's kept channels.
 */
gboolean
esp_plan_load (EspPlan *plan, const char *path, GError **error)
{
  g_auto (Contents) contents = { 0 };
  g_autoptr (JsonNode) root = NULL;
  g_autofree char *own = NULL, *name = NULL, *label = NULL;

  g_return_val_if_fail (ESP_IS_PLAN (plan) && path != NULL, FALSE);
  own = esp_plan_get_cfg_hash (plan) != NULL ? g_strdup (esp_plan_get_cfg_hash (plan)) : hash_of_cfg (esp_plan_get_network (plan));
  root = load_root (path, own, esp_plan_get_weights_hash (plan), error);
  if (root == NULL || !read_contents (plan, json_node_get_object (root), path, &contents, error))
    return FALSE;
  name = g_path_get_basename (path);
  label = g_strdup_printf (_ ("Open plan “%s”"), name);
  esp_plan_hold (plan);
  esp_plan_begin (plan);
  esp_plan_label_act (plan, label);
  esp_plan_set_floor (plan, contents.floor);
  esp_plan_set_round (plan, contents.round);
  for (guint g = 0; g < esp_plan_get_n_groups (plan); g++)
    esp_plan_set_ratio (plan, g, contents.ratios[g]);
  if (contents.scores != NULL)
    esp_plan_act_scores (plan, contents.scores);
  set_rules (plan, contents.rules, NULL);
  settle (plan, contents.mask);
  esp_plan_end (plan);
  esp_plan_release (plan);
  return TRUE;
}
