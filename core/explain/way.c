/* way.c: whether what is explained depends on a layer at all */
#define G_LOG_DOMAIN "esp-explain"
#include "config.h"

#include "explain/way.h"

#include <glib/gi18n-lib.h>

#include "explain/target-private.h"

/* Whether @head reads @layer, directly or not. */
static gboolean
reads (const EspNetwork *network, guint head, guint layer)
{
  g_autofree gboolean *seen = g_new0 (gboolean, head + 1);

  if (layer > head)
    return FALSE;
  seen[head] = TRUE;
  for (guint i = head + 1; i-- > layer;)
    {
      const EspLayer *of = esp_network_get_layer (network, i);

      for (guint k = 0; seen[i] && k < of->n_inputs; k++)
        if (of->inputs[k] >= 0)
          seen[of->inputs[k]] = TRUE;
    }
  return seen[layer];
}

/* Whether @target may sum outputs of @head. */
static gboolean
sums_of (const EspTarget *target, guint head)
{
  const int only = target->kind == ESP_TARGET_SUM ? -1 : esp_target_get_head (target);

  for (guint i = 0; i < target->n_terms; i++)
    if (sums_of (target->terms[i], head))
      return TRUE;
  return target->kind != ESP_TARGET_SUM && (only < 0 || (guint) only == head);
}

/**
 * esp_explain_off_way:
 * @target: what is explained
 * @network: of which network
 * @layer: a layer of it, or ESP_PIXELS
 *
 * A layer that no head of the target reads, directly or not, has no part in it: every method would give zeros there, and a picture of them
 * says nothing. Heads that a target does not name count all, whatever they found. Returns: (transfer full) (nullable): "layer 25 is not on
 * the way to head 18", without a full stop; NULL where it is on the way. Thread: any.
 */
char *
esp_explain_off_way (const EspTarget *target, const EspNetwork *network, int layer)
{
  guint n, n_named = 0;
  const guint *heads = esp_network_get_heads (network, &n);
  g_autoptr (GString) named = g_string_new (NULL);

  if (layer < 0 || (guint) layer >= esp_network_get_n_layers (network))
    return NULL;
  for (guint i = 0; i < n; i++)
    {
      if (!sums_of (target, heads[i]))
        continue;
      if (reads (network, heads[i], (guint) layer))
        return NULL;
      g_string_append_printf (named, n_named++ > 0 ? ", %u" : "%u", heads[i]);
    }
  if (n_named == 0)
    return NULL;
  /* Translators: the second is the number of a layer, or several: "18, 30" */
  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "layer %d is not on the way to head %s: choose a layer before it",
                                       "layer %d is not on the way to heads %s: choose a layer before one of them", n_named),
                          layer, named->str);
}
