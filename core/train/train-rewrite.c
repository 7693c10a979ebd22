/* train-rewrite.c: the same network with other words on how it is trained */
#define G_LOG_DOMAIN "esp-train"
#include "config.h"

#include "train/trainer.h"

#include <string.h>

#include "base/error.h"

#define HEAD "head."

/* What would make another network, or one that weights no longer fit. */
static const char *const fixed[] = { "width", "height", "channels", "mask", "num", "classes" };

static gboolean
check_key (const char *pair, const char *key, const char *value, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (fixed); i++)
    if (strcmp (key, fixed[i]) == 0)
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: this belongs to the network and not to how it is trained", pair);
        return FALSE;
      }
  for (const char *c = key; *c != '\0'; c++)
    if (!g_ascii_isalnum (*c) && *c != '_')
      {
        g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: “%s” is no key of a cfg", pair, key);
        return FALSE;
      }
  if (*key != '\0' && *value != '\0' && strpbrk (value, "\r\n#;[]") == NULL)
    return TRUE;
  g_set_error (error, ESP_ERROR, ESP_ERROR_FORMAT, "%s: expected KEY=VALUE, in one line and without a comment", pair);
  return FALSE;
}

static void
set_heads (EspCfg *cfg, const EspNetwork *network, const char *key, const char *value)
{
  guint n;
  const guint *heads = esp_network_get_heads (network, &n);

  for (guint i = 0; i < n; i++)
    esp_cfg_set (cfg, esp_network_get_layer (network, heads[i])->section, key, value);
}

static gboolean
set_pair (EspCfg *cfg, const EspNetwork *network, const char *pair, GError **error)
{
  const gboolean heads = g_str_has_prefix (pair, HEAD);
  const char *from = heads ? pair + strlen (HEAD) : pair, *equals = strchr (from, '=');
  g_autofree char *key = g_strndup (from, equals != NULL ? (gsize) (equals - from) : strlen (from));
  const char *value = equals != NULL ? equals + 1 : "";

  if (!check_key (pair, key, value, error))
    return FALSE;
  if (heads)
    set_heads (cfg, network, key, value);
  else
    esp_cfg_set (cfg, 0, key, value);
  return TRUE;
}

/**
 * esp_train_rewrite:
 * @network: a network
 * @pairs: NULL-terminated: "batch=16" sets a key of [net], "head.jitter=.2" one of every [yolo] and [region]
 * @error: ESP_ERROR_FORMAT for a pair that is none, or that would make another network; the readers' errors
 *
 * The cfg is the one place that says how a network is trained; what a person chooses otherwise is written there.
 *
 * Returns: (transfer full): a network of the same layers, which the same weights fit. Thread: any.
 */
EspNetwork *
esp_train_rewrite (EspNetwork *network, const char *const *pairs, GError **error)
{
  g_autoptr (EspCfg) cfg = esp_cfg_copy (esp_network_get_cfg (network));

  for (guint i = 0; pairs[i] != NULL; i++)
    if (!set_pair (cfg, network, pairs[i], error))
      return NULL;
  return esp_network_new_dialect (g_steal_pointer (&cfg), esp_network_get_dialect (network), error);
}
