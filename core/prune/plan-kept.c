/* plan-kept.c: the kept channels of a plan file, read strictly */
#define G_LOG_DOMAIN "esp-prune"
#include "config.h"

#include "prune/plan-file.h"

#include <string.h>

#include "base/error.h"
#include "net/cfg.h"

#define LARGEST_FILE (16 << 20)

char *
esp_plan_hash_cfg (const EspNetwork *network)
{
  gsize n = 0;
  g_autofree char *text = esp_cfg_to_text (esp_network_get_cfg (network), &n);

  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text, n);
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

JsonNode *
esp_plan_file_open (const char *path, const char *cfg_hash, const char *weights_hash, GError **error)
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
gboolean
esp_plan_file_channels (JsonObject *object, const char *where, const char *name, guint n, guint8 *bits, GError **error)
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
gboolean
esp_plan_file_layer (const EspNetwork *network, JsonObject *object, const char *where, guint *layer, GError **error)
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

  if (!esp_plan_file_layer (network, object, where, &layer, error)
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
  if (!esp_plan_file_channels (object, where, "kept", n, keep[layer], error))
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
EspMask *
esp_plan_file_mask (const EspNetwork *network, const EspCoupling *coupling, JsonObject *root, const char *path, GError **error)
{
  const guint n = esp_network_get_n_layers (network);
  g_autofree guint8 **keep = g_new0 (guint8 *, n);
  EspMask *mask = NULL;

  if (read_kept (network, coupling, root, path, keep, error))
    mask = esp_mask_new (network, keep);
  if (mask != NULL && !esp_coupling_check (coupling, mask, error))
    {
      g_prefix_error (error, "%s: ", path);
      g_clear_pointer (&mask, esp_mask_unref);
    }
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
  root = esp_plan_file_open (path, cfg_hash, weights_hash, error);
  if (root == NULL)
    return NULL;
  coupling = esp_coupling_new (network);
  return esp_plan_file_mask (network, coupling, json_node_get_object (root), path, error);
}
